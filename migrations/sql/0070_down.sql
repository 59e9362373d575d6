DROP TRIGGER guard_validity ON planning.plan;
DROP TRIGGER guard_validity ON planning.zone;
DROP TRIGGER guard_validity ON planning.planning_line;
DROP FUNCTION planning.guard_validity();
DROP FUNCTION planning.plan_refusal(text, text);
ALTER TABLE land.parcel DROP CONSTRAINT parcel_code_composed_check;
ALTER TABLE private.parcel_restricted DROP CONSTRAINT parcel_restricted_code_composed_check;

-- as they were
CREATE OR REPLACE FUNCTION admin.territory_refusal(who text, province text, commune text, shape geometry) RETURNS admin.refusal
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    ground geometry[];
    names text;
BEGIN
    SELECT string_agg(t.unit_code, ', ' ORDER BY t.unit_code) INTO names FROM admin.editor_territory t WHERE t.login = who;
    IF names IS NULL THEN
        RETURN admin.refused(
            format('Tài khoản %s chưa được giao địa bàn nào nên không được sửa dữ liệu.', who),
            'Nhờ quản trị viên giao địa bàn cho tài khoản (dothi user add, tham số --territory).', 'insufficient_privilege');
    END IF;
    IF NOT EXISTS (
        SELECT FROM admin.editor_territory t
        WHERE t.login = who
            AND ((t.level = 'province' AND t.unit_code = province) OR (t.level = 'commune' AND t.unit_code = commune))
    ) THEN
        RETURN admin.refused(
            format('Dòng này thuộc tỉnh %s, xã %s, ngoài địa bàn được giao cho %s (%s).',
                coalesce(province, '(trống)'), coalesce(commune, '(trống)'), who, names),
            'Kiểm tra lại mã xã; dòng của địa bàn khác do người phụ trách địa bàn đó sửa.', 'insufficient_privilege');
    END IF;
    -- a province is its own outline, which may be schematic, and the ground of its communes
    SELECT array_agg(u.geom) INTO ground
    FROM admin.editor_territory t
    JOIN admin.unit u ON (u.code = t.unit_code AND u.level = t.level)
        OR (t.level = 'province' AND u.level = 'commune' AND u.province_code = t.unit_code)
    WHERE t.login = who AND u.valid_from <= admin.today_vn() AND (u.valid_to IS NULL OR u.valid_to > admin.today_vn())
        AND (shape IS NULL OR u.geom && ST_Expand(shape, 0.00003));
    IF EXISTS (SELECT FROM unnest(ground) AS part WHERE shape IS NULL OR ST_CoveredBy(shape, part)) THEN
        RETURN NULL;
    ELSIF ST_CoveredBy(shape, ST_Buffer(ST_Union(ground), 0.00003)) THEN
        RETURN NULL;
    ELSIF NOT EXISTS (
        SELECT FROM admin.editor_territory t
        JOIN admin.unit u ON u.code = t.unit_code OR (t.level = 'province' AND u.province_code = t.unit_code)
        WHERE t.login = who
    ) THEN
        RETURN admin.refused(
            format('Chưa có ranh giới của địa bàn %s nên không kiểm tra được vị trí.', names),
            'Nhờ quản trị viên nạp ranh giới đơn vị hành chính trước.', 'insufficient_privilege');
    END IF;
    RETURN admin.refused(
        format('Hình học nằm ngoài địa bàn được giao cho %s (%s).', who, names),
        'Kiểm tra vị trí vừa vẽ; ở ranh giới cho phép lệch 3 m.', 'insufficient_privilege');
END
$$;

CREATE OR REPLACE FUNCTION admin.code_refusal(target regclass, content jsonb, before jsonb) RETURNS admin.refusal
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    coded record;
    typed text;
    near text;
    is_known boolean;
