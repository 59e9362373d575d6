"""The lookup against a brute-force oracle: shapely on the plane for surfaces, the definition point by point for lines."""

import asyncio
import itertools
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely.affinity import translate
from shapely.geometry.base import BaseGeometry
from shapely.ops import split

from spatial.cluster import Cluster
from spatial.lookup import Answer, Question, State, Theme, look_up
from spatial.lookup.measure import BOUNDARY_M, LEAST_M2, Whole, apportion, divide
from tests.conftest import cloned
from tests.lookup_sums import assert_sums_hold
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


LEVELS = {"A": ("detailed", 0), "B": ("zoning", 2), "C": ("zoning", 2), "D": ("general", 3)}
"""The plans of a world: their level and its rank. A statement that names no plan has the rank 4."""


@dataclass(frozen=True)
class Zoned:
    plan: str
    function: str
    storeys: int
    shape: BaseGeometry


zones = st.builds(
    Zoned, st.sampled_from("ABCD"), st.sampled_from(["DAT_DD_DONVIO", "DAT_DD_HONHOP"]), st.sampled_from([3, 9]), surfaces()
)
territories = st.dictionaries(st.sampled_from("ABCD"), surfaces(), min_size=1, max_size=3)
statements = st.lists(st.tuples(st.sampled_from(["A", "B", "C", "D", None]), surfaces()), max_size=4)
holes = st.lists(surfaces(), max_size=1)


def known_ground(
    parcel: BaseGeometry,
    grounds: Mapping[str, BaseGeometry],
    zoned: Sequence[Zoned],
    known: Sequence[tuple[str | None, BaseGeometry]],
    lost: Sequence[BaseGeometry],
) -> BaseGeometry:
    """Say where zoning is known, by the definition: a place is known if a proof holds there, and every plan as detailed as the
    proof's own or more, in force there, is itself proven there; a plan is proven where it says it is complete and has a zone.
    """
    proven = {
        plan: shapely.intersection(
            shapely.union_all([shape for of, shape in known if of == plan]),
            shapely.union_all([zone.shape for zone in zoned if zone.plan == plan]),
        )
        for plan in grounds
    }
    proofs = [(LEVELS[plan][1], shape) for plan, shape in proven.items()]
    proofs.append((4, shapely.union_all([shape for of, shape in known if of is None])))
    claimed = {plan: shapely.union_all([shape for of, shape in known if of == plan]) for plan in grounds}
    found: BaseGeometry = shapely.Polygon()
    for rank, proof in proofs:
        kept = proof
        for plan, ground in grounds.items():
            if LEVELS[plan][1] <= rank:
                kept = kept.difference(ground.union(claimed[plan]).difference(proven[plan]))
        found = found.union(kept)
    return found.difference(shapely.union_all(list(lost))).intersection(parcel)


@MANY
@example(  # a claim for a part of the parcel, where the plan has no zone
    parcel=shapely.Polygon([(0, -1), (-11, 0), (0, 0)]),
    grounds={"A": shapely.Polygon([(0, 0), (0, 1), (11, 0)])},
    zoned=[Zoned("A", "DAT_DD_DONVIO", 3, shapely.Polygon([(0, 0), (0, 1), (11, 0)]))],
    known=[("A", shapely.Polygon([(0, -2), (-6, 0), (0, 0)]))],
    lost=[],
)
@example(  # a claim beyond the plan's own ground, of a class that is not there
    parcel=shapely.Polygon([(0, 0), (0, 2), (6, 0)]),
    grounds={"A": shapely.Polygon([(0, 0), (0, 1), (11, 0)])},
    zoned=[],
    known=[("A", shapely.Polygon([(0, 0), (0, 2), (6, 0)])), (None, shapely.Polygon([(0, 0), (0, 2), (6, 0)]))],
    lost=[],
)
@given(parcel=surfaces(), grounds=territories, zoned=st.lists(zones, max_size=6), known=statements, lost=holes)
def test_zoning_agrees_with_shapely(
    world: World,
    parcel: BaseGeometry,
    grounds: dict[str, BaseGeometry],
    zoned: list[Zoned],
    known: list[tuple[str | None, BaseGeometry]],
    lost: list[BaseGeometry],
) -> None:
    x, y = next_place()
    mark = f"{x:.0f}.{y:.0f}"
    zoned = [zone for zone in zoned if zone.plan in grounds]
    known = [(plan, shape) for plan, shape in known if plan is None or plan in grounds]
    with world.writing():
        code = world.parcel(translate(parcel, x, y))
        for plan, ground in grounds.items():
            world.plan(f"{plan}{mark}", translate(ground, x, y), LEVELS[plan][0])
        for zone in zoned:
            world.zone(f"{zone.plan}{mark}", translate(zone.shape, x, y), zone.function, max_storeys=zone.storeys)
        for of, surface in known:
            world.coverage("zoning", translate(surface, x, y), plan_code=of and f"{of}{mark}")
        for surface in lost:
            world.gap(translate(surface, x, y), "zoning")
    whole = ask(world, code)
    assert_sums_hold(whole, parcel.area)
    answer = next(one for one in whole.themes if one.theme is Theme.ZONING)

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

    where = known_ground(parcel, grounds, zoned, known, lost)
    assert answer.known_share == pytest.approx(where.area / parcel.area, abs=1e-4)
    parts = [opened(shape) for shape in expected.values() if shape.area > 0]
    unknown = opened(parcel.difference(where))
    assume(all(abs(area - LEAST_M2) > 0.02 for area in (*parts, unknown)))
    assert answer.state is oracle_state(parts, unknown)

    for rest in answer.remainders:
        united = shapely.union_all([shape for key, shape in expected.items() if key[0] == rest.plan_code[0]]).area
        assert rest.uncovered_m2 == pytest.approx(parcel.area - united, abs=0.03)


