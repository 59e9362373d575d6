"""Vector tiles kept in memory, bounded by bytes, each good for one version of its layer and one legal period.

A tile that several clients want at once is drawn once.
"""

import asyncio
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from starlette.concurrency import run_in_threadpool

from api.etag import make_etag
from api.lanes import Lane
from api.layer_versions import LayerVersions
from api.metrics import Metrics
from spatial.layers import Layer
from spatial.selection import LegalPeriod
from spatial.tiles import DrawnTile, Tile, draw_tile

_ENTRY_BYTES = 600
"""What an entry takes besides its content."""
_GZIP_LEVEL = 4
TileKey = tuple[str, int, int, int, LegalPeriod]


@dataclass(frozen=True)
class CachedTile:
    """A drawn tile, the version of the layer it was drawn from, and its compressed twin once somebody took it."""

    version: int
    etag: str
    drawn: DrawnTile
    gzipped: bytes | None = None

    @cached_property
    def weight(self) -> int:
        """Bytes it takes in memory."""
        return _ENTRY_BYTES + len(self.drawn.content) + len(self.gzipped or b"")


class TileCache:
    """The least recently used tiles go when the bytes are used up."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._entries: OrderedDict[TileKey, CachedTile] = OrderedDict()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: TileKey, version: int) -> CachedTile | None:
        """Give the tile if it is of that version."""
        entry = self._entries.get(key)
        if entry is None or entry.version != version:
            return None
        self._entries.move_to_end(key)
        return entry

    def put(self, key: TileKey, entry: CachedTile) -> None:
        """Keep the tile, in place of an older one."""
        old = self._entries.pop(key, None)
        self.bytes -= old.weight if old else 0
        if entry.weight > self._max_bytes:
            return
        self._entries[key] = entry
        self.bytes += entry.weight
        while self.bytes > self._max_bytes:
            _, dropped = self._entries.popitem(last=False)
            self.bytes -= dropped.weight


def layer_etag(layer: Layer, version: int, period: LegalPeriod) -> str:
    """Name what all tiles of a layer depend on; the URL tells them apart."""
    return make_etag("tile", layer.name, version, period.start, period.end)


class _Flight:
    """A tile being drawn for all who want it; it ends when the last of them has gone."""

    def __init__(self, task: asyncio.Task[CachedTile]) -> None:
        self._task = task
        self._waiting = 0
        self.is_over = False

    async def awaited(self) -> CachedTile:
        """Wait for the tile."""
        self._waiting += 1
        try:
            # shielded: a client that goes away must not take the tile from the others
            return await asyncio.shield(self._task)
        finally:
            self._waiting -= 1
            if not self._waiting:
                self.is_over = True
                self._task.cancel()


class Tiles:
    """Tiles from the cache, else from the database."""

    def __init__(self, lane: Lane, versions: LayerVersions, metrics: Metrics, *, max_bytes: int) -> None:
        self.cache = TileCache(max_bytes)
        self.versions = versions
        self._lane = lane
        self._metrics = metrics
        self._under_way: dict[tuple[Any, ...], _Flight] = {}

    def cached(self, layer: Layer, tile: tuple[int, int, int], period: LegalPeriod) -> CachedTile | None:
        """Give the tile if memory alone can tell that it still holds."""
        version = self.versions.known(layer.table_name)
        return None if version is None else self.cache.get((layer.name, *tile, period), version)

    async def get(self, layer: Layer, tile: Tile, period: LegalPeriod, *, gzipped: bool = False) -> CachedTile:
        """Give the tile, drawn if need be.

        Raises:
            NotFound: the layer is not drawn at this zoom.
            Unavailable: the database does not answer, or drawing took too long.
        """
        version = await self.versions.read(layer.table_name)
        key: TileKey = (layer.name, tile.zoom, tile.row, tile.col, period)
        entry = self.cache.get(key, version)
        self._metrics.count_tiles("database" if entry is None else "cache")
        if entry is None:
            entry = await self._draw_once(key, version, layer, tile, period)
        if gzipped and entry.gzipped is None and entry.drawn.content:
            packed = await run_in_threadpool(_gzip, entry.drawn.content)
            entry = CachedTile(entry.version, entry.etag, entry.drawn, packed)
            self.cache.put(key, entry)
        return entry

    async def _draw_once(self, key: TileKey, version: int, layer: Layer, tile: Tile, period: LegalPeriod) -> CachedTile:
        name = (*key, version)
        flight = self._under_way.get(name)
        if flight is None or flight.is_over:
            flight = self._under_way[name] = _Flight(asyncio.create_task(self._draw(key, version, layer, tile, period)))
        try:
            return await flight.awaited()
        finally:
            if flight.is_over and self._under_way.get(name) is flight:
                del self._under_way[name]

    async def _draw(self, key: TileKey, version: int, layer: Layer, tile: Tile, period: LegalPeriod) -> CachedTile:
        async with self._lane.connection() as connection:
            drawn = await draw_tile(connection, layer, tile, period)
        entry = CachedTile(version, layer_etag(layer, version, period), drawn)
        self.cache.put(key, entry)
        return entry


def _gzip(content: bytes) -> bytes:
    compressor = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return compressor.compress(content) + compressor.flush()
