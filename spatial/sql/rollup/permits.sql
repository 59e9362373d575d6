-- Permits by commune and year of issue; one for each code, as its latest legal period has it.
-- coverage of a year: what stewards' statements (survey.completeness) vouch for: the part of the year, up to the legal date, from
-- complete_from to stated_on, times permits loaded for that time / permits that there are. A year without permits is 0 only where
-- a statement speaks of it, up to a hundred years back: a permit with a year that none can have begins no series. Contrary to plan:
-- times the share of permits that were checked.
-- Parameters: communes text[] (NULL = all), legal_date date. Relies on permit_commune_code_idx, permit_code_period_excl.
WITH commune AS (
    SELECT code, coalesce(province_code, parent_code, 'VN') AS parent_code, valid_from
    FROM admin.unit
    WHERE level = 'commune' AND valid_from <= :legal_date AND (valid_to IS NULL OR valid_to > :legal_date)
        AND (CAST(:communes AS text[]) IS NULL OR code = ANY(CAST(:communes AS text[])))
),
latest AS (
    SELECT DISTINCT ON (code) code, commune_code, province_code, issued_on, conformity, batch_id
    FROM construction.permit
    WHERE valid_from <= :legal_date
        AND (CAST(:communes AS text[]) IS NULL
            OR code IN (SELECT code FROM construction.permit WHERE commune_code = ANY(CAST(:communes AS text[]))))
    ORDER BY code, valid_from DESC
),
permit AS (
    SELECT coalesce(commune_code, province_code || '\:unassigned', 'VN\:unassigned') AS unit_code,
        coalesce(province_code, 'VN') AS parent_code, issued_on, extract(year FROM issued_on)::int AS year, conformity, batch_id
    FROM latest
    WHERE issued_on <= :legal_date
        AND (CAST(:communes AS text[]) IS NULL OR commune_code = ANY(CAST(:communes AS text[])))
),
days AS (
    SELECT unit_code, array_agg(issued_on) AS issued_on FROM permit GROUP BY 1
),
stated AS (
    SELECT s.commune_code AS unit_code, c.parent_code, s.complete_from, s.stated_on,
        survey.vouched_share(n.loaded, s.row_count) AS loaded
    FROM survey.completeness s
    JOIN commune c ON c.code = s.commune_code AND c.valid_from <= s.stated_on
    LEFT JOIN days d ON d.unit_code = s.commune_code
    CROSS JOIN LATERAL (
        SELECT count(*) AS loaded FROM unnest(d.issued_on) AS day
        WHERE day <= s.stated_on AND (s.complete_from IS NULL OR day >= s.complete_from)
    ) AS n
    WHERE s.layer = 'permits' AND s.stated_on <= :legal_date
),
unit AS (
    SELECT unit_code, min(parent_code) AS parent_code, min(year) AS first_year, bool_or(is_checked) AS is_checked,
        jsonb_agg(DISTINCT batch_id) FILTER (WHERE batch_id IS NOT NULL) AS batch_ids
    FROM (
        SELECT unit_code, parent_code, year, conformity IS NOT NULL AS is_checked, batch_id FROM permit
        UNION ALL
        SELECT unit_code, parent_code, extract(year FROM coalesce(complete_from, stated_on))::int, false, NULL FROM stated
    ) AS seen GROUP BY 1
),
year AS (
    SELECT y.year, make_date(y.year, 1, 1) AS first_day, least(make_date(y.year, 12, 31), CAST(:legal_date AS date)) AS last_day
    FROM (
        SELECT generate_series(
            greatest((SELECT min(first_year) FROM unit), extract(year FROM CAST(:legal_date AS date))::int - 100),
            extract(year FROM CAST(:legal_date AS date))::int) AS year
        UNION
        SELECT year FROM permit
    ) AS y
),
vouched AS (
    SELECT s.unit_code, y.year, max(s.loaded * (
        least(s.stated_on, y.last_day) - greatest(coalesce(s.complete_from, y.first_day), y.first_day) + 1)::float8
        / (y.last_day - y.first_day + 1)) AS coverage
    FROM stated s
    JOIN year y ON s.stated_on >= y.first_day AND coalesce(s.complete_from, y.first_day) <= y.last_day
    GROUP BY 1, 2
),
issued AS (
    SELECT unit_code, year, count(*) AS issued, count(*) FILTER (WHERE conformity = 'contrary') AS contrary,
        count(*) FILTER (WHERE conformity IN ('conform', 'contrary'))::float8 / count(*) AS checked
    FROM permit GROUP BY 1, 2
),
per_year AS (
    SELECT u.unit_code, u.parent_code, u.is_checked, u.batch_ids, y.year, coalesce(i.issued, 0) AS issued,
        coalesce(i.contrary, 0) AS contrary, coalesce(i.checked, 1) AS checked, coalesce(v.coverage, 0) AS coverage
    FROM unit u
    JOIN year y ON y.year >= u.first_year
    LEFT JOIN issued i ON i.unit_code = u.unit_code AND i.year = y.year
    LEFT JOIN vouched v ON v.unit_code = u.unit_code AND v.year = y.year
    WHERE i.issued IS NOT NULL OR v.coverage > 0
)
SELECT i.indicator_code, y.unit_code, y.parent_code, y.year::text AS period, i.value, i.coverage, y.batch_ids
FROM per_year y
CROSS JOIN LATERAL (VALUES
    ('permits_issued', y.issued::numeric, y.coverage::float8),
    ('permits_contrary', CASE WHEN y.is_checked THEN y.contrary::numeric END, y.coverage * y.checked)
) AS i (indicator_code, value, coverage)
WHERE i.value IS NOT NULL
