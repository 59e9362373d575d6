"""A server that is killed under load: whatever the driver makes of it, the API says that the database does not answer."""

import asyncio
import os
import signal
from collections import Counter
from pathlib import Path

import asyncpg
import pytest

from api.pool import Pool
from spatial.cluster import Cluster
from spatial.errors import Unavailable


async def test_every_question_to_a_server_that_dies_is_answered_by_unavailable(state: Path) -> None:
    cluster = Cluster(state, durable=False)
    cluster.start()
    pool = Pool(cluster.url("postgres", "dothi_api"), size=6, statement_timeout_ms=10_000)
    met: Counter[str] = Counter()
    over = asyncio.Event()

    async def ask(number: int) -> None:
        while not over.is_set():
            try:
                async with pool.snapshot() as connection:
                    await connection.fetch("SELECT repeat('x', 10000) FROM generate_series(1, $1)", 500 * number)
                met["answered"] += 1
            except Unavailable:
                met["unavailable"] += 1
                await asyncio.sleep(0.01)

    asking = [asyncio.create_task(ask(number)) for number in range(1, 7)]
    try:
        for _ in range(3):
            await asyncio.to_thread(cluster.start)
            await asyncio.sleep(0.5)
            pid = cluster.status().pid
            assert pid
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            os.kill(pid, signal.SIGKILL)
            for child in children:
                os.kill(int(child), signal.SIGKILL)
            await asyncio.sleep(0.5)
    finally:
        over.set()
        found = await asyncio.gather(*asking, return_exceptions=True)
        await pool.stop()
    assert found == [None] * 6
    assert met["answered"] > 3
    assert met["unavailable"] > 3


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.InternalClientError, asyncpg.InterfaceError, asyncpg.ConnectionDoesNotExistError, asyncpg.CannotConnectNowError,
        asyncpg.AdminShutdownError, asyncpg.CrashShutdownError, ConnectionResetError,
    ],
)  # fmt: skip
async def test_each_error_of_a_lost_server_is_one_of_those(public_url: str, error: type[Exception]) -> None:
    pool = Pool(public_url, size=1, statement_timeout_ms=1000)
    with pytest.raises(Unavailable):
        async with pool.connection():
            raise error("gone")
    await pool.stop()


@pytest.fixture
def public_url(cluster: Cluster) -> str:
    return cluster.url("postgres", "dothi_api")
