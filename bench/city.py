"""A made-up city of a hundred communes: its parcels, plans and lines as arrays, the same in every run. Knows no database.

The communes form a grid of ten by ten. Both axes are warped by the same polynomial, so that the centre has small parcels in
small wards and the rim large parcels in large communes; every street, parcel and zone follows.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely

from spatial.crs import transformer_to_wgs84

Floats = npt.NDArray[np.float64]
Shapes = npt.NDArray[np.object_]

PLANE = 5897
"""EPSG code of VN-2000 / TM-3 105-00, in which the city is drawn."""
PROVINCE = "01"
COMMUNES_PER_SIDE = 10
PARCELS_PER_BLOCK = 50
BLOCKS_PER_SHEET = 5
FULL_ROWS = 1_000_000
_CENTRE = (587_000.0, 2_325_000.0)
_HALF_SIDE_M = 10_000.0
"""For a million parcels; fewer parcels make a smaller city, not a sparser one."""
_SLOPE = 0.55
"""Of the warp at the centre: parcels there are a third of the mean size, those at the corners nearly four times."""
_STREET = (0.04, 0.08)
"""Width of streets as a share of the distance between them, along and across the blocks."""
_FRONTS = PARCELS_PER_BLOCK // 2
_USES = np.array(["ODT", "ONT", "CLN", "LUC", "TMD", "SKC"])


@dataclass(frozen=True)
class City:
    """How many blocks each commune has; everything else follows.

    Attributes:
        columns: blocks of a commune from west to east.
        lines: blocks of a commune from south to north.
    """

    columns: int
    lines: int

    @classmethod
    def of(cls, rows: int) -> "City":
        """Give the city that has about `rows` parcels."""
        columns = max(1, round(10 * math.sqrt(rows / FULL_ROWS)))
        lines = max(1, round(rows / (COMMUNES_PER_SIDE**2 * PARCELS_PER_BLOCK * columns)))
        return cls(columns, lines)

    @property
    def rows(self) -> int:
        """Parcels of the city."""
        return COMMUNES_PER_SIDE**2 * self.columns * self.lines * PARCELS_PER_BLOCK

    @cached_property
    def half_side_m(self) -> float:
        """Half the side of the city in metres."""
        return _HALF_SIDE_M * math.sqrt(self.rows / FULL_ROWS)

    def place(self, across: Floats, up: Floats) -> tuple[Floats, Floats]:
        """Give metres in the plane for shares of the city's side (0 west or south, 1 east or north)."""
        return _CENTRE[0] + self.half_side_m * warp(across), _CENTRE[1] + self.half_side_m * warp(up)

    def communes(self) -> Iterator["Commune"]:
        """Give the communes, from south-west to north-east."""
        for number in range(COMMUNES_PER_SIDE**2):
            yield Commune(self, number)

    def degrees_of(self, across: float, up: float) -> tuple[float, float]:
        """Give longitude and latitude of a place in shares of the side."""
        lon, lat = to_degrees(*self.place(np.array([across]), np.array([up])))
        return float(lon[0]), float(lat[0])


def warp(share: Floats) -> Floats:
    """Spread shares of a side (0 to 1) over -1 to 1, densely in the middle."""
    signed = 2 * share - 1
    return signed * (_SLOPE + (1 - _SLOPE) * signed**2)


