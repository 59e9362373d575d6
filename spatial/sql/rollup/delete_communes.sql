-- Take away the commune values that are computed again. Stock figures of past periods stay: they are that year's last state.
-- Parameters: indicators text[], communes text[] (NULL = all), period text (NULL = every period).
DELETE FROM rollup.value
WHERE level = 'commune' AND indicator_code = ANY(CAST(:indicators AS text[])) AND unit_code NOT LIKE '%\:unbroken'
    AND (CAST(:communes AS text[]) IS NULL OR unit_code = ANY(CAST(:communes AS text[])))
    AND (CAST(:period AS text) IS NULL OR period = CAST(:period AS text))
