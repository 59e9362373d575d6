"""The parcels of a file as they are drawn, kept small until all rows are known, and parted into cells that fit into memory.

A million parcels take some 200 MB here: their shapes as WKB and their boxes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from ingest.source import GeometryArray
from ingest.stage import ROW_NO

CELL_ROWS = 50_000
_WORTH_PARTING = 0.9
"""A cell whose halves keep more than this share of it is not parted further: most of it lies across the line."""
_EQUATOR_M, _FLATTENING = 6_378_137.0, 1 / 298.257223563

Rows = npt.NDArray[np.int64]
Days = npt.NDArray[np.int64]


@dataclass
class DrawnRows:
    """What is noted of the rows of a file, batch by batch.

    Attributes:
        in_degrees: whether the coordinates are longitude and latitude; else they are metres.
    """

    in_degrees: bool
    rows: list[Rows] = field(default_factory=list)
    boxes: list[npt.NDArray[np.float64]] = field(default_factory=list)
    shapes: list[pa.Array] = field(default_factory=list)
    periods: list[npt.NDArray[np.int64]] = field(default_factory=list)

    def note(self, rows: Rows, drawn: GeometryArray, periods: npt.NDArray[np.int64]) -> None:
        """Keep rows; those without a shape are passed over.

        Args:
            rows: row numbers.
            drawn: valid polygons, None or empty where there is none.
            periods: (n, 2) first day and first day after, counted from any one day.
        """
        at = np.flatnonzero(~(shapely.is_missing(drawn) | shapely.is_empty(drawn)))
        self.rows.append(rows[at])
        self.boxes.append(shapely.bounds(drawn[at]).reshape(-1, 4))
        self.shapes.append(pa.array(shapely.to_wkb(drawn[at]), pa.large_binary()))
        self.periods.append(periods[at])

    def note_staged(self, staged: pa.Table, drawn: GeometryArray, today: date) -> None:
        """Keep the rows that go into staging, with the periods they state."""
        rows = staged.column(ROW_NO).to_numpy()
        begins, ends = (_days(staged, name, otherwise) for name, otherwise in (("valid_from", today), ("valid_to", date.max)))
        self.note(rows, drawn, np.column_stack([begins, ends]))

    def without(self, aside: set[int]) -> "Drawn":
        """Give all rows but those that were set aside, once: nothing is kept here afterwards."""
        rows = np.concatenate([*self.rows, np.empty(0, np.int64)])
        kept = np.flatnonzero(~np.isin(rows, np.fromiter(aside, np.int64, len(aside))))
        boxes = np.concatenate([*self.boxes, np.empty((0, 4))])
        periods = np.concatenate([*self.periods, np.empty((0, 2), np.int64)])
        shapes = pa.concat_arrays([*self.shapes, pa.array([], pa.large_binary())])
        self.shapes.clear()
        return Drawn(self.in_degrees, rows[kept], boxes[kept], shapes, kept, periods[kept])


@dataclass(frozen=True)
class Drawn:
    """Rows by position: number, box, shape and period of each."""

    in_degrees: bool
    rows: Rows
    boxes: npt.NDArray[np.float64]
    _shapes: pa.LargeBinaryArray
    _place: Rows
    periods: npt.NDArray[np.int64]

    def cells(self, most: int) -> Iterator[Rows]:
        """Part the positions by place; any two whose boxes meet are together in a cell, and a row may be in several."""
        yield from _part(self.boxes, np.arange(len(self.rows)), most)

    def metric(self, at: Rows) -> GeometryArray:
        """Give the shapes at these positions in metres: of degrees, in a plane that touches the ground in their middle."""
        shapes = shapely.from_wkb(self._shapes.take(pa.array(self._place[at])).to_numpy(zero_copy_only=False))
        if not self.in_degrees or not len(at):
            return np.asarray(shapes, dtype=object)
        scale = metres_per_degree(float(np.median(self.boxes[at][:, [1, 3]])))
        return np.asarray(shapely.transform(shapes, lambda degrees: degrees * scale), dtype=object)


def _days(staged: pa.Table, name: str, otherwise: date) -> Days:
    """Give a column of dates as numbers of days."""
    missing = (otherwise - date(1970, 1, 1)).days
    if name not in staged.column_names:
        return np.full(staged.num_rows, missing, dtype=np.int64)
    days = pc.fill_null(staged.column(name).cast(pa.int32()).cast(pa.int64()), missing)
    return np.asarray(days.to_numpy(), dtype=np.int64)


def metres_per_degree(latitude: float) -> npt.NDArray[np.float64]:
    """Give the metres of a degree of longitude and one of latitude, on the ellipsoid of WGS 84."""
    squared = _FLATTENING * (2 - _FLATTENING)
    down = 1 - squared * np.sin(np.radians(latitude)) ** 2
    across = _EQUATOR_M / np.sqrt(down) * np.cos(np.radians(latitude))
    along = _EQUATOR_M * (1 - squared) / down**1.5
    return np.asarray(np.radians([across, along]))


def _part(boxes: npt.NDArray[np.float64], at: Rows, most: int) -> Iterator[Rows]:
    """Halve the longer side until a cell has few enough rows; what lies across the line is in both halves."""
    if len(at) > most:
        own = boxes[at]
        axis = int(np.argmax(own[:, 2:].max(axis=0) - own[:, :2].min(axis=0)))
        line = np.median((own[:, axis] + own[:, axis + 2]) / 2)
        low, high = at[own[:, axis] <= line], at[own[:, axis + 2] >= line]
        if max(len(low), len(high)) < _WORTH_PARTING * len(at):
            yield from _part(boxes, low, most)
            yield from _part(boxes, high, most)
            return
    if len(at) > 1:
        yield at
