"""The lookup against a brute-force oracle: shapely on the plane for surfaces, the definition point by point for lines."""

import asyncio
import itertools
import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely.affinity import translate
from shapely.geometry.base import BaseGeometry
from shapely.ops import split

from spatial.cluster import Cluster
from spatial.lookup import Answer, Question, State, Theme, look_up
from spatial.lookup.measure import apportion, share_out, tolerance_m2
from tests.conftest import cloned
from tests.lookup_world import World, open_world, public_connection

MANY = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
_places = itertools.count(1)


@pytest.fixture(scope="module")
def world(cluster: Cluster, template: str) -> Iterator[World]:
    with cloned(cluster, template) as database:
        yield open_world(database)


def ask(world: World, code: str) -> Answer:
    async def asking() -> Answer:
        connection = await public_connection(world.database)
        try:
            return await look_up(connection, Question(as_of=date(2026, 1, 1), parcel=code))
        finally:
            await connection.close()

    return asyncio.run(asking())


def next_place() -> tuple[float, float]:
    """Give each case ground of its own, 600 m from the next."""
    number = next(_places)
    return number % 40 * 600.0, number // 40 * 600.0


# -- surfaces -----------------------------------------------------------------------------------------------------------------

number = st.integers(-30, 60).map(float)


@st.composite
def surfaces(draw: st.DrawFn) -> BaseGeometry:
    points = draw(st.lists(st.tuples(number, number), min_size=3, max_size=5, unique=True))
    shape = shapely.MultiPoint(points).convex_hull
    assume(shape.geom_type == "Polygon" and shape.area > 5)
    return shape


@dataclass(frozen=True)
class Zoned:
    plan: str
    function: str
    storeys: int
    shape: BaseGeometry


zones = st.builds(
    Zoned, st.sampled_from("AB"), st.sampled_from(["DAT_DD_DONVIO", "DAT_DD_HONHOP"]), st.sampled_from([3, 9]), surfaces()
)


@MANY
@given(parcel=surfaces(), zoned=st.lists(zones, max_size=5), known=st.lists(surfaces(), max_size=3))
def test_zoning_agrees_with_shapely(world: World, parcel: BaseGeometry, zoned: list[Zoned], known: list[BaseGeometry]) -> None:
    x, y = next_place()
    mark = f"{x:.0f}.{y:.0f}"
    with world.writing():
        code = world.parcel(translate(parcel, x, y))
        for plan in "AB":
            world.plan(f"{plan}{mark}", translate(shapely.box(-100, -100, 100, 100), x, y))
        for zone in zoned:
            world.zone(f"{zone.plan}{mark}", translate(zone.shape, x, y), zone.function, max_storeys=zone.storeys)
        for surface in known:
            world.coverage("zoning", translate(surface, x, y))
    answer = next(one for one in ask(world, code).themes if one.theme is Theme.ZONING)

    expected: dict[tuple[str, str, int], BaseGeometry] = {}
    for zone in zoned:
        key = (zone.plan, zone.function, zone.storeys)
        expected[key] = shapely.union(expected.get(key, shapely.Point()), zone.shape.intersection(parcel))
    areas = {key: shape.area for key, shape in expected.items() if shape.area >= 0.02}
    found = {
        (item.plan.code[0], item.zone.function_code, item.parameters["max_storeys"]): item.area_m2
        for item in answer.items
        if item.zone
    }
    assert {key: area for key, area in found.items() if area and area >= 0.02} == pytest.approx(areas, abs=0.011)

    known_m2 = shapely.union_all(known).intersection(parcel).area
    tolerance = tolerance_m2(parcel.area)
    assert answer.known_share == pytest.approx(known_m2 / parcel.area, abs=1e-4)
    assume(all(abs(area - tolerance) > 0.02 for area in areas.values()))
    assume(abs(parcel.area - known_m2 - tolerance) > 0.02)
    assert answer.state is oracle_state(areas.values(), parcel.area - known_m2, tolerance)

    for rest in answer.remainders:
        parts = [item for item in answer.items if item.plan.code == rest.plan_code]
        united = shapely.union_all([shape for key, shape in expected.items() if key[0] == rest.plan_code[0]]).area
        assert rest.uncovered_m2 == pytest.approx(parcel.area - united, abs=0.03)
        total = sum(item.area_m2 or 0 for item in parts) + rest.uncovered_m2 - rest.overlap_m2
        assert round(total, 2) == round(parcel.area, 2)
        assert round(sum(item.share or 0 for item in parts) + rest.uncovered_share - rest.overlap_share, 6) == 1


def oracle_state(found: Collection[float], unknown_m2: float, tolerance: float) -> State:
    if any(area > tolerance for area in found):
        return State.AFFECTED
    if unknown_m2 > tolerance:
        return State.UNKNOWN
    return State.TOUCHED if found else State.NOT_AFFECTED


# -- lines --------------------------------------------------------------------------------------------------------------------

STEP = 0.1


@st.composite
def polylines(draw: st.DrawFn) -> list[tuple[float, float]]:
    """A line from west to east past the parcel, or ending within sight of it, drawn in either direction."""
    xs = sorted(draw(st.sets(st.integers(-20, 40), min_size=2, max_size=4)))
    assume(all(b - a >= 4 for a, b in itertools.pairwise(xs)))
    line = [(float(x), float(draw(st.integers(-10, 30)))) for x in xs]
    angles = [math.atan2(b[1] - a[1], b[0] - a[0]) for a, b in itertools.pairwise(line)]
    assume(all(abs(b - a) < math.pi / 3 for a, b in itertools.pairwise(angles)))  # roads do not turn back
    return line[::-1] if draw(st.booleans()) else line


