-- What an editor may save, whatever program she uses: the trigger brings her geometry into the stored form, computes what is derived,
-- fills what is empty where it can, and refuses the rest in one sentence of her language with a hint that fits.

-- A refusal: the sentence, what to do about it, and the condition that programs are told (a name of PostgreSQL's error codes).
CREATE TYPE admin.refusal AS (sentence text, hint text, kind text);

CREATE FUNCTION admin.refused(sentence text, hint text, kind text) RETURNS admin.refusal
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ROW(sentence, hint, kind)::admin.refusal;

-- What QGIS's forms call a column: its comment before the first explanation, as in spatial/qgis_styles.py.
CREATE FUNCTION admin.column_title(target regclass, column_name text) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT coalesce(nullif(btrim(split_part(split_part(col_description(attrelid, attnum), ':', 1), ' (trống', 1)), ''), attname)
    FROM pg_attribute WHERE attrelid = target AND attname = column_name
    $$;

-- -- one question each: NULL where there is nothing to refuse -------------------------------------------------------------------

DROP FUNCTION admin.row_refusal(text, text, date, date, geometry);
DROP FUNCTION admin.territory_refusal(text, text, text, geometry);
DROP FUNCTION admin.period_refusal(regclass, bigint, text, date, date);

CREATE FUNCTION admin.shape_refusal(shape geometry) RETURNS admin.refusal
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    fault record;
BEGIN
    IF shape IS NULL OR ST_IsEmpty(shape) THEN
        RETURN admin.refused('Chưa có hình học.', 'Vẽ đối tượng rồi lưu lại.', 'not_null_violation');
    END IF;
    fault := ST_IsValidDetail(shape);
    IF NOT fault.valid THEN
        RETURN admin.refused(
            format('Hình học không hợp lệ: %s%s.', CASE
                    WHEN fault.reason ILIKE '%self-intersection%' THEN 'đường biên tự cắt'
                    WHEN fault.reason ILIKE '%hole%' THEN 'lỗ nằm ngoài hoặc lồng trong lỗ khác'
                    WHEN fault.reason ILIKE '%nested%' OR fault.reason ILIKE '%duplicate%' THEN 'các phần chồng lên nhau'
                    WHEN fault.reason ILIKE '%too few%' THEN 'thiếu điểm'
                    WHEN fault.reason ILIKE '%coordinate%' THEN 'tọa độ không phải là số'
                    ELSE 'các phần không liền nhau đúng cách' END,
                ' tại ' || round(ST_X(fault.location)::numeric, 6) || ', ' || round(ST_Y(fault.location)::numeric, 6)),
            'Sửa đường biên ở chỗ đó rồi lưu lại (QGIS: Vectơ > Công cụ hình học > Kiểm tra tính hợp lệ).', 'check_violation');
    ELSIF admin.stored_geometry(shape) IS NULL THEN
        RETURN admin.refused(
            'Hình học nhỏ hoặc hẹp hơn 1 cm nên không lưu được.',
            'Hình học được lưu tới 7 chữ số thập phân (1 cm); hãy vẽ lại ở tỷ lệ lớn hơn.', 'check_violation');
    END IF;
    RETURN NULL;
END
$$;

-- Columns that the database computes: a pasted row may bring them along, but nobody changes them by hand.
-- Parameters: the row as it was typed, as it was before (NULL for a new one) and as it is completed; without geometry.
CREATE FUNCTION admin.derived_refusal(target regclass, typed jsonb, before jsonb, completed jsonb) RETURNS admin.refusal
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT admin.refused(
        format('«%s» do hệ thống tính, không nhập tay.', admin.column_title(target, r.column_name)),
        'Bỏ thay đổi ở trường này rồi lưu lại; giá trị được tính từ hình học và các trường khác.', 'generated_always')
    FROM admin.column_rule r
    WHERE before IS NOT NULL AND r.table_name = target::text AND r.is_derived
        AND typed -> r.column_name NOT IN (before -> r.column_name, completed -> r.column_name)
    ORDER BY r.column_name LIMIT 1
    $$;

CREATE FUNCTION admin.missing_refusal(target regclass, content jsonb) RETURNS admin.refusal
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT admin.refused(
        format('Chưa nhập %s.', string_agg(format('«%s»', admin.column_title(target, a.attname)), ', ' ORDER BY a.attnum)),
        'Nhập các trường còn trống rồi lưu lại.', 'not_null_violation')
    FROM pg_attribute a
    WHERE a.attrelid = target AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull AND a.attidentity = '' AND a.attgenerated = ''
        AND a.attname NOT IN ('batch_id', 'geom') AND content -> a.attname = 'null'
        AND NOT EXISTS (
            SELECT FROM admin.column_rule r WHERE r.table_name = target::text AND r.column_name = a.attname AND r.is_derived)
    HAVING count(*) > 0
    $$;

-- Codes that their code table does not have, in every column that a layer declares with one (admin.column_rule).
CREATE FUNCTION admin.code_refusal(target regclass, content jsonb, before jsonb) RETURNS admin.refusal
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

-- The rules of the table itself (CHECK), before PostgreSQL refuses in words that no GIS officer reads; the comment of each rule ends
-- its sentence. The geometry has been judged before.
CREATE FUNCTION admin.rule_refusal(target regclass, candidate anyelement) RETURNS admin.refusal
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    content jsonb;
    broken oid;
    told text;
    tests text;
BEGIN
    SELECT string_agg(format('WHEN NOT (%s) THEN %s', pg_get_expr(conbin, conrelid), oid), ' ' ORDER BY conname) INTO tests
    FROM pg_constraint
    WHERE conrelid = target AND contype = 'c'
        AND NOT conkey @> ARRAY[(SELECT attnum FROM pg_attribute WHERE attrelid = target AND attname = 'geom')];
    EXECUTE 'SELECT CASE ' || tests || ' END FROM (SELECT ($1).*) AS candidate' INTO broken USING candidate;
    IF broken IS NULL THEN
        RETURN NULL;
    END IF;
    content := to_jsonb(candidate);
    SELECT string_agg(
        format('«%s» = %s', admin.column_title(target, a.attname), CASE
            WHEN content -> a.attname = 'null' THEN '(trống)'
            WHEN a.atttypid = 'date'::regtype THEN to_char((content ->> a.attname)::date, 'DD/MM/YYYY')
            ELSE content ->> a.attname END), ', ' ORDER BY a.attnum)
    INTO told
    FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)
    WHERE c.oid = broken;
    RETURN admin.refused(
        format('%s: %s.', told, coalesce(
            obj_description(broken, 'pg_constraint'),
            'không đúng quy tắc ' || (SELECT conname FROM pg_constraint WHERE oid = broken))),
        'Sửa giá trị nêu trên rồi lưu lại.', 'check_violation');
