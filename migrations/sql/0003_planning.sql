-- Legal status is derived from events: `status` and `valid_*` of plans, and `valid_*` of their zones and lines, are written
-- only by planning.apply_plan_events, which runs whenever a plan, its parts or its events change.
-- A plan is in force from its `in_force` event (else `approved`) until `annulled`, `replaced` or `expired`. An event for a part
-- ends the zones and lines that lie in that part (99 % of their area or length).

CREATE FUNCTION planning.apply_plan_events(target_plan text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    starts date;
    ends date;
    latest text;
    part record;
BEGIN
    SELECT coalesce(min(effective_on) FILTER (WHERE kind = 'in_force'), min(effective_on) FILTER (WHERE kind = 'approved')),
           min(effective_on) FILTER (WHERE kind IN ('annulled', 'replaced', 'expired') AND geom IS NULL)
    INTO starts, ends
    FROM planning.plan_event WHERE plan_code = target_plan;
    IF starts IS NULL THEN
        RETURN;
    END IF;
    IF ends <= starts THEN
        RAISE EXCEPTION 'Đồ án %: hết hiệu lực (%) không sau ngày có hiệu lực (%).', target_plan, ends, starts
            USING ERRCODE = 'check_violation', HINT = 'The events of the plan are out of order.';
    END IF;
    SELECT CASE kind WHEN 'published' THEN 'in_force' WHEN 'amended' THEN 'in_force' ELSE kind END INTO latest
    FROM planning.plan_event
    WHERE plan_code = target_plan AND (geom IS NULL OR kind IN ('amended', 'partly_annulled'))
    ORDER BY effective_on DESC, array_position(
        ARRAY['expired', 'replaced', 'annulled', 'partly_annulled', 'amended', 'published', 'in_force', 'approved'], kind)
    LIMIT 1;

    UPDATE planning.plan SET status = latest, valid_from = starts, valid_to = ends
    WHERE code = target_plan AND (status, valid_from, valid_to) IS DISTINCT FROM (latest, starts, ends);
    UPDATE planning.zone SET valid_from = starts, valid_to = ends
    WHERE plan_code = target_plan AND (valid_from, valid_to) IS DISTINCT FROM (starts, ends)
        AND NOT EXISTS (SELECT FROM planning.plan_event e WHERE e.plan_code = target_plan AND planning.lies_in(zone.geom, e.geom));
    UPDATE planning.planning_line SET valid_from = starts, valid_to = ends
    WHERE plan_code = target_plan AND (valid_from, valid_to) IS DISTINCT FROM (starts, ends)
        AND NOT EXISTS (
            SELECT FROM planning.plan_event e WHERE e.plan_code = target_plan AND planning.lies_in(planning_line.geom, e.geom));

    FOR part IN
        SELECT effective_on, geom FROM planning.plan_event
        WHERE plan_code = target_plan AND geom IS NOT NULL AND kind IN ('amended', 'partly_annulled', 'annulled', 'replaced', 'expired')
            AND effective_on > starts
        ORDER BY effective_on DESC
    LOOP
        UPDATE planning.zone SET valid_from = starts, valid_to = part.effective_on
        WHERE plan_code = target_plan AND (valid_from, valid_to) IS DISTINCT FROM (starts, part.effective_on)
            AND planning.lies_in(zone.geom, part.geom);
        UPDATE planning.planning_line SET valid_from = starts, valid_to = part.effective_on
        WHERE plan_code = target_plan AND (valid_from, valid_to) IS DISTINCT FROM (starts, part.effective_on)
            AND planning.lies_in(planning_line.geom, part.geom);
    END LOOP;
END
$$;

CREATE FUNCTION planning.lies_in(shape geometry, part geometry) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, public
    AS $$
    SELECT part IS NOT NULL AND shape && part AND CASE ST_Dimension(shape)
        WHEN 2 THEN ST_Area(ST_Intersection(shape, part)) >= 0.99 * ST_Area(shape)
        ELSE ST_Length(ST_Intersection(shape, part)) >= 0.99 * ST_Length(shape) END
    $$;

CREATE FUNCTION planning.apply_events_of_written() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    written_plan text;
BEGIN
    IF TG_OP = 'DELETE' THEN
        FOR written_plan IN EXECUTE format('SELECT DISTINCT %I FROM old_rows', TG_ARGV[0]) LOOP
            PERFORM planning.apply_plan_events(written_plan);
        END LOOP;
    ELSE
        FOR written_plan IN EXECUTE format('SELECT DISTINCT %I FROM new_rows', TG_ARGV[0]) LOOP
            PERFORM planning.apply_plan_events(written_plan);
        END LOOP;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION planning.refuse_direct_status() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() > 1 OR NOT EXISTS (
        SELECT FROM planning.plan_event e WHERE e.plan_code = to_jsonb(OLD) ->> TG_ARGV[0]
    ) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'Tình trạng và hiệu lực của quy hoạch chỉ thay đổi qua sự kiện pháp lý (planning.plan_event).'
        USING ERRCODE = 'integrity_constraint_violation',
            HINT = 'Status and validity follow from plan events; add an event instead.';
END
$$;

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
    CREATE TRIGGER zz_apply_events_update AFTER UPDATE ON planning.plan_event REFERENCING NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION planning.apply_events_of_written('plan_code');
    CREATE TRIGGER zz_apply_events_delete AFTER DELETE ON planning.plan_event REFERENCING OLD TABLE AS old_rows
        FOR EACH STATEMENT EXECUTE FUNCTION planning.apply_events_of_written('plan_code');
    CREATE TRIGGER refuse_direct_status BEFORE UPDATE ON planning.plan FOR EACH ROW
        WHEN ((NEW.status, NEW.valid_from, NEW.valid_to) IS DISTINCT FROM (OLD.status, OLD.valid_from, OLD.valid_to))
        EXECUTE FUNCTION planning.refuse_direct_status('code');
    CREATE TRIGGER refuse_direct_status BEFORE UPDATE ON planning.zone FOR EACH ROW
        WHEN ((NEW.valid_from, NEW.valid_to) IS DISTINCT FROM (OLD.valid_from, OLD.valid_to))
        EXECUTE FUNCTION planning.refuse_direct_status('plan_code');
    CREATE TRIGGER refuse_direct_status BEFORE UPDATE ON planning.planning_line FOR EACH ROW
        WHEN ((NEW.valid_from, NEW.valid_to) IS DISTINCT FROM (OLD.valid_from, OLD.valid_to))
        EXECUTE FUNCTION planning.refuse_direct_status('plan_code');
END
$$;
