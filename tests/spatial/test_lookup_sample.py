"""The lookup over the sample town: whatever is asked, no part is larger than its whole and all shown figures add up."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import date

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from spatial.cluster import Cluster
from spatial.crs import STORED_SRID_OFFSET
from spatial.errors import NotFound
from spatial.lookup import Answer, Question, State, look_up
from spatial.selection import legal_today
from tests.conftest import Database, cloned, sqlalchemy_url
from tests.lookup_sums import assert_sums_hold
from tests.lookup_world import public_connection

TODAY = legal_today()
Parcels = Sequence[tuple[str, float]]


@pytest.fixture(scope="module")
def town(cluster: Cluster, sample_template: str) -> Iterator[Database]:
    with cloned(cluster, sample_template) as database:
        yield database


def parcels(town: Database, where: str, limit: int | None = None) -> Parcels:
    """Give codes and the areas (m2) that the lookup measures in, in the plane of each parcel's own zone."""
    engine = create_engine(sqlalchemy_url(town.url), poolclass=NullPool)
    with engine.connect() as connection:
        statement = text(
            f"SELECT code, ST_Area(ST_Transform(geom, area_srid + {STORED_SRID_OFFSET})) FROM land.parcel"
            f" WHERE valid_to IS NULL AND {where}"
            " ORDER BY md5(code) LIMIT :most"
        )
        found = [(str(code), float(area)) for code, area in connection.execute(statement, {"most": limit})]
    engine.dispose()
    return found


def ask_all(town: Database, asked: Parcels, day: date = TODAY) -> list[tuple[float, Answer]]:
    async def asking() -> list[tuple[float, Answer]]:
        connection = await public_connection(town)
        answers = []
        for code, area in asked:
            try:
                answers.append((area, await look_up(connection, Question(as_of=day, parcel=code))))
            except NotFound:
                continue  # not in force on the day
        await connection.close()
        return answers

    return asyncio.run(asking())


def test_parts_add_up_for_the_largest_streets(town: Database) -> None:
    answers = ask_all(town, parcels(town, "land_use_code = 'DGT' AND area_m2 > 15000"))
    assert len(answers) > 30
    for area, answer in answers:
        assert_sums_hold(answer, area)
    assert sum(one.state is State.AFFECTED for _, answer in answers for one in answer.themes) > 2 * len(answers)


@pytest.mark.parametrize("day", [TODAY, date(2026, 6, 1)])
def test_parts_add_up_for_parcels_here_and_there(town: Database, day: date) -> None:
    answers = ask_all(town, parcels(town, "land_use_code <> 'DGT'", 300), day)
    assert len(answers) > 200
    for area, answer in answers:
        assert_sums_hold(answer, area)


@pytest.mark.exhaustive
@pytest.mark.parametrize("part", range(8))
def test_parts_add_up_for_every_parcel(town: Database, part: int) -> None:
    for area, answer in ask_all(town, parcels(town, f"id % 8 = {part}")):
        assert_sums_hold(answer, area)
