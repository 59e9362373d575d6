-- Tail after `chosen`: the parcels as one JSON list, and what else there is to know about the place asked for.
-- Parameters: lon, lat float8 (degrees, EPSG:4326; NULL where a code was asked for), as_of date, code parts as in parcels_by_code.
-- Relies on unit_geom_idx, unit_code_period_excl, batch_data_version_key.
, place AS (SELECT ST_SetSRID(ST_MakePoint(CAST(:lon AS float8), CAST(:lat AS float8)), 4326) AS point)
SELECT
    (SELECT version FROM known) AS data_version,
    (SELECT b.committed_at FROM ingest.batch b JOIN known ON b.data_version = known.version) AS known_at,
    (SELECT ST_Intersects(e.geom, place.point) FROM admin.country_envelope e) AS in_country,
    (
        SELECT json_build_object('code', u.code, 'name', u.name, 'name_en', u.name_en, 'boundary_quality', u.boundary_quality)
        FROM unit u
        WHERE u.level = 'commune' AND ST_Intersects(u.geom, place.point)
            AND u.valid_from <= CAST(:as_of AS date) AND (u.valid_to IS NULL OR u.valid_to > CAST(:as_of AS date))
        ORDER BY u.code LIMIT 1
    ) AS commune,
    (
        SELECT json_agg(json_build_object(
            'code', c.code, 'national_id', c.national_id, 'map_sheet', c.map_sheet, 'parcel_no', c.parcel_no,
            'former_commune_code', c.former_commune_code, 'area_m2', c.area_m2, 'area_srid', c.area_srid,
            'area_official_m2', c.area_official_m2, 'valid_from', c.valid_from, 'valid_to', c.valid_to, 'in_force', c.in_force,
            'is_sample', (
                SELECT s.is_sample FROM ingest.batch b JOIN ingest.source s ON s.code = b.source_code WHERE b.id = c.batch_id
            ),
            -- the commune of the day: the parcel's own of today, if it was that already, else the one that lay there then
            'commune', (
                SELECT json_build_object('code', u.code, 'name', u.name, 'name_en', u.name_en)
                FROM unit u
                WHERE u.level = 'commune' AND u.valid_from <= CAST(:as_of AS date)
                    AND (u.valid_to IS NULL OR u.valid_to > CAST(:as_of AS date))
                    AND ((u.code = c.commune_code AND u.valid_to IS NULL)
                        OR u.code = c.former_commune_code OR ST_Intersects(u.geom, ST_PointOnSurface(c.geom)))
                ORDER BY u.code = c.commune_code AND u.valid_to IS NULL DESC, ST_Intersects(u.geom, ST_PointOnSurface(c.geom)) DESC,
                    u.code LIMIT 1
            ),
            'commune_code', c.commune_code,
            'land_use', coalesce(
                (
                    SELECT json_agg(json_build_object(
                        'code', u.code, 'name', l.name, 'name_en', l.name_en, 'text', u.raw, 'area_m2', u.area_m2) ORDER BY u.seq)
                    FROM parcel_use u LEFT JOIN land.land_use l ON l.code = u.code
                    WHERE u.parcel_id = c.id
                ),
                (
                    SELECT json_build_array(json_build_object(
                        'code', c.land_use_code, 'name', l.name, 'name_en', l.name_en, 'text', c.land_use_raw, 'area_m2', NULL))
                    FROM (VALUES (c.land_use_code)) AS v (code) LEFT JOIN land.land_use l ON l.code = v.code
                    WHERE c.land_use_code IS NOT NULL OR c.land_use_raw IS NOT NULL
                )
            ),
            'geometry', ST_AsGeoJSON(c.geom, 7),
            'shape', encode(ST_AsEWKB(c.geom), 'hex')
        ) ORDER BY c.place)
        FROM chosen c
    ) AS parcels
FROM place
