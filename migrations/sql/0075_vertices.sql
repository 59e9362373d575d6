-- How many corners a row of a layer may have: one of 596,000 held up whoever read it for 9 seconds. `dothi db migrate` writes what the
-- layers declare and leaves what is there, so an administrator may raise a limit here; a layer without a row has none.
CREATE TABLE admin.vertex_limit (
    table_name TEXT NOT NULL,
    most_vertices INTEGER NOT NULL,
    CONSTRAINT vertex_limit_pkey PRIMARY KEY (table_name),
    CONSTRAINT vertex_limit_most_vertices_plausible_check CHECK (most_vertices BETWEEN 4 AND 10000000)
);
COMMENT ON TABLE admin.vertex_limit IS 'Số đỉnh tối đa của một đối tượng theo lớp dữ liệu';
COMMENT ON COLUMN admin.vertex_limit.table_name IS 'Bảng';
COMMENT ON COLUMN admin.vertex_limit.most_vertices IS 'Số đỉnh tối đa';
GRANT SELECT ON admin.vertex_limit TO dothi_public, dothi_ingest;

-- BEFORE ROW, for every login but the loader's and the owner's role, which holds files to the same limit before it stages them. Before the
-- guard, by name: what is too large is not even looked at.
CREATE FUNCTION admin.bound_vertices() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    drawn integer := ST_NPoints(NEW.geom);
    most integer := (SELECT l.most_vertices FROM admin.vertex_limit l WHERE l.table_name = TG_RELID::regclass::text);
BEGIN
    -- what is there may still be ended
    IF drawn > most AND (TG_OP = 'INSERT' OR NEW.geom IS DISTINCT FROM OLD.geom) THEN
        RAISE EXCEPTION 'Hình học có % đỉnh, nhiều hơn mức tối đa % đỉnh của một đối tượng.', drawn, most
            USING ERRCODE = 'check_violation',
                DETAIL = format('%s %s.%s, tài khoản %s', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME, session_user),
                HINT = 'Bỏ bớt đỉnh thừa (QGIS: Vectơ > Công cụ hình học > Đơn giản hóa) hoặc tách thành nhiều đối tượng rồi lưu lại.';
    END IF;
    RETURN NEW;
END
$$;
