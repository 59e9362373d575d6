"""Local streets of each district and the blocks that they leave: a grid that bends, lanes of villages, field tracks."""

from collections.abc import Callable, Sequence

import numpy as np
import shapely
from shapely import affinity
from shapely.geometry import LineString, MultiPoint, Polygon
from shapely.geometry.base import BaseGeometry

from sample_data.generator.frame import Coordinates, common, polygons_of, stream, warped, without
from sample_data.generator.town import District, Road

STREET_NAMES = (
    "Hai Bà Trưng", "Lý Thường Kiệt", "Bà Triệu", "Ngô Quyền", "Đinh Tiên Hoàng", "Nguyễn Trãi", "Lê Thánh Tông", "Phan Bội Châu",
    "Phan Chu Trinh", "Hoàng Hoa Thám", "Nguyễn Huệ", "Lý Thái Tổ", "Trần Quốc Toản", "Yết Kiêu", "Dã Tượng", "Cao Bá Quát",
    "Nguyễn Khuyến", "Tú Xương", "Hồ Xuân Hương", "Đoàn Thị Điểm", "Chu Văn An", "Lương Thế Vinh", "Lê Quý Đôn",
    "Nguyễn Bỉnh Khiêm", "Hàn Thuyên", "Lê Văn Hưu", "Mạc Đĩnh Chi", "Phùng Hưng", "Mai Hắc Đế", "Triệu Việt Vương", "Hàng Lụa",
    "Hàng Dâu", "Hàng Chỉ", "Hàng Thoi", "Bến Tằm", "Chợ Cũ",
)  # fmt: skip
NAMED = {"old": (0, 22, "Ngõ {} Phố Cũ"), "urban": (22, len(STREET_NAMES), "Đường D{}"), "new": (0, 0, "Đường N{}")}
"""District use -> (first, last of `STREET_NAMES` for its longest streets, pattern for the others)."""


NEW_STREET_M = 13.5
BUILT_UNTIL_X = 3720
"""The new urban area is built up to here, counted from the west; the rest is fields still."""


def local_streets(district: District) -> list[Road]:
    """Draw the streets inside one district, the longest first."""
    if district.area.is_empty or district.use not in _DRAWING:
        return []
    drawn, width = _DRAWING[district.use](district.area)
    lines = [shapely.intersection(line, district.area.buffer(3)) for line in drawn]
    lines = sorted((line for line in lines if line.length > 15), key=lambda line: -line.length)
    extra = 0.1 if district.use == "urban" else 0.0
    return [Road(_name(district.use, rank), line, width, width + extra) for rank, line in enumerate(lines)]


def _name(use: str, rank: int) -> str:
    first, last, pattern = NAMED.get(use, (0, 0, ""))
    return STREET_NAMES[first + rank] if first + rank < last else pattern.format(rank - (last - first) + 1)


def _parallel(area: BaseGeometry, angle: float, gaps: Coordinates) -> list[LineString]:
    """Lay parallel lines over an area at an angle (degrees), at cumulated `gaps` from one side."""
    middle = area.envelope.centroid
    west, south, east, north = affinity.rotate(area.envelope, -angle, origin=middle).bounds
    places = south + np.cumsum(gaps)
    lines = [LineString([(west - 50, y), (east + 50, y)]) for y in places[places < north]]
    return [affinity.rotate(line, angle, origin=middle) for line in lines]


def _gaps(name: str, mean: float, spread: float) -> Coordinates:
    return stream(name).uniform(mean - spread, mean + spread, 60)


def _urban(area: BaseGeometry) -> tuple[Sequence[BaseGeometry], float]:
    lines = _parallel(area, -2, _gaps("urban-rows", 54, 5)) + _parallel(area, 87, _gaps("urban-columns", 165, 35))
    return [warped(line, 9, 900, 40) for line in lines], 10.5


