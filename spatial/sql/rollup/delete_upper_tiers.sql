-- Take away what upper_tiers.sql writes: it writes every period again from the commune values, which stay.
-- Parameters: indicators text[]. Relies on the primary key of rollup.value.
DELETE FROM rollup.value
WHERE indicator_code = ANY(CAST(:indicators AS text[])) AND (level <> 'commune' OR unit_code LIKE '%\:unbroken')
