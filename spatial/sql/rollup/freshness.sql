-- What the figures do not hold yet: the tables that changed since the last refresh, and its legal date (NULL: never refreshed).
SELECT (SELECT array_agg(DISTINCT table_name) FROM rollup.dirty) AS changed, (SELECT legal_date FROM rollup.state) AS legal_date
