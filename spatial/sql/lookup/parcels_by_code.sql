-- Parcels that a code may mean: the code itself (or the national identifier), else, since units change their codes by mergers,
-- those with the same sheet and number of a former commune, or of a commune where the code names no former one.
-- What is in force comes first; only where nothing is, what was or will be.
-- Parameters: code text, as given; national_id text; unit_code text, five digits; sheet, number text (each NULL where the code
-- has no such part); names_former boolean, whether unit_code is the former commune; as_of date.
-- Relies on parcel_code_valid_from_key, parcel_national_id_idx, parcel_sheet_idx.
, meant AS MATERIALIZED (
    SELECT p.*, 0 AS distance FROM parcel p WHERE p.code = CAST(:code AS text)
    UNION ALL
    SELECT p.*, 0 FROM parcel p WHERE p.national_id = CAST(:national_id AS text)
    UNION ALL
    SELECT p.*, 1 FROM parcel p
    WHERE p.map_sheet = CAST(:sheet AS text) AND p.parcel_no = CAST(:number AS text)
        AND (p.former_commune_code = CAST(:unit_code AS text)
            OR (p.commune_code = CAST(:unit_code AS text) AND NOT CAST(:names_former AS boolean)))
),
dated AS (
    SELECT m.*, m.valid_from <= CAST(:as_of AS date) AND (m.valid_to IS NULL OR m.valid_to > CAST(:as_of AS date)) AS in_force
    FROM meant m
),
ranked AS (
    SELECT d.*, rank() OVER (ORDER BY d.in_force DESC, d.distance) AS nearness,
        row_number() OVER (PARTITION BY d.code ORDER BY d.in_force DESC, d.valid_from DESC) AS period
    FROM dated d
),
chosen AS MATERIALIZED (
    SELECT r.*, row_number() OVER (ORDER BY r.code) AS place
    FROM ranked r WHERE r.nearness = 1 AND r.period = 1
    ORDER BY r.code LIMIT 20
)
