"""What a load stores of a geometry and of its area: one form whatever the file's, and nothing of it lost without a word."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Engine, text

from ingest.crs_detect import transform_to_wgs84
from ingest.export import export_layer
from ingest.places import load_places
from spatial.crs import transformer_to_wgs84
from spatial.errors import InvalidInput
from spatial.layers import find_layer
from spatial.versions import today_vn
from tests.ingest.files import squares, write_layer
from tests.ingest.world import COMMUNE, SRID, load_one, one, parcel_file, rows

STORED = "geom = admin.stored_geometry(geom) AND ST_IsPolygonCCW(geom) AND area_m2 = admin.area_m2(geom, area_srid)"
WEST, SOUTH = 539_100.0, 2_326_500.0


def in_degrees(shapes: Sequence[BaseGeometry], srid: int = SRID) -> list[BaseGeometry]:
    return list(transform_to_wgs84(np.array(shapes, dtype=object), srid))


def file_of(path: Path, shapes: Sequence[BaseGeometry], crs: str | None = None, **columns: list[object]) -> Path:
    numbers: list[object] = [str(number) for number in range(1, len(shapes) + 1)]
    fields: dict[str, list[object]] = {"XAID": [COMMUNE] * len(shapes), "SHBANDO": ["1"] * len(shapes), "SHTHUA": numbers}
    return write_layer(path, shapes, fields | columns, crs=crs)


def test_a_shape_of_which_nothing_is_left_waits_in_quarantine(town: Engine, tmp_path: Path) -> None:
    """A strip 2 mm wide and a crumb of 3 mm: valid in the file, gone on a grid of 1 cm."""
    corner = (WEST + 0.004, SOUTH + 0.004)
    strip = shapely.box(corner[0], corner[1], corner[0] + 0.002, corner[1] + 0.002)
    shapes = [*squares(2, west=WEST + 100, south=SOUTH), strip, shapely.box(WEST, SOUTH + 40.0, WEST + 0.003, SOUTH + 40.003)]
    report = load_one(town, "parcels", file_of(tmp_path / "p.gpkg", shapes))
    assert (report.rows_in, report.added, report.quarantined) == (4, 2, 2)
    assert report.issues["geometry_vanishes"] == 2
    found = rows(town, "SELECT row_no, reasons FROM ingest.quarantine ORDER BY row_no")
    assert found == [(3, ["geometry_vanishes"]), (4, ["geometry_vanishes"])]
    again = load_one(town, "parcels", tmp_path / "p.gpkg")
    assert (again.unchanged, again.quarantined, again.wrote) == (2, 2, False)


@pytest.mark.parametrize("crs", ["EPSG:5897", "EPSG:9209", "EPSG:4326", "EPSG:3405"])
def test_parcels_are_stored_in_one_form_whatever_the_file_is_in(town: Engine, tmp_path: Path, crs: str) -> None:
    drawn = in_degrees(squares(3, west=WEST, south=SOUTH, size=10.003))
    srid = int(crs.removeprefix("EPSG:"))
    if srid != 4326:
        drawn = backwards(drawn, srid)
    path = file_of(tmp_path / "p.gpkg", drawn, crs, KHLOAIDAT=["ODT", "ODT", "CQP"])
    assert load_one(town, "parcels", path).added == 3
    for table, count in (("land.parcel", 2), ("private.parcel_restricted", 1)):
        assert one(town, f"SELECT count(*) FROM {table} WHERE {STORED}") == count
        assert rows(town, f"SELECT DISTINCT area_srid FROM {table}") == [(5897 if srid == 4326 else srid,)]
    assert load_one(town, "parcels", path).wrote is False
    areas = [area for (area,) in rows(town, "SELECT area_m2 FROM land.parcel")]
    assert areas == [pytest.approx(100.06, abs=0.2)] * 2


def backwards(shapes: Sequence[BaseGeometry], srid: int) -> list[BaseGeometry]:
    def turn(places: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.column_stack(transformer_to_wgs84(srid).transform(places[:, 0], places[:, 1], direction="INVERSE"))

    return [shapely.transform(shape, turn) for shape in shapes]


def test_an_area_is_computed_again_only_with_its_geometry_or_its_plane(town: Engine, tmp_path: Path) -> None:
    """A PROJ of another version must not make a million parcels "changed"."""
    drawn = squares(2, west=WEST, south=SOUTH)
    load_one(town, "parcels", file_of(tmp_path / "p.gpkg", drawn, "EPSG:5897"))
    with town.begin() as connection:
        connection.execute(text("SET LOCAL ROLE dothi_ingest"))
        connection.execute(text("SELECT ingest.open_batch('load')"))
        connection.execute(text("UPDATE land.parcel SET area_m2 = 77"))
    same = load_one(town, "parcels", tmp_path / "p.gpkg")
    assert (same.unchanged, same.changed) == (2, 0)
    named = load_one(town, "parcels", file_of(tmp_path / "n.gpkg", drawn, "EPSG:5897", KHLOAIDAT=["ODT", "CLN"]))
    assert named.changed == 2
    assert rows(town, "SELECT DISTINCT area_m2 FROM land.parcel") == [(77.0,)]
    moved = [shapely.affinity.translate(drawn[0], 0.5), drawn[1]]
    assert load_one(town, "parcels", file_of(tmp_path / "m.gpkg", moved, "EPSG:5897", KHLOAIDAT=["ODT", "CLN"])).changed == 1
    areas = dict(rows(town, "SELECT parcel_no, area_m2 FROM land.parcel"))
    assert areas == {"1": pytest.approx(100, abs=0.05), "2": 77.0}
    elsewhere = backwards(in_degrees(moved), 9209)
    path = file_of(tmp_path / "e.gpkg", elsewhere, "EPSG:9209", KHLOAIDAT=["ODT", "CLN"])
    assert load_one(town, "parcels", path).changed == 2
    assert one(town, f"SELECT count(*) FROM land.parcel WHERE area_srid = 9209 AND {STORED}") == 2
    assert one(town, "SELECT count(*) FROM history.land__parcel WHERE geom = admin.stored_geometry(geom)") == 7


def test_a_new_legal_period_has_the_area_of_its_own_shape(town: Engine, tmp_path: Path) -> None:
    load_one(town, "parcels", parcel_file(tmp_path / "a.shp", [1]))
    load_one(town, "parcels", parcel_file(tmp_path / "b.shp", [1], size=20.0))
    soon = one(town, "SELECT admin.today_vn()") + timedelta(days=2)
    load_one(town, "parcels", parcel_file(tmp_path / "c.shp", [1], size=30.0), valid_from=soon)
    areas = [area for (area,) in rows(town, "SELECT area_m2 FROM land.parcel ORDER BY valid_from")]
    assert areas == [pytest.approx(400, abs=0.3), pytest.approx(900, abs=0.4)]


def test_a_parcel_beside_two_zones_is_measured_in_the_one_that_holds_its_middle(town: Engine, tmp_path: Path) -> None:
    """Tuyên Quang has the zones 105-30 (9209) and 106-00 (9211); the seam is at 105.75."""
    seam, lat = 105.75, 22.1
    with town.begin() as connection:
        connection.execute(text("SET LOCAL ROLE dothi_ingest"))
        connection.execute(text("SELECT ingest.open_batch('load')"))
        connection.execute(
            text(
                "INSERT INTO admin.unit (code, level, name, province_code, valid_from, geom)"
                " VALUES ('99801', 'commune', 'Xã Giữa', '08', '2025-07-01',"
                " ST_Multi(ST_MakeEnvelope(105.7, 22, 105.8, 22.2, 4326)))"
            )
        )
    shapes = [shapely.box(seam + step - 0.0002, lat, seam + step + 0.0002, lat + 0.0003) for step in (-0.0001, 0.0001, 0.001)]
    fields = {"XAID": ["99801"] * 3, "SHBANDO": ["1"] * 3, "SHTHUA": ["1", "2", "3"]}
    load_one(town, "parcels", write_layer(tmp_path / "seam.geojson", shapes, fields, crs="EPSG:4326"))
    assert rows(town, f"SELECT area_srid, {STORED} FROM land.parcel ORDER BY parcel_no") == [
        (9209, True), (9211, True), (9211, True),
    ]  # fmt: skip
    whole = write_layer(tmp_path / "zone.gpkg", backwards(shapes, 9209), fields, crs="EPSG:9209")
    load_one(town, "parcels", whole)
    assert rows(town, "SELECT DISTINCT area_srid FROM land.parcel") == [(9209,)]


def test_on_the_far_islands_areas_are_those_of_the_ellipsoid(engine: Engine, tmp_path: Path) -> None:
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL ROLE dothi_ingest"))
        connection.execute(text("SELECT ingest.open_batch('load')"))
        connection.execute(
            text(
                "INSERT INTO admin.unit (code, level, name, province_code, valid_from, geom) VALUES"
                " ('22736', 'commune', 'Trường Sa', '56', '2025-07-01', ST_Multi(ST_MakeEnvelope(111, 7, 116, 12, 4326)))"
            )
        )
    place = shapely.box(111.92, 8.64, 111.9203, 8.6403)
    fields: dict[str, list[Any]] = {"XAID": ["22736"], "SHBANDO": ["1"], "SHTHUA": ["1"], "DIENTICH": [1_095.0]}
    report = load_one(engine, "parcels", write_layer(tmp_path / "island.geojson", [place], fields, crs="EPSG:4326"))
    assert (report.added, report.issues.get("area_mismatch")) == (1, None)
    ((srid, area, is_stored),) = rows(engine, f"SELECT area_srid, area_m2, {STORED} FROM land.parcel")
    assert (srid, is_stored) == (4326, True)
    assert area == pytest.approx(0.0003**2 * 110_080 * 110_600, rel=0.002)


def test_the_loader_and_the_database_choose_the_same_plane(engine: Engine) -> None:
    with engine.connect() as connection:
        places = load_places(connection, today_vn(connection), None)
        lons = np.round(np.arange(101.0, 118.0, 0.0125), 4)
        for province in [*places.zones, None, "00"]:
            ours = places.zones_at(np.full(len(lons), province, dtype=object), lons)
            theirs = connection.scalars(
                text("SELECT admin.area_srid(:province, ST_SetSRID(ST_MakePoint(lon, 12), 4326)) FROM unnest(:lons) AS lon"),
                {"province": province, "lons": lons.tolist()},
            ).all()
            assert ours.tolist() == list(theirs), province


@pytest.mark.parametrize("column", ["area_m2", "dienTich", "area_stated_m2"])
def test_what_a_file_states_of_an_area_stands_beside_the_computed_one(town: Engine, tmp_path: Path, column: str) -> None:
    shapes = in_degrees(squares(2, west=WEST, south=SOUTH, size=100.0))
    columns: dict[str, list[Any]] = {"code": ["A", "B"], "kind": ["public", "public"], column: [12_345.0, None]}
    path = write_layer(tmp_path / "g.gpkg", shapes, columns, crs="EPSG:4326")
    load_one(town, "green_areas", path)
    found = rows(town, f"SELECT area_stated_m2, area_srid, {STORED} FROM landscape.green_area ORDER BY code")
    assert found == [(12_345.0, 5897, True), (None, 5897, True)]
    assert load_one(town, "green_areas", path).wrote is False
    exported = tmp_path / "own.geojson"
    with town.connect() as connection:
        export_layer(connection, find_layer("green_areas"), exported)
    assert load_one(town, "green_areas", exported).changed == 0


def test_a_computed_column_cannot_be_set_by_hand(town: Engine, tmp_path: Path) -> None:
    shapes = in_degrees(squares(1, west=WEST, south=SOUTH))
    path = write_layer(tmp_path / "g.gpkg", shapes, {"code": ["A"], "kind": ["public"]}, crs="EPSG:4326")
    with pytest.raises(InvalidInput, match="no column 'area_m2' to set"):
        load_one(town, "green_areas", path, values={"area_m2": "5"})


def test_coordinates_on_the_edge_of_rounding_load_once(town: Engine, tmp_path: Path) -> None:
    lon, lat = 105.3770000, 21.0300000
    points = [shapely.Point(lon + step * 0.5e-7, lat + step * 0.5e-7) for step in range(6)]
    columns = {"code": [f"P{n}" for n in range(6)], "address": [f"Số {n}" for n in range(6)]}
    path = write_layer(tmp_path / "a.geojson", points, columns, crs="EPSG:4326", geometry_type="Point")
    assert load_one(town, "addresses", path).added == 6
    assert load_one(town, "addresses", path).wrote is False
    found = rows(town, "SELECT ST_AsGeoJSON(geom, 7)::json->'coordinates'->>0, ST_X(geom)::text FROM land.address")
    assert all(shown == kept for shown, kept in found)
