-- What versions and loads took turns by before: advisory locks, and with them large objects, are everybody's again.
DO $$
DECLARE
    item regprocedure;
BEGIN
    FOR item IN
        SELECT p.oid FROM pg_proc p
        WHERE p.pronamespace = 'pg_catalog'::regnamespace AND pg_has_role(p.proowner, 'USAGE')
            AND p.proname ~ '^(lo_.*|loread|lowrite|pg_(try_)?advisory_.*lock(_shared)?)$'
            AND p.proname !~ '^lo_(import|export)$'
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO PUBLIC', item);
    END LOOP;
END
$$;
