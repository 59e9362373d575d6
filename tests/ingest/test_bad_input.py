"""Broken files and wrong rows: each ends in a sentence or in quarantine with its reason, never in a traceback or a half load."""

import json
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest
import shapely
from sqlalchemy import Engine
from typer.testing import CliRunner

import dothi
from spatial.errors import DothiError, InvalidInput, NotFound, UnknownCrs, UnreadableFile
from tests.conftest import Database
from tests.ingest.files import squares, write_layer
from tests.ingest.world import COMMUNE, load_one, one, parcel_file, rows


def cut(path: Path, suffix: str, keep: float | None) -> Path:
    """Cut a part of a shapefile to a share of its bytes, or remove it."""
    part = path.with_suffix(suffix)
    if keep is None:
        part.unlink()
    else:
        part.write_bytes(part.read_bytes()[: int(part.stat().st_size * keep)])
    return path


@pytest.mark.parametrize(
    ("suffix", "keep"), [(".shp", 0.5), (".dbf", 0.5), (".shp", 0.0), (".dbf", 0.0), (".shp", None), (".dbf", None)]
)
def test_a_shapefile_with_a_missing_or_truncated_part_is_refused(
    town: Engine, tmp_path: Path, suffix: str, keep: float | None
) -> None:
    path = cut(parcel_file(tmp_path / "p.shp", range(1, 9)), suffix, keep)
    with pytest.raises(UnreadableFile, match="p"):
        load_one(town, "parcels", path)
    assert one(town, "SELECT count(*) FROM land.parcel") == 0


@pytest.mark.parametrize("keep", [None, 0.5])
def test_a_missing_index_is_rebuilt_and_told(town: Engine, tmp_path: Path, keep: float | None) -> None:
    report = load_one(town, "parcels", cut(parcel_file(tmp_path / "p.shp", range(1, 9)), ".shx", keep))
    assert (report.added, report.issues["shx_rebuilt"]) == (8, 1)


def test_a_layer_without_rows_loads_as_nothing(town: Engine, tmp_path: Path) -> None:
    nothing = {name: pa.array([], pa.string()) for name in ("XAID", "SHBANDO", "SHTHUA")}
    report = load_one(town, "parcels", write_layer(tmp_path / "p.shp", [], nothing))
    assert (report.rows_in, report.added, report.issues["no_rows"]) == (0, 0, 1)


