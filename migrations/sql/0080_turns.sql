-- Turns: who writes a version, or loads a table, waits for the one before. Each is a lock on something that nobody was granted, so
-- only the functions below, which act as the owner, can take it (an advisory lock could be taken by any login, and kept).

CREATE TABLE ingest.version_turn ();
COMMENT ON TABLE ingest.version_turn IS 'Lượt cấp phiên bản dữ liệu: luôn trống, chỉ để khóa';

CREATE TABLE ingest.load_turn (
    table_name TEXT NOT NULL,
    scope TEXT NOT NULL,
    CONSTRAINT load_turn_pkey PRIMARY KEY (table_name, scope)
);
COMMENT ON TABLE ingest.load_turn IS 'Lượt nạp của từng bảng: mỗi dòng chỉ để khóa';
COMMENT ON COLUMN ingest.load_turn.table_name IS 'Bảng';
COMMENT ON COLUMN ingest.load_turn.scope IS 'Phần của bảng (trống: cả bảng)';

-- The transaction that has the turn of versions, as pid and virtual transaction; NULL where nobody has it.
CREATE FUNCTION ingest.version_turn_holder() RETURNS text
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT l.pid || ' ' || l.virtualtransaction FROM pg_locks l
    WHERE l.locktype = 'relation' AND l.relation = 'ingest.version_turn'::regclass AND l.granted AND l.mode = 'ExclusiveLock'
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    $$;

-- Wait for the turn of versions, to the end of this transaction. A commit has it for milliseconds: who has kept it for 5 seconds has
-- forced the trigger early and gone to lunch, and is ended (a superuser never is).
CREATE FUNCTION ingest.take_version_turn(patience interval) RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
    since timestamptz := clock_timestamp();
    holder text;
BEGIN
    BEGIN
        LOCK TABLE ingest.version_turn IN EXCLUSIVE MODE NOWAIT;
        RETURN;
    EXCEPTION WHEN lock_not_available THEN
        NULL;
    END;
    LOOP
        holder := ingest.version_turn_holder();
        BEGIN
            LOCK TABLE ingest.version_turn IN EXCLUSIVE MODE;
            RETURN;
        EXCEPTION WHEN lock_not_available THEN
            NULL;
        END;
        IF clock_timestamp() - since >= patience THEN
            RAISE EXCEPTION 'Một lần ghi khác chưa hoàn tất sau % giây nên chưa lưu được.', round(extract(epoch FROM patience))
                USING ERRCODE = 'lock_not_available',
                    HINT = 'Lưu lại sau ít phút. / Another write has not been completed for that long; save again in some minutes.';
        ELSIF holder = ingest.version_turn_holder() THEN
            PERFORM admin.end_backend(split_part(holder, ' ', 1)::int);
        END IF;
    END LOOP;
END
$$;

-- At commit, last of all: in turn, so that versions follow the order of commits. NOTIFY wakes caches after the commit.
CREATE OR REPLACE FUNCTION ingest.close_batch() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    version bigint;
    touched text;
BEGIN
    PERFORM ingest.take_version_turn(CASE WHEN NEW.kind IN ('edit', 'api') THEN interval '10 s' ELSE interval '5 min' END);
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

-- A moment of which every version is visible to whoever takes a snapshot after this call; NULL while somebody is between being given a
-- version (ingest.close_batch) and having committed. Who asks what was known at a moment waits for one that is not before it.
CREATE OR REPLACE FUNCTION ingest.settled_at() RETURNS timestamptz
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    moment timestamptz := clock_timestamp(); -- before looking: a version given while looking is a later one, or its giver is seen
BEGIN
    RETURN CASE WHEN ingest.version_turn_holder() IS NULL THEN moment END;
END
$$;

-- Wait until no other transaction has the turn of a table, or of a part of it; kept to the end of this one. False: patience ran out.
CREATE FUNCTION ingest.take_load_turn(target text, part text, patience interval) RETURNS boolean
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = 0 AS $$
BEGIN
    PERFORM set_config('lock_timeout', greatest(1, round(1000 * extract(epoch FROM patience)))::text, true);
    INSERT INTO ingest.load_turn (table_name, scope) VALUES (target, part) ON CONFLICT DO NOTHING;
    PERFORM FROM ingest.load_turn t WHERE t.table_name = target AND t.scope = part FOR UPDATE;
    RETURN true;
EXCEPTION WHEN lock_not_available THEN
    RETURN false;
END
$$;

REVOKE EXECUTE ON FUNCTION ingest.take_version_turn(interval), ingest.take_load_turn(text, text, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ingest.take_load_turn(text, text, interval) TO dothi_ingest;

-- What a batch says of itself is written by its own transaction.
CREATE FUNCTION ingest.refuse_past_batch() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF pg_has_role(current_user, 'dothi_owner', 'USAGE') THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'Lần ghi % đã hoàn tất nên không sửa được.', OLD.id
        USING ERRCODE = 'insufficient_privilege',
            HINT = 'Hoàn tác bằng dothi rollback. / A batch is described by its own transaction only; take it back with dothi rollback.';
END
$$;
CREATE TRIGGER refuse_past_batch BEFORE UPDATE ON ingest.batch FOR EACH ROW
    WHEN (OLD.xid <> pg_current_xact_id()::text) EXECUTE FUNCTION ingest.refuse_past_batch();
