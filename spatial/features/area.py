"""A box of any offered CRS as an area in longitude and latitude: literals are transformed, columns never."""

from dataclasses import dataclass

import numpy as np
from shapely import LineString, Point, Polygon, to_wkb

from spatial.crs import WGS84, transformer_to_wgs84
from spatial.errors import InvalidInput
from spatial.selection import Bbox

_POINTS_PER_EDGE = 24
"""A straight edge of a projected box is a curve in degrees; this many points keep it within centimetres over a province."""

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class Area:
    """What a box covers, in degrees.

    Attributes:
        boxes: west-south-east-north of each part; two where the box crosses the 180th meridian.
        outline: WKB of the exact shape where that is not a box in degrees; else None.
    """

    boxes: tuple[Bounds, ...]
    outline: bytes | None = None


def area_of(bbox: Bbox) -> Area:
    """Give the area of a box.

    Raises:
        InvalidInput: the box lies outside the domain of its projection.
    """
    if bbox.crs.epsg == WGS84:
        return _thin(bbox.parts()[0]) or Area(bbox.parts())
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


def _thin(box: Bounds) -> Area | None:
    """Give a box without width or height as the point or line that it is; as a polygon it would meet nothing."""
    west, south, east, north = box
    if west < east and south < north:
        return None
    shape = Point(west, south) if west == east and south == north else LineString(((west, south), (east, north)))
    return Area((box,), to_wkb(shape, byte_order=1))


def _ring(bbox: Bbox) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    steps = np.linspace(0.0, 1.0, _POINTS_PER_EDGE, endpoint=False)
    corners = np.array([(bbox.west, bbox.south), (bbox.east, bbox.south), (bbox.east, bbox.north), (bbox.west, bbox.north)])
    following = np.roll(corners, -1, axis=0)
    return np.concatenate([start + steps[:, None] * (end - start) for start, end in zip(corners, following, strict=True)])
