"""A writer of shapefiles as old cadastral programs left them: raw bytes of any encoding, text in number columns, bad rings.

GDAL would mend or refuse most of that. The layout is ESRI's white paper of July 1998 and dBASE III.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import shapely
from shapely.geometry import LinearRing, Polygon

_POLYGON, _NULL = 5, 0
_FILE_CODE, _VERSION = 9994, 1000


@dataclass(frozen=True)
class Field:
    """A dBASE field: name of at most ten characters, type `C` or `N`, width in bytes and decimals."""

    name: str
    kind: str
    width: int
    decimals: int = 0


def write_shapefile(
    fields: Sequence[Field], rows: Sequence[Sequence[bytes]], shapes: Sequence[Polygon | None], written_on: date
) -> dict[str, bytes]:
    """Give the bytes of `.shp`, `.shx` and `.dbf` for rows of raw field values and polygons (None: a null shape)."""
    records = [_shape(shape) for shape in shapes]
    offset, index, body = 50, [], []
    for number, record in enumerate(records, start=1):
        words = len(record) // 2
        index.append(struct.pack(">ii", offset, words))
        body.append(struct.pack(">ii", number, words) + record)
        offset += words + 4
    bounds = shapely.total_bounds([shape for shape in shapes if shape is not None])
    return {
        ".shp": _header(offset, bounds) + b"".join(body),
        ".shx": _header(50 + 4 * len(records), bounds) + b"".join(index),
        ".dbf": _table(fields, rows, written_on),
    }


def _header(words: int, bounds: np.ndarray) -> bytes:
    start = struct.pack(">iiiiiii", _FILE_CODE, 0, 0, 0, 0, 0, words) + struct.pack("<ii", _VERSION, _POLYGON)
    return start + struct.pack("<8d", *bounds, 0, 0, 0, 0)


def _shape(shape: Polygon | None) -> bytes:
    if shape is None:
        return struct.pack("<i", _NULL)
    rings = [_turned(shape.exterior, clockwise=True), *(_turned(hole, clockwise=False) for hole in shape.interiors)]
    starts = np.cumsum([0, *(len(ring) for ring in rings)])
    head = struct.pack("<i4dii", _POLYGON, *shape.bounds, len(rings), int(starts[-1]))
    return head + starts[:-1].astype("<i4").tobytes() + np.vstack(rings).astype("<f8").tobytes()


def _turned(line: LinearRing, *, clockwise: bool) -> np.ndarray:
    ring = shapely.get_coordinates(line)
    x, y = ring[:, 0] - ring[0, 0], ring[:, 1] - ring[0, 1]
    signed = float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))
    return ring[::-1] if (signed > 0) == clockwise and signed != 0 else ring


def _table(fields: Sequence[Field], rows: Sequence[Sequence[bytes]], written_on: date) -> bytes:
    length = 1 + sum(field.width for field in fields)
    start = struct.pack(
        "<B3BIHH20x", 3, written_on.year - 1900, written_on.month, written_on.day, len(rows), 33 + 32 * len(fields), length
    )
    names = b"".join(
        struct.pack("<11sc4xBB14x", field.name.encode("ascii"), field.kind.encode("ascii"), field.width, field.decimals)
        for field in fields
    )
    lines = (b" " + b"".join(_cell(field, value) for field, value in zip(fields, row, strict=True)) for row in rows)
    return start + names + b"\r" + b"".join(lines) + b"\x1a"


def _cell(field: Field, value: bytes) -> bytes:
    if len(value) > field.width:
        raise ValueError(f"{field.name} holds {field.width} bytes, not {value!r}.")
    return value.rjust(field.width) if field.kind == "N" else value.ljust(field.width)
