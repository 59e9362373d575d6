"""The sample data through the one door: every file as the manifest expects, every known fault found, the second time at once."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyogrio
import pytest
from sqlalchemy import Engine

from ingest.export import export_layer
from ingest.manifest import load_manifest, read_manifest
from ingest.report import LoadReport
from spatial.cluster import Cluster
from spatial.database import open_engine
from spatial.errors import InvalidInput
from spatial.layers import LAYERS, find_layer
from tests.conftest import cloned
from tests.ingest.world import load_one, one, rows

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data"


@pytest.fixture(scope="module")
def sample(cluster: Cluster, template: str) -> Iterator[tuple[Engine, dict[str, LoadReport]]]:
    """The whole sample, loaded once; reports by file."""
    with cloned(cluster, template) as database:
        engine = open_engine(database.url)
        reports = load_manifest(engine, SAMPLE / "manifest.json")
        yield engine, {report.file.removeprefix(f"{SAMPLE}/"): report for report in reports}
        engine.dispose()


def report_of(reports: dict[str, LoadReport], file: str) -> LoadReport:
    """Find the report of a file, or of the one data set in its archive."""
    (found,) = [report for name, report in reports.items() if name == file or name.startswith(f"{file}/")]
    return found


def test_every_file_gives_what_the_manifest_expects(sample: tuple[Engine, dict[str, LoadReport]]) -> None:
    engine, reports = sample
    for item in read_manifest(SAMPLE / "manifest.json").loads:
        report = report_of(reports, item.file)
        for name, value in item.expected.items():
            if hasattr(report, name):
                assert getattr(report, name) == value, (item.file, name)
        if item.layer != "plans":
            assert report.rows_in == item.rows, item.file
        if "quarantined" not in item.expected:
            assert report.quarantined == 0, (item.file, dict(report.issues))
    for table in ("planning.zone", "planning.planning_line", "construction.permit", "infrastructure.network", "land.address"):
        assert one(engine, f"SELECT count(*) FROM {table}") > 0, table


def test_every_known_fault_is_found_where_it_is(sample: tuple[Engine, dict[str, LoadReport]]) -> None:
    engine, reports = sample
    for fault in json.loads((SAMPLE / "faults.json").read_text(encoding="utf-8")):
        if not str(fault["file"]).startswith("cadastre/"):
            continue
        batch = report_of(reports, fault["file"]).batch
        quarantined = rows(
            engine,
            "SELECT reasons FROM ingest.quarantine WHERE batch_id = :batch AND row_no = :row",
            batch=batch,
            row=fault["row"],
        )
        assert bool(quarantined) == (fault["effect"] == "quarantined"), fault
        if fault["issue"] and fault["issue"] != "land_use_old":
            codes = rows(
                engine, "SELECT code FROM ingest.issue WHERE batch_id = :batch AND row_no = :row", batch=batch, row=fault["row"]
            )
            assert (fault["issue"],) in codes, fault


def test_the_second_time_is_done_at_once(sample: tuple[Engine, dict[str, LoadReport]]) -> None:
    engine, _ = sample
    versions = rows(engine, "SELECT table_name, data_version FROM ingest.layer_version")
    started = time.monotonic()
    assert load_manifest(engine, SAMPLE / "manifest.json") == []
    assert time.monotonic() - started < 20
    assert rows(engine, "SELECT table_name, data_version FROM ingest.layer_version") == versions


def test_parcels_lie_in_the_commune_of_their_code(sample: tuple[Engine, dict[str, LoadReport]]) -> None:
    engine, _ = sample
    strangers = """
        SELECT count(*) FROM land.parcel p JOIN admin.unit u ON u.code = p.commune_code AND u.level = 'commune'
        WHERE u.valid_to IS NULL AND ST_Area(ST_Intersection(u.geom, p.geom)) < 0.5 * ST_Area(p.geom)
    """
    assert one(engine, strangers) == 0
    mixed = "SELECT count(DISTINCT former_commune_code) FROM land.parcel WHERE map_sheet = '1'"
    assert one(engine, mixed) > 4


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".fgb", ".parquet", ".csv"])
def test_an_export_has_the_rows_in_force(sample: tuple[Engine, dict[str, LoadReport]], tmp_path: Path, suffix: str) -> None:
    engine, _ = sample
    path = tmp_path / f"plans{suffix}"
    with engine.connect() as connection:
        count = export_layer(connection, find_layer("plans"), path)
        everything = export_layer(connection, find_layer("plans"), tmp_path / f"all{suffix}", all_periods=True)
    assert (count, everything) == (6, 7)
    if suffix in (".gpkg", ".geojson", ".fgb"):
        assert pyogrio.read_info(path, force_feature_count=True)["features"] == 6


def test_every_layer_can_be_exported(sample: tuple[Engine, dict[str, LoadReport]], tmp_path: Path) -> None:
    engine, _ = sample
    counted: dict[str, Any] = {}
    with engine.connect() as connection:
        for layer in LAYERS:
            counted[layer.name] = export_layer(connection, layer, tmp_path / f"{layer.name}.gpkg", all_periods=True)
    assert counted["parcels"] == one(engine, "SELECT count(*) FROM land.parcel")
    assert all(count > 0 for count in counted.values()), counted


@pytest.mark.slow
def test_the_whole_sample_loads_back_unchanged(sample: tuple[Engine, dict[str, LoadReport]], tmp_path: Path) -> None:
    engine, _ = sample
    told: dict[str, Any] = {}
    for layer in LAYERS:
        path = tmp_path / f"{layer.name}.fgb"
        with engine.connect() as connection:
            count = export_layer(connection, layer, path, all_periods=True)
        report = load_one(engine, layer.name, path)
        if (report.unchanged, report.wrote) != (count, False):
            told[layer.name] = report.as_json()
    assert told == {}


def test_an_export_elsewhere_or_otherwise_is_refused(engine: Engine, tmp_path: Path) -> None:
    with engine.connect() as connection:
        for path in (tmp_path / "p.dwg", tmp_path / "absent" / "p.gpkg"):
            with pytest.raises(InvalidInput):
                export_layer(connection, find_layer("parcels"), path)
        assert export_layer(connection, find_layer("parcels"), tmp_path / "empty.gpkg") == 0
