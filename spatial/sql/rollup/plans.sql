-- Area of each commune within the union of the plans in force (all; zoning and detailed only), scaled to the commune's official area.
-- A plan is in force as the lookup has it, and what events took away of it is cut by its own drawing. Coverage is the share of the commune
-- where theme_coverage says that the theme `plans` is fully known, less the ground where the database shows a doubt: plans that went missing
-- or wait in quarantine (content_gap), were replaced by one that is not there, or whose legal state, or the part that was annulled of them,
-- is not known. A commune without a plan and without coverage has no row: unknown.
-- Parameters: communes text[] (NULL = all), legal_date date, period text.
-- Relies on plan_geom_idx, theme_coverage_geom_idx, content_gap_geom_idx, plan_event_key.
WITH commune AS (
    SELECT code, coalesce(province_code, parent_code, 'VN') AS parent_code, geom
    FROM admin.unit
    WHERE level = 'commune' AND valid_from <= :legal_date AND (valid_to IS NULL OR valid_to > :legal_date)
        AND (CAST(:communes AS text[]) IS NULL OR code = ANY(CAST(:communes AS text[])))
),
near AS MATERIALIZED (
    SELECT c.code, p.code AS plan_code, p.plan_level, p.status, p.batch_id, p.valid_to, p.geom,
        p.valid_from <= :legal_date AND (p.valid_to IS NULL OR p.valid_to > :legal_date) AS covers_day
    FROM commune c
    JOIN planning.plan p ON p.geom && c.geom AND ST_Intersects(p.geom, c.geom)
),
happened AS MATERIALIZED (
    SELECT n.plan_code, bool_or(e.effective_on <= :legal_date AND e.kind = 'partly_annulled' AND e.geom IS NULL) AS has_undrawn_part,
        ST_Union(e.geom) FILTER (WHERE e.effective_on <= :legal_date AND e.kind <> 'amended') AS taken,
        array_agg(e.other_plan_code) FILTER (WHERE e.effective_on <= :legal_date AND e.kind = 'replaced') AS successors
    FROM (SELECT DISTINCT plan_code FROM near) n
    JOIN planning.plan_event e ON e.plan_code = n.plan_code
    GROUP BY n.plan_code
),
judged AS MATERIALIZED (
    SELECT n.*, h.taken, h.successors, h.plan_code IS NOT NULL AS has_events, n.covers_day AND (coalesce(h.has_undrawn_part, false)
        OR planning.is_state_unknown(n.status, n.valid_to, h.plan_code IS NOT NULL, :legal_date < admin.today_vn())) AS is_doubtful
    FROM near n LEFT JOIN happened h USING (plan_code)
),
planned AS (
    SELECT p.code, ST_Union(p.ground) AS all_plans, ST_Union(p.ground) FILTER (WHERE p.plan_level <> 'general') AS detailed,
        jsonb_agg(DISTINCT p.batch_id) AS batch_ids
    FROM (
        SELECT *, CASE WHEN taken IS NULL THEN geom ELSE ST_Difference(geom, taken) END AS ground
        FROM judged
        WHERE covers_day AND NOT is_doubtful AND planning.binds_in_period(status, valid_to, has_events)
    ) p
    GROUP BY p.code
),
gap AS NOT MATERIALIZED (
    SELECT plan_code, geom
    FROM planning.content_gap
    WHERE coalesce(theme, 'plans') = 'plans'
        AND (valid_from IS NULL OR valid_from <= :legal_date) AND (valid_to IS NULL OR valid_to > :legal_date)
),
doubt AS (
    SELECT d.code, ST_Union(d.geom) AS geom
    FROM (
        SELECT code, geom FROM judged WHERE is_doubtful
        UNION ALL
        SELECT j.code, j.geom FROM judged j, unnest(j.successors) AS s (plan_code)
        WHERE NOT EXISTS (SELECT FROM planning.plan p WHERE p.code = s.plan_code)
        UNION ALL
        SELECT c.code, g.geom FROM commune c JOIN gap g ON g.geom && c.geom
        UNION ALL
        SELECT j.code, j.geom FROM judged j JOIN gap g ON g.plan_code = j.plan_code AND g.geom IS NULL
    ) d
    GROUP BY d.code
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
        coalesce(ST_Area(ST_Intersection(c.geom, CASE WHEN d.geom IS NULL THEN k.geom ELSE ST_Difference(k.geom, d.geom) END)::geography), 0)
            AS known_m2
    FROM commune c LEFT JOIN planned p USING (code) LEFT JOIN known k USING (code) LEFT JOIN doubt d USING (code)
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
