-- How well each period is known in a tier: the number of units that have a value of an indicator, and the sum of their coverage.
-- Parameters: indicator text, level text, parent text (NULL = all; VN, region, province or city), legal_date date.
-- Relies on the primary key of rollup.value.
SELECT v.period, count(v.value) AS units, sum(coalesce(v.coverage, 0)) AS coverage
FROM rollup.value v
LEFT JOIN rollup.tier_unit p ON p.level = 'province' AND p.code = v.parent_code
WHERE v.indicator_code = CAST(:indicator AS text) AND v.level = CAST(:level AS text) AND v.unit_code NOT LIKE '%\:%'
    AND (CAST(:parent AS text) IS NULL OR CAST(:parent AS text) IN ('VN', v.parent_code, p.parent_code)
        OR EXISTS (
            SELECT FROM admin.urban_area_commune c
            WHERE c.urban_area_code = CAST(:parent AS text) AND c.commune_code = v.unit_code
                AND c.valid_from <= CAST(:legal_date AS date) AND (c.valid_to IS NULL OR c.valid_to > CAST(:legal_date AS date))))
GROUP BY v.period
ORDER BY v.period
