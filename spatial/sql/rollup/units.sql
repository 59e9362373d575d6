-- The values of one indicator for every unit of a tier and one period, units without a value included, remainders last.
-- Parameters: indicator text, level text, period text, parent text (NULL = all; VN, region, province or city), legal_date date.
-- Relies on the primary key of rollup.value. The cities of the tier are those of the last refresh (rollup.tier_unit).
WITH province AS (
    SELECT code, parent_code AS region_code FROM admin.unit_code
    WHERE level = 'province' AND valid_from <= CAST(:legal_date AS date) AND (valid_to IS NULL OR valid_to > CAST(:legal_date AS date))
),
unit AS (
    SELECT level, code, name, name_en, parent_code FROM admin.unit_code
    WHERE valid_from <= CAST(:legal_date AS date) AND (valid_to IS NULL OR valid_to > CAST(:legal_date AS date))
    UNION ALL
    SELECT level, code, name, name_en, coalesce(province_code, parent_code) FROM admin.unit
    WHERE level = 'commune'
        AND valid_from <= CAST(:legal_date AS date) AND (valid_to IS NULL OR valid_to > CAST(:legal_date AS date))
    UNION ALL
    SELECT 'city', u.code, u.name, u.name_en, t.parent_code
    FROM rollup.tier_unit t
    JOIN admin.urban_area u ON u.code = t.code AND u.kind IN ('city', 'town')
        AND u.valid_from <= CAST(:legal_date AS date) AND (u.valid_to IS NULL OR u.valid_to > CAST(:legal_date AS date))
    WHERE t.level = 'city'
),
figure AS (
    SELECT unit_code, parent_code, period, value, coverage, numerator, denominator, denominator_period, computed_at, data_version
    FROM rollup.value
    WHERE indicator_code = CAST(:indicator AS text) AND level = CAST(:level AS text) AND period = CAST(:period AS text)
),
listed AS (
    SELECT u.code, u.name, u.name_en, u.parent_code, NULL AS remainder, f.value, coalesce(f.coverage, 0) AS coverage,
        f.numerator, f.denominator, f.denominator_period, f.computed_at, f.data_version
    FROM unit u LEFT JOIN figure f ON f.unit_code = u.code
    WHERE u.level = CAST(:level AS text)
    UNION ALL
    SELECT f.unit_code, coalesce(p.name, f.unit_code), coalesce(p.name_en, p.name, f.unit_code), f.parent_code,
        CASE split_part(f.unit_code, ':', 2)
            WHEN 'rest' THEN 'outside_cities' WHEN 'unbroken' THEN 'not_broken_down' WHEN 'undivided' THEN 'not_divided'
            WHEN 'unassigned' THEN 'not_assigned' ELSE 'unit_unknown' END,
        f.value, f.coverage, NULL, NULL, NULL, f.computed_at, f.data_version
    FROM figure f
    LEFT JOIN unit p ON p.code = split_part(f.unit_code, ':', 1) AND p.level <> 'commune'
    WHERE NOT EXISTS (SELECT FROM unit u WHERE u.level = CAST(:level AS text) AND u.code = f.unit_code)
)
SELECT l.*
FROM listed l LEFT JOIN province p ON p.code = l.parent_code
WHERE CAST(:parent AS text) IS NULL OR CAST(:parent AS text) IN ('VN', l.parent_code, p.region_code)
    OR l.code = CAST(:parent AS text) || '\:unbroken'
    OR EXISTS (
        SELECT FROM admin.urban_area_commune c
        WHERE c.urban_area_code = CAST(:parent AS text) AND c.commune_code = l.code
            AND c.valid_from <= CAST(:legal_date AS date) AND (c.valid_to IS NULL OR c.valid_to > CAST(:legal_date AS date)))
ORDER BY l.remainder NULLS FIRST, l.code
