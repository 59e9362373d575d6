-- The pieces of the place that zones and plans take, tile by tile. Follows near.sql. Parameters: srid int.
-- (OFFSET 0 keeps the planner from computing a piece once for the condition on it and once for its value.)
, zone_ground AS MATERIALIZED (
    SELECT z.plan_code, z.code, z.name, z.function_code, z.function_raw, z.max_coverage_pct, z.max_far, z.min_storeys,
        z.max_storeys, z.max_height_m, z.population, z.setback_m,
        CASE WHEN NOT z.covers THEN planning.near_part(z.geom, s.clip, CAST(:srid AS int)) END AS ground -- NULL: all of the place
    FROM subject s, zone_near z
    JOIN plan_state p ON p.plan_code = z.plan_code AND (p.in_force OR p.doubt IS NOT NULL)
),
-- zones under one and the same rule are one: what they take together
zone_rule AS MATERIALIZED (
    SELECT row_number() OVER () AS rule_no, plan_code, function_code, function_raw, max_coverage_pct, max_far, min_storeys, max_storeys,
        max_height_m, population, setback_m, array_agg(code ORDER BY code) AS codes,
        array_agg(DISTINCT name) FILTER (WHERE name IS NOT NULL) AS names,
        CASE WHEN bool_or(ground IS NULL) THEN NULL WHEN count(*) = 1 THEN (array_agg(ground))[1] ELSE ST_Union(ground) END AS ground
    FROM zone_ground
    GROUP BY plan_code, function_code, function_raw, max_coverage_pct, max_far, min_storeys, max_storeys, max_height_m, population,
        setback_m
),
zone_piece AS MATERIALIZED (
    SELECT r.rule_no, r.plan_code, t.tile_no, m.part
    FROM tile t
    JOIN zone_rule r ON r.ground IS NULL OR r.ground && t.shape
    LEFT JOIN cut ON cut.plan_code = r.plan_code
    CROSS JOIN LATERAL (SELECT planning.piece(t.shape, r.ground, cut.plane) AS part OFFSET 0) m
    WHERE NOT ST_IsEmpty(m.part)
),
zoned AS MATERIALIZED (
    SELECT plan_code, tile_no, CASE WHEN count(*) = 1 THEN (array_agg(part))[1] ELSE ST_Union(part) END AS part
    FROM zone_piece GROUP BY plan_code, tile_no
),
-- the place within each plan's boundary, of the row of that plan which its state was read from
plan_piece AS MATERIALIZED (
    SELECT n.code AS plan_code, t.tile_no, m.part, n.ground IS NULL AS is_all
    FROM subject s
    CROSS JOIN LATERAL (
        SELECT n.code, CASE WHEN NOT n.covers THEN planning.near_part(n.geom, s.clip, CAST(:srid AS int)) END AS ground
        FROM plan_near n JOIN plan_state p ON p.plan_code = n.code AND p.valid_from = n.valid_from
        OFFSET 0
    ) n
    JOIN tile t ON n.ground IS NULL OR n.ground && t.shape
    CROSS JOIN LATERAL (SELECT planning.piece(t.shape, n.ground, NULL) AS part OFFSET 0) m
    WHERE NOT ST_IsEmpty(m.part)
),
-- and of the plans that have a say here, less what an event took away of them
plan_part AS MATERIALIZED (
    SELECT g.plan_code, g.tile_no, m.part, g.is_all AND cut.with_plan IS NULL AS is_all
    FROM plan_piece g
    JOIN plan_state p ON p.plan_code = g.plan_code AND (p.in_force OR p.upcoming OR p.doubt IS NOT NULL)
    LEFT JOIN cut ON cut.plan_code = g.plan_code
    CROSS JOIN LATERAL (SELECT planning.piece(g.part, NULL, cut.with_plan) AS part OFFSET 0) m
    WHERE NOT ST_IsEmpty(m.part)
)
