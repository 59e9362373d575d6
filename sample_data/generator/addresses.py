"""Addresses of lots: house numbers along the named streets, odd on the left and even on the right, else the hamlet."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from sample_data.generator import town
from sample_data.generator.frame import ORIGIN, Coordinates
from sample_data.generator.parcels import Parcels, draw_ground

REACH_M = 45.0
_HOUSE_KINDS = ("old", "urban", "new", "village")
_COMMUNE_NAMES = {commune.code: commune.name for commune in town.COMMUNES}
_FORMER_NAMES = {commune.code: commune.name for commune in town.FORMER_COMMUNES}


@dataclass(frozen=True)
class Addresses:
    """For each parcel its street (empty: none), house number (0: none) and the whole text."""

    street: NDArray[np.str_]
    number: NDArray[np.int64]
    text: NDArray[np.object_]


def build_addresses(parcels: Parcels) -> Addresses:
    """Number the lots of the built districts along the nearest named street."""
    points = _points(parcels)
    roads = [road for road in draw_ground().roads if road.name]
    lines = np.array([road.line for road in roads], dtype=object)
    street = np.full(len(parcels), "", dtype="U40")
    number = np.zeros(len(parcels), dtype=int)
    houses = np.flatnonzero(np.isin(parcels.kind, _HOUSE_KINDS))
    rows, hits = shapely.STRtree(lines).query_nearest(shapely.points(points[houses]), max_distance=REACH_M, all_matches=False)
    rows = houses[rows]
    street[rows] = np.array([road.name for road in roads])[hits]
    along = np.zeros(len(parcels))
    along[rows] = shapely.line_locate_point(lines[hits], shapely.points(points[rows]))
    left = np.zeros(len(parcels), dtype=bool)
    left[rows] = _is_left(lines[hits], along[rows], points[rows])
    for name in np.unique(street[rows]):
        for side, first in ((True, 1), (False, 2)):
            here = rows[(street[rows] == name) & (left[rows] == side)]
            order = np.lexsort((points[here, 0], along[here], parcels.commune[here]))
            number[here[order]] = first + 2 * np.arange(len(here))
    return Addresses(street, number, _texts(parcels, street, number))


def _points(parcels: Parcels) -> Coordinates:
    return shapely.get_coordinates(shapely.point_on_surface(parcels.geometry)) - ORIGIN


def _is_left(lines: NDArray[np.object_], along: NDArray[np.float64], points: Coordinates) -> NDArray[np.bool_]:
    before = shapely.get_coordinates(shapely.line_interpolate_point(lines, np.maximum(along - 1, 0)))
    after = shapely.get_coordinates(shapely.line_interpolate_point(lines, along + 1))
    direction, arm = after - before, points - before
    return np.asarray(direction[:, 0] * arm[:, 1] - direction[:, 1] * arm[:, 0] > 0)


def _texts(parcels: Parcels, street: NDArray[np.str_], number: NDArray[np.int64]) -> NDArray[np.object_]:
    texts = np.full(len(parcels), None, dtype=object)
    for row in np.flatnonzero(np.isin(parcels.kind, _HOUSE_KINDS)):
        commune = _COMMUNE_NAMES[parcels.commune[row]]
        if number[row]:
            texts[row] = f"Số {number[row]} {street[row]}, {commune}"
        else:
            hamlet = _FORMER_NAMES[parcels.former[row]].split(" ", 1)[1].replace(" (mẫu)", "")
            texts[row] = f"Thôn {hamlet} {parcels.sheet[row] % 5 + 1}, {commune}"
    return texts
