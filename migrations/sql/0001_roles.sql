-- Group roles. Roles belong to the server, not to the database, so they may be here already.
DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['dothi_owner', 'dothi_ingest', 'dothi_editor', 'dothi_reader', 'dothi_public'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE', role_name);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END LOOP;
    -- an editor reads what a reader reads, a reader what the public reads
    GRANT dothi_public TO dothi_reader;
    GRANT dothi_reader TO dothi_editor;
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        EXECUTE format('GRANT dothi_owner, dothi_ingest TO %I', current_user);
    END IF;
EXCEPTION WHEN OTHERS THEN
    -- two migrations of two databases at once: the other one granted the same
    IF SQLERRM NOT LIKE '%concurrently%' THEN
        RAISE;
    END IF;
END
$$;
