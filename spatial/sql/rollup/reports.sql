-- Figures as given (the refresh's own figure_given), carried to the units of today; nobody is counted twice or lost.
-- A figure follows unit_edge from its unit; it stops where a unit on its way has a figure of its own for the period and the later day
-- (that figure holds it). Values are rounded so that they add up to what was given (largest remainder). Of a figure that nobody could
-- divide the province keeps `CODE:undivided`, and the units it may belong to have a row without a value.
-- coverage: the part of today's unit that the figures come from, times what the office said of them.
-- What does not count as it stands goes to rollup.note.
-- Parameters: legal_date date, period text (of the state's figures today), enough float8 (see figures.ENOUGH).
WITH RECURSIVE
walk AS (
    SELECT id, indicator_code, level, period, unit_code AS code, unit_code AS last_code, since,
        1.0::float8 AS people, 1.0::float8 AS land, 1.0::float8 AS ground, false AS is_open, NULL::text AS held_by
    FROM figure_given
    UNION ALL
    SELECT w.id, w.indicator_code, w.level, w.period, e.to_code, w.code, e.changed_on,
        w.people * e.people_share, w.land * e.land_share, w.ground * e.ground_share, w.is_open OR NOT e.is_divided, h.unit_code
    FROM walk w
    JOIN unit_edge e ON e.level = w.level AND e.from_code = w.code AND w.since >= e.begins AND w.since < e.changed_on
    LEFT JOIN figure_given h ON h.indicator_code = w.indicator_code AND h.level = w.level AND h.period = w.period
        AND h.unit_code = e.to_code AND h.begins <= e.changed_on AND h.since >= e.changed_on AND h.id <> w.id
    WHERE w.held_by IS NULL
),
arrived AS (
    SELECT w.id, w.indicator_code, w.level, w.period, w.code, w.last_code, w.ground, w.is_open, w.held_by,
        r.unit_code, r.parent_code, r.batch_ids, r.coverage, scale(r.value) AS digits,
        r.value * (CASE WHEN r.by_land THEN w.land ELSE w.people END)::numeric AS amount
    FROM walk w
    JOIN figure_given r USING (id)
    LEFT JOIN unit_edge e ON e.level = w.level AND e.from_code = w.code AND w.since >= e.begins AND w.since < e.changed_on
        AND w.held_by IS NULL
    WHERE e.level IS NULL
),
placed AS (
    SELECT s.id, s.indicator_code, s.level, s.period, s.code, s.unit_code, s.amount, s.digits, s.ground, s.coverage, s.is_open,
        s.batch_ids,
        -- whom nobody could divide is held, too, where a unit that may have them has a later figure of its own
        coalesce(s.held_by, CASE WHEN s.code = '' THEN max(s.held_by) FILTER (WHERE s.is_open) OVER (PARTITION BY s.id) END) AS held_by,
        coalesce(p.home_code, h.home_code, 'VN') AS home_code,
        coalesce(p.is_in_force, false) AS is_in_force,
        CASE WHEN s.level = 'commune' AND s.code = '' THEN coalesce(h.home_code, 'VN') || '\:undivided' ELSE s.code END AS target
    FROM arrived s
    LEFT JOIN unit_place p ON p.level = s.level AND p.code = s.code
    -- a part that went nowhere is at home where it came from; rows that name a province only, there
    LEFT JOIN unit_place h ON h.level = CASE s.code WHEN '' THEN s.level ELSE 'province' END
        AND h.code = CASE s.code WHEN '' THEN s.last_code ELSE s.parent_code END
),
added AS (
    SELECT indicator_code, level, target, period, home_code, is_in_force,
        sum(amount * power(10::numeric, digits)) FILTER (WHERE NOT is_open) AS units, max(digits) AS digits,
        least(1, coalesce(sum(ground * coverage) FILTER (WHERE NOT is_open), 0)) AS coverage
    FROM placed
    WHERE held_by IS NULL AND (is_in_force OR level = 'commune')
    GROUP BY 1, 2, 3, 4, 5, 6
),
summed AS (
    SELECT indicator_code, level, target AS unit_code, period, home_code AS parent_code,
        round((floor(units) + CASE WHEN row_number() OVER (of_period ORDER BY units - floor(units) DESC NULLS LAST, target)
            <= round(sum(units) OVER of_period) - sum(floor(units)) OVER of_period THEN 1 ELSE 0 END)
            / power(10::numeric, digits), digits) AS value,
        CASE WHEN is_in_force THEN coverage END AS coverage
    FROM added
    WINDOW of_period AS (PARTITION BY indicator_code, level, period)
),
batches AS (
    SELECT indicator_code, level, target AS unit_code, period, jsonb_agg(DISTINCT b.batch_id) AS batch_ids
    FROM placed CROSS JOIN LATERAL jsonb_array_elements(batch_ids) AS b (batch_id)
    WHERE held_by IS NULL
    GROUP BY 1, 2, 3, 4
),
official AS (
    SELECT 'area_m2' AS indicator_code, u.code, y.period, round((u.area_official_km2 * 1e6)::numeric, 2) AS value
    FROM admin.unit_code u
    CROSS JOIN (
        SELECT CAST(:period AS text) AS period UNION SELECT period FROM rollup.past WHERE indicator_code = 'area_m2'
    ) AS y
    WHERE u.level = 'province' AND u.area_official_km2 IS NOT NULL
        AND u.valid_from <= :legal_date AND (u.valid_to IS NULL OR u.valid_to > :legal_date)
    UNION ALL
    -- Resolution 202/2025/QH15 gives the provinces' registered population at the end of 2024
    SELECT 'population', code, '2024', population_official::numeric
    FROM admin.unit_code
    WHERE level = 'province' AND population_official IS NOT NULL
        AND valid_from <= :legal_date AND (valid_to IS NULL OR valid_to > :legal_date)
),
noted AS (
    INSERT INTO rollup.note (step, kind, indicator_code, unit_code, period, detail)
    SELECT 'reports', 'held', indicator_code, unit_code, period, jsonb_build_object('value', round(sum(amount), max(digits)), 'by', held_by)
    FROM placed WHERE held_by IS NOT NULL GROUP BY indicator_code, unit_code, period, held_by HAVING sum(amount) <> 0
    UNION ALL
    SELECT 'reports', 'not_placed', indicator_code, unit_code, period, jsonb_build_object('value', round(sum(amount), max(digits)), 'level', level)
    FROM placed WHERE held_by IS NULL AND NOT is_in_force AND level <> 'commune'
    GROUP BY indicator_code, unit_code, period, level HAVING sum(amount) <> 0
    UNION ALL
    SELECT 'reports', 'undivided', indicator_code, unit_code, period, jsonb_build_object('value', round(sum(amount), max(digits)))
    FROM placed WHERE code = '' AND level = 'commune' AND held_by IS NULL
    GROUP BY indicator_code, unit_code, period HAVING sum(amount) <> 0
    UNION ALL
    SELECT 'reports', 'computed_here', o.indicator_code, o.unit_code, o.period, jsonb_build_object('value', o.value)
    FROM survey.observation o
    LEFT JOIN rollup.indicator i ON i.code = o.indicator_code AND i.kind = 'additive' AND i.origin = 'reported'
    WHERE o.approved_at IS NOT NULL AND i.code IS NULL
    UNION ALL
    SELECT DISTINCT 'reports', 'shares_exceed', CAST(NULL AS text), from_code, changed_on::text,
        jsonb_build_object('sum', round(sum(coalesce(population_share, area_share))::numeric, 6))
    FROM admin.unit_change WHERE changed_on <= :legal_date GROUP BY level, from_code, changed_on
    HAVING sum(coalesce(population_share, area_share)) > 1.005
)
INSERT INTO rollup.report (indicator_code, level, unit_code, period, parent_code, value, coverage, batch_ids)
SELECT DISTINCT ON (indicator_code, level, unit_code, period)
    indicator_code, level, unit_code, period, parent_code, value, coverage, batch_ids
FROM (
    SELECT indicator_code, level, unit_code, period, CASE WHEN level = 'commune' THEN parent_code END AS parent_code,
        value, coverage, batch_ids, CASE WHEN coverage >= :enough THEN 0 ELSE 2 END AS rank
    FROM summed LEFT JOIN batches USING (indicator_code, level, unit_code, period)
    UNION ALL
    SELECT indicator_code, 'province', code, period, NULL, value, 1, NULL, 1 FROM official
) AS either
ORDER BY indicator_code, level, unit_code, period, rank