def restricted_share(parcel: BaseGeometry, lines: Sequence[tuple[list[tuple[float, float]], str, float]]) -> float:
    """Sample the parcel: a point is restricted where it lies beside a line, not beyond its end, within its width, on its side."""
    west, south, east, north = parcel.bounds
    xs, ys = np.meshgrid(np.arange(west + STEP / 2, east, STEP), np.arange(south + STEP / 2, north, STEP))
    inside = shapely.contains_xy(parcel, xs, ys)
    points = np.column_stack([xs[inside], ys[inside]])
    hit = np.zeros(len(points), dtype=bool)
    for line, side, width in lines:
        distance, turn = seen_from(np.array(line), points)
        on_side = np.ones(len(points), dtype=bool) if side == "both" else (turn > 0 if side == "left" else turn < 0)
        hit |= (distance <= width) & on_side
    return float(hit.mean())


def seen_from(line: NDArray[np.float64], points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the distance to the line, infinite where a point is not beside it, and the side: positive is left."""
    starts, ways = line[:-1], np.diff(line, axis=0)
    lengths = np.linalg.norm(ways, axis=1)
    rel = points[:, None, :] - starts[None]
    along = (rel * ways).sum(axis=2) / lengths**2
    foot = starts + np.clip(along, 0, 1)[..., None] * ways
    distance = np.linalg.norm(points[:, None, :] - foot, axis=2)
    nearest = distance.min(axis=1)
    units = ways / lengths[:, None]
    turn = units[None, :, 0] * (points[:, None, 1] - foot[..., 1]) - units[None, :, 1] * (points[:, None, 0] - foot[..., 0])
    at_foot = distance <= nearest[:, None] + 1e-9
    beside = (along >= 0) & (along <= 1)
    beside[:, :-1] |= (along[:, :-1] > 1) & (along[:, 1:] < 0)  # outside a corner
    return np.where(beside, distance, np.inf).min(axis=1), np.where(at_foot, turn, 0).sum(axis=1)


@MANY
@given(
    lines=st.lists(
        st.tuples(polylines(), st.sampled_from(["left", "right", "both"]), st.sampled_from([2.0, 5.0, 12.0])),
        min_size=1,
        max_size=2,
    )
)
def test_strips_agree_with_their_definition(world: World, lines: list[tuple[list[tuple[float, float]], str, float]]) -> None:
    parcel = shapely.box(0, 0, 20, 15)
    x, y = next_place()
    plan = f"L{x:.0f}.{y:.0f}"
    with world.writing():
        code = world.parcel(translate(parcel, x, y))
        world.plan(plan, translate(shapely.box(-100, -100, 100, 100), x, y))
        for line, side, width in lines:
            world.line(plan, translate(shapely.LineString(line), x, y), side=side, width_m=width)
    answer = next(one for one in ask(world, code).themes if one.theme is Theme.RED_LINE)
    assert answer.share is not None or not answer.items
    assert (answer.share or 0.0) == pytest.approx(restricted_share(parcel, lines), abs=0.012)


@MANY
@given(line=polylines(), side=st.sampled_from(["left", "right"]))
def test_a_line_without_a_width_splits_the_parcel(world: World, line: list[tuple[float, float]], side: str) -> None:
    parcel = shapely.box(0, 0, 20, 15)
    drawn = shapely.LineString(line)
    ends = shapely.MultiPoint([line[0], line[-1]])
    assume(parcel.boundary.distance(ends) > 0.5 and not parcel.intersects(ends))
    assume(drawn.intersection(parcel).length > 1)
    x, y = next_place()
    plan = f"S{x:.0f}.{y:.0f}"
    with world.writing():
        code = world.parcel(translate(parcel, x, y))
        world.plan(plan, translate(shapely.box(-100, -100, 100, 100), x, y))
        world.line(plan, translate(drawn, x, y), side=side)
    answer = next(one for one in ask(world, code).themes if one.theme is Theme.RED_LINE)
    expected = 0.0
    for part in split(parcel, drawn).geoms:
        turn = seen_from(np.array(line), np.array(part.representative_point().coords))[1][0]
        expected += part.area if (turn > 0) == (side == "left") else 0.0
    assert (answer.share or 0.0) == pytest.approx(expected / parcel.area, abs=1e-5)


# -- numbers that add up -----------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=8).filter(lambda parts: sum(parts) > 1), st.integers(1, 10**8))
def test_apportioned_parts_add_up_exactly_and_stay_within_one_step(parts: list[float], steps: int) -> None:
    total = sum(parts)
    rounded = apportion(parts, total, steps)
    assert sum(rounded) == steps
    assert all(abs(got - part / total * steps) <= 1 + 1e-6 for got, part in zip(rounded, parts, strict=True))


@given(st.lists(st.floats(0.01, 1e5), min_size=1, max_size=8))
def test_areas_and_shares_of_parts_add_up(parts: list[float]) -> None:
    areas, shares = share_out(parts, sum(parts))
    assert round(sum(areas) * 100) == round(sum(parts) * 100)
    assert round(sum(shares) * 1e6) == 1_000_000