def opened(shape: BaseGeometry) -> float:
    """Give the area (m²) without what is nowhere wider than two surveys of a boundary may differ."""
    return shape.buffer(-BOUNDARY_M / 2).buffer(BOUNDARY_M / 2).area


def oracle_state(found: Collection[float], unknown_m2: float) -> State:
    if any(area > LEAST_M2 for area in found):
        return State.AFFECTED
    if unknown_m2 > LEAST_M2:
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


def test_a_line_drawn_there_and_back_restricts_both_its_sides_wherever_it_lies(world: World) -> None:
    for _ in range(12):
        x, y = next_place()
        plan = f"L{x:.0f}.{y:.0f}"
        with world.writing():
            code = world.parcel(translate(shapely.box(0, 0, 20, 15), x, y))
            world.plan(plan, translate(shapely.box(-100, -100, 100, 100), x, y))
            for ends in ([(0, 0), (4, 0)], [(4, 0), (0, 0)]):
                world.line(plan, translate(shapely.LineString(ends), x, y), side="left", width_m=2)
        answer = next(one for one in ask(world, code).themes if one.theme is Theme.RED_LINE)
        assert answer.area_m2 == pytest.approx(8, abs=0.1)


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
    whole = ask(world, code)
    assert_sums_hold(whole, parcel.area)
    answer = next(one for one in whole.themes if one.theme is Theme.RED_LINE)
    assert answer.share is not None or not answer.items
    assert (answer.share or 0.0) == pytest.approx(restricted_share(parcel, lines), abs=0.012)
    # each item is what the lines of its rule restrict: those of one side and width say the same
    for item in answer.items:
        assert item.line is not None
        same = [line for line in lines if line[1:] == (item.line.side, item.line.width_m)]
        assert (item.share or 0.0) == pytest.approx(restricted_share(parcel, same), abs=0.012)


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


@given(st.lists(st.floats(0, 1e5), min_size=1, max_size=8), st.floats(0, 1), st.floats(0.5, 1e6))
def test_what_is_shown_of_a_divided_parcel_adds_up(parts: list[float], covered: float, total: float) -> None:
    parts = [min(part, total) for part in parts]
    covered_m2 = min(sum(parts), total) * covered + (1 - covered) * min(max(parts), total)  # of a union with some overlap
    divided = divide(parts, covered_m2, total)
    areas = sum(part.area_m2 for part in divided.parts) + divided.uncovered.area_m2 - divided.overlap.area_m2
    shares = sum(part.share for part in divided.parts) + divided.uncovered.share - divided.overlap.share
    assert abs(areas - round(total * 100) / 100) < 1e-6 * max(total, 1)
    assert abs(shares - 1) < 1e-9
    assert all(part.share <= 1 and part.area_m2 <= round(total * 100) / 100 for part in divided.parts)
    assert all(abs(shown.area_m2 - part) < 0.0101 for shown, part in zip(divided.parts, parts, strict=True))


@given(st.floats(0.01, 1e6), st.floats(0, 1), st.floats(0, 1))
def test_a_part_is_never_shown_larger_than_its_whole(total: float, outer: float, inner: float) -> None:
    parcel = Whole.parcel(total)
    theme = parcel.part(total * outer)
    item = theme.part(theme.exact_m2 * inner)
    assert item.area_steps <= theme.area_steps <= parcel.area_steps
    assert item.share_steps <= theme.share_steps <= parcel.share_steps


def test_a_part_larger_than_its_whole_is_no_rounding() -> None:
    with pytest.raises(ArithmeticError):
        Whole.parcel(100.0).part(100.01)
