-- Buildings, their footprint and floor area by commune. Legal periods of one code do not overlap, so a row in force is a building.
-- Floor area missing: footprint times storeys; footprint missing: area of the geometry on the ellipsoid.
-- coverage: what a steward's statement (survey.completeness) vouches for: rows loaded for its day / rows that there are; without
-- one 0, since a building says nothing of others. Floor area: times the share of buildings whose floor area is known.
-- Parameters: communes text[] (NULL = all), legal_date date, period text. Relies on building_commune_code_idx.
WITH commune AS (
    SELECT code, coalesce(province_code, parent_code, 'VN') AS parent_code, valid_from
    FROM admin.unit
    WHERE level = 'commune' AND valid_from <= :legal_date AND (valid_to IS NULL OR valid_to > :legal_date)
        AND (CAST(:communes AS text[]) IS NULL OR code = ANY(CAST(:communes AS text[])))
),
stated AS (
    SELECT DISTINCT ON (s.commune_code) s.commune_code, s.stated_on, s.row_count, c.parent_code
    FROM survey.completeness s
    JOIN commune c ON c.code = s.commune_code AND c.valid_from <= s.stated_on
    WHERE s.layer = 'buildings' AND s.stated_on <= :legal_date
    ORDER BY s.commune_code, s.stated_on DESC
),
loaded AS (
    -- statements are few, so each commune's rows are found by the index, whatever the planner expects of them
    SELECT s.commune_code, s.parent_code, s.row_count, n.loaded
    FROM stated s
    CROSS JOIN LATERAL (
        SELECT count(*) AS loaded FROM construction.building b
        WHERE b.commune_code = s.commune_code AND b.valid_from <= s.stated_on AND (b.valid_to IS NULL OR b.valid_to > s.stated_on)
    ) AS n
),
building AS (
    SELECT coalesce(b.commune_code, b.province_code || '\:unassigned', 'VN\:unassigned') AS unit_code,
        coalesce(b.province_code, 'VN') AS parent_code, b.storeys, b.floor_area_m2, b.batch_id,
        coalesce(b.footprint_m2, ST_Area(b.geom::geography)) AS footprint_m2
    FROM construction.building b
    WHERE b.valid_from <= :legal_date AND (b.valid_to IS NULL OR b.valid_to > :legal_date)
        AND (CAST(:communes AS text[]) IS NULL OR b.commune_code = ANY(CAST(:communes AS text[])))
),
counted AS (
    SELECT unit_code, min(parent_code) AS parent_code, count(*) AS buildings, sum(footprint_m2) AS footprint_m2,
        sum(coalesce(floor_area_m2, footprint_m2 * storeys)) AS floor_area_m2,
        count(coalesce(floor_area_m2, footprint_m2 * storeys)) AS floor_areas, jsonb_agg(DISTINCT batch_id) AS batch_ids
    FROM building GROUP BY 1
),
total AS (
    SELECT coalesce(n.unit_code, s.commune_code) AS unit_code, coalesce(n.parent_code, s.parent_code) AS parent_code,
        coalesce(n.buildings, 0) AS buildings, coalesce(n.footprint_m2, 0) AS footprint_m2, n.batch_ids,
        CASE WHEN coalesce(n.buildings, 0) = 0 THEN 0 ELSE n.floor_area_m2 END AS floor_area_m2,
        coalesce(n.floor_areas::float8 / nullif(n.buildings, 0), 1) AS floor_area_known,
        coalesce(survey.vouched_share(s.loaded, s.row_count), 0) AS coverage
    FROM counted n FULL JOIN loaded s ON s.commune_code = n.unit_code
    WHERE n.buildings > 0 OR s.loaded > 0 OR s.row_count = 0
)
SELECT i.indicator_code, t.unit_code, t.parent_code, CAST(:period AS text) AS period, i.value, i.coverage, t.batch_ids
FROM total t
CROSS JOIN LATERAL (VALUES
    ('building_count', t.buildings::numeric, t.coverage::float8),
    ('building_footprint_m2', round(t.footprint_m2::numeric, 2), t.coverage),
    ('building_floor_area_m2', round(t.floor_area_m2::numeric, 2), t.coverage * t.floor_area_known)
) AS i (indicator_code, value, coverage)
WHERE i.value IS NOT NULL
