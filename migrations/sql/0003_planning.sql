-- Legal status is derived from events: `status` and `valid_*` of plans, and `valid_*` of their zones and lines, are written
-- only by planning.apply_plan_events, which runs whenever a plan, its parts or its events change.
-- A plan is in force from its `in_force` event (else `approved`, else as it was loaded) until the first of `annulled`, `replaced`,
-- `expired`. An event for a part ends the zones and lines that lie in that part (99 % of their area or length).

-- The status by the events that have begun; before the first of them a plan with events is `approved`. NULL without events.
CREATE FUNCTION planning.plan_status(target_plan text, on_day date) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp
    AS $$
    SELECT CASE WHEN e.effective_on > on_day THEN 'approved' WHEN e.kind IN ('published', 'amended') THEN 'in_force' ELSE e.kind END
    FROM planning.plan_event e
    WHERE e.plan_code = target_plan AND (e.geom IS NULL OR e.kind IN ('amended', 'partly_annulled'))
    ORDER BY e.effective_on <= on_day DESC, e.effective_on DESC, array_position(
        ARRAY['expired', 'replaced', 'annulled', 'partly_annulled', 'amended', 'published', 'in_force', 'approved'], e.kind)
    LIMIT 1
    $$;

CREATE FUNCTION planning.apply_plan_events(target_plan text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    latest text := planning.plan_status(target_plan, admin.today_vn());
    starts date;
    ends date;
BEGIN
    SELECT coalesce(min(effective_on) FILTER (WHERE kind = 'in_force'), min(effective_on) FILTER (WHERE kind = 'approved')),
           min(effective_on) FILTER (WHERE kind IN ('annulled', 'replaced', 'expired') AND geom IS NULL)
    INTO starts, ends
    FROM planning.plan_event WHERE plan_code = target_plan;
    IF latest IS NULL THEN
        RETURN;
    END IF;
    starts := coalesce(starts, (SELECT min(valid_from) FROM planning.plan WHERE code = target_plan));
    IF ends <= starts THEN
        RAISE EXCEPTION 'Đồ án %: hết hiệu lực (%) không sau ngày có hiệu lực (%).', target_plan, ends, starts
            USING ERRCODE = 'check_violation', HINT = 'The events of the plan are out of order.';
    END IF;
    UPDATE planning.plan SET status = latest, valid_from = starts, valid_to = ends
    WHERE code = target_plan AND (status, valid_from, valid_to) IS DISTINCT FROM (latest, starts, ends);
    UPDATE planning.zone SET valid_from = starts, valid_to = due.ends
    FROM (SELECT z.id, planning.part_ends(target_plan, z.geom, starts, ends) AS ends
          FROM planning.zone z WHERE z.plan_code = target_plan) AS due
    WHERE due.id = zone.id AND (zone.valid_from, zone.valid_to) IS DISTINCT FROM (starts, due.ends);
    UPDATE planning.planning_line SET valid_from = starts, valid_to = due.ends
    FROM (SELECT l.id, planning.part_ends(target_plan, l.geom, starts, ends) AS ends
          FROM planning.planning_line l WHERE l.plan_code = target_plan) AS due
    WHERE due.id = planning_line.id AND (planning_line.valid_from, planning_line.valid_to) IS DISTINCT FROM (starts, due.ends);
END
$$;

CREATE FUNCTION planning.lies_in(shape geometry, part geometry) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, public
    AS $$
    SELECT part IS NOT NULL AND shape && part AND CASE ST_Dimension(shape)
        WHEN 2 THEN ST_Area(ST_Intersection(shape, part)) >= 0.99 * ST_Area(shape)
        ELSE ST_Length(ST_Intersection(shape, part)) >= 0.99 * ST_Length(shape) END
    $$;

-- When a zone or line of a plan ends: with the plan, or before it with the first event for a part that it lies in.
CREATE FUNCTION planning.part_ends(target_plan text, shape geometry, starts date, plan_ends date) RETURNS date
    LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp
    AS $$
    SELECT least(plan_ends, min(e.effective_on))
    FROM planning.plan_event e
    WHERE e.plan_code = target_plan AND e.effective_on > starts
        AND e.kind IN ('amended', 'partly_annulled', 'annulled', 'replaced', 'expired') AND planning.lies_in(shape, e.geom)
    $$;

-- For the daily run: status of the plans whose events began since they were written. Gives how many changed.
CREATE FUNCTION planning.apply_due_events() RETURNS bigint
    LANGUAGE sql SET search_path = pg_catalog, public, pg_temp
    AS $$
    WITH changed AS (
        UPDATE planning.plan SET status = planning.plan_status(code, admin.today_vn())
        WHERE status <> planning.plan_status(code, admin.today_vn()) RETURNING id
    )
    SELECT count(*) FROM changed
    $$;

CREATE FUNCTION planning.apply_events_of_written() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    concerned text[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        EXECUTE format('SELECT array_agg(DISTINCT %I) FROM new_rows', TG_ARGV[0]) INTO concerned;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(DISTINCT plan_code) INTO concerned FROM old_rows;
    ELSIF TG_TABLE_NAME = 'plan_event' THEN
        SELECT array_agg(DISTINCT plan_code) INTO concerned
        FROM (SELECT plan_code FROM new_rows UNION SELECT plan_code FROM old_rows) both_sides;
    ELSE
        -- a zone or line that went to another plan or another place; its period alone changes by this very function
        SELECT array_agg(DISTINCT n.plan_code) INTO concerned
        FROM new_rows n JOIN old_rows o USING (id)
        WHERE n.plan_code <> o.plan_code OR n.geom IS DISTINCT FROM o.geom;
    END IF;
    PERFORM planning.apply_plan_events(plan_code) FROM unnest(concerned) AS plan_code;
    IF TG_OP = 'DELETE' THEN
        -- without any event nothing is known to be in force
        UPDATE planning.plan SET status = 'in_preparation'
        WHERE code = ANY (concerned) AND status <> 'in_preparation'
            AND NOT EXISTS (SELECT FROM planning.plan_event e WHERE e.plan_code = plan.code);
    END IF;
    RETURN NULL;
END
$$;

-- Refuses a status or a period that the events do not give. The loader may set them while a plan has no events; an editor may not
-- put a plan in force by herself.
CREATE FUNCTION planning.refuse_direct_status() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    by_events text := planning.plan_status(to_jsonb(NEW) ->> TG_ARGV[0], admin.today_vn());
    is_loader boolean := pg_has_role(current_user, 'dothi_ingest', 'USAGE') OR pg_has_role(current_user, 'dothi_owner', 'USAGE');
    status_written text := to_jsonb(NEW) ->> 'status';
BEGIN
    IF pg_trigger_depth() > 1 THEN
        RETURN NEW;
    ELSIF TG_OP = 'INSERT' THEN
        IF is_loader OR by_events IS NOT NULL OR status_written = 'in_preparation' THEN
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

-- what only these triggers and the loader may call
REVOKE EXECUTE ON FUNCTION planning.apply_plan_events(text), planning.apply_due_events() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION planning.apply_due_events() TO dothi_ingest;

DO $$
DECLARE
    target text;
    key text;
BEGIN
    FOR target, key IN VALUES ('plan', 'code'), ('zone', 'plan_code'), ('planning_line', 'plan_code'), ('plan_event', 'plan_code') LOOP
        EXECUTE format(
            'CREATE TRIGGER zz_apply_events_insert AFTER INSERT ON planning.%I REFERENCING NEW TABLE AS new_rows
             FOR EACH STATEMENT EXECUTE FUNCTION planning.apply_events_of_written(%L)', target, key);
    END LOOP;
    FOREACH target IN ARRAY ARRAY['zone', 'planning_line', 'plan_event'] LOOP
        EXECUTE format(
            'CREATE TRIGGER zz_apply_events_update AFTER UPDATE ON planning.%I REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
             FOR EACH STATEMENT EXECUTE FUNCTION planning.apply_events_of_written()', target);
    END LOOP;
    CREATE TRIGGER zz_apply_events_delete AFTER DELETE ON planning.plan_event REFERENCING OLD TABLE AS old_rows
        FOR EACH STATEMENT EXECUTE FUNCTION planning.apply_events_of_written();
    CREATE TRIGGER refuse_direct_status BEFORE UPDATE ON planning.plan FOR EACH ROW
        WHEN ((NEW.status, NEW.valid_from, NEW.valid_to) IS DISTINCT FROM (OLD.status, OLD.valid_from, OLD.valid_to))
        EXECUTE FUNCTION planning.refuse_direct_status('code');
    CREATE TRIGGER refuse_first_status BEFORE INSERT ON planning.plan FOR EACH ROW
        WHEN (NEW.status <> 'in_preparation' AND current_user <> 'dothi_ingest')
        EXECUTE FUNCTION planning.refuse_direct_status('code');
    FOREACH target IN ARRAY ARRAY['zone', 'planning_line'] LOOP
        EXECUTE format(
            'CREATE TRIGGER refuse_direct_status BEFORE UPDATE ON planning.%I FOR EACH ROW
             WHEN ((NEW.valid_from, NEW.valid_to) IS DISTINCT FROM (OLD.valid_from, OLD.valid_to))
             EXECUTE FUNCTION planning.refuse_direct_status(''plan_code'')', target);
    END LOOP;
END
$$;
