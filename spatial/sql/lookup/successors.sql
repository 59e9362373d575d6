-- Parcels that a parcel became by splitting, merging or renumbering. Parameters: code text. Relies on parcel_lineage_from_code_idx.
SELECT to_code, kind, changed_on FROM land.parcel_lineage WHERE from_code = CAST(:code AS text) ORDER BY to_code LIMIT 20
