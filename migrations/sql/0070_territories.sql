-- A territory is the ground as it was granted: rows that an editor, or anybody else, writes later do not move it. It is frozen when
-- it is granted, and again by admin.renew_territory, which is a steward's act.

ALTER TABLE admin.editor_territory
    ADD COLUMN frozen_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    ADD COLUMN frozen_by TEXT DEFAULT SESSION_USER NOT NULL;
COMMENT ON COLUMN admin.editor_territory.frozen_at IS 'Thời điểm chốt ranh giới';
COMMENT ON COLUMN admin.editor_territory.frozen_by IS 'Người chốt ranh giới';
-- who may edit where is for those to say who make the logins
REVOKE INSERT, UPDATE, DELETE ON admin.editor_territory FROM dothi_ingest;

CREATE TABLE admin.territory_outline (
    login TEXT NOT NULL,
    unit_code TEXT NOT NULL,
    part_code TEXT NOT NULL,
    geom geometry(MULTIPOLYGON,4326) NOT NULL,
    CONSTRAINT territory_outline_pkey PRIMARY KEY (login, unit_code, part_code),
    CONSTRAINT territory_outline_login_fkey FOREIGN KEY (login, unit_code)
        REFERENCES admin.editor_territory (login, unit_code) ON DELETE CASCADE
);
CREATE INDEX territory_outline_ground_idx ON admin.territory_outline USING gist (login, geom);
COMMENT ON TABLE admin.territory_outline IS 'Ranh giới địa bàn đã chốt khi giao';
COMMENT ON COLUMN admin.territory_outline.login IS 'Tên đăng nhập';
COMMENT ON COLUMN admin.territory_outline.unit_code IS 'Mã đơn vị được giao';
COMMENT ON COLUMN admin.territory_outline.part_code IS 'Mã đơn vị có ranh giới này: chính nó, hoặc xã của tỉnh được giao';
COMMENT ON COLUMN admin.territory_outline.geom IS 'Hình học, WGS 84 (EPSG:4326)';

-- A province is its own outline, which may be schematic, and the ground of its communes.
CREATE FUNCTION admin.freeze_territory() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    DELETE FROM admin.territory_outline o WHERE o.login = NEW.login AND o.unit_code = NEW.unit_code;
    INSERT INTO admin.territory_outline (login, unit_code, part_code, geom)
    SELECT NEW.login, NEW.unit_code, u.code, u.geom
    FROM admin.unit u
    WHERE ((u.code = NEW.unit_code AND u.level = NEW.level)
            OR (NEW.level = 'province' AND u.level = 'commune' AND u.province_code = NEW.unit_code))
        AND u.valid_from <= admin.today_vn() AND (u.valid_to IS NULL OR u.valid_to > admin.today_vn());
    RETURN NULL;
END
$$;
CREATE TRIGGER freeze_territory AFTER INSERT OR UPDATE ON admin.editor_territory
    FOR EACH ROW EXECUTE FUNCTION admin.freeze_territory();

-- What became of a unit that is no longer in force: ' đã hết hiệu lực ngày 01/07/2027, nay là 37099'; NULL while it is.
CREATE FUNCTION admin.end_of_unit(unit text, tier text) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT ' đã hết hiệu lực ngày ' || to_char(max(u.valid_to), 'DD/MM/YYYY') || coalesce(', nay là ' || (
        SELECT string_agg(DISTINCT c.to_code, ', ' ORDER BY c.to_code) FROM admin.unit_change c
        WHERE c.level = tier AND c.from_code = unit AND c.to_code <> unit AND c.changed_on >= max(u.valid_to)), '')
    FROM admin.unit u WHERE u.code = unit AND u.level = tier
    HAVING bool_and(u.valid_to <= admin.today_vn())
    $$;

