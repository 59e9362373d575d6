-- BEFORE ROW, for every login but the loader's and the owner's role: a code of land that must not be shown is not taken up again
-- by drawing it anew. The loader sees to it itself, set by set. SECURITY DEFINER: editors may not look into `private`; the
-- lookup tells anybody the same (land.is_unpublished_parcel).
CREATE FUNCTION land.refuse_restricted_code() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.code = OLD.code THEN
        RETURN NEW;
    END IF;
    IF EXISTS (SELECT FROM private.parcel_restricted r WHERE r.code = NEW.code) THEN
        RAISE EXCEPTION 'Thửa đất % thuộc diện không công bố nên không được thêm vào lớp thửa đất.', NEW.code
            USING ERRCODE = 'insufficient_privilege',
                HINT = 'Kiểm tra lại số tờ, số thửa; chỉ lần nạp ghi mục đích sử dụng khác mới công bố lại được thửa đất này.';
    END IF;
    RETURN NEW;
END
$$;

-- after the guard, by name, which computes the code: so not UPDATE OF code, which no statement of an editor names
CREATE TRIGGER refuse_restricted_code BEFORE INSERT OR UPDATE ON land.parcel FOR EACH ROW
    WHEN (current_user <> 'dothi_ingest' AND current_user <> 'dothi_owner')
    EXECUTE FUNCTION land.refuse_restricted_code();
