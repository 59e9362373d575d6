"""Overlaps of parcels beside a brute-force oracle; over the whole file, against what is published, in degrees, across files."""

import itertools
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from ingest import content, overlaps
from ingest.crs_detect import transform_to_wgs84
from ingest.door import load
from ingest.drawn import Drawn, DrawnRows, metres_per_degree
from ingest.issues import Issue, IssueCode
from ingest.options import CompleteFor, LoadOptions
from ingest.overlaps import OVERLAP_MIN_M2, SLIVER_WIDTH_M, check_overlaps
from ingest.source import GeometryArray, read_batches
from tests.ingest.files import write_layer
from tests.ingest.world import COMMUNE, WEST, load_one, rows

ALWAYS = (0, 10_000)


def drawn_of(
    geometries: GeometryArray, numbers: Any = None, *, in_degrees: bool = False, periods: Any = None, batch: int = 10_000
) -> Drawn:
    """Note shapes batch by batch, as a load does."""
    noted = DrawnRows(in_degrees)
    numbers = np.arange(1, len(geometries) + 1) if numbers is None else numbers
    periods = np.array(periods if periods is not None else [ALWAYS] * len(geometries), dtype=np.int64).reshape(-1, 2)
    for at in range(0, len(geometries), batch):
        part = slice(at, at + batch)
        noted.note(numbers[part], geometries[part], periods[part])
    return noted.without(set())


def mosaic(side: int, *, west: float = 0.0, south: float = 0.0) -> GeometryArray:
    """Give a coverage of wiggled quadrangles of some 10 m that share their corners exactly."""
    i, j = np.meshgrid(np.arange(side + 1), np.arange(side + 1))
    points = np.stack([west + i * 10 + np.sin(i * 7 + j), south + j * 10 + np.cos(i + j * 5)], axis=-1)
    corners = [points[:-1, :-1], points[:-1, 1:], points[1:, 1:], points[1:, :-1], points[:-1, :-1]]
    return np.asarray(shapely.polygons(np.stack(corners, axis=2).reshape(-1, 5, 2)), dtype=object)


def pairs(issues: list[Issue]) -> set[tuple[int, int]]:
    return {(int((issue.detail or "").split(":")[0]), issue.row or 0) for issue in issues}


def brute_force(geometries: GeometryArray) -> set[tuple[int, int]]:
    both = itertools.combinations(range(len(geometries)), 2)
    return {(a + 1, b + 1) for a, b in both if shapely.area(shapely.intersection(geometries[a], geometries[b])) > OVERLAP_MIN_M2}


def array(*shapes: Any) -> GeometryArray:
    return np.array(shapes, dtype=object)


def test_a_clean_mosaic_has_no_overlap() -> None:
    assert check_overlaps(drawn_of(mosaic(20))) == []
    assert check_overlaps(drawn_of(mosaic(20)), cell_rows=30) == []


def test_overlap_sliver_island_and_double() -> None:
    geometries = mosaic(6)
    geometries[0] = shapely.transform(geometries[0], lambda c: c + np.array([0.1, 0.0]))
    everything = np.append(geometries, [shapely.box(33, 33, 35, 35), geometries[20], shapely.reverse(geometries[8])]).astype(
        object
    )
    issues = check_overlaps(drawn_of(everything))
    assert pairs(issues) == brute_force(everything)
    kinds = {(int((i.detail or "").split(":")[0]), i.row): i.code for i in issues}
    assert kinds[(1, 2)] is IssueCode.SLIVER
    assert kinds[(21, 38)] is IssueCode.OVERLAP


