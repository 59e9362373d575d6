-- Everything that the planning themes hold about a place, measured in the plane of a VN-2000 zone; what it means is judged elsewhere.
-- Follows a head of sources. Parameters: shape bytea (EWKB in EPSG:4326, a point or a surface), srid int (of the plane, with the
-- pinned shift), as_of date, touch_m, reach_m float8 (metres: nearer than touch_m is contact; farther than reach_m a line without
-- a width says nothing), with_shapes boolean (give the parts' geometry, in the plane).
-- Relies on zone_geom_idx, plan_geom_idx, planning_line_geom_idx, planning_line_wide_idx, theme_coverage_geom_idx,
-- plan_event_key, plan_code_period_excl, document_key.
, subject AS MATERIALIZED (
    SELECT s.geom, ST_Transform(s.geom, CAST(:srid AS int)) AS plane, ST_Dimension(s.geom) = 2 AS has_area,
        -- boxes in degrees: 50 m to cut surfaces to, more than reach_m (100) for lines, 2 km for strips wider than 100 m
        ST_Expand(ST_Envelope(s.geom), 0.0005) AS clip, ST_Expand(ST_Envelope(s.geom), 0.0011) AS near,
        ST_Expand(ST_Envelope(s.geom), 0.02) AS wide
    FROM (SELECT ST_GeomFromEWKB(CAST(:shape AS bytea)) AS geom) s
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
plan_near AS MATERIALIZED (
    SELECT *
    FROM (
        SELECT p.code, p.geom, p.valid_from, ST_Covers(p.geom, s.geom) AS covers, s.geom AS asked
        FROM subject s JOIN plan p ON p.geom && s.geom
        WHERE p.valid_to IS NULL OR p.valid_to > CAST(:as_of AS date)
        OFFSET 0
    ) p
    WHERE p.covers OR ST_Intersects(p.geom, p.asked)
),
line_near AS MATERIALIZED (
    SELECT l.plan_code, l.kind, l.name, l.side, l.width_m,
        -- ST_ClipByBox2D keeps the direction of a line, which ST_Intersection does not promise
        ST_Transform(ST_ClipByBox2D(l.geom, CASE WHEN l.width_m > 100 THEN s.wide ELSE s.near END), CAST(:srid AS int)) AS plane
    FROM subject s JOIN planning_line l ON l.geom && s.near OR (l.width_m > 100 AND l.geom && s.wide)
    WHERE l.valid_from <= CAST(:as_of AS date) AND (l.valid_to IS NULL OR l.valid_to > CAST(:as_of AS date))
),
coverage_near AS MATERIALIZED (
    SELECT *
    FROM (
        SELECT c.theme, c.extent, c.plan_code, c.reason, c.geom, ST_Covers(c.geom, s.geom) AS covers, s.geom AS asked
        FROM subject s JOIN theme_coverage c ON c.geom && s.geom
        WHERE c.valid_from <= CAST(:as_of AS date) AND (c.valid_to IS NULL OR c.valid_to > CAST(:as_of AS date))
        OFFSET 0
    ) c
    WHERE c.covers OR ST_Intersects(c.geom, c.asked)
),
concerned AS MATERIALIZED (
    SELECT plan_code FROM zone_near
    UNION SELECT code FROM plan_near
    UNION SELECT plan_code FROM line_near
    UNION SELECT plan_code FROM coverage_near WHERE plan_code IS NOT NULL
),
-- the legal state of each plan on the day: of its rows the one in force, else the next to come, else the last that was
plan_state AS MATERIALIZED (
    SELECT c.plan_code, p.name, p.name_en, p.plan_level, p.plan_kind, p.adjustment, p.decision_no, p.decided_on, p.authority,
        p.valid_from, p.valid_to, p.is_sample, coalesce(e.status, p.status) AS status, p.code IS NULL AS is_missing,
        coalesce(p.in_force AND p.status <> 'in_preparation', p.code IS NULL) AS in_force,
        coalesce(NOT p.in_force AND p.valid_from > CAST(:as_of AS date) AND p.status <> 'in_preparation'
            AND (e.status IS NOT NULL OR p.decided_on <= CAST(:as_of AS date)), false) AS upcoming
    FROM concerned c
    LEFT JOIN LATERAL (
        SELECT p.*, p.valid_from <= CAST(:as_of AS date) AND (p.valid_to IS NULL OR p.valid_to > CAST(:as_of AS date)) AS in_force,
            (SELECT s.is_sample FROM ingest.batch b JOIN ingest.source s ON s.code = b.source_code WHERE b.id = p.batch_id)
                AS is_sample
        FROM plan p WHERE p.code = c.plan_code
        ORDER BY in_force DESC, abs(p.valid_from - CAST(:as_of AS date)) LIMIT 1
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
),
-- where a plan's content no longer holds since an event took that part of its territory away
cut AS MATERIALIZED (
    SELECT e.plan_code, ST_Union(ST_Transform(ST_CollectionExtract(ST_Intersection(e.geom, s.clip), 3), CAST(:srid AS int))) AS plane
    FROM subject s, concerned c JOIN plan_event e ON e.plan_code = c.plan_code
    WHERE e.geom && s.geom AND e.effective_on <= CAST(:as_of AS date)
        AND e.kind IN ('amended', 'partly_annulled', 'annulled', 'replaced', 'expired')
    GROUP BY e.plan_code
),
zone_part AS MATERIALIZED (
    SELECT z.plan_code, z.code, z.name, z.function_code, z.function_raw, z.max_coverage_pct, z.max_far, z.min_storeys,
        z.max_storeys, z.max_height_m, z.population, z.setback_m, m.part
    FROM subject s, zone_near z
    JOIN plan_state p ON p.plan_code = z.plan_code AND p.in_force
    LEFT JOIN cut ON cut.plan_code = z.plan_code
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN z.covers AND cut.plane IS NULL THEN s.plane
            WHEN NOT s.has_area THEN CASE WHEN ST_Intersects(cut.plane, s.plane) THEN NULL ELSE s.plane END
            ELSE ST_Intersection(s.plane, CASE WHEN cut.plane IS NULL THEN t.plane ELSE ST_Difference(t.plane, cut.plane) END)
        END AS part
        FROM (
            SELECT CASE WHEN s.has_area AND NOT (z.covers AND cut.plane IS NULL)
                THEN ST_Transform(ST_CollectionExtract(ST_Intersection(z.geom, s.clip), 3), CAST(:srid AS int)) END AS plane
        ) t
    ) m
    WHERE m.part IS NOT NULL
),
-- parts under one and the same rule are one part
zone_rule AS MATERIALIZED (
    SELECT plan_code, function_code, function_raw, max_coverage_pct, max_far, min_storeys, max_storeys, max_height_m, population,
        setback_m, array_agg(code ORDER BY code) AS codes, array_agg(DISTINCT name) FILTER (WHERE name IS NOT NULL) AS names,
        CASE WHEN count(*) = 1 THEN (array_agg(part))[1] ELSE ST_Union(part) END AS part
    FROM zone_part
    GROUP BY plan_code, function_code, function_raw, max_coverage_pct, max_far, min_storeys, max_storeys, max_height_m, population,
        setback_m
),
plan_part AS MATERIALIZED (
    SELECT n.code AS plan_code, CASE WHEN n.covers OR NOT s.has_area THEN s.plane ELSE ST_Intersection(
        s.plane, ST_Transform(ST_CollectionExtract(ST_Intersection(n.geom, s.clip), 3), CAST(:srid AS int))) END AS part
    FROM subject s, plan_near n
    JOIN plan_state p ON p.plan_code = n.code AND p.valid_from = n.valid_from AND (p.in_force OR p.upcoming)
),
theme_known AS MATERIALIZED (
    SELECT k.theme, bool_or(k.covers) AS everywhere,
        CASE WHEN bool_or(k.covers) THEN NULL ELSE ST_Area(ST_Intersection(s.plane, ST_Union(k.plane))) END AS area_m2
    FROM subject s, (
        SELECT c.theme, (c.covers OR NOT s.has_area) AND (cut.plane IS NULL OR NOT ST_Intersects(cut.plane, s.plane)) AS covers,
            CASE
                WHEN (c.covers AND cut.plane IS NULL) OR NOT s.has_area THEN NULL
                WHEN cut.plane IS NULL THEN t.plane
                ELSE ST_Difference(t.plane, cut.plane)
            END AS plane
        FROM subject s, coverage_near c
        LEFT JOIN plan_state p ON p.plan_code = c.plan_code
        LEFT JOIN cut ON cut.plan_code = c.plan_code
        CROSS JOIN LATERAL (
            SELECT CASE WHEN s.has_area AND NOT (c.covers AND cut.plane IS NULL)
                THEN ST_Transform(ST_CollectionExtract(ST_Intersection(c.geom, s.clip), 3), CAST(:srid AS int)) END AS plane
        ) t
        WHERE c.extent = 'full' AND (c.plan_code IS NULL OR (p.in_force AND NOT p.is_missing))
    ) k
    GROUP BY k.theme, s.plane
),
-- lines that say the same, joined where one goes on as the next; each strand keeps its direction, which gives its sides
line_rule AS MATERIALIZED (
    SELECT row_number() OVER () AS rule_no, l.plan_code, l.kind, l.name, l.side, l.width_m, ST_LineMerge(ST_Collect(d.geom), true) AS merged
    FROM line_near l
    JOIN plan_state p ON p.plan_code = l.plan_code AND p.in_force
    CROSS JOIN LATERAL ST_Dump(l.plane) d
    WHERE ST_Dimension(d.geom) = 1
    GROUP BY l.plan_code, l.kind, l.name, l.side, l.width_m
),
strand AS MATERIALIZED (
    SELECT t.*, t.distance_m <= CAST(:touch_m AS float8) AS is_contact,
        -- the strand stands out of its strip by 1 mm at each end, so that it cuts the strip in two
        CASE WHEN t.distance_m <= t.width_m THEN
            planning.strip_beside(ST_LineSubstring(t.line, t.step, 1 - t.step), t.width_m) END AS strip
    FROM (
        SELECT r.rule_no, r.kind, r.side, nullif(r.width_m, 0) AS width_m, d.geom AS line, ST_IsClosed(d.geom) AS is_ring,
            0.001 / ST_Length(d.geom) AS step, -- 1 mm as a fraction of the length
            ST_Distance(d.geom, s.plane) AS distance_m
        FROM subject s, line_rule r CROSS JOIN LATERAL ST_Dump(r.merged) d
        WHERE ST_Length(d.geom) > 0.01
    ) t
),
-- the subject cut along every line and every strip's edge: within a piece each line says the same
piece_edge AS (
    SELECT k.kind, ST_Boundary(s.plane) AS edge
    FROM subject s, (SELECT DISTINCT kind FROM strand) k
    WHERE s.has_area
    UNION ALL
    SELECT t.kind, t.line FROM strand t, subject s WHERE s.has_area AND t.distance_m <= coalesce(t.width_m, 0)
    UNION ALL
    SELECT t.kind, ST_Boundary(t.strip) FROM strand t, subject s WHERE s.has_area AND t.strip IS NOT NULL
),
piece AS MATERIALIZED (
    SELECT f.kind, row_number() OVER () AS piece_no, f.face, f.inside, ST_Area(f.face) AS area_m2
    FROM subject s, (
        SELECT e.kind, d.geom AS face, ST_PointOnSurface(d.geom) AS inside
        FROM (SELECT kind, ST_Polygonize(ARRAY[ST_Union(edge)]) AS faces FROM piece_edge GROUP BY kind) e
        CROSS JOIN LATERAL ST_Dump(e.faces) d
    ) f
    WHERE ST_Intersects(f.inside, s.plane)
    UNION ALL
    SELECT DISTINCT t.kind, 0, NULL::geometry, s.plane, 0.0::float8 FROM strand t, subject s WHERE NOT s.has_area
),
-- where each piece lies as seen from each strand: within its strip, how far, on which side, beside it or beyond its end
seen AS MATERIALIZED (
    SELECT p.kind, p.piece_no, p.area_m2, t.rule_no, t.width_m, t.is_contact, m.distance_m,
        coalesce(ST_DWithin(t.strip, p.inside, 1e-5), false) AS in_strip,
        t.side = 'both' OR (m.turn > 0 AND t.side = 'left') OR (m.turn < 0 AND t.side = 'right') AS on_side,
        NOT t.is_ring AND ((m.place <= 1e-9 AND m.ahead < -0.001) OR (m.place >= 1 - 1e-9 AND m.ahead > 0.001)) AS beyond,
        t.side = 'both' AND t.width_m IS NULL AS endless
    FROM piece p
    JOIN strand t ON t.kind = p.kind
    CROSS JOIN LATERAL (SELECT ST_LineLocatePoint(t.line, p.inside) AS place) f
    CROSS JOIN LATERAL (
        SELECT ST_LineInterpolatePoint(t.line, f.place) AS foot,
            ST_LineInterpolatePoint(t.line, CASE
                WHEN f.place >= t.step THEN f.place - t.step WHEN t.is_ring THEN 1 - t.step ELSE 0 END) AS before,
            ST_LineInterpolatePoint(t.line, CASE
                WHEN f.place <= 1 - t.step THEN f.place + t.step WHEN t.is_ring THEN t.step ELSE 1 END) AS after
    ) g
    CROSS JOIN LATERAL (
        SELECT f.place, ST_Distance(g.foot, p.inside) AS distance_m,
            (ST_X(g.after) - ST_X(g.before)) * (ST_Y(p.inside) - ST_Y(g.foot))
                - (ST_Y(g.after) - ST_Y(g.before)) * (ST_X(p.inside) - ST_X(g.foot)) AS turn,
            ((ST_X(g.after) - ST_X(g.before)) * (ST_X(p.inside) - ST_X(g.foot))
                + (ST_Y(g.after) - ST_Y(g.before)) * (ST_Y(p.inside) - ST_Y(g.foot)))
                / nullif(ST_Distance(g.before, g.after), 0) AS ahead
    ) m
),
restricted AS MATERIALIZED (
    SELECT kind, piece_no, area_m2, rule_no, distance_m, false AS is_inferred
    FROM seen WHERE in_strip AND on_side
    UNION ALL
    -- of the lines without a width the nearest decides: road land lies between two red lines, each nearer to its own half
    SELECT n.kind, n.piece_no, n.area_m2, n.rule_no, n.distance_m, NOT n.is_contact
    FROM (
        SELECT DISTINCT ON (kind, piece_no) * FROM seen
        WHERE width_m IS NULL AND NOT endless AND NOT beyond AND distance_m <= CAST(:reach_m AS float8)
        ORDER BY kind, piece_no, distance_m
    ) n
    WHERE n.on_side
)
SELECT
    land.is_unpublished(s.geom) AS is_unpublished,
    CASE WHEN s.has_area THEN ST_Area(s.plane) END AS area_m2,
    CASE WHEN CAST(:with_shapes AS boolean) THEN ST_AsGeoJSON(s.plane, 3, 0)::json END AS plane,
    (
        SELECT json_agg(json_build_object(
            'plan', r.plan_code, 'codes', r.codes, 'names', r.names, 'function_code', r.function_code, 'function_raw', r.function_raw,
            'function_name', f.name, 'function_name_en', f.name_en, 'color', f.map_color,
            'parameters', json_build_object(
                'max_coverage_pct', r.max_coverage_pct, 'max_far', r.max_far, 'min_storeys', r.min_storeys,
                'max_storeys', r.max_storeys, 'max_height_m', r.max_height_m, 'population', r.population, 'setback_m', r.setback_m),
            'area_m2', ST_Area(r.part),
            'shape', CASE WHEN CAST(:with_shapes AS boolean) THEN ST_AsGeoJSON(ST_CollectionExtract(r.part, 3), 3, 0)::json END
        ) ORDER BY r.plan_code, r.codes)
        FROM zone_rule r LEFT JOIN planning.zone_function f ON f.code = r.function_code
    ) AS zones,
    (
        SELECT json_object_agg(u.plan_code, u.area_m2)
        FROM (SELECT plan_code, ST_Area(ST_Union(part)) AS area_m2 FROM zone_rule GROUP BY plan_code) u
    ) AS zoned_m2,
    (
        SELECT json_agg(json_build_object(
            'plan', p.plan_code, 'area_m2', ST_Area(p.part),
            'shape', CASE WHEN CAST(:with_shapes AS boolean) THEN ST_AsGeoJSON(ST_CollectionExtract(p.part, 3), 3, 0)::json END))
        FROM plan_part p
    ) AS plan_parts,
    (
        SELECT json_object_agg(p.plan_code, json_build_object(
            'code', p.plan_code, 'name', p.name, 'name_en', p.name_en, 'level', p.plan_level, 'kind', p.plan_kind,
            'adjustment', p.adjustment, 'status', p.status, 'decision_no', p.decision_no, 'decision_date', p.decided_on,
            'authority', p.authority, 'valid_from', p.valid_from, 'valid_to', p.valid_to, 'is_upcoming', p.upcoming,
            'is_missing', p.is_missing, 'is_sample', p.is_sample, 'is_cut', EXISTS (SELECT FROM cut WHERE cut.plan_code = p.plan_code),
            'documents', (
                SELECT json_agg(json_build_object(
                    'title', d.title, 'kind', d.kind, 'number', d.number, 'date', d.issued_on, 'url', d.url) ORDER BY d.kind, d.title)
                FROM document d WHERE d.plan_code = p.plan_code
            )))
        FROM plan_state p WHERE p.in_force OR p.upcoming
    ) AS plans,
    (
        SELECT json_agg(json_build_object(
            'rule', r.rule_no, 'plan', r.plan_code, 'kind', r.kind, 'name', r.name, 'side', r.side, 'width_m', r.width_m,
            'is_contact', t.is_contact, 'distance_m', t.distance_m, 'contact_m', t.contact_m, 'ends_inside', t.ends_inside,
            'is_restricting', x.rule_no IS NOT NULL, 'is_inferred', x.is_inferred, 'area_m2', coalesce(x.area_m2, 0),
            'line', CASE WHEN CAST(:with_shapes AS boolean) THEN ST_AsGeoJSON(r.merged, 3, 0)::json END,
            'shape', CASE WHEN CAST(:with_shapes AS boolean) THEN ST_AsGeoJSON(x.part, 3, 0)::json END
        ) ORDER BY r.kind, r.plan_code, r.name, r.side, r.width_m)
        FROM line_rule r
        JOIN (
            SELECT t.rule_no, bool_or(t.is_contact) AS is_contact, min(t.distance_m) AS distance_m,
                sum(CASE WHEN t.is_contact AND s.has_area
                    THEN ST_Length(ST_Intersection(t.line, ST_Buffer(s.plane, CAST(:touch_m AS float8)))) ELSE 0 END) AS contact_m,
                bool_or(t.width_m IS NULL AND s.has_area AND t.is_contact AND NOT t.is_ring AND (
                    ST_Contains(ST_Buffer(s.plane, -CAST(:touch_m AS float8)), ST_StartPoint(t.line))
                    OR ST_Contains(ST_Buffer(s.plane, -CAST(:touch_m AS float8)), ST_EndPoint(t.line)))) AS ends_inside
            FROM strand t GROUP BY t.rule_no
        ) t ON t.rule_no = r.rule_no
        LEFT JOIN (
            SELECT x.rule_no, sum(x.area_m2) AS area_m2, bool_and(x.is_inferred) AS is_inferred,
                CASE WHEN CAST(:with_shapes AS boolean) THEN ST_Union(p.face) END AS part
            FROM restricted x JOIN piece p ON p.piece_no = x.piece_no AND p.kind = x.kind
            GROUP BY x.rule_no
        ) x ON x.rule_no = r.rule_no
        WHERE t.is_contact OR x.rule_no IS NOT NULL
    ) AS lines,
    (
        SELECT json_object_agg(a.kind, a.area_m2)
        FROM (SELECT kind, sum(area_m2) AS area_m2 FROM (SELECT DISTINCT kind, piece_no, area_m2 FROM restricted) d GROUP BY kind) a
    ) AS restricted_m2,
    (SELECT json_object_agg(k.theme, json_build_object('everywhere', k.everywhere, 'area_m2', k.area_m2)) FROM theme_known k) AS known,
    (
        SELECT json_agg(DISTINCT jsonb_build_object('theme', c.theme, 'extent', c.extent, 'reason', c.reason, 'plan', c.plan_code))
        FROM coverage_near c
    ) AS coverage
FROM subject s
