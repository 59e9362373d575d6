-- The small functions are such that the planner can put their bodies in place; the large ones are plpgsql, whose plans a session keeps
-- (those of SQL functions are made anew in every statement, which took longer than the work).

-- What the lookup computes in the plane of a VN-2000 zone, in metres; and whether a moment of knowledge is settled.

-- What of a shape in EPSG:4326 lies within a box (EPSG:4326), in a plane: so that only what is near is transformed.
CREATE FUNCTION planning.near_part(shape geometry, clip geometry, srid integer) RETURNS geometry
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ST_Transform(ST_CollectionExtract(ST_Intersection(shape, clip), 3), srid);
COMMENT ON FUNCTION planning.near_part(geometry, geometry, integer) IS 'Phần của một vùng ở gần nơi tra cứu, trong mặt phẳng đo';

-- The piece of a tile (a surface or a point) that lies in a ground and outside of what was taken; NULL for a ground is everywhere, NULL for
-- what was taken is nothing. Of a surface only surfaces count, not the edge that it shares with a ground.
CREATE FUNCTION planning.piece(tile geometry, ground geometry, taken geometry) RETURNS geometry
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, public AS $$
DECLARE
    part geometry := tile;
BEGIN
    IF ground IS NOT NULL THEN
        part := ST_Intersection(part, ground);
    END IF;
    IF taken IS NOT NULL AND part && taken THEN
        part := ST_Difference(CASE WHEN ST_Dimension(tile) = 2 THEN ST_CollectionExtract(part, 3) ELSE part END, taken);
    END IF;
    RETURN CASE WHEN ST_Dimension(tile) = 2 THEN ST_CollectionExtract(part, 3) ELSE part END;
END
$$;
COMMENT ON FUNCTION planning.piece(geometry, geometry, geometry) IS 'Mảnh của một ô nằm trong một vùng và ngoài phần đã bị lấy đi';

-- The area (m2) of pieces that two surveys of one boundary cannot explain: what remains of them together once everything not wider than
-- `width_m` is left away (their morphological opening). Up to `least_m2` it is their own area, as it is where they are too wide to fall
-- below that: opening takes at most half the width along the boundary. So most are never opened. NULL without pieces; 0 for points.
CREATE FUNCTION planning.wide_area(pieces geometry[], width_m double precision, least_m2 double precision) RETURNS double precision
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, public AS $$
DECLARE
    area_m2 double precision;
    boundary_m double precision;
    united geometry;
BEGIN
    SELECT sum(ST_Area(p)), sum(ST_Perimeter(p)) INTO area_m2, boundary_m FROM unnest(pieces) AS p;
    IF area_m2 <= least_m2 OR area_m2 - width_m / 2 * boundary_m > least_m2 THEN
        RETURN area_m2;
    END IF;
    united := ST_Union(pieces);
    RETURN ST_Area(ST_Buffer(ST_Buffer(united, -width_m / 2), width_m / 2));
END
$$;
COMMENT ON FUNCTION planning.wide_area(geometry[], double precision, double precision) IS
    'Diện tích phần không giải thích được bằng sai số ranh giới';

-- Whether a point lies in a surface and farther than so many metres from its boundary.
CREATE FUNCTION planning.lies_deep(place geometry, surface geometry, depth_m double precision) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ST_Intersects(place, surface) AND ST_Distance(place, ST_Boundary(surface)) > depth_m;
COMMENT ON FUNCTION planning.lies_deep(geometry, geometry, double precision) IS 'Điểm nằm sâu bên trong một vùng';

-- The ground beside a line up to a width, on both sides: a rectangle along each segment, a sector outside each corner, nothing
-- beyond the ends. ST_Buffer with flat ends loses parts of it where the last segment is shorter than the width.
-- Parameters: a line in a plane, metres.
CREATE OR REPLACE FUNCTION planning.strip_beside(line geometry, width_m double precision) RETURNS geometry
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, public AS $$
#variable_conflict use_column
BEGIN
    RETURN (
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
    );
