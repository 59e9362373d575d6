-- Number and area of parcels, and area by land-use group, by commune.
-- Legal periods of one code do not overlap, so a row in force is a parcel. A parcel with several uses of known area is divided in
-- their proportion; else its principal use has all of it.
-- Parameters: communes text[] (NULL = all), legal_date date, period text. Areas in m2, coverage = parcel area / commune area.
-- Relies on parcel_commune_code_idx for a few communes; reads the table once for all.
WITH parcel AS (
    SELECT id, coalesce(commune_code, province_code || '\:unassigned', 'VN\:unassigned') AS unit_code,
        coalesce(province_code, 'VN') AS parent_code, land_use_code, area_m2, batch_id
    FROM land.parcel
    WHERE valid_from <= :legal_date AND (valid_to IS NULL OR valid_to > :legal_date)
        AND (CAST(:communes AS text[]) IS NULL OR commune_code = ANY(CAST(:communes AS text[])))
),
several AS (
    SELECT parcel_id, code, area_m2 / nullif(sum(area_m2) OVER of_parcel, 0) AS share,
        bool_and(area_m2 IS NOT NULL) OVER of_parcel AS is_known
    FROM land.parcel_use
    WHERE CAST(:communes AS text[]) IS NULL OR commune_code = ANY(CAST(:communes AS text[]))
    WINDOW of_parcel AS (PARTITION BY parcel_id)
),
part AS (
    SELECT p.unit_code, coalesce(s.code, p.land_use_code) AS land_use_code, p.area_m2 * coalesce(s.share, 1) AS area_m2
    FROM parcel p LEFT JOIN several s ON s.parcel_id = p.id AND s.is_known AND s.share IS NOT NULL
),
by_use AS (
    SELECT unit_code, land_use_code, sum(area_m2) AS area_m2 FROM part GROUP BY 1, 2
),
grouped AS (
    SELECT b.unit_code,
        CASE WHEN u.land_group IN ('agricultural', 'non_agricultural', 'unused') THEN u.land_group ELSE 'unknown' END AS land_group,
        sum(b.area_m2) AS area_m2
    FROM by_use b LEFT JOIN land.land_use u ON u.code = b.land_use_code
    GROUP BY 1, 2
),
total AS (
    SELECT unit_code, min(parent_code) AS parent_code, count(*) AS parcels, sum(area_m2) AS area_m2,
        jsonb_agg(DISTINCT batch_id) AS batch_ids
    FROM parcel GROUP BY 1
),
known AS (
    SELECT t.*, least(1, coalesce(t.area_m2 / nullif(a.value, 0)::float8, 0)) AS coverage
    FROM total t
    LEFT JOIN rollup.value a ON a.indicator_code = 'area_m2' AND a.level = 'commune' AND a.unit_code = t.unit_code
        AND a.period = CAST(:period AS text)
)
SELECT i.indicator_code, k.unit_code, k.parent_code, CAST(:period AS text) AS period, i.value, k.coverage, k.batch_ids
FROM known k
CROSS JOIN LATERAL (
    SELECT 'parcel_count', k.parcels::numeric
    UNION ALL SELECT 'parcel_area_m2', round(k.area_m2::numeric, 2)
    UNION ALL
    SELECT 'land_' || g.land_group || '_m2', round(coalesce(sum(o.area_m2), 0)::numeric, 2)
    FROM unnest(ARRAY['agricultural', 'non_agricultural', 'unused', 'unknown']) AS g (land_group)
    LEFT JOIN grouped o ON o.unit_code = k.unit_code AND o.land_group = g.land_group
    GROUP BY g.land_group
) AS i (indicator_code, value)
