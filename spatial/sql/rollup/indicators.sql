-- Indicators with how well each period is known, by tier: the number of units with a value and the sum of the units' coverage.
-- Parameters: indicator text (NULL = all). Relies on the primary key of rollup.value; all of them read the table once.
WITH known AS (
    SELECT indicator_code, level, period, count(value) AS units, sum(coalesce(coverage, 0)) AS coverage
    FROM rollup.value
    WHERE unit_code NOT LIKE '%\:%' AND (CAST(:indicator AS text) IS NULL OR indicator_code = CAST(:indicator AS text))
    GROUP BY 1, 2, 3
)
SELECT i.code, i.title, i.title_en, i.unit, i.unit_en, i.kind, i.origin, i.numerator_code, i.denominator_code, i.factor,
    i.formula, i.formula_en, i.theme,
    (SELECT coalesce(jsonb_agg(jsonb_build_array(k.level, k.period, k.units, k.coverage) ORDER BY k.period), '[]')::text
        FROM known k WHERE k.indicator_code = i.code) AS known,
    coalesce((SELECT n.origin FROM rollup.indicator n WHERE n.code = i.numerator_code), i.origin) AS numerator_origin,
    (SELECT d.origin FROM rollup.indicator d WHERE d.code = i.denominator_code) AS denominator_origin
FROM rollup.indicator i
WHERE CAST(:indicator AS text) IS NULL OR i.code = CAST(:indicator AS text)
ORDER BY i.theme, i.code
