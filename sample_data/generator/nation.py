"""The nation in outline: schematic boundaries of our own making around the real codes, names, areas and populations.

Each of the 63 former provinces gets the ground that is nearer to its point than to another's, inside a hand-drawn outline;
today's provinces, the regions and the nation are unions of these. Nothing here is a boundary that anybody surveyed.
"""

from typing import Any

import numpy as np
import shapely
from shapely import affinity
from shapely.geometry import MultiPoint, MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from sample_data.generator.facts import read_facts
from sample_data.generator.frame import Coordinates, polygons_of, smooth, warp

MERGER = "2025-07-01"
GRID_DEG = 1e-5
Row = dict[str, Any]

_OUTLINE = [
    (102.15, 22.40), (102.50, 22.75), (103.05, 22.45), (103.55, 22.80), (104.00, 22.50), (104.70, 22.85), (105.30, 23.38),
    (106.05, 22.98), (106.80, 22.82), (106.70, 22.15), (107.35, 21.70), (108.05, 21.50), (107.45, 21.05), (106.85, 20.65),
    (106.55, 20.10), (105.98, 19.70), (105.80, 18.90), (106.42, 18.10), (106.75, 17.45), (107.35, 16.90), (107.95, 16.40),
    (108.40, 16.05), (109.00, 15.10), (109.32, 13.90), (109.45, 12.85), (109.28, 11.95), (109.02, 11.30), (108.20, 10.75),
    (107.30, 10.38), (106.85, 10.30), (106.75, 9.90), (106.55, 9.50), (106.10, 9.22), (105.50, 8.98), (104.72, 8.52),
    (104.82, 9.40), (105.02, 9.90), (104.45, 10.40), (105.10, 10.92), (105.80, 10.98), (106.18, 10.80), (105.82, 11.55),
    (106.45, 11.72), (107.45, 12.25), (107.48, 13.50), (107.55, 14.70), (107.25, 15.40), (107.10, 16.20), (106.60, 16.70),
    (106.20, 17.30), (105.70, 18.00), (105.10, 18.60), (103.95, 19.35), (104.75, 19.95), (104.35, 20.50), (103.80, 20.80),
    (103.10, 20.85), (102.85, 21.60),
]  # fmt: skip
_ISLANDS: dict[str, tuple[tuple[float, float, float, float], ...]] = {
    "48": ((111.60, 16.50, 0.14, 0.09), (112.35, 16.85, 0.16, 0.08), (112.30, 16.35, 0.12, 0.07), (111.20, 15.78, 0.09, 0.06)),
    "56": (
        (111.92, 8.65, 0.12, 0.07), (113.10, 8.20, 0.12, 0.06), (114.10, 8.90, 0.15, 0.07), (114.35, 10.38, 0.16, 0.08),
        (114.30, 11.45, 0.13, 0.06), (115.05, 9.70, 0.12, 0.08), (116.10, 9.00, 0.13, 0.07),
    ),
    "91": ((103.98, 10.22, 0.13, 0.25),),
    "77": ((106.62, 8.70, 0.07, 0.05),),
    "60": ((108.94, 10.53, 0.04, 0.04),),
    "51": ((109.12, 15.39, 0.05, 0.03),),
    "31": ((107.02, 20.62, 0.05, 0.04), (107.73, 20.13, 0.03, 0.02)),
    "22": ((107.62, 20.88, 0.12, 0.06), (107.77, 20.98, 0.04, 0.03)),
    "45": ((107.34, 17.16, 0.02, 0.02),),
}  # fmt: skip
"""Former province -> marks for its islands: lon, lat, half width, half height in degrees.

Hoàng Sa belongs to Đà Nẵng (48), Trường Sa to Khánh Hòa (56); the marks say that they are there, not how they lie.
"""
REGIONS = {
    "Trung du và miền núi phía Bắc": ("TDMNPB", "Northern midlands and mountains"),
    "Đồng bằng sông Hồng": ("DBSH", "Red River Delta"),
    "Bắc Trung Bộ": ("BTB", "North Central"),
    "Duyên hải Nam Trung Bộ và Tây Nguyên": ("NTBTN", "South Central Coast and Central Highlands"),
    "Đông Nam Bộ": ("DNB", "Southeast"),
    "Đồng bằng sông Cửu Long": ("DBSCL", "Mekong Delta"),
    "Bắc Trung Bộ và duyên hải miền Trung": ("BTBDHMT", "North Central and Central Coast"),
    "Tây Nguyên": ("TN", "Central Highlands"),
}


