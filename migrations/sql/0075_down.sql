DROP FUNCTION admin.bound_vertices() CASCADE;
DROP TABLE admin.vertex_limit;

-- What the public may learn about land that must not be shown (private.parcel_restricted): that nothing is published there, no more.
-- SECURITY DEFINER, since the public has no right on the schema; a yes or no is all that comes out.

-- A point on such land, or a surface of which more than a thousandth lies on it (less is the inaccuracy of two surveys).
CREATE FUNCTION land.is_unpublished(shape geometry) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$
    SELECT EXISTS (
        SELECT FROM private.parcel_restricted r
        WHERE r.geom && shape AND (r.valid_to IS NULL OR r.valid_to > admin.today_vn()) AND ST_Intersects(r.geom, shape)
            AND (ST_Dimension(shape) < 2 OR ST_Area(ST_Intersection(r.geom, shape)) > 0.001 * ST_Area(shape))
    )
    $$;
COMMENT ON FUNCTION land.is_unpublished(geometry) IS 'Vị trí thuộc diện không công bố (chỉ trả lời có hoặc không)';

-- A parcel code, or a commune (of today or before) with sheet and number.
CREATE FUNCTION land.is_unpublished_parcel(parcel_code text, unit_code text, sheet text, parcel_number text) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$
    SELECT EXISTS (
        SELECT FROM private.parcel_restricted r
        WHERE (r.valid_to IS NULL OR r.valid_to > admin.today_vn())
            AND (r.code = parcel_code OR r.national_id = parcel_code
                OR (r.map_sheet = sheet AND r.parcel_no = parcel_number AND unit_code IN (r.commune_code, r.former_commune_code)))
    )
    $$;
COMMENT ON FUNCTION land.is_unpublished_parcel(text, text, text, text) IS 'Thửa đất thuộc diện không công bố (chỉ trả lời có hoặc không)';

REVOKE EXECUTE ON FUNCTION land.is_unpublished(geometry), land.is_unpublished_parcel(text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION land.is_unpublished(geometry), land.is_unpublished_parcel(text, text, text, text) TO dothi_public;