END
$$;
-- The strip on one side of a line that turns less than a right angle altogether, as streets do: rectangles and, outside of corners, sectors.
-- Such a line never comes back into its own strip, so nothing has to be cut. NULL for any other line.
-- Parameters: a line in a plane, metres; side 1 left, -1 right.
CREATE FUNCTION planning.strip_of_gentle_line(line geometry, width_m double precision, side integer) RETURNS geometry
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, public AS $$
DECLARE
    x double precision[] := ARRAY(SELECT ST_X(geom) FROM ST_DumpPoints(line) ORDER BY path);
    y double precision[] := ARRAY(SELECT ST_Y(geom) FROM ST_DumpPoints(line) ORDER BY path);
    ux double precision; -- along the segment, one metre
    uy double precision;
    vx double precision; -- along the segment before
    vy double precision;
    length_m double precision;
    angle double precision;
    turned double precision := 0;
    is_convex boolean := true;
    steps integer;
    edge geometry[] := '{}';  -- the far edge of the strip, and of each part of it
    parts geometry[] := '{}';
    sector geometry[];
BEGIN
    FOR i IN 1 .. array_length(x, 1) - 1 LOOP
        length_m := sqrt((x[i + 1] - x[i]) ^ 2 + (y[i + 1] - y[i]) ^ 2);
        CONTINUE WHEN length_m = 0;
        ux := (x[i + 1] - x[i]) / length_m;
        uy := (y[i + 1] - y[i]) / length_m;
        angle := atan2(vx * uy - vy * ux, vx * ux + vy * uy); -- to the left where above 0
        turned := turned + coalesce(abs(angle), 0);
        IF turned > pi() / 2 THEN
            RETURN NULL;
        END IF;
        IF side * angle < -1e-9 THEN -- away from the strip: a sector about the corner
            steps := ceil(-side * angle / (pi() / 32));
            sector := ARRAY(
                SELECT ST_MakePoint(
                    x[i] + side * width_m * (-vy * cos(angle * k / steps) - vx * sin(angle * k / steps)),
                    y[i] + side * width_m * (vx * cos(angle * k / steps) - vy * sin(angle * k / steps)))
                FROM generate_series(1, steps - 1) AS k);
            parts := parts || ST_MakePolygon(ST_MakeLine(
                ARRAY[ST_MakePoint(x[i], y[i]), ST_MakePoint(x[i] - side * vy * width_m, y[i] + side * vx * width_m)] || sector
                || ARRAY[ST_MakePoint(x[i] - side * uy * width_m, y[i] + side * ux * width_m), ST_MakePoint(x[i], y[i])]));
            edge := edge || sector;
        ELSIF side * angle > 1e-9 THEN
            is_convex := false;
        END IF;
        edge := edge || ARRAY[ST_MakePoint(x[i] - side * uy * width_m, y[i] + side * ux * width_m),
            ST_MakePoint(x[i + 1] - side * uy * width_m, y[i + 1] + side * ux * width_m)];
        parts := parts || ST_MakePolygon(ST_MakeLine(ARRAY[
            ST_MakePoint(x[i], y[i]), ST_MakePoint(x[i + 1], y[i + 1]),
            ST_MakePoint(x[i + 1] - side * uy * width_m, y[i + 1] + side * ux * width_m),
            ST_MakePoint(x[i] - side * uy * width_m, y[i] + side * ux * width_m), ST_MakePoint(x[i], y[i])]));
        vx := ux;
        vy := uy;
    END LOOP;
    IF is_convex THEN -- nothing overlaps: one ring there and back
        RETURN ST_MakePolygon(ST_MakeLine(ARRAY[
            line, ST_Reverse(ST_SetSRID(ST_MakeLine(edge), ST_SRID(line))),
            ST_StartPoint(line)]));
    END IF;
    RETURN ST_SetSRID(ST_Union(parts), ST_SRID(line));
END
$$;
COMMENT ON FUNCTION planning.strip_of_gentle_line(geometry, double precision, integer) IS 'Dải đất ở một phía của đường ít uốn';

