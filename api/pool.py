"""A pool of asyncpg connections: of one login, read-only unless it is for staff.

Knows how to reach the database, to survive its restarts and to say so; knows nothing of what is asked.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from typing import TypeAlias
from urllib.parse import urlsplit

import asyncpg

from spatial.errors import Forbidden, InvalidInput, Unavailable

ACQUIRE_SECONDS = 5.0
"""A request that waits longer than this for a connection is told to come back: the server is full."""

SETTLE_SECONDS = 1.0
"""A question about a moment of knowledge waits no longer than this for a write that is being committed."""

_IDLE_MS = 60_000
"""A transaction that waits for its client to read may be idle so long, at least."""

Connection: TypeAlias = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy
_NOT_REACHED = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
_NOT_COMPUTABLE = (
    asyncpg.NumericValueOutOfRangeError,
    asyncpg.DivisionByZeroError,
    asyncpg.PostgresFloatingPointError,
    asyncpg.InvalidArgumentForPowerFunctionError,
)


class _Connection(asyncpg.Connection):  # type: ignore[misc]
    """A connection that keeps no state between requests, so that giving it back costs no round trip."""

    def get_reset_query(self) -> str:
        return ""


def server_settings(statement_timeout_ms: int) -> dict[str, str]:
    """Give the session settings of a read.

    A plan made for one bbox is wrong for the next, hence custom plans; the statements are too short for JIT
    and for starting parallel workers.
    """
    return {
        "application_name": "dothi-api",
        "default_transaction_read_only": "on",
        "statement_timeout": str(statement_timeout_ms),
        "idle_in_transaction_session_timeout": str(max(_IDLE_MS, 2 * statement_timeout_ms)),
        "plan_cache_mode": "force_custom_plan",
        "jit": "off",
        "max_parallel_workers_per_gather": "0",
        "timezone": "UTC",
    }


class Pool:
    """Connections of one login, opened when first needed and opened again after the database was away."""

    def __init__(
        self,
        database_url: str,
        *,
        size: int,
        statement_timeout_ms: int,
        read_only: bool = True,
        known_statements: int = 512,
    ) -> None:
        parts = urlsplit(database_url)
        self.dsn = parts._replace(scheme="postgresql").geturl()
        self._size = size
        self._known_statements = known_statements
        self._timeout_ms = statement_timeout_ms
        self._timeouts: dict[int, int] = {}
        self._settings = server_settings(statement_timeout_ms)
        if not read_only:
            del self._settings["default_transaction_read_only"]
        self._pool: asyncpg.Pool | None = None

    async def start(self) -> None:
        """Make the pool; no connection is opened, so that the server starts even when the database is away."""
        if self._pool is None:
            self._pool = await asyncpg.create_pool(
                self.dsn,
                min_size=0,
                max_size=self._size,
                connection_class=_Connection,
                init=self._prepare,
                server_settings=self._settings,
                statement_cache_size=self._known_statements,
                max_cacheable_statement_size=0,  # any: the lookup's is 30 kB, and planning it takes as long as running it
                max_cached_statement_lifetime=0,
                timeout=ACQUIRE_SECONDS,
            )

    async def _prepare(self, connection: asyncpg.Connection) -> None:
        self._timeouts[connection.get_server_pid()] = self._timeout_ms
        for name in ("json", "jsonb"):
            await connection.set_type_codec(name, schema="pg_catalog", encoder=json.dumps, decoder=json.loads)

    async def stop(self, seconds: float = 5.0) -> None:
        """Let running statements end for `seconds`, then close all connections."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        try:
            await asyncio.wait_for(pool.close(), seconds)
        except TimeoutError:
            pool.terminate()

    @property
    def size(self) -> int:
        """Connections open now."""
        return self._pool.get_size() if self._pool else 0

    @property
    def idle(self) -> int:
        """Connections open and not in use."""
        return self._pool.get_idle_size() if self._pool else 0

    @asynccontextmanager
    async def connection(self, timeout_ms: int | None = None) -> AsyncIterator[Connection]:
        """Lend a connection in autocommit: for one statement, or several that need not agree.

        Args:
            timeout_ms: longest statement; None: the pool's own.

        Raises:
            Unavailable: the database does not answer, all connections stay busy, or a statement ran too long.
        """
        await self.start()
        assert self._pool is not None
        pool = self._pool
        connection = await self._acquire(pool)
        try:
            with _translated():
                await self._limit(connection, timeout_ms or self._timeout_ms)
                yield connection
        finally:
            await pool.release(connection, timeout=ACQUIRE_SECONDS)

    async def _limit(self, connection: Connection, timeout_ms: int) -> None:
        """Set the longest statement where the last who had the connection left another."""
        process = connection.get_server_pid()
        if self._timeouts.get(process) != timeout_ms:
            await connection.execute(f"SET statement_timeout = {timeout_ms:d}")
            self._timeouts[process] = timeout_ms

    @staticmethod
    async def _acquire(pool: asyncpg.Pool) -> Connection:
        try:
            # waiting with a limit starts a task, which costs a small page a fifth of its work: only where there is a wait
            return await pool.acquire(timeout=None if pool.get_idle_size() else ACQUIRE_SECONDS)
        except TimeoutError as error:
            raise Unavailable(
                "All database connections are busy. Try again in a few seconds.",
                vi="Máy chủ đang bận. Hãy thử lại sau vài giây.",
            ) from error
        except (*_NOT_REACHED, asyncpg.PostgresError) as error:
            raise _not_reached() from error

    @asynccontextmanager
    async def snapshot(self, known_at: datetime | None = None, timeout_ms: int | None = None) -> AsyncIterator[Connection]:
        """Lend a connection inside one read-only, repeatable-read transaction: all its statements see the same state.

        Args:
            known_at: a moment of which the state must hold every version; None: whatever is committed.
            timeout_ms: as in `connection`.

        Raises:
            InvalidInput: `known_at` is still to come.
            Unavailable: as in `connection` and `settle`.
        """
        async with self.connection(timeout_ms) as connection:
            if known_at is not None:
                await settle(connection, known_at)
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                yield connection

    async def open_listener(self) -> asyncpg.Connection:
        """Open a connection of its own, outside the pool, for LISTEN; the caller closes it.

        Raises:
            Unavailable: the database does not answer.
        """
        try:
            return await asyncpg.connect(
                self.dsn, server_settings={"application_name": "dothi-api-listen"}, timeout=ACQUIRE_SECONDS
            )
        except (*_NOT_REACHED, TimeoutError, asyncpg.PostgresError) as error:
            raise _not_reached() from error


