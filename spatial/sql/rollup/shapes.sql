-- Geometry of units of a tier as GeoJSON, 5 decimals (about 1 m). Parameters: level text, codes text[], legal_date date.
SELECT code, ST_AsGeoJSON(geom, 5) AS geojson, boundary_quality
FROM admin.unit
WHERE level = CAST(:level AS text) AND code = ANY(CAST(:codes AS text[]))
    AND valid_from <= CAST(:legal_date AS date) AND (valid_to IS NULL OR valid_to > CAST(:legal_date AS date))
UNION ALL
SELECT code, ST_AsGeoJSON(geom, 5), 'official'
FROM admin.urban_area
WHERE CAST(:level AS text) = 'city' AND code = ANY(CAST(:codes AS text[]))
    AND valid_from <= CAST(:legal_date AS date) AND (valid_to IS NULL OR valid_to > CAST(:legal_date AS date))
