-- Permits by commune and year of issue. A commune with any permit counts as covered: its other years are 0, proven by its file.
-- Parameters: communes text[] (NULL = all), legal_date date. Relies on permit_commune_code_idx.
WITH permit AS (
    SELECT coalesce(commune_code, province_code || '\:unassigned', 'VN:unassigned') AS unit_code,
        coalesce(province_code, 'VN') AS parent_code, extract(year FROM issued_on)::int AS year, conformity, batch_id
    FROM construction.permit
    WHERE issued_on <= :legal_date AND valid_from <= :legal_date
        AND (CAST(:communes AS text[]) IS NULL OR commune_code = ANY(CAST(:communes AS text[])))
),
unit AS (
    SELECT unit_code, parent_code, min(year) AS first_year, bool_or(conformity IS NOT NULL) AS is_checked,
        jsonb_agg(DISTINCT batch_id) AS batch_ids
    FROM permit GROUP BY 1, 2
),
per_year AS (
    SELECT u.unit_code, u.parent_code, u.is_checked, u.batch_ids, y.year, count(p.unit_code) AS issued,
        count(*) FILTER (WHERE p.conformity = 'contrary') AS contrary,
        count(*) FILTER (WHERE p.conformity IN ('conform', 'contrary'))::float8 / nullif(count(p.unit_code), 0) AS checked
    FROM unit u
    CROSS JOIN LATERAL generate_series(u.first_year, extract(year FROM CAST(:legal_date AS date))::int) AS y (year)
    LEFT JOIN permit p ON p.unit_code = u.unit_code AND p.parent_code = u.parent_code AND p.year = y.year
    GROUP BY 1, 2, 3, 4, 5
)
SELECT i.indicator_code, y.unit_code, y.parent_code, y.year::text AS period, i.value, i.coverage, y.batch_ids
FROM per_year y
CROSS JOIN LATERAL (VALUES
    ('permits_issued', y.issued::numeric, 1.0::float8),
    ('permits_contrary', CASE WHEN y.is_checked THEN y.contrary::numeric END, coalesce(y.checked, 1))
) AS i (indicator_code, value, coverage)
WHERE i.value IS NOT NULL
