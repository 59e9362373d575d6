"""The parcels of the city: one coverage of lots, roads and water without gap or overlap, sheet by sheet, with its uses.

Everything is drawn in metres and noded on a grid of 1 mm, so that neighbours share each vertex; then it stands in EPSG:5897.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon, box
from shapely.geometry.base import BaseGeometry

from sample_data.generator import town
from sample_data.generator.frame import GRID_M, ORIGIN, Geometries, common, polygons_of, stream, without
from sample_data.generator.lots import divide
from sample_data.generator.streets import BUILT_UNTIL_X, blocks, local_streets

SHEET_M = 400.0
PURPOSES = {
    "old": [("ODT", 0.90), ("TMD", 0.05), ("TIN", 0.01), ("ODT+CLN", 0.03), ("DVH", 0.01)],
    "urban": [("ODT", 0.95), ("TMD", 0.035), ("ODT+CLN", 0.01), ("CGT", 0.005)],
    "new": [("ODT", 0.97), ("TMD", 0.03)],
    "village": [("ONT", 0.38), ("ONT+CLN", 0.37), ("CLN", 0.13), ("NTS", 0.06), ("HNK", 0.05), ("TIN", 0.01)],
    "field": [("LUC", 0.72), ("HNK", 0.15), ("CLN", 0.06), ("NTS", 0.05), ("BCS", 0.02)],
    "industry": [("SKK", 0.93), ("DNL", 0.03), ("DRA", 0.04)],
    "hill": [("RPH", 0.55), ("RSX", 0.45)],
    "park": [("DKV", 1.0)],
    "cemetery": [("NTD", 1.0)],
    "water": [("MNC", 1.0)],
    "river": [("SON", 1.0)],
    "road": [("DGT", 1.0)],
}
"""District use -> (land-use code as it stands on the map, share of the lots)."""
_LARGE_LOTS = ("DGD", "DYT", "TSC", "DKV", "DCH", "DTT", "TON", "DVH", "DGD", "CAN", "CQP", "DKV")
"""Public uses given to the largest blocks of the dense districts, in this order, again and again (defence only once)."""
_WATER = ("river", "water")


@dataclass(frozen=True)
class Parcels:
    """All parcels, row by row: geometry (EPSG:5897), communes of today and before, sheet, number, use text, district use."""

    geometry: Geometries
    commune: NDArray[np.str_]
    former: NDArray[np.str_]
    sheet: NDArray[np.int64]
    number: NDArray[np.int64]
    use: NDArray[np.str_]
    kind: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.geometry)

    def code(self, row: int) -> str:
        """Give the natural key: commune.former-commune.sheet.number."""
        return f"{self.commune[row]}.{self.former[row]}.{self.sheet[row]}.{self.number[row]}"


@dataclass(frozen=True)
class Ground:
    """The city between its parcels: faces, districts, the water and the streets; all in metres of the drawing."""

    faces: list[tuple[str, str, Polygon]]
    city: BaseGeometry
    districts: list[town.District]
    river: BaseGeometry
    roads: list[town.Road]
    road_area: BaseGeometry


@cache
def draw_ground() -> Ground:
    """Draw what the lots will fill."""
    faces = town.faces()
    city = shapely.union_all([face for _, _, face in faces], grid_size=GRID_M)
    river = common(town.river_line().buffer(town.RIVER_WIDTH / 2), city)
    districts = town.districts(without(city, river))
    main = list(town.main_roads())
    local = [street for district in districts for street in local_streets(district)]
    lake = next(district.area for district in districts if district.use == "water")
    roads = [*main, *(_outside(street, main) for street in local)]
    area = shapely.union_all([road.line.buffer(road.width_m / 2, cap_style="flat") for road in roads], grid_size=GRID_M)
    area = common(without(area, shapely.union(river, lake)), city)
    return Ground(faces, city, districts, river, [road for road in roads if not road.line.is_empty], area)


def _outside(street: town.Road, main: list[town.Road]) -> town.Road:
    """Cut out of a local street what would run alongside in the bed of a main road."""
    beds = shapely.union_all([road.line.buffer(road.width_m / 2 - 1) for road in main])
    return town.Road(street.name, shapely.difference(street.line, beds), street.width_m, street.planned_width_m)


def build_parcels() -> Parcels:
    """Divide the ground into parcels, cut and number them by sheets of their former communes."""
    ground = draw_ground()
    pieces, kinds, uses = _pieces(ground)
    faces, owners = _noded(pieces, ground)
    keep = owners >= 0
    geometry, kind, use = faces[keep], np.array(kinds)[owners[keep]], np.array(uses)[owners[keep]]
    commune, former = _communes(geometry, ground)
    sheet, number = _numbers(geometry, former)
    placed = np.asarray(shapely.transform(geometry, lambda xy: np.round(xy + ORIGIN, 3)))
    order = np.lexsort((number, sheet, former, commune))
    return Parcels(placed[order], commune[order], former[order], sheet[order], number[order], use[order], kind[order])


def _pieces(ground: Ground) -> tuple[list[Polygon], list[str], list[str]]:
    """Divide each district; give lots, road parts and water parts with their kind and use."""
    faces = [face for _, _, face in ground.faces]
    pieces: list[Polygon] = []
    kinds: list[str] = []
    uses: list[str] = []

    def add(lots: list[Polygon], kind: str, codes: list[str]) -> None:
        pieces.extend(lots)
        kinds.extend([kind] * len(lots))
        uses.extend(codes)

    rng, public = stream("lots"), iter(_public_uses())
    for district in ground.districts:
        found = blocks(district, ground.road_area, faces)
        for index in np.argsort([-block.area for block in found], kind="stable"):
            block = found[index]
            dense = district.use in ("urban", "old", "new")
            if dense and block.area > 900 and rng.random() < (0.10 if district.use == "urban" else 0.05):
                add([block], district.use, [next(public)])
                continue
            lots = divide(block, _cadastral_use(district, block), rng)
            add(lots, district.use, _purposes(PURPOSES[_cadastral_use(district, block)], lots, rng))
    for kind, area in (("road", ground.road_area), ("river", ground.river)):
        parts = _by_sheet(area, ground)
        add(parts, kind, [PURPOSES[kind][0][0]] * len(parts))
    return pieces, kinds, uses


def _cadastral_use(district: town.District, block: Polygon) -> str:
    """Say how a block is divided today: the eastern half of the new urban area is fields still."""
    return "field" if district.use == "new" and block.centroid.x > BUILT_UNTIL_X else district.use


def _public_uses() -> list[str]:
    once = [code for code in _LARGE_LOTS if code not in ("CAN", "CQP")]
    return [*_LARGE_LOTS, *(once * 40)]


def _purposes(choices: list[tuple[str, float]], lots: list[Polygon], rng: np.random.Generator) -> list[str]:
    codes, shares = zip(*choices, strict=True)
    return [str(code) for code in rng.choice(codes, size=len(lots), p=np.array(shares) / sum(shares))]


def _by_sheet(area: BaseGeometry, ground: Ground) -> list[Polygon]:
    """Cut a road or river area by former commune and map sheet, as its maps do."""
    parts: list[Polygon] = []
    for _, _, face in ground.faces:
        west, south, east, north = face.bounds
        here = common(area, face)
        for x in np.arange(np.floor(west / SHEET_M) * SHEET_M, east, SHEET_M):
            for y in np.arange(np.floor(south / SHEET_M) * SHEET_M, north, SHEET_M):
                parts += polygons_of(common(here, box(x, y, x + SHEET_M, y + SHEET_M)))
    return parts


def _noded(pieces: list[Polygon], ground: Ground) -> tuple[Geometries, NDArray[np.int64]]:
    """Node all boundaries together; give the faces and, for each, the piece it belongs to (-1 for none).

    Faces below 10 m², the crumbs of rounding and of sharp corners, join the neighbour with the longest common side.
    """
    array = np.array(pieces, dtype=object)
    lines = np.concatenate([shapely.boundary(array), [face.exterior for _, _, face in ground.faces]])
    noded = shapely.union_all(lines, grid_size=GRID_M)
    faces = np.array([face for face in shapely.get_parts(shapely.polygonize([noded]))], dtype=object)
    tree = shapely.STRtree(array)
    rows, hits = tree.query(shapely.point_on_surface(faces), predicate="within")
    owners = np.full(len(faces), -1)
    owners[rows] = hits
    return _without_crumbs(faces, owners, 10.0)


def _without_crumbs(faces: Geometries, owners: NDArray[np.int64], smallest_m2: float) -> tuple[Geometries, NDArray[np.int64]]:
    tree = shapely.STRtree(faces)
    joined: dict[int, list[int]] = {}
    small = np.flatnonzero((shapely.area(faces) < smallest_m2) | (owners < 0))
    crumbs = set(small.tolist())
    for crumb in small:
        near = [int(row) for row in tree.query(faces[crumb], predicate="intersects") if int(row) not in crumbs]
        shared = [shapely.intersection(faces[crumb].boundary, faces[row].boundary).length for row in near]
        if near and max(shared) > 0:
            joined.setdefault(near[int(np.argmax(shared))], []).append(int(crumb))
    for row, parts in joined.items():
        faces[row] = shapely.coverage_union_all(faces[[row, *parts]])
    keep = np.setdiff1d(np.arange(len(faces)), small)
    keep = keep[shapely.get_type_id(faces[keep]) == shapely.GeometryType.POLYGON]
    return faces[keep], owners[keep]


def _communes(geometry: Geometries, ground: Ground) -> tuple[NDArray[np.str_], NDArray[np.str_]]:
    tree = shapely.STRtree([face for _, _, face in ground.faces])
    rows, hits = tree.query(shapely.point_on_surface(geometry), predicate="within")
    commune = np.empty(len(geometry), dtype="U5")
    former = np.empty(len(geometry), dtype="U5")
    commune[rows] = [ground.faces[hit][0] for hit in hits]
    former[rows] = [ground.faces[hit][1] for hit in hits]
    return commune, former


def _numbers(geometry: Geometries, former: NDArray[np.str_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number sheets from 1 in each former commune, and parcels from 1 in each sheet, from the north-west row by row."""
    points = shapely.get_coordinates(shapely.point_on_surface(geometry))
    cell = np.floor(points / SHEET_M).astype(int)
    sheet, number = np.zeros(len(geometry), dtype=int), np.zeros(len(geometry), dtype=int)
    for code in np.unique(former):
        here = np.flatnonzero(former == code)
        names = sorted({(-int(y), int(x)) for x, y in cell[here]})
        sheet[here] = [names.index((-int(y), int(x))) + 1 for x, y in cell[here]]
        for one in np.unique(sheet[here]):
            rows = here[sheet[here] == one]
            band = -np.floor(points[rows, 1] / 40)
            number[rows[np.lexsort((points[rows, 0], band))]] = np.arange(1, len(rows) + 1)
    return sheet, number
