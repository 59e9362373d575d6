-- A first load does without the table's indexes and builds them after its rows: the loader asks, the owner does it.

CREATE TABLE ingest.dropped_index (
    table_name TEXT NOT NULL,
    definition TEXT NOT NULL,
    CONSTRAINT dropped_index_pkey PRIMARY KEY (table_name, definition)
);
COMMENT ON TABLE ingest.dropped_index IS 'Chỉ mục tạm bỏ trong lần nạp đầu: trống khi không có lần nạp nào';
COMMENT ON COLUMN ingest.dropped_index.table_name IS 'Bảng';
COMMENT ON COLUMN ingest.dropped_index.definition IS 'Câu lệnh tạo lại';

-- Drop the indexes of an empty table of ours that no constraint relies on. The lock that this takes is no loss where nothing is to read.
CREATE FUNCTION ingest.drop_indexes(target regclass) RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    has_rows boolean;
    item record;
BEGIN
    EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', target);
    EXECUTE format('SELECT EXISTS (SELECT FROM %s)', target) INTO has_rows;
    IF has_rows THEN
        RAISE EXCEPTION 'Bảng % không trống nên giữ nguyên chỉ mục.', target USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'A table with rows keeps its indexes, and its readers.';
    END IF;
    FOR item IN
        SELECT i.indexrelid::regclass AS name, pg_get_indexdef(i.indexrelid) AS definition
        FROM pg_index i
        WHERE i.indrelid = target AND NOT i.indisprimary AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)
    LOOP
        INSERT INTO ingest.dropped_index (table_name, definition) VALUES (target::text, item.definition);
        EXECUTE format('DROP INDEX %s', item.name);
    END LOOP;
END
$$;

CREATE FUNCTION ingest.build_indexes(target regclass) RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET maintenance_work_mem = '512MB' AS $$
DECLARE
    item text;
BEGIN
    FOR item IN DELETE FROM ingest.dropped_index d WHERE d.table_name = target::text RETURNING d.definition LOOP
        EXECUTE item;
    END LOOP;
    EXECUTE format('ANALYZE %s', target);
END
$$;

-- At commit: nobody leaves a table without its indexes.
CREATE FUNCTION ingest.refuse_lost_index() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM ingest.dropped_index d WHERE (d.table_name, d.definition) = (NEW.table_name, NEW.definition)) THEN
        RAISE EXCEPTION 'Chỉ mục của % chưa được tạo lại.', NEW.table_name USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'SELECT ingest.build_indexes(...) before the transaction ends.';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER refuse_lost_index AFTER INSERT ON ingest.dropped_index
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ingest.refuse_lost_index();

REVOKE EXECUTE ON FUNCTION ingest.drop_indexes(regclass), ingest.build_indexes(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ingest.drop_indexes(regclass), ingest.build_indexes(regclass) TO dothi_ingest;
