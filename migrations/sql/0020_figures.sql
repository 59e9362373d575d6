-- Figures: carried over changes of units, ratios of what is known, statements of completeness, notes of what was not counted.

ALTER TABLE rollup.indicator DROP COLUMN tables;
ALTER TABLE rollup.indicator ADD COLUMN unit_en TEXT NOT NULL;
ALTER TABLE rollup.indicator ADD COLUMN ratio_over TEXT;
ALTER TABLE rollup.indicator ADD CONSTRAINT indicator_ratio_over_known_check CHECK (ratio_over IN ('known', 'whole'));
COMMENT ON COLUMN rollup.indicator.unit_en IS 'Đơn vị tính (tiếng Anh)';
COMMENT ON COLUMN rollup.indicator.ratio_over IS 'Tỷ lệ tính trên: known (phần đã biết), whole (toàn bộ)';

ALTER TABLE rollup.value ADD COLUMN numerator NUMERIC;
ALTER TABLE rollup.value ADD COLUMN denominator NUMERIC;
ALTER TABLE rollup.value ADD COLUMN denominator_period TEXT;
COMMENT ON COLUMN rollup.value.numerator IS 'Tử số (trên phần đã biết)';
COMMENT ON COLUMN rollup.value.denominator IS 'Mẫu số (trên phần đã biết)';
COMMENT ON COLUMN rollup.value.denominator_period IS 'Kỳ của mẫu số';

CREATE TABLE rollup.past (
    indicator_code TEXT NOT NULL,
    unit_code TEXT NOT NULL,
    period TEXT NOT NULL,
    parent_code TEXT,
    value NUMERIC,
    coverage FLOAT,
    batch_ids JSONB,
    as_of DATE NOT NULL,
    CONSTRAINT past_pkey PRIMARY KEY (indicator_code, unit_code, period),
    CONSTRAINT past_coverage_share_check CHECK (coverage BETWEEN 0 AND 1)
);
COMMENT ON TABLE rollup.past IS 'Số liệu hiện trạng của các năm đã qua';
COMMENT ON COLUMN rollup.past.indicator_code IS 'Chỉ tiêu';
COMMENT ON COLUMN rollup.past.unit_code IS 'Mã đơn vị';
COMMENT ON COLUMN rollup.past.period IS 'Kỳ';
COMMENT ON COLUMN rollup.past.parent_code IS 'Mã đơn vị cấp trên';
COMMENT ON COLUMN rollup.past.value IS 'Giá trị (trống: chưa biết)';
COMMENT ON COLUMN rollup.past.coverage IS 'Phần đã có dữ liệu (0-1)';
COMMENT ON COLUMN rollup.past.batch_ids IS 'Các lần ghi nguồn';
COMMENT ON COLUMN rollup.past.as_of IS 'Tính cho ngày';

CREATE TABLE rollup.edge (
    level TEXT NOT NULL,
    from_code TEXT NOT NULL,
    to_code TEXT NOT NULL,
    changed_on DATE NOT NULL,
    begins DATE NOT NULL,
    people_share FLOAT NOT NULL,
    land_share FLOAT NOT NULL,
    ground_share FLOAT NOT NULL,
    is_divided BOOLEAN NOT NULL,
    CONSTRAINT edge_pkey PRIMARY KEY (level, from_code, to_code, changed_on),
    CONSTRAINT edge_people_share_share_check CHECK (people_share BETWEEN 0 AND 1),
    CONSTRAINT edge_land_share_share_check CHECK (land_share BETWEEN 0 AND 1),
    CONSTRAINT edge_ground_share_share_check CHECK (ground_share BETWEEN 0 AND 1)
);
COMMENT ON TABLE rollup.edge IS 'Biến động đơn vị đã chuẩn hóa để chuyển số liệu';
COMMENT ON COLUMN rollup.edge.level IS 'Cấp';
COMMENT ON COLUMN rollup.edge.from_code IS 'Mã trước';
COMMENT ON COLUMN rollup.edge.to_code IS 'Mã sau (trống: chưa rõ)';
COMMENT ON COLUMN rollup.edge.changed_on IS 'Ngày có hiệu lực';
COMMENT ON COLUMN rollup.edge.begins IS 'Biến động trước đó';
COMMENT ON COLUMN rollup.edge.people_share IS 'Phần dân số (0-1)';
COMMENT ON COLUMN rollup.edge.land_share IS 'Phần diện tích (0-1)';
COMMENT ON COLUMN rollup.edge.ground_share IS 'Phần của đơn vị sau (0-1)';
COMMENT ON COLUMN rollup.edge.is_divided IS 'Đã rõ tỷ lệ';

