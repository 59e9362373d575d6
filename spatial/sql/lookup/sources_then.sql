-- Head of every lookup statement: where to read what was believed at a data version, as `sources_now` reads what is believed now.
-- Parameters: version bigint, the data version asked for. A row was believed then if the write that made it had that version
-- or an older one and the write that superseded it, if any, a newer one. The geometry and key indexes of both tables serve.
WITH made AS NOT MATERIALIZED (SELECT id FROM ingest.batch WHERE data_version <= CAST(:version AS bigint)),
superseded AS NOT MATERIALIZED (SELECT id FROM ingest.batch WHERE data_version > CAST(:version AS bigint)),
parcel AS NOT MATERIALIZED (
    SELECT t.id, t.code, t.national_id, t.former_commune_code, t.map_sheet, t.parcel_no, t.land_use_raw, t.land_use_code, t.area_m2,
        t.area_srid, t.area_official_m2, t.commune_code, t.valid_from, t.valid_to, t.batch_id, t.geom
    FROM land.parcel t JOIN made ON made.id = t.batch_id
    UNION ALL
    SELECT t.id, t.code, t.national_id, t.former_commune_code, t.map_sheet, t.parcel_no, t.land_use_raw, t.land_use_code, t.area_m2,
        t.area_srid, t.area_official_m2, t.commune_code, t.valid_from, t.valid_to, t.batch_from, t.geom
    FROM history.land__parcel t JOIN made ON made.id = t.batch_from JOIN superseded ON superseded.id = t.batch_to
),
parcel_use AS NOT MATERIALIZED (
    SELECT t.parcel_id, t.seq, t.raw, t.code, t.area_m2
    FROM land.parcel_use t JOIN made ON made.id = t.batch_id
    UNION ALL
    SELECT t.parcel_id, t.seq, t.raw, t.code, t.area_m2
    FROM history.land__parcel_use t JOIN made ON made.id = t.batch_from JOIN superseded ON superseded.id = t.batch_to
),
address AS NOT MATERIALIZED (
    SELECT t.code, t.address, t.folded, t.parcel_code, t.commune_code, t.valid_from, t.valid_to, t.geom
    FROM land.address t JOIN made ON made.id = t.batch_id
    UNION ALL
    SELECT t.code, t.address, t.folded, t.parcel_code, t.commune_code, t.valid_from, t.valid_to, t.geom
    FROM history.land__address t JOIN made ON made.id = t.batch_from JOIN superseded ON superseded.id = t.batch_to
),
plan AS NOT MATERIALIZED (
    SELECT t.code, t.name, t.name_en, t.plan_level, t.plan_kind, t.adjustment, t.decision_no, t.decided_on, t.authority, t.status,
        t.valid_from, t.valid_to, t.batch_id, t.geom
    FROM planning.plan t JOIN made ON made.id = t.batch_id
    UNION ALL
    SELECT t.code, t.name, t.name_en, t.plan_level, t.plan_kind, t.adjustment, t.decision_no, t.decided_on, t.authority, t.status,
        t.valid_from, t.valid_to, t.batch_from, t.geom
    FROM history.planning__plan t JOIN made ON made.id = t.batch_from JOIN superseded ON superseded.id = t.batch_to
),
plan_event AS NOT MATERIALIZED (
    SELECT t.plan_code, t.kind, t.effective_on, t.geom
    FROM planning.plan_event t JOIN made ON made.id = t.batch_id
    UNION ALL
    SELECT t.plan_code, t.kind, t.effective_on, t.geom
    FROM history.planning__plan_event t JOIN made ON made.id = t.batch_from JOIN superseded ON superseded.id = t.batch_to
),
zone AS NOT MATERIALIZED (
    SELECT t.code, t.plan_code, t.name, t.function_code, t.function_raw, t.max_coverage_pct, t.max_far, t.min_storeys, t.max_storeys,
        t.max_height_m, t.population, t.setback_m, t.valid_from, t.valid_to, t.geom
    FROM planning.zone t JOIN made ON made.id = t.batch_id
    UNION ALL
    SELECT t.code, t.plan_code, t.name, t.function_code, t.function_raw, t.max_coverage_pct, t.max_far, t.min_storeys, t.max_storeys,
        t.max_height_m, t.population, t.setback_m, t.valid_from, t.valid_to, t.geom
    FROM history.planning__zone t JOIN made ON made.id = t.batch_from JOIN superseded ON superseded.id = t.batch_to
),
planning_line AS NOT MATERIALIZED (
    SELECT t.plan_code, t.kind, t.name, t.side, t.width_m, t.valid_from, t.valid_to, t.geom
    FROM planning.planning_line t JOIN made ON made.id = t.batch_id
    UNION ALL
    SELECT t.plan_code, t.kind, t.name, t.side, t.width_m, t.valid_from, t.valid_to, t.geom
    FROM history.planning__planning_line t JOIN made ON made.id = t.batch_from JOIN superseded ON superseded.id = t.batch_to
),
theme_coverage AS NOT MATERIALIZED (
    SELECT t.theme, t.extent, t.plan_code, t.reason, t.valid_from, t.valid_to, t.geom
    FROM planning.theme_coverage t JOIN made ON made.id = t.batch_id
    UNION ALL
    SELECT t.theme, t.extent, t.plan_code, t.reason, t.valid_from, t.valid_to, t.geom
    FROM history.planning__theme_coverage t JOIN made ON made.id = t.batch_from JOIN superseded ON superseded.id = t.batch_to
),
document AS NOT MATERIALIZED (
    SELECT t.plan_code, t.kind, t.title, t.number, t.issued_on, t.url
    FROM planning.document t JOIN made ON made.id = t.batch_id
    UNION ALL
    SELECT t.plan_code, t.kind, t.title, t.number, t.issued_on, t.url
    FROM history.planning__document t JOIN made ON made.id = t.batch_from JOIN superseded ON superseded.id = t.batch_to
),
known AS (SELECT CAST(:version AS bigint) AS version)
