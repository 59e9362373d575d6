"""Where and when a layer has features: read from the root of its spatial index and the statistics, not from the table."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Protocol

from sqlalchemy import func, select

from spatial.compiled import Statement
from spatial.crs import COUNTRY_BBOX
from spatial.layers import GEOMETRY_COLUMN, Layer

SMALL_TABLE_ROWS = 50_000
"""A table of no more rows than this is read, since statistics of small tables come late."""


class FetchesRow(Protocol):
    """What is needed of an asyncpg connection."""

    async def fetchrow(self, query: str, *args: Any) -> Any:
        """Run a statement and give its first row."""


@dataclass(frozen=True)
class Extent:
    """West, south, east, north in degrees, and the first day of legal time, None where it is not known."""

    bounds: tuple[float, float, float, float]
    first_day: date | None = None


async def read_extent(connection: FetchesRow, layer: Layer) -> Extent:
    """Estimate the extent; the country's where the layer is empty."""
    table = layer.table
    row = await connection.fetchrow(_ESTIMATE, table.schema, table.name)
    if row["rows"] <= SMALL_TABLE_ROWS:
        row = await connection.fetchrow(_measure(layer).sql, *_measure(layer).arguments({}))
    if row["west"] is None:
        return Extent(COUNTRY_BBOX)
    return Extent((row["west"], row["south"], row["east"], row["north"]), row["first_day"])


_ESTIMATE = """
    SELECT ST_XMin(box) AS west, ST_YMin(box) AS south, ST_XMax(box) AS east, ST_YMax(box) AS north, rows, first_day
    FROM (
        SELECT CASE WHEN c.reltuples > 0 THEN c.reltuples ELSE s.n_live_tup END AS rows,
            CASE WHEN c.reltuples > 0 THEN admin.estimated_extent(c.oid) END AS box,
            (SELECT least((histogram_bounds::text::date[])[1], (SELECT min(day) FROM unnest(most_common_vals::text::date[]) day))
             FROM pg_stats WHERE schemaname = $1 AND tablename = $2 AND attname = 'valid_from') AS first_day
        FROM pg_stat_all_tables s JOIN pg_class c ON c.oid = s.relid
        WHERE s.schemaname = $1 AND s.relname = $2
    ) estimated
"""
"""$1 schema, $2 table; degrees. Reads the catalogue, and the root page of the GiST index of `geom`."""


@cache
def _measure(layer: Layer) -> Statement:
    box = func.ST_Extent(layer.table.c[GEOMETRY_COLUMN])
    sides = {"west": func.ST_XMin(box), "south": func.ST_YMin(box), "east": func.ST_XMax(box), "north": func.ST_YMax(box)}
    return Statement.of(
        select(*(side.label(name) for name, side in sides.items()), func.min(layer.table.c.valid_from).label("first_day"))
    )
