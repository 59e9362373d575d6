-- Figures that were reported, and those of years that are over, each of a unit as it was on a day: a code means the unit that bore
-- it on `unit_on`, else at the end of the period's year, else when it last did. One figure for each unit, not for each code: a code
-- may name two units of one year, one after the other.
-- Parameters: period text (of the state's figures today). Relies on the tables of reported figures being small (some 10,000 units a
-- year); reads the refresh's own unit_edge.
INSERT INTO figure_given (
    id, indicator_code, level, unit_code, period, value, coverage, since, begins, by_land, parent_code, batch_ids)
WITH
life AS (
    SELECT DISTINCT level, from_code AS code, begins, changed_on AS ends FROM unit_edge
    UNION ALL
    SELECT level, from_code, max(changed_on), 'infinity' FROM unit_edge GROUP BY 1, 2
),
ended AS (
    SELECT e.level, e.from_code AS code, e.changed_on,
        lead(e.changed_on, 1, 'infinity') OVER (PARTITION BY e.level, e.from_code ORDER BY e.changed_on) AS next_end,
        coalesce(min(b.changed_on), 'infinity') AS begins_again
    FROM (
        SELECT level, from_code, changed_on FROM unit_edge
        GROUP BY 1, 2, 3 HAVING NOT bool_or(to_code = from_code)
    ) AS e
    LEFT JOIN unit_edge b ON b.level = e.level AND b.to_code = e.from_code AND b.changed_on >= e.changed_on
    GROUP BY 1, 2, 3
),
counted AS (
    -- people of a unit: everybody, or women and men where only they are given
    SELECT level, unit_code, year::text AS period, method, unit_on,
        coalesce(
            max(people) FILTER (WHERE sex = 'all'),
            CASE WHEN count(DISTINCT sex) FILTER (WHERE sex <> 'all') = 2 THEN sum(people) FILTER (WHERE sex <> 'all') END
        )::numeric AS value,
        jsonb_agg(DISTINCT batch_id) AS batch_ids
    FROM population.unit_count
    WHERE age_group = 'all' AND method <> 'grid'
    GROUP BY 1, 2, 3, 4, 5
),
given AS (
    SELECT 'population' AS indicator_code, level, unit_code, period, value, 1.0::float8 AS coverage, unit_on,
        array_position(ARRAY['census', 'register', 'estimate'], method) AS rank, false AS by_land, NULL AS parent_code, batch_ids
    FROM counted WHERE value IS NOT NULL
    UNION ALL
    SELECT o.indicator_code, o.level, o.unit_code, o.period, round(o.value::numeric, 3), coalesce(o.coverage, 1), o.unit_on,
        1, false, NULL, jsonb_build_array(o.batch_id)
    FROM survey.observation o
    JOIN rollup.indicator i ON i.code = o.indicator_code AND i.kind = 'additive' AND i.origin = 'reported'
    WHERE o.approved_at IS NOT NULL
    UNION ALL
    SELECT indicator_code, 'commune', unit_code, period, value, coalesce(coverage, 0), as_of, 1, true, parent_code, batch_ids
    FROM rollup.past WHERE value IS NOT NULL AND period <> CAST(:period AS text)
),
dated AS (
    SELECT g.*, coalesce(g.unit_on, n.changed_on - 1, make_date(g.period::int, 12, 31)) AS since
    FROM given g
    LEFT JOIN ended n ON n.level = g.level AND n.code = g.unit_code AND n.changed_on <= make_date(g.period::int, 12, 31)
        AND least(n.next_end, n.begins_again) > make_date(g.period::int, 12, 31)
)
SELECT row_number() OVER (), indicator_code, level, unit_code, period, value, coverage, since, begins, by_land, parent_code, batch_ids
FROM (
    SELECT DISTINCT ON (d.indicator_code, d.level, d.unit_code, d.period, l.begins) d.*, coalesce(l.begins, '-infinity') AS begins
    FROM dated d
    LEFT JOIN life l ON l.level = d.level AND l.code = d.unit_code AND d.since >= l.begins AND d.since < l.ends
    ORDER BY d.indicator_code, d.level, d.unit_code, d.period, l.begins, d.rank
) AS chosen
