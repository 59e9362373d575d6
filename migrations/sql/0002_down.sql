DO $$
DECLARE
    item record;
BEGIN
    FOR item IN
        SELECT format('%I.%I', n.nspname, c.relname) AS name
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'r' AND n.nspname IN (
            'admin', 'land', 'planning', 'construction', 'infrastructure', 'landscape', 'underground', 'population', 'survey',
            'private', 'ingest', 'rollup', 'audit', 'history', 'staging')
    LOOP
        EXECUTE 'DROP TABLE ' || item.name || ' CASCADE';
    END LOOP;
    FOR item IN
        SELECT p.oid::regprocedure::text AS name
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname IN ('admin', 'ingest', 'planning')
    LOOP
        EXECUTE 'DROP FUNCTION ' || item.name || ' CASCADE';
    END LOOP;
END
$$;
DROP SEQUENCE ingest.data_version_seq;
