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

-- The ground beside a line up to a width, on both sides: a rectangle along each segment, a sector outside each corner, nothing
-- beyond the ends. ST_Buffer with flat ends loses parts of it where the last segment is shorter than the width.
-- Parameters: a line in a plane, metres.
CREATE FUNCTION planning.strip_beside(line geometry, width_m double precision) RETURNS geometry
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, public
    AS $$
    WITH segment AS (
        SELECT path[1] AS place, ST_StartPoint(geom) AS a, ST_EndPoint(geom) AS b, ST_Length(geom) AS length_m
        FROM ST_DumpSegments(line) WHERE ST_Length(geom) > 0
    ),
    directed AS (
        SELECT place, ST_X(a) AS ax, ST_Y(a) AS ay, ST_X(b) AS bx, ST_Y(b) AS by,
            (ST_X(b) - ST_X(a)) / length_m AS ux, (ST_Y(b) - ST_Y(a)) / length_m AS uy
        FROM segment
    ),
    corner AS ( -- of two segments; `outside` is the side (1 left, -1 right) that the line turns away from
        SELECT d.bx AS x, d.by AS y, d.ux, d.uy, n.ux AS vx, n.uy AS vy, -sign(d.ux * n.uy - d.uy * n.ux) AS outside
        FROM directed d
        JOIN directed n ON n.place = (SELECT min(place) FROM directed WHERE place > d.place)
            OR (ST_IsClosed(line) AND d.place = (SELECT max(place) FROM directed) AND n.place = (SELECT min(place) FROM directed))
    ),
    part AS (
        SELECT ST_MakePolygon(ST_MakeLine(ARRAY[
            ST_MakePoint(ax - uy * width_m, ay + ux * width_m), ST_MakePoint(bx - uy * width_m, by + ux * width_m),
            ST_MakePoint(bx + uy * width_m, by - ux * width_m), ST_MakePoint(ax + uy * width_m, ay - ux * width_m),
            ST_MakePoint(ax - uy * width_m, ay + ux * width_m)])) AS shape
        FROM directed
        UNION ALL
        SELECT ST_Intersection(ST_Buffer(ST_MakePoint(x, y), width_m, 16), ST_MakePolygon(ST_MakeLine(ARRAY[
            ST_MakePoint(x, y), ST_MakePoint(x - uy * outside * 3 * width_m, y + ux * outside * 3 * width_m),
            ST_MakePoint(x - (uy + vy) * outside * 3 * width_m, y + (ux + vx) * outside * 3 * width_m),
            ST_MakePoint(x - vy * outside * 3 * width_m, y + vx * outside * 3 * width_m), ST_MakePoint(x, y)])))
        FROM corner WHERE outside <> 0 AND ux * vx + uy * vy > -0.999
    )
    -- on a grid of a micrometre, or rounding leaves slits between a rectangle and its neighbour
    SELECT ST_SetSRID(ST_Union(shape, 1e-6), ST_SRID(line)) FROM part
    $$;
COMMENT ON FUNCTION planning.strip_beside(geometry, double precision) IS 'Dải đất dọc hai bên một đường trong phạm vi bề rộng';

REVOKE EXECUTE ON FUNCTION land.is_unpublished(geometry), land.is_unpublished_parcel(text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION land.is_unpublished(geometry), land.is_unpublished_parcel(text, text, text, text) TO dothi_public;