def build_nation() -> list[Row]:
    """Give the rows of the nation, the regions and the provinces, of today and of before 1 July 2025."""
    cells = _cells()
    old, new = read_facts("provinces63"), read_facts("provinces34")
    rows = [_row("VN", "nation", "quốc gia", "Việt Nam", "Viet Nam", None, list(cells.values()), "1976-07-02", None,
                 sum(float(p["area_km2"]) for p in new), sum(int(p["population_nq202_2025"]) for p in new))]  # fmt: skip
    rows += _regions([(p["region_new6"], p["code"]) for p in new], _by_successor(cells), MERGER, None)
    rows += _regions([(p["region_old6"], p["code"]) for p in old], {c: [cells[c]] for c in cells}, "2006-09-07", MERGER)
    for province in new:
        ground = _by_successor(cells)[province["code"]]
        rows.append(_row(province["code"], "province", province["kind"], province["name"], province["name_en"],
                         REGIONS[province["region_new6"]][0], ground, MERGER, None, float(province["area_km2"]),
                         int(province["population_nq202_2025"]), 2024, "202/2025/QH15"))  # fmt: skip
    for province in old:
        rows.append(_row(province["code"], "province", province["kind"], province["name"], province["name_en"],
                         REGIONS[province["region_old6"]][0], [cells[province["code"]]], "2008-08-01", MERGER,
                         float(province["area_km2_approx"]), int(province["population_2019_approx"]), 2019))  # fmt: skip
    return rows


def province_changes() -> list[Row]:
    """Give the edges from the 63 provinces to the 34: merges, with the whole of each going into its successor."""
    parts = read_facts("provinces63")
    merged = {p["merged_into_code"] for p in parts if p["code"] != p["merged_into_code"]}
    return [
        {
            "level": "province", "kind": "merge", "from_code": part["code"], "from_name": part["name"],
            "to_code": part["merged_into_code"], "changed_on": MERGER, "area_share": 1.0, "population_share": 1.0,
            "legal_document": "202/2025/QH15",
        }
        for part in parts if part["merged_into_code"] in merged
    ]  # fmt: skip


def _cells() -> dict[str, MultiPolygon]:
    """Divide the outline among the 63 points and bend the borders; every border vertex is shared by its neighbours."""
    outline = Polygon(smooth(_OUTLINE, closed=True, rounds=2))
    seats = {row["code"]: (float(row["lon"]), float(row["lat"])) for row in read_facts("seats63")}
    edges = shapely.voronoi_polygons(MultiPoint(list(seats.values())), extend_to=outline.envelope.buffer(2), only_edges=True)
    lines = shapely.segmentize([outline.exterior, shapely.intersection(edges, outline)], 0.06)
    noded = shapely.union_all(lines, grid_size=GRID_DEG)
    faces = polygons_of(shapely.polygonize(shapely.get_parts(noded)), 1e-6)
    ground: dict[str, list[Polygon]] = {code: [] for code in seats}
    names, points = list(seats), np.array(list(seats.values()))
    for face in faces:
        nearest = int(np.argmin(np.hypot(*(points - shapely.get_coordinates(face.point_on_surface())[0]).T)))
        ground[names[nearest]].append(shapely.transform(face, _bent))
    return {code: _with_islands(code, parts) for code, parts in ground.items()}


def _bent(xy: Coordinates) -> Coordinates:
    return np.round(warp(xy, 0.07, 1.4), 5)


def _with_islands(code: str, parts: list[Polygon]) -> MultiPolygon:
    marks = [
        shapely.transform(affinity.scale(Point(lon, lat).buffer(1, quad_segs=4), width, height), lambda xy: np.round(xy, 5))
        for lon, lat, width, height in _ISLANDS.get(code, ())
    ]
    return MultiPolygon([*parts, *marks])


def _by_successor(cells: dict[str, MultiPolygon]) -> dict[str, list[MultiPolygon]]:
    ground: dict[str, list[MultiPolygon]] = {}
    for province in read_facts("provinces63"):
        ground.setdefault(province["merged_into_code"], []).append(cells[province["code"]])
    return ground


def _regions(members: list[tuple[str, str]], ground: dict[str, list[MultiPolygon]], start: str, end: str | None) -> list[Row]:
    today = {p["code"]: p for p in read_facts("provinces34")}
    rows = []
    for name in dict.fromkeys(region for region, _ in members):
        codes = [code for region, code in members if region == name]
        areas = [float(today[code]["area_km2"]) for code in codes] if end is None else None
        people = [int(today[code]["population_nq202_2025"]) for code in codes] if end is None else None
        parts = [part for code in codes for part in ground[code]]
        rows.append(_row(REGIONS[name][0], "region", "vùng", name, REGIONS[name][1], "VN", parts, start, end,
                         round(sum(areas), 2) if areas else None, sum(people) if people else None, 2024 if people else None,
                         "306/NQ-CP" if end is None else "92/2006/NĐ-CP"))  # fmt: skip
    return rows


def _row(
    code: str, level: str, kind: str, name: str, name_en: str, parent: str | None, ground: list[MultiPolygon], start: str,
    end: str | None, area_km2: float | None = None, people: int | None = None, year: int | None = 2024, document: str | None = None,
) -> Row:  # fmt: skip
    return {
        "code": code, "level": level, "kind": kind, "name": name, "name_en": name_en, "parent_code": parent,
        "province_code": code if level == "province" else None, "area_official_km2": area_km2, "population_official": people,
        "population_year": year if people else None, "legal_document": document, "boundary_quality": "schematic",
        "schematic": True, "valid_from": start, "valid_to": end, "geometry": _union(ground),
    }  # fmt: skip


def _union(ground: list[MultiPolygon]) -> BaseGeometry:
    parts = [part for piece in ground for part in piece.geoms]
    union = shapely.coverage_union_all(np.array(parts, dtype=object))
    return MultiPolygon(polygons_of(union))

