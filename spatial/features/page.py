"""Reading: a page of features, all of them as a stream, one of them, how many there are. The connection is handed over."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from spatial.features.query import Begin, FeatureQuery
from spatial.features.statement import count_statement, page_statement
from spatial.layers import Layer
from spatial.selection import LegalPeriod

STREAM_ROWS = 500
"""Rows fetched at a time while streaming, at most."""
FIRST_ROWS = 50
"""Rows fetched first, before it is known how long they are."""
PART_BYTES = 64 * 1024
"""How long a part of a stream is on the average: as much as waits for the client before the server has to."""


class Reads(Protocol):
    """What is needed of an asyncpg connection."""

    async def fetch(self, query: str, *args: Any) -> Sequence[Any]:
        """Run a statement and give its rows."""

    async def fetchval(self, query: str, *args: Any) -> Any:
        """Run a statement and give its first value."""

    def cursor(self, query: str, *args: Any, prefetch: int | None = None) -> Any:
        """Open a cursor; inside a transaction only."""

    def transaction(self, *, isolation: str | None = None, readonly: bool = False) -> AbstractAsyncContextManager[Any]:
        """Begin a transaction."""


@dataclass(frozen=True)
class FeaturePage:
    """A page: one GeoJSON feature (UTF-8) per row, where the next one begins, and the data version it was read at."""

    features: tuple[bytes, ...]
    following: Begin | None
    version: int


async def read_layer_version(connection: Reads, layer: Layer) -> int:
    """Give the data version at which the layer last changed, 0 where it never did."""
    found = await connection.fetchval("SELECT data_version FROM ingest.layer_version WHERE table_name = $1", layer.table_name)
    return int(found or 0)


async def read_version_known_at(connection: Reads, moment: datetime) -> int:
    """Give the newest data version that was committed at `moment` or before, 0 where there was none."""
    found = await connection.fetchval("SELECT max(data_version) FROM ingest.batch WHERE committed_at <= $1", moment)
    return int(found or 0)


async def read_page(connection: Reads, query: FeatureQuery, *, spatial_first: bool = False) -> FeaturePage:
    """Read one page.

    A page that continues another is first read plainly; had anything been written to the layer since the first page, the
    rows come from the state of that time. The version read with the rows tells, so no write between can slip in.

    Raises:
        InvalidInput: the box lies outside the domain of its projection.
    """
    rows, version = await _fetch(connection, query, spatial_first)
    if query.begin and query.as_of is None and version != query.begin.version:
        return await read_page(connection, replace(query, as_of=query.begin.version), spatial_first=spatial_first)
    return _page(query, rows, version)


async def _fetch(connection: Reads, query: FeatureQuery, spatial_first: bool) -> tuple[Sequence[Any], int]:
    statement, arguments = page_statement(query, spatial_first=spatial_first)
    rows = await connection.fetch(statement.sql, *arguments)
    return rows, rows[0]["version"] if rows else await read_layer_version(connection, query.layer)


def _page(query: FeatureQuery, rows: Sequence[Any], version: int) -> FeaturePage:
    if query.as_of is not None:
        version = query.as_of
    shown = rows[: query.limit]
    following = begin_after(query, shown[-1], version) if len(rows) > query.limit else None
    return FeaturePage(tuple(row[0] for row in shown), following, version)


def begin_after(query: FeatureQuery, row: Any, version: int) -> Begin:
    """Say where the page after `row` begins."""
    return Begin((*(row[f"sort{number}"] for number in range(len(query.sort))), row["id"]), version)


@dataclass
class FeatureStream:
    """A long page on its way: iterate `parts`.

    Attributes:
        count: features given so far.
        rest: what would give the features that are left, at any time and on any connection; None once all are given.
        following: where the next page begins, once all are given.
    """

    query: FeatureQuery
    version: int
    cursor: Any
    first: Sequence[Any]
    count: int = 0
    rest: FeatureQuery | None = None
    following: Begin | None = None

    async def parts(self) -> AsyncGenerator[list[bytes], None]:
        """Give the features, never more than one part in memory; whoever stops in between finds in `rest` what is left."""
        rows, self.first = self.first, ()
        left = self.query.limit
        while rows:
            shown = rows[:left]
            left -= len(shown)
            end = begin_after(self.query, shown[-1], self.version)
            if left:
                self.rest = replace(self.query, begin=end, offset=0, limit=left)
            else:
                self.rest = None
                self.following = end if len(rows) > len(shown) or await self.cursor.fetch(1) else None
            self.count += len(shown)
            features = [row[0] for row in shown]
            number = min(STREAM_ROWS, 1 + PART_BYTES * len(features) // (1 + sum(map(len, features))))
            rows = shown = ()
            yield features
            if not left:
                return
            rows = await self.cursor.fetch(number)
        self.rest = None


async def stream_features(connection: Reads, query: FeatureQuery, *, spatial_first: bool = False) -> FeatureStream:
    """Begin to read a page too long to hold; its first rows are there when this returns.

    Args:
        connection: inside a repeatable-read transaction that lasts until the stream is read, or left.
        query: the question.
        spatial_first: see `clauses.order`.
    """
    version = await read_layer_version(connection, query.layer)
    if query.begin and version != query.begin.version:
        query = replace(query, as_of=query.begin.version)
    if query.as_of is not None:
        version = query.as_of
    statement, arguments = page_statement(query, spatial_first=spatial_first)
    cursor = await connection.cursor(statement.sql, *arguments)
    return FeatureStream(query, version, cursor, await cursor.fetch(min(FIRST_ROWS, STREAM_ROWS)))


async def read_feature(connection: Reads, query: FeatureQuery, feature_id: int) -> FeaturePage:
    """Read the feature with an id, in any legal period; a page of one or none."""
    return await read_page(connection, replace(query, period=LegalPeriod(), limit=1, equals=(("id", feature_id),)))


async def count_features(connection: Reads, query: FeatureQuery) -> int:
    """Count all features that the query selects, whatever its page."""
    statement, arguments = count_statement(query)
    return int(await connection.fetchval(statement.sql, *arguments))
