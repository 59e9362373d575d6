-- Ratios of one tier. A unit that has both figures for at least enough of it is divided as it stands; any other is formed from those of
-- its parts (rollup.tier_unit) that could be, numerators and denominators of the same parts. coverage is the share of the unit's
-- area that the division speaks of; below shown there is no value, but the share is told. A ratio over the whole unit
-- (ratio_over) is its figures divided, whatever the numerator covers: it says itself how much of the unit has data.
-- The denominator's period is the numerator's, else the latest before it, else the next after it (A/B: from A to B).
-- Parameters: level text, ratios text[], period text (of the numerator; NULL = every), enough float8, shown float8 (see figures.py),
-- data_version bigint. Run for the tiers from the commune up. Relies on the primary key of rollup.value.
WITH ratio AS (
    SELECT code, numerator_code, denominator_code, factor, ratio_over = 'whole' AS is_whole
    FROM rollup.indicator WHERE kind = 'ratio' AND code = ANY(CAST(:ratios AS text[]))
),
above AS (
    SELECT r.code AS ratio, r.denominator_code, r.factor, r.is_whole, v.unit_code, v.period, v.parent_code, v.value, v.coverage, u.area_m2
    FROM ratio r
    JOIN rollup.value v ON v.indicator_code = r.numerator_code AND v.level = CAST(:level AS text)
        AND (CAST(:period AS text) IS NULL OR v.period = CAST(:period AS text))
    JOIN rollup.tier_unit u ON u.level = v.level AND u.code = v.unit_code
    WHERE v.value IS NOT NULL
),
both_sides AS (
    SELECT a.*, d.value AS below, d.period AS below_period,
        CASE WHEN d.value IS NULL THEN 0 WHEN a.is_whole THEN d.coverage ELSE least(coalesce(a.coverage, 0), coalesce(d.coverage, 0)) END AS known
    FROM above a
    LEFT JOIN LATERAL (
        SELECT v.period, v.value, v.coverage FROM rollup.value v
        WHERE v.indicator_code = a.denominator_code AND v.level = CAST(:level AS text) AND v.unit_code = a.unit_code
            AND v.value IS NOT NULL
        ORDER BY v.coverage >= :enough DESC, v.period > a.period, abs(v.period::int - a.period::int) LIMIT 1
    ) AS d ON true
),
part AS (
    SELECT v.indicator_code AS ratio, u.parent_code AS unit_code, v.period, sum(v.numerator) AS numerator,
        sum(v.denominator) AS denominator, sum(v.coverage * u.area_m2) AS known_m2,
        min(split_part(v.denominator_period, '/', 1)) AS first_period, max(split_part(v.denominator_period, '/', -1)) AS last_period
    FROM rollup.value v JOIN rollup.tier_unit u ON u.level = v.level AND u.code = v.unit_code
    WHERE u.parent_level = CAST(:level AS text) AND v.indicator_code = ANY(CAST(:ratios AS text[]))
        AND (CAST(:period AS text) IS NULL OR v.period = CAST(:period AS text)) AND v.denominator IS NOT NULL
    GROUP BY 1, 2, 3
),
formed AS (
    SELECT b.ratio, b.unit_code, b.period, b.parent_code, b.factor,
        CASE WHEN b.known >= :enough THEN b.value ELSE p.numerator END AS numerator,
        CASE WHEN b.known >= :enough THEN b.below ELSE p.denominator END AS denominator,
        CASE WHEN b.known >= :enough THEN b.below_period WHEN p.first_period = p.last_period THEN p.first_period
            ELSE p.first_period || '/' || p.last_period END AS denominator_period,
        CASE WHEN b.known >= :enough THEN b.known WHEN p.denominator IS NOT NULL THEN least(1, coalesce(p.known_m2 / nullif(b.area_m2, 0), 0))
            ELSE b.known END AS known
    FROM both_sides b LEFT JOIN part p USING (ratio, unit_code, period)
)
INSERT INTO rollup.value (indicator_code, level, unit_code, period, parent_code, value, coverage, numerator, denominator,
    denominator_period, data_version)
SELECT ratio, CAST(:level AS text), unit_code, period, parent_code,
    CASE WHEN denominator > 0 AND known >= :shown THEN round(numerator / denominator * factor::numeric, 12) END,
    known, numerator, denominator, denominator_period, :data_version
FROM formed
