"""The whole layer as one GeoJSON answer, against psql's COPY of the same text; and a page far inside against the first."""

import json
import os
import statistics
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from functools import partial
from urllib.parse import parse_qs, urlsplit

from bench import servers
from bench.clients import Requests, interleaved
from bench.effort import Effort
from bench.report import Finding, at_most
from bench.statement import copy_statement
from bench.store import Store

_ITEMS = "/ogc/collections/parcels/items?f=json"
_MEGABYTE = 1_000_000
_CHUNK = 1 << 20


def measure(store: Store, effort: Effort) -> Iterator[Finding]:
    """Compare the time, and see how much the server grows."""
    rows = store.city.rows
    with servers.dothi(store) as server:
        _read(server.url + _ITEMS + "&limit=3000")  # the first connection and the first compiled statement
        before = server.memory()
        server.reset_peak()
        effort.say("whole layer against COPY")
        sizes: list[int] = []
        times = interleaved(
            max(1, effort.rounds - 1),
            http=lambda: _timed_read(server.url + f"{_ITEMS}&limit={rows}", sizes),
            copy=lambda: _copy(store, rows),
        )
        grown = (server.peak_memory() - before) / _MEGABYTE
        behind = f"{times['http']:.1f} s against {times['copy']:.1f} s, {statistics.median(sizes) / _MEGABYTE:.0f} MB"
        yield Finding(
            f"whole layer ({rows:,}) as GeoJSON, time against COPY", times["http"] / times["copy"], at_most(1.3), behind
        )
        yield Finding("whole layer: the server's memory grows by", grown, at_most(50), f"from {before / _MEGABYTE:.0f} MB", "MB")


def measure_paging(store: Store, effort: Effort) -> Iterator[Finding]:
    """Compare a page that begins at nine tenths of the layer with the first, by the time of one answer."""
    with servers.dothi(store) as server:
        for limit in (10, 1000):
            effort.say(f"page far inside, {limit} features")
            offset = store.city.rows * 9 // 10
            first = f"{_ITEMS}&limit={limit}"
            cursor = _cursor_after(server.url, offset)
            far = f"{first}&cursor={cursor}"
            loads = {name: Requests(server.url, [path], {}) for name, path in (("first", first), ("far", far))}
            rates = interleaved(effort.rounds, **{name: partial(load.rate, effort.seconds, 1) for name, load in loads.items()})
            behind = f"{1000 / rates['far']:.2f} ms against {1000 / rates['first']:.2f} ms"
            what = f"page of {limit:,} at row {offset:,}, time against page 1"
            yield Finding(what, rates["first"] / rates["far"], at_most(1.2), behind)


def _cursor_after(url: str, offset: int) -> str:
    """Let the server itself say where the page after a row begins."""
    page = json.loads(_read(f"{url}{_ITEMS}&limit=1&offset={offset - 1}"))
    following = next(link["href"] for link in page["links"] if link["rel"] == "next")
    return str(parse_qs(urlsplit(following).query)["cursor"][0])


def _read(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=600) as response:  # noqa: S310 (this machine)
        content: bytes = response.read()
        return content


def _timed_read(url: str, sizes: list[int]) -> float:
    """Read to the end without keeping it, as COPY's reader does; give seconds."""
    begin = time.monotonic()
    done = subprocess.run(
        ["curl", "-s", "-f", "-o", os.devnull, "-w", "%{size_download}", url], capture_output=True, text=True, check=True
    )
    sizes.append(int(done.stdout))
    return time.monotonic() - begin


def _copy(store: Store, rows: int) -> float:
    begin = time.monotonic()
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 (os.devnull is a text)
        environment = {**os.environ, "PGOPTIONS": "-c jit=off -c max_parallel_workers_per_gather=0"}
        subprocess.run(
            ["psql", "-X", "-q", store.api_url(), "-c", copy_statement(rows)], stdout=nowhere, check=True, env=environment
        )
    return time.monotonic() - begin
