DROP SCHEMA admin, land, planning, construction, infrastructure, landscape, underground, population, survey,
    private, ingest, rollup, audit, history, staging CASCADE;
REVOKE CREATE ON SCHEMA public FROM dothi_owner;
DO $$
BEGIN
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO PUBLIC', current_database());
END
$$;
