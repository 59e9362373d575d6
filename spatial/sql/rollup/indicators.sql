-- Every indicator with the tiers and periods for which a value is there; a ratio has those of its numerator.
SELECT i.code, i.title, i.title_en, i.unit, i.kind, i.origin, i.numerator_code, i.denominator_code, i.factor, i.formula, i.formula_en,
    ARRAY(SELECT jsonb_array_elements_text(i.tables)) AS tables, i.theme,
    coalesce(v.levels, '{}') AS levels, coalesce(v.periods, '{}') AS periods, best.period AS best_period,
    EXISTS (SELECT FROM rollup.dirty d WHERE d.table_name IN (
        SELECT jsonb_array_elements_text(s.tables) FROM rollup.indicator s
        WHERE s.code IN (i.code, i.numerator_code, i.denominator_code))) AS is_stale
FROM rollup.indicator i
LEFT JOIN LATERAL (
    SELECT array_agg(DISTINCT level) AS levels, array_agg(DISTINCT period ORDER BY period) AS periods
    FROM rollup.value WHERE indicator_code = coalesce(i.numerator_code, i.code)
) AS v ON true
LEFT JOIN LATERAL (
    -- what is shown unless a period is asked for: the best covered of the nation, of equals the latest
    SELECT period FROM rollup.value
    WHERE indicator_code = coalesce(i.numerator_code, i.code) AND level = 'nation'
    ORDER BY coverage DESC NULLS LAST, period DESC LIMIT 1
) AS best ON true
ORDER BY i.theme, i.code
