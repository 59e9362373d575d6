-- Parcels in force that hold a point (more than one where the cadastre overlaps: the smallest first).
-- Parameters: lon, lat float8 (degrees, EPSG:4326), as_of date. Relies on parcel_geom_idx.
, chosen AS MATERIALIZED (
    SELECT p.*, row_number() OVER (ORDER BY p.area_m2, p.code) AS place, true AS in_force
    FROM parcel p
    WHERE ST_Intersects(p.geom, ST_SetSRID(ST_MakePoint(CAST(:lon AS float8), CAST(:lat AS float8)), 4326))
        AND p.valid_from <= CAST(:as_of AS date) AND (p.valid_to IS NULL OR p.valid_to > CAST(:as_of AS date))
)
