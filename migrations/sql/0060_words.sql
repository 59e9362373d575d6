UPDATE planning.zone_function SET name_en = 'Neighbourhood unit' WHERE code = 'DAT_DD_DONVIO';
UPDATE planning.zone_function SET name_en = 'Mixed neighbourhood unit and public services' WHERE code = 'DAT_DD_HONHOP';
UPDATE admin.unit_code SET name = 'Thanh Hóa' WHERE name = 'Thanh Hoá';
UPDATE admin.unit_code SET name = 'Khánh Hòa' WHERE name = 'Khánh Hoà';