CREATE TABLE rollup.report (
    indicator_code TEXT NOT NULL,
    level TEXT NOT NULL,
    unit_code TEXT NOT NULL,
    period TEXT NOT NULL,
    parent_code TEXT,
    value NUMERIC,
    coverage FLOAT,
    batch_ids JSONB,
    CONSTRAINT report_pkey PRIMARY KEY (indicator_code, level, unit_code, period),
    CONSTRAINT report_level_known_check CHECK (level IN ('nation', 'region', 'province', 'city', 'commune')),
    CONSTRAINT report_coverage_share_check CHECK (coverage BETWEEN 0 AND 1)
);
COMMENT ON TABLE rollup.report IS 'Số liệu báo cáo đã chuyển về đơn vị hiện nay';
COMMENT ON COLUMN rollup.report.indicator_code IS 'Chỉ tiêu';
COMMENT ON COLUMN rollup.report.level IS 'Cấp';
COMMENT ON COLUMN rollup.report.unit_code IS 'Mã đơn vị';
COMMENT ON COLUMN rollup.report.period IS 'Kỳ';
COMMENT ON COLUMN rollup.report.parent_code IS 'Mã đơn vị cấp trên';
COMMENT ON COLUMN rollup.report.value IS 'Giá trị (trống: chưa biết)';
COMMENT ON COLUMN rollup.report.coverage IS 'Phần đã có dữ liệu (0-1)';
COMMENT ON COLUMN rollup.report.batch_ids IS 'Các lần ghi nguồn';

CREATE TABLE rollup.tier_unit (
    level TEXT NOT NULL,
    code TEXT NOT NULL,
    parent_level TEXT,
    parent_code TEXT,
    area_m2 FLOAT,
    CONSTRAINT tier_unit_pkey PRIMARY KEY (level, code),
    CONSTRAINT tier_unit_level_known_check CHECK (level IN ('nation', 'region', 'province', 'city', 'commune'))
);
COMMENT ON TABLE rollup.tier_unit IS 'Cây đơn vị dùng để cộng số liệu';
COMMENT ON COLUMN rollup.tier_unit.level IS 'Cấp';
COMMENT ON COLUMN rollup.tier_unit.code IS 'Mã đơn vị';
COMMENT ON COLUMN rollup.tier_unit.parent_level IS 'Cấp trên';
COMMENT ON COLUMN rollup.tier_unit.parent_code IS 'Mã đơn vị cấp trên';
COMMENT ON COLUMN rollup.tier_unit.area_m2 IS 'Diện tích (m²)';

CREATE TABLE rollup.note (
    id BIGINT GENERATED BY DEFAULT AS IDENTITY,
    step TEXT NOT NULL,
    kind TEXT NOT NULL,
    indicator_code TEXT,
    unit_code TEXT NOT NULL,
    period TEXT,
    detail JSONB NOT NULL,
    CONSTRAINT note_pkey PRIMARY KEY (id)
);
COMMENT ON TABLE rollup.note IS 'Ghi chú của lần tổng hợp gần nhất';
COMMENT ON COLUMN rollup.note.id IS 'Mã số';
COMMENT ON COLUMN rollup.note.step IS 'Bước';
COMMENT ON COLUMN rollup.note.kind IS 'Loại ghi chú';
COMMENT ON COLUMN rollup.note.indicator_code IS 'Chỉ tiêu (trống: mọi chỉ tiêu)';
COMMENT ON COLUMN rollup.note.unit_code IS 'Mã đơn vị';
COMMENT ON COLUMN rollup.note.period IS 'Kỳ';
COMMENT ON COLUMN rollup.note.detail IS 'Chi tiết';

