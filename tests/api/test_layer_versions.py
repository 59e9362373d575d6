"""What the server knows of versions without asking, and that it does not trust itself when it cannot hear."""

import asyncio
import time

import psycopg2
import pytest

from api.lanes import Lane, Places
from api.layer_versions import LayerVersions
from api.pool import Pool
from spatial.errors import Unavailable
from tests.api.conftest import PARCEL_GRID, Write
from tests.conftest import Database

PARCEL = "land.parcel"


async def until(versions: LayerVersions, wanted: int | None, seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while versions.known(PARCEL) != wanted:
        assert time.monotonic() < deadline, f"still {versions.known(PARCEL)}, not {wanted}"
        await asyncio.sleep(0.01)


@pytest.fixture
def pool(database: Database) -> Pool:
    return Pool(database.login("dothi_api"), size=2, statement_timeout_ms=5000)


async def test_a_commit_is_heard_within_moments(pool: Pool, write: Write) -> None:
    versions = LayerVersions(Lane(pool, Places(1, waiting=1)))
    await versions.start()
    await until(versions, 0)
    write(PARCEL_GRID, side=1)
    begun = time.monotonic()
    await until(versions, 1)
    assert time.monotonic() - begun < 1.5, "told by NOTIFY, not found by the heartbeat"
    assert await versions.read(PARCEL) == 1
    await versions.stop()
    await pool.stop()


async def test_without_listening_every_question_is_asked(pool: Pool, write: Write) -> None:
    versions = LayerVersions(Lane(pool, Places(1, waiting=1)))
    assert versions.known(PARCEL) is None
    assert await versions.read(PARCEL) == 0
    write(PARCEL_GRID, side=1)
    assert await versions.read(PARCEL) == 1
    await pool.stop()


async def test_a_lost_connection_is_noticed_and_made_again(pool: Pool, database: Database, write: Write) -> None:
    versions = LayerVersions(Lane(pool, Places(1, waiting=1)))
    await versions.start()
    await until(versions, 0)
    admin = psycopg2.connect(database.url)
    with admin, admin.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dothi-api-listen'")
    admin.close()
    await until(versions, None)
    write(PARCEL_GRID, side=1)
    assert await versions.read(PARCEL) == 1
    await until(versions, 1)
    await versions.stop()
    await pool.stop()


async def test_where_nobody_answers_nothing_is_claimed() -> None:
    pool = Pool("postgresql://dothi_api:x@127.0.0.1:1/dothi", size=1, statement_timeout_ms=1000)
    versions = LayerVersions(Lane(pool, Places(1, waiting=1)))
    await versions.start()
    await asyncio.sleep(0.05)
    assert versions.known(PARCEL) is None
    with pytest.raises(Unavailable):
        await versions.read(PARCEL)
    begun = time.monotonic()
    await versions.stop()
    assert time.monotonic() - begun < 1
    await pool.stop()


@pytest.mark.parametrize("turns", [0, 1, 3, 10])
async def test_it_can_be_stopped_at_any_moment(pool: Pool, turns: int) -> None:
    versions = LayerVersions(Lane(pool, Places(1, waiting=1)))
    await versions.start()
    for _ in range(turns):
        await asyncio.sleep(0)
    await versions.stop()
    await pool.stop()
