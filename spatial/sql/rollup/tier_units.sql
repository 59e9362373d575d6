-- The units in force and the one unit that each counts for in the tier above: commune > city, where it lies in one > province >
-- region > nation. The tier city holds the topmost of a chain of cities and towns; new urban areas are no part of it. A commune in
-- several chains counts for the one it joined first, a commune of another province for none; both are noted.
-- Areas in m2: of communes as computed (area_m2), of provinces the official one.
-- Parameters: legal_date date, period text (of area_m2).
WITH RECURSIVE
province AS (
    SELECT code, CASE WHEN parent_code IS NULL THEN 'nation' ELSE 'region' END AS parent_level, coalesce(parent_code, 'VN') AS parent_code,
        area_official_km2 * 1e6 AS area_m2
    FROM admin.unit_code
    WHERE level = 'province' AND valid_from <= :legal_date AND (valid_to IS NULL OR valid_to > :legal_date)
),
commune AS (
    SELECT u.code, p.code AS province_code, a.value::float8 AS area_m2
    FROM admin.unit u
    LEFT JOIN province p ON p.code = coalesce(u.province_code, u.parent_code)
    LEFT JOIN rollup.value a ON a.indicator_code = 'area_m2' AND a.level = 'commune' AND a.unit_code = u.code
        AND a.period = CAST(:period AS text)
    WHERE u.level = 'commune' AND u.valid_from <= :legal_date AND (u.valid_to IS NULL OR u.valid_to > :legal_date)
),
urban AS (
    SELECT code, parent_code, province_code FROM admin.urban_area
    WHERE kind IN ('city', 'town') AND valid_from <= :legal_date AND (valid_to IS NULL OR valid_to > :legal_date)
),
chain AS (
    SELECT u.code AS top_code, u.code FROM urban u
    WHERE NOT EXISTS (SELECT FROM urban above WHERE above.code = u.parent_code)
    UNION
    SELECT c.top_code, u.code FROM chain c JOIN urban u ON u.parent_code = c.code
),
member AS (
    SELECT c.top_code, m.commune_code, min(m.valid_from) AS since
    FROM chain c
    JOIN admin.urban_area_commune m ON m.urban_area_code = c.code
        AND m.valid_from <= :legal_date AND (m.valid_to IS NULL OR m.valid_to > :legal_date)
    GROUP BY 1, 2
),
city AS (
    SELECT c.top_code AS code, coalesce(p.code, min(k.province_code)) AS province_code
    FROM chain c
    JOIN urban u ON u.code = c.top_code
    LEFT JOIN province p ON p.code = u.province_code
    LEFT JOIN member m ON m.top_code = c.top_code
    LEFT JOIN commune k ON k.code = m.commune_code
    GROUP BY c.top_code, p.code
),
placed AS (
    SELECT DISTINCT ON (k.code) k.code, m.top_code
    FROM commune k
    JOIN member m ON m.commune_code = k.code
    JOIN city c ON c.code = m.top_code AND c.province_code = k.province_code
    ORDER BY k.code, m.since, m.top_code
),
noted AS (
    INSERT INTO rollup.note (step, kind, indicator_code, unit_code, period, detail)
    SELECT 'tiers', 'two_cities', NULL, m.commune_code, NULL,
        jsonb_build_object('cities', string_agg(m.top_code, ', ' ORDER BY m.since, m.top_code), 'counted', min(p.top_code))
    FROM member m JOIN placed p ON p.code = m.commune_code
    GROUP BY m.commune_code HAVING count(*) > 1
    UNION ALL
    SELECT 'tiers', 'other_province', NULL, m.commune_code, NULL, jsonb_build_object('city', m.top_code, 'province', c.province_code)
    FROM member m JOIN city c ON c.code = m.top_code JOIN commune k ON k.code = m.commune_code
    WHERE c.province_code IS DISTINCT FROM k.province_code
    UNION ALL
    SELECT 'tiers', 'not_placed', r.indicator_code, r.unit_code, r.period, jsonb_build_object('value', r.value, 'level', 'city')
    FROM rollup.report r
    WHERE r.level = 'city' AND NOT EXISTS (SELECT FROM city c WHERE c.code = r.unit_code AND c.province_code IS NOT NULL)
),
tree AS (
    SELECT 'commune' AS level, k.code,
        CASE WHEN p.code IS NOT NULL THEN 'city' WHEN k.province_code IS NOT NULL THEN 'province' ELSE 'nation' END AS parent_level,
        coalesce(p.top_code, k.province_code, 'VN') AS parent_code, k.area_m2
    FROM commune k LEFT JOIN placed p USING (code)
    UNION ALL
    SELECT 'city', c.code, 'province', c.province_code, sum(k.area_m2)
    FROM city c LEFT JOIN placed p ON p.top_code = c.code LEFT JOIN commune k ON k.code = p.code
    WHERE c.province_code IS NOT NULL
    GROUP BY c.code, c.province_code
    UNION ALL
    SELECT 'province', p.code, p.parent_level, p.parent_code, coalesce(p.area_m2, sum(k.area_m2))
    FROM province p LEFT JOIN commune k ON k.province_code = p.code
    GROUP BY p.code, p.parent_level, p.parent_code, p.area_m2
)
INSERT INTO rollup.tier_unit (level, code, parent_level, parent_code, area_m2)
SELECT level, code, parent_level, parent_code, area_m2 FROM tree
UNION ALL
SELECT 'region', parent_code, 'nation', 'VN', sum(area_m2) FROM tree WHERE level = 'province' AND parent_level = 'region' GROUP BY 2
UNION ALL
SELECT 'nation', 'VN', NULL, NULL, sum(area_m2) FROM tree WHERE level = 'province'
