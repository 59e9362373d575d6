-- Take away the commune values that are computed again; remainders that the tiers above left there are theirs.
-- Parameters: indicators text[], communes text[] (NULL = all), period text (the year of the legal date),
-- spans text (now = that period, past = those before it, all). Relies on the primary key of rollup.value.
DELETE FROM rollup.value
WHERE level = 'commune' AND indicator_code = ANY(CAST(:indicators AS text[])) AND unit_code NOT LIKE '%\:unbroken'
    AND (CAST(:communes AS text[]) IS NULL OR unit_code = ANY(CAST(:communes AS text[])))
    AND CASE CAST(:spans AS text) WHEN 'now' THEN period = CAST(:period AS text) WHEN 'past' THEN period <> CAST(:period AS text) ELSE true END
