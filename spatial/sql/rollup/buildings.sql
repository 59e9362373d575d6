-- Buildings, their footprint and floor area by commune. A commune with a building counts as covered.
-- Floor area missing: footprint times storeys; footprint missing: area of the geometry on the ellipsoid.
-- Parameters: communes text[] (NULL = all), legal_date date, period text. Relies on building_commune_code_idx.
WITH building AS (
    SELECT coalesce(commune_code, province_code || '\:unassigned', 'VN:unassigned') AS unit_code,
        coalesce(province_code, 'VN') AS parent_code, storeys, floor_area_m2, batch_id,
        coalesce(footprint_m2, ST_Area(geom::geography)) AS footprint_m2
    FROM construction.building
    WHERE valid_from <= :legal_date AND (valid_to IS NULL OR valid_to > :legal_date)
        AND (CAST(:communes AS text[]) IS NULL OR commune_code = ANY(CAST(:communes AS text[])))
),
total AS (
    SELECT unit_code, parent_code, count(*) AS buildings, sum(footprint_m2) AS footprint_m2,
        sum(coalesce(floor_area_m2, footprint_m2 * storeys)) AS floor_area_m2,
        count(coalesce(floor_area_m2, footprint_m2 * storeys))::float8 / count(*) AS floor_area_known,
        jsonb_agg(DISTINCT batch_id) AS batch_ids
    FROM building GROUP BY 1, 2
)
SELECT i.indicator_code, t.unit_code, t.parent_code, CAST(:period AS text) AS period, i.value, i.coverage, t.batch_ids
FROM total t
CROSS JOIN LATERAL (VALUES
    ('building_count', t.buildings::numeric, 1.0::float8),
    ('building_footprint_m2', round(t.footprint_m2::numeric, 2), 1.0),
    ('building_floor_area_m2', round(t.floor_area_m2::numeric, 2), t.floor_area_known)
) AS i (indicator_code, value, coverage)
