"""The spatial half of CQL2: geometry literals, brought to longitude and latitude, and the operators on them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely
from shapely.geometry import shape
from sqlalchemy import ColumnElement, LargeBinary, func, literal

from spatial.crs import WGS84, Crs, transformer_to_wgs84
from spatial.filters.terms import Kind, Scope, Term, refuse
from spatial.geometry_sql import RawGeometry

OPERATORS: Mapping[str, str] = {
    "s_intersects": "ST_Intersects",
    "s_equals": "ST_Equals",
    "s_disjoint": "ST_Disjoint",
    "s_touches": "ST_Touches",
    "s_within": "ST_Within",
    "s_overlaps": "ST_Overlaps",
    "s_crosses": "ST_Crosses",
    "s_contains": "ST_Contains",
}
"""CQL2 operator -> PostGIS function. All but ST_Disjoint use the spatial index."""
_TAKE_COLLECTIONS = frozenset({"s_intersects", "s_disjoint"})
MAX_POINTS = 10_000


def geometry_term(scope: Scope, node: Mapping[str, Any]) -> Term:
    """Give the term of a GeoJSON geometry or a box, in the CRS of the filter.

    Raises:
        FilterSyntaxError: not a valid geometry, or out of the range of its CRS.
    """
    written = _box(node["bbox"]) if "bbox" in node else _shape(node)
    if shapely.get_num_coordinates(written) > MAX_POINTS:
        raise refuse(
            f"A geometry of the filter has more than {MAX_POINTS} points. Simplify it.",
            f"Hình học trong bộ lọc có hơn {MAX_POINTS} điểm. Hãy đơn giản hóa.",
        )
    placed = shapely.force_2d(to_degrees(written, scope.crs))
    bound = literal(shapely.to_wkb(placed, byte_order=1), LargeBinary)
    text = "collection" if placed.geom_type == "GeometryCollection" else None
    return Term(Kind.GEOMETRY, func.ST_GeomFromWKB(bound, WGS84, type_=RawGeometry), True, text)


def _box(numbers: Any) -> Any:
    if not (isinstance(numbers, list) and len(numbers) in (4, 6) and all(isinstance(n, int | float) for n in numbers)):
        raise _bad("a BBOX has 4 or 6 numbers", "BBOX có 4 hoặc 6 số")
    half = len(numbers) // 2
    west, south, east, north = numbers[0], numbers[1], numbers[half], numbers[half + 1]
    if west > east or south > north:
        raise _bad("a BBOX has its minimum first", "BBOX đặt giá trị nhỏ nhất trước")
    return shapely.box(west, south, east, north)


def _shape(node: Mapping[str, Any]) -> Any:
    try:
        found = shape(_plain(node))
    except Exception as error:  # shapely raises whatever the shape of the input happens to trip over
        raise _bad("it is not a GeoJSON geometry", "không phải hình học GeoJSON") from error
    if found.is_empty:
        raise _bad("it is empty", "hình học rỗng")
    if not np.isfinite(shapely.get_coordinates(found)).all():
        raise _bad("a coordinate is not a finite number", "có tọa độ không hữu hạn")
    if not found.is_valid:
        reason = shapely.is_valid_reason(found)
        raise _bad(f"it is not valid ({reason})", f"hình học không hợp lệ ({reason})")
    return found


def _plain(node: Mapping[str, Any]) -> dict[str, Any]:
    return {name: node[name] for name in ("type", "coordinates", "geometries") if name in node}


def to_degrees(written: Any, crs: Crs) -> Any:
    """Bring a geometry of the filter to longitude, latitude.

    Raises:
        FilterSyntaxError: a coordinate is out of the range of the CRS.
    """

    def moved(points: Any) -> Any:
        points = points[:, ::-1] if crs.north_first else points
        if crs.epsg == WGS84:
            return points
        return np.column_stack(transformer_to_wgs84(crs.epsg).transform(points[:, 0], points[:, 1]))

    placed = shapely.transform(written, moved)
    west, south, east, north = shapely.bounds(placed)
    if not (west >= -180 and south >= -90 and east <= 180 and north <= 90):
        raise _bad("a coordinate is out of the range of its CRS; check the order of the axes and filter-crs",
                   "có tọa độ ngoài phạm vi hệ tọa độ; hãy kiểm tra thứ tự trục và filter-crs")  # fmt: skip
    return placed


def _bad(fault: str, loi: str) -> Exception:
    return refuse(f"A geometry of the filter cannot be used: {fault}.", f"Hình học trong bộ lọc không dùng được: {loi}.")


def compare(operator: str, first: Term, second: Term) -> ColumnElement[bool]:
    """Give the condition of a spatial operator.

    Raises:
        FilterSyntaxError: the operator does not take a geometry collection.
    """
    if operator not in _TAKE_COLLECTIONS and "collection" in (first.text, second.text):
        raise refuse(
            f"{operator.upper()} does not take a GEOMETRYCOLLECTION. Use S_INTERSECTS, or one condition for each part.",
            f"{operator.upper()} không nhận GEOMETRYCOLLECTION. Hãy dùng S_INTERSECTS hoặc tách từng phần.",
        )
    condition: ColumnElement[bool] = getattr(func, OPERATORS[operator])(first.sql, second.sql)
    return condition
