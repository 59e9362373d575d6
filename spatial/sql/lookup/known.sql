-- How far each theme is known at the place, tile by tile: what full coverage proves, less every ground on which there is a doubt.
-- Follows near.sql and surfaces.sql. Parameters: srid int, as_of date.
-- Relies on zone_plan_code_idx, planning_line_plan_code_idx, plan_content_key.
--
-- A doubt takes away the proofs of plans that are at most as detailed as `rank`; -1 takes away all of them.
, held AS MATERIALIZED (
    -- whether all rows that the database should hold of a plan's theme can be seen here and now
    SELECT k.plan_code, k.theme, k.row_count = CASE k.theme
        WHEN 'zoning' THEN (SELECT count(*) FROM zone z WHERE z.plan_code = k.plan_code)
        ELSE (SELECT count(*) FROM planning_line l WHERE l.plan_code = k.plan_code AND l.kind = k.theme) END AS is_whole
    FROM concerned c JOIN plan_content k ON k.plan_code = c.plan_code
),
covered AS MATERIALIZED (
    SELECT c.theme, c.extent, c.plan_code, c.reason, c.batch_id, t.tile_no, t.shape, m.part
    FROM subject s
    CROSS JOIN LATERAL (
        SELECT n.*, CASE WHEN NOT n.covers THEN planning.near_part(n.geom, s.clip, CAST(:srid AS int)) END AS ground
        FROM coverage_near n OFFSET 0
    ) c
    JOIN tile t ON c.ground IS NULL OR c.ground && t.shape
    CROSS JOIN LATERAL (SELECT planning.piece(t.shape, c.ground, NULL) AS part OFFSET 0) m
    WHERE NOT ST_IsEmpty(m.part)
),
proof AS MATERIALIZED (
    SELECT c.theme, c.plan_code, c.tile_no, c.part AS claimed, c.batch_id,
        -- what covers the tile is the tile: then nothing has to be taken from it below, and no overlay leaves its dust
        CASE WHEN m.is_all THEN c.shape ELSE m.part END AS part, m.is_all, r.rank
    FROM covered c
    LEFT JOIN plan_state p ON p.plan_code = c.plan_code
    LEFT JOIN cut ON cut.plan_code = c.plan_code
    LEFT JOIN zoned z ON z.plan_code = c.plan_code AND z.tile_no = c.tile_no AND c.theme = 'zoning'
    CROSS JOIN LATERAL (
        SELECT p.part, coalesce(ST_Area(p.part) >= ST_Area(c.shape) - 1e-6 AND NOT ST_IsEmpty(p.part), false) AS is_all
        FROM (SELECT CASE
                WHEN c.theme <> 'zoning' OR c.plan_code IS NULL THEN planning.piece(c.part, NULL, cut.plane)
                -- a plan that knows its zoning and has no zone here contradicts itself
                WHEN z.part IS NULL OR c.part = c.shape THEN z.part
                ELSE planning.piece(c.part, z.part, NULL) END AS part
            OFFSET 0) p
        OFFSET 0
    ) m
    CROSS JOIN LATERAL (
        -- a statement that names no plan speaks for the lines of zoning plans, which general plans do not draw
        SELECT CASE WHEN c.plan_code IS NOT NULL THEN p.rank WHEN c.theme = 'zoning' THEN 4 ELSE 2 END AS rank
    ) r
    -- whether the plan's class is there as a whole, the doubts below tell
    WHERE c.extent = 'full' AND (c.plan_code IS NULL OR (p.in_force AND NOT p.is_missing AND p.doubt IS NULL))
        -- where a more detailed plan is in force all over the tile, a proof from below it adds nothing to what that plan proves
        AND (c.theme = 'plans' OR NOT EXISTS (
            SELECT FROM plan_part g JOIN plan_state q ON q.plan_code = g.plan_code
            WHERE g.tile_no = c.tile_no AND g.is_all AND q.in_force AND q.rank < r.rank))
),
doubt_ground AS MATERIALIZED (
    -- rows that were removed or could not be loaded
    SELECT 'gap_' || g.reason AS kind, g.theme, g.plan_code, NULL AS note, -1 AS rank,
        planning.near_part(coalesce(g.geom, w.geom), s.clip, CAST(:srid AS int)) AS ground
    FROM subject s
    JOIN content_gap g ON g.geom && s.geom OR (g.geom IS NULL AND g.plan_code IN (SELECT plan_code FROM concerned))
    LEFT JOIN LATERAL (SELECT ST_Union(n.geom) AS geom FROM plan_near n WHERE n.code = g.plan_code) w ON g.geom IS NULL
    WHERE (g.valid_from IS NULL OR g.valid_from <= CAST(:as_of AS date)) AND (g.valid_to IS NULL OR g.valid_to > CAST(:as_of AS date))
    UNION ALL
    -- a plan that was replaced by one that is not there: on the ground that no successor answers for
    SELECT 'replaced_by_missing', NULL, v.plan_code, v.other_plan_code, -1,
        planning.near_part(
            CASE WHEN n.geom IS NULL THEN o.geom ELSE ST_Difference(o.geom, n.geom) END, s.clip, CAST(:srid AS int))
    FROM subject s, event_by_day v
    CROSS JOIN LATERAL (
        SELECT ST_Union(CASE WHEN v.geom IS NULL THEN g.geom ELSE ST_Intersection(g.geom, v.geom) END) AS geom
        FROM plan_near g WHERE g.code = v.plan_code
    ) o
    LEFT JOIN LATERAL (
        SELECT ST_Union(p.geom) AS geom FROM plan p
        WHERE p.code = v.other_plan_code AND p.valid_from <= CAST(:as_of AS date)
            AND (EXISTS (SELECT FROM plan_event e WHERE e.plan_code = p.code) OR p.status NOT IN ('unknown', 'in_preparation'))
    ) n ON true
    WHERE v.kind = 'replaced'
    UNION ALL
    -- a zone of a plan that is not loaded
    SELECT 'plan_missing', NULL, z.plan_code, NULL, -1, planning.near_part(z.geom, s.clip, CAST(:srid AS int))
    FROM subject s, zone_near z JOIN plan_state p ON p.plan_code = z.plan_code AND p.is_missing
),
doubt AS MATERIALIZED (
    SELECT * FROM (
    SELECT d.kind, d.theme, d.plan_code, d.note, d.rank, t.tile_no, m.part
    FROM doubt_ground d
    JOIN tile t ON t.shape && d.ground
    CROSS JOIN LATERAL (SELECT planning.piece(t.shape, d.ground, NULL) AS part OFFSET 0) m
    UNION ALL
    -- a plan whose legal state, or the extent of what was annulled of it, is not known
    SELECT p.doubt, NULL, p.plan_code, p.doubt_decision, -1, g.tile_no, g.part
    FROM plan_state p JOIN plan_piece g ON g.plan_code = p.plan_code
    WHERE p.doubt IS NOT NULL
    UNION ALL
    -- coverage or a line of a plan that is not loaded
    SELECT 'plan_missing', NULL, p.plan_code, NULL, -1, n.tile_no, n.part
    FROM plan_state p
    JOIN (
        SELECT plan_code, tile_no, part FROM covered
        UNION ALL
        SELECT l.plan_code, t.tile_no, t.shape FROM tile t, line_near l WHERE NOT ST_IsEmpty(l.geom)
    ) n ON n.plan_code = p.plan_code
    WHERE p.is_missing
    UNION ALL
    -- a plan of which the database should hold more (or less) than can be seen
    SELECT 'not_whole', h.theme, h.plan_code, NULL, -1, g.tile_no, g.part
    FROM held h JOIN plan_piece g ON g.plan_code = h.plan_code
    WHERE NOT h.is_whole
    UNION ALL
    -- what a plan claims to know in full though the class is not there, or not whole: wherever it claims it
    SELECT CASE WHEN h.plan_code IS NULL THEN 'not_loaded' ELSE 'not_whole' END, c.theme, c.plan_code, NULL, p.rank, c.tile_no, c.part
    FROM covered c
    JOIN plan_state p ON p.plan_code = c.plan_code
    LEFT JOIN held h ON h.plan_code = c.plan_code AND h.theme = c.theme
    WHERE c.extent = 'full' AND c.theme <> 'plans' AND p.in_force AND h.is_whole IS NOT TRUE
    UNION ALL
    -- a plan that claims to know its zoning and has no zone here
    SELECT 'uncovered', k.theme, k.plan_code, NULL, k.rank, k.tile_no, planning.piece(k.claimed, NULL, ST_Union(ARRAY[k.part, cut.plane]))
    FROM proof k LEFT JOIN cut ON cut.plan_code = k.plan_code
    WHERE k.theme = 'zoning' AND k.plan_code IS NOT NULL AND NOT k.is_all
    UNION ALL
    -- what is said to be known in part only, or not at all
    SELECT 'stated_' || c.extent, c.theme, c.plan_code, c.reason, coalesce(p.rank, -1), c.tile_no, c.part
    FROM covered c LEFT JOIN plan_state p ON p.plan_code = c.plan_code
    WHERE c.extent <> 'full' AND (c.plan_code IS NULL OR p.in_force)
    UNION ALL
    -- a plan in force of which this theme is not known here: it prevails over the plans below it
    SELECT 'not_loaded', k.theme, p.plan_code, NULL, p.rank, g.tile_no, planning.piece(g.part, NULL, own.part)
    FROM plan_state p
    JOIN plan_part g ON g.plan_code = p.plan_code
    CROSS JOIN unnest(ARRAY['zoning', 'red_line', 'building_line', 'corridor']) AS k (theme)
    CROSS JOIN LATERAL (
        SELECT CASE WHEN count(*) = 1 THEN (array_agg(o.part))[1] ELSE ST_Union(o.part) END AS part, bool_or(o.is_all) AS is_all
        FROM proof o WHERE o.plan_code = p.plan_code AND o.theme = k.theme AND o.tile_no = g.tile_no
    ) own
    WHERE p.in_force AND own.is_all IS NOT TRUE AND (own.part IS NULL OR EXISTS (
        SELECT FROM proof o
        WHERE o.theme = k.theme AND o.tile_no = g.tile_no AND o.rank >= p.rank AND o.plan_code IS DISTINCT FROM p.plan_code))
    OFFSET 0 -- or a piece would be made for the condition on it, and again for its value
    ) d
    WHERE NOT ST_IsEmpty(d.part)
),
known_piece AS MATERIALIZED (
    SELECT k.theme, k.tile_no,
        CASE WHEN bool_or(k.is_all) THEN (array_agg(k.part) FILTER (WHERE k.is_all))[1] WHEN count(*) = 1 THEN (array_agg(k.part))[1]
            ELSE ST_Union(k.part) END AS part
    FROM (
        SELECT k.theme, k.tile_no, k.is_all AND d.part IS NULL AS is_all, planning.piece(k.part, NULL, d.part) AS part
        FROM proof k
        LEFT JOIN LATERAL (
            SELECT ST_Union(d.part) AS part FROM doubt d
            WHERE d.tile_no = k.tile_no AND (d.theme IS NULL OR d.theme = k.theme) AND d.rank <= k.rank
        ) d ON true
        OFFSET 0
    ) k
    WHERE NOT ST_IsEmpty(k.part)
    GROUP BY k.theme, k.tile_no
),
stale_proof AS (
    SELECT DISTINCT k.theme, a.stated_on, o.update_cycle_days AS cycle_days
    FROM (SELECT DISTINCT theme, batch_id FROM proof) k
    JOIN ingest.batch b ON b.id = k.batch_id
    JOIN ingest.source o ON o.code = b.source_code
    CROSS JOIN LATERAL (SELECT CAST(b.committed_at AT TIME ZONE 'Asia/Ho_Chi_Minh' AS date) AS stated_on) a
    WHERE a.stated_on + o.update_cycle_days < CAST(:today AS date)
)
