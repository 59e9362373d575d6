-- How units became each other (admin.unit_change), made whole, so that figures can be carried over: the shares of a unit and day
-- add up to 1, units that go on have an edge to themselves, and each edge knows what part of the later unit it brings.
--   share given: taken, scaled to 1 where the shares of the day miss it by less than 0.005 or exceed it
--   merge, rename without share and without another edge: the whole unit
--   transfer without share: nothing is known to have moved; the unit keeps all
--   one edge without share: the rest; several: not divided ('': nobody says where it went)
-- Parameters: legal_date date. admin.unit_change has some 10,000 rows; lookups of units rely on unit_code_period_excl.
INSERT INTO unit_edge (level, from_code, to_code, changed_on, begins, people_share, land_share, ground_share, is_divided)
WITH register AS (
    SELECT level, code, valid_from, valid_to FROM admin.unit WHERE level = 'commune'
    UNION ALL SELECT level, code, valid_from, valid_to FROM admin.unit_code
    UNION ALL SELECT 'city', code, valid_from, valid_to FROM admin.urban_area WHERE kind IN ('city', 'town')
),
told AS (
    SELECT level, kind, from_code, to_code, changed_on,
        coalesce(population_share, area_share) AS people, coalesce(area_share, population_share) AS land
    FROM admin.unit_change WHERE changed_on <= :legal_date
),
event AS (
    SELECT level, from_code, changed_on, count(*) AS edges, bool_or(to_code = from_code) AS has_self,
        bool_or(kind = 'transfer') AS has_transfer, bool_or(kind = 'split') AS has_split
    FROM told GROUP BY 1, 2, 3
),
known AS (
    -- since when at the latest a code names a unit
    SELECT level, code, min(since) AS since
    FROM (
        SELECT level, code, valid_from AS since FROM register
        UNION ALL SELECT level, from_code, changed_on FROM told
        UNION ALL SELECT level, to_code, changed_on FROM told
        UNION ALL SELECT level, unit_code, coalesce(unit_on, make_date(year, 12, 31)) FROM population.unit_count
        UNION ALL
        SELECT level, unit_code, coalesce(unit_on, make_date(period::int, 12, 31))
        FROM survey.observation
    ) AS seen GROUP BY 1, 2
),
receiver AS (
    -- units that take others in and go on themselves, though the list has no edge of theirs for the day
    SELECT DISTINCT t.level, t.to_code AS code, t.changed_on
    FROM told t
    JOIN known k ON k.level = t.level AND k.code = t.to_code AND k.since < t.changed_on
    LEFT JOIN event e ON e.level = t.level AND e.from_code = t.to_code AND e.changed_on = t.changed_on
    WHERE e.from_code IS NULL
),
listed AS (
    SELECT t.level, t.from_code, t.to_code, t.changed_on,
        CASE WHEN t.people IS NULL AND t.kind IN ('merge', 'rename') AND e.edges = 1 THEN 1 ELSE t.people END AS people,
        CASE WHEN t.land IS NULL AND t.kind IN ('merge', 'rename') AND e.edges = 1 THEN 1 ELSE t.land END AS land
    FROM told t JOIN event e USING (level, from_code, changed_on)
    WHERE NOT (t.kind = 'transfer' AND t.to_code <> t.from_code AND t.people IS NULL)
    UNION ALL
    SELECT e.level, e.from_code, e.from_code, e.changed_on, NULL, NULL
    FROM event e
    WHERE NOT e.has_self AND (e.has_transfer OR (e.has_split AND EXISTS (
        SELECT FROM register r
        WHERE r.level = e.level AND r.code = e.from_code
            AND r.valid_from <= e.changed_on AND (r.valid_to IS NULL OR r.valid_to > e.changed_on))))
    UNION ALL
    SELECT level, code, code, changed_on, 1, 1 FROM receiver
),
summed AS (
    SELECT *, coalesce(sum(people) OVER of_day, 0) AS people_told, coalesce(sum(land) OVER of_day, 0) AS land_told,
        count(*) FILTER (WHERE people IS NULL) OVER of_day AS untold
    FROM listed WINDOW of_day AS (PARTITION BY level, from_code, changed_on)
),
rest AS (
    SELECT level, from_code, changed_on, untold, people_told, land_told,
        CASE WHEN people_told > 1 OR (untold = 0 AND people_told >= 0.995) THEN 0 ELSE 1 - people_told END AS people,
        CASE WHEN land_told > 1 OR (untold = 0 AND land_told >= 0.995) THEN 0 ELSE 1 - land_told END AS land
    FROM summed GROUP BY 1, 2, 3, 4, 5, 6
),
divided AS (
    SELECT s.level, s.from_code, s.to_code, s.changed_on,
        CASE WHEN s.people IS NOT NULL THEN s.people / CASE WHEN r.people = 0 THEN s.people_told ELSE 1 END
            WHEN s.untold = 1 THEN r.people ELSE 0 END AS people_share,
        CASE WHEN s.land IS NOT NULL THEN s.land / CASE WHEN r.land = 0 THEN s.land_told ELSE 1 END
            WHEN s.untold = 1 THEN r.land ELSE 0 END AS land_share,
        -- only to weigh what an undivided part may mean for the later unit
        CASE WHEN s.land IS NULL THEN r.land / s.untold ELSE s.land END AS land_weight,
        s.people IS NOT NULL OR s.untold = 1 AS is_divided
    FROM summed s JOIN rest r USING (level, from_code, changed_on)
    UNION ALL
    SELECT level, from_code, '', changed_on, people, land, 0, true
    FROM rest WHERE untold <> 1 AND (people > 0 OR land > 0)
),
life AS (
    SELECT level, from_code, changed_on,
        lag(changed_on, 1, '-infinity') OVER (PARTITION BY level, from_code ORDER BY changed_on) AS begins
    FROM listed GROUP BY 1, 2, 3
),
weighed AS (
    SELECT d.*, d.land_weight * CASE WHEN bool_and(a.area_m2 > 0) OVER of_later THEN a.area_m2 ELSE 1 END AS weight
    FROM divided d
    LEFT JOIN LATERAL (
        SELECT coalesce(u.area_official_km2 * 1e6, ST_Area(u.geom::geography)) AS area_m2
        FROM admin.unit u
        WHERE d.level = 'commune' AND u.level = 'commune' AND u.code = d.from_code
            AND u.valid_from < d.changed_on AND (u.valid_to IS NULL OR u.valid_to >= d.changed_on)
        UNION ALL
        SELECT c.area_official_km2 * 1e6 FROM admin.unit_code c
        WHERE c.level = d.level AND c.code = d.from_code
            AND c.valid_from < d.changed_on AND (c.valid_to IS NULL OR c.valid_to >= d.changed_on)
        UNION ALL
        SELECT ST_Area(u.geom::geography) FROM admin.urban_area u
        WHERE d.level = 'city' AND u.code = d.from_code
            AND u.valid_from < d.changed_on AND (u.valid_to IS NULL OR u.valid_to >= d.changed_on)
        LIMIT 1
    ) AS a ON true
    WINDOW of_later AS (PARTITION BY d.level, d.to_code, d.changed_on)
)
SELECT w.level, w.from_code, w.to_code, w.changed_on, l.begins, least(1, w.people_share), least(1, w.land_share),
    CASE WHEN w.to_code = '' THEN 0
        ELSE coalesce(w.weight / nullif(sum(w.weight) OVER (PARTITION BY w.level, w.to_code, w.changed_on), 0), 0) END,
    w.is_divided
FROM weighed w
JOIN life l USING (level, from_code, changed_on)
