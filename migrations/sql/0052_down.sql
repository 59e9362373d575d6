DROP FUNCTION admin.rule_refusal(regclass, anyelement);
DROP FUNCTION admin.code_refusal(regclass, jsonb, jsonb);
DROP FUNCTION admin.missing_refusal(regclass, jsonb);
DROP FUNCTION admin.derived_refusal(regclass, jsonb, jsonb, jsonb);
DROP FUNCTION admin.shape_refusal(geometry);
DROP FUNCTION admin.unit_refusal(text, text);
DROP FUNCTION admin.period_refusal(regclass, bigint, text, date, date);
DROP FUNCTION admin.territory_refusal(text, text, text, geometry);
DROP FUNCTION admin.completed_values(regclass, jsonb, jsonb, geometry, geometry);
DROP FUNCTION admin.default_values(regclass, jsonb);
DROP FUNCTION land.parcel_refusal(jsonb, jsonb);
DROP FUNCTION land.completed_parcel(jsonb, jsonb, geometry);
DROP FUNCTION land.former_commune(text, geometry);
DROP FUNCTION land.normalized_number(text);
DROP FUNCTION admin.column_title(regclass, text);
DROP FUNCTION admin.refused(text, text, text);
DROP TYPE admin.refusal;

-- as they were
CREATE OR REPLACE FUNCTION admin.guard_territory() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    refusal text;
BEGIN
    IF pg_has_role(current_user, 'dothi_ingest', 'USAGE') OR pg_has_role(current_user, 'dothi_owner', 'USAGE') THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    IF TG_OP IN ('UPDATE', 'DELETE') THEN
        refusal := admin.territory_refusal(session_user, OLD.province_code, OLD.commune_code, OLD.geom);
    END IF;
    IF TG_OP = 'INSERT' THEN
        -- ids are drawn, never chosen: a pasted or invented one might be used again, or stand in the way of the next load
        NEW.id := nextval(pg_get_serial_sequence(format('%I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME), 'id'));
    END IF;
    IF refusal IS NULL AND TG_OP IN ('INSERT', 'UPDATE') THEN
        NEW.province_code := coalesce(NEW.province_code, admin.province_of(NEW.commune_code));
        refusal := coalesce(
            admin.row_refusal(NEW.province_code, NEW.commune_code, NEW.valid_from, NEW.valid_to, NEW.geom),
            admin.territory_refusal(session_user, NEW.province_code, NEW.commune_code, NEW.geom),
            admin.period_refusal(TG_RELID, coalesce(OLD.id, NEW.id), NEW.code, NEW.valid_from, NEW.valid_to));
    END IF;
    IF refusal IS NOT NULL THEN
        RAISE EXCEPTION '%', refusal USING ERRCODE = 'insufficient_privilege',
            DETAIL = format('%s %s.%s, login %s', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME, session_user),
            HINT = 'Refused for an editor''s login. Territory: ask the administrator (dothi user add NAME --territory CODE).';
    END IF;
    RETURN coalesce(NEW, OLD);
END
$$;

CREATE OR REPLACE FUNCTION admin.row_refusal(province text, commune text, begins date, ends date, shape geometry) RETURNS text
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    known_province text := admin.province_of(commune);
BEGIN
    IF shape IS NULL OR ST_IsEmpty(shape) THEN
        RETURN 'Chưa có hình học: hãy vẽ đối tượng trước khi lưu.';
    ELSIF NOT ST_IsValid(shape) THEN
        RETURN format('Hình học không hợp lệ (%s): hãy sửa đường biên tự cắt hoặc chồng lên nhau.', ST_IsValidReason(shape));
    ELSIF ends <= begins THEN
        RETURN format('Ngày hết hiệu lực (%s) phải sau ngày có hiệu lực (%s).', ends, begins);
    ELSIF commune IS NOT NULL AND known_province IS NULL THEN
        RETURN format('Không có xã, phường, đặc khu nào mang mã %s.', commune);
    ELSIF commune IS NOT NULL AND known_province IS DISTINCT FROM province THEN
        RETURN format('Xã %s thuộc tỉnh %s, không thuộc tỉnh %s.', commune, known_province, coalesce(province, '(trống)'));
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION admin.period_refusal(target regclass, row_id bigint, row_code text, begins date, ends date) RETURNS text
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    other record;
BEGIN
    EXECUTE format(
        'SELECT id, valid_from, valid_to FROM %s WHERE code = $1 AND id <> $2 AND daterange(valid_from, valid_to) && daterange($3, $4)'
        ' LIMIT 1', target) INTO other USING row_code, row_id, begins, ends;
    IF other.id IS NOT NULL THEN
        RETURN format('Mã %s đã có ở dòng %s trong thời gian từ %s đến %s: hãy kết thúc hiệu lực dòng đó trước hoặc dùng mã khác.',
            row_code, other.id, other.valid_from, coalesce(other.valid_to::text, 'nay'));
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION admin.territory_refusal(who text, province text, commune text, shape geometry) RETURNS text
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    ground geometry[];
    names text;
BEGIN
    SELECT string_agg(t.unit_code, ', ' ORDER BY t.unit_code) INTO names FROM admin.editor_territory t WHERE t.login = who;
    IF names IS NULL THEN
        RETURN format('Tài khoản %s chưa được giao địa bàn nào nên không được sửa dữ liệu.', who);
    END IF;
    IF NOT EXISTS (
        SELECT FROM admin.editor_territory t
        WHERE t.login = who
            AND ((t.level = 'province' AND t.unit_code = province) OR (t.level = 'commune' AND t.unit_code = commune))
    ) THEN
        RETURN format(
            'Dòng này thuộc tỉnh %s, xã %s, ngoài địa bàn được giao cho %s (%s).',
            coalesce(province, '(trống)'), coalesce(commune, '(trống)'), who, names);
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
        RETURN format('Chưa có ranh giới của địa bàn %s nên không kiểm tra được vị trí.', names);
    END IF;
    RETURN format('Hình học nằm ngoài địa bàn được giao cho %s (%s).', who, names);
END
$$;

CREATE OR REPLACE FUNCTION ingest.stamp_row() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    this_batch bigint := ingest.current_batch();
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.batch_id < 0 AND OLD.batch_id NOT IN (-NEW.batch_id, this_batch) THEN
        RAISE EXCEPTION 'Dòng % đã được người khác sửa sau khi bạn mở: hãy hủy sửa, tải lại lớp rồi sửa tiếp.', OLD.id
            USING ERRCODE = 'serialization_failure',
                HINT = 'Somebody changed this row after you read it. Discard the edit, reload the layer and edit again.';
    END IF;
    NEW.batch_id := this_batch;
    RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION ingest.refuse_new_id() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Không được đổi mã số (id) của dòng: % thành %.', OLD.id, NEW.id
        USING ERRCODE = 'integrity_constraint_violation', HINT = 'The id of a row never changes; insert a new row instead.';
END
$$;

CREATE OR REPLACE FUNCTION ingest.refuse_truncate() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Không được xóa trắng bảng %.%.', TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege', HINT = 'TRUNCATE would skip history; use DELETE or dothi rollback.';
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
            HINT = 'Status and validity follow from plan events; add an event instead.';
END
$$;

COMMENT ON COLUMN land.parcel.code IS 'Mã công khai, ổn định';
COMMENT ON COLUMN history.land__parcel.code IS 'Mã công khai, ổn định';
