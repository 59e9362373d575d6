-- The values of one additive indicator for every unit of a tier, units without a value included, remainders last.
-- Parameters: indicator text, level text, period text, parent text (NULL = all; VN, region, province or city),
-- any_period boolean (each unit its own best period up to `period`: well covered before latest), legal_date date.
-- Relies on the primary key of rollup.value.
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
    SELECT 'city', code, name, name_en, province_code FROM admin.urban_area
    WHERE kind IN ('city', 'town')
        AND valid_from <= CAST(:legal_date AS date) AND (valid_to IS NULL OR valid_to > CAST(:legal_date AS date))
),
figure AS (
    SELECT DISTINCT ON (unit_code) unit_code, parent_code, period, value, coverage, computed_at, data_version
    FROM rollup.value
    WHERE indicator_code = CAST(:indicator AS text) AND level = CAST(:level AS text)
        AND CASE WHEN CAST(:any_period AS boolean) THEN period <= CAST(:period AS text) ELSE period = CAST(:period AS text) END
    ORDER BY unit_code, coalesce(coverage, 0) >= 0.5 DESC, period DESC
),
listed AS (
    SELECT u.code, u.name, u.name_en, u.parent_code, NULL AS remainder,
        f.period, f.value, coalesce(f.coverage, 0) AS coverage, f.computed_at, f.data_version
    FROM unit u LEFT JOIN figure f ON f.unit_code = u.code
    WHERE u.level = CAST(:level AS text)
    UNION ALL
    SELECT f.unit_code, coalesce(p.name, f.unit_code), coalesce(p.name_en, f.unit_code), f.parent_code,
        CASE split_part(f.unit_code, ':', 2)
            WHEN 'rest' THEN 'outside_cities' WHEN 'unbroken' THEN 'not_broken_down' WHEN 'unassigned' THEN 'not_assigned'
            ELSE 'unit_unknown' END,
        f.period, f.value, f.coverage, f.computed_at, f.data_version
    FROM figure f
    LEFT JOIN unit p ON p.code = f.parent_code
    WHERE NOT EXISTS (SELECT FROM unit u WHERE u.level = CAST(:level AS text) AND u.code = f.unit_code)
)
SELECT l.*
FROM listed l LEFT JOIN province p ON p.code = l.parent_code
WHERE CAST(:parent AS text) IS NULL OR CAST(:parent AS text) IN ('VN', l.parent_code, p.region_code)
    OR EXISTS (
        SELECT FROM admin.urban_area_commune c
        WHERE c.urban_area_code = CAST(:parent AS text) AND c.commune_code = l.code
            AND c.valid_from <= CAST(:legal_date AS date) AND (c.valid_to IS NULL OR c.valid_to > CAST(:legal_date AS date)))
ORDER BY l.remainder NULLS FIRST, l.code
