-- Commune values of figures that are reported, or were computed in years that are over: as rollup.report carries them.
-- Parameters: indicators text[], communes text[] (NULL = all). Relies on the primary key of rollup.report.
SELECT indicator_code, unit_code, parent_code, period, value, coverage, batch_ids
FROM rollup.report
WHERE level = 'commune' AND indicator_code = ANY(CAST(:indicators AS text[])) AND value IS NOT NULL
    AND (CAST(:communes AS text[]) IS NULL OR unit_code = ANY(CAST(:communes AS text[])))