def to_degrees(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Transform metres of the plane to longitude and latitude, along the pinned way."""
    lon, lat = transformer_to_wgs84(PLANE).transform(x, y)
    return lon, lat


@dataclass(frozen=True)
class Parcels:
    """The parcels of one commune, row by row.

    Attributes:
        plane: polygons in metres of the plane.
        degrees: the same in longitude and latitude.
    """

    commune_code: str
    map_sheet: npt.NDArray[np.int64]
    parcel_no: npt.NDArray[np.int64]
    land_use: npt.NDArray[np.str_]
    area_m2: Floats
    plane: Shapes
    degrees: Shapes


@dataclass(frozen=True)
class Commune:
    """One square of the grid."""

    city: City
    number: int

    @property
    def code(self) -> str:
        """Five digits that no real commune has."""
        return f"9{self.number:04d}"

    def blocks(self) -> tuple[Floats, Floats]:
        """Give the south-west corners of the blocks with their streets, in shares of the city's side, block by block."""
        east, north = np.meshgrid(np.arange(self.city.columns), np.arange(self.city.lines))
        line, column = divmod(self.number, COMMUNES_PER_SIDE)
        across = (column + east.ravel() / self.city.columns) / COMMUNES_PER_SIDE
        up = (line + north.ravel() / self.city.lines) / COMMUNES_PER_SIDE
        return across, up

    @property
    def pitch(self) -> tuple[float, float]:
        """Side of a block with its street, in shares of the city's side."""
        return 1 / (COMMUNES_PER_SIDE * self.city.columns), 1 / (COMMUNES_PER_SIDE * self.city.lines)

    def boundary(self) -> shapely.MultiPolygon:
        """Give the commune's ground, in degrees."""
        line, column = divmod(self.number, COMMUNES_PER_SIDE)
        side = 1 / COMMUNES_PER_SIDE
        return self.rectangle(column * side, line * side, (column + 1) * side, (line + 1) * side)

    def rectangle(self, west: float, south: float, east: float, north: float) -> shapely.MultiPolygon:
        """Give a rectangle of shares of the city's side, in degrees."""
        x, y = self.city.place(np.array([west, east, east, west]), np.array([south, south, north, north]))
        return shapely.MultiPolygon([shapely.Polygon(np.column_stack(to_degrees(x, y)))])

    def parcels(self) -> Parcels:
        """Draw the parcels: in each block two rows back to back, their sides bent a little, corners shared by neighbours."""
        chance = np.random.default_rng(self.number)
        x, y = self._corners(chance)
        lon, lat = to_degrees(x, y)
        plane = np.asarray(shapely.polygons(_rings(x, y)))
        count = len(plane)
        block = np.arange(count) // PARCELS_PER_BLOCK
        return Parcels(
            commune_code=self.code,
            map_sheet=block // BLOCKS_PER_SHEET + 1,
            parcel_no=np.arange(count) % (PARCELS_PER_BLOCK * BLOCKS_PER_SHEET) + 1,
            land_use=chance.choice(_USES, count, p=(0.55, 0.15, 0.12, 0.1, 0.05, 0.03)),
            area_m2=np.asarray(shapely.area(plane)),
            plane=plane,
            degrees=np.asarray(shapely.polygons(_rings(lon, lat))),
        )

    def _corners(self, chance: np.random.Generator) -> tuple[Floats, Floats]:
        """Give x and y of the corners as (block, 5, 26): street, bend, back, bend, street."""
        across, up = self.blocks()
        pitch = self.pitch
        east = _STREET[0] / 2 + (1 - _STREET[0]) * np.linspace(0, 1, _FRONTS + 1)
        north = _STREET[1] / 2 + (1 - _STREET[1]) * np.linspace(0, 1, 5)
        shape = (len(across), len(north), len(east))
        bend = chance.uniform(-0.2, 0.2, shape) * (1 - _STREET[0]) / _FRONTS
        bend[:, :, (0, -1)] = 0
        skew = chance.uniform(-0.03, 0.03, shape)
        skew[:, (0, -1), :] = 0
        shares = (
            across[:, None, None] + pitch[0] * (east[None, None, :] + bend),
            up[:, None, None] + pitch[1] * (north[None, :, None] + skew),
        )
        return self.city.place(*shares)


def _rings(x: Floats, y: Floats) -> Floats:
    """Turn corners (block, 5, 26) into closed rings (parcel, 7, 2), block by block, the southern row first."""
    points = np.stack((x, y), axis=-1)
    rows = []
    for south in (0, 2):
        left, right = points[:, south : south + 3, :-1], points[:, south : south + 3, 1:]
        ring = [left[:, 0], right[:, 0], right[:, 1], right[:, 2], left[:, 2], left[:, 1], left[:, 0]]
        rows.append(np.stack(ring, axis=2))
    return np.concatenate(rows, axis=1).reshape(-1, 7, 2)
