"""Makes geometries valid within an area bound, whole arrays at a time; what would change too much is set aside.

Works in the file's own metric CRS, before the transformation, so that the bound is in square metres. Degrees need the
`metres_per_unit` of their latitude.
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt
import shapely

from ingest.issues import Issue, IssueCode
from ingest.source import GeometryArray

MAX_RELATIVE_CHANGE = 0.01
MAX_CHANGE_M2 = 1.0
"""A repair may change the area by 1 % or by 1 m2, whichever is more: the least that a cadastral area is stated in is 0.1 m2."""

_POINT, _LINE, _POLYGON = (0, 4), (1, 2, 5), (3, 6)
_COLLECTION = 7


class Kind(Enum):
    """What a layer stores; the value lists shapely's type ids that fit as they are."""

    POINT = _POINT
    LINE = _LINE
    POLYGON = _POLYGON


@dataclass(frozen=True)
class Repaired:
    """Geometries of one kind, valid, two-dimensional and not empty, or None where the row is set aside.

    Attributes:
        geometries: same length and order as the input.
        repaired: which were invalid and could be mended.
        issues: what was found, by row.
    """

    geometries: GeometryArray
    repaired: npt.NDArray[np.bool_]
    issues: list[Issue]


def repair_geometries(
    geometries: GeometryArray, rows: npt.NDArray[np.int64], kind: Kind, *, metres_per_unit: float = 1.0
) -> Repaired:
    """Repair an array of geometries.

    Args:
        geometries: shapely geometries, None where a row has none.
        rows: row number of each, for the issues.
        kind: what the layer stores.
        metres_per_unit: metres per unit of the coordinates: 1 for projected systems, about 110,000 for degrees.
    """
    work = _Work(geometries.copy(), rows)
    work.drop(shapely.is_missing(work.geometries) | shapely.is_empty(work.geometries), IssueCode.GEOMETRY_MISSING)
    work.drop(_not_finite(work.geometries), IssueCode.GEOMETRY_NOT_FINITE)
    fitting = np.isin(shapely.get_type_id(work.geometries), [*kind.value, _COLLECTION])
    work.drop(~fitting, IssueCode.GEOMETRY_WRONG_KIND)
    if kind is not Kind.POINT:
        _drop_repeated_vertices(work)
    repaired = np.zeros(len(rows), dtype=bool)
    if kind is Kind.POLYGON:
        repaired = _mend_polygons(work, metres_per_unit)
    elif kind is Kind.LINE:
        work.drop(~shapely.is_valid(work.geometries), IssueCode.GEOMETRY_UNREADABLE)
    _keep_kind(work, kind)
    return Repaired(work.geometries, repaired & work.present, work.issues)


class _Work:
    """The arrays under repair: rows set aside become None and leave an issue, once."""

    def __init__(self, geometries: GeometryArray, rows: npt.NDArray[np.int64]) -> None:
        self.geometries = geometries
        self.rows = rows
        self.present: npt.NDArray[np.bool_] = np.ones(len(rows), dtype=bool)
        self.issues: list[Issue] = []

    def drop(self, bad: npt.NDArray[np.bool_], code: IssueCode) -> None:
        at = np.flatnonzero(bad & self.present)
        self.geometries[at] = None
        self.present[at] = False
        self.tell(at, code)

    def tell(self, at: npt.NDArray[np.intp], code: IssueCode, details: list[str] | None = None) -> None:
        for position, index in enumerate(at):
            self.issues.append(Issue(code, int(self.rows[index]), detail=details[position] if details else None))


def _not_finite(geometries: GeometryArray) -> npt.NDArray[np.bool_]:
    bad = np.zeros(len(geometries), dtype=bool)
    coordinates, index = shapely.get_coordinates(geometries, return_index=True)
    bad[index[~np.isfinite(coordinates).all(axis=1)]] = True
    return bad


