"""Reading filters: what a character costs, and that it costs no more in a long filter than in a short one."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

from bench.effort import Effort
from bench.report import Finding, at_most
from bench.store import Store
from spatial.errors import FilterSyntaxError
from spatial.filters.parse import MAX_BYTES, parse_tree
from spatial.filters.sentences import MAX_DEPTH

_CONDITION = "land_use_code = 'ODT' AND area_m2 BETWEEN 80 AND 120 OR ACCENTI(CASEI(address)) LIKE '%lang%' AND "
_GROUP = "(" * (MAX_DEPTH - 2) + "area_m2 > 1" + ")" * (MAX_DEPTH - 2)
_FILTERS: Mapping[str, Callable[[int], str]] = {
    "of conditions": lambda size: _CONDITION * (size // len(_CONDITION) - 1) + "TRUE",
    "of brackets, as deep as may be": lambda size: " OR ".join([_GROUP] * (size // (len(_GROUP) + 4))),
    "of brackets that never close": lambda size: " OR ".join([_GROUP] * (size // (len(_GROUP) + 4) - 1)) + " OR ((((((((((((a",
    "of one polygon": lambda size: f"S_INTERSECTS(geom, POLYGON(({'105.8 21.0, ' * ((size - 60) // 12)}105.8 21.0)))",
}
_SHORT = MAX_BYTES // 8


def measure(_store: Store, effort: Effort) -> Iterator[Finding]:
    """Time the reader alone; its database is not asked."""
    for name, written in _FILTERS.items():
        effort.say(f"filters {name}")
        short, whole = written(_SHORT), written(MAX_BYTES)
        cost, cost_of_short = _microseconds(whole, effort), _microseconds(short, effort)
        yield Finding(f"reading a filter {name}, a character", cost, None, f"{len(whole):,} characters", "µs")
        behind = f"{cost:.2f} µs against {cost_of_short:.2f} µs in one of {len(short):,}"
        yield Finding(f"a character of it, against a short filter {name}", cost / cost_of_short, at_most(1.5), behind)


def _microseconds(text: str, effort: Effort) -> float:
    """Give the least processor time that a character took, of some hundred readings."""
    least = float("inf")
    until = time.perf_counter() + effort.seconds
    while time.perf_counter() < until:
        begun = time.thread_time()
        with suppress(FilterSyntaxError):
            parse_tree(text, "cql2-text")
        least = min(least, time.thread_time() - begun)
    return least / len(text) * 1e6
