DROP FUNCTION ingest.settled_at();
DROP FUNCTION planning.line_outside(geometry, geometry);
DROP FUNCTION planning.restricted_strip(geometry, double precision, text);
DROP FUNCTION planning.strip_of_gentle_line(geometry, double precision, integer);
DROP FUNCTION planning.lies_deep(geometry, geometry, double precision);
DROP FUNCTION planning.wide_area(geometry[], double precision, double precision);
DROP FUNCTION planning.piece(geometry, geometry, geometry);
DROP FUNCTION planning.near_part(geometry, geometry, integer);
DROP FUNCTION planning.level_rank(text);
DROP FUNCTION planning.is_state_unknown(text, date, boolean, boolean);
DROP FUNCTION planning.binds_in_period(text, date, boolean);
DROP FUNCTION planning.is_binding(text);
DROP FUNCTION planning.keep_content() CASCADE;
DROP FUNCTION planning.keep_plan() CASCADE;
DROP FUNCTION planning.has_counted(text);
DROP TABLE planning.content_gap, planning.plan_content, history.planning__content_gap, history.planning__plan_content;
DROP FUNCTION planning.ground_of_line(geometry, double precision);
DROP INDEX history.planning__zone_plan_code_idx, history.planning__planning_line_plan_code_idx, history.planning__plan_event_plan_code_idx;
ALTER TABLE planning.planning_line DROP CONSTRAINT planning_line_width_m_plausible_check;
ALTER TABLE planning.planning_line ADD CONSTRAINT planning_line_width_m_not_negative_check CHECK (width_m >= 0);
ALTER TABLE planning.plan ALTER COLUMN status SET DEFAULT 'in_preparation';
UPDATE planning.plan SET status = 'in_preparation' WHERE status = 'unknown';
ALTER TABLE planning.plan DROP CONSTRAINT plan_status_known_check;
ALTER TABLE planning.plan ADD CONSTRAINT plan_status_known_check CHECK (
    status IN ('in_preparation', 'approved', 'in_force', 'partly_annulled', 'annulled', 'replaced', 'expired'));
-- the bodies of 0003_planning.sql
CREATE OR REPLACE FUNCTION planning.lies_in(shape geometry, part geometry) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, public
    AS $$
    SELECT part IS NOT NULL AND shape && part AND CASE ST_Dimension(shape)
        WHEN 2 THEN ST_Area(ST_Intersection(shape, part)) >= 0.99 * ST_Area(shape)
        ELSE ST_Length(ST_Intersection(shape, part)) >= 0.99 * ST_Length(shape) END
    $$;

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
        -- without any event nothing is known to be in force
        ALTER TABLE planning.plan ALTER COLUMN status SET DEFAULT 'in_preparation';
UPDATE planning.plan SET status = 'in_preparation'
        WHERE code = ANY (concerned) AND status <> 'in_preparation'
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

-- the body of 0006_lookup.sql
CREATE OR REPLACE FUNCTION planning.strip_beside(line geometry, width_m double precision) RETURNS geometry
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, public
    AS $$
    WITH segment AS (
        SELECT path[1] AS place, ST_StartPoint(geom) AS a, ST_EndPoint(geom) AS b, ST_Length(geom) AS length_m
        FROM ST_DumpSegments(line) WHERE ST_Length(geom) > 0
    ),
    directed AS (
        SELECT place, ST_X(a) AS ax, ST_Y(a) AS ay, ST_X(b) AS bx, ST_Y(b) AS by,
            (ST_X(b) - ST_X(a)) / length_m AS ux, (ST_Y(b) - ST_Y(a)) / length_m AS uy
        FROM segment
    ),
    corner AS ( -- of two segments; `outside` is the side (1 left, -1 right) that the line turns away from
        SELECT d.bx AS x, d.by AS y, d.ux, d.uy, n.ux AS vx, n.uy AS vy, -sign(d.ux * n.uy - d.uy * n.ux) AS outside
        FROM directed d
        JOIN directed n ON n.place = (SELECT min(place) FROM directed WHERE place > d.place)
            OR (ST_IsClosed(line) AND d.place = (SELECT max(place) FROM directed) AND n.place = (SELECT min(place) FROM directed))
    ),
    part AS (
        SELECT ST_MakePolygon(ST_MakeLine(ARRAY[
            ST_MakePoint(ax - uy * width_m, ay + ux * width_m), ST_MakePoint(bx - uy * width_m, by + ux * width_m),
            ST_MakePoint(bx + uy * width_m, by - ux * width_m), ST_MakePoint(ax + uy * width_m, ay - ux * width_m),
            ST_MakePoint(ax - uy * width_m, ay + ux * width_m)])) AS shape
        FROM directed
        UNION ALL
        SELECT ST_Intersection(ST_Buffer(ST_MakePoint(x, y), width_m, 16), ST_MakePolygon(ST_MakeLine(ARRAY[
            ST_MakePoint(x, y), ST_MakePoint(x - uy * outside * 3 * width_m, y + ux * outside * 3 * width_m),
            ST_MakePoint(x - (uy + vy) * outside * 3 * width_m, y + (ux + vx) * outside * 3 * width_m),
            ST_MakePoint(x - vy * outside * 3 * width_m, y + vx * outside * 3 * width_m), ST_MakePoint(x, y)])))
        FROM corner WHERE outside <> 0 AND ux * vx + uy * vy > -0.999
    )
    -- on a grid of a micrometre, or rounding leaves slits between a rectangle and its neighbour
    SELECT ST_SetSRID(ST_Union(shape, 1e-6), ST_SRID(line)) FROM part
    $$;
