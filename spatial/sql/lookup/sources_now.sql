-- Head of every lookup statement: where to read what is believed now. The rest of the statement follows the last CTE.
-- No parameters. Each CTE is folded into its use, so the indexes of the tables serve.
WITH parcel AS NOT MATERIALIZED (SELECT * FROM land.parcel),
parcel_use AS NOT MATERIALIZED (SELECT * FROM land.parcel_use),
address AS NOT MATERIALIZED (SELECT * FROM land.address),
plan AS NOT MATERIALIZED (SELECT * FROM planning.plan),
plan_event AS NOT MATERIALIZED (SELECT * FROM planning.plan_event),
zone AS NOT MATERIALIZED (SELECT * FROM planning.zone),
planning_line AS NOT MATERIALIZED (SELECT * FROM planning.planning_line),
theme_coverage AS NOT MATERIALIZED (SELECT * FROM planning.theme_coverage),
document AS NOT MATERIALIZED (SELECT * FROM planning.document),
plan_content AS NOT MATERIALIZED (SELECT * FROM planning.plan_content),
content_gap AS NOT MATERIALIZED (SELECT * FROM planning.content_gap),
unit AS NOT MATERIALIZED (SELECT * FROM admin.unit),
known AS (SELECT coalesce(max(data_version), 0) AS version FROM ingest.batch)
