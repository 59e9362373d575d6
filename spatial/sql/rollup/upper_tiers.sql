-- Province, region, nation and city values of some indicators from the commune values and from figures reported for upper units.
-- A reported figure stands; what it exceeds its parts by is a row `CODE:unbroken` in every tier below, so that each tier adds up
-- to the nation exactly. What lies outside the cities of a province is `CODE:rest` in the tier city.
-- Parameters: indicators text[], legal_date date, period text (of stock figures), data_version bigint.
-- Coverage is weighted by area; a reported figure has coverage 1. Relies on the primary key of rollup.value.
WITH province AS (
    SELECT code, parent_code AS region_code, area_official_km2 * 1e6 AS area_m2
    FROM admin.unit_code
    WHERE level = 'province' AND valid_from <= :legal_date AND (valid_to IS NULL OR valid_to > :legal_date)
),
region AS (
    SELECT region_code AS code, sum(area_m2) AS area_m2 FROM province GROUP BY 1
),
nation AS (
    SELECT sum(area_m2) AS area_m2 FROM province
),
leaf AS (
    SELECT v.indicator_code, v.period, v.unit_code, v.value, v.coverage, v.batch_ids,
        CASE WHEN p.code IS NULL THEN 'VN' ELSE v.parent_code END AS parent_code, a.value::float8 AS area_m2
    FROM rollup.value v
    LEFT JOIN province p ON p.code = v.parent_code
    LEFT JOIN rollup.value a ON a.indicator_code = 'area_m2' AND a.level = 'commune' AND a.unit_code = v.unit_code
        AND a.period = CAST(:period AS text)
    WHERE v.level = 'commune' AND v.indicator_code = ANY(CAST(:indicators AS text[])) AND v.unit_code NOT LIKE '%\:unbroken'
),
report AS (
    SELECT 'area_m2' AS indicator_code, level, code AS unit_code, y.period, round((area_official_km2 * 1e6)::numeric, 2) AS value
    FROM admin.unit_code
    CROSS JOIN (
        SELECT CAST(:period AS text) AS period
        UNION SELECT period FROM rollup.value WHERE indicator_code = 'area_m2' AND level = 'commune'
    ) AS y
    WHERE level = 'province' AND area_official_km2 IS NOT NULL
        AND valid_from <= :legal_date AND (valid_to IS NULL OR valid_to > :legal_date)
    UNION ALL
    -- Resolution 202/2025/QH15 gives the provinces' registered population at the end of 2024
    SELECT 'population', level, code, '2024', population_official::numeric
    FROM admin.unit_code u
    WHERE level = 'province' AND population_official IS NOT NULL AND valid_to IS NULL
        AND NOT EXISTS (
            SELECT FROM population.unit_count c WHERE c.level = 'province' AND c.unit_code = u.code AND c.year = 2024
                AND c.sex = 'all' AND c.age_group = 'all' AND c.method <> 'grid')
    UNION ALL
    (SELECT DISTINCT ON (level, unit_code, year) 'population', level, unit_code, year::text, people::numeric
    FROM population.unit_count
    WHERE level IN ('nation', 'region', 'province') AND sex = 'all' AND age_group = 'all' AND method <> 'grid'
    ORDER BY level, unit_code, year, array_position(ARRAY['census', 'register', 'estimate'], method))
    UNION ALL
    SELECT o.indicator_code, o.level, o.unit_code, o.period, round(o.value::numeric, 3)
    FROM survey.observation o
    JOIN rollup.indicator i ON i.code = o.indicator_code AND i.kind = 'additive'
    WHERE o.level IN ('nation', 'region', 'province') AND o.approved_at IS NOT NULL
),
wanted AS (
    SELECT * FROM report WHERE indicator_code = ANY(CAST(:indicators AS text[]))
),
of_province AS (
    SELECT l.indicator_code, l.period, l.parent_code AS code, sum(l.value) AS value,
        coalesce(sum(l.coverage * l.area_m2), 0) AS known_m2
    FROM leaf l WHERE l.parent_code <> 'VN' GROUP BY 1, 2, 3
),
province_value AS (
    SELECT coalesce(s.indicator_code, r.indicator_code) AS indicator_code, coalesce(s.period, r.period) AS period, p.code, p.region_code,
        coalesce(r.value, s.value) AS value, r.value - coalesce(s.value, 0) AS unbroken,
        CASE WHEN r.value IS NOT NULL THEN 1 ELSE least(1, s.known_m2 / nullif(p.area_m2, 0)) END AS coverage, p.area_m2
    FROM of_province s
    FULL JOIN (SELECT * FROM wanted WHERE level = 'province') r
        ON r.indicator_code = s.indicator_code AND r.period = s.period AND r.unit_code = s.code
    JOIN province p ON p.code = coalesce(s.code, r.unit_code)
),
of_region AS (
    SELECT indicator_code, period, region_code AS code, sum(value) AS value, sum(coverage * area_m2) AS known_m2
    FROM province_value GROUP BY 1, 2, 3
),
region_value AS (
    SELECT coalesce(s.indicator_code, r.indicator_code) AS indicator_code, coalesce(s.period, r.period) AS period, g.code,
        coalesce(r.value, s.value) AS value, r.value - coalesce(s.value, 0) AS unbroken,
        CASE WHEN r.value IS NOT NULL THEN 1 ELSE least(1, s.known_m2 / nullif(g.area_m2, 0)) END AS coverage, g.area_m2
    FROM of_region s
    FULL JOIN (SELECT * FROM wanted WHERE level = 'region') r
        ON r.indicator_code = s.indicator_code AND r.period = s.period AND r.unit_code = s.code
    JOIN region g ON g.code = coalesce(s.code, r.unit_code)
),
unplaced AS (
    SELECT indicator_code, period, sum(value) AS value FROM leaf WHERE parent_code = 'VN' GROUP BY 1, 2
),
of_nation AS (
    SELECT indicator_code, period, sum(value) AS value, sum(known_m2) AS known_m2
    FROM (
        SELECT indicator_code, period, value, coverage * area_m2 AS known_m2 FROM region_value
        UNION ALL SELECT indicator_code, period, value, 0 FROM unplaced
    ) AS part GROUP BY 1, 2
),
nation_value AS (
    SELECT coalesce(s.indicator_code, r.indicator_code) AS indicator_code, coalesce(s.period, r.period) AS period,
        coalesce(r.value, s.value) AS value, r.value - coalesce(s.value, 0) AS unbroken,
        CASE WHEN r.value IS NOT NULL THEN 1 ELSE least(1, s.known_m2 / nullif(n.area_m2, 0)) END AS coverage
    FROM of_nation s
    FULL JOIN (SELECT * FROM wanted WHERE level = 'nation') r ON r.indicator_code = s.indicator_code AND r.period = s.period
    CROSS JOIN nation n
),
remainder AS (
    -- what is known above a tier only: in every tier below it
    SELECT t.level, p.indicator_code, p.period, p.code || '\:unbroken' AS unit_code, p.code AS parent_code, p.unbroken AS value
    FROM province_value p CROSS JOIN (VALUES ('commune')) AS t (level) WHERE p.unbroken <> 0
    UNION ALL
    SELECT t.level, r.indicator_code, r.period, r.code || '\:unbroken', r.code, r.unbroken
    FROM region_value r CROSS JOIN (VALUES ('commune'), ('city'), ('province')) AS t (level) WHERE r.unbroken <> 0
    UNION ALL
    SELECT t.level, n.indicator_code, n.period, 'VN:unbroken', 'VN', n.unbroken
    FROM nation_value n CROSS JOIN (VALUES ('commune'), ('city'), ('province'), ('region')) AS t (level) WHERE n.unbroken <> 0
    UNION ALL
    SELECT t.level, u.indicator_code, u.period, 'VN:unassigned', 'VN', u.value
    FROM unplaced u CROSS JOIN (VALUES ('city'), ('province'), ('region')) AS t (level)
),
city AS (
    SELECT u.code, u.province_code, c.commune_code
    FROM admin.urban_area u
    JOIN admin.urban_area_commune c ON c.urban_area_code = u.code
        AND c.valid_from <= :legal_date AND (c.valid_to IS NULL OR c.valid_to > :legal_date)
    WHERE u.kind IN ('city', 'town') AND u.valid_from <= :legal_date AND (u.valid_to IS NULL OR u.valid_to > :legal_date)
),
city_area AS (
    SELECT c.code, sum(a.value::float8) AS area_m2
    FROM city c
    JOIN rollup.value a ON a.indicator_code = 'area_m2' AND a.level = 'commune' AND a.unit_code = c.commune_code
        AND a.period = CAST(:period AS text)
    GROUP BY 1
),
city_value AS (
    SELECT l.indicator_code, l.period, c.code, c.province_code, sum(l.value) AS value,
        least(1, sum(l.coverage * l.area_m2) / nullif(min(a.area_m2), 0)) AS coverage
    FROM city c
    JOIN leaf l ON l.unit_code = c.commune_code
    LEFT JOIN city_area a ON a.code = c.code
    GROUP BY 1, 2, 3, 4
),
rest AS (
    SELECT p.indicator_code, p.period, p.code, p.value - coalesce(sum(c.value), 0) AS value, p.coverage
    FROM province_value p
    LEFT JOIN city_value c ON c.province_code = p.code AND c.indicator_code = p.indicator_code AND c.period = p.period
    WHERE p.value IS NOT NULL
    GROUP BY p.indicator_code, p.period, p.code, p.value, p.coverage
)
INSERT INTO rollup.value (indicator_code, level, unit_code, period, parent_code, value, coverage, data_version)
SELECT indicator_code, 'province', code, period, region_code, value, coverage, :data_version FROM province_value
UNION ALL SELECT indicator_code, 'region', code, period, 'VN', value, coverage, :data_version FROM region_value
UNION ALL SELECT indicator_code, 'nation', 'VN', period, NULL, value, coverage, :data_version FROM nation_value
UNION ALL SELECT indicator_code, 'city', code, period, province_code, value, coverage, :data_version FROM city_value
UNION ALL SELECT indicator_code, 'city', code || '\:rest', period, code, value, coverage, :data_version FROM rest
UNION ALL SELECT indicator_code, level, unit_code, period, parent_code, value, NULL, :data_version FROM remainder
