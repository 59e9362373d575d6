"""The data version of every table, known to this process without asking: what ETags and cached tiles are checked against.

The database says NOTIFY dothi_layer after each commit that changed a table. While the listening connection is well, a version
in memory is at most as old as a notification takes; when it is not, versions are read anew for each question.
"""

import asyncio
import contextlib
import logging
from collections.abc import Mapping

import asyncpg

from api.lanes import Lane
from spatial.errors import DothiError

CHANNEL = "dothi_layer"
HEARTBEAT_SECONDS = 5.0
"""Versions are read again at least so often: it finds a dead connection, and poolers that pass no notifications on."""
RETRY_SECONDS = 2.0
STOP_SECONDS = 3.0
_END_WAITS = "SELECT admin.end_long_waits()"
"""Ends who has kept others waiting for half a minute; anybody may call it, and this connection calls in any case."""
_READ_ALL = "SELECT table_name, data_version FROM ingest.layer_version"
_READ_ONE = "SELECT data_version FROM ingest.layer_version WHERE table_name = $1"
log = logging.getLogger("dothi.api")


class LayerVersions:
    """Versions by `schema.table`, kept by a task that listens."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._versions: dict[str, int] | None = None
        self._doubted: set[str] = set()
        self._woken = asyncio.Event()
        self._told = False
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to listen, and go on trying while the database is away."""
        self._task = asyncio.create_task(self._keep_listening(), name="layer versions")

    async def stop(self) -> None:
        """Stop listening. A connection being opened is waited for: asyncpg does not like to be interrupted there."""
        if self._task is None:
            return
        self._stopping = True
        self._woken.set()
        done, _ = await asyncio.wait({self._task}, timeout=STOP_SECONDS)
        if not done:
            self._task.cancel()
            await asyncio.wait({self._task})
        self._task = None

    def known(self, table_name: str) -> int | None:
        """Give the version in memory (0: never written); None where memory is not to be trusted now."""
        if self._versions is None or table_name in self._doubted:
            return None
        return self._versions.get(table_name, 0)

    async def read(self, table_name: str) -> int:
        """Give the version, from memory or else from the database.

        Raises:
            Unavailable: neither knows.
        """
        known = self.known(table_name)
        if known is not None:
            return known
        async with self._lane.connection() as connection:
            return await connection.fetchval(_READ_ONE, table_name) or 0

    def all_known(self) -> Mapping[str, int]:
        """Give all versions in memory, none where it is not to be trusted."""
        return self._versions or {}

    async def _keep_listening(self) -> None:
        while not self._stopping:
            try:
                await self._listen()
            except (DothiError, OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                if self._versions is not None or not self._told:
                    log.warning("layer versions are read for each question: not listening", extra={"error": str(error)})
                self._told = True
            finally:
                self._versions = None
            self._woken.clear()
            await self._wait(RETRY_SECONDS)

    async def _listen(self) -> None:
        connection = await self._lane.open_listener()
        try:
            await connection.add_listener(CHANNEL, self._on_notify)
            connection.add_termination_listener(self._on_lost)
            while not (self._stopping or connection.is_closed()):
                await self._read_all(connection)
                await self._wait(HEARTBEAT_SECONDS)
        finally:
            connection.remove_termination_listener(self._on_lost)
            await _close(connection)

    async def _wait(self, seconds: float) -> None:
        if self._stopping:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()

    async def _read_all(self, connection: asyncpg.Connection) -> None:
        self._woken.clear()
        doubted = set(self._doubted)
        async with asyncio.timeout(HEARTBEAT_SECONDS):
            rows = await connection.fetch(_READ_ALL)
            await connection.execute(_END_WAITS)
        self._versions = {row["table_name"]: row["data_version"] for row in rows}
        if not self._woken.is_set():
            self._doubted -= doubted

    def _on_notify(self, _connection: object, _pid: int, _channel: str, table_name: object) -> None:
        self._doubted.add(str(table_name))
        self._woken.set()

    def _on_lost(self, _connection: object) -> None:
        self._versions = None
        self._woken.set()


async def _close(connection: asyncpg.Connection) -> None:
    try:
        await connection.close(timeout=1)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        connection.terminate()
