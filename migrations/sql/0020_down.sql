DROP INDEX land.parcel_use_commune_code_idx;
DROP FUNCTION survey.vouched_share(bigint, bigint);
DROP TABLE survey.completeness, history.survey__completeness;
ALTER TABLE survey.observation DROP CONSTRAINT observation_period_is_year_check, DROP CONSTRAINT observation_value_is_finite_check;
ALTER TABLE survey.observation DROP COLUMN unit_on;
ALTER TABLE history.survey__observation DROP COLUMN unit_on;
ALTER TABLE population.unit_count DROP COLUMN unit_on;
ALTER TABLE history.population__unit_count DROP COLUMN unit_on;
DROP TABLE rollup.note, rollup.tier_unit, rollup.report, rollup.past;
-- ratios were not stored before
DELETE FROM rollup.value v USING rollup.indicator i WHERE i.code = v.indicator_code AND i.kind = 'ratio';
ALTER TABLE rollup.value DROP COLUMN numerator, DROP COLUMN denominator, DROP COLUMN denominator_period;
