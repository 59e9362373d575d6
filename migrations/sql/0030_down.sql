DROP TRIGGER refuse_restricted_code ON land.parcel;
DROP FUNCTION land.refuse_restricted_code();

DO $$
DECLARE
    parent regclass;
BEGIN
    FOR parent IN SELECT DISTINCT unnest(parents) FROM ingest.dependents() LOOP
        EXECUTE format('DROP TRIGGER zy_dependents_leave ON %s', parent);
    END LOOP;
END
$$;
DROP FUNCTION ingest.remove_orphans();
DROP FUNCTION ingest.dependents_leave();
DROP FUNCTION ingest.orphan_condition(text, regclass[]);
DROP FUNCTION ingest.dependents();
