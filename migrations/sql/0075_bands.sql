-- Every number and date of the data gets its bounds (spatial/tables/bands.py), in the place of "not negative", which let Infinity and
-- NaN pass. Reads the temporary table `band`: table_name, column_name, least, largest, old_name (the rule that goes), old_rule.
-- Rows that break a bound stay as they are and are listed in `ingest.issue`, in a batch of their own: the rule is then NOT VALID, which
-- holds for whatever is written from now on. Once they are put right, ALTER TABLE ... VALIDATE CONSTRAINT makes it whole.
DO $$
DECLARE
    bounds record;
    target record;
    broken text[];
    this_batch bigint;
BEGIN
    FOR target IN
        SELECT b.table_name::regclass AS id, b.table_name, split_part(b.table_name, '.', 1) = 'private' AS is_private,
            string_agg(format('CASE WHEN bool_or(%I NOT BETWEEN %L AND %L) THEN %L END', column_name, least, largest, column_name), ', ') AS tests,
            string_agg(format('DROP CONSTRAINT %I', old_name), ', ') FILTER (WHERE old_name IS NOT NULL) AS drops
        FROM band b GROUP BY 1, 2, 3 ORDER BY b.table_name
    LOOP
        IF target.drops IS NOT NULL THEN
            EXECUTE format('ALTER TABLE %s %s', target.id, target.drops);
        END IF;
        EXECUTE format('SELECT ARRAY[%s] FROM %s', target.tests, target.id) INTO broken;
        EXECUTE (
            SELECT format('ALTER TABLE %s ', target.id) || string_agg(format(
                'ADD CONSTRAINT %I CHECK (%I BETWEEN %s AND %s)%s',
                (SELECT relname FROM pg_class WHERE oid = target.id) || '_' || b.column_name || '_plausible_check',
                b.column_name, b.least, b.largest, CASE WHEN b.column_name = ANY (broken) THEN ' NOT VALID' END), ', ')
            FROM (
                SELECT column_name, CASE WHEN least LIKE '%-%-%' THEN format('DATE %L', least) ELSE least END AS least,
                    CASE WHEN largest LIKE '%-%-%' THEN format('DATE %L', largest) ELSE largest END AS largest
                FROM band WHERE table_name = target.table_name
            ) b);
        FOR bounds IN SELECT * FROM band WHERE table_name = target.table_name AND column_name = ANY (broken) LOOP
            this_batch := coalesce(this_batch, ingest.open_batch('migration'));
            EXECUTE format(
                'INSERT INTO ingest.issue (batch_id, severity, code, column_name, value, message)'
                ' SELECT $1, ''error'', ''value_implausible'', $2, %s FROM %s t WHERE %I NOT BETWEEN %L AND %L %s',
                -- where restricted land is, and which, is not told to those who read issues
                CASE WHEN target.is_private THEN 'NULL, format(''Bảng %s: %s dòng có giá trị ngoài khoảng từ %s đến %s.'', $3, count(*), $4, $5)'
                    ELSE format('%I::text, format(''Bảng %%s, dòng %%s: giá trị ngoài khoảng từ %%s đến %%s.'', $3,'
                        ' coalesce(to_jsonb(t) ->> ''id'', to_jsonb(t) ->> ''code''), $4, $5)', bounds.column_name) END,
                target.id, bounds.column_name, bounds.least, bounds.largest,
                CASE WHEN target.is_private THEN 'HAVING count(*) > 0' ELSE '' END)
            USING this_batch, bounds.column_name, target.table_name, bounds.least, bounds.largest;
        END LOOP;
    END LOOP;
END
$$;
