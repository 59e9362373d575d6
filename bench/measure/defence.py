"""What a client that asks for little feels of others that ask for much: its times alone and beside each of them."""

import http.client
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from urllib.parse import quote, urlsplit

import psycopg2

from bench import servers
from bench.attack import attacked
from bench.effort import Effort
from bench.report import Finding, at_most
from bench.servers import Server
from bench.store import Store
from spatial.layers import find_layer
from spatial.tiles import Tile

SMALL = "/ogc/collections/zones/items?limit=10"
LIVE = "/health/live"
_PAUSE_SECONDS = 0.02
_LIVE_MS, _WORK_MS = 20, 50
_SETTLE_SECONDS = 1.0
_COUNTRY = (102.1, 23.4, 109.5, 8.5)
"""West, north, east, south in degrees."""
_MOST_TILES = 40
_OWN_ADDRESS = ("127.0.1.250", 0)


@dataclass(frozen=True)
class _Attack:
    """Clients that do one thing over and over; `ratio` is how much longer others may wait, or `_WORK_MS` where that is more."""

    name: str
    paths: Sequence[str]
    clients: int
    ratio: float = 3
    slowly: bool = False


@dataclass(frozen=True)
class _Times:
    """Milliseconds of a small read and of /health/live, and the answers that were not 200."""

    small: Sequence[float]
    live: Sequence[float]
    refused: int


def measure(store: Store, effort: Effort) -> Iterator[Finding]:
    """Measure on the sample town: its streets, its nation of outlines."""
    effort.say("defence: the sample town")
    with store.sample() as name:
        town = replace(store, name=name)
        settings = {"statement_timeout_ms": 10_000, "max_limit": 10_000, "tile_cache_mb": 0}
        with servers.dothi(town, **settings) as server:
            seconds = 3 * effort.seconds
            _listen(server, 1)
            alone = _listen(server, seconds)
            yield from _findings("alone", alone, alone, Counter(), 1, 0)
            for attack in _attacks(town):
                effort.say(f"defence: {attack.clients} {attack.name}")
                port = urlsplit(server.url).port or 0
                with attacked(port, attack.paths, attack.clients, slowly=attack.slowly) as answers:
                    time.sleep(_SETTLE_SECONDS)
                    beside = _listen(server, seconds)
                least = 0 if attack.slowly else _WORK_MS
                yield from _findings(f"beside {attack.clients} {attack.name}", beside, alone, answers, attack.ratio, least)


def _findings(
    where: str, times: _Times, alone: _Times, answers: Counter[str], ratio: float, least_ms: float
) -> Iterator[Finding]:
    p95, p95_alone = _p95(times.small), _p95(alone.small)
    got = ", ".join(f"{number} x {status}" for status, number in sorted(answers.items())) or "-"
    behind = f"p50 {statistics.median(times.small):.1f} ms, p95 {p95:.1f} ms; the others got {got}"
    yield Finding(f"a small read {where}, p95 against alone", p95 / p95_alone, at_most(max(ratio, least_ms / p95_alone)), behind)
    live = f"p50 {statistics.median(times.live):.1f} ms, longest {max(times.live):.0f} ms"
    yield Finding(f"/health/live {where}, p95", _p95(times.live), at_most(_LIVE_MS), live, "ms")
    yield Finding(f"small reads refused {where}", times.refused, at_most(0), f"of {len(times.small)}", "")


def _p95(milliseconds: Sequence[float]) -> float:
    return statistics.quantiles(milliseconds, n=20)[-1]


def _listen(server: Server, seconds: float) -> _Times:
    """Ask like a person with a map open: a little, again and again, from an address of her own."""
    client = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60, source_address=_OWN_ADDRESS)
    times: dict[str, list[float]] = {SMALL: [], LIVE: []}
    refused = 0
    until = time.monotonic() + seconds
    while time.monotonic() < until or len(times[SMALL]) < 2:
        for path, found in times.items():
            begun = time.perf_counter()
            client.request("GET", path)
            answer = client.getresponse()
            answer.read()
            found.append(1000 * (time.perf_counter() - begun))
            refused += answer.status != 200
        time.sleep(_PAUSE_SECONDS)
    client.close()
    return _Times(times[SMALL], times[LIVE], refused)


def _attacks(town: Store) -> Sequence[_Attack]:
    roads = _roads(town, 40)
    items = "/ogc/collections/parcels/items"
    part = "ACCENTI(CASEI(address)) = 'đường {}'"
    heavy = " OR ".join([part.format(0)] * 180)[:7_000].rsplit(" OR ", 1)[0]
    overlaps = f"{items}?resulttype=hits&filter=S_OVERLAPS(geom,POLYGON(({quote(_ring(town))})))"
    return (
        _Attack("slow readers of long pages", [f"{items}?limit=10000", f"{items}?limit=5000"], 50, ratio=2, slowly=True),
        _Attack("heavy filters", [f"{items}?filter={quote(heavy)}&limit=1000", overlaps], 20),
        _Attack("clients with distinct filters", [f"{items}?filter={quote(_distinct(n))}" for n in range(500)], 20),
        _Attack("clients of PDFs", [f"/lookup/extract.pdf?parcel={quote(code)}" for code in roads], 20),
        _Attack("lookups of roads", [f"/lookup?parcel={quote(code)}" for code in roads], 20),
        _Attack("cold tiles of the nation", _tiles(), 20),
    )


def _distinct(number: int) -> str:
    return " OR ".join(f"ACCENTI(CASEI(address)) = 'x{number}{'y' * (one % 7)}'" for one in range(60))


def _ring(town: Store) -> str:
    """Write a star of some hundred corners over the whole town."""
    extent = (
        "SELECT ST_XMin(e), ST_YMin(e), ST_XMax(e), ST_YMax(e) "
        "FROM (SELECT ST_Extent(geom) AS e FROM land.parcel WHERE valid_to IS NULL) x"
    )
    west, south, east, north = _rows(town, extent)[0]
    statement = (
        "SELECT ST_X(p.geom), ST_Y(p.geom) FROM ST_DumpPoints(ST_ExteriorRing(ST_Buffer("
        "ST_SetSRID(ST_MakePoint(%s, %s), 4326), %s, 75))) p"
    )
    points = _rows(town, statement, (west + east) / 2, (south + north) / 2, min(east - west, north - south) / 2)
    return ",".join(f"{x:.6f} {y:.6f}" for x, y in points)


def _roads(town: Store, most: int) -> Sequence[str]:
    statement = (
        "SELECT code FROM land.parcel WHERE valid_to IS NULL AND land_use_code = 'DGT' ORDER BY ST_NPoints(geom) DESC LIMIT %s"
    )
    return [code for (code,) in _rows(town, statement, most)]


def _tiles() -> Sequence[str]:
    """Name the tiles of the whole country at the first zooms that a layer is drawn at."""
    found = []
    for name in ("admin_units", "parcels", "zones"):
        first = find_layer(name).tiling.minzoom
        for zoom in range(first, first + 3):
            north_west, south_east = Tile.at(zoom, *_COUNTRY[:2]), Tile.at(zoom, *_COUNTRY[2:])
            places = product(range(north_west.row, south_east.row + 1), range(north_west.col, south_east.col + 1))
            tiles = [f"/ogc/collections/{name}/tiles/WebMercatorQuad/{zoom}/{row}/{col}" for row, col in places]
            found += tiles[:_MOST_TILES]
    return found


def _rows(town: Store, statement: str, *values: object) -> Sequence[tuple]:  # type: ignore[type-arg]
    connection = psycopg2.connect(town.admin_url())
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall()
    finally:
        connection.close()
