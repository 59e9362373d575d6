"""Geometry literals of a filter, GeoJSON and BBOX, checked and brought to longitude and latitude."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely
from shapely.geometry import shape

from spatial.area import area_of, fault_of
from spatial.crs import WGS84, Crs, transformer_to_wgs84
from spatial.errors import FilterSyntaxError, InvalidInput
from spatial.filters.sentences import refuse
from spatial.selection import Bbox

_BRACKETS: Mapping[str, int] = {
    "Point": 0,
    "MultiPoint": 1,
    "LineString": 1,
    "Polygon": 2,
    "MultiLineString": 2,
    "MultiPolygon": 3,
}
"""Type -> lists around its positions."""


def read_geometry(node: Mapping[str, Any], crs: Crs) -> Any:
    """Give a geometry or box of the filter in longitude, latitude, without heights.

    Parts of a collection are united; it stays one only where they are of different dimensions.

    Raises:
        FilterSyntaxError: not a valid geometry, or out of the range of its CRS.
    """
    if "bbox" in node:
        return _box(node["bbox"], crs)
    return _to_degrees(_valid(_shape(node)), crs)


def _box(numbers: Any, crs: Crs) -> Any:
    if not (isinstance(numbers, list) and len(numbers) in (4, 6) and all(map(_is_number, numbers))):
        raise _bad("a BBOX has 4 or 6 numbers", "BBOX có 4 hoặc 6 số")
    half = len(numbers) // 2
    (west, south), (east, north) = numbers[:2], numbers[half : half + 2]
    box = Bbox(south, west, north, east, crs) if crs.north_first else Bbox(west, south, east, north, crs)
    fault = fault_of(box)
    if fault:
        raise _bad(*fault)
    try:
        area = area_of(box)
    except InvalidInput as error:
        raise _bad(str(error), error.vi or str(error)) from None
    _check_range(area.shape)
    return area.shape


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shape(node: Mapping[str, Any]) -> Any:
    kind = node.get("type")
    if kind == "GeometryCollection":
        parts = node.get("geometries")
        if not (isinstance(parts, list) and parts):
            raise _bad("it is an empty collection", "tập hợp hình học rỗng")
        return shapely.GeometryCollection([_part(part) for part in parts])
    if not isinstance(kind, str) or kind not in _BRACKETS:
        raise _bad("it is not a GeoJSON geometry", "không phải hình học GeoJSON")
    try:
        return shape({"type": kind, "coordinates": _positions(node.get("coordinates"), _BRACKETS[kind])})
    except (ValueError, shapely.errors.ShapelyError):
        raise _bad(
            "a line needs two positions at least, a ring four", "đường cần ít nhất hai vị trí, vòng khép kín cần bốn"
        ) from None


def _part(part: Any) -> Any:
    if not isinstance(part, dict) or part.get("type") == "GeometryCollection":
        raise _bad("a collection holds plain geometries only", "tập hợp chỉ được chứa các hình học đơn")
    return _valid(_shape(part))


def _positions(coordinates: Any, brackets: int) -> Any:
    """Give the positions, checked, without heights."""
    if not isinstance(coordinates, list):
        raise _bad("its coordinates are no lists of numbers", "tọa độ không phải danh sách các số")
    if not coordinates:
        raise _bad("it is empty, or a part of it is", "hình học hoặc một phần của nó rỗng")
    if brackets:
        return [_positions(one, brackets - 1) for one in coordinates]
    if len(coordinates) not in (2, 3) or not all(map(_is_number, coordinates)):
        raise _bad("a position has two numbers, or three with a height", "một vị trí có hai số, hoặc ba số nếu có độ cao")
    return coordinates[:2]


def _valid(found: Any) -> Any:
    if not found.is_valid:
        reason = shapely.is_valid_reason(found)
        raise _bad(f"it is not valid ({reason})", f"hình học không hợp lệ ({reason})")
    return shapely.unary_union(found) if found.geom_type == "GeometryCollection" else found


def _to_degrees(written: Any, crs: Crs) -> Any:
    def moved(points: Any) -> Any:
        points = points[:, ::-1] if crs.north_first else points
        if crs.epsg == WGS84:
            return points
        return np.column_stack(transformer_to_wgs84(crs.epsg).transform(points[:, 0], points[:, 1]))

    placed = shapely.transform(written, moved)
    _check_range(placed)
    return placed


def _check_range(placed: Any) -> None:
    west, south, east, north = shapely.bounds(placed)
    if not (west >= -180 and south >= -90 and east <= 180 and north <= 90):
        raise _bad("a coordinate is out of the range of its CRS; check the order of the axes and filter-crs",
                   "có tọa độ ngoài phạm vi hệ tọa độ; hãy kiểm tra thứ tự trục và filter-crs")  # fmt: skip


def _bad(fault: str, loi: str) -> FilterSyntaxError:
    return refuse(f"A geometry of the filter cannot be used: {fault}.", f"Hình học trong bộ lọc không dùng được: {loi}.")
