-- Where units belong: every commune, province, region, nation, city or town that the register knows, of today or of before, with its
-- province where that is in force (a province is its own).
-- Parameters: legal_date date.
INSERT INTO unit_place (level, code, home_code, is_in_force)
WITH known AS (
    SELECT level, code, coalesce(province_code, parent_code) AS province_code, valid_from, valid_to FROM admin.unit WHERE level = 'commune'
    UNION ALL
    SELECT level, code, CASE WHEN level = 'province' THEN code END, valid_from, valid_to FROM admin.unit_code
    UNION ALL
    SELECT 'city', code, province_code, valid_from, valid_to FROM admin.urban_area WHERE kind IN ('city', 'town')
),
latest AS (
    SELECT DISTINCT ON (level, code) level, code, province_code,
        valid_from <= :legal_date AND (valid_to IS NULL OR valid_to > :legal_date) AS is_in_force
    FROM known
    ORDER BY level, code, is_in_force DESC, valid_from DESC
)
SELECT l.level, l.code, p.code, l.is_in_force
FROM latest l
LEFT JOIN latest p ON p.level = 'province' AND p.code = l.province_code AND p.is_in_force
