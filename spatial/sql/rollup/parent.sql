-- Whether a code names a nation, region, province or urban area that can be a parent. Parameters: parent text.
SELECT EXISTS (SELECT FROM admin.unit_code WHERE code = CAST(:parent AS text))
    OR EXISTS (SELECT FROM admin.urban_area WHERE code = CAST(:parent AS text)) AS is_known