BEGIN
    FOR coded IN
        SELECT r.column_name, r.code_table::regclass AS codes FROM admin.column_rule r
        WHERE r.table_name = target::text AND r.code_table IS NOT NULL ORDER BY r.column_name
    LOOP
        typed := content ->> coded.column_name;
        CONTINUE WHEN typed IS NULL OR typed IS NOT DISTINCT FROM before ->> coded.column_name;
        EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE code = $1)', coded.codes) INTO is_known USING typed;
        IF NOT is_known THEN
            EXECUTE format(
                'SELECT string_agg(code, '', '') FROM (SELECT code FROM %s ORDER BY left(code, 1) = upper(left($1, 1)) DESC, code LIMIT 6) c',
                coded.codes) INTO near USING typed;
            RETURN admin.refused(
                format('«%s»: không có mã %s trong %s.', admin.column_title(target, coded.column_name), typed,
                    lower(obj_description(coded.codes, 'pg_class'))),
                format('Chọn một mã của danh mục (bảng %s), ví dụ: %s.', coded.codes, near), 'foreign_key_violation');
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION land.completed_parcel(typed jsonb, before jsonb, shape geometry) RETURNS jsonb
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    parts jsonb := jsonb_build_object(
        'commune_code', typed ->> 'commune_code',
        'former_commune_code', coalesce(
            nullif(btrim(typed ->> 'former_commune_code'), ''), land.former_commune(typed ->> 'commune_code', shape)),
        'map_sheet', land.normalized_number(typed ->> 'map_sheet'),
        'parcel_no', land.normalized_number(typed ->> 'parcel_no'));
BEGIN
    IF before @> parts THEN
        RETURN jsonb_build_object('code', before ->> 'code');
    END IF;
    RETURN parts || jsonb_build_object('code', (parts ->> 'commune_code') || '.' || (parts ->> 'former_commune_code') || '.'
        || (parts ->> 'map_sheet') || '.' || (parts ->> 'parcel_no'));
END
$$;

CREATE OR REPLACE FUNCTION land.parcel_refusal(content jsonb, before jsonb) RETURNS admin.refusal
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    number text := nullif(content ->> 'parcel_no', before ->> 'parcel_no');
    sheet text := nullif(content ->> 'map_sheet', before ->> 'map_sheet');
    former text := nullif(content ->> 'former_commune_code', before ->> 'former_commune_code');
    land_use text := nullif(content ->> 'land_use_code', before ->> 'land_use_code');
BEGIN
    -- as ingest/checks.py has it: DEFINITE_NUMBER, SHEET_NUMBER
    IF number !~ '^[1-9][0-9]*[a-zđ]?([-/.][0-9]+[a-zđ]?)*$' THEN
        RETURN admin.refused(
            format('Số thửa %s không xác định được thửa đất nào.', number),
            'Nhập số thửa chính thức, ví dụ 12, 12a, 12-1; thửa tạm chưa lưu được.', 'check_violation');
    ELSIF sheet !~ '^[0-9a-zđ][0-9a-zđ ./()-]*$' OR sheet !~ '[1-9]' THEN
        RETURN admin.refused(
            format('Số hiệu tờ bản đồ %s không xác định được tờ nào.', sheet), 'Nhập số hiệu tờ, ví dụ 5, dc-12.', 'check_violation');
    ELSIF former IS NOT NULL AND NOT EXISTS (SELECT FROM admin.unit WHERE code = former AND level = 'commune')
        AND NOT EXISTS (SELECT FROM admin.unit_change WHERE from_code = former AND level = 'commune') THEN
        RETURN admin.refused(
            format('Chưa từng có xã nào mang mã %s (mã xã đã lập bản đồ).', former),
            'Nhập mã xã của thời kỳ lập bản đồ địa chính, hoặc để trống để hệ thống tìm theo vị trí.', 'foreign_key_violation');
    ELSIF EXISTS (SELECT FROM land.land_use u WHERE u.code = land_use AND u.is_restricted) THEN
        RETURN admin.refused(
            format('Đất có mã %s không được công bố nên không lưu ở lớp thửa đất.', land_use),
            'Giao tệp cho quản trị viên nạp (dothi load parcels): thửa được giữ ở phần không công bố.', 'check_violation');
    END IF;
    RETURN NULL;
END
$$;

GRANT EXECUTE ON FUNCTION admin.territory_refusal(text, text, text, geometry) TO PUBLIC;
REVOKE EXECUTE ON FUNCTION admin.territory_refusal(text, text, text, geometry) FROM dothi_editor;

DROP FUNCTION admin.key_refusal(regclass, jsonb, jsonb);
DROP FUNCTION admin.foreign_place(text, text, text);
DROP FUNCTION admin.is_predecessor(text, text, text);
DROP FUNCTION admin.renew_territory(text);
DROP FUNCTION admin.end_of_unit(text, text);
DROP TABLE admin.territory_outline;
DROP TRIGGER freeze_territory ON admin.editor_territory;
DROP FUNCTION admin.freeze_territory();
ALTER TABLE admin.editor_territory DROP COLUMN frozen_at, DROP COLUMN frozen_by;
GRANT INSERT, UPDATE, DELETE ON admin.editor_territory TO dothi_ingest;
