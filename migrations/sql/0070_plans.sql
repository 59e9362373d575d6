-- What is in force comes by dossiers and events. An editor draws plans that are in preparation, and zones and lines of such plans in her
-- territory; neither by the plan's code, nor by moving or renaming a plan, does anything of hers come into force.

CREATE FUNCTION planning.plan_refusal(who text, target_plan text) RETURNS admin.refusal
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    plan record;
BEGIN
    IF EXISTS (SELECT FROM planning.plan_event e WHERE e.plan_code = target_plan) THEN
        RETURN admin.refused(
            format('Đồ án %s đã có sự kiện pháp lý nên không sửa trực tiếp được.', target_plan),
            'Nội dung của đồ án đã có hiệu lực thay đổi qua hồ sơ và sự kiện pháp lý (dothi load plans).', 'insufficient_privilege');
    END IF;
    -- a plan that is here stays as it is until this is committed: no event brings it into force meanwhile
    FOR plan IN SELECT p.status, p.province_code, p.commune_code, p.geom FROM planning.plan p WHERE p.code = target_plan FOR SHARE LOOP
        IF plan.status <> 'in_preparation' THEN
            RETURN admin.refused(
                format('Đồ án %s không ở giai đoạn lập quy hoạch (tình trạng: %s) nên không sửa trực tiếp được.', target_plan, plan.status),
                'Cán bộ chỉ vẽ đồ án đang lập (in_preparation); đồ án khác thay đổi qua hồ sơ (dothi load plans).',
                'insufficient_privilege');
        ELSIF admin.territory_refusal(who, plan.province_code, plan.commune_code, plan.geom) IS NOT NULL THEN
            RETURN admin.refused(
                format('Đồ án %s không nằm trọn trong địa bàn được giao cho %s.', target_plan, who),
                'Ô và chỉ giới của đồ án do người phụ trách cả địa bàn của đồ án vẽ, hoặc được nạp qua hồ sơ (dothi load plans).',
                'insufficient_privilege');
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;

-- BEFORE ROW on plans, zones and lines, after guard_territory, for all but the loader. Not SECURITY DEFINER: current_user is who asks.
CREATE FUNCTION planning.guard_validity() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    is_plan boolean := TG_TABLE_NAME = 'plan';
    new_plan text;
    old_plan text;
    parts bigint;
    refusal admin.refusal;
BEGIN
    IF pg_has_role(current_user, 'dothi_ingest', 'USAGE') OR pg_has_role(current_user, 'dothi_owner', 'USAGE') THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    IF TG_OP IN ('UPDATE', 'DELETE') THEN
        IF is_plan THEN
            old_plan := OLD.code;
        ELSE
            old_plan := OLD.plan_code;
        END IF;
        refusal := planning.plan_refusal(session_user, old_plan);
    END IF;
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        IF is_plan THEN
            new_plan := NEW.code;
        ELSE
            new_plan := NEW.plan_code;
        END IF;
        refusal := coalesce(refusal, planning.plan_refusal(session_user, new_plan));
    END IF;
    IF refusal IS NULL AND is_plan AND TG_OP IN ('INSERT', 'UPDATE') THEN
        -- what an editor draws and says no more of is being prepared: nothing else may be said here
        IF TG_OP = 'INSERT' AND coalesce(NEW.status, 'unknown') = 'unknown' THEN
            NEW.status := 'in_preparation';
        ELSIF NEW.status IS DISTINCT FROM 'in_preparation' THEN
            refusal := admin.refused(
                format('Tình trạng %s của đồ án không nhập trực tiếp được.', coalesce(NEW.status, '(trống)')),
                'Để trống hoặc giữ in_preparation; hiệu lực theo sự kiện pháp lý nạp cùng hồ sơ (dothi load plans).',
                'insufficient_privilege');
        END IF;
    ELSIF refusal IS NULL AND NOT is_plan AND TG_OP IN ('INSERT', 'UPDATE') AND new_plan IS NOT NULL
        AND NOT EXISTS (SELECT FROM planning.plan p WHERE p.code = new_plan) THEN
        refusal := admin.refused(
            format('Không có đồ án nào mang mã %s.', new_plan),
            'Vẽ đồ án (planning.plan) trước, hoặc chọn mã của một đồ án đang lập.', 'foreign_key_violation');
    END IF;
    IF refusal IS NULL AND is_plan AND old_plan IS DISTINCT FROM new_plan AND old_plan IS NOT NULL THEN
        SELECT count(*) INTO parts FROM (
            SELECT FROM planning.zone z WHERE z.plan_code = old_plan
            UNION ALL SELECT FROM planning.planning_line l WHERE l.plan_code = old_plan) p;
        IF parts > 0 THEN
            refusal := admin.refused(
                format('Đồ án %s còn %s ô và chỉ giới nên không xóa hay đổi mã được.', old_plan, parts),
                'Xóa các ô và chỉ giới của đồ án trước.', 'restrict_violation');
        END IF;
    END IF;
    IF refusal IS NOT NULL THEN
        RAISE EXCEPTION '%', refusal.sentence USING ERRCODE = refusal.kind, HINT = refusal.hint,
            DETAIL = format('%s %s.%s, tài khoản %s', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME, session_user);
    END IF;
    RETURN coalesce(NEW, OLD);
END
$$;

DO $$
DECLARE
    target text;
BEGIN
    FOREACH target IN ARRAY ARRAY['plan', 'zone', 'planning_line'] LOOP
        EXECUTE format(
            'CREATE TRIGGER guard_validity BEFORE INSERT OR UPDATE OR DELETE ON planning.%I FOR EACH ROW
             WHEN (current_user <> ''dothi_ingest'' AND current_user <> ''dothi_owner'')
             EXECUTE FUNCTION planning.guard_validity()', target);
    END LOOP;
END
$$;
