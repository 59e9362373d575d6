"""A box of any offered CRS as an area in longitude and latitude: literals are transformed, columns never."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from shapely import GeometryCollection, LineString, MultiPolygon, Point, Polygon, box, from_wkb, to_wkb

from spatial.crs import WEB_MERCATOR, WGS84, transformer_to_wgs84
from spatial.errors import InvalidInput
from spatial.selection import Bbox

_POINTS_PER_EDGE = 24
"""A straight edge of a projected box is a curve in degrees; this many points keep it within centimetres over a province."""
_FURTHEST_M = 1e8

Bounds = tuple[float, float, float, float]
_NOWHERE: Bounds = (-999.0, -999.0, -998.0, -998.0)
_ROUNDING_DEG = 2**-15
"""PostGIS compares boxes (`@`, `&&`) whose sides it has rounded outwards to 32 bits: by up to 2^-16 degrees beyond 128 of them,
which is more than a metre. This is twice as much."""


@dataclass(frozen=True)
class Area:
    """What a box covers, in degrees.

    Attributes:
        boxes: west-south-east-north of each part; two where the box crosses the 180th meridian.
        outline: WKB of the exact shape where that is not a box in degrees; else None.
    """

    boxes: tuple[Bounds, ...]
    outline: bytes | None = None

    @property
    def shape(self) -> Any:
        """The area as a shapely geometry."""
        if self.outline is not None:
            return from_wkb(self.outline)
        parts = [box(*bounds) for bounds in self.boxes]
        return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def fault_of(bbox: Bbox) -> tuple[str, str] | None:
    """Say in English and Vietnamese what is wrong with the numbers of a box, None where nothing is."""
    geographic = bbox.crs.epsg == WGS84
    if bbox.south > bbox.north or (bbox.west > bbox.east and not geographic):
        return "a minimum is above its maximum", "giá trị nhỏ nhất lớn hơn giá trị lớn nhất"
    if geographic and not (bbox.south >= -90 and bbox.north <= 90 and -180 <= bbox.west <= 180 and -180 <= bbox.east <= 180):
        return "degrees are out of range", "độ nằm ngoài phạm vi"
    if bbox.crs.epsg == WEB_MERCATOR and max(map(abs, (bbox.west, bbox.south, bbox.east, bbox.north))) > _FURTHEST_M:
        return "metres are out of range", "số mét nằm ngoài phạm vi"
    return None


def area_of(bbox: Bbox) -> Area:
    """Give the area of a box.

    Raises:
        InvalidInput: the box lies outside the domain of its projection.
    """
    if bbox.crs.epsg == WGS84:
        return _area_in_degrees(bbox.parts())
    ring = _ring(bbox)
    lon, lat = transformer_to_wgs84(bbox.crs.epsg).transform(ring[:, 0], ring[:, 1])
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
        raise InvalidInput(
            f"The bbox lies outside the domain of EPSG:{bbox.crs.epsg}. Check the order of the axes and the units.",
            vi=f"bbox nằm ngoài phạm vi của EPSG:{bbox.crs.epsg}. Hãy kiểm tra thứ tự trục và đơn vị.",
        )
    bounds = (float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max()))
    if bbox.west == bbox.east or bbox.south == bbox.north:
        return Area((bounds,), to_wkb(LineString(np.column_stack((lon, lat))), byte_order=1))
    return Area((bounds,), to_wkb(Polygon(np.column_stack((lon, lat))), byte_order=1))


def well_inside(box_in_degrees: Bounds) -> Bounds:
    """Give a box such that what is inside of it as PostGIS compares boxes (`@`) is inside of the given one for certain.

    Of a box too small to have one it lies where nothing is.
    """
    west, south, east, north = box_in_degrees
    inner = (west + _ROUNDING_DEG, south + _ROUNDING_DEG, east - _ROUNDING_DEG, north - _ROUNDING_DEG)
    return inner if inner[0] < inner[2] and inner[1] < inner[3] else _NOWHERE


def _area_in_degrees(parts: tuple[Bounds, ...]) -> Area:
    """Give the parts; one without width or height is the point or line that it is: as a polygon it would meet nothing."""
    if all(west < east and south < north for west, south, east, north in parts):
        return Area(parts)
    shapes = [_shape(part) for part in parts]
    return Area(parts, to_wkb(shapes[0] if len(shapes) == 1 else GeometryCollection(shapes), byte_order=1))


def _shape(part: Bounds) -> Point | LineString | Polygon:
    west, south, east, north = part
    if west == east and south == north:
        return Point(west, south)
    return LineString(((west, south), (east, north))) if west == east or south == north else box(*part)


def _ring(bbox: Bbox) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    steps = np.linspace(0.0, 1.0, _POINTS_PER_EDGE, endpoint=False)
    corners = np.array([(bbox.west, bbox.south), (bbox.east, bbox.south), (bbox.east, bbox.north), (bbox.west, bbox.north)])
    following = np.roll(corners, -1, axis=0)
    return np.concatenate([start + steps[:, None] * (end - start) for start, end in zip(corners, following, strict=True)])
