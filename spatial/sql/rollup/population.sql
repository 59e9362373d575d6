-- People by commune and year: the figure reported for the commune where there is one (census before register before estimate),
-- else the sum of the population grid. Figures of former communes follow unit_change by their share of people, else of area.
-- Parameters: communes text[] (NULL = all), legal_date date. Relies on grid_cell_commune_code_idx.
WITH commune AS (
    SELECT code, coalesce(province_code, parent_code, 'VN') AS parent_code
    FROM admin.unit
    WHERE level = 'commune' AND valid_from <= :legal_date AND (valid_to IS NULL OR valid_to > :legal_date)
),
edge AS (
    SELECT from_code, to_code,
        coalesce(population_share, area_share, 1.0 / count(*) OVER (PARTITION BY from_code, changed_on)) AS share,
        extract(year FROM changed_on)::int AS year
    FROM admin.unit_change WHERE level = 'commune' AND changed_on <= :legal_date
),
reported AS (
    SELECT DISTINCT ON (unit_code, year) unit_code, year, people, batch_id
    FROM population.unit_count
    WHERE level = 'commune' AND sex = 'all' AND age_group = 'all' AND method <> 'grid'
    ORDER BY unit_code, year, array_position(ARRAY['census', 'register', 'estimate'], method)
),
carried AS (
    SELECT coalesce(e.to_code, r.unit_code) AS unit_code, r.year, sum(r.people * coalesce(e.share, 1)) AS people,
        jsonb_agg(DISTINCT r.batch_id) AS batch_ids
    FROM reported r LEFT JOIN edge e ON e.from_code = r.unit_code AND r.year < e.year
    GROUP BY 1, 2
),
gridded AS (
    SELECT coalesce(commune_code, province_code || '\:unassigned', 'VN:unassigned') AS unit_code,
        coalesce(province_code, 'VN') AS parent_code, year, sum(population) AS people, jsonb_agg(DISTINCT batch_id) AS batch_ids
    FROM population.grid_cell
    WHERE valid_from <= :legal_date AND (valid_to IS NULL OR valid_to > :legal_date)
        AND (CAST(:communes AS text[]) IS NULL OR commune_code = ANY(CAST(:communes AS text[])))
    GROUP BY 1, 2, 3
)
SELECT 'population' AS indicator_code, coalesce(r.unit_code, g.unit_code) AS unit_code,
    coalesce(c.parent_code, g.parent_code, 'VN') AS parent_code, coalesce(r.year, g.year)::text AS period,
    round(coalesce(r.people, g.people)::numeric, 0) AS value, 1.0::float8 AS coverage, coalesce(r.batch_ids, g.batch_ids) AS batch_ids
FROM carried r
FULL JOIN gridded g ON g.unit_code = r.unit_code AND g.year = r.year
LEFT JOIN commune c ON c.code = coalesce(r.unit_code, g.unit_code)
WHERE CAST(:communes AS text[]) IS NULL OR coalesce(r.unit_code, g.unit_code) = ANY(CAST(:communes AS text[]))
