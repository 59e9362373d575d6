-- Area of each commune in force: the official one, else that of its boundary on the ellipsoid.
-- Parameters: communes text[] (NULL = all), legal_date date, period text.
-- Relies on unit_commune_code_idx; coverage is 1 since every unit has an area.
SELECT
    'area_m2' AS indicator_code, code AS unit_code, coalesce(province_code, parent_code, 'VN') AS parent_code,
    CAST(:period AS text) AS period,
    round(coalesce(area_official_km2 * 1e6, ST_Area(geom::geography))::numeric, 2) AS value,
    1.0::float8 AS coverage, jsonb_build_array(batch_id) AS batch_ids
FROM admin.unit
WHERE level = 'commune' AND valid_from <= :legal_date AND (valid_to IS NULL OR valid_to > :legal_date)
    AND (CAST(:communes AS text[]) IS NULL OR code = ANY(CAST(:communes AS text[])))
