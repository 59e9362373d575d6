-- What a login may take of the server, by its role, and what nobody but the owner may do; `dothi db migrate` applies it each time.

-- The one declaration. A person may lengthen her own times, not temporary files or the log (`fatal`: a refusal's message repeats what
-- was typed); whoever then makes others wait is ended (admin.end_waits).
CREATE FUNCTION admin.login_limits(role text) RETURNS TABLE (name text, value text)
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT l.name, CASE WHEN role IN ('loader', 'steward') THEN l.loader WHEN role IN ('api', 'staff') THEN l.service ELSE l.person END
    FROM (VALUES
        ('statement_timeout', '5min', '0', '30s'),
        ('lock_timeout', '10s', '5min', '2s'),
        ('idle_in_transaction_session_timeout', '10min', '1h', '1min'),
        ('temp_file_limit', '1GB', '20GB', '256MB'),
        ('log_min_messages', 'fatal', 'fatal', 'fatal')
    ) l (name, person, loader, service)
    $$;

CREATE FUNCTION admin.login_connections(role text) RETURNS int
    LANGUAGE sql IMMUTABLE
    RETURN CASE role WHEN 'api' THEN 100 WHEN 'staff' THEN 20 ELSE 10 END;

-- Writes only what differs: roles are the server's, and others may be writing them.
CREATE FUNCTION admin.limit_login(who text, role text) RETURNS void
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    there record;
    wanted record;
BEGIN
    SELECT r.rolconnlimit, coalesce(r.rolconfig, '{}') AS settings INTO there FROM pg_roles r WHERE r.rolname = who;
    IF there.rolconnlimit <> admin.login_connections(role) THEN
        EXECUTE format('ALTER ROLE %I CONNECTION LIMIT %s', who, admin.login_connections(role));
    END IF;
    FOR wanted IN SELECT l.name, l.value FROM admin.login_limits(role) l WHERE NOT there.settings @> ARRAY[l.name || '=' || l.value] LOOP
        IF (SELECT s.context = 'user' OR has_parameter_privilege(s.name, 'SET') FROM pg_settings s WHERE s.name = wanted.name) THEN
            EXECUTE format('ALTER ROLE %I SET %I = %L', who, wanted.name, wanted.value);
        ELSE
            RAISE WARNING 'Only a superuser may do this: ALTER ROLE % SET % = %', who, wanted.name, wanted.value;
        END IF;
    END LOOP;
END
$$;

CREATE FUNCTION admin.limit_logins() RETURNS void
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    who text;
BEGIN
    -- from PostgreSQL 16 on, who may make roles keeps only those that she made; others were made before these functions
    FOR who IN
        SELECT l.login FROM admin.logins() l
        WHERE current_setting('server_version_num')::int >= 160000
            AND NOT pg_has_role('dothi_owner', l.login, 'MEMBER WITH ADMIN OPTION')
    LOOP
        EXECUTE format('GRANT %I TO dothi_owner WITH ADMIN TRUE, INHERIT FALSE, SET FALSE', who);
    END LOOP;
    PERFORM admin.limit_login(l.login, l.role) FROM admin.logins() l;
    PERFORM admin.limit_login(r.rolname::text, CASE r.rolname WHEN 'dothi_staff' THEN 'staff' ELSE 'api' END)
    FROM pg_roles r
    WHERE r.rolcanlogin AND NOT r.rolsuper AND (
        r.rolname = 'dothi_staff'
        OR EXISTS (SELECT FROM pg_auth_members a WHERE a.member = r.oid AND a.roleid = 'dothi_public'::regrole));
END
$$;

-- Who may connect to this database, and to the one that every server has; who may make temporary tables.
CREATE FUNCTION admin.close_database() RETURNS void
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    is_open boolean;
    maintenance record;
BEGIN
    SELECT d.datacl IS NULL OR EXISTS (SELECT FROM aclexplode(d.datacl) g WHERE g.grantee = 0) INTO is_open
    FROM pg_database d WHERE d.datname = current_database();
    IF is_open THEN
        EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO dothi_public, dothi_ingest, dothi_owner', current_database());
        EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO dothi_ingest, dothi_owner', current_database());
    END IF;
    -- it has no right of its own (NOINHERIT), this one too must be its own
    IF to_regrole('dothi_staff') IS NOT NULL AND NOT has_database_privilege('dothi_staff', current_database(), 'CONNECT') THEN
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO dothi_staff', current_database());
    END IF;
    FOR maintenance IN
        SELECT FROM pg_database d
        WHERE d.datname = 'postgres' AND pg_has_role(d.datdba, 'USAGE')
            AND (d.datacl IS NULL OR EXISTS (SELECT FROM aclexplode(d.datacl) g WHERE g.grantee = 0))
    LOOP
        REVOKE ALL ON DATABASE postgres FROM PUBLIC;
    END LOOP;
END
$$;

-- Functions of PostgreSQL that anybody may call, and that fill the disk (large objects) or the table of locks (advisory locks).
CREATE FUNCTION admin.close_functions() RETURNS void
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    item regprocedure;
BEGIN
    FOR item IN
        SELECT p.oid FROM pg_proc p
        WHERE p.pronamespace = 'pg_catalog'::regnamespace AND pg_has_role(p.proowner, 'USAGE')
            AND p.proname ~ '^(lo_.*|loread|lowrite|pg_(try_)?advisory_.*lock(_shared)?)$' AND p.proname !~ 'unlock'
            AND (p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) g WHERE g.grantee = 0))
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', item);
    END LOOP;
END
$$;

-- All of the above, by whoever migrates.
CREATE FUNCTION admin.close_doors() RETURNS void
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT admin.limit_logins();
    SELECT admin.close_database();
    SELECT admin.close_functions();
    $$;

REVOKE EXECUTE ON FUNCTION admin.limit_login(text, text), admin.limit_logins(), admin.close_database(), admin.close_functions(),
    admin.close_doors() FROM PUBLIC;
