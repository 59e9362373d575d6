-- The pieces that lines with a side restrict, each line's own and each kind's together, every ground counted once. Follows near.sql.
-- Parameters: srid int, touch_m, reach_m float8 (metres: nearer than touch_m is contact; farther than reach_m a line without a width
-- says nothing), most_strands int (of each kind only so many, the nearest, are looked at).
, line_kept AS MATERIALIZED (
    SELECT l.plan_code, l.kind, l.name, l.side, l.width_m,
        ST_Transform(CASE WHEN t.geom IS NULL THEN l.geom ELSE planning.line_outside(l.geom, t.geom) END, CAST(:srid AS int)) AS plane
    FROM line_near l
    JOIN plan_state p ON p.plan_code = l.plan_code AND (p.in_force OR p.doubt IS NOT NULL)
    LEFT JOIN LATERAL (SELECT ST_Union(t.geom) AS geom FROM taken t WHERE t.plan_code = l.plan_code AND t.geom && l.geom) t ON true
),
-- lines that say the same, joined where one goes on as the next; each strand keeps its direction, which gives its sides
line_rule AS MATERIALIZED (
    SELECT row_number() OVER () AS rule_no, l.plan_code, l.kind, l.name, l.side, l.width_m, ST_Collect(d.geom) AS drawn,
        ST_LineMerge(ST_Collect(d.geom), true) AS merged
    FROM line_kept l CROSS JOIN LATERAL ST_Dump(l.plane) d
    WHERE ST_Dimension(d.geom) = 1
    GROUP BY l.plan_code, l.kind, l.name, l.side, l.width_m
),
strand_near AS MATERIALIZED (
    SELECT t.*, t.distance_m <= CAST(:touch_m AS float8) AS is_contact, row_number() OVER (PARTITION BY t.kind ORDER BY t.distance_m) AS place
    FROM (
        SELECT r.rule_no, r.kind, r.side, nullif(r.width_m, 0) AS width_m, d.geom AS line, ST_IsClosed(d.geom) AS is_ring,
            ST_Distance(d.geom, s.plane) AS distance_m
        FROM subject s, line_rule r
        CROSS JOIN LATERAL ST_Dump(r.merged) m
        CROSS JOIN LATERAL (
            SELECT NOT ST_IsSimple(m.geom) AND ST_Length(ST_UnaryUnion(m.geom)) < ST_Length(m.geom) - 0.01 AS goes_back OFFSET 0
        ) b
        CROSS JOIN LATERAL (
            SELECT m.geom WHERE NOT b.goes_back
            UNION ALL -- what was drawn there and back has two left sides: each way by itself
            SELECT o.geom FROM ST_Dump(r.drawn) o WHERE b.goes_back AND ST_CoveredBy(o.geom, m.geom)
        ) d
        WHERE ST_Length(d.geom) > 0.01
    ) t
    WHERE t.distance_m <= greatest(CAST(:touch_m AS float8), coalesce(t.width_m, CAST(:reach_m AS float8)))
),
strand AS MATERIALIZED (SELECT * FROM strand_near WHERE place <= CAST(:most_strands AS int)),
-- of the lines without a width the nearest decides: road land lies between two red lines, each nearer to its own half
splitting AS MATERIALIZED (SELECT *, 0.001 / ST_Length(line) AS step FROM strand WHERE width_m IS NULL AND side <> 'both'),
piece AS MATERIALIZED (
    SELECT f.kind, row_number() OVER () AS piece_no, f.face, f.inside
    FROM subject s, (
        SELECT e.kind, d.geom AS face, ST_PointOnSurface(d.geom) AS inside
        FROM (
            SELECT k.kind, ST_Polygonize(ARRAY[ST_Union(k.edge)]) AS faces
            FROM (
                SELECT kind, line AS edge FROM splitting WHERE distance_m = 0
                UNION ALL
                SELECT t.kind, ST_Boundary(s.plane) FROM subject s, (SELECT DISTINCT kind FROM splitting) t WHERE s.has_area
            ) k
            GROUP BY k.kind
        ) e
        CROSS JOIN LATERAL ST_Dump(e.faces) d
    ) f
    WHERE s.has_area AND ST_Intersects(f.inside, s.plane)
    UNION ALL
    SELECT DISTINCT t.kind, 0, s.plane, s.plane FROM splitting t, subject s WHERE NOT s.has_area
),
inferred AS MATERIALIZED (
    SELECT p.kind, p.face AS part, n.rule_no, NOT n.is_contact AS is_inferred
    FROM piece p
    CROSS JOIN LATERAL (
        SELECT t.rule_no, t.is_contact, (m.turn > 0 AND t.side = 'left') OR (m.turn < 0 AND t.side = 'right') AS on_side
        FROM splitting t
        CROSS JOIN LATERAL (SELECT ST_LineLocatePoint(t.line, p.inside) AS place) f
        CROSS JOIN LATERAL (
            SELECT ST_LineInterpolatePoint(t.line, f.place) AS foot,
                ST_LineInterpolatePoint(t.line, CASE
                    WHEN f.place >= t.step THEN f.place - t.step WHEN t.is_ring THEN 1 - t.step ELSE 0 END) AS before,
                ST_LineInterpolatePoint(t.line, CASE
                    WHEN f.place <= 1 - t.step THEN f.place + t.step WHEN t.is_ring THEN t.step ELSE 1 END) AS after
        ) g
        CROSS JOIN LATERAL (
            SELECT ST_Distance(g.foot, p.inside) AS distance_m,
                (ST_X(g.after) - ST_X(g.before)) * (ST_Y(p.inside) - ST_Y(g.foot))
                    - (ST_Y(g.after) - ST_Y(g.before)) * (ST_X(p.inside) - ST_X(g.foot)) AS turn,
                ((ST_X(g.after) - ST_X(g.before)) * (ST_X(p.inside) - ST_X(g.foot))
                    + (ST_Y(g.after) - ST_Y(g.before)) * (ST_Y(p.inside) - ST_Y(g.foot)))
                    / nullif(ST_Distance(g.before, g.after), 0) AS ahead -- beyond the end, along the line
        ) m
        WHERE t.kind = p.kind AND m.distance_m <= CAST(:reach_m AS float8)
            AND (t.is_ring OR NOT ((f.place <= 1e-9 AND m.ahead < -0.001) OR (f.place >= 1 - 1e-9 AND m.ahead > 0.001)))
        ORDER BY m.distance_m LIMIT 1
    ) n
    WHERE n.on_side
),
ground AS MATERIALIZED (
    SELECT rule_no, kind, false AS is_inferred, planning.restricted_strip(line, width_m, side) AS shape
    FROM strand WHERE distance_m <= width_m
    UNION ALL
    SELECT rule_no, kind, is_inferred, part FROM inferred
),
rule_piece AS MATERIALIZED (
    SELECT p.rule_no, p.kind, p.tile_no, bool_and(p.is_inferred) AS is_inferred,
        CASE WHEN count(*) = 1 THEN (array_agg(p.part))[1] ELSE ST_Union(p.part) END AS part
    FROM (
        SELECT g.rule_no, g.kind, g.is_inferred, t.tile_no, planning.piece(t.shape, g.shape, NULL) AS part
        FROM ground g JOIN tile t ON t.shape && g.shape
        OFFSET 0 -- or a piece would be made for the condition on it, and again for its value
    ) p
    WHERE NOT ST_IsEmpty(p.part)
    GROUP BY p.rule_no, p.kind, p.tile_no
),
-- what the lines of a kind restrict together, each ground once
kind_piece AS MATERIALIZED (
    SELECT kind, tile_no, CASE WHEN count(*) = 1 THEN (array_agg(part))[1] ELSE ST_Union(part) END AS part
    FROM rule_piece GROUP BY kind, tile_no
),
margin AS MATERIALIZED (
    -- mitred: a round corner of 10 cm would say nothing more, and makes ten vertices of each
    SELECT ST_Subdivide(ST_Buffer(s.plane, CAST(:touch_m AS float8), 'join=mitre mitre_limit=2'), 192) AS part
    FROM subject s WHERE s.has_area AND EXISTS (SELECT FROM strand WHERE is_contact)
),
rule_contact AS MATERIALIZED (
    SELECT t.rule_no, bool_or(t.is_contact) AS is_contact, min(t.distance_m) AS distance_m, coalesce(sum(c.contact_m), 0) AS contact_m,
        bool_or(t.width_m IS NULL AND t.is_contact AND NOT t.is_ring AND s.has_area AND (
            planning.lies_deep(ST_StartPoint(t.line), s.plane, CAST(:touch_m AS float8))
            OR planning.lies_deep(ST_EndPoint(t.line), s.plane, CAST(:touch_m AS float8)))) AS ends_inside
    FROM subject s, strand t
    LEFT JOIN LATERAL (
        SELECT sum(ST_Length(ST_Intersection(t.line, m.part))) AS contact_m FROM margin m WHERE t.is_contact AND m.part && t.line
    ) c ON true
    GROUP BY t.rule_no
)
