-- The legal state of plans, told exactly: `unknown` is a status of its own, an event for a part takes exactly that part away, and one
-- list says which statuses bind. Replaces bodies of 0003_planning.sql.

ALTER TABLE planning.plan DROP CONSTRAINT plan_status_known_check;
ALTER TABLE planning.plan ADD CONSTRAINT plan_status_known_check CHECK (
    status IN ('unknown', 'in_preparation', 'approved', 'in_force', 'partly_annulled', 'annulled', 'replaced', 'expired'));
-- what nobody said is not known
ALTER TABLE planning.plan ALTER COLUMN status SET DEFAULT 'unknown';
ALTER TABLE planning.planning_line DROP CONSTRAINT planning_line_width_m_not_negative_check;
ALTER TABLE planning.planning_line ADD CONSTRAINT planning_line_width_m_plausible_check CHECK (width_m BETWEEN 0 AND 10000);

-- Whether a plan of this status binds while its period lasts: the one list, for the lookup and for the figures.
CREATE FUNCTION planning.is_binding(status text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN status IN ('approved', 'in_force', 'partly_annulled');
COMMENT ON FUNCTION planning.is_binding(text) IS 'Đồ án ở tình trạng này có giá trị bắt buộc hay không';

-- Whether a plan's row binds within its period: its events made the period, its status binds, or its end is told, so that it bound before.
CREATE FUNCTION planning.binds_in_period(status text, valid_to date, has_events boolean) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN has_events OR planning.is_binding(status) OR (valid_to IS NOT NULL AND status <> 'in_preparation');
COMMENT ON FUNCTION planning.binds_in_period(text, date, boolean) IS 'Đồ án có giá trị bắt buộc trong thời gian hiệu lực của bản ghi hay không';

-- Whether nobody knows a plan's legal state: no event tells it, and its row does not either, or tells an end but no date for a day gone by.
CREATE FUNCTION planning.is_state_unknown(status text, valid_to date, has_events boolean, is_past boolean) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN NOT has_events
        AND (status = 'unknown' OR (status IN ('annulled', 'replaced', 'expired') AND valid_to IS NULL AND is_past));
COMMENT ON FUNCTION planning.is_state_unknown(text, date, boolean, boolean) IS 'Không rõ tình trạng pháp lý của đồ án hay không';

-- The most detailed plan prevails: 0 before 3; what has no level stands last.
CREATE FUNCTION planning.level_rank(plan_level text) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN coalesce(array_position(ARRAY['detailed', 'detailed_short', 'zoning', 'general'], plan_level) - 1, 4);
COMMENT ON FUNCTION planning.level_rank(text) IS 'Thứ tự ưu tiên của cấp đồ án: chi tiết trước';

-- A zone or line ends before its plan only where it lies wholly in the part that an event took away; of one that lies there in part, the
-- lookup and the figures take away exactly that part.
CREATE OR REPLACE FUNCTION planning.lies_in(shape geometry, part geometry) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, public
    AS $$ SELECT part IS NOT NULL AND shape && part AND ST_CoveredBy(shape, part) $$;

CREATE OR REPLACE FUNCTION planning.apply_events_of_written() RETURNS trigger
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
        -- without any event nobody can say whether it is in force
        UPDATE planning.plan SET status = 'unknown'
        WHERE code = ANY (concerned) AND status <> 'unknown'
            AND NOT EXISTS (SELECT FROM planning.plan_event e WHERE e.plan_code = plan.code);
    END IF;
    RETURN NULL;
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

-- zones and lines that lay in a part to 99 % had ended with it: they begin again
DO $$
DECLARE
    target text;
BEGIN
    IF EXISTS (SELECT FROM planning.plan_event WHERE geom IS NOT NULL) THEN
        PERFORM ingest.open_batch('migration');
        FOR target IN SELECT DISTINCT plan_code FROM planning.plan_event WHERE geom IS NOT NULL ORDER BY plan_code LOOP
            PERFORM planning.apply_plan_events(target);
        END LOOP;
    END IF;
END
$$;
