"""Places for each class of work, over three pools of connections: who finds none waits a little, in a queue that has an end.

Statements of the heavy classes take turns besides: one at a time for every two processors, whatever their number.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
from starlette.requests import Request

from api.pool import Connection, Pool
from api.work import ALLOWANCES, Login, Work
from spatial.errors import SetupError, Unavailable
from spatial.features.page import Reads
from spatial.settings import Settings

WAIT_SECONDS = 5.0
"""A request that waits longer than this for its place is told to come back: the server is full."""
_LISTENERS = 1
"""Connections of a process outside of its pools."""


class Places:
    """A number of places, and a queue for them that is first come, first served and has an end."""

    def __init__(self, number: int, waiting: int) -> None:
        self._free = asyncio.Semaphore(number)
        self._most_waiting = waiting
        self.waiting = 0

    @asynccontextmanager
    async def taken(self, *, however_long: bool = False) -> AsyncIterator[None]:
        """Take a place for as long as the block lasts, after WAIT_SECONDS at most or `however_long` it takes.

        Raises:
            Unavailable: too many wait already, or none became free in time.
        """
        if not self._free.locked():
            await self._free.acquire()
        else:
            await self._wait(None if however_long else WAIT_SECONDS)
        try:
            yield
        finally:
            self._free.release()

    async def _wait(self, seconds: float | None) -> None:
        if self.waiting >= self._most_waiting:
            raise _full()
        self.waiting += 1
        try:
            async with asyncio.timeout(seconds):
                await self._free.acquire()
        except TimeoutError:
            raise _full() from None
        finally:
            self.waiting -= 1


def _full() -> Unavailable:
    return Unavailable(
        "The server is full with work of this kind. Try again in a few seconds.",
        vi="Máy chủ đang bận với loại yêu cầu này. Hãy thử lại sau vài giây.",
    )


@dataclass
class _InTurns:
    """A connection whose statements take turns with those of others; between them its client may be as slow as it likes.

    What has begun waits for as long as it takes.
    """

    connection: Connection
    turns: Places

    async def fetch(self, query: str, *args: Any) -> Sequence[Any]:
        async with self.turns.taken(however_long=True):
            rows: Sequence[Any] = await self.connection.fetch(query, *args)
            return rows

    async def fetchval(self, query: str, *args: Any) -> Any:
        async with self.turns.taken(however_long=True):
            return await self.connection.fetchval(query, *args)

    async def cursor(self, query: str, *args: Any, prefetch: int | None = None) -> "_CursorInTurns":
        async with self.turns.taken(however_long=True):
            return _CursorInTurns(await self.connection.cursor(query, *args, prefetch=prefetch), self.turns)

    def transaction(self, *, isolation: str | None = None, readonly: bool = False) -> AbstractAsyncContextManager[Any]:
        found: AbstractAsyncContextManager[Any] = self.connection.transaction(isolation=isolation, readonly=readonly)
        return found


@dataclass
class _CursorInTurns:
    cursor: Any
    turns: Places

    async def fetch(self, rows: int) -> Sequence[Any]:
        async with self.turns.taken(however_long=True):
            found: Sequence[Any] = await self.cursor.fetch(rows)
            return found


class Lane:
    """Connections for one class of work.

    Args:
        pool: whose connections.
        places: of this class.
        timeout_ms: longest statement; None: the pool's own.
        turns: shared with other classes and held while a connection is; None: this class need not wait for others.
        batch_turns: the same, held statement by statement: see `in_turns`.
    """

    def __init__(
        self,
        pool: Pool,
        places: Places,
        *,
        timeout_ms: int | None = None,
        turns: Places | None = None,
        batch_turns: Places | None = None,
    ) -> None:
        self._pool = pool
        self.places = places
        self._timeout_ms = timeout_ms
        self._turns = turns
        self._batch_turns = batch_turns

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.places.taken())
            if self._turns is not None:
                await stack.enter_async_context(self._turns.taken())
            yield

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection, as `Pool.connection` does, once there is a place.

        Raises:
            Unavailable: as there, or there is no place.
        """
        async with self._place(), self._pool.connection(self._timeout_ms) as connection:
            yield connection

    @asynccontextmanager
    async def snapshot(self, known_at: datetime | None = None) -> AsyncIterator[Connection]:
        """Lend a connection in one transaction, as `Pool.snapshot` does, once there is a place.

        Raises:
            InvalidInput: as there.
            Unavailable: as there, or there is no place.
        """
        async with self._place(), self._pool.snapshot(known_at, self._timeout_ms) as connection:
            yield connection

    def in_turns(self, connection: Connection) -> Reads:
        """Give the connection as one whose statements take turns, each for itself, if this lane's do so."""
        return _InTurns(connection, self._batch_turns) if self._batch_turns else connection

    async def open_listener(self) -> asyncpg.Connection:
        """Open a connection outside of all places; see `Pool.open_listener`."""
        return await self._pool.open_listener()


