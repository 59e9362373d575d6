DROP FUNCTION planning.strip_beside(geometry, double precision);
DROP FUNCTION land.is_unpublished(geometry), land.is_unpublished_parcel(text, text, text, text);
