-- People by commune and year: what was reported for at least enough of the commune (rollup.report), else the sum of its cells of
-- a population grid, else what was reported for a part of it. A figure that could not be divided holds its communes: no cells.
-- Cells without a commune lie at an edge: those next to a commune whose people are reported are held by the report; the others
-- are `CODE:unassigned`. Of several grids for a year the one loaded last counts, commune by commune. A grid's coverage is what
-- a steward stated (survey.completeness).
-- Parameters: communes text[] (NULL = all), legal_date date, enough float8 (see figures.ENOUGH).
-- Relies on grid_cell_commune_code_idx, unit_geom_idx.
WITH commune AS (
    SELECT code, coalesce(province_code, parent_code, 'VN') AS parent_code, valid_from
    FROM admin.unit
    WHERE level = 'commune' AND valid_from <= :legal_date AND (valid_to IS NULL OR valid_to > :legal_date)
),
reported AS (
    SELECT unit_code, period, value, coverage, parent_code, batch_ids,
        value IS NULL OR coverage IS NULL OR coverage >= :enough AS holds_everybody
    FROM rollup.report WHERE indicator_code = 'population' AND level = 'commune'
),
cell AS (
    SELECT c.commune_code, c.province_code, c.year, c.population, c.batch_id, c.raster_code, c.valid_from, c.valid_to, c.geom,
        coalesce(r.id, 0) AS raster_id
    FROM population.grid_cell c
    LEFT JOIN population.raster r ON r.code = c.raster_code AND r.year = c.year
    WHERE c.valid_from <= :legal_date AND (c.valid_to IS NULL OR c.valid_to > :legal_date)
        AND (CAST(:communes AS text[]) IS NULL OR c.commune_code = ANY(CAST(:communes AS text[])))
),
by_raster AS (
    SELECT commune_code, year, raster_id, raster_code, sum(population) AS people, jsonb_agg(DISTINCT batch_id) AS batch_ids
    FROM cell WHERE commune_code IS NOT NULL GROUP BY 1, 2, 3, 4
),
gridded AS (
    SELECT DISTINCT ON (commune_code, year) commune_code, year, raster_code, people, batch_ids
    FROM by_raster ORDER BY commune_code, year, raster_id DESC, raster_code
),
of_grid AS (
    SELECT g.commune_code AS unit_code, g.year::text AS period, g.people, g.batch_ids,
        coalesce(survey.vouched_share(n.cells, s.row_count), 0) AS coverage
    FROM gridded g
    LEFT JOIN LATERAL (
        SELECT c.stated_on, c.row_count
        FROM survey.completeness c
        JOIN commune u ON u.code = c.commune_code AND u.valid_from <= c.stated_on
        WHERE c.layer = 'population_grid' AND c.commune_code = g.commune_code AND c.stated_on <= :legal_date
        ORDER BY c.stated_on DESC LIMIT 1
    ) AS s ON true
    LEFT JOIN LATERAL (
        SELECT count(*) AS cells FROM population.grid_cell c
        WHERE c.commune_code = g.commune_code AND c.year = g.year AND c.raster_code = g.raster_code
            AND c.valid_from <= s.stated_on AND (c.valid_to IS NULL OR c.valid_to > s.stated_on)
    ) AS n ON s.row_count IS NOT NULL
),
loose AS (
    SELECT c.year::text AS period, c.population, c.batch_id, c.province_code, c.raster_id, n.code AS next_to,
        max(c.raster_id) OVER (PARTITION BY c.year, n.code) AS last_raster
    FROM cell c
    LEFT JOIN LATERAL (
        -- the nearest commune within one cell's width
        SELECT u.code FROM admin.unit u
        WHERE u.level = 'commune' AND u.valid_from <= :legal_date AND (u.valid_to IS NULL OR u.valid_to > :legal_date)
            AND ST_DWithin(u.geom, c.geom, ST_XMax(c.geom) - ST_XMin(c.geom))
        ORDER BY ST_Distance(u.geom, ST_Centroid(c.geom)), u.code LIMIT 1
    ) AS n ON true
    WHERE c.commune_code IS NULL
),
unassigned AS (
    SELECT coalesce(l.province_code || '\:unassigned', 'VN\:unassigned') AS unit_code, l.period, sum(l.population) AS people,
        coalesce(l.province_code, 'VN') AS parent_code, jsonb_agg(DISTINCT l.batch_id) AS batch_ids
    FROM loose l
    LEFT JOIN reported r ON r.unit_code = l.next_to AND r.period = l.period AND r.holds_everybody
    WHERE r.unit_code IS NULL AND l.raster_id = l.last_raster
    GROUP BY 1, 2, 4
),
chosen AS (
    SELECT unit_code, period, r.parent_code,
        CASE WHEN r.holds_everybody OR g.people IS NULL THEN r.value ELSE g.people::numeric END AS people,
        CASE WHEN r.holds_everybody OR g.people IS NULL THEN r.coverage ELSE g.coverage END AS coverage,
        CASE WHEN r.holds_everybody OR g.people IS NULL THEN r.batch_ids ELSE g.batch_ids END AS batch_ids
    FROM reported r FULL JOIN of_grid g USING (unit_code, period)
    UNION ALL
    SELECT unit_code, period, parent_code, people::numeric, NULL, batch_ids FROM unassigned
)
SELECT 'population' AS indicator_code, h.unit_code, coalesce(c.parent_code, h.parent_code, 'VN') AS parent_code, h.period,
    round(h.people, 0) AS value, h.coverage, h.batch_ids
FROM chosen h
LEFT JOIN commune c ON c.code = h.unit_code
WHERE h.people IS NOT NULL AND (CAST(:communes AS text[]) IS NULL OR h.unit_code = ANY(CAST(:communes AS text[])))