def _drop_repeated_vertices(work: _Work) -> None:
    """Remove vertices equal to the one before, from valid shapes: GEOS raises where a ring collapses, and mending does both."""
    coordinates, index = shapely.get_coordinates(work.geometries, return_index=True)
    same = (coordinates[1:] == coordinates[:-1]).all(axis=1) & (index[1:] == index[:-1])
    at = np.unique(index[1:][same])
    at = at[shapely.is_valid(work.geometries[at])]
    if not at.size:
        return
    before = shapely.get_num_coordinates(work.geometries[at])
    cleaned = shapely.remove_repeated_points(work.geometries[at], 0.0)
    removed = before - shapely.get_num_coordinates(cleaned)
    work.geometries[at] = cleaned
    changed = np.flatnonzero(removed)
    work.tell(at[changed], IssueCode.DUPLICATE_VERTICES, [str(n) for n in removed[changed]])


def _mend_polygons(work: _Work, metres_per_unit: float) -> npt.NDArray[np.bool_]:
    """Make invalid polygons valid; the area as drawn (rings by the shoelace, holes taken off) bounds the change."""
    invalid = np.flatnonzero(~shapely.is_valid(work.geometries) & work.present)
    mended = np.zeros(len(work.rows), dtype=bool)
    if not invalid.size:
        return mended
    drawn = shapely.area(work.geometries[invalid]) * metres_per_unit**2
    valid = _polygonal(shapely.make_valid(work.geometries[invalid], method="structure", keep_collapsed=False))
    area = shapely.area(valid) * metres_per_unit**2
    change = np.abs(area - drawn)
    within = (change <= np.maximum(MAX_CHANGE_M2, MAX_RELATIVE_CHANGE * drawn)) & (area > 0)
    work.geometries[invalid[within]] = valid[within]
    mended[invalid[within]] = True
    details = [f"{before:.1f} -> {after:.1f} m²" for before, after in zip(drawn, area, strict=True)]
    work.tell(invalid[within], IssueCode.GEOMETRY_REPAIRED, [d for d, ok in zip(details, within, strict=True) if ok])
    too_large = np.zeros(len(work.rows), dtype=bool)
    too_large[invalid[~within]] = True
    work.geometries[invalid[~within]] = None
    work.present &= ~too_large
    work.tell(invalid[~within], IssueCode.GEOMETRY_REPAIR_TOO_LARGE, [d for d, ok in zip(details, within, strict=True) if not ok])
    return mended


def _polygonal(geometries: GeometryArray) -> GeometryArray:
    """Keep the polygons of each geometry: repair may leave lines and points behind."""
    result = geometries.copy()
    for at in np.flatnonzero(shapely.get_type_id(geometries) == _COLLECTION):
        parts = [part for part in shapely.get_parts(geometries[at]) if shapely.get_type_id(part) in _POLYGON]
        result[at] = shapely.union_all(parts) if parts else None
    return result


def _keep_kind(work: _Work, kind: Kind) -> None:
    """Take the parts of the layer's kind out of collections and refuse what is left of another kind or empty."""
    for at in np.flatnonzero(shapely.get_type_id(work.geometries) == _COLLECTION):
        parts = [part for part in shapely.get_parts(work.geometries[at]) if shapely.get_type_id(part) in kind.value]
        work.geometries[at] = shapely.union_all(parts) if parts else None
    work.drop(~np.isin(shapely.get_type_id(work.geometries), kind.value), IssueCode.GEOMETRY_WRONG_KIND)
    work.drop(shapely.is_empty(work.geometries), IssueCode.GEOMETRY_MISSING)


def to_multi(geometries: GeometryArray, kind: Kind) -> GeometryArray:
    """Wrap single polygons or lines as multi geometries, as the tables store them; points stay as they are."""
    if kind is Kind.POINT:
        return geometries
    single, make = (3, shapely.multipolygons) if kind is Kind.POLYGON else (1, shapely.multilinestrings)
    result = geometries.copy()
    at = np.flatnonzero(shapely.get_type_id(geometries) == single)
    if at.size:
        result[at] = make(geometries[at], indices=np.arange(at.size))
    return result
