UPDATE admin.unit_code SET name = 'Khánh Hoà' WHERE code = '56' AND valid_from = '2025-07-01';
UPDATE admin.unit_code SET name = 'Thanh Hoá' WHERE code = '38' AND valid_from = '2025-07-01';
UPDATE planning.zone_function SET name_en = 'Mixed residential and public service' WHERE code = 'DAT_DD_HONHOP';
UPDATE planning.zone_function SET name_en = 'Residential unit' WHERE code = 'DAT_DD_DONVIO';