@pytest.mark.parametrize("turn", [False, True])
def test_holes_and_parts_fit_together(turn: bool) -> None:
    """A parcel that fills another's hole, and one of two parts, are no overlap, whichever way their rings run."""
    holed = shapely.from_wkt("POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0), (3 3, 6 3, 6 6, 3 6, 3 3))")
    filling = shapely.box(3, 3, 6, 6)
    parts = shapely.MultiPolygon([shapely.box(9, 0, 12, 9), shapely.box(20, 0, 22, 2)])
    geometries = array(holed, shapely.reverse(filling) if turn else filling, parts)
    assert check_overlaps(drawn_of(geometries)) == []
    larger = np.append(geometries, [shapely.box(5, 5, 7, 7), None, shapely.Polygon()]).astype(object)
    assert pairs(check_overlaps(drawn_of(larger))) == {(1, 4), (2, 4)}
    assert check_overlaps(drawn_of(larger[-2:])) == []


@pytest.mark.parametrize(("wide", "code"), [(0.99, IssueCode.SLIVER), (1.01, IssueCode.OVERLAP)])
def test_how_wide_a_sliver_is(wide: float, code: IssueCode) -> None:
    """The mean width of a strip of w by 100 m is 2 * 100 w / (2 * (100 + w))."""
    width = SLIVER_WIDTH_M * wide / (1 - SLIVER_WIDTH_M * wide / 100)
    (issue,) = check_overlaps(drawn_of(array(shapely.box(0, 0, 50, 100), shapely.box(50 - width, 0, 90, 100))))
    assert issue.code is code


@pytest.mark.parametrize(("area", "count"), [(0.099, 0), (0.101, 1)])
def test_how_little_is_rounding(area: float, count: int) -> None:
    side = area**0.5
    assert len(check_overlaps(drawn_of(array(shapely.box(0, 0, 9, 9), shapely.box(9 - side, 9 - side, 20, 20))))) == count


@pytest.mark.parametrize("cell_rows", [40, 50_000])
@pytest.mark.parametrize("apart", [(3.0, 4.0), (0.0, 0.0), (35.0, 31.0)])
def test_one_mosaic_over_another_is_found_to_its_middle(cell_rows: int, apart: tuple[float, float]) -> None:
    """Every parcel within has its neighbours' edges, in either mosaic: only the borders give it away."""
    both = np.append(mosaic(12), mosaic(7, west=apart[0], south=apart[1])).astype(object)
    found = check_overlaps(drawn_of(both), cell_rows=cell_rows)
    assert pairs(found) == brute_force(both)
    assert len(found) == len(pairs(found)) >= 49


def test_a_mosaic_wholly_within_a_larger_one() -> None:
    both = np.append(mosaic(14), mosaic(4, west=42.0, south=51.0)).astype(object)
    assert pairs(check_overlaps(drawn_of(both))) == brute_force(both)


def test_the_outline_of_the_commune_among_its_parcels() -> None:
    angle = np.linspace(0, 2 * np.pi, 500)
    outline = shapely.Polygon(np.column_stack([150 + 300 * np.cos(angle), 150 + 300 * np.sin(angle)]))
    everything = np.append(mosaic(30), [outline]).astype(object)
    assert pairs(check_overlaps(drawn_of(everything))) == {(row, 901) for row in range(1, 901)}


@pytest.mark.parametrize(("heap", "whole"), [(300, True), (700, False)])
def test_a_heap_of_shapes_is_told_as_far_as_it_makes_sense(monkeypatch: pytest.MonkeyPatch, heap: int, whole: bool) -> None:
    monkeypatch.setattr(overlaps, "MOST_PAIRS", 50_000)
    issues = check_overlaps(drawn_of(array(*[shapely.box(0, 0, 10, 10 + at % 3) for at in range(heap)])))
    last = issues[-1]
    assert (last.code is IssueCode.OVERLAP_BY_PART) is not whole
    if whole:
        assert len(issues) == 300 * 299 // 2
    else:
        assert last.detail == str(len(issues) - 1)
        assert len(issues) > 50_000


def test_parcels_that_were_one_after_the_other_share_their_ground() -> None:
    square = shapely.box(0, 0, 10, 10)
    issues = check_overlaps(drawn_of(array(square, square, square), periods=[(0, 100), (100, 200), (150, 10_000)]))
    assert pairs(issues) == {(2, 3)}


