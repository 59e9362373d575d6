-- Areas of all polygon layers that state one: computed from the stored geometry, with the plane they were computed in; what a file
-- states stands beside it. Rows that are there keep their `area_m2` until `dothi db normalize` computes it.
DO $$
DECLARE
    target regclass;
BEGIN
    FOREACH target IN ARRAY ARRAY['planning.zone', 'landscape.green_area', 'landscape.water_body', 'landscape.natural_area']::regclass[]
    LOOP
        EXECUTE format(
            'ALTER TABLE %s ADD COLUMN area_srid integer, ADD COLUMN area_stated_m2 double precision,'
            ' ADD CONSTRAINT %I CHECK (area_stated_m2 >= 0)',
            target, (SELECT relname FROM pg_class WHERE oid = target) || '_area_stated_m2_not_negative_check');
    END LOOP;
    FOREACH target IN ARRAY ARRAY['planning.zone', 'landscape.green_area', 'landscape.water_body', 'landscape.natural_area',
        'history.planning__zone', 'history.landscape__green_area', 'history.landscape__water_body',
        'history.landscape__natural_area']::regclass[]
    LOOP
        IF target::text LIKE 'history.%' THEN
            EXECUTE format('ALTER TABLE %s ADD COLUMN area_srid integer, ADD COLUMN area_stated_m2 double precision', target);
        END IF;
        EXECUTE format('COMMENT ON COLUMN %s.area_m2 IS ''Diện tích tính trên bản đồ (m²)''', target);
        EXECUTE format('COMMENT ON COLUMN %s.area_stated_m2 IS ''Diện tích ghi trong tệp (m²)''', target);
    END LOOP;
    FOREACH target IN ARRAY ARRAY['planning.zone', 'landscape.green_area', 'landscape.water_body', 'landscape.natural_area',
        'history.planning__zone', 'history.landscape__green_area', 'history.landscape__water_body', 'history.landscape__natural_area',
        'land.parcel', 'history.land__parcel', 'private.parcel_restricted']::regclass[]
    LOOP
        EXECUTE format(
            'COMMENT ON COLUMN %s.area_srid IS ''EPSG của phép chiếu tính diện tích (4326: trên elipxoit)''', target);
    END LOOP;
END
$$;

-- What the declarations of the layers say of their columns; `dothi db migrate` writes it, the editors' trigger reads it.
CREATE TABLE admin.column_rule (
    table_name TEXT NOT NULL,
    column_name TEXT NOT NULL,
    code_table TEXT,
    is_derived BOOLEAN NOT NULL,
    CONSTRAINT column_rule_pkey PRIMARY KEY (table_name, column_name)
);
COMMENT ON TABLE admin.column_rule IS 'Quy tắc của cột theo khai báo của lớp dữ liệu';
COMMENT ON COLUMN admin.column_rule.table_name IS 'Bảng';
COMMENT ON COLUMN admin.column_rule.column_name IS 'Cột';
COMMENT ON COLUMN admin.column_rule.code_table IS 'Danh mục mã của cột';
COMMENT ON COLUMN admin.column_rule.is_derived IS 'Do hệ thống tính';
GRANT SELECT ON admin.column_rule TO dothi_public;
