-- Units and addresses in force whose folded text holds the words typed, in order, the last one perhaps unfinished.
-- Whole text first, then what begins with it, then the rest; units before addresses where both fit as well.
-- Parameters: words text, as typed; unit_words text, the same without `xã`, `phường`, `tỉnh` ... before it; as_of date; most int.
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
address_found AS (
    SELECT 'address' AS kind, a.address AS label, NULL AS label_en, a.parcel_code AS code, NULL AS level, u.name AS above,
        u.name_en AS above_en, a.geom, a.rank
    FROM (
        SELECT a.*, CASE WHEN a.folded = t.folded THEN 1 WHEN starts_with(a.folded, t.folded) THEN 3
            WHEN a.folded ~ ('(^| )' || replace(t.folded, ' ', '( | .* )')) THEN 5 ELSE 7 END AS rank
        FROM typed t, (
            SELECT a.address, a.parcel_code, a.folded, a.commune_code, a.geom FROM land.address a
            WHERE a.folded LIKE '%' || replace(admin.fold(CAST(:words AS text)), ' ', '%') || '%'
                AND a.valid_from <= CAST(:as_of AS date) AND (a.valid_to IS NULL OR a.valid_to > CAST(:as_of AS date))
            LIMIT 2000
        ) a
        ORDER BY rank, length(a.folded), a.folded LIMIT CAST(:most AS int)
    ) a
    LEFT JOIN LATERAL (
        SELECT name, name_en FROM admin.unit u WHERE u.code = a.commune_code AND u.level = 'commune' ORDER BY u.valid_from DESC LIMIT 1
    ) u ON true
)
SELECT f.kind, f.label, coalesce(f.label_en, f.label) AS label_en, f.code, f.level, f.above, coalesce(f.above_en, f.above) AS above_en,
    ST_X(s.inside) AS lon, ST_Y(s.inside) AS lat,
    ARRAY[ST_XMin(f.geom), ST_YMin(f.geom), ST_XMax(f.geom), ST_YMax(f.geom)] AS bbox
FROM (
    SELECT * FROM (SELECT * FROM unit_found UNION ALL SELECT * FROM address_found) b ORDER BY rank, label LIMIT CAST(:most AS int)
) f
CROSS JOIN LATERAL (SELECT ST_PointOnSurface(f.geom) AS inside) s
ORDER BY f.rank, f.label
