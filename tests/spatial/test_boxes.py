"""`bbox` against shapely: for points, lines and polygons, with boxes whose edges lie within a metre of what they may meet."""

import random
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from typing import Any

import asyncpg
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import NullPool, create_engine, insert, text

from spatial.area import area_of, well_inside
from spatial.features import FeatureQuery
from spatial.features.statement import count_statement, page_statement
from spatial.filters import parse_filter
from spatial.layers import find_layer
from spatial.selection import Bbox, LegalPeriod
from tests.conftest import Database, cloned, sqlalchemy_url
from tests.spatial.every_layer import IN_FORCE, REQUIRED, named

KINDS = {"addresses": "POINT", "planning_lines": "LINE", "parcels": "POLYGON"}
EAST, NORTH = 106.0552965, 20.3417607
"""A corner at which a float of 32 bits knows neither metre."""
COUNT = 150


def _shapes(kind: str, seed: int) -> Iterator[Any]:
    chance = random.Random(seed)
    for _ in range(COUNT):
        x, y = (round(corner + chance.random() * 0.002, 7) for corner in (EAST, NORTH))
        if kind == "POINT":
            yield shapely.Point(x, y)
        elif kind == "LINE":
            ends = [(round(x + chance.uniform(-2e-4, 2e-4), 7), round(y + chance.uniform(-2e-4, 2e-4), 7)) for _ in range(3)]
            yield shapely.MultiLineString([[(x, y), *ends]])
        else:
            side = chance.choice((1e-6, 1e-5, 1e-4))
            yield shapely.MultiPolygon([shapely.box(x, y, x + side, y + side / 2)])


SHAPES = {name: list(_shapes(kind, number)) for number, (name, kind) in enumerate(KINDS.items())}


@pytest.fixture(scope="module")
def crowd(cluster: Any, template: str) -> Iterator[Database]:
    with cloned(cluster, template) as database:
        engine = create_engine(sqlalchemy_url(database.url), poolclass=NullPool)
        with engine.begin() as connection:
            connection.execute(text("SET LOCAL ROLE dothi_ingest"))
            connection.execute(text("SELECT ingest.open_batch('load')"))
            for name, shapes in SHAPES.items():
                rows = [
                    {
                        **REQUIRED[name], **named(find_layer(name), str(number)), "province_code": "37", "commune_code": "37001",
                        "valid_from": IN_FORCE, "geom": f"SRID=4326;{shape.wkt}",
                    }
                    for number, shape in enumerate(shapes)
                ]  # fmt: skip
                connection.execute(insert(find_layer(name).table), rows)
        engine.dispose()
        yield database


@pytest.fixture
async def asking(crowd: Database) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(crowd.login("dothi_api"))
    yield connection
    await connection.close()


async def found(connection: asyncpg.Connection, name: str, box: tuple[float, float, float, float]) -> set[int]:
    """Give the numbers of the shapes that a page of the box holds."""
    query = FeatureQuery(find_layer(name), LegalPeriod(), limit=COUNT, bbox=Bbox(*box), columns=("code",), with_geometry=False)
    statement, arguments = page_statement(query)
    rows = [row["feature"].decode() for row in await connection.fetch(statement.sql, *arguments)]
    counting, values = count_statement(query)
    assert await connection.fetchval(counting.sql, *values) == len(rows)
    return {int(row.split('"code":"')[1].split('"')[0].rpartition(".")[2]) for row in rows}


async def filtered(connection: asyncpg.Connection, name: str, condition: str) -> int:
    layer = find_layer(name)
    statement, arguments = count_statement(FeatureQuery(layer, LegalPeriod(), condition=parse_filter(layer, condition)))
    return int(await connection.fetchval(statement.sql, *arguments))


def _edges(name: str, axis: int) -> st.SearchStrategy[float]:
    """Give edges at, just beside, and up to two metres beside where something of the layer ends."""
    ends = sorted({end for shape in SHAPES[name] for end in (shape.bounds[axis], shape.bounds[axis + 2])})
    beside = st.one_of(st.sampled_from([0.0, 1e-7, -1e-7, 1e-9, -1e-9]), st.floats(-2e-5, 2e-5))
    return st.builds(lambda end, by: end + by, st.sampled_from(ends), beside)


FIND = settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
_CASES = st.sampled_from(sorted(KINDS)).flatmap(
    lambda name: st.tuples(st.just(name), st.tuples(*[_edges(name, 0)] * 2), st.tuples(*[_edges(name, 1)] * 2))
)


@FIND
@given(_CASES)
async def test_a_box_holds_what_shapely_says_it_meets(
    asking: asyncpg.Connection, case: tuple[str, tuple[float, float], tuple[float, float]]
) -> None:
    name, across, up = case
    box = (min(across), min(up), max(across), max(up))
    area = area_of(Bbox(*box)).shape
    wanted = {number for number, shape in enumerate(SHAPES[name]) if shapely.intersects(area, shape)}
    assert await found(asking, name, box) == wanted
    numbers = ", ".join(map(repr, box))
    assert await filtered(asking, name, f"S_INTERSECTS(geom, BBOX({numbers}))") == len(wanted)


@FIND
@given(st.lists(_edges("addresses", 0), min_size=1, max_size=4, unique=True), _edges("addresses", 1))
async def test_boxes_side_by_side_hold_each_point_once_unless_it_lies_on_their_edge(
    asking: asyncpg.Connection, cuts: list[float], middle: float
) -> None:
    columns = [EAST - 0.1, *sorted(cuts), EAST + 0.1]
    rows = [NORTH - 0.1, middle, NORTH + 0.1]
    held: dict[int, int] = dict.fromkeys(range(COUNT), 0)
    for west, east in pairwise(columns):
        for south, north in pairwise(rows):
            for number in await found(asking, "addresses", (west, south, east, north)):
                held[number] += 1
    for number, point in enumerate(SHAPES["addresses"]):
        assert held[number] == (1 + (point.x in cuts)) * (1 + (point.y == middle)), (point, cuts, middle)


async def test_a_box_across_the_180th_meridian_meets_both_sides_also_where_one_is_flat(asking: asyncpg.Connection) -> None:
    easternmost = max(range(COUNT), key=lambda number: SHAPES["addresses"][number].x)
    x, y = SHAPES["addresses"][easternmost].coords[0]
    assert await found(asking, "addresses", (x, y - 1, -170, y + 1)) == {easternmost}
    assert await found(asking, "addresses", (170, y, x, y)) >= {easternmost}
    assert await found(asking, "addresses", (180, y - 1, x, y + 1)) == set(range(COUNT))
    assert await found(asking, "addresses", (170, y - 1, -170, y + 1)) == set()


@given(st.floats(-180, 180), st.floats(-90, 90), st.floats(0, 1e-3))
def test_what_is_well_inside_as_postgis_compares_boxes_is_inside(west: float, south: float, size: float) -> None:
    east, north = west + size, south + size
    inner = well_inside((west, south, east, north))
    if inner[0] < -180:
        assert size < 1e-4
        return
    rounded = [
        np.nextafter(np.float32(side), np.float32(beyond)) for side, beyond in zip(inner, (-999, -999, 999, 999), strict=True)
    ]
    assert west <= rounded[0] < rounded[2] <= east
    assert south <= rounded[1] < rounded[3] <= north
