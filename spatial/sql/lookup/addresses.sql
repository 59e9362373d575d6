-- Addresses in force that have all words of a text in order, of at most so many places, so that a word of every street costs no more.
-- Follows a head of sources. Parameters: text text, as typed; as_of date; most int. Relies on address_folded_idx.
, asked AS (SELECT admin.fold(CAST(:text AS text)) AS folded),
fitting AS MATERIALIZED (
    SELECT a.address, a.parcel_code, a.code, a.geom
    FROM address a, asked q
    WHERE a.folded LIKE '%' || replace(admin.fold(CAST(:text AS text)), ' ', '%') || '%'
        AND a.folded ~ ('(^| )' || replace(q.folded, ' ', '( | .* )') || '( |$)')
        AND a.valid_from <= CAST(:as_of AS date) AND (a.valid_to IS NULL OR a.valid_to > CAST(:as_of AS date))
    LIMIT 5 * CAST(:most AS int)
)
SELECT address, parcel_code, code, ST_X(geom) AS lon, ST_Y(geom) AS lat FROM fitting ORDER BY address, code
