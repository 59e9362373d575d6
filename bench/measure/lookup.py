"""The lookup at a point: the time of the answer against the time of its own statements, at the 95th of a hundred."""

import asyncio
import http.client
import statistics
import time
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from api.pool import Pool
from bench import servers
from bench.boxes import places
from bench.effort import Effort
from bench.report import Finding, at_most
from bench.servers import Server
from bench.store import Store
from spatial.lookup import Question, look_up
from spatial.selection import legal_today

Place = tuple[float, float]


class _Timed:
    """A connection that adds up how long its statements take."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.seconds = 0.0

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        begin = time.perf_counter()
        rows: list[Any] = await self._connection.fetch(query, *args)
        self.seconds += time.perf_counter() - begin
        return rows

    async def fetchrow(self, query: str, *args: Any) -> Any:
        begin = time.perf_counter()
        row = await self._connection.fetchrow(query, *args)
        self.seconds += time.perf_counter() - begin
        return row


def measure(store: Store, effort: Effort) -> Iterator[Finding]:
    """Compare point by point, one client."""
    effort.say("lookup at a point")
    with servers.dothi(store) as server:
        http_ms, sql_ms = asyncio.run(_race(store, server, places(store.city, 100 * effort.rounds)))
    ratio = http_ms[94] / sql_ms[94]
    behind = (
        f"{http_ms[94]:.1f} ms against {sql_ms[94]:.1f} ms; medians {http_ms[49]:.1f} and {sql_ms[49]:.1f}, "
        f"{http_ms[49] / sql_ms[49]:.2f} x"
    )
    yield Finding("lookup at a point, p95 against its statements' p95", ratio, at_most(2), behind)


def measure_streets(store: Store, effort: Effort) -> Iterator[Finding]:
    """Compare what is hardest to answer for, streets of a thousand corners, with ordinary parcels, in the sample town."""
    effort.say("lookup of streets")
    with store.sample() as name:
        ordinary, streets = asyncio.run(_ask_parcels(store, name, 200 * effort.rounds))
    behind = (
        f"{streets[94]:.0f} ms against {ordinary[94]:.0f} ms; medians {streets[49]:.0f} and {ordinary[49]:.0f}, "
        f"the slowest of a hundred streets {streets[98]:.0f} ms"
    )
    yield Finding("lookup of a street, p95 against ordinary parcels' p95", streets[94] / ordinary[94], at_most(10), behind)


_ORDINARY = "SELECT code FROM land.parcel WHERE valid_to IS NULL AND land_use_code <> 'DGT' ORDER BY md5(code) LIMIT $1"
_STREETS = "SELECT code FROM land.parcel WHERE valid_to IS NULL AND land_use_code = 'DGT' ORDER BY md5(code) LIMIT $1"


async def _ask_parcels(store: Store, name: str, most: int) -> tuple[list[float], list[float]]:
    """Give the percentiles in milliseconds of ordinary parcels and of streets."""
    pool = Pool(store.cluster.url(name, "dothi_api"), size=1, statement_timeout_ms=60_000)
    found = []
    try:
        for statement in (_ORDINARY, _STREETS):
            async with pool.connection() as connection:
                codes = [row["code"] for row in await connection.fetch(statement, most)]
            seconds = []
            for number, code in enumerate((*codes[:20], *codes)):
                begin = time.perf_counter()
                async with pool.snapshot() as connection:
                    await connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
                    await look_up(connection, Question(as_of=legal_today(), parcel=code))
                if number >= 20:
                    seconds.append(1000 * (time.perf_counter() - begin))
            found.append(statistics.quantiles(seconds, n=100))
    finally:
        await pool.stop()
    return found[0], found[1]


async def _race(store: Store, server: Server, asked: Sequence[Place]) -> tuple[list[float], list[float]]:
    """Give the percentiles in milliseconds by HTTP and of the statements."""
    pool = Pool(store.api_url(), size=1, statement_timeout_ms=60_000)
    client = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    by_http, by_sql = [], []
    try:
        for number, place in enumerate((*asked[:20], *asked)):
            seconds = _ask(client, place)
            statements = await _ask_database(pool, place)
            if number >= 20:
                by_http.append(1000 * seconds)
                by_sql.append(1000 * statements)
    finally:
        client.close()
        await pool.stop()
    return statistics.quantiles(by_http, n=100), statistics.quantiles(by_sql, n=100)


def _ask(client: http.client.HTTPConnection, place: Place) -> float:
    begin = time.perf_counter()
    client.request("GET", f"/lookup?lon={place[0]}&lat={place[1]}")
    response = client.getresponse()
    content = response.read()
    seconds = time.perf_counter() - begin
    if response.status != 200:
        raise RuntimeError(f"lookup at {place}: {content[:300]!r}")
    return seconds


async def _ask_database(pool: Pool, place: Place) -> float:
    async with pool.snapshot() as connection:
        timed = _Timed(connection)
        await look_up(timed, Question(as_of=legal_today(), lon=place[0], lat=place[1]))
        return timed.seconds