END
$$;

CREATE FUNCTION admin.unit_refusal(province text, commune text) RETURNS admin.refusal
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    known_province text := admin.province_of(commune);
BEGIN
    IF commune IS NOT NULL AND known_province IS NULL THEN
        RETURN admin.refused(
            format('Không có xã, phường, đặc khu nào mang mã %s.', commune),
            'Xem mã ở lớp đơn vị hành chính (admin.unit).', 'foreign_key_violation');
    ELSIF commune IS NOT NULL AND known_province IS DISTINCT FROM province THEN
        RETURN admin.refused(
            format('Xã %s thuộc tỉnh %s, không thuộc tỉnh %s.', commune, known_province, coalesce(province, '(trống)')),
            'Để trống mã tỉnh thì hệ thống tự điền theo xã.', 'check_violation');
    END IF;
    RETURN NULL;
END
$$;

-- Where no other row of this code is in force in the same days. Large tables have no EXCLUDE for it (see LayerRow).
CREATE FUNCTION admin.period_refusal(target regclass, row_id bigint, row_code text, begins date, ends date) RETURNS admin.refusal
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    other record;
BEGIN
    EXECUTE format(
        'SELECT id, valid_from, valid_to FROM %s WHERE code = $1 AND id <> $2 AND daterange(valid_from, valid_to) && daterange($3, $4)'
        ' LIMIT 1', target) INTO other USING row_code, row_id, begins, ends;
    IF other.id IS NOT NULL THEN
        RETURN admin.refused(
            format('Mã %s đã có ở dòng %s trong thời gian từ %s đến %s.', row_code, other.id,
                to_char(other.valid_from, 'DD/MM/YYYY'), coalesce(to_char(other.valid_to, 'DD/MM/YYYY'), 'nay')),
            'Kết thúc hiệu lực dòng đó trước (nhập ngày hết hiệu lực), hoặc dùng mã khác.', 'exclusion_violation');
    END IF;
    RETURN NULL;
