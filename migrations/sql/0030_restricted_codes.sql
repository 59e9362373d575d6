-- BEFORE ROW, for every login but the loader's and the owner's role: a code of land that must not be shown is not taken up again
-- by drawing it anew. The loader sees to it itself, set by set. SECURITY DEFINER: editors may not look into `private`; the
-- lookup tells anybody the same (land.is_unpublished_parcel).
CREATE FUNCTION land.refuse_restricted_code() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM private.parcel_restricted r WHERE r.code = NEW.code) THEN
        RAISE EXCEPTION 'Thửa đất % thuộc diện không công bố nên không được thêm vào lớp thửa đất.', NEW.code
            USING ERRCODE = 'insufficient_privilege',
                HINT = 'Land of this code must not be published; only a load that states another land use releases it.';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER refuse_restricted_code BEFORE INSERT OR UPDATE OF code ON land.parcel FOR EACH ROW
    WHEN (current_user <> 'dothi_ingest' AND current_user <> 'dothi_owner')
    EXECUTE FUNCTION land.refuse_restricted_code();
