-- Persons' logins, as `dothi user` keeps them. The functions act as the owner, who may make roles; an administrator may call them and
-- has no such right herself, so she makes no login that is more than these roles, and each call leaves its row in audit.administration.

-- Every person's login: a direct member of one of the groups, none of the server's own and nobody who may do more.
CREATE FUNCTION admin.logins() RETURNS TABLE (login text, role text, is_locked boolean)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT m.rolname::text, (array_agg(substring(g.rolname FROM 'dothi_(.*)') ORDER BY g.rolname = 'dothi_reader', g.rolname))[1], NOT m.rolcanlogin
    FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member JOIN pg_roles g ON g.oid = a.roleid
    WHERE g.rolname IN ('dothi_reader', 'dothi_editor', 'dothi_loader', 'dothi_steward', 'dothi_auditor', 'dothi_administrator')
        AND m.rolname !~ '^(dothi|pg)_' AND NOT (m.rolsuper OR m.rolcreaterole OR m.rolcreatedb OR m.rolreplication OR m.rolbypassrls)
    GROUP BY m.rolname, m.rolcanlogin
    $$;

CREATE FUNCTION admin.note_login(operation text, subject text, detail jsonb DEFAULT NULL) RETURNS void
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
    AS $$
    INSERT INTO audit.administration (login, operation, subject, detail) VALUES (admin.acting_login(), operation, subject, detail)
    $$;

CREATE FUNCTION admin.require_login(who text) RETURNS void
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM admin.logins() l WHERE l.login = who) THEN
        RAISE EXCEPTION 'Không có tài khoản % của người dùng.', who USING ERRCODE = 'undefined_object', HINT = 'dothi user list';
    END IF;
END
$$;

-- verifier: what the server keeps of a password (SCRAM-SHA-256$...), made by the client, so that no log ever meets the password.
CREATE FUNCTION admin.require_verifier(verifier text) RETURNS void
    LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF verifier IS NULL OR verifier !~ '^SCRAM-SHA-256\$\d{4,}:[^$]+\$[^:]+:.+$' THEN
        RAISE EXCEPTION 'A SCRAM verifier is wanted, not a password.' USING ERRCODE = 'invalid_parameter_value', HINT = 'dothi user password';
    END IF;
END
$$;

CREATE FUNCTION admin.make_login(who text, role text, verifier text) RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM admin.require_verifier(verifier);
    IF who !~ '^[a-z][a-z0-9_]{1,62}$' OR who ~ '^(dothi_|pg_|postgres)' THEN
        RAISE EXCEPTION '% is no name for a login.', who USING ERRCODE = 'invalid_name';
    ELSIF role NOT IN ('reader', 'editor', 'loader', 'steward', 'auditor', 'administrator') THEN
        RAISE EXCEPTION '% is no role of a person.', role USING ERRCODE = 'invalid_parameter_value';
    END IF;
    EXECUTE format('CREATE ROLE %I LOGIN PASSWORD %L IN ROLE %I', who, verifier, 'dothi_' || role);
    PERFORM admin.limit_login(who, role);
    PERFORM admin.note_login('add', who, jsonb_build_object('role', role));
END
$$;

CREATE FUNCTION admin.set_login_password(who text, verifier text) RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM admin.require_login(who), admin.require_verifier(verifier);
    EXECUTE format('ALTER ROLE %I PASSWORD %L', who, verifier);
    PERFORM admin.note_login('password', who);
END
$$;

-- Open sessions stay: end them once this is committed, or she logs in again in between.
CREATE FUNCTION admin.lock_login(who text, locked boolean) RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM admin.require_login(who);
    EXECUTE format('ALTER ROLE %I %s', who, CASE WHEN locked THEN 'NOLOGIN' ELSE 'LOGIN' END);
    PERFORM admin.note_login(CASE WHEN locked THEN 'lock' ELSE 'unlock' END, who);
END
$$;

-- End all sessions of a login in every database of the server, and give how many; what they had not committed is taken back.
CREATE FUNCTION admin.end_sessions(who text) RETURNS int
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    ended int;
BEGIN
    PERFORM admin.require_login(who);
    SELECT count(*) FILTER (WHERE pg_terminate_backend(pid, 5000)) INTO ended
    FROM pg_stat_activity WHERE usename = who AND pid <> pg_backend_pid();
    PERFORM admin.note_login('end sessions', who, jsonb_build_object('sessions', ended));
    RETURN ended;
END
$$;

-- What she owns in this database becomes the owner's, what she was granted is taken; her territory goes, what she wrote stays.
CREATE FUNCTION admin.drop_login(who text) RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    held regrole;
BEGIN
    PERFORM admin.require_login(who);
    DELETE FROM admin.editor_territory t WHERE t.login = who;
    FOR held IN SELECT a.roleid FROM pg_auth_members a WHERE a.member = to_regrole(quote_ident(who)) LOOP
        EXECUTE format('REVOKE %s FROM %I', held, who);
    END LOOP;
    EXECUTE format('GRANT %I TO dothi_owner', who);
    EXECUTE format('REASSIGN OWNED BY %I TO dothi_owner', who);
    EXECUTE format('DROP OWNED BY %I', who);
    EXECUTE format('DROP ROLE %I', who);
    PERFORM admin.note_login('drop', who);
END
$$;

REVOKE EXECUTE ON FUNCTION admin.note_login(text, text, jsonb), admin.make_login(text, text, text), admin.set_login_password(text, text),
    admin.lock_login(text, boolean), admin.end_sessions(text), admin.drop_login(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION admin.make_login(text, text, text), admin.set_login_password(text, text),
    admin.lock_login(text, boolean), admin.end_sessions(text), admin.drop_login(text) TO dothi_administrator;