-- Takes the outlines of a login's units as they are today. Gives how many outlines there are.
CREATE FUNCTION admin.renew_territory(who text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    ended text;
BEGIN
    IF NOT EXISTS (SELECT FROM admin.editor_territory t WHERE t.login = who) THEN
        RAISE EXCEPTION 'Tài khoản % chưa được giao địa bàn nào.', who
            USING ERRCODE = 'no_data_found', HINT = 'Xem danh sách: dothi user list.';
    END IF;
    SELECT string_agg(t.unit_code || admin.end_of_unit(t.unit_code, t.level), '; ' ORDER BY t.unit_code) INTO ended
    FROM admin.editor_territory t WHERE t.login = who;
    IF ended IS NOT NULL THEN
        RAISE EXCEPTION 'Không chốt lại được địa bàn của %: %.', who, ended
            USING ERRCODE = 'object_not_in_prerequisite_state',
                HINT = 'Giao đơn vị hiện nay: dothi user renew, tham số --territory.';
    END IF;
    UPDATE admin.editor_territory SET frozen_at = now(), frozen_by = SESSION_USER WHERE login = who;
    RETURN (SELECT count(*) FROM admin.territory_outline o WHERE o.login = who);
END
$$;
COMMENT ON FUNCTION admin.renew_territory(text) IS 'Chốt lại ranh giới địa bàn của một tài khoản theo đơn vị hành chính hôm nay';
REVOKE EXECUTE ON FUNCTION admin.renew_territory(text) FROM PUBLIC;

-- Whether the login may write a row of these units and this geometry. SECURITY DEFINER: editors do not read the outlines.
-- A boundary is drawn to some metres, so the geometry may pass the territory's edge by 0.00003 degrees (about 3 m).
CREATE OR REPLACE FUNCTION admin.territory_refusal(who text, province text, commune text, shape geometry) RETURNS admin.refusal
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    ground geometry[];
    names text;
    frozen text;
    has_ended boolean;
    advice text := 'Địa bàn theo ranh giới đã chốt khi giao; khi đơn vị hành chính thay đổi, nhờ quản trị viên chốt lại (dothi user renew).';
    is_theirs boolean := EXISTS (
        SELECT FROM admin.editor_territory t
        WHERE t.login = who
            AND ((t.level = 'province' AND t.unit_code = province) OR (t.level = 'commune' AND t.unit_code = commune)));
BEGIN
    IF is_theirs THEN
        SELECT array_agg(o.geom) INTO ground FROM admin.territory_outline o
        WHERE o.login = who AND (shape IS NULL OR o.geom && ST_Expand(shape, 0.00003));
        IF EXISTS (SELECT FROM unnest(ground) AS part WHERE shape IS NULL OR ST_CoveredBy(shape, part)) THEN
            RETURN NULL;
        ELSIF ST_CoveredBy(shape, ST_Buffer(ST_Union(ground), 0.00003)) THEN
            RETURN NULL;
        END IF;
    END IF;
    SELECT string_agg(t.unit_code || coalesce(admin.end_of_unit(t.unit_code, t.level), ''), ', ' ORDER BY t.unit_code),
        to_char(max(t.frozen_at) AT TIME ZONE 'Asia/Ho_Chi_Minh', 'DD/MM/YYYY'),
        bool_or(admin.end_of_unit(t.unit_code, t.level) IS NOT NULL)
    INTO names, frozen, has_ended FROM admin.editor_territory t WHERE t.login = who;
    IF names IS NULL THEN
        RETURN admin.refused(
            format('Tài khoản %s chưa được giao địa bàn nào nên không được sửa dữ liệu.', who),
            'Nhờ quản trị viên giao địa bàn cho tài khoản (dothi user add, tham số --territory).', 'insufficient_privilege');
    ELSIF NOT is_theirs THEN
        RETURN admin.refused(
            format('Dòng này thuộc tỉnh %s, xã %s, ngoài địa bàn được giao cho %s (%s).',
                coalesce(province, '(trống)'), coalesce(commune, '(trống)'), who, names),
            CASE WHEN has_ended THEN advice
                ELSE 'Kiểm tra lại mã xã; dòng của địa bàn khác do người phụ trách địa bàn đó sửa.' END,
            'insufficient_privilege');
    ELSIF NOT EXISTS (SELECT FROM admin.territory_outline o WHERE o.login = who) THEN
        RETURN admin.refused(
            format('Chưa có ranh giới của địa bàn %s nên không kiểm tra được vị trí.', names),
            'Nhờ quản trị viên nạp ranh giới đơn vị hành chính rồi chốt lại địa bàn (dothi user renew).', 'insufficient_privilege');
    END IF;
    RETURN admin.refused(
        format('Hình học nằm ngoài địa bàn được giao cho %s (%s), ranh giới chốt ngày %s.', who, names, frozen),
        'Kiểm tra vị trí vừa vẽ; ở ranh giới cho phép lệch 3 m. ' || advice, 'insufficient_privilege');
END
$$;
REVOKE EXECUTE ON FUNCTION admin.territory_refusal(text, text, text, geometry) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION admin.territory_refusal(text, text, text, geometry) TO dothi_editor;

-- the territories of before
UPDATE admin.editor_territory SET frozen_at = now();
