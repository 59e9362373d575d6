-- The values of one tier: the sum of those that count for it (rollup.tier_unit), or the figure reported for the unit. A report of at
-- least enough of the unit stands, else what is better covered; what it exceeds its parts by is a row `CODE:unbroken` in the tiers
-- below. Rows of communes that are no units of today (`37:unassigned`, `37:undivided`, codes not in the register) count for their
-- province, else for the nation. Coverage is weighted by area.
-- Parameters: level text, below text[] (tiers that get the remainder), indicators text[], period text (NULL = every),
-- enough float8 (see figures.ENOUGH), data_version bigint. Relies on the primary key of rollup.value.
WITH figure AS (
    SELECT indicator_code, level, unit_code, period, parent_code, value, coverage
    FROM rollup.value
    WHERE indicator_code = ANY(CAST(:indicators AS text[])) AND (CAST(:period AS text) IS NULL OR period = CAST(:period AS text))
        AND unit_code NOT LIKE '%\:unbroken' AND value IS NOT NULL
),
part AS (
    SELECT f.indicator_code, f.period, u.parent_code AS code, f.value, f.coverage * u.area_m2 AS known_m2
    FROM figure f JOIN rollup.tier_unit u ON u.level = f.level AND u.code = f.unit_code
    WHERE u.parent_level = CAST(:level AS text)
    UNION ALL
    SELECT f.indicator_code, f.period, coalesce(p.code, 'VN'), f.value, 0
    FROM figure f
    LEFT JOIN rollup.tier_unit p ON p.level = 'province' AND p.code = f.parent_code
    WHERE f.level = 'commune' AND CAST(:level AS text) = CASE WHEN p.code IS NULL THEN 'nation' ELSE 'province' END
        AND NOT EXISTS (SELECT FROM rollup.tier_unit u WHERE u.level = 'commune' AND u.code = f.unit_code)
),
added AS (
    SELECT indicator_code, period, code, sum(value) AS value, coalesce(sum(known_m2), 0) AS known_m2 FROM part GROUP BY 1, 2, 3
),
reported AS (
    SELECT indicator_code, period, unit_code AS code, value, coverage
    FROM rollup.report
    WHERE level = CAST(:level AS text) AND value IS NOT NULL AND indicator_code = ANY(CAST(:indicators AS text[]))
        AND (CAST(:period AS text) IS NULL OR period = CAST(:period AS text))
),
compared AS (
    SELECT indicator_code, period, u.code,
        CASE WHEN u.level = 'city' THEN u.parent_code ELSE u.code END AS home_code,
        u.parent_code, a.value AS added, r.value AS reported, r.coverage AS reported_coverage,
        least(1, coalesce(a.known_m2 / nullif(u.area_m2, 0), 0)) AS added_coverage
    FROM added a
    FULL JOIN reported r USING (indicator_code, period, code)
    JOIN rollup.tier_unit u ON u.level = CAST(:level AS text) AND u.code = coalesce(a.code, r.code)
),
chosen AS (
    SELECT *, reported IS NOT NULL AND (added IS NULL OR reported_coverage >= :enough OR reported_coverage >= added_coverage) AS stands
    FROM compared
)
INSERT INTO rollup.value (indicator_code, level, unit_code, period, parent_code, value, coverage, data_version)
SELECT indicator_code, CAST(:level AS text), code, period, parent_code, CASE WHEN stands THEN reported ELSE added END,
    CASE WHEN stands THEN reported_coverage ELSE added_coverage END, :data_version
FROM chosen
UNION ALL
SELECT c.indicator_code, b.level, c.code || '\:unbroken', c.period, c.home_code, c.reported - coalesce(c.added, 0), NULL, :data_version
FROM chosen c CROSS JOIN unnest(CAST(:below AS text[])) AS b (level)
WHERE c.stands AND c.reported <> coalesce(c.added, 0)
