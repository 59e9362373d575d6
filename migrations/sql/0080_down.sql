DROP FUNCTION admin.close_doors();
DROP FUNCTION admin.close_functions();
DROP FUNCTION admin.close_database();
DROP FUNCTION admin.limit_logins();
DROP FUNCTION admin.limit_login(text, text);
DROP FUNCTION admin.login_connections(text);
DROP FUNCTION admin.login_limits(text);
DROP FUNCTION admin.drop_login(text);
DROP FUNCTION admin.end_sessions(text);
DROP FUNCTION admin.lock_login(text, boolean);
DROP FUNCTION admin.set_login_password(text, text);
DROP FUNCTION admin.make_login(text, text, text);
DROP FUNCTION admin.require_verifier(text);
DROP FUNCTION admin.require_login(text);
DROP FUNCTION admin.note_login(text, text, jsonb);
DROP FUNCTION admin.logins();
REVOKE ALL ON admin.editor_territory FROM dothi_administrator;
DROP TRIGGER refuse_truncate ON admin.editor_territory;
DROP TRIGGER note_territory ON admin.editor_territory;
DROP FUNCTION admin.note_territory();
DROP TABLE audit.administration;
DO $$
DECLARE
    item regprocedure;
BEGIN
    FOR item IN
        SELECT p.oid FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname IN ('admin', 'ingest', 'land', 'planning') AND p.prosrc LIKE '%admin.acting_login()%'
    LOOP
        EXECUTE replace(pg_get_functiondef(item), 'admin.acting_login()', 'session_user');
    END LOOP;
END
$$;
COMMENT ON COLUMN ingest.batch.door IS 'Cửa vào (ứng dụng)';
COMMENT ON COLUMN audit.change.door IS 'Cửa vào';
COMMENT ON COLUMN private.change.door IS 'Cửa vào';
DROP TRIGGER refuse_past_batch ON ingest.batch;
DROP FUNCTION ingest.refuse_past_batch();

-- as they were
CREATE OR REPLACE FUNCTION ingest.open_batch(batch_kind text) RETURNS bigint
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    batch bigint;
BEGIN
    INSERT INTO ingest.batch (kind, login, actor, door)
    VALUES (
        batch_kind, session_user,
        -- only the staff door of the API speaks for others
        CASE WHEN session_user = 'dothi_staff' THEN nullif(current_setting('dothi.actor', true), '') END,
        nullif(current_setting('application_name', true), '')
    )
    RETURNING id INTO batch;
    PERFORM set_config('dothi.batch_id', batch::text, true);
    RETURN batch;
END
$$;

CREATE OR REPLACE FUNCTION admin.estimated_density(target regclass, box box2d, side int) RETURNS float8[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    width float8 := (ST_XMax(box) - ST_XMin(box)) / side;
    height float8 := (ST_YMax(box) - ST_YMin(box)) / side;
BEGIN
    PERFORM admin.check_readable(target);
    RETURN (
        SELECT array_agg(_postgis_selectivity(target, 'geom', ST_MakeEnvelope(
            ST_XMin(box) + col * width, ST_YMin(box) + line * height,
            ST_XMin(box) + (col + 1) * width, ST_YMin(box) + (line + 1) * height, 4326)) ORDER BY line, col)
        FROM generate_series(0, side - 1) line, generate_series(0, side - 1) col
    );
END
$$;

CREATE OR REPLACE FUNCTION ingest.close_batch() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    version bigint;
    touched text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('dothi.data_version', 0));
    version := nextval('ingest.data_version_seq');
    UPDATE ingest.batch SET data_version = version, committed_at = clock_timestamp() WHERE id = NEW.id;
    FOR touched IN SELECT table_name FROM ingest.batch_table WHERE batch_id = NEW.id LOOP
        INSERT INTO ingest.layer_version (table_name, data_version, changed_at)
        VALUES (touched, version, clock_timestamp())
        ON CONFLICT (table_name) DO UPDATE SET data_version = excluded.data_version, changed_at = excluded.changed_at;
        PERFORM pg_notify('dothi_layer', touched);
        PERFORM pg_notify('qgis', touched); -- QGIS refreshes layers on this channel's messages, if told to
    END LOOP;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION ingest.settled_at() RETURNS timestamptz
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    moment timestamptz := clock_timestamp(); -- before looking: a version given while looking is a later one, or its giver is seen
BEGIN
    IF EXISTS (
        SELECT FROM pg_locks l
        WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
            AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND ((l.classid::bigint << 32) | l.objid::bigint) = hashtextextended('dothi.data_version', 0)
    ) THEN
        RETURN NULL;
    END IF;
    RETURN moment;
END
$$;

DROP FUNCTION admin.door();
DROP FUNCTION admin.acting_login();
DROP FUNCTION admin.end_long_waits();
DROP FUNCTION admin.end_waits(interval);
DROP FUNCTION ingest.take_load_turn(text, text, interval);
DROP FUNCTION ingest.take_version_turn(interval);
DROP FUNCTION admin.end_backend(int);
DROP FUNCTION ingest.version_turn_holder();
DROP TABLE ingest.load_turn, ingest.version_turn;
DROP TABLE ingest.dropped_index;
DROP FUNCTION ingest.refuse_lost_index();
DROP FUNCTION ingest.build_indexes(regclass);
DROP FUNCTION ingest.drop_indexes(regclass);
