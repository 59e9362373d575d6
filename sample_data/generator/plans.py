"""The plans of the city: what each one covers, its zones with their parameters, its lines with their sides. No files.

Zoning plans widen some roads, cut a new street through the old centre and leave most blocks as they are, a hand's breadth
off the parcels here and there, as plans and cadastre do. Everything stands in metres of the drawing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from shapely.geometry import LineString, MultiPolygon, Polygon, box
from shapely.geometry.base import BaseGeometry

from sample_data.generator import town
from sample_data.generator.frame import common, polygons_of, stream, without
from sample_data.generator.functions import GENERAL, PARAMETERS, Parameters, zoning_function
from sample_data.generator.parcels import SHEET_M, draw_ground
from sample_data.generator.streets import NEW_STREET_M, planned_new_streets


@dataclass(frozen=True)
class Event:
    """Something that happened to a plan; `part` is the territory it is about (None: all of it)."""

    kind: str
    effective_on: str
    decision_no: str | None = None
    other_plan_code: str | None = None
    note: str | None = None
    part: Polygon | None = None


@dataclass(frozen=True)
class Plan:
    """A plan and the metadata of its dossier. `level` is general, zoning or detailed; `info_code` is maThongTinQH."""

    code: str
    info_code: str
    name: str
    name_en: str
    level: str
    adjustment: str
    scale: int
    decision_no: str
    decided_on: str
    authority: str
    area: BaseGeometry
    events: tuple[Event, ...]
    themes: tuple[tuple[str, str, str | None], ...] = field(default=())


@dataclass(frozen=True)
class Zone:
    """A zone of a plan: function, parameters (None: no limit is set) and area."""

    name: str
    function: str
    parameters: Parameters
    area: BaseGeometry


@dataclass(frozen=True)
class Line:
    """A line that restricts the strip of `width_m` at its left (`both`: at both sides)."""

    kind: str
    name: str
    side: str
    width_m: float
    line: LineString


_ALL_FULL = tuple((theme, "full", None) for theme in ("zoning", "plans", "red_line", "building_line", "corridor"))
_MAIN_ROADS_ONLY = "Quy hoạch chung chỉ thể hiện các đường chính"
_NO_BUILDING_LINES = "Quy hoạch chung không xác định chỉ giới xây dựng"
_PROVINCE, _COMMUNE = "Ủy ban nhân dân tỉnh (mẫu)", "Ủy ban nhân dân xã Bến Lụa (mẫu)"


def _approved(on: str, decision: str, published: str) -> tuple[Event, ...]:
    return (Event("approved", on, decision), Event("in_force", on, decision), Event("published", published))


def build_plans() -> list[Plan]:
    """Give the seven plans: one general, three zoning, three detailed of which one replaces another."""
    ground = draw_ground()
    city = shapely.union_all([face for code, _, face in ground.faces if code in town.URBAN_COMMUNES])
    south = shapely.union_all([face for code, _, face in ground.faces if code in ("99001", "99007")])
    north = shapely.union_all([face for code, _, face in ground.faces if code == "99013"])
    old = common(south, Polygon([(1500, 1040), (2890, 1060), (2880, 1990), (1540, 1990)]))
    east = common(south, Polygon([(2890, 380), (4560, 360), (4560, 1700), (2880, 1700)]))
    bank = common(north, Polygon([(2800, 2470), (4620, 2520), (4640, 3300), (2990, 3300)]))
    new = town.new_area()
    annulled = box(4080, 420, 4300, 640)
    return [
        Plan(
            "37QHC0010001",
            "372511000101",
            "Quy hoạch chung đô thị mẫu Sông Lụa đến năm 2045",
            "General plan of Song Lua to 2045",
            "general",
            "first",
            10000,
            "1868/QĐ-UBND-MAU",
            "2025-12-18",
            _PROVINCE,
            city,
            _approved("2025-12-18", "1868/QĐ-UBND-MAU", "2025-12-30"),
            (
                ("zoning", "full", None),
                ("plans", "full", None),
                ("red_line", "partial", _MAIN_ROADS_ONLY),
                ("building_line", "none", _NO_BUILDING_LINES),
                ("corridor", "full", None),
            ),
        ),
        Plan(
            "37QPK0010001",
            "372121000201",
            "Quy hoạch phân khu Phố Cũ",
            "Zoning plan of the old quarter",
            "zoning",
            "first",
            2000,
            "742/QĐ-UBND-MAU",
            "2021-05-20",
            _PROVINCE,
            old,
            _approved("2021-05-20", "742/QĐ-UBND-MAU", "2021-06-01"),
            _ALL_FULL,
        ),
        Plan(
            "37QPK0010002",
            "372221000202",
            "Quy hoạch phân khu Lụa Đông",
            "Zoning plan of Lua Dong",
            "zoning",
            "first",
            2000,
            "1015/QĐ-UBND-MAU",
            "2022-07-08",
            _PROVINCE,
            east,
            (
                *_approved("2022-07-08", "1015/QĐ-UBND-MAU", "2022-07-20"),
                Event("partly_annulled", "2026-05-04", "655/QĐ-UBND-MAU", None, "Bãi bỏ một phần tại góc đông nam", annulled),
            ),
            _ALL_FULL,
        ),
        Plan(
            "37QPK0010003",
            "372621000203",
            "Quy hoạch phân khu Bến Lụa",
            "Zoning plan of Ben Lua",
            "zoning",
            "first",
            2000,
            "301/QĐ-UBND-MAU",
            "2026-03-12",
            _PROVINCE,
            bank,
            _approved("2026-03-12", "301/QĐ-UBND-MAU", "2026-03-25"),
            _ALL_FULL,
        ),
        Plan(
            "37QCT0010001",
            "372231000301",
            "Quy hoạch chi tiết khu đô thị mới Bến Lụa",
            "Detailed plan of Ben Lua new urban area",
            "detailed",
            "first",
            500,
            "215/QĐ-UBND-MAU",
            "2022-03-15",
            _PROVINCE,
            new,
            (
                *_approved("2022-03-15", "215/QĐ-UBND-MAU", "2022-03-28"),
                Event("replaced", "2025-11-03", "96/QĐ-UBND-MAU", "37QCT0010002", "Điều chỉnh tổng thể"),
            ),
            _ALL_FULL,
        ),
        Plan(
            "37QCT0010002",
            "372531100302",
            "Điều chỉnh tổng thể quy hoạch chi tiết khu đô thị mới Bến Lụa",
            "Detailed plan of Ben Lua new urban area, overall amendment",
            "detailed",
            "overall",
            500,
            "96/QĐ-UBND-MAU",
            "2025-11-03",
            _COMMUNE,
            new,
            _approved("2025-11-03", "96/QĐ-UBND-MAU", "2025-11-14"),
            _ALL_FULL,
        ),
        Plan(
            "37QCT0020001",
            "372431000303",
            "Quy hoạch chi tiết trung tâm hành chính Lụa Đông",
            "Detailed plan of the Lua Dong centre",
            "detailed",
            "first",
            500,
            "880/QĐ-UBND-MAU",
            "2024-08-15",
            _PROVINCE,
            common(east, box(3010, 640, 3420, 1140)),
            _approved("2024-08-15", "880/QĐ-UBND-MAU", "2024-08-29"),
            _ALL_FULL,
        ),
    ]


def plan_roads(plan: Plan) -> list[town.Road]:
    """Give the roads with the widths that a plan gives them."""
    ground = draw_ground()
    if plan.level == "general":
        return list(town.main_roads())
    near = [road for road in ground.roads if road.line.intersects(plan.area) and road.planned_width_m > 5]
    if plan.code == "37QPK0010001":
        near.append(town.future_road())
    if plan.area.intersects(town.new_area().buffer(-50)):
        first = plan.code == "37QCT0010001"
        lines = planned_new_streets(town.new_area())[:: 2 if first else 1]
        near = [road for road in near if not road.name.startswith("Đường N")]
        near += [
            town.Road(f"Đường N{number}", shapely.intersection(line, town.new_area()), NEW_STREET_M, NEW_STREET_M)
            for number, line in enumerate(lines, start=1)
        ]
    return [road for road in near if road.line.length > 0]


def corridor_area(roads: Sequence[town.Road], setback_m: float = 0.0) -> BaseGeometry:
    """Give the ground between the red lines, widened by the setback along the roads that have one."""
    strips = [
        road.line.buffer(road.planned_width_m / 2 + (setback_m if has_setback(road) else 0), cap_style="flat") for road in roads
    ]
    return MultiPolygon(polygons_of(shapely.union_all(strips, grid_size=0.001)))


def has_setback(road: town.Road) -> bool:
    """Say whether houses stand back from a road: along the wide ones only."""
    return road.planned_width_m >= 20


def build_zones(plan: Plan) -> list[Zone]:
    """Divide the territory of a plan into zones; they cover it without overlap."""
    ground = draw_ground()
    roads = corridor_area(plan_roads(plan))
    rng = stream(f"zones-{plan.code}")
    zones: list[Zone] = []

    def add(area: BaseGeometry, function: str, smallest_m2: float = 1.0) -> None:
        for part in polygons_of(area, smallest_m2):
            name = f"{'ABCDEFGH'[len(zones) // 200]}{len(zones) % 200 + 1:03d}"
            zones.append(Zone(name, function, PARAMETERS.get(function, Parameters()), part))

    general = plan.level == "general"
    river = common(plan.area, ground.river)
    add(river, "DAT_NNK_SONGSUOI" if general else "DAT_KHAC_SONGSUOI")
    dry = without(plan.area, river)
    for cell in _cells(common(dry, roads)):
        add(cell, "DAT_DD_GIAOTHONGDOTHI" if general else "DAT_HTKT_DUONGGT")
    blocks = without(dry, roads)
    for district in ground.districts:
        here = common(blocks, district.area)
        if general:
            add(here, GENERAL[district.use])
        else:
            for part in polygons_of(here, 1.0):
                add(part, zoning_function(district.use, part.area, plan.level, rng))
    return zones


def _cells(area: BaseGeometry) -> list[BaseGeometry]:
    """Cut a wide-spread area into cells, so that no zone is a net over the whole town."""
    west, south, east, north = area.bounds if not area.is_empty else (0, 0, 0, 0)
    squares = [
        box(x, y, x + SHEET_M, y + SHEET_M) for x in np.arange(west, east, SHEET_M) for y in np.arange(south, north, SHEET_M)
    ]
    return [common(area, square) for square in squares]


def build_lines(plan: Plan) -> list[Line]:
    """Draw the red lines, building lines and safety corridors of a plan."""
    roads = plan_roads(plan)
    lines = _along(plan, "red_line", roads, 0.0)
    if plan.level != "general":
        lines += _along(plan, "building_line", [road for road in roads if has_setback(road)], 3.0, roads)
    bank = draw_ground().river
    for part in _parts(shapely.intersection(bank.boundary, plan.area.buffer(-0.5))):
        lines.append(Line("corridor", "Hành lang bảo vệ sông Lụa", "left", 40.0, _with_left(part, without(plan.area, bank))))
    for part in _parts(shapely.intersection(town.power_line(), plan.area)):
        lines.append(Line("corridor", "Hành lang an toàn đường dây 110 kV", "both", 15.0, part))
    return lines


def _along(
    plan: Plan, kind: str, roads: Sequence[town.Road], setback_m: float, all_roads: Sequence[town.Road] | None = None
) -> list[Line]:
    """Draw the outer edges of the strips along roads, each with the road at its left."""
    strip = corridor_area(all_roads or roads, setback_m)
    inside, ground = strip.buffer(-0.01), plan.area.buffer(-0.05)
    lines = []
    for road in roads:
        edge = road.line.buffer(road.planned_width_m / 2 + setback_m, cap_style="flat").boundary
        for part in _parts(shapely.intersection(shapely.difference(edge, inside), ground)):
            width = setback_m or road.planned_width_m
            lines.append(Line(kind, road.name, "left", round(width, 2), _with_left(part, strip)))
    return lines


def _parts(geometry: BaseGeometry) -> list[LineString]:
    merged = shapely.line_merge(geometry) if geometry.geom_type == "MultiLineString" else geometry
    return [part for part in shapely.get_parts(merged) if isinstance(part, LineString) and part.length > 2]


def _with_left(line: LineString, area: BaseGeometry) -> LineString:
    """Turn a line so that the area lies at its left."""
    middle = line.interpolate(0.5, normalized=True)
    beside = line.parallel_offset(0.2, "left")
    probe = shapely.get_point(beside, 0) if beside.is_empty else beside.interpolate(beside.project(middle))
    return line if area.contains(probe) else LineString(line.coords[::-1])


def theme_rows(plan: Plan) -> list[dict[str, Any]]:
    """Say for which themes the plan's territory is known, as the dossier states it."""
    return [{"theme": theme, "extent": extent, "reason": reason} for theme, extent, reason in plan.themes]
