-- Functions that column defaults and generated columns call: they must stand before the tables.

CREATE FUNCTION admin.today_vn() RETURNS date
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date;
COMMENT ON FUNCTION admin.today_vn() IS 'Ngày hôm nay theo giờ Việt Nam: mốc của thời gian pháp lý';

-- Lower case, no tones, đ -> d, single blanks: what address and name searches compare.
CREATE FUNCTION admin.fold(value text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN btrim(regexp_replace(
        translate(regexp_replace(normalize(lower(value), NFD), '[\u0300-\u036f]', '', 'g'), 'đĐ', 'dd'),
        '[^a-z0-9/]+', ' ', 'g'));
COMMENT ON FUNCTION admin.fold(text) IS 'Bỏ dấu, chữ thường: dùng để tìm kiếm';

-- The batch of this transaction; an edit that brings none gets one. SECURITY DEFINER: editors have no right on ingest.batch.
CREATE FUNCTION ingest.current_batch() RETURNS bigint
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    announced text := current_setting('dothi.batch_id', true);
    batch bigint;
BEGIN
    IF announced ~ '^[0-9]{1,18}$' THEN
        SELECT id INTO batch FROM ingest.batch WHERE id = announced::bigint AND xid = pg_current_xact_id()::text;
        IF FOUND THEN
            RETURN batch;
        END IF;
    END IF;
    RETURN ingest.open_batch('edit');
END
$$;

-- Open the batch of this transaction. Kinds other than `edit` are for the loader, the API and the owner (grants below).
CREATE FUNCTION ingest.open_batch(batch_kind text) RETURNS bigint
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
