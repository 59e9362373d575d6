-- Who makes others wait is ended. No right can keep an editor from locking a table that she may write to (LOCK TABLE), nor a reader
-- from leaving a transaction open before a migration.

-- End a session of this database, unless it is a superuser's; gives whether it was ended.
CREATE FUNCTION admin.end_backend(backend int) RETURNS boolean
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT coalesce((
        SELECT pg_terminate_backend(a.pid, 1000) FROM pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid
        WHERE a.pid = backend AND a.datname = current_database() AND NOT r.rolsuper), false)
    $$;

-- End every session, but those of loaders and of the owner, that is in a transaction older than `patience` and has either locked a
-- table of ours against readers or writers, or made somebody wait for `patience`. Gives how many. The turn of versions is taken by
-- every commit, so it counts only where nothing has happened since (what was known at a moment can't be told meanwhile).
CREATE FUNCTION admin.end_waits(patience interval) RETURNS int
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT count(*) FILTER (WHERE admin.end_backend(a.pid))::int
    FROM pg_stat_activity a
    WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.xact_start < clock_timestamp() - patience
        AND NOT pg_has_role(a.usesysid, 'dothi_ingest', 'MEMBER') AND NOT pg_has_role(a.usesysid, 'dothi_owner', 'MEMBER')
        AND (
            EXISTS (
                SELECT FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_roles o ON o.oid = c.relowner
                WHERE l.pid = a.pid AND l.granted AND o.rolname = 'dothi_owner'
                    AND (c.oid <> 'ingest.version_turn'::regclass OR a.state_change < clock_timestamp() - interval '5 s')
                    AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'))
            OR EXISTS (
                SELECT FROM pg_locks w
                WHERE NOT w.granted AND w.waitstart < clock_timestamp() - patience AND a.pid = ANY (pg_blocking_pids(w.pid))))
    $$;

-- For anybody to call, and called by the API every few seconds: ends only who has made others wait for half a minute.
CREATE FUNCTION admin.end_long_waits() RETURNS int
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$ SELECT admin.end_waits(interval '30 s') $$;

REVOKE EXECUTE ON FUNCTION admin.end_backend(int), admin.end_waits(interval) FROM PUBLIC;

-- The estimate of a grid costs a call for each cell: no more of them than a page of statistics has.
CREATE OR REPLACE FUNCTION admin.estimated_density(target regclass, box box2d, side int) RETURNS float8[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    width float8;
    height float8;
BEGIN
    PERFORM admin.check_readable(target);
    IF side NOT BETWEEN 1 AND 64 THEN
        RAISE EXCEPTION 'Số ô mỗi cạnh phải từ 1 đến 64, không phải %.', side USING ERRCODE = 'invalid_parameter_value',
            HINT = 'side is 1 to 64.';
    END IF;
    width := (ST_XMax(box) - ST_XMin(box)) / side;
    height := (ST_YMax(box) - ST_YMin(box)) / side;
    RETURN (
        SELECT array_agg(_postgis_selectivity(target, 'geom', ST_MakeEnvelope(
            ST_XMin(box) + col * width, ST_YMin(box) + line * height,
            ST_XMin(box) + (col + 1) * width, ST_YMin(box) + (line + 1) * height, 4326)) ORDER BY line, col)
        FROM generate_series(0, side - 1) line, generate_series(0, side - 1) col
    );
END
$$;
