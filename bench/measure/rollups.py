"""Figures: a full refresh against one after a single parcel of one commune of a hundred changed."""

import time
from collections.abc import Iterator

from sqlalchemy import text

from bench.clients import interleaved
from bench.effort import Effort
from bench.report import Finding, at_most
from bench.store import Store
from spatial.database import open_engine
from spatial.rollup import refresh
from spatial.versions import open_batch

_AS_LOADER = "SET LOCAL ROLE dothi_ingest"
_TOUCH = """
    UPDATE land.parcel SET area_official_m2 = coalesce(area_official_m2, area_m2) + 1, batch_id = :batch
    WHERE id = (SELECT min(id) FROM land.parcel WHERE commune_code = :commune)
"""


def measure(store: Store, effort: Effort) -> Iterator[Finding]:
    """Compare the time, in a copy of the database that is dropped again."""
    effort.say("figures: copying the database")
    copy = "bench_figures"
    store.cluster.drop_database(copy)
    store.cluster.ensure_database(copy, template=store.name)
    try:
        url = store.admin_url(copy)
        _refresh(url, everything=True)
        effort.say("figures")
        times = interleaved(
            effort.rounds,
            full=lambda: _refresh(url, everything=True),
            one=lambda: _after_change(store, url),
        )
    finally:
        store.cluster.drop_database(copy)
    behind = f"{times['one']:.3f} s against {times['full']:.2f} s"
    yield Finding(
        "figures after one commune of 100, share of the full refresh", 100 * times["one"] / times["full"], at_most(3), behind, "%"
    )


def _after_change(store: Store, url: str) -> float:
    commune = next(store.city.communes())
    with open_engine(url).begin() as connection:
        connection.execute(text(_AS_LOADER))
        connection.execute(text(_TOUCH), {"batch": open_batch(connection, "load"), "commune": commune.code})
    return _refresh(url, everything=False)


def _refresh(url: str, *, everything: bool) -> float:
    with open_engine(url).begin() as connection:
        connection.execute(text(_AS_LOADER))
        begin = time.monotonic()
        refresh(connection, everything=everything)
        return time.monotonic() - begin
