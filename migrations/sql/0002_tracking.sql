-- The two times, for every door: each write has a batch, superseded rows go to history, edits to audit, versions follow commits.

CREATE SEQUENCE ingest.data_version_seq;

-- At commit, last of all: under one lock, so that versions follow the order of commits. NOTIFY wakes caches after the commit.
CREATE FUNCTION ingest.close_batch() RETURNS trigger
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
CREATE CONSTRAINT TRIGGER close_batch AFTER INSERT ON ingest.batch
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ingest.close_batch();

-- BEFORE ROW, only for rows that do not carry the announced batch: whatever a client sent is replaced by this transaction's batch.
-- An update may say which write it saw, as -batch_id (QGIS's forms do): if another came since, nobody is overwritten unnoticed.
CREATE FUNCTION ingest.stamp_row() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    this_batch bigint := ingest.current_batch();
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.batch_id < 0 AND OLD.batch_id NOT IN (-NEW.batch_id, this_batch) THEN
        RAISE EXCEPTION 'Dòng % đã được người khác sửa sau khi bạn mở: hãy hủy sửa, tải lại lớp rồi sửa tiếp.', OLD.id
            USING ERRCODE = 'serialization_failure',
                HINT = 'Somebody changed this row after you read it. Discard the edit, reload the layer and edit again.';
    END IF;
    NEW.batch_id := this_batch;
    RETURN NEW;
END
$$;

-- BEFORE UPDATE ROW, only where the id would change.
CREATE FUNCTION ingest.refuse_new_id() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Không được đổi mã số (id) của dòng: % thành %.', OLD.id, NEW.id
        USING ERRCODE = 'integrity_constraint_violation', HINT = 'The id of a row never changes; insert a new row instead.';
END
$$;

CREATE FUNCTION ingest.refuse_truncate() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Không được xóa trắng bảng %.%.', TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege', HINT = 'TRUNCATE would skip history; use DELETE or dothi rollback.';
END
$$;

-- AFTER STATEMENT: checks the batch, notes the table, keeps superseded rows, audits edits, marks communes for the rollups.
-- SECURITY DEFINER: nobody but the owner writes history, audit, batch_table and rollup.dirty.
CREATE FUNCTION ingest.record_write() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    this_batch bigint;
    batch_row ingest.batch%ROWTYPE;
    full_name text := TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME;
    is_private boolean := TG_TABLE_SCHEMA = 'private';
    has_commune boolean;
    columns text;
    strangers bigint;
    is_written boolean;
BEGIN
    -- a statement that met no row changes no version
    IF TG_OP = 'DELETE' THEN
        is_written := EXISTS (SELECT FROM old_rows);
    ELSE
        is_written := EXISTS (SELECT FROM new_rows);
    END IF;
    IF NOT is_written THEN
        RETURN NULL;
    END IF;
    this_batch := ingest.current_batch();
    SELECT * INTO batch_row FROM ingest.batch WHERE id = this_batch;
    IF batch_row.data_version IS NOT NULL THEN
        RAISE EXCEPTION 'The batch % of this transaction is closed already; commit and begin a new transaction.', this_batch
            USING ERRCODE = 'invalid_transaction_state';
    END IF;
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        SELECT count(*) INTO strangers FROM new_rows WHERE batch_id <> this_batch;
        IF strangers > 0 THEN
            RAISE EXCEPTION '% rows of % name a batch other than this transaction''s (%).', strangers, full_name, this_batch
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END IF;
    INSERT INTO ingest.batch_table (batch_id, table_name) VALUES (this_batch, full_name) ON CONFLICT DO NOTHING;

    IF TG_OP IN ('UPDATE', 'DELETE') THEN
        -- a row that this same batch made was never visible to anybody: it leaves no history
        IF is_private THEN
            INSERT INTO private.history (table_name, row_id, content, batch_from, batch_to)
            SELECT full_name, id, to_jsonb(o), batch_id, this_batch FROM old_rows o WHERE batch_id <> this_batch;
        ELSE
            SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO columns
            FROM pg_attribute
            WHERE attrelid = TG_RELID AND attnum > 0 AND NOT attisdropped AND attname <> 'batch_id';
            EXECUTE format(
                'INSERT INTO history.%I (%s, batch_from, batch_to) SELECT %s, batch_id, $1 FROM old_rows WHERE batch_id <> $1',
                TG_TABLE_SCHEMA || '__' || TG_TABLE_NAME, columns, columns
            ) USING this_batch;
        END IF;
    END IF;

    IF batch_row.kind IN ('edit', 'api') THEN
        IF TG_OP = 'INSERT' THEN
            EXECUTE ingest.audit_statement(is_private)
                || ' SELECT $1, $2, $3, $4, $5, n.id, ''INSERT'', NULL, to_jsonb(n) FROM new_rows n'
                USING this_batch, batch_row.login, batch_row.actor, batch_row.door, full_name;
        ELSIF TG_OP = 'DELETE' THEN
            EXECUTE ingest.audit_statement(is_private)
                || ' SELECT $1, $2, $3, $4, $5, o.id, ''DELETE'', to_jsonb(o), NULL FROM old_rows o'
                USING this_batch, batch_row.login, batch_row.actor, batch_row.door, full_name;
        ELSE
            EXECUTE ingest.audit_statement(is_private)
                || ' SELECT $1, $2, $3, $4, $5, n.id, ''UPDATE'', to_jsonb(o), to_jsonb(n)'
                || ' FROM new_rows n JOIN old_rows o USING (id)'
                USING this_batch, batch_row.login, batch_row.actor, batch_row.door, full_name;
        END IF;
    END IF;

    SELECT EXISTS (
        SELECT FROM pg_attribute WHERE attrelid = TG_RELID AND attname = 'commune_code' AND NOT attisdropped
    ) INTO has_commune;
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        EXECUTE ingest.dirty_statement('new_rows', has_commune) USING full_name;
    END IF;
    IF TG_OP IN ('UPDATE', 'DELETE') THEN
        EXECUTE ingest.dirty_statement('old_rows', has_commune) USING full_name;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION ingest.audit_statement(is_private boolean) RETURNS text
    LANGUAGE sql IMMUTABLE
    RETURN 'INSERT INTO ' || CASE WHEN is_private THEN 'private.change' ELSE 'audit.change' END
        || ' (batch_id, login, actor, door, table_name, row_id, operation, before, after)';

CREATE FUNCTION ingest.dirty_statement(rows text, has_commune boolean) RETURNS text
    LANGUAGE sql IMMUTABLE
    RETURN 'INSERT INTO rollup.dirty (table_name, commune_code) SELECT DISTINCT $1, '
        || CASE WHEN has_commune THEN 'coalesce(commune_code, '''')' ELSE '''''' END
        || format(' FROM %I', rows);

-- Where an editor may write: code and geometry, old and new. Not SECURITY DEFINER: current_user is who asks.
-- Says in her language, too, what a constraint would refuse in words that no GIS officer reads.
CREATE FUNCTION admin.guard_territory() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    refusal text;
BEGIN
    IF pg_has_role(current_user, 'dothi_ingest', 'USAGE') OR pg_has_role(current_user, 'dothi_owner', 'USAGE') THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    IF TG_OP IN ('UPDATE', 'DELETE') THEN
        refusal := admin.territory_refusal(session_user, OLD.province_code, OLD.commune_code, OLD.geom);
    END IF;
    IF TG_OP = 'INSERT' THEN
        -- ids are drawn, never chosen: a pasted or invented one might be used again, or stand in the way of the next load
        NEW.id := nextval(pg_get_serial_sequence(format('%I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME), 'id'));
    END IF;
    IF refusal IS NULL AND TG_OP IN ('INSERT', 'UPDATE') THEN
        NEW.province_code := coalesce(NEW.province_code, admin.province_of(NEW.commune_code));
        refusal := coalesce(
            admin.row_refusal(NEW.province_code, NEW.commune_code, NEW.valid_from, NEW.valid_to, NEW.geom),
            admin.territory_refusal(session_user, NEW.province_code, NEW.commune_code, NEW.geom),
            admin.period_refusal(TG_RELID, coalesce(OLD.id, NEW.id), NEW.code, NEW.valid_from, NEW.valid_to));
    END IF;
    IF refusal IS NOT NULL THEN
        RAISE EXCEPTION '%', refusal USING ERRCODE = 'insufficient_privilege',
            DETAIL = format('%s %s.%s, login %s', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME, session_user),
            HINT = 'Refused for an editor''s login. Territory: ask the administrator (dothi user add NAME --territory CODE).';
    END IF;
    RETURN coalesce(NEW, OLD);
END
$$;

-- The province of a commune in force today, else of the one that bore the code last; NULL where none ever did.
CREATE FUNCTION admin.province_of(commune text) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT u.province_code FROM admin.unit u WHERE u.code = commune AND u.level = 'commune'
    ORDER BY u.valid_to DESC NULLS FIRST, u.valid_from DESC LIMIT 1
    $$;

-- NULL where the row agrees with itself, else the sentence that says what does not.
CREATE FUNCTION admin.row_refusal(province text, commune text, begins date, ends date, shape geometry) RETURNS text
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    known_province text := admin.province_of(commune);
BEGIN
    IF shape IS NULL OR ST_IsEmpty(shape) THEN
        RETURN 'Chưa có hình học: hãy vẽ đối tượng trước khi lưu.';
    ELSIF NOT ST_IsValid(shape) THEN
        RETURN format('Hình học không hợp lệ (%s): hãy sửa đường biên tự cắt hoặc chồng lên nhau.', ST_IsValidReason(shape));
    ELSIF ends <= begins THEN
        RETURN format('Ngày hết hiệu lực (%s) phải sau ngày có hiệu lực (%s).', ends, begins);
    ELSIF commune IS NOT NULL AND known_province IS NULL THEN
        RETURN format('Không có xã, phường, đặc khu nào mang mã %s.', commune);
    ELSIF commune IS NOT NULL AND known_province IS DISTINCT FROM province THEN
        RETURN format('Xã %s thuộc tỉnh %s, không thuộc tỉnh %s.', commune, known_province, coalesce(province, '(trống)'));
    END IF;
    RETURN NULL;
END
$$;

-- NULL where no other row of this code is in force in the same days. Large tables have no EXCLUDE for it (see LayerRow).
CREATE FUNCTION admin.period_refusal(target regclass, row_id bigint, row_code text, begins date, ends date) RETURNS text
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    other record;
BEGIN
    EXECUTE format(
        'SELECT id, valid_from, valid_to FROM %s WHERE code = $1 AND id <> $2 AND daterange(valid_from, valid_to) && daterange($3, $4)'
        ' LIMIT 1', target) INTO other USING row_code, row_id, begins, ends;
    IF other.id IS NOT NULL THEN
        RETURN format('Mã %s đã có ở dòng %s trong thời gian từ %s đến %s: hãy kết thúc hiệu lực dòng đó trước hoặc dùng mã khác.',
            row_code, other.id, other.valid_from, coalesce(other.valid_to::text, 'nay'));
    END IF;
    RETURN NULL;
END
$$;

-- NULL where the login may write a row of these units and this geometry, else the sentence that says why not.
-- A boundary is drawn to some metres, so the geometry may pass the territory's edge by 0.00003 degrees (about 3 m).
CREATE FUNCTION admin.territory_refusal(who text, province text, commune text, shape geometry) RETURNS text
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    ground geometry[];
    names text;
BEGIN
    SELECT string_agg(t.unit_code, ', ' ORDER BY t.unit_code) INTO names FROM admin.editor_territory t WHERE t.login = who;
    IF names IS NULL THEN
        RETURN format('Tài khoản %s chưa được giao địa bàn nào nên không được sửa dữ liệu.', who);
    END IF;
    IF NOT EXISTS (
        SELECT FROM admin.editor_territory t
        WHERE t.login = who
            AND ((t.level = 'province' AND t.unit_code = province) OR (t.level = 'commune' AND t.unit_code = commune))
    ) THEN
        RETURN format(
            'Dòng này thuộc tỉnh %s, xã %s, ngoài địa bàn được giao cho %s (%s).',
            coalesce(province, '(trống)'), coalesce(commune, '(trống)'), who, names);
    END IF;
    -- a province is its own outline, which may be schematic, and the ground of its communes
    SELECT array_agg(u.geom) INTO ground
    FROM admin.editor_territory t
    JOIN admin.unit u ON (u.code = t.unit_code AND u.level = t.level)
        OR (t.level = 'province' AND u.level = 'commune' AND u.province_code = t.unit_code)
    WHERE t.login = who AND u.valid_from <= admin.today_vn() AND (u.valid_to IS NULL OR u.valid_to > admin.today_vn())
        AND (shape IS NULL OR u.geom && ST_Expand(shape, 0.00003));
    IF EXISTS (SELECT FROM unnest(ground) AS part WHERE shape IS NULL OR ST_CoveredBy(shape, part)) THEN
        RETURN NULL;
    ELSIF ST_CoveredBy(shape, ST_Buffer(ST_Union(ground), 0.00003)) THEN
        RETURN NULL;
    ELSIF NOT EXISTS (
        SELECT FROM admin.editor_territory t
        JOIN admin.unit u ON u.code = t.unit_code OR (t.level = 'province' AND u.province_code = t.unit_code)
        WHERE t.login = who
    ) THEN
        RETURN format('Chưa có ranh giới của địa bàn %s nên không kiểm tra được vị trí.', names);
    END IF;
    RETURN format('Hình học nằm ngoài địa bàn được giao cho %s (%s).', who, names);
END
$$;

-- Attach all of the above to a table with id and batch_id; tables outside `private` get history.<schema>__<table>.
-- A new layer's migration calls this once after CREATE TABLE.
CREATE FUNCTION ingest.track_table(target regclass) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    schema_name text;
    table_name text;
    history_name text;
    is_layer boolean;
BEGIN
    SELECT n.nspname, c.relname INTO schema_name, table_name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = target;
    history_name := schema_name || '__' || table_name;
    SELECT count(*) = 3 INTO is_layer FROM pg_attribute
    WHERE attrelid = target AND attname IN ('geom', 'commune_code', 'province_code') AND NOT attisdropped;

    IF schema_name <> 'private' THEN
        EXECUTE format('CREATE TABLE history.%I (LIKE %s INCLUDING COMMENTS)', history_name, target);
        EXECUTE format('ALTER TABLE history.%I RENAME COLUMN batch_id TO batch_from', history_name);
        EXECUTE format('ALTER TABLE history.%I ADD COLUMN batch_to bigint NOT NULL', history_name);
        EXECUTE format('CREATE INDEX ON history.%I (id, batch_to)', history_name);
        EXECUTE format('CREATE INDEX ON history.%I (batch_to)', history_name);
        IF is_layer THEN
            EXECUTE format('CREATE INDEX ON history.%I USING gist (geom)', history_name);
        END IF;
        EXECUTE format('COMMENT ON TABLE history.%I IS %L', history_name, 'Lịch sử của ' || target::text);
    END IF;

    EXECUTE format(
        'CREATE TRIGGER stamp_row BEFORE INSERT OR UPDATE ON %s FOR EACH ROW
         WHEN (NEW.batch_id::text IS DISTINCT FROM current_setting(''dothi.batch_id'', true))
         EXECUTE FUNCTION ingest.stamp_row()', target);
    EXECUTE format(
        'CREATE TRIGGER refuse_new_id BEFORE UPDATE ON %s FOR EACH ROW
         WHEN (NEW.id IS DISTINCT FROM OLD.id) EXECUTE FUNCTION ingest.refuse_new_id()', target);
    EXECUTE format(
        'CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON %s EXECUTE FUNCTION ingest.refuse_truncate()', target);
    EXECUTE format(
        'CREATE TRIGGER record_insert AFTER INSERT ON %s REFERENCING NEW TABLE AS new_rows
         FOR EACH STATEMENT EXECUTE FUNCTION ingest.record_write()', target);
    EXECUTE format(
        'CREATE TRIGGER record_update AFTER UPDATE ON %s REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
         FOR EACH STATEMENT EXECUTE FUNCTION ingest.record_write()', target);
    EXECUTE format(
        'CREATE TRIGGER record_delete AFTER DELETE ON %s REFERENCING OLD TABLE AS old_rows
         FOR EACH STATEMENT EXECUTE FUNCTION ingest.record_write()', target);
    IF is_layer AND schema_name <> 'private' THEN
        -- the loader's role is let through without a call for each row
        EXECUTE format(
            'CREATE TRIGGER guard_territory BEFORE INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW
             WHEN (current_user <> ''dothi_ingest'' AND current_user <> ''dothi_owner'')
             EXECUTE FUNCTION admin.guard_territory()', target);
    END IF;
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO dothi_ingest', target);
END
$$;
