"""The made-up city as drawn by hand: its outline, communes of now and before, river, roads and districts, in metres."""

from dataclasses import dataclass

import shapely
from shapely.geometry import LineString, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from sample_data.generator.frame import common, polygons_of, smooth_line, smooth_ring, warped, without

PROVINCE = "37"
CITY_CODE = "DTM-SONG-LUA"
CITY_NAME = "Đô thị mẫu Sông Lụa"
NEW_AREA_CODE = "KDTM-BEN-LUA"
NEW_AREA_NAME = "Khu đô thị mới Bến Lụa (mẫu)"
MERGER = "2025-07-01"


@dataclass(frozen=True)
class Commune:
    """A commune of today or of before the merger; `parts` are points of the faces that it is made of."""

    code: str
    name: str
    name_en: str
    kind: str
    parts: tuple[tuple[float, float], ...]


COMMUNES = (
    Commune("99001", "Phường Lụa Đông (mẫu)", "Lua Dong ward (sample)", "Phường", ((3300, 900), (4500, 900))),
    Commune("99007", "Phường Lụa Tây (mẫu)", "Lua Tay ward (sample)", "Phường", ((700, 900), (1900, 900))),
    Commune("99013", "Xã Bến Lụa (mẫu)", "Ben Lua commune (sample)", "Xã", ((3100, 3500), (4500, 3500))),
    Commune("99019", "Xã Đồng Lụa (mẫu)", "Dong Lua commune (sample)", "Xã", ((600, 3500), (1600, 3500), (2450, 3500))),
)
"""Today's communes. Each keeps the code of one of its predecessors, as the real ones do."""

FORMER_COMMUNES = (
    Commune("99001", "Phường Chợ Lụa (mẫu)", "Cho Lua ward (sample)", "Phường", ((3300, 900),)),
    Commune("99004", "Phường Cửa Đông (mẫu)", "Cua Dong ward (sample)", "Phường", ((4500, 900),)),
    Commune("99007", "Phường Phố Cũ (mẫu)", "Pho Cu ward (sample)", "Phường", ((1900, 900),)),
    Commune("99010", "Xã Núi Tằm (mẫu)", "Nui Tam commune (sample)", "Xã", ((700, 900),)),
    Commune("99013", "Xã Bến Ngự (mẫu)", "Ben Ngu commune (sample)", "Xã", ((4500, 3500),)),
    Commune("99016", "Xã Lụa Thượng (mẫu)", "Lua Thuong commune (sample)", "Xã", ((3100, 3500), (2450, 3500))),
    Commune("99019", "Xã Đồng Dâu (mẫu)", "Dong Dau commune (sample)", "Xã", ((1600, 3500),)),
    Commune("99022", "Xã Bãi Dâu (mẫu)", "Bai Dau commune (sample)", "Xã", ((600, 3500),)),
)
URBAN_COMMUNES = ("99001", "99007", "99013")
"""The communes of the urban area; the fourth lies outside it."""

_OUTLINE = [
    (150, 350), (900, 120), (1900, 60), (2900, 150), (3900, 40), (4900, 260), (5250, 900), (5330, 1800), (5380, 2600),
    (5180, 3500), (4500, 4020), (3500, 4130), (2400, 4060), (1400, 4150), (600, 3900), (120, 3200), (40, 2300), (80, 1200),
]  # fmt: skip
_RIVER = [
    (-600, 2700), (300, 2620), (900, 2500), (1500, 2080), (2300, 1960), (2800, 2080), (3300, 2380), (4000, 2420), (4600, 2130),
    (5200, 1960), (6000, 1900),
]  # fmt: skip
RIVER_WIDTH = 130.0
_DIVIDERS = (
    [(2560, 2300), (2480, 1400), (2580, 800), (2450, -150)],
    [(1250, 2600), (1330, 1500), (1180, 900), (1000, -150)],
    [(3720, 2800), (3680, 1500), (3850, 700), (3800, -150)],
    [(1100, 2100), (1180, 3000), (1050, 4400)],
    [(2150, 1700), (2100, 2700), (2250, 3500), (2150, 4400)],
    [(2700, 1800), (2780, 2700), (2660, 3400), (2760, 4400)],
    [(3550, 2200), (3480, 2900), (3620, 3600), (3520, 4400)],
)


@dataclass(frozen=True)
class Road:
    """A named road: centre line in metres, width today, and the width between the red lines that the plans give it."""

    name: str
    line: BaseGeometry
    width_m: float
    planned_width_m: float


def _road(name: str, width: float, planned: float, *points: tuple[float, float]) -> Road:
    return Road(name, smooth_line(points), width, planned)


def river_line() -> LineString:
    """Draw the middle of the river, from west to east beyond the city's outline."""
    return smooth_line(_RIVER, rounds=4)


