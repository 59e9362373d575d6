-- Keep the commune values of the state's figures of years that are over, as they were last computed, for the units of that day.
-- Parameters: indicators text[], period text (the year of the legal date), last_date date (the legal date of the last refresh).
INSERT INTO rollup.past (indicator_code, unit_code, period, parent_code, value, coverage, batch_ids, as_of)
SELECT indicator_code, unit_code, period, parent_code, value, coverage, batch_ids,
    least(CAST(:last_date AS date), make_date(period::int, 12, 31))
FROM rollup.value
WHERE level = 'commune' AND indicator_code = ANY(CAST(:indicators AS text[])) AND period < CAST(:period AS text)
    AND unit_code NOT LIKE '%\:unbroken'
ON CONFLICT DO NOTHING
