-- Public keys belong to their place: a parcel's code is made of its parts, whoever writes it, and what an editor writes as a code
-- names no other place than the row's own.

-- Rows of before that disagree are told, not changed: their code may have been cited. Nothing new may disagree.
DO $$
DECLARE
    target regclass;
    wrong bigint;
    composed CONSTANT text := $c$code = commune_code || '.' || former_commune_code || '.' || map_sheet || '.' || parcel_no$c$;
    name text;
BEGIN
    FOREACH target IN ARRAY ARRAY['land.parcel', 'private.parcel_restricted']::regclass[] LOOP
        name := split_part(target::text, '.', 2) || '_code_composed_check';
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I CHECK (%s) NOT VALID', target, name, composed);
        EXECUTE format('SELECT count(*) FROM %s WHERE NOT (%s)', target, composed) INTO wrong;
        IF wrong = 0 THEN
            EXECUTE format('ALTER TABLE %s VALIDATE CONSTRAINT %I', target, name);
        ELSE
            RAISE WARNING '% rows of % have a code that disagrees with commune, former commune, sheet and number; no further ones are '
                'taken. See: SELECT id, code FROM % WHERE NOT (%)', wrong, target, target, composed;
        END IF;
    END LOOP;
END
$$;

-- Whether rows of the one unit may bear the code of the other: it is the same, or it was merged or split into it, however many times.
CREATE FUNCTION admin.is_predecessor(former text, unit text, tier text) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    AS $$
    WITH RECURSIVE line(code) AS (
        SELECT unit
        UNION
        SELECT c.from_code FROM line l JOIN admin.unit_change c ON c.to_code = l.code AND c.level = tier
    )
    SELECT EXISTS (SELECT FROM line WHERE code = former)
    $$;

-- The place that a code names which is not the row's own; NULL where it names none, or its own. A commune: five digits at the beginning,
-- or before those of a former commune (DC-37001.37001.5.12). A province: two digits before the letters of a plan's code (37QPK0010001).
CREATE FUNCTION admin.foreign_place(key text, province text, commune text) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT named.code FROM (
        SELECT 'commune' AS tier, coalesce(
            substring(key FROM '^([0-9]{5})(?![0-9])'), substring(key FROM '(?:^|[^0-9])([0-9]{5})[.][0-9]{5}[.]')) AS code
        UNION ALL
        SELECT 'province', substring(key FROM '^([0-9]{2})(?=[A-Z]{2})')
    ) AS named
    WHERE CASE named.tier WHEN 'commune' THEN (
            EXISTS (SELECT FROM admin.unit u WHERE u.code = named.code AND u.level = 'commune')
            OR EXISTS (SELECT FROM admin.unit_change c WHERE c.level = 'commune' AND named.code IN (c.from_code, c.to_code)))
        -- where a row belongs to a province as a whole, a commune of that province is its own place
        AND NOT CASE WHEN commune IS NULL THEN coalesce(admin.province_of(named.code) = province, false)
            ELSE admin.is_predecessor(named.code, commune, 'commune') END
        ELSE (
            EXISTS (SELECT FROM admin.unit_code u WHERE u.code = named.code AND u.level = 'province')
            OR EXISTS (SELECT FROM admin.unit u WHERE u.code = named.code AND u.level = 'province'))
        AND named.code <> province
        AND NOT EXISTS (
            SELECT FROM admin.unit_code u WHERE u.code = named.code AND u.level = 'province' AND u.successor_code = province)
        END
    LIMIT 1
    $$;

-- A code, of the row or of a parcel or permit that it names, that begins with another place's; only where it or the place is new.
CREATE FUNCTION admin.key_refusal(target regclass, content jsonb, before jsonb) RETURNS admin.refusal
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    name text;
    place text;
BEGIN
    FOREACH name IN ARRAY ARRAY['code', 'parcel_code', 'permit_code'] LOOP
        CONTINUE WHEN before @> jsonb_build_object(
            name, content -> name, 'commune_code', content -> 'commune_code', 'province_code', content -> 'province_code');
        place := admin.foreign_place(content ->> name, content ->> 'province_code', content ->> 'commune_code');
        IF place IS NOT NULL THEN
            RETURN admin.refused(
                format('«%s» = %s mang mã %s của địa phương khác.', admin.column_title(target, name), content ->> name, place),
                'Mã bắt đầu bằng mã xã hoặc mã tỉnh thì phải là của chính xã, tỉnh ghi trong dòng.', 'check_violation');
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;

