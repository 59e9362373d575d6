-- Everything that the planning themes hold about a place, measured in the plane of a VN-2000 zone; what it means is judged elsewhere.
-- Follows near.sql, surfaces.sql, lines.sql, known.sql. Parameters: boundary_m, least_m2 float8 (what two surveys of one boundary may
-- differ by: see planning.wide_area), most_strands int, with_shapes boolean (give the parts' geometry, in the plane). Relies on document_key.
SELECT
    -- a policy on rows would hide content without a trace: then nothing at all is proven
    (
        SELECT bool_or(row_security_active(format('planning.%I', t)) OR row_security_active(format('history.%I', 'planning__' || t)))
        FROM unnest(ARRAY['zone', 'plan', 'plan_event', 'planning_line', 'theme_coverage', 'plan_content', 'content_gap']) AS t
    ) AS rows_may_be_hidden,
    CASE WHEN s.has_area THEN ST_Area(s.plane) END AS area_m2,
    CASE WHEN CAST(:with_shapes AS boolean) THEN ST_AsGeoJSON(s.plane, 3, 0)::json END AS plane,
    (
        SELECT json_agg(json_build_object(
            'plan', r.plan_code, 'codes', r.codes, 'names', r.names, 'function_code', r.function_code, 'function_raw', r.function_raw,
            'function_name', f.name, 'function_name_en', f.name_en, 'color', f.map_color,
            'parameters', json_build_object(
                'max_coverage_pct', r.max_coverage_pct, 'max_far', r.max_far, 'min_storeys', r.min_storeys,
                'max_storeys', r.max_storeys, 'max_height_m', r.max_height_m, 'population', r.population, 'setback_m', r.setback_m),
            'area_m2', p.area_m2, 'wide_m2', planning.wide_area(p.parts, CAST(:boundary_m AS float8), CAST(:least_m2 AS float8)),
            'shape', CASE WHEN CAST(:with_shapes AS boolean) THEN ST_AsGeoJSON(ST_Union(p.parts), 3, 0)::json END
        ) ORDER BY r.plan_code, r.codes)
        FROM zone_rule r
        JOIN (SELECT rule_no, sum(ST_Area(part)) AS area_m2, array_agg(part) AS parts FROM zone_piece GROUP BY rule_no) p
            ON p.rule_no = r.rule_no
        LEFT JOIN planning.zone_function f ON f.code = r.function_code
    ) AS zones,
    (
        SELECT json_object_agg(z.plan_code, z.area_m2)
        FROM (SELECT plan_code, sum(ST_Area(part)) AS area_m2 FROM zoned GROUP BY plan_code) z
    ) AS zoned_m2,
    (
        SELECT json_agg(json_build_object(
            'plan', p.plan_code, 'area_m2', p.area_m2,
            'wide_m2', planning.wide_area(p.parts, CAST(:boundary_m AS float8), CAST(:least_m2 AS float8)),
            'shape', CASE WHEN CAST(:with_shapes AS boolean) THEN ST_AsGeoJSON(ST_Union(p.parts), 3, 0)::json END))
        FROM (SELECT plan_code, sum(ST_Area(part)) AS area_m2, array_agg(part) AS parts FROM plan_part GROUP BY plan_code) p
    ) AS plan_parts,
    (
        SELECT json_object_agg(p.plan_code, json_build_object(
            'code', p.plan_code, 'name', p.name, 'name_en', p.name_en, 'level', p.plan_level, 'rank', p.rank, 'kind', p.plan_kind,
            'adjustment', p.adjustment, 'status', p.status, 'decision_no', p.decision_no, 'decision_date', p.decided_on,
            'authority', p.authority, 'valid_from', p.valid_from, 'valid_to', p.valid_to, 'is_upcoming', p.upcoming,
            'is_missing', p.is_missing, 'is_sample', p.is_sample, 'doubt', p.doubt, 'doubt_decision', p.doubt_decision,
            'documents', (
                SELECT json_agg(json_build_object(
                    'title', d.title, 'kind', d.kind, 'number', d.number, 'date', d.issued_on, 'url', d.url) ORDER BY d.kind, d.title)
                FROM document d WHERE d.plan_code = p.plan_code
            )))
        FROM plan_state p WHERE p.in_force OR p.upcoming OR p.doubt IS NOT NULL
    ) AS plans,
    -- what events took away of each plan here: the place lies inside that part, outside of it, across its edge, or nobody drew it
    (
        SELECT json_agg(json_build_object(
            'plan', c.plan_code, 'kind', c.kind, 'effective_on', c.effective_on, 'decision_no', c.decision_no,
            'other_plan', c.other_plan_code, 'is_drawn', c.geom IS NOT NULL, 'is_inside', c.area_m2 IS NOT NULL,
            'area_m2', coalesce(c.area_m2, 0),
            'inside_m2', coalesce(planning.wide_area(c.inside, CAST(:boundary_m AS float8), CAST(:least_m2 AS float8)), 0),
            'outside_m2', planning.wide_area(c.outside, CAST(:boundary_m AS float8), CAST(:least_m2 AS float8))
        ) ORDER BY c.plan_code, c.effective_on, c.kind)
        FROM (
            SELECT v.plan_code, v.kind, v.effective_on, v.decision_no, v.other_plan_code, v.geom, sum(ST_Area(m.inside)) AS area_m2,
                array_agg(m.inside) FILTER (WHERE m.inside IS NOT NULL) AS inside, array_agg(planning.piece(t.shape, NULL, m.inside)) AS outside
            FROM event_by_day v
            JOIN plan_state p ON p.plan_code = v.plan_code AND (p.in_force OR p.doubt IS NOT NULL)
            CROSS JOIN LATERAL (SELECT planning.near_part(v.geom, s.clip, ST_SRID(s.plane)) AS ground OFFSET 0) g
            CROSS JOIN tile t
            LEFT JOIN LATERAL (SELECT planning.piece(t.shape, g.ground, NULL) AS inside WHERE g.ground && t.shape OFFSET 0) m
                ON NOT ST_IsEmpty(m.inside)
            WHERE v.kind IN ('amended', 'partly_annulled', 'annulled', 'replaced', 'expired')
                AND EXISTS (SELECT FROM plan_piece g WHERE g.plan_code = v.plan_code)
            GROUP BY v.plan_code, v.kind, v.effective_on, v.decision_no, v.other_plan_code, v.geom
        ) c
    ) AS changes,
    (
        SELECT json_agg(json_build_object(
            'rule', r.rule_no, 'plan', r.plan_code, 'kind', r.kind, 'name', r.name, 'side', r.side, 'width_m', r.width_m,
            'is_contact', t.is_contact, 'distance_m', t.distance_m, 'contact_m', t.contact_m, 'ends_inside', t.ends_inside,
            'is_restricting', g.rule_no IS NOT NULL, 'is_inferred', g.is_inferred, 'area_m2', coalesce(g.area_m2, 0),
            'wide_m2', coalesce(planning.wide_area(g.parts, CAST(:boundary_m AS float8), CAST(:least_m2 AS float8)), 0),
            'line', CASE WHEN CAST(:with_shapes AS boolean) THEN ST_AsGeoJSON(r.merged, 3, 0)::json END,
            'shape', CASE WHEN CAST(:with_shapes AS boolean) THEN ST_AsGeoJSON(ST_Union(g.parts), 3, 0)::json END
        ) ORDER BY r.kind, r.plan_code, r.name, r.side, r.width_m)
        FROM line_rule r
        JOIN rule_contact t ON t.rule_no = r.rule_no
        LEFT JOIN (
            SELECT rule_no, bool_and(is_inferred) AS is_inferred, sum(ST_Area(part)) AS area_m2, array_agg(part) AS parts
            FROM rule_piece GROUP BY rule_no
        ) g ON g.rule_no = r.rule_no
        WHERE t.is_contact OR g.rule_no IS NOT NULL
    ) AS lines,
    (
        SELECT json_object_agg(g.kind, g.area_m2)
        FROM (SELECT kind, sum(ST_Area(part)) AS area_m2 FROM kind_piece GROUP BY kind) g
    ) AS restricted_m2,
    (
        SELECT json_object_agg(c.kind, c.left_out)
        FROM (SELECT kind, count(*) AS left_out FROM strand_near WHERE place > CAST(:most_strands AS int) GROUP BY kind) c
    ) AS strands_left_out,
    (
        SELECT json_object_agg(k.theme, json_build_object(
            'area_m2', k.area_m2,
            'unknown_m2', planning.wide_area(k.unknown, CAST(:boundary_m AS float8), CAST(:least_m2 AS float8))))
        FROM (
            SELECT h.theme, sum(ST_Area(k.part)) AS area_m2, array_agg(planning.piece(t.shape, NULL, k.part)) AS unknown
            FROM (SELECT DISTINCT theme FROM known_piece) h
            CROSS JOIN tile t
            LEFT JOIN known_piece k ON k.theme = h.theme AND k.tile_no = t.tile_no
            GROUP BY h.theme
        ) k
    ) AS known,
    (
        SELECT json_agg(DISTINCT jsonb_build_object('kind', d.kind, 'theme', d.theme, 'plan', d.plan_code, 'note', d.note))
        FROM (SELECT kind, theme, plan_code, note, sum(ST_Area(part)) AS area_m2 FROM doubt
              GROUP BY kind, theme, plan_code, note) d
        WHERE NOT s.has_area OR d.area_m2 > CAST(:least_m2 AS float8)
    ) AS doubts,
    (
        SELECT json_agg(json_build_object('theme', p.theme, 'stated_on', p.stated_on, 'cycle_days', p.cycle_days)) FROM stale_proof p
    ) AS stale_proofs
FROM subject s
