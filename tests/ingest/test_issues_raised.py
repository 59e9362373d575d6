"""Issues that other tests only pass by: each is raised by loading a real file, and told with what it is about."""

from pathlib import Path
from typing import Any

import pytest
import shapely
from shapely.affinity import translate
from sqlalchemy import Engine, text

from ingest import quarantine
from ingest.encodings import Encoding, encode
from tests.ingest.files import write_layer
from tests.ingest.world import COMMUNE, EAST, load_one, one, parcel_file, rows

SQUARE = shapely.box(105.37, 21.03, 105.3705, 21.0305)


def test_codes_computed_from_shapes_are_told_and_stay(town: Engine, tmp_path: Path) -> None:
    path = write_layer(tmp_path / "g.gpkg", [SQUARE], {"kind": ["public"], "valid_from": ["2025-01-01"]}, crs="EPSG:4326")
    first = load_one(town, "green_areas", path)
    again = load_one(town, "green_areas", path)
    assert (first.added, first.issues["code_from_geometry"]) == (1, 1)
    assert (again.added, again.unchanged) == (0, 1)


def test_a_commune_of_before_a_merger_is_told_with_what_it_became(town: Engine, tmp_path: Path) -> None:
    report = load_one(town, "parcels", parcel_file(tmp_path / "p.shp", [1, 2], XAID=[EAST, COMMUNE]))
    assert (report.added, report.issues["commune_merged"]) == (2, 1)
    assert rows(town, "SELECT value, message FROM ingest.issue WHERE code = 'commune_merged'")[0][0] == EAST
    assert rows(town, "SELECT former_commune_code, commune_code FROM land.parcel WHERE parcel_no = '1'") == [(EAST, COMMUNE)]


def test_a_schematic_boundary_proves_nothing_and_this_is_told(town: Engine, tmp_path: Path) -> None:
    unit = {
        "code": ["09712"], "level": ["commune"], "name": ["Xã Sơ Đồ"], "province_code": ["01"], "parent_code": ["01"],
        "boundary_quality": ["schematic"], "valid_from": ["2025-07-01"],
    }  # fmt: skip
    load_one(town, "admin_units", write_layer(tmp_path / "u.gpkg", [SQUARE], unit, crs="EPSG:4326"))
    path = write_layer(
        tmp_path / "p.gpkg",
        [shapely.box(539_100, 2_326_500, 539_110, 2_326_510)],
        {"XAID": ["09712"], "SHBANDO": ["1"], "SHTHUA": ["1"]},
        crs="EPSG:5897",
    )
    report = load_one(town, "parcels", path)
    assert (report.added, report.issues["commune_unverified"]) == (1, 1)
    assert "outside_commune" not in report.issues


def test_a_side_that_is_not_understood_restricts_both(town: Engine, tmp_path: Path) -> None:
    lines = [shapely.LineString([(105.37, 21.03), (105.371, 21.03 + n / 1000)]) for n in range(3)]
    columns: dict[str, list[str | None]] = {
        "code": ["a", "b", "c"], "plan_code": ["P"] * 3, "kind": ["red_line"] * 3, "side": ["trái", "phía nào đó", None],
        "valid_from": ["2025-01-01"] * 3,
    }  # fmt: skip
    path = write_layer(tmp_path / "l.gpkg", lines, columns, crs="EPSG:4326", geometry_type="LineString")
    report = load_one(town, "planning_lines", path)
    assert (report.added, report.issues["side_unknown"]) == (3, 2)
    assert rows(town, "SELECT code, side FROM planning.planning_line ORDER BY code") == [
        ("a", "left"), ("b", "both"), ("c", "both"),
    ]  # fmt: skip


def test_more_issues_of_a_kind_than_are_stored_are_counted_and_told(
    town: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quarantine, "STORED_PER_CODE", 3)
    for count, told in ((3, 0), (4, 1)):
        path = parcel_file(tmp_path / f"p{count}.shp", range(count * 10, count * 11), KHLOAIDAT=["XYZ"] * count)
        report = load_one(town, "parcels", path)
        assert (report.issues["land_use_unknown"], report.issues.get("issues_cut", 0)) == (count, told)
        assert (
            one(town, "SELECT count(*) FROM ingest.issue WHERE code = 'land_use_unknown' AND batch_id = :b", b=report.batch) == 3
        )
    assert one(town, "SELECT message FROM ingest.issue WHERE code = 'issues_cut'").endswith("[land_use_unknown: 3 / 4]")


