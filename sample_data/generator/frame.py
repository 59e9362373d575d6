"""The ground that everything stands on: the seed, the metric frame of the city and its transformation to 4326.

The city is drawn in metres from an origin of its own; `ORIGIN` puts it into VN-2000 105-00 (EPSG:5897), and from there
`spatial.crs` takes it to WGS 84 and to the other zone. Coordinates stand on a grid of 1 mm.
"""

import zlib
from collections.abc import Iterable, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from spatial.crs import transformer_to_wgs84

SEED = 950
CITY_EPSG = 5897
LEGACY_EPSG = 9209
ORIGIN = (607_000.0, 2_249_000.0)
GRID_M = 0.001

Coordinates = NDArray[np.float64]
Geometries = NDArray[np.object_]


def stream(subject: str) -> np.random.Generator:
    """Give a random stream of its own to a subject, so that a change in one leaves the others as they are."""
    return np.random.default_rng([SEED, zlib.crc32(subject.encode())])


def to_city_crs(geometries: Iterable[BaseGeometry]) -> Geometries:
    """Move geometries from the drawing (metres from `ORIGIN`) to EPSG:5897."""
    return np.asarray(shapely.transform(_array(geometries), lambda xy: np.round(xy + ORIGIN, 3)))


def city_to_wgs84(geometries: Iterable[BaseGeometry]) -> Geometries:
    """Transform geometries from EPSG:5897 to longitude, latitude, rounded to nine decimals (0.1 mm)."""
    transformer = transformer_to_wgs84(CITY_EPSG)

    def project(xy: Coordinates) -> Coordinates:
        return np.round(np.column_stack(transformer.transform(xy[:, 0], xy[:, 1])), 9)

    return np.asarray(shapely.transform(_array(geometries), project))


def city_to_legacy(geometries: Iterable[BaseGeometry]) -> Geometries:
    """Transform geometries from EPSG:5897 to EPSG:9209, through WGS 84, rounded to 1 mm."""
    there, back = transformer_to_wgs84(CITY_EPSG), transformer_to_wgs84(LEGACY_EPSG)

    def project(xy: Coordinates) -> Coordinates:
        lon, lat = there.transform(xy[:, 0], xy[:, 1])
        return np.round(np.column_stack(back.transform(lon, lat, direction="INVERSE")), 3)

    return np.asarray(shapely.transform(_array(geometries), project))


def warp(xy: Coordinates, reach: float, length: float) -> Coordinates:
    """Displace points by a smooth field, the same for the same place: straight drawings get a hand-made look.

    Args:
        xy: points, shape (n, 2).
        reach: the largest displacement, in the unit of the points.
        length: the wavelength of the field, in the same unit.
    """
    x, y = xy[:, 0] * (2 * np.pi / length), xy[:, 1] * (2 * np.pi / length)
    dx = np.sin(1.00 * y + 0.7) + 0.6 * np.sin(2.3 * x + 1.1 * y + 2.1)
    dy = np.sin(1.07 * x + 1.9) + 0.6 * np.sin(1.9 * y - 1.3 * x + 0.4)
    return xy + reach / 1.6 * np.column_stack([dx, dy])


def warped(geometry: BaseGeometry, reach: float, length: float, step: float) -> BaseGeometry:
    """Bend a geometry by `warp`, after giving it a vertex at least every `step`."""
    return shapely.transform(shapely.segmentize(geometry, step), lambda xy: warp(xy, reach, length))


def smooth_line(points: Sequence[tuple[float, float]], rounds: int = 3) -> LineString:
    """Round the corners of a hand-drawn line (Chaikin's corner cutting)."""
    xy = np.array(points)
    for _ in range(rounds):
        xy = np.vstack([xy[:1], _corners_cut(xy[:-1], xy[1:]), xy[-1:]])
    return LineString(xy)


def smooth_ring(points: Sequence[tuple[float, float]], rounds: int = 3) -> Polygon:
    """Round the corners of a hand-drawn area."""
    xy = np.array(points)
    for _ in range(rounds):
        xy = _corners_cut(xy, np.roll(xy, -1, axis=0))
    return Polygon(xy)


def _corners_cut(here: Coordinates, following: Coordinates) -> Coordinates:
    return np.stack([0.75 * here + 0.25 * following, 0.25 * here + 0.75 * following], axis=1).reshape(-1, 2)


def rectangle_corners(shape: BaseGeometry) -> Coordinates:
    """Give the four corners of the smallest rectangle around a shape."""
    return np.asarray(shapely.get_coordinates(shapely.oriented_envelope(shape)))[:4]


def polygons_of(geometry: BaseGeometry, smallest_m2: float = 0.0) -> list[Polygon]:
    """List the polygons in a geometry whose area is more than `smallest_m2`."""
    return [part for part in shapely.get_parts(geometry) if isinstance(part, Polygon) and part.area > smallest_m2]


def common(one: BaseGeometry, other: BaseGeometry) -> BaseGeometry:
    """Give the area that two areas share, on the grid, without the lines and points where they only touch."""
    return MultiPolygon(polygons_of(shapely.intersection(one, other, grid_size=GRID_M)))


def without(one: BaseGeometry, other: BaseGeometry) -> BaseGeometry:
    """Give the part of an area outside another, on the grid."""
    return MultiPolygon(polygons_of(shapely.difference(one, other, grid_size=GRID_M)))


def _array(geometries: Iterable[BaseGeometry]) -> Geometries:
    items = list(geometries)
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array
