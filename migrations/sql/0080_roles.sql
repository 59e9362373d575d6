-- Groups of what a person's login may be, and what the owner needs to look after logins (it cannot log in itself; only its
-- SECURITY DEFINER functions act as it). Roles belong to the server: what another database's migration granted is left alone.
DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['dothi_loader', 'dothi_steward', 'dothi_auditor', 'dothi_administrator'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE', role_name);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END LOOP;
    GRANT dothi_reader TO dothi_loader, dothi_steward, dothi_auditor, dothi_administrator;
    GRANT dothi_ingest TO dothi_loader, dothi_steward;
    -- makes, locks and drops persons' logins, and ends who makes others wait
    ALTER ROLE dothi_owner CREATEROLE;
    GRANT dothi_reader, dothi_editor, dothi_loader, dothi_steward, dothi_auditor, dothi_administrator TO dothi_owner WITH ADMIN OPTION;
    GRANT pg_signal_backend, pg_read_all_stats TO dothi_owner;
EXCEPTION WHEN OTHERS THEN
    -- two migrations of two databases at once: the other one granted the same
    IF SQLERRM NOT LIKE '%concurrently%' THEN
        RAISE;
    END IF;
END
$$;
DO $$
BEGIN
    GRANT SET ON PARAMETER temp_file_limit, log_min_messages TO dothi_owner;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE WARNING 'Only a superuser may limit the temporary files and the log of logins. As one: '
        'GRANT SET ON PARAMETER temp_file_limit, log_min_messages TO dothi_owner; then dothi db migrate';
WHEN OTHERS THEN
    IF SQLERRM NOT LIKE '%concurrently%' THEN
        RAISE;
    END IF;
END
$$;
