-- What the planning tables hold near a place: zones, plans, lines, coverage, gaps, events, and the state of each plan on the day.
-- Follows a head of sources. Parameters: shape bytea (EWKB in EPSG:4326, a point or a surface), srid int (of the VN-2000 plane, with the
-- pinned shift), as_of date, today date (the day of the asking).
-- Relies on zone_geom_idx, plan_geom_idx, planning_line_geom_idx, planning_line_wide_idx, theme_coverage_geom_idx, content_gap_geom_idx,
-- content_gap_plan_code_idx, plan_event_key, plan_code_period_excl.
, subject AS MATERIALIZED (
    SELECT s.geom, ST_Transform(s.geom, CAST(:srid AS int)) AS plane, ST_Dimension(s.geom) = 2 AS has_area,
        -- boxes in degrees: 50 m to cut surfaces to, more than reach_m (100) for lines, 10 km for strips wider than 100 m
        ST_Expand(ST_Envelope(s.geom), 0.0005) AS clip, ST_Expand(ST_Envelope(s.geom), 0.0011) AS near,
        ST_Expand(ST_Envelope(s.geom), 0.1) AS wide
    FROM (SELECT ST_GeomFromEWKB(CAST(:shape AS bytea)) AS geom) s
),
-- the place in tiles of few vertices: overlays with each tile cost a fraction of those with a road that winds through a whole town.
-- Tiles meet at their edges only, so areas of pieces may be added up; everything below is a piece within one tile
tile AS MATERIALIZED (
    SELECT row_number() OVER () AS tile_no, t.shape
    FROM subject s CROSS JOIN LATERAL (SELECT s.plane AS shape WHERE ST_NPoints(s.plane) <= 192
        UNION ALL SELECT * FROM ST_Subdivide(CASE WHEN ST_NPoints(s.plane) > 192 THEN s.plane END, 192) AS d (shape)) t
),
zone_near AS MATERIALIZED (
    SELECT *
    FROM (
        SELECT z.*, ST_Covers(z.geom, s.geom) AS covers, s.geom AS asked
        FROM subject s JOIN zone z ON z.geom && s.geom
        WHERE z.valid_from <= CAST(:as_of AS date) AND (z.valid_to IS NULL OR z.valid_to > CAST(:as_of AS date))
        OFFSET 0 -- or both relations would be computed for every row
    ) z
    WHERE z.covers OR ST_Intersects(z.geom, z.asked)
),
-- of every period: what a plan of before was replaced by must be known as well
plan_near AS MATERIALIZED (
    SELECT *
    FROM (
        SELECT p.code, p.geom, p.valid_from, p.valid_to, ST_Covers(p.geom, s.geom) AS covers, s.geom AS asked
        FROM subject s JOIN plan p ON p.geom && s.geom
        OFFSET 0
    ) p
    WHERE p.covers OR ST_Intersects(p.geom, p.asked)
),
line_near AS MATERIALIZED (
    SELECT l.plan_code, l.kind, l.name, l.side, l.width_m,
        -- ST_ClipByBox2D keeps the direction of a line, which ST_Intersection does not promise
        ST_ClipByBox2D(l.geom, CASE WHEN l.width_m > 100 THEN ST_Expand(s.near, l.width_m / 100000) ELSE s.near END) AS geom
    FROM subject s JOIN planning_line l ON l.geom && s.near OR (l.width_m > 100 AND l.geom && s.wide)
    WHERE l.valid_from <= CAST(:as_of AS date) AND (l.valid_to IS NULL OR l.valid_to > CAST(:as_of AS date))
),
coverage_near AS MATERIALIZED (
    SELECT *
    FROM (
        SELECT c.theme, c.extent, c.plan_code, c.reason, c.batch_id, c.geom, ST_Covers(c.geom, s.geom) AS covers, s.geom AS asked
        FROM subject s JOIN theme_coverage c ON c.geom && s.geom
        WHERE c.valid_from <= CAST(:as_of AS date) AND (c.valid_to IS NULL OR c.valid_to > CAST(:as_of AS date))
        OFFSET 0
    ) c
    WHERE c.covers OR ST_Intersects(c.geom, c.asked)
),
concerned AS MATERIALIZED (
    SELECT plan_code FROM zone_near
    UNION SELECT code FROM plan_near
    UNION SELECT plan_code FROM line_near WHERE NOT ST_IsEmpty(geom)
    UNION SELECT plan_code FROM coverage_near WHERE plan_code IS NOT NULL
),
-- what happened to each plan by the day; what a plan amends in another is known by its own boundary where no drawing says it
event_by_day AS MATERIALIZED (
    SELECT e.plan_code, e.kind, e.effective_on, e.decision_no, e.other_plan_code, coalesce(e.geom, o.geom) AS geom
    FROM concerned c
    JOIN plan_event e ON e.plan_code = c.plan_code AND e.effective_on <= CAST(:as_of AS date)
    LEFT JOIN LATERAL (
        SELECT p.geom FROM plan p WHERE p.code = e.other_plan_code ORDER BY p.valid_from DESC LIMIT 1
    ) o ON e.geom IS NULL AND e.kind = 'amended'
),
-- the legal state of each plan on the day: of its rows the one in force, else the next to come, else the last that was. A plan without
-- events is what its own row says it is; where that tells an end but no date, its state on a day gone by is not known
plan_state AS MATERIALIZED (
    SELECT c.plan_code, p.name, p.name_en, p.plan_level, p.plan_kind, p.adjustment, p.decision_no, p.decided_on, p.authority,
        p.valid_from, p.valid_to, p.is_sample, coalesce(e.status, CASE
            WHEN p.covers_day AND p.valid_to IS NOT NULL AND p.status IN ('annulled', 'replaced', 'expired') THEN 'in_force'
            ELSE p.status END) AS status, p.code IS NULL AS is_missing,
        planning.level_rank(p.plan_level) AS rank, coalesce(p.covers_day AND d.doubt IS DISTINCT FROM 'status_unknown'
            AND planning.binds_in_period(p.status, p.valid_to, p.has_events), p.code IS NULL) AS in_force,
        coalesce(NOT p.covers_day AND p.valid_from > CAST(:as_of AS date) AND (p.has_events OR planning.is_binding(p.status))
            AND (e.status IS NOT NULL OR p.decided_on <= CAST(:as_of AS date)), false) AS upcoming,
        d.doubt, d.doubt_decision
    FROM concerned c
    LEFT JOIN LATERAL (
        SELECT p.*, p.valid_from <= CAST(:as_of AS date) AND (p.valid_to IS NULL OR p.valid_to > CAST(:as_of AS date)) AS covers_day,
            EXISTS (SELECT FROM plan_event e WHERE e.plan_code = p.code) AS has_events,
            (SELECT s.is_sample FROM ingest.batch b JOIN ingest.source s ON s.code = b.source_code WHERE b.id = p.batch_id)
                AS is_sample
        FROM plan p WHERE p.code = c.plan_code
        ORDER BY covers_day DESC, abs(p.valid_from - CAST(:as_of AS date)) LIMIT 1
    ) p ON true
    LEFT JOIN LATERAL (
        SELECT CASE e.kind WHEN 'published' THEN 'in_force' WHEN 'amended' THEN 'in_force' ELSE e.kind END AS status
        FROM plan_event e
        WHERE e.plan_code = c.plan_code AND e.effective_on <= CAST(:as_of AS date)
            AND (e.geom IS NULL OR e.kind IN ('amended', 'partly_annulled'))
        ORDER BY e.effective_on DESC, array_position(
            ARRAY['expired', 'replaced', 'annulled', 'partly_annulled', 'amended', 'published', 'in_force', 'approved'], e.kind)
        LIMIT 1
    ) e ON true
    LEFT JOIN LATERAL (
        SELECT 'status_unknown' AS doubt, NULL AS doubt_decision
        WHERE planning.is_state_unknown(p.status, p.valid_to, p.has_events, CAST(:as_of AS date) < CAST(:today AS date))
        UNION ALL
        (SELECT 'part_without_drawing', coalesce(v.decision_no, '') FROM event_by_day v
         WHERE v.plan_code = c.plan_code AND v.geom IS NULL AND v.kind IN ('partly_annulled', 'amended') AND p.covers_day
         ORDER BY v.effective_on DESC)
        LIMIT 1
    ) d ON true
),
-- ground on which a plan's content no longer holds since an event took that part away; where it was not only amended, nor does the plan
taken AS MATERIALIZED (
    SELECT v.plan_code, v.kind <> 'amended' AS with_plan, v.geom
    FROM subject s JOIN event_by_day v ON v.geom && s.wide
    WHERE v.kind IN ('amended', 'partly_annulled', 'annulled', 'replaced', 'expired')
),
cut AS MATERIALIZED (
    SELECT t.plan_code, ST_Union(t.part) AS plane, ST_Union(t.part) FILTER (WHERE t.with_plan) AS with_plan
    FROM (
        SELECT t.plan_code, t.with_plan, planning.near_part(t.geom, s.clip, CAST(:srid AS int)) AS part
        FROM subject s JOIN taken t ON t.geom && s.geom
    ) t
    GROUP BY t.plan_code
)