-- Codes: those that a code table must have, in every column that a layer declares with one (admin.column_rule), and those that a place
-- has given.
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
    RETURN admin.key_refusal(target, content, before);
END
$$;

-- The columns of a parcel that follow from others. A code that was typed stands, so that the rule of the table judges it; that of a
-- parcel of the commune, which a pasted row brings along, gives way.
CREATE OR REPLACE FUNCTION land.completed_parcel(typed jsonb, before jsonb, shape geometry) RETURNS jsonb
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    parts jsonb := jsonb_build_object(
        'commune_code', typed ->> 'commune_code',
        'former_commune_code', coalesce(
            nullif(btrim(typed ->> 'former_commune_code'), ''), land.former_commune(typed ->> 'commune_code', shape)),
        'map_sheet', land.normalized_number(typed ->> 'map_sheet'),
        'parcel_no', land.normalized_number(typed ->> 'parcel_no'));
    stated text := CASE WHEN before IS NULL THEN nullif(btrim(typed ->> 'code'), '') END;
BEGIN
    IF stated IS NULL OR EXISTS (SELECT FROM land.parcel p WHERE p.code = stated AND p.commune_code = typed ->> 'commune_code') THEN
        stated := (parts ->> 'commune_code') || '.' || (parts ->> 'former_commune_code') || '.' || (parts ->> 'map_sheet') || '.'
            || (parts ->> 'parcel_no');
    END IF;
    RETURN parts || jsonb_build_object('code', stated);
END
$$;

CREATE OR REPLACE FUNCTION land.parcel_refusal(content jsonb, before jsonb) RETURNS admin.refusal
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    number text := nullif(content ->> 'parcel_no', before ->> 'parcel_no');
    sheet text := nullif(content ->> 'map_sheet', before ->> 'map_sheet');
    former text := content ->> 'former_commune_code';
    commune text := content ->> 'commune_code';
    land_use text := nullif(content ->> 'land_use_code', before ->> 'land_use_code');
    is_former_new boolean := before @> jsonb_build_object('former_commune_code', former, 'commune_code', commune) IS NOT TRUE;
BEGIN
    -- as ingest/checks.py has it: DEFINITE_NUMBER, SHEET_NUMBER
    IF number !~ '^[1-9][0-9]*[a-zđ]?([-/.][0-9]+[a-zđ]?)*$' THEN
        RETURN admin.refused(
            format('Số thửa %s không xác định được thửa đất nào.', number),
            'Nhập số thửa chính thức, ví dụ 12, 12a, 12-1; thửa tạm chưa lưu được.', 'check_violation');
    ELSIF sheet !~ '^[0-9a-zđ][0-9a-zđ ./()-]*$' OR sheet !~ '[1-9]' THEN
        RETURN admin.refused(
            format('Số hiệu tờ bản đồ %s không xác định được tờ nào.', sheet), 'Nhập số hiệu tờ, ví dụ 5, dc-12.', 'check_violation');
    ELSIF is_former_new AND NOT EXISTS (SELECT FROM admin.unit WHERE code = former AND level = 'commune')
        AND NOT EXISTS (SELECT FROM admin.unit_change WHERE from_code = former AND level = 'commune') THEN
        RETURN admin.refused(
            format('Chưa từng có xã nào mang mã %s (mã xã đã lập bản đồ).', former),
            'Nhập mã xã của thời kỳ lập bản đồ địa chính, hoặc để trống để hệ thống tìm theo vị trí.', 'foreign_key_violation');
    ELSIF is_former_new AND NOT admin.is_predecessor(former, commune, 'commune') THEN
        RETURN admin.refused(
            format('Xã %s (mã xã đã lập bản đồ) chưa từng nhập vào xã %s.', former, commune),
            'Nhập mã xã trước khi sáp nhập của chính xã này, hoặc để trống để hệ thống tìm theo vị trí.', 'check_violation');
    ELSIF EXISTS (SELECT FROM land.land_use u WHERE u.code = land_use AND u.is_restricted) THEN
        RETURN admin.refused(
            format('Đất có mã %s không được công bố nên không lưu ở lớp thửa đất.', land_use),
            'Giao tệp cho quản trị viên nạp (dothi load parcels): thửa được giữ ở phần không công bố.', 'check_violation');
    END IF;
    RETURN NULL;
END
$$;
