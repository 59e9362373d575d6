-- A parcel in force, as commune/sheet/number, and an address, as house number and street: examples of what can be typed.
-- No parameters. Relies on parcel_pkey, address_pkey: the first rows that fit.
SELECT
    (SELECT p.commune_code || '/' || p.map_sheet || '/' || p.parcel_no FROM land.parcel p
     WHERE p.valid_to IS NULL AND p.valid_from <= admin.today_vn() AND p.map_sheet !~ '[/\s]' AND p.parcel_no !~ '[/\s]'
     ORDER BY p.id LIMIT 1) AS parcel,
    (SELECT a.house_number || ' ' || a.street FROM land.address a
     WHERE a.valid_to IS NULL AND a.valid_from <= admin.today_vn() AND a.house_number IS NOT NULL AND a.street IS NOT NULL
     ORDER BY a.id LIMIT 1) AS address
