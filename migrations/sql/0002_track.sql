-- Tables whose rows have the two times. `ingest`, `audit`, `rollup` keep the books themselves and are not tracked.
SELECT ingest.track_table(format('%I.%I', table_schema, table_name)::regclass)
FROM information_schema.columns
WHERE column_name = 'batch_id'
    AND table_schema IN (
        'admin', 'land', 'planning', 'construction', 'infrastructure', 'landscape', 'underground', 'population', 'survey', 'private')
    AND (table_schema, table_name) NOT IN (('private', 'change'), ('private', 'quarantine_row'));