class Lanes:
    """The lanes of a process, by class of work.

    Args:
        settings: number of connections, processes and seconds.
        url: of the login for public reads.
        staff_url: of the login for staff doors; None: there is no lane for them.
    """

    def __init__(self, settings: Settings, url: str, staff_url: str | None = None) -> None:
        places = divide(settings, has_staff=staff_url is not None)
        self.turns = Places(turns_of(settings.workers), waiting=256)
        self.pools = {
            Login.QUICK: Pool(url, size=_needed(places, Login.QUICK), statement_timeout_ms=settings.statement_timeout_ms),
            Login.SLOW: Pool(
                url,
                size=places[Work.LONG] + turns_of(settings.workers),
                statement_timeout_ms=settings.statement_timeout_ms,
                known_statements=_SLOW_STATEMENTS,
            ),
        }
        if staff_url is not None:
            self.pools[Login.STAFF] = Pool(
                staff_url, size=places[Work.STAFF], statement_timeout_ms=settings.statement_timeout_ms, read_only=False
            )
        self._lanes = {work: self._lane(work, number, settings) for work, number in places.items()}

    def _lane(self, work: Work, places: int, settings: Settings) -> Lane:
        allowance = ALLOWANCES[work]
        is_long = work is Work.LONG
        return Lane(
            self.pools[allowance.pool],
            Places(places, allowance.waiting),
            timeout_ms=settings.filter_timeout_ms if is_long or work is Work.FILTER else settings.statement_timeout_ms,
            turns=self.turns if allowance.is_heavy and not is_long else None,
            batch_turns=self.turns if is_long else None,
        )

    def __getitem__(self, work: Work) -> Lane:
        return self._lanes[work]

    def of(self, request: Request) -> Lane:
        """Give the lane of a request's class; the classes are declared in `api.work`."""
        return self._lanes[request.scope["work"]]

    async def start(self) -> None:
        """Make the pools; no connection is opened yet."""
        for pool in self.pools.values():
            await pool.start()

    async def stop(self) -> None:
        """Close all connections."""
        for pool in self.pools.values():
            await pool.stop()

    @property
    def size(self) -> int:
        """Connections open now."""
        return sum(pool.size for pool in self.pools.values())

    @property
    def idle(self) -> int:
        """Connections open and not in use."""
        return sum(pool.idle for pool in self.pools.values())


_SLOW_STATEMENTS = 64
"""Statements that a slow connection remembers: filters are written by anybody and hardly come twice."""


def turns_of(workers: int) -> int:
    """Give the heavy statements that one of so many processes may run at once: all together one for every two processors."""
    return max(1, (os.cpu_count() or 1) // 2 // workers)


def divide(settings: Settings, *, has_staff: bool) -> Mapping[Work, int]:
    """Give the places of each class in one process: what is wished for, made less until all processes keep to the connections.

    Raises:
        SetupError: there are not enough for one place of each class.
    """
    turns = turns_of(settings.workers)
    places = {work: one.places for work, one in ALLOWANCES.items() if has_staff or one.pool is not Login.STAFF}
    places.update({work: turns for work, one in ALLOWANCES.items() if one.is_heavy and work is not Work.LONG})
    own = [work for work in places if not ALLOWANCES[work].is_heavy or work is Work.LONG]
    budget = settings.connections // settings.workers - _LISTENERS - turns
    while sum(places[work] for work in own) > budget:
        largest = max(own, key=lambda work: places[work])
        if places[largest] == 1:
            least = (len(own) + _LISTENERS + turns) * settings.workers
            raise SetupError(
                f"{settings.connections} connections are too few for {settings.workers} processes; they need {least}. "
                "Set DOTHI_CONNECTIONS, or DOTHI_WORKERS lower.",
                vi=f"{settings.connections} kết nối là quá ít cho {settings.workers} tiến trình; cần {least}. "
                "Hãy tăng DOTHI_CONNECTIONS hoặc giảm DOTHI_WORKERS.",
            )
        places[largest] -= 1
    return places


def _needed(places: Mapping[Work, int], pool: Login) -> int:
    return sum(number for work, number in places.items() if ALLOWANCES[work].pool is pool)