def planned_new_streets(area: BaseGeometry) -> list[LineString]:
    """Draw the streets of the new urban area over the whole of it, as its detailed plans have them."""
    return _parallel(area, 5, _gaps("new-rows", 56, 1)) + _parallel(area, 95, _gaps("new-columns", 150, 5))


def _new(area: BaseGeometry) -> tuple[Sequence[BaseGeometry], float]:
    west = shapely.intersection(area, shapely.box(0, 0, BUILT_UNTIL_X, 5000))
    return [shapely.intersection(line, west) for line in planned_new_streets(area)], NEW_STREET_M


def _industry(area: BaseGeometry) -> tuple[Sequence[BaseGeometry], float]:
    return [*_parallel(area, 2, _gaps("industry-rows", 200, 10)), *_parallel(area, 92, _gaps("industry-columns", 330, 30))], 18.0


def _field(area: BaseGeometry) -> tuple[Sequence[BaseGeometry], float]:
    lines = _parallel(area, 8, _gaps("field-rows", 210, 50)) + _parallel(area, 96, _gaps("field-columns", 300, 80))
    return [warped(line, 30, 1100, 60) for line in lines], 4.0


def _cells(spacing: float, jitter: float, width: float, name: str, area: BaseGeometry) -> tuple[Sequence[BaseGeometry], float]:
    """Draw the edges of irregular cells, joined where they meet end to end."""
    west, south, east, north = area.bounds
    xs, ys = np.meshgrid(np.arange(west - spacing, east + spacing, spacing), np.arange(south - spacing, north + spacing, spacing))
    points = np.column_stack([xs.ravel(), ys.ravel()])
    points += stream(name).uniform(-jitter * spacing, jitter * spacing, points.shape)
    edges = shapely.voronoi_polygons(MultiPoint(points), only_edges=True)
    parts = shapely.get_parts(shapely.intersection(edges, area.buffer(3)))
    return _chains([part for part in parts if isinstance(part, LineString)]), width


def _chains(edges: list[LineString]) -> list[BaseGeometry]:
    """Join edges into streets: at each junction the two straightest arms belong together; others end there."""
    ends: dict[tuple[float, float], list[tuple[int, Coordinates]]] = {}
    for index, edge in enumerate(edges):
        xy = np.asarray(edge.coords)
        for tip, inner in ((xy[0], xy[1]), (xy[-1], xy[-2])):
            direction = (tip - inner) / max(float(np.hypot(*(tip - inner))), 1e-9)
            ends.setdefault((round(float(tip[0]), 2), round(float(tip[1]), 2)), []).append((index, direction))
    group = list(range(len(edges)))

    def root(index: int) -> int:
        while group[index] != index:
            index = group[index]
        return index

    for arms in ends.values():
        pairs = [(float(a[1] @ b[1]), a[0], b[0]) for i, a in enumerate(arms) for b in arms[i + 1 :]]
        if pairs and min(pairs)[0] < -0.75:
            group[root(min(pairs)[2])] = root(min(pairs)[1])
    streets: dict[int, list[LineString]] = {}
    for index, edge in enumerate(edges):
        streets.setdefault(root(index), []).append(edge)
    return [shapely.line_merge(shapely.union_all(parts)) for parts in streets.values()]


_DRAWING: dict[str, Callable[[BaseGeometry], tuple[Sequence[BaseGeometry], float]]] = {
    "urban": _urban,
    "new": _new,
    "industry": _industry,
    "field": _field,
    "old": lambda area: _cells(72, 0.33, 6.0, "old-streets", area),
    "village": lambda area: _cells(105, 0.38, 4.0, "village-lanes", area),
}


def blocks(district: District, streets: BaseGeometry, faces: list[Polygon]) -> list[Polygon]:
    """Give the polygons of a district between its streets and water, cut along the commune boundaries."""
    ground = without(district.area, streets)
    return [part for face in faces if ground.intersects(face) for part in polygons_of(common(ground, face))]
