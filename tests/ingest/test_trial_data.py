"""Real files: today's provinces and communes, then a legacy cadastral shapefile with nothing said but the layer."""

import os
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ingest.encodings.syllables import count_syllables
from tests.ingest.world import load_one, one, rows, schemas_that_hold

TRIAL = Path(os.environ.get("DOTHI_TRIAL_DATA") or Path(__file__).resolve().parents[2].parent / "shared" / "data")
pytestmark = [
    pytest.mark.trial,
    pytest.mark.skipif(not (TRIAL / "vn_admin_2026").is_dir(), reason=f"no trial data in {TRIAL} (DOTHI_TRIAL_DATA)"),
]


def test_provinces_communes_and_a_legacy_cadastre(engine: Engine) -> None:
    provinces = load_one(engine, "admin_units", TRIAL / "vn_admin_2026" / "provinces34.gpkg")
    communes = load_one(engine, "admin_units", TRIAL / "vn_admin_2026" / "wards3321_simpl11m.gpkg")
    assert (provinces.added, communes.added) == (34, 3321)
    assert rows(engine, "SELECT level, count(*) FROM admin.unit GROUP BY 1 ORDER BY 1") == [("commune", 3321), ("province", 34)]
    kinds = dict(rows(engine, "SELECT kind, count(*) FROM admin.unit WHERE level = 'commune' GROUP BY 1"))
    assert kinds["đặc khu"] == 13
    orphans = "SELECT count(*) FROM admin.unit c WHERE level = 'commune' AND parent_code NOT IN (SELECT code FROM admin.unit)"
    assert one(engine, orphans) == 0

    report = load_one(engine, "parcels", TRIAL / "cadastre_legacy" / "thua_dat_yen_bai.shp")
    assert report.rows_in == 2008
    assert report.added + report.quarantined == 2008
    assert report.repaired == 16
    assert (report.crs, report.encoding) == ("EPSG:5897", "tcvn3")
    inside = "SELECT count(*) FROM land.parcel p JOIN admin.unit u ON u.code = '09706' AND ST_Intersects(u.geom, p.geom)"
    assert one(engine, inside) == report.added
    owners = [name for (name,) in rows(engine, "SELECT DISTINCT owner_name FROM private.parcel_owner")]
    legal, words = count_syllables(owners)
    assert legal > 0.99 * words
    for owner in owners[:5]:
        assert schemas_that_hold(engine, owner) == {"private"}
    again = load_one(engine, "parcels", TRIAL / "cadastre_legacy" / "thua_dat_yen_bai.shp")
    assert (again.unchanged, again.wrote) == (report.added, False)
