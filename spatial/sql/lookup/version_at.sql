-- The newest data version committed at a moment or before, 0 where there was none.
-- Parameters: moment timestamptz. Relies on batch_committed_at_idx.
SELECT coalesce(max(data_version), 0) AS version FROM ingest.batch WHERE committed_at <= CAST(:moment AS timestamptz)
