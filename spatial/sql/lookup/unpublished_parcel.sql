-- Whether a parcel code names land that must not be shown. Parameters: code, unit_code, sheet, number text, as in parcels_by_code.
SELECT land.is_unpublished_parcel(
    CAST(:code AS text), CAST(:unit_code AS text), CAST(:sheet AS text), CAST(:number AS text)) AS is_unpublished
