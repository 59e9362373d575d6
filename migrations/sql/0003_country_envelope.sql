-- A rough ring around the mainland, its islands, Hoàng Sa and Trường Sa: only what lies beyond it is certainly not in Vietnam.
INSERT INTO admin.country_envelope (id, geom, has_precise_boundary) VALUES (1, ST_MakeEnvelope(102.0, 6.0, 118.0, 23.5, 4326), false);