def test_a_column_that_cannot_tell_its_encoding_follows_the_others_and_says_so(town: Engine, tmp_path: Path) -> None:
    names = ["Nguyễn Văn Thửa", "Trần Thị Hường", "Bùi Văn Dũng", "Đỗ Văn Lượng"]
    places = ["Bhăng Rvê", "xã Bhăng", None, None]
    owners, streets = (
        [None if text is None else encode(text, Encoding.TCVN3).decode("latin-1") for text in texts] for texts in (names, places)
    )
    report = load_one(town, "parcels", parcel_file(tmp_path / "p.shp", [1, 2, 3, 4], TENCHU=owners, DIACHI=streets))
    assert (report.added, report.encoding, report.issues["text_by_file"]) == (4, "tcvn3", 1)
    assert rows(town, "SELECT column_name FROM ingest.issue WHERE code = 'text_by_file'") == [("DIACHI",)]
    assert rows(town, "SELECT owner_name FROM private.parcel_owner ORDER BY parcel_id") == [(name,) for name in names]


def test_numbers_and_dates_that_none_can_have_wait_in_quarantine(town: Engine, tmp_path: Path) -> None:
    """The rest of the file is loaded; a text, a float and a whole number too large for its column end no load."""
    shapes = [translate(SQUARE, n / 1000) for n in range(8)]
    columns: dict[str, list[Any]] = {
        "code": [f"b{n}" for n in range(8)],
        "height_m": [12.5, float("inf"), 1e6, float("nan"), 3.0, 3.0, 3.0, 3.0],
        "storeys": [3, 3, 3, 3, 3_000_000_000, 3, 3, 3],
        "valid_from": ["2025-01-01"] * 5 + ["0001-01-01", "2025-01-01", "1799-12-31"],
        "valid_to": [None] * 6 + ["9999-12-31", None],
    }
    report = load_one(town, "buildings", write_layer(tmp_path / "b.gpkg", shapes, columns, crs="EPSG:4326"))
    assert (report.added, report.quarantined) == (2, 6)
    assert (report.issues["value_implausible"], report.issues["date_implausible"]) == (3, 3)
    assert rows(town, "SELECT code, height_m FROM construction.building ORDER BY code") == [("b0", 12.5), ("b3", None)]
    told = rows(town, "SELECT row_no, column_name, message FROM ingest.issue WHERE code = 'value_implausible' ORDER BY row_no")
    assert [(row, name) for row, name, _ in told] == [(2, "height_m"), (3, "height_m"), (5, "storeys")]
    assert "phải từ 0 đến 1.500" in told[0][2]


def test_infinite_texts_and_areas_wait_too(town: Engine, tmp_path: Path) -> None:
    path = tmp_path / "counts.csv"
    path.write_text(
        "level,unit_code,year,people,method\ncommune,1,2024,100,census\ncommune,2,2024,1e300,census\ncommune,3,2024,Infinity,census\n"
        "commune,4,1024,100,census\n"
    )
    report = load_one(town, "unit_counts", path)
    assert (report.added, report.quarantined, report.issues["value_implausible"]) == (1, 3, 3)
    parcels = load_one(town, "parcels", parcel_file(tmp_path / "p.gpkg", [1, 2], DIENTICH=[100.0, float("inf")]))
    assert (parcels.added, parcels.issues["value_implausible"]) == (1, 1)
    uses = parcel_file(tmp_path / "u.gpkg", [3], KHLOAIDAT=["ODT: " + "9" * 400 + " + CLN: 20"])
    assert load_one(town, "parcels", uses).added == 1
    assert rows(town, "SELECT area_m2 FROM land.parcel_use WHERE area_m2 > 1e10") == []


def test_a_shape_with_too_many_vertices_waits_and_the_limit_is_a_row(town: Engine, tmp_path: Path) -> None:
    fine = shapely.segmentize(SQUARE, 0.0005 / 5_100)
    assert 20_000 < shapely.get_num_coordinates(fine) < 30_000
    columns = {"code": ["a", "b"], "kind": ["public", "public"], "valid_from": ["2025-01-01"] * 2}
    path = write_layer(tmp_path / "g.gpkg", [SQUARE, fine], columns, crs="EPSG:4326")
    report = load_one(town, "green_areas", path)
    assert (report.added, report.quarantined, report.issues["too_many_vertices"]) == (1, 1, 1)
    assert "20,000" in one(town, "SELECT message FROM ingest.issue WHERE code = 'too_many_vertices'")
    with town.begin() as connection:
        connection.execute(text("UPDATE admin.vertex_limit SET most_vertices = 30000 WHERE table_name = 'landscape.green_area'"))
    assert load_one(town, "green_areas", path).added == 1
