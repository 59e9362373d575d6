"""Vector tiles: cold against their statement, warm against martin with its cache, and the largest of every zoom."""

import asyncio
import http.client
import random
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from urllib.parse import urlsplit

import asyncpg

from bench import servers
from bench.boxes import places
from bench.clients import Requests, interleaved
from bench.effort import Effort
from bench.report import Finding, at_least, at_most
from bench.servers import Server
from bench.statement import PARCELS
from bench.store import Store
from spatial.layers import LAYERS, Layer
from spatial.selection import LegalPeriod, legal_today
from spatial.tiles import Tile, draw_tile

_TILE = "/ogc/collections/{layer}/tiles/WebMercatorQuad/{zoom}/{row}/{col}?f=mvt"
_COLD_ZOOMS = (14, 16)
_WARM_ZOOMS = (14, 16)
_WARM_TILES = 60
_LARGEST_AT_ONCE = 40
"""Tiles of a zoom that are looked at for their size, where it has more."""


def measure_cold(store: Store, effort: Effort) -> Iterator[Finding]:
    """Compare the time of an answer without a cache with the time of the statements that draw it."""
    with servers.dothi(store, tile_cache_mb=0) as server:
        for zoom in _COLD_ZOOMS:
            effort.say(f"cold tiles, zoom {zoom}")
            http_ms, sql_ms = asyncio.run(_race(store, server, _tiles(store, zoom, 30 * effort.rounds)))
            behind = f"{http_ms:.2f} ms against {sql_ms:.2f} ms, one client, median"
            yield Finding(f"tile, cold, zoom {zoom}, time against its ST_AsMVT statement", http_ms / sql_ms, at_most(1.2), behind)


async def _race(store: Store, server: Server, tiles: Sequence[Tile]) -> tuple[float, float]:
    """Give the median milliseconds by HTTP and by SQL, tile after tile, each first in turn; one round before warms up both."""
    connection = await _connect(store.api_url())
    client = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    found: dict[str, list[float]] = {"http": [], "sql": []}
    try:
        for number, tile in enumerate((*tiles, *tiles)):
            order = ("http", "sql") if number % 2 else ("sql", "http")
            for way in order:
                begin = time.perf_counter()
                if way == "http":
                    _get(client, _path(PARCELS, tile))
                else:
                    await draw_tile(connection, PARCELS, tile, LegalPeriod.on(legal_today()))
                if number >= len(tiles):
                    found[way].append(1000 * (time.perf_counter() - begin))
    finally:
        client.close()
        await connection.close()
    return statistics.median(found["http"]), statistics.median(found["sql"])


def measure_warm(store: Store, effort: Effort) -> Iterator[Finding]:
    """Compare requests per second of tiles that both servers have in memory."""
    with servers.beside(store, effort.say, servers.martin) as others:
        if martin := others.get("martin"):
            yield from _warm(store, effort, martin)


def _warm(store: Store, effort: Effort, martin: Server) -> Iterator[Finding]:
    with servers.dothi(store, tile_cache_mb=512) as dothi:
        for zoom in _WARM_ZOOMS:
            tiles = _tiles(store, zoom, _WARM_TILES)
            for encoding in ("gzip", "identity"):
                effort.say(f"warm tiles, zoom {zoom}, {encoding}")
                headers = {"Accept-Encoding": encoding}
                loads = {
                    "dothi": Requests(dothi.url, [_path(PARCELS, tile) for tile in tiles], headers),
                    "martin": Requests(martin.url, [f"/parcels/{tile.zoom}/{tile.col}/{tile.row}" for tile in tiles], headers),
                }
                for load in loads.values():
                    _warm_up(load)
                rates = interleaved(effort.rounds, **{name: partial(load.rate, effort.seconds) for name, load in loads.items()})
                behind = f"{rates['dothi']:.0f}/s against {rates['martin']:.0f}/s"
                what = f"tile, warm, zoom {zoom}, {encoding}, requests/s against martin"
                yield Finding(what, rates["dothi"] / rates["martin"], at_least(0.7), behind)


