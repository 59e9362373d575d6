-- Nobody is told any more whether a place is land that must not be shown: with a point at a time, or one geometry of one's own, the
-- outline of each such parcel could be drawn. The lookup answers there as on any ground without a parcel, and by a code as for a parcel
-- that is not there, without reading `private` at all.
DROP FUNCTION land.is_unpublished(geometry);
DROP FUNCTION land.is_unpublished_parcel(text, text, text, text);
