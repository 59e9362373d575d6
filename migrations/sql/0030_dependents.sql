-- Rows that belong to others leave with them, through whichever door: a use or an owner without a parcel tells of nobody's land.
-- There are no foreign keys: a parcel may go from land.parcel to private.parcel_restricted and back, and keeps its owner.

-- What belongs to what: a dependent table, its key, and the tables of which one must hold the id.
CREATE FUNCTION ingest.dependents() RETURNS TABLE (dependent regclass, key_column text, parents regclass[])
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    AS $$
    VALUES ('land.parcel_use'::regclass, 'parcel_id', ARRAY['land.parcel']::regclass[]),
        ('private.parcel_owner', 'parcel_id', ARRAY['land.parcel', 'private.parcel_restricted']::regclass[]),
        ('private.permit_applicant', 'permit_id', ARRAY['construction.permit']::regclass[])
    $$;
COMMENT ON FUNCTION ingest.dependents() IS 'Bảng nào thuộc về bảng nào';

-- The condition, on a row d of a dependent table, that none of its parents is there.
CREATE FUNCTION ingest.orphan_condition(key_column text, parents regclass[]) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT string_agg(format('NOT EXISTS (SELECT FROM %s p WHERE p.id = d.%I)', parent, key_column), ' AND ')
    FROM unnest(parents) AS parent
    $$;

-- AFTER DELETE STATEMENT on every parent. A rollback brings each table back by itself, so that for a moment a parcel may be in
-- neither of its tables; it asks for orphans at its end.
CREATE FUNCTION ingest.dependents_leave() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    one record;
BEGIN
    IF NOT EXISTS (SELECT FROM old_rows)
        OR (SELECT kind FROM ingest.batch WHERE id = ingest.current_batch()) = 'rollback' THEN
        RETURN NULL;
    END IF;
    FOR one IN SELECT * FROM ingest.dependents() WHERE TG_RELID::regclass = ANY (parents) LOOP
        EXECUTE format('DELETE FROM %s d USING old_rows o WHERE d.%I = o.id AND %s',
            one.dependent, one.key_column, ingest.orphan_condition(one.key_column, one.parents));
    END LOOP;
    RETURN NULL;
END
$$;

-- Removes every orphan there is; for the end of a rollback. Reads the dependent tables whole.
CREATE FUNCTION ingest.remove_orphans() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT * FROM ingest.dependents() LOOP
        EXECUTE format('DELETE FROM %s d WHERE %s', one.dependent, ingest.orphan_condition(one.key_column, one.parents));
    END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION ingest.remove_orphans() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ingest.remove_orphans() TO dothi_ingest;

DO $$
DECLARE
    parent regclass;
BEGIN
    FOR parent IN SELECT DISTINCT unnest(parents) FROM ingest.dependents() LOOP
        EXECUTE format(
            'CREATE TRIGGER zy_dependents_leave AFTER DELETE ON %s REFERENCING OLD TABLE AS old_rows
             FOR EACH STATEMENT EXECUTE FUNCTION ingest.dependents_leave()', parent);
    END LOOP;
END
$$;
