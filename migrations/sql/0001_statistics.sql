-- PostGIS lets anybody read the geometry statistics and index bounds of any table, `private` too: where restricted land lies.
-- Taken from PUBLIC; admin.estimated_extent and admin.estimated_density answer for tables that the caller may read.
DO $$
DECLARE
    item regprocedure;
BEGIN
    FOR item IN
        SELECT p.oid FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.deptype = 'e'
        JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'postgis'
        WHERE p.proname IN (
            'st_estimatedextent', '_postgis_stats', '_postgis_selectivity', '_postgis_join_selectivity', '_postgis_index_extent')
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', item);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO dothi_owner', item);
    END LOOP;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE WARNING 'PostGIS belongs to another login: any login of this database can read where restricted parcels lie. '
        'As the owner of the extension: REVOKE EXECUTE ON FUNCTION % FROM PUBLIC; GRANT EXECUTE ... TO dothi_owner', item;
END
$$;