def _warm_up(load: Requests) -> None:
    client = http.client.HTTPConnection(urlsplit(load.url).netloc, timeout=120)
    for path in (*load.paths, *load.paths):
        _get(client, path, load.headers)
    client.close()


def measure_size(store: Store, effort: Effort) -> Iterator[Finding]:
    """Look for the largest tile of all layers that have rows, at every zoom."""
    effort.say("largest tiles")
    name, size = asyncio.run(_largest(store))
    yield Finding("largest tile, any layer, any zoom", size / 1000, at_most(500), name, "kB")


async def _largest(store: Store) -> tuple[str, int]:
    connection = await _connect(store.admin_url())
    largest = ("none", 0)
    try:
        for layer in LAYERS:
            if not await connection.fetchval(f"SELECT EXISTS (SELECT FROM {layer.table_name})"):  # noqa: S608 (declared)
                continue
            for zoom in range(layer.tiling.minzoom, min(layer.tiling.maxzoom, 17) + 1):
                for tile in _tiles(store, zoom, _LARGEST_AT_ONCE):
                    drawn = await draw_tile(connection, layer, tile, LegalPeriod.on(legal_today()))
                    size = len(drawn.content)
                    if size > largest[1]:
                        largest = (f"{layer.name} {zoom}/{tile.row}/{tile.col}, {drawn.rows} rows, {drawn.detail.value}", size)
    finally:
        await connection.close()
    return largest


def measure_unchanged(store: Store, effort: Effort) -> Iterator[Finding]:
    """Ask again for what has not changed, and see whether the table was read for it."""
    box = "105.83,21.01,105.85,21.03"
    paths = {
        "items": f"/ogc/collections/parcels/items?f=json&limit=1000&bbox={box}",
        "tile": _path(PARCELS, _tiles(store, 14, 1)[0]),
    }
    with servers.dothi(store) as server:
        client = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
        for name, path in paths.items():
            effort.say(f"unchanged {name}")
            etag = _get(client, path).headers["ETag"]
            assert _get(client, path, {"If-None-Match": etag}).status == 304, path
            before = _reads(store)
            load = Requests(server.url, [path], {"If-None-Match": etag})
            rate = load.rate(effort.seconds)
            reads = _reads(store) - before
            behind = f"{rate:.0f} answers/s, all 304"
            yield Finding(f"unchanged {name} with If-None-Match: reads of the table", float(reads), at_most(0), behind, "")
        client.close()


def _reads(store: Store) -> int:
    """Count the scans of the parcels' table and its indexes so far."""

    async def read() -> int:
        connection = await asyncpg.connect(store.admin_url())
        try:
            await connection.execute("SELECT pg_stat_force_next_flush()")
            await asyncio.sleep(1.2)  # backends tell their counters at most once a second
            found = await connection.fetchval(
                "SELECT seq_scan + coalesce(idx_scan, 0) FROM pg_stat_user_tables WHERE relid = 'land.parcel'::regclass"
            )
            return int(found)
        finally:
            await connection.close()

    return asyncio.run(read())


async def _connect(url: str) -> asyncpg.Connection:
    settings = {"plan_cache_mode": "force_custom_plan", "jit": "off", "max_parallel_workers_per_gather": "0"}
    return await asyncpg.connect(url, server_settings=settings)


def _tiles(store: Store, zoom: int, count: int) -> list[Tile]:
    """Give different tiles with parcels, all of them if there are fewer than `count`."""
    found = dict.fromkeys(Tile.at(zoom, *place) for place in places(store.city, 20 * count))
    return random.Random(zoom).sample(list(found), min(count, len(found)))


def _path(layer: Layer, tile: Tile) -> str:
    return _TILE.format(layer=layer.name, zoom=tile.zoom, row=tile.row, col=tile.col)


def _get(client: http.client.HTTPConnection, path: str, headers: Mapping[str, str] | None = None) -> http.client.HTTPResponse:
    client.request("GET", path, headers=dict(headers or {}))
    response = client.getresponse()
    response.read()
    if response.status not in (200, 204, 304):
        raise RuntimeError(f"{path}: {response.status}")
    return response
