"""Repair: what is mended, what changes too much, what is of the wrong kind; and the bound holds for any polygon."""

import struct

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from ingest.issues import IssueCode
from ingest.repair import MAX_CHANGE_M2, MAX_RELATIVE_CHANGE, Kind, Repaired, repair_geometries, to_multi
from ingest.source import SourceBatch, read_geometries

SQUARE = "POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0))"


def repair(*wkt: str | None, kind: Kind = Kind.POLYGON, metres_per_unit: float = 1.0) -> Repaired:
    geometries = shapely.from_wkt(np.array(wkt, dtype=object))
    return repair_geometries(geometries, np.arange(1, len(wkt) + 1), kind, metres_per_unit=metres_per_unit)


def codes(result: Repaired) -> list[tuple[int | None, IssueCode]]:
    return [(issue.row, issue.code) for issue in result.issues]


def test_valid_ones_pass_untouched() -> None:
    result = repair(SQUARE, "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))")
    assert result.issues == []
    assert shapely.to_wkt(result.geometries[0], trim=True) == SQUARE
    assert not result.repaired.any()


def test_spike_and_touching_ring_are_mended() -> None:
    spike = "POLYGON ((0 0, 10 0, 10 10, 5 10, 5 15, 5 10, 0 10, 0 0))"
    hole_on_edge = "POLYGON ((0 0, 10 0, 10 10, 0 10, 5 5, 0 10, 0 0))"
    result = repair(spike, hole_on_edge)
    assert codes(result) == [(1, IssueCode.GEOMETRY_REPAIRED), (2, IssueCode.GEOMETRY_REPAIRED)]
    assert shapely.is_valid(result.geometries).all()
    assert shapely.area(result.geometries[0]) == 100.0
    assert result.repaired.tolist() == [True, True]


def test_bow_tie_changes_too_much() -> None:
    result = repair("POLYGON ((0 0, 10 10, 10 0, 0 10, 0 0))", SQUARE)
    assert codes(result) == [(1, IssueCode.GEOMETRY_REPAIR_TOO_LARGE)]
    assert result.geometries[0] is None
    assert result.geometries[1] is not None
    assert result.issues[0].detail == "0.0 -> 50.0 m²"


def test_small_loop_is_within_the_bound() -> None:
    assert codes(repair("POLYGON ((0 0, 10 0, 10 10, 0.5 10, 0 9.8, 0 10.2, 0 0))"))[0][1] is IssueCode.GEOMETRY_REPAIRED


@pytest.mark.parametrize(
    ("side", "overlap", "code"),
    [  # two squares side by side that overlap by a strip: mending takes the strip off once
        (5, 0.19, IssueCode.GEOMETRY_REPAIRED),  # 0.95 m2 of 51
        (5, 0.21, IssueCode.GEOMETRY_REPAIR_TOO_LARGE),  # 1.05 m2 of 51
        (100, 1.9, IssueCode.GEOMETRY_REPAIRED),  # 190 m2 of 20,190
        (100, 2.1, IssueCode.GEOMETRY_REPAIR_TOO_LARGE),  # 210 m2 of 20,210
    ],
)
def test_a_repair_may_change_1_m2_or_1_per_cent_and_no_more(side: float, overlap: float, code: IssueCode) -> None:
    squares = [shapely.box(0, 0, side, side), shapely.box(side - overlap, 0, 2 * side, side)]
    assert codes(repair(shapely.to_wkt(shapely.multipolygons(squares)))) == [(1, code)]


def test_the_bound_in_degrees_is_in_metres() -> None:
    bow_tie = "POLYGON ((0 0, 0.0001 0.0001, 0.0001 0, 0 0.0001, 0 0))"  # some 60 m2
    assert codes(repair(bow_tie, metres_per_unit=110_000.0)) == [(1, IssueCode.GEOMETRY_REPAIR_TOO_LARGE)]


