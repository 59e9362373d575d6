DROP FUNCTION land.is_unpublished(geometry), land.is_unpublished_parcel(text, text, text, text);
