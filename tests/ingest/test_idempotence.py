"""The same file twice equals once, for every layer and format; the books say so and the caches are left in peace."""

from pathlib import Path

import pytest
import shapely
from sqlalchemy import Engine

from tests.ingest.files import write_layer
from tests.ingest.world import load_one, one, parcel_file, parcels, rows

LAYER_VERSIONS = "SELECT table_name, data_version FROM ingest.layer_version ORDER BY 1"


def test_the_same_parcels_again_change_nothing(town: Engine, tmp_path: Path) -> None:
    path = parcel_file(
        tmp_path / "p.shp", [1, 2, "tạm".encode().decode("latin-1"), 4], KHLOAIDAT=["ODT", "ODT+CLN", "ODT", "CQP"]
    )
    first = load_one(town, "parcels", path)
    state = parcels(town)
    versions = rows(town, LAYER_VERSIONS)
    second = load_one(town, "parcels", path)
    assert (first.added, first.quarantined) == (3, 1)
    assert (second.added, second.changed, second.unchanged, second.quarantined) == (0, 0, 3, 1)
    assert parcels(town) == state
    assert rows(town, LAYER_VERSIONS) == versions
    assert one(town, "SELECT count(*) FROM history.land__parcel") == 0
    assert rows(town, "SELECT unchanged, file_sha256 FROM ingest.batch WHERE id = :id", id=second.batch) == [(3, first.sha256)]


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".fgb", ".shp"])
@pytest.mark.parametrize("with_codes", [True, False])
def test_any_layer_from_any_format_twice_equals_once(town: Engine, tmp_path: Path, suffix: str, with_codes: bool) -> None:
    """Without a column of codes each code is computed from the shape, so the second load finds the same rows."""
    columns = {"kind": ["pond", "lake"], "name": ["Ao Sen", "Ho Tay"]}
    if with_codes:
        columns["code"] = ["W1", "W2"]
    lon, lat = 105.37, 21.03
    ponds = [shapely.box(lon + i * 0.001, lat, lon + i * 0.001 + 0.0005, lat + 0.0005) for i in range(2)]
    path = write_layer(tmp_path / f"ponds{suffix}", ponds, columns, crs="EPSG:4326")
    first, second = load_one(town, "water_bodies", path), load_one(town, "water_bodies", path)
    assert (first.added, second.unchanged, second.wrote) == (2, 2, False)
    assert [name for (name,) in rows(town, "SELECT name FROM landscape.water_body ORDER BY 1")] == ["Ao Sen", "Ho Tay"]
    area = one(town, "SELECT area_m2 FROM landscape.water_body WHERE name = 'Ao Sen'")
    assert area == pytest.approx(one(town, "SELECT ST_Area(geom::geography) FROM landscape.water_body LIMIT 1"), rel=1e-3)


def test_a_plain_table_again_changes_nothing_and_a_value_is_corrected(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "counts.csv"
    path.write_text("level,unit_code,year,people,method\nprovince,01,2024,8807523,register\n", encoding="utf-8")
    assert load_one(engine, "unit_counts", path).added == 1
    assert load_one(engine, "unit_counts", path).unchanged == 1
    path.write_text("level,unit_code,year,people,method\nprovince,01,2024,8807524,register\n", encoding="utf-8")
    assert load_one(engine, "unit_counts", path).changed == 1
    assert rows(engine, "SELECT people, sex FROM population.unit_count") == [(8807524, "all")]


def test_a_dry_run_reports_and_writes_nothing(town: Engine, tmp_path: Path) -> None:
    batches = one(town, "SELECT count(*) FROM ingest.batch")
    report = load_one(town, "parcels", parcel_file(tmp_path / "p.shp", [1, 2, 0]), dry_run=True)
    assert (report.batch, report.added, report.quarantined) == (None, 2, 1)
    assert parcels(town) == {}
    assert one(town, "SELECT count(*) FROM ingest.batch") == batches
    assert one(town, "SELECT count(*) FROM ingest.quarantine") == 0
