-- Parcels that this load wrote and that overlap others which were there before, while both are in force.
-- Gives: row of the file, code of the other parcel, m2 of the shared ground and its mean width in metres, on the ellipsoid.
-- Parameters: batch (of this load), least_m2 (less is rounding), most (pairs at most).
-- EPSG:4326. Relies on the GiST index of land.parcel.geom; load_row is the load's temporary table, whose ids are those of the rows.
WITH written AS MATERIALIZED (
    SELECT s.row_no, p.geom, daterange(p.valid_from, p.valid_to) AS period
    FROM load_row s JOIN land.parcel p ON p.id = s.id
    WHERE p.batch_id = :batch
),
extent AS MATERIALIZED (
    SELECT ST_SetSRID(ST_Extent(geom)::geometry, 4326) AS box FROM written
),
-- where others lie: a file that lies beside what is there need not be looked at but along the border
zone AS MATERIALIZED (
    SELECT ST_SetSRID(ST_Extent(p.geom)::geometry, 4326) AS box
    FROM extent e JOIN land.parcel p ON p.geom && e.box
    WHERE p.batch_id <> :batch AND NOT EXISTS (SELECT FROM load_row s WHERE s.id = p.id)
),
pair AS (
    SELECT w.row_no, p.code, ST_Intersection(w.geom, p.geom) AS common
    FROM zone z
    JOIN written w ON w.geom && z.box
    JOIN land.parcel p ON p.geom && w.geom
    WHERE p.batch_id <> :batch AND NOT EXISTS (SELECT FROM load_row s WHERE s.id = p.id)
        AND daterange(p.valid_from, p.valid_to) && w.period
),
measured AS (
    SELECT row_no, code, ST_Area(common::geography) AS area_m2, ST_Perimeter(common::geography) AS perimeter_m
    FROM pair WHERE ST_Area(common) > 0
)
SELECT row_no, code, area_m2, 2 * area_m2 / perimeter_m AS width_m
FROM measured WHERE area_m2 > :least_m2
ORDER BY row_no, code
LIMIT :most
