-- Units, streets and addresses in force whose folded text holds the words typed, in order, the last one perhaps unfinished.
-- Whole text first, then what begins with it, then the rest; units before streets before addresses where they fit as well, and
-- along a street by house number: 5, 9, 12. At most three streets, each once per commune, with the extent of its addresses.
-- Parameters: words text, as typed, without `số` and `đường`; unit_words text, as typed, without `xã`, `phường`, `tỉnh` ... before
-- it; as_of date; most int.
-- Relies on unit_folded_idx, address_folded_idx. Of a street with thousands of numbers the first 2,000 are ranked.
WITH typed AS (SELECT admin.fold(CAST(:words AS text)) AS folded, admin.fold(CAST(:unit_words AS text)) AS unit_folded),
unit_found AS (
    SELECT 'unit' AS kind, u.name AS label, u.name_en AS label_en, u.code, u.level, p.name AS above, p.name_en AS above_en, u.geom,
        CASE WHEN f.folded = t.unit_folded THEN 0 WHEN f.folded LIKE '% ' || t.unit_folded THEN 0
            WHEN starts_with(f.folded, t.unit_folded) THEN 2 ELSE 4 END
            + array_position(ARRAY['nation', 'region', 'province', 'district', 'commune'], u.level) / 10.0 AS rank
    FROM typed t, admin.unit u
    CROSS JOIN LATERAL (SELECT admin.fold(u.name) AS folded) f
    LEFT JOIN LATERAL (
        SELECT p.name, p.name_en FROM admin.unit p
        WHERE p.code = coalesce(u.province_code, u.parent_code) AND p.code <> u.code
            AND p.valid_from <= CAST(:as_of AS date) AND (p.valid_to IS NULL OR p.valid_to > CAST(:as_of AS date)) LIMIT 1
    ) p ON true
    WHERE admin.fold(u.name) LIKE '%' || replace(admin.fold(CAST(:unit_words AS text)), ' ', '%') || '%'
        AND u.valid_from <= CAST(:as_of AS date) AND (u.valid_to IS NULL OR u.valid_to > CAST(:as_of AS date))
    ORDER BY rank, u.name LIMIT CAST(:most AS int)
),
hit AS MATERIALIZED (
    SELECT a.address, a.parcel_code, a.commune_code, a.geom, a.street, coalesce(a.house_number, a.address) AS house,
        regexp_replace(a.folded, '^so (nha )?(?=[0-9])|\mduong ', '', 'g') AS folded,
        regexp_replace(admin.fold(a.street), '^duong ', '') AS street_folded
    FROM land.address a
    WHERE a.folded LIKE '%' || replace(admin.fold(CAST(:words AS text)), ' ', '%') || '%'
        AND a.valid_from <= CAST(:as_of AS date) AND (a.valid_to IS NULL OR a.valid_to > CAST(:as_of AS date))
    LIMIT 2000
),
address_found AS (
    SELECT 'address' AS kind, h.address AS label, NULL AS label_en, h.parcel_code AS code, h.commune_code, h.geom,
        CASE WHEN h.folded = t.folded THEN 1 WHEN starts_with(h.folded, t.folded) THEN 3
            WHEN h.folded ~ ('(^| )' || replace(t.folded, ' ', '( | .* )')) THEN 5 ELSE 7 END AS rank,
        h.street_folded, h.house
    FROM typed t, hit h
),
street_found AS (
    SELECT 'street' AS kind, min(h.street) AS label, NULL AS label_en, NULL AS code, h.commune_code,
        CAST(ST_Extent(h.geom) AS geometry) AS geom,
        CASE WHEN h.street_folded = t.folded THEN 0.9 WHEN starts_with(h.street_folded, t.folded) THEN 2.9 ELSE 4.9 END AS rank,
        h.street_folded, '' AS house
    FROM typed t, hit h
    WHERE h.street_folded LIKE '%' || replace(t.folded, ' ', '%') || '%'
    GROUP BY h.street_folded, h.commune_code, t.folded
    ORDER BY rank, length(h.street_folded), h.street_folded, h.commune_code LIMIT 3
),
along_streets AS (
    SELECT f.kind, f.label, f.label_en, f.code, NULL AS level, u.name AS above, u.name_en AS above_en, f.geom, f.rank,
        regexp_replace(f.street_folded, '[0-9]+', '', 'g') AS road,
        CAST(left(substring(f.street_folded FROM '[0-9]+'), 9) AS int) AS road_no,
        CAST(left(substring(f.house FROM '[0-9]+'), 9) AS int) AS house_no
    FROM (SELECT * FROM street_found UNION ALL SELECT * FROM address_found) f
    LEFT JOIN LATERAL (
        SELECT name, name_en FROM admin.unit u WHERE u.code = f.commune_code AND u.level = 'commune' ORDER BY u.valid_from DESC LIMIT 1
    ) u ON true
    ORDER BY f.rank, road, road_no, house_no, f.label LIMIT CAST(:most AS int)
)
SELECT f.kind, f.label, coalesce(f.label_en, f.label) AS label_en, f.code, f.level, f.above, coalesce(f.above_en, f.above) AS above_en,
    ST_X(s.inside) AS lon, ST_Y(s.inside) AS lat,
    ARRAY[ST_XMin(f.geom), ST_YMin(f.geom), ST_XMax(f.geom), ST_YMax(f.geom)] AS bbox
FROM (
    SELECT *, NULL AS road, NULL::int AS road_no, NULL::int AS house_no FROM unit_found
    UNION ALL SELECT * FROM along_streets
    ORDER BY rank, road NULLS FIRST, road_no, house_no, label LIMIT CAST(:most AS int)
) f
CROSS JOIN LATERAL (SELECT ST_PointOnSurface(f.geom) AS inside) s
ORDER BY f.rank, f.road NULLS FIRST, f.road_no, f.house_no, f.label
