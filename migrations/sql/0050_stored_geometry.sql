-- The one form in which geometry is stored and the one way in which its area is computed, for every writer: the loader's staging
-- tables and the editors' trigger call the same functions.

-- Storage has the precision of what is served, 7 decimals of a degree (1 cm), so that what a client reads is the stored shape
-- itself: valid, exteriors counter-clockwise (RFC 7946, 3.1.6), and found again by S_EQUALS.
-- Each coordinate is the double nearest to its 7 decimals, as every reader of "106.0554321" has it: TWKB divides a whole number by
-- 10^7, while ST_SnapToGrid multiplies by 1e-7 and misses it by a last bit.
-- Only a shape that rounding makes invalid is mended, then noded on the grid. Neither does alone: of shapes made of slivers one in 300
-- cannot be noded as it came (an error of GEOS, or something invalid), and mending and rounding by turns need not end, as each turn makes
-- crossings that the next one rounds to new ones; of 4,700 that were mended and then noded none failed.
-- Lines keep their direction: ST_ForcePolygonCCW would turn them.
-- Parameter: degrees, finite, valid. Gives NULL where nothing of the shape is left on the grid, or where it was not valid.
-- What it gives, given again, comes back unchanged.
CREATE FUNCTION admin.stored_geometry(shape geometry) RETURNS geometry
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    stored public.geometry := public.ST_SetSRID(public.ST_GeomFromTWKB(public.ST_AsTWKB(shape, 7)), public.ST_SRID(shape));
BEGIN
    -- ST_IsValid would say a NOTICE for each shape that is not
    IF public.ST_IsValidReason(stored) <> 'Valid Geometry' THEN
        IF public.ST_IsValidReason(shape) <> 'Valid Geometry' THEN
            RETURN NULL;
        END IF;
        stored := public.ST_MakeValid(stored, 'method=structure keepcollapsed=false');
        stored := public.ST_Multi(public.ST_ReducePrecision(stored, 1e-7));
        stored := public.ST_SetSRID(public.ST_GeomFromTWKB(public.ST_AsTWKB(stored, 7)), public.ST_SRID(shape));
        IF public.ST_IsValidReason(stored) <> 'Valid Geometry' THEN
            RETURN NULL;
        END IF;
    END IF;
    IF public.ST_IsEmpty(stored) THEN
        RETURN NULL;
    ELSIF public.ST_Dimension(stored) = 2 THEN
        RETURN public.ST_ForcePolygonCCW(stored);
    END IF;
    RETURN stored;
END
$$;
COMMENT ON FUNCTION admin.stored_geometry(geometry) IS
    'Dạng lưu của hình học: 7 chữ số thập phân, hợp lệ, vòng ngoài ngược chiều kim đồng hồ';

-- On each staging table of a load, so that whatever is compared, counted and published is what will be stored.
CREATE FUNCTION ingest.store_geometry() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    NEW.geom := admin.stored_geometry(NEW.geom);
    RETURN NEW;
END
$$;

-- In which VN-2000 zone areas of a province are computed, by the longitude of a shape's middle: the zone whose meridian is nearest, up
-- to 2 degrees away, where its areas are 0.1 % off. Farther out (Hoàng Sa, Trường Sa) none of them holds.
-- Columns: west (inclusive) and east in degrees; srid as EPSG names it. The meridians stand in the rows of spatial_ref_sys.
CREATE VIEW admin.area_zone WITH (security_invoker = true) AS
WITH zone AS (
    SELECT DISTINCT z.province_code, z.srid, CAST(substring(s.proj4text FROM 'lon_0=([0-9.]+)') AS double precision) AS meridian
    FROM admin.province_zone z
    JOIN public.spatial_ref_sys s ON s.srid = 900000 + z.srid
),
neighbouring AS (
    SELECT zone.*, lag(meridian) OVER by_meridian AS west_meridian, lead(meridian) OVER by_meridian AS east_meridian
    FROM zone
    WINDOW by_meridian AS (PARTITION BY province_code ORDER BY meridian)
)
SELECT province_code, srid,
    greatest(meridian - 2, (west_meridian + meridian) / 2) AS west,
    least(meridian + 2, (meridian + east_meridian) / 2) AS east
FROM neighbouring;
COMMENT ON VIEW admin.area_zone IS 'Múi chiếu VN-2000 dùng để tính diện tích theo tỉnh và kinh độ';

-- The zone for a shape that no file's zone is known of; 4326, the ellipsoid itself, where the province has none that holds there.
-- Parameters: code of the province or NULL; the shape in degrees.
CREATE FUNCTION admin.area_srid(province text, shape geometry) RETURNS integer
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, public, pg_temp
    AS $$
    SELECT coalesce((
        SELECT z.srid FROM admin.area_zone z
        WHERE z.province_code = province AND (ST_XMin(shape) + ST_XMax(shape)) / 2 >= z.west
            AND (ST_XMin(shape) + ST_XMax(shape)) / 2 < z.east), 4326)
    $$;
COMMENT ON FUNCTION admin.area_srid(text, geometry) IS 'EPSG của múi chiếu tính diện tích; 4326: trên elipxoit';

-- The area of a shape in m2, to 0.01: cadastral areas are stated to 0.1, and noise beyond would make equal rows differ.
-- Parameters: the stored shape in degrees; EPSG code of a VN-2000 system (by the pinned transformation, spatial_ref_sys 900000 + EPSG),
-- or 4326 for the ellipsoid.
CREATE FUNCTION admin.area_m2(shape geometry, srid integer) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN round(
        100 * CASE srid WHEN 4326 THEN ST_Area(shape::geography) ELSE ST_Area(ST_Transform(shape, 900000 + srid)) END) / 100;
COMMENT ON FUNCTION admin.area_m2(geometry, integer) IS 'Diện tích (m²) của hình học đã lưu, trong múi chiếu nêu ra';

GRANT SELECT ON admin.area_zone TO dothi_public, dothi_ingest;
