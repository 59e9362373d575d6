"""About how many rows a box holds, by the statistics that PostGIS keeps: cheap enough to choose a plan with.

`ORDER BY id LIMIT n` with a box has two plans: walk the primary key until n rows were met, or sort what the spatial index
finds. The planner expects rows of a box to be spread evenly over the ids, which cadastral rows are not, and walks too often.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from spatial.area import area_of
from spatial.layers import Layer
from spatial.selection import Bbox

CELLS = 32
"""Cells along each side of the grid of estimates."""
SMALL_TABLE_ROWS = 20_000
"""Up to here sorting everything costs nothing worth choosing for."""
SORTED_ROWS = 100_000
"""Up to so many hits sorting after the spatial index is the better or the safer plan. Measured on 1 M parcels whose ids follow
their places: 45,000 hits sort in 60 ms and are met by walking in 200 to 470, 164,000 in 270 and 370, 350,000 in 560 and 1."""


class FetchesRow(Protocol):
    """What is needed of an asyncpg connection."""

    async def fetchrow(self, query: str, *args: Any) -> Any:
        """Run a statement and give its first row."""


@dataclass(frozen=True)
class Density:
    """Estimated rows by cell of a grid.

    Attributes:
        rows: rows of the table.
        bounds: west, south, east, north of the grid in degrees; None: unknown or too small to matter.
        sums: rows south-west of each corner of the grid, CELLS + 1 by CELLS + 1, [north, east].
    """

    rows: float
    bounds: tuple[float, float, float, float] | None = None
    sums: Any = None

    def rows_in(self, box: tuple[float, float, float, float]) -> float:
        """Estimate the rows in a box of degrees (west, south, east, north)."""
        if self.bounds is None:
            return self.rows
        # plain floats: numpy takes ten times as long for so few numbers, on every request with a box
        west, south, east, north = self.bounds
        left, right = ((x - west) / (east - west) for x in (box[0], box[2]))
        low, high = ((y - south) / (north - south) for y in (box[1], box[3]))
        return self._below(high, right) - self._below(low, right) - self._below(high, left) + self._below(low, left)

    def _below(self, up: float, across: float) -> float:
        """Give the rows south-west of a place in shares of the grid."""
        y, x = min(max(up, 0.0), 1.0) * CELLS, min(max(across, 0.0), 1.0) * CELLS
        row, col = min(int(y), CELLS - 1), min(int(x), CELLS - 1)
        below, above = self.sums[row], self.sums[row + 1]
        low = below[col] + (below[col + 1] - below[col]) * (x - col)
        high = above[col] + (above[col + 1] - above[col]) * (x - col)
        return float(low + (high - low) * (y - row))

    def prefers_spatial_index(self, bbox: Bbox | None) -> bool:
        """Say whether rows of the box are better sorted than met by walking the primary key."""
        if bbox is None:
            return False
        return self.bounds is None or sum(self.rows_in(part) for part in _parts(bbox)) <= SORTED_ROWS


def _parts(bbox: Bbox) -> tuple[tuple[float, float, float, float], ...]:
    return area_of(bbox).boxes


async def read_density(connection: FetchesRow, layer: Layer) -> Density:
    """Read the estimates of a layer: one round trip, some 20 ms on any size of table."""
    row = await connection.fetchrow(_READ, layer.table.schema, layer.table.name, CELLS)
    if row is None or row["cells"] is None:
        return Density(0.0 if row is None else max(0.0, row["rows"]))
    shares = np.array(row["cells"], dtype=float).reshape(CELLS, CELLS)
    total = shares.sum()
    if total <= 0 or row["east"] <= row["west"] or row["north"] <= row["south"]:
        return Density(row["rows"])
    sums = np.zeros((CELLS + 1, CELLS + 1))
    sums[1:, 1:] = (shares / total * row["rows"]).cumsum(axis=0).cumsum(axis=1)
    return Density(row["rows"], (row["west"], row["south"], row["east"], row["north"]), sums.tolist())


_READ = f"""
    WITH relation AS MATERIALIZED (
        SELECT c.oid::regclass AS name, c.reltuples AS rows,
            CASE WHEN c.reltuples > {SMALL_TABLE_ROWS} THEN admin.estimated_extent(c.oid) END AS box
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2
    )
    SELECT r.rows, ST_XMin(r.box) AS west, ST_YMin(r.box) AS south, ST_XMax(r.box) AS east, ST_YMax(r.box) AS north,
        CASE WHEN r.box IS NOT NULL THEN admin.estimated_density(r.name, r.box, $3::int) END AS cells
    FROM relation r
"""  # noqa: S608 (a number of this module)
"""$1 schema, $2 table, $3 cells per side. Reads statistics only; relies on ANALYZE having run."""
