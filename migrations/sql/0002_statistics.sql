-- What the planner's statistics say about a table, for those who may read the table (see 0001_statistics.sql).

-- Who asks, whatever this function runs as: the role taken by SET ROLE, else the login.
CREATE FUNCTION admin.asker() RETURNS name
    LANGUAGE sql STABLE
    RETURN coalesce(nullif(current_setting('role'), 'none')::name, session_user);

CREATE FUNCTION admin.check_readable(target regclass) RETURNS void
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT has_table_privilege(admin.asker(), target, 'SELECT') THEN
        RAISE EXCEPTION 'Không có quyền đọc bảng này.' USING ERRCODE = 'insufficient_privilege',
            HINT = 'You may not read this table, nor what the statistics say about it.';
    END IF;
END
$$;

-- Degrees; NULL where the table was never analysed and has no index.
CREATE FUNCTION admin.estimated_extent(target regclass) RETURNS box2d
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    extent box2d;
BEGIN
    PERFORM admin.check_readable(target);
    SELECT ST_EstimatedExtent(n.nspname::text, c.relname::text, 'geom') INTO extent
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = target;
    RETURN extent;
END
$$;

-- The share of the rows that each of side x side cells of `box` has, row by row from the south-west. In no unit: only ratios mean something.
CREATE FUNCTION admin.estimated_density(target regclass, box box2d, side int) RETURNS float8[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    width float8 := (ST_XMax(box) - ST_XMin(box)) / side;
    height float8 := (ST_YMax(box) - ST_YMin(box)) / side;
BEGIN
    PERFORM admin.check_readable(target);
    RETURN (
        SELECT array_agg(_postgis_selectivity(target, 'geom', ST_MakeEnvelope(
            ST_XMin(box) + col * width, ST_YMin(box) + line * height,
            ST_XMin(box) + (col + 1) * width, ST_YMin(box) + (line + 1) * height, 4326)) ORDER BY line, col)
        FROM generate_series(0, side - 1) line, generate_series(0, side - 1) col
    );
END
$$;
