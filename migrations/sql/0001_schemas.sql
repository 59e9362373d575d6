DO $$
DECLARE
    schema_name text;
BEGIN
    FOREACH schema_name IN ARRAY ARRAY[
        'admin', 'land', 'planning', 'construction', 'infrastructure', 'landscape', 'underground', 'population', 'survey',
        'private', 'ingest', 'rollup', 'audit', 'history', 'staging'
    ] LOOP
        EXECUTE format('CREATE SCHEMA %I AUTHORIZATION dothi_owner', schema_name);
    END LOOP;
    FOREACH schema_name IN ARRAY ARRAY[
        'admin', 'land', 'planning', 'construction', 'infrastructure', 'landscape', 'underground', 'population', 'survey',
        'ingest', 'rollup'
    ] LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO dothi_public', schema_name);
    END LOOP;
END
$$;
GRANT USAGE ON SCHEMA history TO dothi_public;
GRANT USAGE ON SCHEMA audit TO dothi_reader;
GRANT USAGE ON SCHEMA admin, land, planning, construction, infrastructure, landscape, underground, population, survey,
    private, ingest, rollup, history TO dothi_ingest;
GRANT USAGE, CREATE ON SCHEMA staging TO dothi_ingest;
GRANT CREATE ON SCHEMA public TO dothi_owner;
GRANT SELECT ON public.spatial_ref_sys TO dothi_public, dothi_ingest, dothi_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO dothi_public, dothi_ingest, dothi_owner', current_database());
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO dothi_ingest, dothi_owner', current_database());
END
$$;
-- later revisions act as the owner and note themselves here
ALTER TABLE public.alembic_version OWNER TO dothi_owner;
