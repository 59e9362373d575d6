DO $$
DECLARE
    schema_name text;
BEGIN
    FOREACH schema_name IN ARRAY ARRAY[
        'admin', 'land', 'planning', 'construction', 'infrastructure', 'landscape', 'underground', 'population', 'survey',
        'private', 'ingest', 'rollup', 'audit', 'history'
    ] LOOP
        EXECUTE format(
            'REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM dothi_public, dothi_reader, dothi_editor, dothi_ingest', schema_name);
        EXECUTE format(
            'REVOKE ALL ON ALL SEQUENCES IN SCHEMA %I FROM dothi_public, dothi_reader, dothi_editor, dothi_ingest', schema_name);
    END LOOP;
END
$$;
REVOKE ALL (id, kind, data_version, committed_at, layer, source_code) ON ingest.batch FROM dothi_public;
