-- Take away what adding up writes: the tiers above the commune and the remainders that they leave there; of ratios every tier.
-- Parameters: indicators text[], period text (NULL = every). Relies on the primary key of rollup.value.
DELETE FROM rollup.value
WHERE indicator_code = ANY(CAST(:indicators AS text[])) AND (CAST(:period AS text) IS NULL OR period = CAST(:period AS text))
    AND (level <> 'commune' OR unit_code LIKE '%\:unbroken'
        OR indicator_code IN (SELECT code FROM rollup.indicator WHERE kind = 'ratio'))