END
$$;

-- Whether the login may write a row of these units and this geometry.
-- A boundary is drawn to some metres, so the geometry may pass the territory's edge by 0.00003 degrees (about 3 m).
CREATE FUNCTION admin.territory_refusal(who text, province text, commune text, shape geometry) RETURNS admin.refusal
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

-- -- parcels ----------------------------------------------------------------------------------------------------------------------

-- A sheet or parcel number as the loader writes it (ingest/checks.py, normalize_numbers), so that a file finds the drawn parcel again.
CREATE FUNCTION land.normalized_number(written text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT nullif(regexp_replace(regexp_replace(
        lower(regexp_replace(written, '[ \t\n\f\r]+', '', 'g')), '^([0-9]+)\.0+$', '\1'), '^0+([0-9])', '\1'), '')
    $$;

-- Which former commune numbered the sheet on which a parcel lies: the commune itself where no two were merged into it, else the one
-- whose ground holds a point of the parcel. NULL where that cannot be told.
CREATE FUNCTION land.former_commune(commune text, shape geometry) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp
    AS $$
    WITH predecessor AS (
        SELECT DISTINCT from_code AS code FROM admin.unit_change
        WHERE level = 'commune' AND to_code = commune AND changed_on <= admin.today_vn()
    )
    SELECT CASE WHEN (SELECT count(*) FROM predecessor) < 2 THEN commune ELSE (
        SELECT u.code FROM predecessor p JOIN admin.unit u ON u.code = p.code
        WHERE u.level = 'commune' AND u.valid_to <= admin.today_vn() AND u.boundary_quality <> 'schematic'
            AND ST_Intersects(u.geom, ST_PointOnSurface(shape))
        ORDER BY u.valid_to DESC, u.code LIMIT 1) END
    $$;

-- The columns of a parcel that follow from others; its code where a part of it is new or changed.
CREATE FUNCTION land.completed_parcel(typed jsonb, before jsonb, shape geometry) RETURNS jsonb
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

-- What no parcel can be cited by, or must not be shown; only of what is new or changed (`before` NULL: all of it).
CREATE FUNCTION land.parcel_refusal(content jsonb, before jsonb) RETURNS admin.refusal
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

-- -- the row as a whole ---------------------------------------------------------------------------------------------------------

-- What a new row leaves empty and the table has a default for, as its columns' values.
CREATE FUNCTION admin.default_values(target regclass, typed jsonb) RETURNS jsonb
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found jsonb := '{}';
    empty record;
    value jsonb;
BEGIN
    FOR empty IN
        SELECT a.attname, pg_get_expr(d.adbin, d.adrelid) AS expression
        FROM pg_attribute a JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = target AND a.attnotnull AND a.attgenerated = '' AND a.attname <> 'batch_id'
            AND typed -> a.attname = 'null'
    LOOP
        EXECUTE format('SELECT to_jsonb(%s)', empty.expression) INTO value;
        found := found || jsonb_build_object(empty.attname, value);
    END LOOP;
    RETURN found;
END
$$;

-- The columns that follow from what was typed: province, defaults, codes of parcels, and, where the shape is new, its area.
-- Parameters: the row as typed and as it was (NULL for a new one), without geometry; the stored shape, NULL where it did not change.
CREATE FUNCTION admin.completed_values(target regclass, typed jsonb, before jsonb, shape geometry, drawn geometry) RETURNS jsonb
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    filled jsonb := CASE WHEN before IS NULL THEN admin.default_values(target, typed) ELSE '{}' END;
    plane integer;
BEGIN
    IF typed ->> 'province_code' IS NULL THEN
        filled := filled || jsonb_build_object('province_code', admin.province_of(typed ->> 'commune_code'));
    END IF;
    IF target = 'land.parcel'::regclass THEN
        filled := filled || land.completed_parcel(typed, before, shape);
    END IF;
    IF drawn IS NOT NULL AND typed ? 'area_srid' THEN
        plane := coalesce(
            CASE WHEN before ->> 'province_code' = (typed || filled) ->> 'province_code' THEN (before ->> 'area_srid')::integer END,
            admin.area_srid((typed || filled) ->> 'province_code', drawn));
        filled := filled || jsonb_build_object('area_srid', plane, 'area_m2', admin.area_m2(drawn, plane));
    ELSIF typed ? 'area_srid' THEN
        filled := filled || jsonb_build_object('area_srid', before -> 'area_srid', 'area_m2', before -> 'area_m2');
    END IF;
    RETURN filled;
END
$$;

-- BEFORE ROW on every layer, for all but the loader. Not SECURITY DEFINER: current_user is who asks.
CREATE OR REPLACE FUNCTION admin.guard_territory() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    refusal admin.refusal;
    bare record;
    typed jsonb;
    before jsonb;
    completed jsonb;
    is_redrawn boolean;
BEGIN
    IF pg_has_role(current_user, 'dothi_ingest', 'USAGE') OR pg_has_role(current_user, 'dothi_owner', 'USAGE') THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    IF TG_OP IN ('UPDATE', 'DELETE') THEN
        refusal := admin.territory_refusal(session_user, OLD.province_code, OLD.commune_code, OLD.geom);
    END IF;
    is_redrawn := TG_OP = 'INSERT' OR (TG_OP = 'UPDATE' AND NEW.geom IS DISTINCT FROM OLD.geom);
    IF refusal IS NULL AND is_redrawn THEN
        refusal := admin.shape_refusal(NEW.geom);
    END IF;
    IF refusal IS NULL AND TG_OP IN ('INSERT', 'UPDATE') THEN
        IF TG_OP = 'INSERT' THEN
            -- ids are drawn, never chosen: a pasted or invented one might be used again, or stand in the way of the next load
            NEW.id := nextval(pg_get_serial_sequence(format('%I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME), 'id'));
        ELSE
            bare := OLD;
            bare.geom := NULL;
            before := to_jsonb(bare);
        END IF;
        bare := NEW;
        bare.geom := NULL;
        typed := to_jsonb(bare);
        IF is_redrawn THEN
            NEW.geom := admin.stored_geometry(NEW.geom);
        END IF;
        bare := jsonb_populate_record(bare, admin.completed_values(
            TG_RELID, typed, before, NEW.geom, CASE WHEN is_redrawn THEN NEW.geom END));
        completed := to_jsonb(bare);
        bare.geom := NEW.geom;
        NEW := bare;
        refusal := coalesce(
            admin.derived_refusal(TG_RELID, typed, before, completed),
            admin.unit_refusal(NEW.province_code, NEW.commune_code),
            admin.rule_refusal(TG_RELID, NEW),
            admin.missing_refusal(TG_RELID, completed),
            admin.code_refusal(TG_RELID, completed, before),
            CASE WHEN TG_RELID = 'land.parcel'::regclass THEN land.parcel_refusal(completed, before) END,
            admin.territory_refusal(session_user, NEW.province_code, NEW.commune_code, NEW.geom),
            admin.period_refusal(TG_RELID, coalesce(OLD.id, NEW.id), NEW.code, NEW.valid_from, NEW.valid_to));
    END IF;
    IF refusal IS NOT NULL THEN
        RAISE EXCEPTION '%', refusal.sentence USING ERRCODE = refusal.kind, HINT = refusal.hint,
            DETAIL = format('%s %s.%s, tài khoản %s', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME, session_user);
    END IF;
    RETURN coalesce(NEW, OLD);
END
$$;

-- -- hints of the other triggers that an editor meets ------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION ingest.stamp_row() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    this_batch bigint := ingest.current_batch();
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.batch_id < 0 AND OLD.batch_id NOT IN (-NEW.batch_id, this_batch) THEN
        RAISE EXCEPTION 'Dòng % đã được người khác sửa sau khi bạn mở.', OLD.id
            USING ERRCODE = 'serialization_failure',
                HINT = 'Hủy sửa, tải lại lớp rồi sửa tiếp.';
    END IF;
    NEW.batch_id := this_batch;
    RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION ingest.refuse_new_id() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Không được đổi mã số (id) của dòng: % thành %.', OLD.id, NEW.id
        USING ERRCODE = 'integrity_constraint_violation', HINT = 'Giữ nguyên mã số; nếu là đối tượng khác thì thêm dòng mới.';
END
$$;

CREATE OR REPLACE FUNCTION ingest.refuse_truncate() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Không được xóa trắng bảng %.%.', TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege', HINT = 'TRUNCATE bỏ qua lịch sử; dùng DELETE, hoặc dothi rollback.';
END
$$;

CREATE OR REPLACE FUNCTION planning.refuse_direct_status() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    by_events text := planning.plan_status(to_jsonb(NEW) ->> TG_ARGV[0], admin.today_vn());
    is_loader boolean := pg_has_role(current_user, 'dothi_ingest', 'USAGE') OR pg_has_role(current_user, 'dothi_owner', 'USAGE');
    status_written text := to_jsonb(NEW) ->> 'status';
BEGIN
    IF pg_trigger_depth() > 1 THEN
        RETURN NEW;
    ELSIF TG_OP = 'INSERT' THEN
        IF is_loader OR by_events IS NOT NULL OR status_written IN ('unknown', 'in_preparation') THEN
            RETURN NEW;
        END IF;
    ELSIF planning.plan_status(to_jsonb(OLD) ->> TG_ARGV[0], admin.today_vn()) IS NULL THEN
        IF is_loader OR status_written IS NOT DISTINCT FROM (to_jsonb(OLD) ->> 'status') THEN
            RETURN NEW;
        END IF;
    ELSIF status_written = by_events AND (NEW.valid_from, NEW.valid_to) IS NOT DISTINCT FROM (OLD.valid_from, OLD.valid_to) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'Tình trạng và hiệu lực của quy hoạch chỉ thay đổi qua sự kiện pháp lý (planning.plan_event).'
        USING ERRCODE = 'integrity_constraint_violation',
            HINT = CASE WHEN is_loader THEN 'Status and validity follow from plan events; add an event instead.'
                ELSE 'Để trống hoặc giữ nguyên tình trạng và thời hạn; sự kiện pháp lý được nạp cùng hồ sơ (dothi load plans).' END;
END
$$;

COMMENT ON COLUMN land.parcel.code IS 'Mã công khai, ổn định: xã.xã lập bản đồ.tờ.thửa';
COMMENT ON COLUMN history.land__parcel.code IS 'Mã công khai, ổn định: xã.xã lập bản đồ.tờ.thửa';