async def settle(connection: Connection, known_at: datetime) -> None:
    """Wait until every version that was given up to a moment can be seen, so that an answer for it never changes later.

    A version is given shortly before its writer has committed. What is asked after this call sees all versions up to `known_at`.

    Raises:
        InvalidInput: the moment is still to come.
        Unavailable: a writer takes longer than `SETTLE_SECONDS` to commit.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + SETTLE_SECONDS
    while True:
        settled = await connection.fetchval("SELECT ingest.settled_at()")
        if settled is not None and settled >= known_at:
            return
        is_far = settled is not None and known_at - settled > timedelta(seconds=SETTLE_SECONDS)
        if is_far or loop.time() >= deadline:
            break
        await asyncio.sleep(SETTLE_SECONDS / 50)
    if settled is None:
        raise Unavailable(
            "A write is just being completed, so what was known at that moment cannot be told yet. Try again in a few seconds.",
            vi="Đang có lần ghi dữ liệu chưa hoàn tất nên chưa thể biết dữ liệu ở thời điểm đó. Hãy thử lại sau vài giây.",
        )
    raise InvalidInput(
        "known_at is still to come. Leave it out to ask what is known now.",
        vi="known_at là thời điểm chưa đến. Hãy bỏ tham số này để hỏi theo dữ liệu hiện nay.",
    )


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except asyncpg.QueryCanceledError as error:
        raise Unavailable(
            "The question needs more time than one request may take. Ask for a smaller area, fewer rows or a simpler filter.",
            vi="Truy vấn cần nhiều thời gian hơn mức cho phép. Hãy thu hẹp khu vực, giảm số dòng hoặc dùng bộ lọc đơn giản hơn.",
        ) from error
    except asyncpg.LockNotAvailableError as error:  # after the lock_timeout of the login (admin.login_limits)
        raise Unavailable(
            "The data asked for are locked by a write just now. Try again in half a minute; other layers answer.",
            vi="Dữ liệu này đang bị một lần ghi khóa. Hãy thử lại sau nửa phút; các lớp khác vẫn trả lời.",
        ) from error
    except asyncpg.InsufficientResourcesError as error:  # its disk or memory is full
        raise Unavailable(
            "The database is short of disk or memory. Ask for a smaller area or fewer rows; tell the operator if it stays so.",
            vi="Cơ sở dữ liệu thiếu dung lượng đĩa hoặc bộ nhớ. Hãy thu hẹp yêu cầu; nếu vẫn vậy, hãy báo cho người vận hành.",
        ) from error
    except _NOT_COMPUTABLE as error:
        raise InvalidInput(
            "A number in the request, or one computed from it, is beyond what can be computed. Use smaller numbers.",
            vi="Có số trong yêu cầu, hoặc kết quả tính từ số đó, vượt phạm vi tính được. Hãy dùng số nhỏ hơn.",
        ) from error
    except asyncpg.InsufficientPrivilegeError as error:
        raise Forbidden(
            "The role behind this request may not read this. Ask the steward of the data for access.",
            vi="Vai trò của yêu cầu này không có quyền đọc dữ liệu. Hãy liên hệ đơn vị quản lý dữ liệu để được cấp quyền.",
        ) from error
    except _NOT_REACHED as error:
        raise _not_reached() from error


def _not_reached() -> Unavailable:
    return Unavailable(
        "The database does not answer. Try again in a minute; if it stays so, `dothi db status` tells why.",
        vi="Cơ sở dữ liệu chưa trả lời. Hãy thử lại sau một phút; nếu vẫn vậy, hãy báo cho người vận hành.",
    )
