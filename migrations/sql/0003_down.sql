DROP TRIGGER refuse_direct_status ON planning.plan;
DROP TRIGGER refuse_direct_status ON planning.zone;
DROP TRIGGER refuse_direct_status ON planning.planning_line;
DROP FUNCTION planning.refuse_direct_status();
DROP FUNCTION planning.apply_events_of_written() CASCADE;
DROP FUNCTION planning.apply_plan_events(text);
DROP FUNCTION planning.lies_in(geometry, geometry);
DELETE FROM admin.country_envelope;