@pytest.mark.parametrize("latitude", [0.0, 9.0, 16.0, 21.0, 23.4])
def test_degrees_are_measured_on_the_ground(latitude: float) -> None:
    from pyproj import Geod

    across, along = metres_per_degree(latitude)
    geod = Geod(ellps="WGS84")
    assert across / 1000 == pytest.approx(geod.inv(105.0, latitude, 105.001, latitude)[2], rel=1e-6)
    assert along / 1000 == pytest.approx(geod.inv(105.0, latitude - 0.0005, 105.0, latitude + 0.0005)[2], rel=1e-6)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(1, 15), st.integers(1, 15)), min_size=1, max_size=12),
    st.sampled_from([8, 50_000]),
    st.booleans(),
    st.sampled_from([1, 5, 10_000]),
)
def test_overlaps_agree_with_brute_force(
    boxes: list[tuple[int, int, int, int]], cells: int, in_degrees: bool, batch: int
) -> None:
    extra = [shapely.box(x, y, x + w, y + h) for x, y, w, h in boxes]
    geometries = np.append(mosaic(5), [None, *extra]).astype(object)
    kept = np.array([g for g in geometries if g is not None], dtype=object)
    drawn = shapely.transform(kept, lambda c: np.array([105.5, 21.0]) + c / metres_per_degree(21.0003)) if in_degrees else kept
    assert pairs(check_overlaps(drawn_of(drawn, in_degrees=in_degrees, batch=batch), cell_rows=cells)) == brute_force(kept)


# -- at the door --------------------------------------------------------------------------------------------------------------


def parcels(path: Path, *places: float, first: int = 1, degrees: bool = False, south: float = 0.0, **columns: Any) -> Path:
    """Write squares of 10 m at these metres east of a corner of the commune, numbered from `first`."""
    shapes = [shapely.box(539_100 + at, 2_326_500 + south, 539_110 + at, 2_326_510 + south) for at in places]
    count = len(places)
    if degrees:
        shapes = list(transform_to_wgs84(np.array(shapes, dtype=object), 5897))
    listed = {
        "XAID": [COMMUNE] * count,
        "SOTO": ["1"] * count,
        "SOTHUA": [str(first + at) for at in range(count)],
        "KHLOAIDAT": ["ODT"] * count,
        **columns,
    }
    return write_layer(path, shapes, listed, crs="EPSG:4326" if degrees else None)


def told(engine: Engine, batch: int | None) -> dict[int, str]:
    """Give row -> with whom it overlaps, and by how many m2: on the ground or in the plane of the map, so to 0.1 m2."""
    found = rows(engine, "SELECT row_no, message FROM ingest.issue WHERE batch_id = :id AND code = 'overlap'", id=batch)
    said = {row: message.rpartition("[")[2].removesuffix(" m²]").split(": ") for row, message in found}
    return {row: f"{other}: {float(area):.1f}" for row, (other, area) in said.items()}


@pytest.mark.parametrize("degrees", [False, True])
@pytest.mark.parametrize("batch_rows", [1, 2, 65_536])
def test_overlaps_are_found_over_the_whole_file(
    town: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, degrees: bool, batch_rows: int
) -> None:
    """However the file is read: the parts that it is read in are no borders."""
    monkeypatch.setattr(content, "read_batches", partial(read_batches, batch_rows=batch_rows))
    report = load_one(town, "parcels", parcels(tmp_path / "p.gpkg", 0, 30, 60, 4, degrees=degrees))
    assert (report.added, report.issues["overlap"]) == (4, 1)
    assert told(town, report.batch) == {4: "1: 60.0"}


