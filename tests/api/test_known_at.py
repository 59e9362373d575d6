"""What was known at a moment never changes afterwards: every door waits until the versions of that moment are settled."""

import asyncio
import itertools
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg2
import pytest

from tests.api.conftest import Write
from tests.conftest import Database
from tests.lookup_world import COMMUNE, lonlat, open_world

ITEMS = "/ogc/collections/green_areas/items"
_NUMBERS = itertools.count(1)


def green(number: int) -> str:
    """Give the statement that adds a green area."""
    ground = "ST_Multi(ST_MakeEnvelope(105.8, 21, 105.81, 21.01, 4326))"
    return f"INSERT INTO landscape.green_area (code, kind, geom) VALUES ('G{number}', 'public', {ground})"


@pytest.fixture
def doors(database: Database) -> tuple[str, ...]:
    """Every door that takes known_at, with a question it can answer."""
    world = open_world(database)
    with world.writing():
        world.parcel((0, 0, 20, 10), "12", "34")
    lon, lat = lonlat(5, 5)
    return (
        f"/lookup?lon={lon}&lat={lat}&", f"/lookup?parcel={COMMUNE}.12.34&", f"/lookup/extract.pdf?parcel={COMMUNE}.12.34&",
        "/ogc/collections/parcels/items?", "/ogc/collections/parcels/items?limit=10000&",
        "/ogc/collections/parcels/items?resulttype=hits&", "/ogc/collections/parcels/items/1?",
    )  # fmt: skip


def moment(ahead: timedelta = timedelta()) -> str:
    """Give now, or a time from now, as RFC 3339."""
    return (datetime.now(UTC) + ahead).isoformat().replace("+00:00", "Z")


async def test_a_moment_still_to_come_is_refused_at_every_door(client: httpx.AsyncClient, doors: tuple[str, ...]) -> None:
    for door in doors:
        response = await client.get(f"{door}known_at={moment(timedelta(minutes=1))}")
        assert response.status_code == 400, door
        assert "known_at" in response.json()["detail"]
        assert (await client.get(f"{door}known_at={moment()}")).status_code == 200, door


class Writer:
    """Somebody whose write is given its version, and who then takes time to commit."""

    def __init__(self, database: Database) -> None:
        self.connection = psycopg2.connect(database.url)
        with self.connection.cursor() as cursor:
            cursor.execute("SET LOCAL ROLE dothi_ingest")
            cursor.execute("SELECT ingest.open_batch('load')")
            cursor.execute(green(next(_NUMBERS)))
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # now it has its version and its moment

    def commit(self) -> None:
        self.connection.commit()
        self.connection.close()


async def test_a_write_that_is_being_committed_is_waited_for(
    client: httpx.AsyncClient, doors: tuple[str, ...], database: Database
) -> None:
    writer = Writer(database)
    asking = asyncio.create_task(client.get(ITEMS, params={"known_at": moment()}))
    await asyncio.sleep(0.2)
    assert not asking.done()
    writer.commit()
    answer = await asking
    assert len(answer.json()["features"]) == 1


async def test_a_write_that_takes_long_to_commit_is_told_and_nothing_is_claimed(
    client: httpx.AsyncClient, doors: tuple[str, ...], database: Database
) -> None:
    writer = Writer(database)
    with closing(writer.connection):
        for door in doors:
            response = await client.get(f"{door}known_at={moment()}")
            assert response.status_code == 503, door
            assert int(response.headers["retry-after"]) > 0
        assert (await client.get(doors[0])).status_code == 200  # what is known now needs no waiting
        writer.connection.rollback()
    assert (await client.get(f"{doors[0]}known_at={moment()}")).status_code == 200


async def test_what_was_known_now_stays_known_under_writes(
    client: httpx.AsyncClient, doors: tuple[str, ...], write: Write, database: Database
) -> None:
    """Many ask for the moment of asking while others write; asked again later, each gets the same."""
    done = asyncio.Event()

    async def keep_writing() -> None:
        while not done.is_set():
            writer = await asyncio.to_thread(Writer, database)
            await asyncio.sleep(0.01)
            await asyncio.to_thread(writer.commit)

    async def ask() -> list[tuple[dict[str, str], Any]]:
        heard = []
        for _ in range(40):
            query = {"known_at": moment(), "limit": "1000"}
            heard.append((query, (await client.get(ITEMS, params=query)).json()["features"]))
        return heard

    writing = asyncio.create_task(keep_writing())
    heard = [one for several in await asyncio.gather(*[ask() for _ in range(3)]) for one in several]
    done.set()
    await writing
    assert len({len(features) for _, features in heard}) > 3
    for query, features in heard:
        assert (await client.get(ITEMS, params=query)).json()["features"] == features
