-- Head of every lookup statement: where to read what was believed at a data version, as `sources_now` reads what is believed now.
-- Parameters: version bigint, the data version asked for. A row was believed then if the write that made it had that version
-- or an older one and the write that superseded it, if any, a newer one. The geometry and key indexes of both tables serve.
-- (The batches are asked for outside the UNION ALL: the planner leads a spatial condition into plain tables only.)
WITH parcel AS NOT MATERIALIZED (
    SELECT *
    FROM (
        SELECT t.id, t.code, t.national_id, t.former_commune_code, t.map_sheet, t.parcel_no, t.land_use_raw,
            t.land_use_code, t.area_m2, t.area_srid, t.area_official_m2, t.commune_code, t.valid_from, t.valid_to, t.geom,
            t.batch_id, NULL::bigint AS batch_to
        FROM land.parcel t
        UNION ALL
        SELECT t.id, t.code, t.national_id, t.former_commune_code, t.map_sheet, t.parcel_no, t.land_use_raw,
            t.land_use_code, t.area_m2, t.area_srid, t.area_official_m2, t.commune_code, t.valid_from, t.valid_to, t.geom,
            t.batch_from, t.batch_to
        FROM history.land__parcel t
    ) u
    WHERE (SELECT b.data_version FROM ingest.batch b WHERE b.id = u.batch_id) <= CAST(:version AS bigint)
        AND (u.batch_to IS NULL OR (SELECT b.data_version FROM ingest.batch b WHERE b.id = u.batch_to) > CAST(:version AS bigint))
),
parcel_use AS NOT MATERIALIZED (
    SELECT *
    FROM (
        SELECT t.parcel_id, t.seq, t.raw, t.code, t.area_m2, t.batch_id, NULL::bigint AS batch_to
        FROM land.parcel_use t
        UNION ALL
        SELECT t.parcel_id, t.seq, t.raw, t.code, t.area_m2, t.batch_from, t.batch_to
        FROM history.land__parcel_use t
    ) u
    WHERE (SELECT b.data_version FROM ingest.batch b WHERE b.id = u.batch_id) <= CAST(:version AS bigint)
        AND (u.batch_to IS NULL OR (SELECT b.data_version FROM ingest.batch b WHERE b.id = u.batch_to) > CAST(:version AS bigint))
),
address AS NOT MATERIALIZED (
    SELECT *
    FROM (
        SELECT t.code, t.address, t.folded, t.parcel_code, t.commune_code, t.valid_from, t.valid_to, t.geom, t.batch_id,
            NULL::bigint AS batch_to
        FROM land.address t
        UNION ALL
        SELECT t.code, t.address, t.folded, t.parcel_code, t.commune_code, t.valid_from, t.valid_to, t.geom, t.batch_from,
            t.batch_to
        FROM history.land__address t
    ) u
    WHERE (SELECT b.data_version FROM ingest.batch b WHERE b.id = u.batch_id) <= CAST(:version AS bigint)
        AND (u.batch_to IS NULL OR (SELECT b.data_version FROM ingest.batch b WHERE b.id = u.batch_to) > CAST(:version AS bigint))
),
plan AS NOT MATERIALIZED (
    SELECT *
    FROM (
        SELECT t.code, t.name, t.name_en, t.plan_level, t.plan_kind, t.adjustment, t.decision_no, t.decided_on,
            t.authority, t.status, t.valid_from, t.valid_to, t.geom, t.batch_id, NULL::bigint AS batch_to
        FROM planning.plan t
        UNION ALL
        SELECT t.code, t.name, t.name_en, t.plan_level, t.plan_kind, t.adjustment, t.decision_no, t.decided_on,
            t.authority, t.status, t.valid_from, t.valid_to, t.geom, t.batch_from, t.batch_to
        FROM history.planning__plan t
    ) u
    WHERE (SELECT b.data_version FROM ingest.batch b WHERE b.id = u.batch_id) <= CAST(:version AS bigint)
        AND (u.batch_to IS NULL OR (SELECT b.data_version FROM ingest.batch b WHERE b.id = u.batch_to) > CAST(:version AS bigint))
),
plan_event AS NOT MATERIALIZED (
    SELECT *
    FROM (
        SELECT t.plan_code, t.kind, t.effective_on, t.decision_no, t.other_plan_code, t.geom, t.batch_id, NULL::bigint AS batch_to
        FROM planning.plan_event t
        UNION ALL
        SELECT t.plan_code, t.kind, t.effective_on, t.decision_no, t.other_plan_code, t.geom, t.batch_from, t.batch_to
        FROM history.planning__plan_event t
    ) u
    WHERE (SELECT b.data_version FROM ingest.batch b WHERE b.id = u.batch_id) <= CAST(:version AS bigint)
        AND (u.batch_to IS NULL OR (SELECT b.data_version FROM ingest.batch b WHERE b.id = u.batch_to) > CAST(:version AS bigint))
),
zone AS NOT MATERIALIZED (
    SELECT *
    FROM (
        SELECT t.code, t.plan_code, t.name, t.function_code, t.function_raw, t.max_coverage_pct, t.max_far, t.min_storeys,
            t.max_storeys, t.max_height_m, t.population, t.setback_m, t.valid_from, t.valid_to, t.geom, t.batch_id,
            NULL::bigint AS batch_to
        FROM planning.zone t
        UNION ALL
        SELECT t.code, t.plan_code, t.name, t.function_code, t.function_raw, t.max_coverage_pct, t.max_far, t.min_storeys,
            t.max_storeys, t.max_height_m, t.population, t.setback_m, t.valid_from, t.valid_to, t.geom, t.batch_from,
            t.batch_to
        FROM history.planning__zone t
    ) u
    WHERE (SELECT b.data_version FROM ingest.batch b WHERE b.id = u.batch_id) <= CAST(:version AS bigint)
        AND (u.batch_to IS NULL OR (SELECT b.data_version FROM ingest.batch b WHERE b.id = u.batch_to) > CAST(:version AS bigint))
),
planning_line AS NOT MATERIALIZED (
    SELECT *
    FROM (
        SELECT t.plan_code, t.kind, t.name, t.side, t.width_m, t.valid_from, t.valid_to, t.geom, t.batch_id,
            NULL::bigint AS batch_to
        FROM planning.planning_line t
        UNION ALL
        SELECT t.plan_code, t.kind, t.name, t.side, t.width_m, t.valid_from, t.valid_to, t.geom, t.batch_from, t.batch_to
        FROM history.planning__planning_line t
    ) u
    WHERE (SELECT b.data_version FROM ingest.batch b WHERE b.id = u.batch_id) <= CAST(:version AS bigint)
        AND (u.batch_to IS NULL OR (SELECT b.data_version FROM ingest.batch b WHERE b.id = u.batch_to) > CAST(:version AS bigint))
),
theme_coverage AS NOT MATERIALIZED (
    SELECT *
    FROM (
        SELECT t.theme, t.extent, t.plan_code, t.reason, t.valid_from, t.valid_to, t.geom, t.batch_id,
            NULL::bigint AS batch_to
        FROM planning.theme_coverage t
        UNION ALL
        SELECT t.theme, t.extent, t.plan_code, t.reason, t.valid_from, t.valid_to, t.geom, t.batch_from, t.batch_to
        FROM history.planning__theme_coverage t
    ) u
    WHERE (SELECT b.data_version FROM ingest.batch b WHERE b.id = u.batch_id) <= CAST(:version AS bigint)
        AND (u.batch_to IS NULL OR (SELECT b.data_version FROM ingest.batch b WHERE b.id = u.batch_to) > CAST(:version AS bigint))
),
document AS NOT MATERIALIZED (
    SELECT *
    FROM (
        SELECT t.plan_code, t.kind, t.title, t.number, t.issued_on, t.url, t.batch_id, NULL::bigint AS batch_to
        FROM planning.document t
        UNION ALL
        SELECT t.plan_code, t.kind, t.title, t.number, t.issued_on, t.url, t.batch_from, t.batch_to
        FROM history.planning__document t
    ) u
    WHERE (SELECT b.data_version FROM ingest.batch b WHERE b.id = u.batch_id) <= CAST(:version AS bigint)
        AND (u.batch_to IS NULL OR (SELECT b.data_version FROM ingest.batch b WHERE b.id = u.batch_to) > CAST(:version AS bigint))
),
plan_content AS NOT MATERIALIZED (
    SELECT *
    FROM (
        SELECT t.plan_code, t.theme, t.row_count, t.batch_id, NULL::bigint AS batch_to
        FROM planning.plan_content t
        UNION ALL
        SELECT t.plan_code, t.theme, t.row_count, t.batch_from, t.batch_to
        FROM history.planning__plan_content t
    ) u
    WHERE (SELECT b.data_version FROM ingest.batch b WHERE b.id = u.batch_id) <= CAST(:version AS bigint)
        AND (u.batch_to IS NULL OR (SELECT b.data_version FROM ingest.batch b WHERE b.id = u.batch_to) > CAST(:version AS bigint))
),
content_gap AS NOT MATERIALIZED (
    SELECT *
    FROM (
        SELECT t.reason, t.plan_code, t.theme, t.valid_from, t.valid_to, t.geom, t.batch_id, NULL::bigint AS batch_to
        FROM planning.content_gap t
        UNION ALL
        SELECT t.reason, t.plan_code, t.theme, t.valid_from, t.valid_to, t.geom, t.batch_from, t.batch_to
        FROM history.planning__content_gap t
    ) u
    WHERE (SELECT b.data_version FROM ingest.batch b WHERE b.id = u.batch_id) <= CAST(:version AS bigint)
        AND (u.batch_to IS NULL OR (SELECT b.data_version FROM ingest.batch b WHERE b.id = u.batch_to) > CAST(:version AS bigint))
),
unit AS NOT MATERIALIZED (
    SELECT *
    FROM (
        SELECT t.code, t.level, t.name, t.name_en, t.boundary_quality, t.valid_from, t.valid_to, t.geom, t.batch_id, NULL::bigint AS batch_to
        FROM admin.unit t
        UNION ALL
        SELECT t.code, t.level, t.name, t.name_en, t.boundary_quality, t.valid_from, t.valid_to, t.geom, t.batch_from, t.batch_to
        FROM history.admin__unit t
    ) u
    WHERE (SELECT b.data_version FROM ingest.batch b WHERE b.id = u.batch_id) <= CAST(:version AS bigint)
        AND (u.batch_to IS NULL OR (SELECT b.data_version FROM ingest.batch b WHERE b.id = u.batch_to) > CAST(:version AS bigint))
),
known AS (SELECT CAST(:version AS bigint) AS version)