-- The ground that a line restricts: its strip on one side, or both. The side of a piece of the strip is that of its nearest place on
-- the line, seen along the line. Parameters: a line in a plane, metres; side left, right, both.
CREATE FUNCTION planning.restricted_strip(line geometry, width_m double precision, side text) RETURNS geometry
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, public AS $$
DECLARE
    step double precision := 0.001 / ST_Length(line); -- 1 mm as a fraction of the length
    is_ring boolean := ST_IsClosed(line);
    strip geometry;
    face geometry;
    inside geometry;
    place double precision;
    foot geometry;
    before geometry;
    after geometry;
    turn double precision;
    kept geometry[] := '{}';
BEGIN
    IF side <> 'both' THEN
        strip := planning.strip_of_gentle_line(line, width_m, CASE side WHEN 'left' THEN 1 ELSE -1 END);
        IF strip IS NOT NULL THEN
            RETURN strip;
        END IF;
    END IF;
    -- the line stands out of its strip by 1 mm at each end, so that it cuts the strip in two
    strip := planning.strip_beside(ST_LineSubstring(line, step, 1 - step), width_m);
    IF side = 'both' THEN
        RETURN strip;
    END IF;
    FOR face IN SELECT d.geom FROM ST_Dump(ST_Polygonize(ARRAY[ST_Union(ST_Boundary(strip), line)])) d LOOP
        inside := ST_PointOnSurface(face);
        CONTINUE WHEN NOT ST_Intersects(strip, inside);
        place := ST_LineLocatePoint(line, inside);
        foot := ST_LineInterpolatePoint(line, place);
        before := ST_LineInterpolatePoint(line, CASE WHEN place >= step THEN place - step WHEN is_ring THEN 1 - step ELSE 0 END);
        after := ST_LineInterpolatePoint(line, CASE WHEN place <= 1 - step THEN place + step WHEN is_ring THEN step ELSE 1 END);
        turn := (ST_X(after) - ST_X(before)) * (ST_Y(inside) - ST_Y(foot)) - (ST_Y(after) - ST_Y(before)) * (ST_X(inside) - ST_X(foot));
        IF (turn > 0 AND side = 'left') OR (turn < 0 AND side = 'right') THEN
            kept := kept || face;
        END IF;
    END LOOP;
    RETURN ST_Union(kept);
END
$$;
COMMENT ON FUNCTION planning.restricted_strip(geometry, double precision, text) IS 'Dải đất bị giới hạn ở một phía hoặc hai phía của chỉ giới';

-- A line without what lies in a surface; ST_Difference may turn what is left round, so it is turned back.
CREATE FUNCTION planning.line_outside(line geometry, taken geometry) RETURNS geometry
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, public
    AS $$
    SELECT ST_Collect(CASE
        WHEN ST_LineLocatePoint(o.geom, ST_LineInterpolatePoint(p.geom, 0.25)) > ST_LineLocatePoint(o.geom, ST_LineInterpolatePoint(p.geom, 0.75))
        THEN ST_Reverse(p.geom) ELSE p.geom END)
    FROM ST_Dump(line) o CROSS JOIN LATERAL ST_Dump(ST_Difference(o.geom, taken)) p
    WHERE ST_Dimension(o.geom) = 1 AND ST_Dimension(p.geom) = 1
    $$;
COMMENT ON FUNCTION planning.line_outside(geometry, geometry) IS 'Phần của một đường nằm ngoài một vùng, giữ nguyên chiều vẽ';

-- A moment of which every version is visible to whoever takes a snapshot after this call; NULL while somebody is between being given a
-- version (ingest.close_batch) and having committed. Who asks what was known at a moment waits for one that is not before it.
CREATE FUNCTION ingest.settled_at() RETURNS timestamptz
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    moment timestamptz := clock_timestamp(); -- before looking: a version given while looking is a later one, or its giver is seen
BEGIN
    IF EXISTS (
        SELECT FROM pg_locks l
        WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
            AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND ((l.classid::bigint << 32) | l.objid::bigint) = hashtextextended('dothi.data_version', 0)
    ) THEN
        RETURN NULL;
    END IF;
    RETURN moment;
END
$$;
COMMENT ON FUNCTION ingest.settled_at() IS 'Thời điểm mà mọi phiên bản dữ liệu trước đó đã hoàn tất; trống khi có lần ghi đang hoàn tất';
