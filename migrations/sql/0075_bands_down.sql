-- The bounds go, "not negative" comes back: no row breaks it, since none did before.
DO $$
DECLARE
    target record;
BEGIN
    FOR target IN
        SELECT table_name::regclass AS id,
            string_agg(format('DROP CONSTRAINT %I', split_part(table_name, '.', 2) || '_' || column_name || '_plausible_check'), ', ')
                AS drops,
            string_agg(format('ADD CONSTRAINT %I CHECK (' || old_rule || ')', old_name, column_name), ', ')
                FILTER (WHERE old_name IS NOT NULL) AS adds
        FROM band GROUP BY 1
    LOOP
        EXECUTE format('ALTER TABLE %s %s', target.id, target.drops);
        IF target.adds IS NOT NULL THEN
            EXECUTE format('ALTER TABLE %s %s', target.id, target.adds);
        END IF;
    END LOOP;
END
$$;
