-- What the last refresh did not count as it stands. Parameters: indicators text[] (NULL = all; notes of every indicator belong to each).
SELECT kind, indicator_code, unit_code, period, detail::text AS detail
FROM rollup.note
WHERE CAST(:indicators AS text[]) IS NULL OR indicator_code IS NULL OR indicator_code = ANY(CAST(:indicators AS text[]))
ORDER BY kind, indicator_code, unit_code, period
LIMIT 100
