-- Parcels in force by sheet and number, in a unit named or coded where one is given.
-- Parameters: sheet, number text (as typed, any case); unit_code text (five digits) or NULL; names_former boolean,
-- whether that is the code of the former commune; unit_name text (any writing) or NULL;
-- as_of date; most int. Relies on parcel_sheet_idx, unit_code_period_excl.
SELECT p.code, p.map_sheet, p.parcel_no, p.land_use_code, p.area_m2, coalesce(u.name, p.commune_code) AS commune,
    coalesce(u.name_en, u.name, p.commune_code) AS commune_en, ST_X(s.inside) AS lon, ST_Y(s.inside) AS lat,
    ARRAY[ST_XMin(p.geom), ST_YMin(p.geom), ST_XMax(p.geom), ST_YMax(p.geom)] AS bbox
FROM land.parcel p
LEFT JOIN LATERAL (
    SELECT name, name_en FROM admin.unit u WHERE u.code = p.commune_code AND u.level = 'commune' ORDER BY u.valid_from DESC LIMIT 1
) u ON true
CROSS JOIN LATERAL (SELECT ST_PointOnSurface(p.geom) AS inside) s
WHERE p.map_sheet IN (CAST(:sheet AS text), upper(CAST(:sheet AS text)), lower(CAST(:sheet AS text)))
    AND p.parcel_no IN (CAST(:number AS text), upper(CAST(:number AS text)), lower(CAST(:number AS text)))
    AND p.valid_from <= CAST(:as_of AS date) AND (p.valid_to IS NULL OR p.valid_to > CAST(:as_of AS date))
    AND (CAST(:unit_code AS text) IS NULL OR p.former_commune_code = CAST(:unit_code AS text)
        OR (p.commune_code = CAST(:unit_code AS text) AND NOT CAST(:names_former AS boolean)))
    AND (CAST(:unit_name AS text) IS NULL OR EXISTS (
        SELECT FROM admin.unit n
        WHERE n.code IN (p.commune_code, p.former_commune_code) AND n.level = 'commune'
            AND admin.fold(n.name) LIKE '%' || admin.fold(CAST(:unit_name AS text)) || '%'))
ORDER BY p.commune_code, p.code
LIMIT CAST(:most AS int)