-- the day whose boundaries a reported figure's code means
ALTER TABLE population.unit_count ADD COLUMN unit_on DATE;
ALTER TABLE history.population__unit_count ADD COLUMN unit_on DATE;
ALTER TABLE survey.observation ADD COLUMN unit_on DATE;
ALTER TABLE history.survey__observation ADD COLUMN unit_on DATE;
COMMENT ON COLUMN population.unit_count.unit_on IS 'Mã đơn vị theo địa giới ngày (trống: cuối năm của kỳ)';
COMMENT ON COLUMN history.population__unit_count.unit_on IS 'Mã đơn vị theo địa giới ngày (trống: cuối năm của kỳ)';
COMMENT ON COLUMN survey.observation.unit_on IS 'Mã đơn vị theo địa giới ngày (trống: cuối năm của kỳ)';
COMMENT ON COLUMN history.survey__observation.unit_on IS 'Mã đơn vị theo địa giới ngày (trống: cuối năm của kỳ)';

ALTER TABLE survey.observation ADD CONSTRAINT observation_period_is_year_check CHECK (period ~ '^[0-9]{4}$');
ALTER TABLE survey.observation ADD CONSTRAINT observation_value_is_finite_check CHECK (value > '-Infinity' AND value < 'Infinity');

CREATE TABLE survey.completeness (
    id BIGINT GENERATED BY DEFAULT AS IDENTITY,
    layer TEXT NOT NULL,
    commune_code VARCHAR(5) NOT NULL,
    stated_on DATE NOT NULL,
    complete_from DATE,
    row_count BIGINT NOT NULL,
    steward TEXT NOT NULL,
    note TEXT,
    batch_id BIGINT DEFAULT ingest.current_batch() NOT NULL,
    CONSTRAINT completeness_pkey PRIMARY KEY (id),
    CONSTRAINT completeness_layer_known_check CHECK (layer IN ('buildings', 'permits', 'green_areas', 'population_grid')),
    CONSTRAINT completeness_row_count_not_negative_check CHECK (row_count >= 0),
    CONSTRAINT completeness_complete_from_in_order_check CHECK (complete_from <= stated_on)
);
CREATE UNIQUE INDEX completeness_key ON survey.completeness (layer, commune_code, stated_on);
COMMENT ON TABLE survey.completeness IS 'Xác nhận dữ liệu của một lớp đã đầy đủ trong một xã';
COMMENT ON COLUMN survey.completeness.id IS 'Mã số';
COMMENT ON COLUMN survey.completeness.layer IS 'Lớp dữ liệu';
COMMENT ON COLUMN survey.completeness.commune_code IS 'Mã xã, phường';
COMMENT ON COLUMN survey.completeness.stated_on IS 'Đầy đủ tính đến ngày';
COMMENT ON COLUMN survey.completeness.complete_from IS 'Giấy phép: đầy đủ từ ngày';
COMMENT ON COLUMN survey.completeness.row_count IS 'Số đối tượng có trong thực tế';
COMMENT ON COLUMN survey.completeness.steward IS 'Đơn vị xác nhận';
COMMENT ON COLUMN survey.completeness.note IS 'Ghi chú';
COMMENT ON COLUMN survey.completeness.batch_id IS 'Lần ghi';
SELECT ingest.track_table('survey.completeness');

-- one commune's parcels are computed again without reading the uses of all
CREATE INDEX parcel_use_commune_code_idx ON land.parcel_use (commune_code);

GRANT SELECT ON survey.completeness, rollup.note, rollup.tier_unit TO dothi_public;
GRANT SELECT ON rollup.past, rollup.edge, rollup.report TO dothi_reader;
GRANT SELECT ON history.survey__completeness TO dothi_ingest;
GRANT SELECT, INSERT, UPDATE, DELETE ON rollup.past, rollup.edge, rollup.report, rollup.tier_unit, rollup.note TO dothi_ingest;