def main_roads() -> tuple[Road, ...]:
    """Draw the roads that carry names of their own, the widest first."""
    river = river_line()
    return (
        _road("Vành Đai Đông", 30, 40, (4560, -200), (4500, 900), (4440, 1700), (4520, 2500), (4600, 3200), (4520, 4400)),
        _road("Lê Lợi", 26, 32, (2900, -200), (2930, 700), (2900, 1400), (2840, 2000), (2900, 2700), (3040, 3300), (3000, 4400)),
        _road(
            "Trần Hưng Đạo",
            24,
            30,
            (-200, 1130),
            (800, 1180),
            (1700, 1100),
            (2400, 1150),
            (3300, 1180),
            (4300, 1110),
            (5600, 980),
        ),
        _road("Tỉnh Lộ 499", 18, 36, (-200, 3200), (900, 3090), (2000, 3190), (3000, 3140), (4000, 3240), (5600, 3080)),
        _road("Hàng Tơ", 12, 12.1, (1500, -200), (1470, 600), (1560, 1300), (1520, 2000)),
        _road("Quang Trung", 14, 20, (3480, -200), (3450, 800), (3400, 1600), (3430, 2250)),
        _road("Nguyễn Du", 12, 12.1, (2900, 560), (3500, 600), (4200, 540), (4560, 580)),
        _road("Bãi Dâu", 8, 13, (620, 2550), (700, 3300), (560, 4200)),
        _road("Đồng Dâu", 8, 13, (1640, 2200), (1700, 3300), (1600, 4300)),
        Road("Đê Hữu", river.offset_curve(-(RIVER_WIDTH / 2 + 35)), 9, 9.1),
        Road("Đê Tả", river.offset_curve(RIVER_WIDTH / 2 + 35), 9, 9.1),
    )


def future_road() -> Road:
    """Draw the street that only the zoning plan knows: it cuts through the parcels of the old centre."""
    return _road("Đường Quy Hoạch Số 5", 0, 22, (1540, 1660), (2050, 1560), (2450, 1480), (2900, 1500))


def power_line() -> LineString:
    """Draw the 110 kV line that passes the city in the east."""
    return LineString([(5400, 3700), (4700, 3000), (4380, 2000), (4700, 300), (4600, -100)])


def faces() -> list[tuple[str, str, Polygon]]:
    """Divide the city by the river and the commune boundaries: (commune of today, former commune, face)."""
    outline = warped(smooth_ring(_OUTLINE), 90, 1500, 40)
    lines = [warped(smooth_line(line), 25, 700, 20) for line in _DIVIDERS]
    ground = shapely.union_all([outline.boundary, river_line(), *lines], grid_size=0.001)
    found = polygons_of(shapely.polygonize([ground]), 1000)
    inside = [face for face in found if outline.buffer(1).contains(face)]

    def owner(communes: tuple[Commune, ...], face: Polygon) -> str:
        return next(c.code for c in communes if any(face.contains(Point(part)) for part in c.parts))

    return [(owner(COMMUNES, face), owner(FORMER_COMMUNES, face), face) for face in inside]


@dataclass(frozen=True)
class District:
    """A part of the city with one way of dividing ground: its use, its shape, and the size of lots in it."""

    name: str
    use: str
    area: BaseGeometry


def districts(city: BaseGeometry) -> list[District]:
    """Partition the city into districts; what no hand drew is fields."""
    blob = [
        ("villages", "village", Point(560, 3060).buffer(330)),
        ("villages", "village", Point(1620, 3120).buffer(360)),
        ("villages", "village", Point(1680, 3760).buffer(230)),
        ("villages", "village", Point(2420, 3160).buffer(270)),
        ("villages", "village", Point(560, 1260).buffer(300)),
        ("villages", "village", Point(1300, 520).buffer(250)),
        ("villages", "village", Point(4960, 1120).buffer(290)),
        ("villages", "village", Point(4980, 3180).buffer(240)),
    ]
    drawn = [
        ("lake", "water", Point(3700, 1000).buffer(85)),
        ("park", "park", Point(3700, 1000).buffer(150)),
        ("grid", "urban", Polygon([(2900, 560), (4330, 500), (4270, 1660), (2880, 1640)])),
        (
            "old-centre",
            "old",
            smooth_ring([(1620, 1130), (2890, 1120), (2880, 1960), (2300, 1900), (1700, 1830)]),
        ),
        ("hills", "hill", smooth_ring([(-50, -50), (950, -50), (1050, 500), (620, 860), (-50, 820)])),
        ("industry", "industry", Polygon([(3560, 3330), (4560, 3400), (4520, 3930), (3580, 3960)])),
        ("new-area", "new", new_area()),
        ("cemetery", "cemetery", box(1980, 300, 2150, 420)),
        *blob,
        ("ribbon", "village", shapely.union_all([road.line.buffer(60) for road in main_roads() if road.name in _RIBBONS])),
        ("fields", "field", city),
    ]
    rest, parts = city, []
    for name, use, shape in drawn:
        area = common(rest, shape if use in ("field", "new") else warped(shape, *_BENDS.get(use, (18, 420)), 25))
        rest = without(rest, area)
        parts.append(District(name, use, area))
    return parts


_BENDS = {"village": (46, 380), "old": (30, 500)}
"""District use -> how far and over what length its hand-drawn border is bent, in metres."""
_RIBBONS = ("Tỉnh Lộ 499", "Trần Hưng Đạo", "Đồng Dâu", "Bãi Dâu")


def new_area() -> Polygon:
    """Draw the new urban area: half of it is divided into lots already, half is fields still."""
    return Polygon([(3060, 2560), (3500, 2650), (4420, 2660), (4440, 3170), (3090, 3080)])
