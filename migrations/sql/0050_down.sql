DROP FUNCTION admin.area_m2(geometry, integer);
DROP FUNCTION admin.area_srid(text, geometry);
DROP VIEW admin.area_zone;
DROP FUNCTION ingest.store_geometry();
DROP FUNCTION admin.stored_geometry(geometry);
