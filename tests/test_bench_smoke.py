"""The bench measures what it claims to: a city without overlaps, and the statement of the API in other words."""

import re
from contextlib import closing

import asyncpg
import numpy as np
import psycopg2
import pytest
import shapely

from bench.boxes import boxes
from bench.city import City
from bench.fill import fill
from bench.report import Finding, at_least, at_most
from bench.statement import copy_statement, in_force, pgbench_script
from spatial.features import read_page
from tests.conftest import Database

SMALL = City.of(5_000)


def test_parcels_of_a_commune_neither_overlap_nor_leave_it() -> None:
    commune = next(SMALL.communes())
    parcels = commune.parcels()
    assert len(parcels.area_m2) * 100 == SMALL.rows
    assert shapely.is_valid(parcels.plane).all()
    assert shapely.union_all(parcels.plane).area == pytest.approx(parcels.area_m2.sum())
    assert shapely.covers(commune.boundary(), parcels.degrees).all()
    names = set(zip(parcels.map_sheet.tolist(), parcels.parcel_no.tolist(), strict=True))
    assert len(names) == len(parcels.area_m2)


def test_a_larger_city_is_as_dense_as_a_small_one() -> None:
    means = [np.mean([commune.parcels().area_m2.mean() for commune in City.of(rows).communes()]) for rows in (5_000, 20_000)]
    assert means[1] == pytest.approx(means[0], rel=0.05)


async def test_the_compared_statements_give_the_features_of_the_api(database: Database) -> None:
    fill(database.url, SMALL)
    box = boxes(SMALL, 300, 1)[0]
    connection = await asyncpg.connect(database.url)
    first = await read_page(connection, in_force(50))
    boxed = await read_page(connection, in_force(1000, box))
    await connection.close()
    assert 250 < len(boxed.features) < 450  # those asked for and those on the rim

    copied = copy_statement(50).removeprefix("COPY (").removesuffix(") TO STDOUT")
    script, values = pgbench_script(SMALL, 300, 1000, spatial_first=True)
    bare = re.sub(r"(?<!:):(\w+)", r"%(\1)s", script.splitlines()[-1])
    with closing(psycopg2.connect(database.url)) as direct, direct.cursor() as cursor:
        cursor.execute(copied)
        assert [text.encode() for (text,) in cursor.fetchmany(50)] == list(first.features)
        cursor.execute(bare, {**values, **dict(zip(("west", "south", "east", "north"), box, strict=True))})
        assert [row[0].encode() for row in cursor.fetchall()] == list(boxed.features)


def test_a_bar_is_met_on_its_own_side_only() -> None:
    assert Finding("a", 5.0, at_least(5), "").verdict == "met"
    assert Finding("b", 4.0, at_least(5), "").verdict == "missed by 20%"
    assert Finding("c", 1.3, at_most(1.2), "").verdict == "missed by 8%"
