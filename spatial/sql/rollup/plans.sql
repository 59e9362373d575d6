-- Area of each commune within the union of the plans in force (all; zoning and detailed only), scaled to the commune's official area.
-- Coverage is the share of the commune where theme_coverage says that the theme `plans` is fully known; a commune without a plan
-- and without coverage has no row: unknown.
-- Parameters: communes text[] (NULL = all), legal_date date, period text. Relies on plan_geom_idx, theme_coverage_geom_idx.
WITH commune AS (
    SELECT code, coalesce(province_code, parent_code, 'VN') AS parent_code, geom
    FROM admin.unit
    WHERE level = 'commune' AND valid_from <= :legal_date AND (valid_to IS NULL OR valid_to > :legal_date)
        AND (CAST(:communes AS text[]) IS NULL OR code = ANY(CAST(:communes AS text[])))
),
planned AS (
    SELECT c.code, ST_Union(p.geom) AS all_plans, ST_Union(p.geom) FILTER (WHERE p.plan_level <> 'general') AS detailed,
        jsonb_agg(DISTINCT p.batch_id) AS batch_ids
    FROM commune c
    JOIN planning.plan p ON p.geom && c.geom AND ST_Intersects(p.geom, c.geom)
    WHERE p.status IN ('approved', 'in_force', 'partly_annulled')
        AND p.valid_from <= :legal_date AND (p.valid_to IS NULL OR p.valid_to > :legal_date)
    GROUP BY c.code
),
known AS (
    SELECT c.code, ST_Union(t.geom) AS geom
    FROM commune c
    JOIN planning.theme_coverage t ON t.geom && c.geom AND ST_Intersects(t.geom, c.geom)
    WHERE t.theme = 'plans' AND t.extent = 'full'
        AND t.valid_from <= :legal_date AND (t.valid_to IS NULL OR t.valid_to > :legal_date)
    GROUP BY c.code
),
measured AS (
    SELECT c.code, c.parent_code, p.batch_ids, ST_Area(c.geom::geography) AS drawn_m2,
        coalesce(ST_Area(ST_Intersection(c.geom, p.all_plans)::geography), 0) AS all_m2,
        coalesce(ST_Area(ST_Intersection(c.geom, p.detailed)::geography), 0) AS detailed_m2,
        coalesce(ST_Area(ST_Intersection(c.geom, k.geom)::geography), 0) AS known_m2
    FROM commune c LEFT JOIN planned p USING (code) LEFT JOIN known k USING (code)
    WHERE p.code IS NOT NULL OR k.code IS NOT NULL
)
SELECT i.indicator_code, m.code AS unit_code, m.parent_code, CAST(:period AS text) AS period,
    round((least(1, i.part_m2 / m.drawn_m2) * a.value::float8)::numeric, 2) AS value,
    least(1, m.known_m2 / m.drawn_m2) AS coverage, coalesce(m.batch_ids, '[]') AS batch_ids
FROM measured m
JOIN rollup.value a ON a.indicator_code = 'area_m2' AND a.level = 'commune' AND a.unit_code = m.code AND a.period = CAST(:period AS text)
CROSS JOIN LATERAL (VALUES ('planned_area_m2', m.all_m2), ('detailed_area_m2', m.detailed_m2)) AS i (indicator_code, part_m2)
-- a plan that only touches the commune's edge (1 m2 is the noise of two drawings of one boundary) tells nothing of it
WHERE greatest(m.all_m2, m.known_m2) >= 1
