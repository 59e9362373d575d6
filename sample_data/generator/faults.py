"""The known faults of the cadastral files: each is put into a row on purpose and listed with what a loader should do.

`issue` is the code under which the loader reports it; `effect` is `quarantined`, `loaded` (as it is or after a conversion)
or `repaired`. Rows are counted from 1 in the file; an overlap may be reported at the neighbour.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import shapely
from shapely.geometry import Polygon

from sample_data.generator.frame import rectangle_corners

Row = dict[str, Any]
"""A row of a cadastral file before it is written: commune, sheet, number, area, legal_area, use, holder, place, geometry."""


@dataclass(frozen=True)
class Fault:
    """One fault of one row."""

    file: str
    row: int
    fault: str
    issue: str | None
    effect: str
    value: str | None = None

    def record(self) -> dict[str, Any]:
        """Give the fault as a record of faults.json."""
        return asdict(self)


def _set(column: str, value: Any) -> Callable[[Row], None]:
    def change(row: Row) -> None:
        row[column] = value

    return change


def _crossing(row: Row) -> None:
    """Exchange two corners of the ring: a bow tie whose repair would lose half of the parcel."""
    row["geometry"] = Polygon(np.round(rectangle_corners(row["geometry"])[[0, 2, 1, 3]], 3))


def _tail(row: Row) -> None:
    """Let the ring run past its first corner and cross itself by a few centimetres, as a digitised line does."""
    ring = np.asarray(row["geometry"].exterior.coords)[:-1]
    first, last = ring[0], ring[-1]
    along = (first - last) / np.hypot(*(first - last))
    across = np.array([-along[1], along[0]])
    tail = [first + 0.06 * along, first + 0.06 * along + 0.05 * across, first - 0.06 * along - 0.02 * across]
    row["geometry"] = Polygon(np.round(np.vstack([ring, tail]), 3))


def _twice(row: Row) -> None:
    ring = np.asarray(row["geometry"].exterior.coords)[:-1]
    row["geometry"] = Polygon(np.vstack([ring[:2], ring[1:2], ring[2:]]))


def _grown(metres: float) -> Callable[[Row], None]:
    def change(row: Row) -> None:
        wide = row["geometry"].buffer(metres, join_style="mitre")
        row["geometry"] = shapely.transform(wide, lambda xy: np.round(xy, 3))

    return change


def _area(text: str | None = None, factor: float = 1.0, unit: str = "") -> Callable[[Row], None]:
    def change(row: Row) -> None:
        row["area"] = text if text else f"{row['area'] * factor:.6f}".rstrip("0").replace(".", ",") + unit

    return change


def _wrong_area(row: Row) -> None:
    row["area"] = round(row["area"] * 10, 1)


KINDS: dict[str, tuple[str | None, str, Callable[[Row], None]]] = {
    "number_empty": ("parcel_number_missing", "quarantined", _set("number", "")),
    "number_zero": ("parcel_number_missing", "quarantined", _set("number", "0")),
    "number_word": ("parcel_number_provisional", "quarantined", _set("number", "tạm")),
    "number_letter": (None, "loaded", _set("number", "12a")),
    "sheet_empty": ("sheet_number_missing", "quarantined", _set("sheet", "")),
    "commune_empty": ("commune_missing", "quarantined", _set("commune", "")),
    "commune_unknown": ("commune_unknown", "quarantined", _set("commune", "99999")),
    "geometry_null": ("geometry_missing", "quarantined", _set("geometry", None)),
    "ring_crossing": ("geometry_repair_too_large", "quarantined", _crossing),
    "ring_tail": ("geometry_repaired", "repaired", _tail),
    "vertex_twice": ("duplicate_vertices", "loaded", _twice),
    "overlap": ("overlap", "loaded", _grown(1.5)),
    "sliver": ("sliver", "loaded", _grown(0.04)),
    "area_wrong": ("area_mismatch", "loaded", _wrong_area),
    "area_words": ("area_unreadable", "loaded", _area("không rõ")),
    "area_hectares": ("area_in_hectares", "loaded", _area(factor=1e-4)),
    "area_unit": (None, "loaded", _area(factor=1e-4, unit=" ha")),
    "use_unknown": ("land_use_unknown", "loaded", _set("use", "XYZ")),
    "use_empty": ("land_use_missing", "loaded", _set("use", "")),
    "use_old_lnk": ("land_use_old", "loaded", _set("use", "LNK")),
    "use_old_tsn": ("land_use_old", "loaded", _set("use", "TSN")),
    "use_old_bhk": ("land_use_old", "loaded", _set("use", "BHK")),
    "use_lower": (None, "loaded", _set("use", "cln")),
}
"""Fault -> (issue code, effect, how the row is changed)."""


def put_faults(file: str, rows: list[Row], kinds: tuple[str, ...], rng: np.random.Generator) -> list[Fault]:
    """Change rows of a file in place, each at most once; append the doubled row; give the list of what was done."""
    plain = [i for i, row in enumerate(rows) if row["kind"] in ("old", "urban", "new", "village", "field") and _is_simple(row)]
    chosen = [int(i) for i in rng.choice(plain, size=len(kinds) + 3, replace=False)]
    found = []
    for kind, index in zip(kinds, chosen, strict=False):
        issue, effect, change = KINDS[kind]
        change(rows[index])
        found.append(Fault(file, index + 1, kind, issue, effect, _told(kind, rows[index])))
    one, other, doubled = chosen[-3:]
    rows[other]["sheet"], rows[other]["number"] = rows[one]["sheet"], rows[one]["number"]
    key = f"{rows[one]['sheet']}/{rows[one]['number']}"
    found += [Fault(file, index + 1, "key_twice", "duplicate_key", "quarantined", key) for index in (one, other)]
    rows.append(dict(rows[doubled]))
    found.append(Fault(file, len(rows), "row_twice", "duplicate_row", "quarantined", f"row {doubled + 1}"))
    return sorted(found, key=lambda fault: fault.row)


def _is_simple(row: Row) -> bool:
    return 60 < row["geometry"].area < 6000 and not row["geometry"].interiors


def _told(kind: str, row: Row) -> str | None:
    column = {"number": "number", "sheet": "sheet", "commune": "commune", "area": "area", "use": "use"}.get(kind.split("_")[0])
    return None if column is None else str(row[column])
