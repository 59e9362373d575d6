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
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO PUBLIC', item);
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM dothi_owner', item);
    END LOOP;
EXCEPTION WHEN insufficient_privilege THEN
    NULL;
END
$$;
