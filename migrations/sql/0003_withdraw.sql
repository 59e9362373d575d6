-- Land that must not be shown any more leaves the public history too: what `history.land__parcel` kept of its code moves to
-- `private.history`, whichever way and in whichever order the parcel was withdrawn.
CREATE INDEX land__parcel_code_idx ON history.land__parcel (code);

CREATE FUNCTION private.withdraw_history() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    written text := CASE WHEN TG_TABLE_SCHEMA = 'private' THEN 'new_rows' ELSE 'old_rows' END;
BEGIN
    EXECUTE format(
        'WITH code AS (
            SELECT DISTINCT w.code FROM %I w WHERE EXISTS (SELECT FROM private.parcel_restricted r WHERE r.code = w.code)
        ), moved AS (
            DELETE FROM history.land__parcel h USING code WHERE h.code = code.code RETURNING h.*
        )
        INSERT INTO private.history (table_name, row_id, content, batch_from, batch_to)
        SELECT ''land.parcel'', id, to_jsonb(moved), batch_from, batch_to FROM moved', written);
    RETURN NULL;
END
$$;

CREATE TRIGGER zz_withdraw_history AFTER INSERT ON private.parcel_restricted REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION private.withdraw_history();
CREATE TRIGGER zz_withdraw_history_delete AFTER DELETE ON land.parcel REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION private.withdraw_history();
CREATE TRIGGER zz_withdraw_history_update AFTER UPDATE ON land.parcel REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION private.withdraw_history();
