-- Addresses in force that fit a text: as a whole, from its beginning, or with all its words in order; the best kind of fit only.
-- Follows a head of sources. Parameters: text text, as typed; as_of date. Relies on address_folded_idx.
, asked AS (SELECT admin.fold(CAST(:text AS text)) AS folded),
fitting AS MATERIALIZED (
    SELECT a.address, a.parcel_code, a.code, a.geom,
        CASE WHEN a.folded = q.folded THEN 0 WHEN starts_with(a.folded, q.folded || ' ') THEN 1 ELSE 2 END AS distance
    FROM address a, asked q
    WHERE a.folded LIKE '%' || replace(admin.fold(CAST(:text AS text)), ' ', '%') || '%'
        AND a.folded ~ ('(^| )' || replace(q.folded, ' ', '( | .* )') || '( |$)')
        AND a.valid_from <= CAST(:as_of AS date) AND (a.valid_to IS NULL OR a.valid_to > CAST(:as_of AS date))
)
SELECT address, parcel_code, code, ST_X(geom) AS lon, ST_Y(geom) AS lat
FROM fitting
WHERE distance = (SELECT min(distance) FROM fitting)
ORDER BY address, code LIMIT 21