def test_a_zip_with_a_path_outside_is_refused(town: Engine, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        archive.writestr("../p.shp", b"x")
    with pytest.raises(UnreadableFile):
        load_one(town, "parcels", tmp_path / "p.zip")
    assert not (tmp_path.parent / "p.shp").exists()


def test_a_bomb_is_refused(town: Engine, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "p.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("p.shp", bytes(300_000_000))
    with pytest.raises(UnreadableFile):
        load_one(town, "parcels", tmp_path / "p.zip")


@pytest.mark.parametrize("name", ["p.shp", "p.gpkg", "p.geojson", "p.fgb", "p.zip", "p.tif"])
def test_a_file_that_is_not_what_its_name_says_is_refused(town: Engine, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"%PDF-1.7 this is a report about parcels, not the parcels")
    with pytest.raises(UnreadableFile, match=name):
        load_one(town, "parcels", path)


def test_no_crs_and_none_that_fits_is_refused_with_what_was_tried(town: Engine, tmp_path: Path) -> None:
    columns = {"XAID": [COMMUNE] * 3, "SHBANDO": ["1"] * 3, "SHTHUA": ["1", "2", "3"]}
    path = write_layer(tmp_path / "p.shp", squares(3, west=100.0, south=200.0), columns)
    with pytest.raises(UnknownCrs, match="none of"):
        load_one(town, "parcels", path)


def test_text_that_no_encoding_explains_is_set_aside_with_its_bytes(town: Engine, tmp_path: Path) -> None:
    nonsense = bytes([0x81, 0x8D, 0x8F, 0x90, 0x9D, 0xFF]).decode("latin-1")
    report = load_one(town, "parcels", parcel_file(tmp_path / "p.shp", [1, 2], TENCHU=["Nguyen", nonsense]))
    assert (report.added, report.quarantined, report.issues["text_undecided"]) == (1, 1, 1)
    assert one(town, "SELECT raw -> 'TENCHU' ->> 'hex' FROM private.quarantine_row") == "818d8f909dff"
    assert rows(town, "SELECT value FROM ingest.issue WHERE code = 'text_undecided'") == [(None,)]


def test_bad_geometries_are_set_aside_one_by_one(town: Engine, tmp_path: Path) -> None:
    good = squares(6, west=539_100.0, south=2_326_500.0)
    bow = shapely.Polygon([(539_300, 2_326_500), (539_310, 2_326_510), (539_310, 2_326_500), (539_300, 2_326_510)])
    far = shapely.box(539_100, 2_346_500, 539_110, 2_346_510)
    shapes = [good[0], None, bow, good[3], far, *good[4:], *squares(6, west=539_400.0, south=2_326_500.0)]
    count = len(shapes)
    columns = {"XAID": [COMMUNE] * count, "SHBANDO": ["1"] * count, "SHTHUA": [str(n + 1) for n in range(count)]}
    report = load_one(town, "parcels", write_layer(tmp_path / "p.shp", shapes, columns))
    assert (report.added, report.quarantined) == (count - 3, 3)
    reasons = dict(rows(town, "SELECT row_no, reasons ->> 0 FROM ingest.quarantine"))
    assert reasons == {2: "geometry_missing", 3: "geometry_repair_too_large", 5: "outside_commune"}


def test_duplicate_empty_and_provisional_numbers_wait_in_quarantine(town: Engine, tmp_path: Path) -> None:
    numbers = ["1", "", "2", "2", "tam", "0", "12a"]
    report = load_one(town, "parcels", parcel_file(tmp_path / "p.shp", numbers))
    assert (report.added, report.quarantined) == (2, 5)
    assert report.issues["duplicate_key"] == 2
    assert rows(town, "SELECT parcel_no FROM land.parcel ORDER BY 1") == [("1",), ("12a",)]


def test_unknown_land_uses_are_kept_as_written(town: Engine, tmp_path: Path) -> None:
    report = load_one(town, "parcels", parcel_file(tmp_path / "p.shp", [1, 2], KHLOAIDAT=["XYZ", "odt"]))
    assert (report.added, report.issues["land_use_unknown"]) == (2, 1)
    assert rows(town, "SELECT land_use_raw, land_use_code FROM land.parcel ORDER BY parcel_no") == [("XYZ", None), ("odt", "ODT")]


def test_unknown_and_empty_communes_are_set_aside(town: Engine, tmp_path: Path) -> None:
    report = load_one(town, "parcels", parcel_file(tmp_path / "p.shp", [1, 2, 3], XAID=[COMMUNE, "99998", None]))
    assert (report.added, report.quarantined) == (1, 2)
    assert {"commune_unknown", "commune_missing"} <= set(report.issues)


def test_a_file_that_names_no_commune_is_placed_by_its_ground(town: Engine, tmp_path: Path) -> None:
    path = write_layer(
        tmp_path / "p.shp", squares(2, west=539_100.0, south=2_326_500.0), {"SOTO": ["1", "1"], "SOTHUA": ["1", "2"]}
    )
    report = load_one(town, "parcels", path)
    assert (report.added, report.crs, report.issues["commune_by_place"]) == (2, "EPSG:5897", 1)


def test_values_that_break_a_rule_of_the_table_are_set_aside(town: Engine, tmp_path: Path) -> None:
    """The rules are the table's own: a closed list, a required value, a period whose end is before its begin."""
    squares_wgs84 = [shapely.box(105.37 + i / 1000, 21.03, 105.3705 + i / 1000, 21.0305) for i in range(5)]
    path = write_layer(
        tmp_path / "g.gpkg",
        squares_wgs84,
        {
            "code": ["a", "b", "c", "d", None],
            "kind": ["public", "secret", None, "public", "public"],
            "valid_from": ["2025-01-01", "2025-01-01", "2025-01-01", "2025-01-01", "2025-01-01"],
            "valid_to": [None, None, None, "2024-01-01", None],
        },
        crs="EPSG:4326",
    )
    report = load_one(town, "green_areas", path)
    assert (report.added, report.quarantined) == (1, 4)
    reasons = dict(rows(town, "SELECT row_no, reasons ->> 0 FROM ingest.quarantine"))
    assert reasons == {2: "value_not_allowed", 3: "value_missing", 4: "period_disorder", 5: "code_missing"}


def test_numbers_and_dates_that_cannot_be_read_are_left_empty_and_told(town: Engine, tmp_path: Path) -> None:
    path = write_layer(
        tmp_path / "b.gpkg",
        [shapely.box(105.37, 21.03, 105.3705, 21.0305)],
        {"code": ["B1"], "storeys": ["năm"], "height_m": ["12,5"], "valid_from": ["31/12/2024"]},
        crs="EPSG:4326",
    )
    report = load_one(town, "buildings", path)
    assert report.issues["value_unreadable"] == 1
    assert rows(town, "SELECT storeys, height_m, valid_from::text FROM construction.building") == [(None, 12.5, "2024-12-31")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"level,unit_code,year,people,method\nprovince,01,2024\n", "line 2"),
        (b"a,b\n1,2\n", "lacks"),
        (b"", "no CSV"),
        ("cấp,mã\n".encode("cp1258", "replace"), "UTF-8|lacks"),
    ],
)
def test_a_wrong_table_is_refused_with_the_place(engine: Engine, tmp_path: Path, text: bytes, words: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(text)
    with pytest.raises(DothiError, match=words):
        load_one(engine, "unit_counts", path)


def test_rows_of_a_table_are_set_aside_one_by_one(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        "level,unit_code,year,people,method\n"
        "province,01,2024,10,register\nprovince,01,2024,11,register\nprovince,04,2024,-1,register\n"
        "planet,01,2024,5,register\nprovince,06,2024,7,register\nprovince,,2024,7,register\n",
        encoding="utf-8",
    )
    report = load_one(engine, "unit_counts", path)
    assert (report.rows_in, report.added, report.quarantined) == (6, 1, 5)


def test_a_layer_that_does_not_exist_is_told_with_those_that_do(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="parcels"):
        load_one(engine, "pracels", tmp_path / "p.shp")


def test_a_file_that_lacks_the_numbers_is_no_file_of_parcels(town: Engine, tmp_path: Path) -> None:
    path = write_layer(tmp_path / "p.shp", squares(1, west=539_100.0, south=2_326_500.0), {"XAID": [COMMUNE]})
    with pytest.raises(InvalidInput, match="map_sheet"):
        load_one(town, "parcels", path)


def test_the_command_says_a_sentence_and_fails(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOTHI_DATABASE_URL", database.url)
    (tmp_path / "p.gpkg").write_bytes(b"not a GeoPackage")
    for arguments in (
        ["load", "parcels", str(tmp_path / "p.gpkg")],
        ["load", "parcels", str(tmp_path / "absent.shp")],
        ["load", "nothing", str(tmp_path / "p.gpkg")],
        ["load", "parcels", str(tmp_path / "p.gpkg"), "--crs", "VN2000"],
        ["load", "parcels", str(tmp_path / "p.gpkg"), "--set", "novalue"],
        ["rollback", "123456"],
    ):
        result = CliRunner().invoke(dothi.app, arguments)
        assert result.exit_code == 1, arguments
        assert "Traceback" not in result.output
        assert len(result.output.strip().splitlines()) in (1, 2), result.output


def test_the_command_prints_the_report_as_json(
    database: Database, town: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOTHI_DATABASE_URL", database.url)
    path = parcel_file(tmp_path / "p.shp", [1, 0])
    result = CliRunner().invoke(dothi.app, ["load", "parcels", str(path), "--json"])
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert set(report) == {
        "batch", "layer", "file", "sha256", "crs", "encoding", "rows_in", "added", "changed", "unchanged", "ended",
        "quarantined", "repaired", "seconds", "issues",
    }  # fmt: skip
    assert (report["rows_in"], report["added"], report["quarantined"]) == (2, 1, 1)
