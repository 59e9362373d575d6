-- Figures reported by communes and approved. Those of former communes follow unit_change by their share of people, else of area.
-- Parameters: communes text[] (NULL = all), legal_date date. Reads survey.observation (small) once.
WITH edge AS (
    SELECT from_code, to_code, changed_on,
        coalesce(population_share, area_share, 1.0 / count(*) OVER (PARTITION BY from_code, changed_on)) AS share
    FROM admin.unit_change WHERE level = 'commune' AND changed_on <= :legal_date
),
commune AS (
    SELECT code, coalesce(province_code, parent_code, 'VN') AS parent_code
    FROM admin.unit
    WHERE level = 'commune' AND valid_from <= :legal_date AND (valid_to IS NULL OR valid_to > :legal_date)
)
SELECT o.indicator_code, coalesce(e.to_code, o.unit_code) AS unit_code, coalesce(c.parent_code, 'VN') AS parent_code, o.period,
    round(sum(o.value * coalesce(e.share, 1))::numeric, 3) AS value, least(1, avg(coalesce(o.coverage, 1))) AS coverage,
    jsonb_agg(DISTINCT o.batch_id) AS batch_ids
FROM survey.observation o
JOIN rollup.indicator i ON i.code = o.indicator_code AND i.kind = 'additive' AND i.origin = 'reported'
LEFT JOIN edge e ON e.from_code = o.unit_code AND o.period < extract(year FROM e.changed_on)::text
LEFT JOIN commune c ON c.code = coalesce(e.to_code, o.unit_code)
WHERE o.level = 'commune' AND o.approved_at IS NOT NULL
    AND (CAST(:communes AS text[]) IS NULL OR coalesce(e.to_code, o.unit_code) = ANY(CAST(:communes AS text[])))
GROUP BY 1, 2, 3, 4
