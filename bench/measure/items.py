"""Pages of features in random boxes, four clients: dothi, tipg, pygeoapi's PostgreSQL provider, the bare statement by pgbench."""

import asyncio
import json
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import asyncpg

from bench import servers
from bench.boxes import Box, boxes
from bench.clients import Requests, interleaved, pgbench_rate
from bench.effort import Effort
from bench.peers import PeerAway
from bench.report import Bar, Finding, at_least
from bench.statement import PARCELS, pgbench_script
from bench.store import Store
from spatial.features.density import read_density
from spatial.selection import Bbox

_DOORS = {
    "dothi": "/ogc/collections/parcels/items",
    "tipg": "/collections/land.parcel/items",
    "pygeoapi": "/collections/parcels/items",
}
_CASES: tuple[tuple[int, int, Mapping[str, float | None]], ...] = (
    (10, 100, {"tipg": 5.0, "pygeoapi": 20.0, "pgbench": 0.2}),
    (10, 3_000, {"tipg": 5.0, "pygeoapi": 20.0, "pgbench": 0.2}),
    (1_000, 3_000, {"tipg": 8.0, "pygeoapi": None, "pgbench": 0.75}),
    (5_000, 10_000, {"tipg": 8.0, "pgbench": 0.9}),
)
"""Features asked for, parcels in each box, bars."""


def measure(store: Store, effort: Effort) -> Iterator[Finding]:
    """Compare requests per second."""
    peers = servers.beside(store, effort.say, servers.tipg, servers.pygeoapi)
    with servers.dothi(store) as dothi, peers as others:
        for limit, rows_each, bars in _CASES:
            effort.say(f"items, {limit:,} features, boxes of {rows_each:,}")
            asked = boxes(store.city, rows_each, 300)
            loads = {
                server.name: Requests(server.url, _paths(server.name, asked, limit), {})
                for server in (dothi, *others.values())
                if server.name in {"dothi", *bars}
            }
            loads = dict(_believed(loads, min(limit, rows_each), effort))
            script, values = pgbench_script(store.city, rows_each, limit, spatial_first=_spatial_first(store, asked[0]))
            bare = partial(pgbench_rate, store.api_url(), script, values, effort.seconds)
            measures = {name: partial(load.rate, effort.seconds) for name, load in loads.items()}
            rates = interleaved(effort.rounds, **measures, pgbench=bare)
            yield from _findings(f"items, {limit:,} features of about {rows_each:,} in the box", rates, bars)


def _findings(what: str, rates: dict[str, float], bars: Mapping[str, float | None]) -> Iterator[Finding]:
    for other, least in ((name, least) for name, least in bars.items() if name in rates):
        bar: Bar | None = None if least is None else at_least(least)
        behind = f"{rates['dothi']:.1f}/s against {rates[other]:.1f}/s"
        yield Finding(f"{what}, against {other}", rates["dothi"] / rates[other], bar, behind)


def _paths(server: str, asked: Sequence[Box], limit: int) -> list[str]:
    return [f"{_DOORS[server]}?f={_FORMAT[server]}&limit={limit}&bbox={','.join(map(str, box))}" for box in asked]


_FORMAT = {"dothi": "json", "tipg": "geojson", "pygeoapi": "json"}


def _believed(loads: Mapping[str, Requests], least: int, effort: Effort) -> Iterator[tuple[str, Requests]]:
    """Give the servers whose answers are whole: dothi's must be, another is left out with a word."""
    for name, requests in loads.items():
        try:
            _check(requests, least)
        except PeerAway as away:
            if name == "dothi":
                raise
            effort.say(f"left out: {name}: {away}")
        else:
            yield name, requests


def _check(requests: Requests, least: int) -> None:
    """See that a server answers with as many features as were asked for before its speed is believed; warms it up, too."""
    for path in requests.paths[:3]:
        url = requests.url + path
        try:
            with urllib.request.urlopen(url, timeout=60) as response:  # noqa: S310 (this machine)
                count = len(json.load(response)["features"])
        except (OSError, ValueError, KeyError) as error:
            raise PeerAway(f"{url} gave no features: {error}", vi=f"{url} không trả về đối tượng nào.") from error
        if count < 0.9 * least:
            raise PeerAway(f"{url} gave {count} features, not {least}", vi=f"{url} chỉ trả về {count} đối tượng.")


def _spatial_first(store: Store, box: Box) -> bool:
    """Take the form of the statement that the API takes for such a box."""

    async def read() -> bool:
        connection = await asyncpg.connect(store.api_url())
        try:
            return (await read_density(connection, PARCELS)).prefers_spatial_index(Bbox(*box))
        finally:
            await connection.close()

    return asyncio.run(read())
