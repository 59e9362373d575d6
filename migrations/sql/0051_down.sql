DROP TABLE admin.column_rule;
DO $$
DECLARE
    target regclass;
BEGIN
    FOREACH target IN ARRAY ARRAY['planning.zone', 'landscape.green_area', 'landscape.water_body', 'landscape.natural_area',
        'history.planning__zone', 'history.landscape__green_area', 'history.landscape__water_body',
        'history.landscape__natural_area']::regclass[]
    LOOP
        EXECUTE format('ALTER TABLE %s DROP COLUMN area_srid, DROP COLUMN area_stated_m2', target);
        EXECUTE format('COMMENT ON COLUMN %s.area_m2 IS ''Diện tích (m²)''', target);
    END LOOP;
    FOREACH target IN ARRAY ARRAY['land.parcel', 'history.land__parcel', 'private.parcel_restricted']::regclass[] LOOP
        EXECUTE format('COMMENT ON COLUMN %s.area_srid IS ''EPSG của phép chiếu tính diện tích''', target);
    END LOOP;
END
$$;
