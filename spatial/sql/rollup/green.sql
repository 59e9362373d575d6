-- Public green area by commune. A commune with any green area counts as covered.
-- Parameters: communes text[] (NULL = all), legal_date date, period text. Relies on green_area_commune_code_idx.
SELECT 'public_green_m2' AS indicator_code,
    coalesce(commune_code, province_code || '\:unassigned', 'VN:unassigned') AS unit_code, coalesce(province_code, 'VN') AS parent_code,
    CAST(:period AS text) AS period,
    round(coalesce(sum(coalesce(area_m2, ST_Area(geom::geography))) FILTER (WHERE kind = 'public'), 0)::numeric, 2) AS value,
    1.0::float8 AS coverage, jsonb_agg(DISTINCT batch_id) AS batch_ids
FROM landscape.green_area
WHERE valid_from <= :legal_date AND (valid_to IS NULL OR valid_to > :legal_date)
    AND (CAST(:communes AS text[]) IS NULL OR commune_code = ANY(CAST(:communes AS text[])))
GROUP BY 2, 3
