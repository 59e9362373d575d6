-- What makes the tiers above the commune add up to the nation: what lies outside the cities of a province (`CODE:rest`, tier city),
-- and what belongs to no province (`VN:unassigned`, tiers city, province, region).
-- Parameters: indicators text[], period text (NULL = every), data_version bigint. Relies on the primary key of rollup.value.
WITH figure AS (
    SELECT indicator_code, level, unit_code, period, parent_code, value
    FROM rollup.value
    WHERE indicator_code = ANY(CAST(:indicators AS text[])) AND (CAST(:period AS text) IS NULL OR period = CAST(:period AS text))
        AND unit_code NOT LIKE '%\:unbroken' AND value IS NOT NULL
),
city AS (
    SELECT f.indicator_code, f.period, u.parent_code AS code, sum(f.value) AS value
    FROM figure f JOIN rollup.tier_unit u ON u.level = 'city' AND u.code = f.unit_code
    WHERE f.level = 'city' GROUP BY 1, 2, 3
),
homeless AS (
    SELECT f.indicator_code, f.period, sum(f.value) AS value
    FROM figure f
    LEFT JOIN rollup.tier_unit u ON u.level = 'commune' AND u.code = f.unit_code
    LEFT JOIN rollup.tier_unit p ON u.code IS NULL AND p.level = 'province' AND p.code = f.parent_code
    WHERE f.level = 'commune' AND p.code IS NULL AND coalesce(u.parent_level, 'nation') = 'nation'
    GROUP BY 1, 2
)
INSERT INTO rollup.value (indicator_code, level, unit_code, period, parent_code, value, data_version)
SELECT p.indicator_code, 'city', p.unit_code || '\:rest', p.period, p.unit_code, p.value - coalesce(c.value, 0), :data_version
FROM figure p
LEFT JOIN city c ON c.indicator_code = p.indicator_code AND c.period = p.period AND c.code = p.unit_code
WHERE p.level = 'province'
UNION ALL
SELECT h.indicator_code, t.level, 'VN\:unassigned', h.period, 'VN', h.value, :data_version
FROM homeless h CROSS JOIN (VALUES ('city'), ('province'), ('region')) AS t (level)