def test_repeated_vertices_go() -> None:
    result = repair("POLYGON ((0 0, 10 0, 10 0, 10 10, 10 10, 0 10, 0 0))")
    assert codes(result) == [(1, IssueCode.DUPLICATE_VERTICES)]
    assert result.issues[0].detail == "2"
    assert shapely.get_num_coordinates(result.geometries[0]) == 5


@pytest.mark.parametrize(
    ("wkt", "code"),
    [
        (None, IssueCode.GEOMETRY_MISSING),
        ("POLYGON EMPTY", IssueCode.GEOMETRY_MISSING),
        ("POINT (1 2)", IssueCode.GEOMETRY_WRONG_KIND),
        ("LINESTRING (0 0, 1 1)", IssueCode.GEOMETRY_WRONG_KIND),
        ("GEOMETRYCOLLECTION (POINT (1 2))", IssueCode.GEOMETRY_WRONG_KIND),
        ("POLYGON ((0 0, 10 0, 5 0, 0 0))", IssueCode.GEOMETRY_REPAIR_TOO_LARGE),
    ],
)
def test_set_aside_with_one_reason(wkt: str | None, code: IssueCode) -> None:
    result = repair(wkt, SQUARE)
    assert codes(result) == [(1, code)]
    assert result.geometries[0] is None


def test_a_coordinate_that_is_no_number() -> None:
    ring = struct.pack("<8d", 0, 0, 1, 0, float("nan"), 1, 0, 0)
    rows = np.array([7])
    wkb = pa.array([struct.pack("<BIII", 1, 3, 1, 4) + ring])
    (broken,), issues = read_geometries(SourceBatch(rows, pa.record_batch({"a": pa.nulls(1)}), wkb))
    assert issues == []
    result = repair_geometries(np.array([broken], dtype=object), np.array([7]), Kind.POLYGON)
    assert codes(result) == [(7, IssueCode.GEOMETRY_NOT_FINITE)]


def test_polygons_are_taken_out_of_a_collection() -> None:
    result = repair(f"GEOMETRYCOLLECTION ({SQUARE}, LINESTRING (0 0, 20 20))")
    assert shapely.area(result.geometries[0]) == 100.0


def test_a_line_of_one_point_is_no_line() -> None:
    assert codes(repair("LINESTRING (1 1, 1 1)", kind=Kind.LINE)) == [(1, IssueCode.GEOMETRY_UNREADABLE)]


@pytest.mark.parametrize(("kind", "wkt"), [(Kind.LINE, "LINESTRING (0 0, 1 1, 1 1, 2 0)"), (Kind.POINT, "POINT (1 2)")])
def test_other_kinds(kind: Kind, wkt: str) -> None:
    result = repair(wkt, SQUARE, kind=kind)
    assert shapely.get_num_coordinates(result.geometries[0]) == (3 if kind is Kind.LINE else 1)
    assert (2, IssueCode.GEOMETRY_WRONG_KIND) in codes(result)


def test_multi() -> None:
    geometries = shapely.from_wkt(np.array([SQUARE, None, f"MULTI{SQUARE[:8]}({SQUARE[8:]})"], dtype=object))
    multi = to_multi(geometries, Kind.POLYGON)
    assert [shapely.get_type_id(g) for g in multi] == [6, -1, 6]
    assert shapely.area(multi[0]) == 100.0


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=3, max_size=9))
def test_no_repair_breaks_the_bound(points: list[tuple[int, int]]) -> None:
    drawn = shapely.polygons([*points, points[0]])
    result = repair_geometries(np.array([drawn], dtype=object), np.array([1]), Kind.POLYGON)
    mended = result.geometries[0]
    if mended is None:
        assert any(issue.code.quarantines for issue in result.issues)
        return
    assert shapely.is_valid(mended)
    assert not shapely.is_empty(mended)
    bound = max(MAX_CHANGE_M2, MAX_RELATIVE_CHANGE * drawn.area)
    assert abs(shapely.area(mended) - drawn.area) <= bound + 1e-9