@pytest.mark.parametrize("degrees", [False, True])
def test_overlaps_with_what_is_published_are_told(town: Engine, tmp_path: Path, degrees: bool) -> None:
    load_one(town, "parcels", parcels(tmp_path / "a.gpkg", 0, 20, 40))
    report = load_one(town, "parcels", parcels(tmp_path / "b.gpkg", 24, 50, 60, first=11, degrees=degrees))
    assert report.issues == {**report.issues, "overlap": 1}
    assert told(town, report.batch) == {1: f"{COMMUNE}.{WEST}.1.2: 60.0"}
    again = load_one(town, "parcels", tmp_path / "b.gpkg")
    assert "overlap" not in again.issues, "nothing was written, so there is nothing new to tell"


def test_overlaps_across_the_files_of_a_folder(town: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "xa"
    folder.mkdir()
    parcels(folder / "1.shp", 0, 10, 20)
    parcels(folder / "2.shp", 40, 50, 26, first=4)
    first, second = load(town, "parcels", [folder], LoadOptions())
    assert first.issues.get("overlap") is None
    assert told(town, second.batch) == {3: f"{COMMUNE}.{WEST}.1.3: 40.0"}


def test_neighbours_of_another_survey_are_a_sliver(town: Engine, tmp_path: Path) -> None:
    load_one(town, "parcels", parcels(tmp_path / "a.gpkg", 0))
    report = load_one(town, "parcels", parcels(tmp_path / "b.gpkg", 9.95, first=2))
    assert (report.issues.get("sliver"), report.issues.get("overlap")) == (1, None)
    touching = load_one(town, "parcels", parcels(tmp_path / "c.gpkg", 19.95, -10, first=3))
    assert not {"sliver", "overlap"} & set(touching.issues)


def test_a_parcel_that_moves_is_not_held_against_itself(town: Engine, tmp_path: Path) -> None:
    load_one(town, "parcels", parcels(tmp_path / "a.gpkg", 0, 20, 40))
    report = load_one(town, "parcels", parcels(tmp_path / "b.gpkg", 3, 23, 43))
    assert (report.changed, "overlap" in report.issues) == (3, False)


def test_what_ended_or_begins_later_is_no_overlap(town: Engine, tmp_path: Path) -> None:
    load_one(town, "parcels", parcels(tmp_path / "a.gpkg", 0, 20, valid_from=["2020-01-01"] * 2, valid_to=["2022-01-01", None]))
    report = load_one(town, "parcels", parcels(tmp_path / "b.gpkg", 0, 20, first=5, valid_from=["2022-01-01"] * 2))
    assert set(told(town, report.batch)) == {2}


def test_what_the_file_ends_is_no_overlap(town: Engine, tmp_path: Path) -> None:
    load_one(town, "parcels", parcels(tmp_path / "a.gpkg", 0, 20), valid_from=date(2025, 8, 1))
    report = load_one(town, "parcels", parcels(tmp_path / "b.gpkg", 3, first=5), complete_for=CompleteFor.SHEET)
    assert (report.ended, "overlap" in report.issues) == (2, False)


def test_rows_that_wait_overlap_nothing(town: Engine, tmp_path: Path) -> None:
    report = load_one(
        town, "parcels", parcels(tmp_path / "a.gpkg", 0, 0, 4, SOTHUA=["1", "1", "2"], KHLOAIDAT=["ODT", "CLN", "ODT"])
    )
    assert (report.quarantined, "overlap" in report.issues) == (2, False)


def test_hidden_land_is_named_to_nobody(town: Engine, tmp_path: Path) -> None:
    load_one(town, "parcels", parcels(tmp_path / "a.gpkg", 0, KHLOAIDAT=["CQP"]))
    report = load_one(town, "parcels", parcels(tmp_path / "b.gpkg", 4, first=2))
    assert "overlap" not in report.issues


def test_more_overlaps_with_the_published_than_make_sense(town: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlaps, "MOST_PAIRS", 3)
    load_one(town, "parcels", parcels(tmp_path / "a.gpkg", *range(0, 100, 10)))
    report = load_one(town, "parcels", parcels(tmp_path / "b.gpkg", *range(0, 100, 10), first=51))
    assert (report.issues["overlap"], report.issues["overlap_by_part"]) == (3, 1)
