-- Public green area by commune.
-- coverage: what a steward's statement (survey.completeness) vouches for, without one 0. A commune of which nothing public is known
-- and nothing stated has no row: its limited green says nothing of a park.
-- Parameters: communes text[] (NULL = all), legal_date date, period text. Relies on green_area_commune_code_idx.
WITH commune AS (
    SELECT code, coalesce(province_code, parent_code, 'VN') AS parent_code, valid_from
    FROM admin.unit
    WHERE level = 'commune' AND valid_from <= :legal_date AND (valid_to IS NULL OR valid_to > :legal_date)
        AND (CAST(:communes AS text[]) IS NULL OR code = ANY(CAST(:communes AS text[])))
),
stated AS (
    SELECT DISTINCT ON (s.commune_code) s.commune_code, s.stated_on, s.row_count, c.parent_code
    FROM survey.completeness s
    JOIN commune c ON c.code = s.commune_code AND c.valid_from <= s.stated_on
    WHERE s.layer = 'green_areas' AND s.stated_on <= :legal_date
    ORDER BY s.commune_code, s.stated_on DESC
),
loaded AS (
    SELECT s.commune_code, s.parent_code, s.row_count, n.loaded
    FROM stated s
    CROSS JOIN LATERAL (
        SELECT count(*) AS loaded FROM landscape.green_area g
        WHERE g.commune_code = s.commune_code AND g.valid_from <= s.stated_on AND (g.valid_to IS NULL OR g.valid_to > s.stated_on)
    ) AS n
),
green AS (
    SELECT coalesce(g.commune_code, g.province_code || '\:unassigned', 'VN\:unassigned') AS unit_code,
        coalesce(g.province_code, 'VN') AS parent_code, g.batch_id,
        CASE g.kind WHEN 'public' THEN coalesce(g.area_m2, ST_Area(g.geom::geography)) END AS public_m2
    FROM landscape.green_area g
    WHERE g.valid_from <= :legal_date AND (g.valid_to IS NULL OR g.valid_to > :legal_date)
        AND (CAST(:communes AS text[]) IS NULL OR g.commune_code = ANY(CAST(:communes AS text[])))
),
counted AS (
    SELECT unit_code, min(parent_code) AS parent_code, sum(public_m2) AS public_m2, jsonb_agg(DISTINCT batch_id) AS batch_ids
    FROM green GROUP BY 1
)
SELECT 'public_green_m2' AS indicator_code, coalesce(n.unit_code, s.commune_code) AS unit_code,
    coalesce(n.parent_code, s.parent_code) AS parent_code, CAST(:period AS text) AS period,
    round(coalesce(n.public_m2, 0)::numeric, 2) AS value,
    coalesce(survey.vouched_share(s.loaded, s.row_count), 0) AS coverage, n.batch_ids
FROM counted n FULL JOIN loaded s ON s.commune_code = n.unit_code
WHERE n.public_m2 IS NOT NULL OR s.loaded > 0 OR s.row_count = 0
