"""The nation in outline: schematic boundaries of our own making around the real codes, names, areas and populations.

Each of the 63 former provinces gets the ground that is nearer to its point than to another's, inside a hand-drawn outline;
today's provinces, the regions and the nation are unions of these. Nothing here is a boundary that anybody surveyed.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from shapely import affinity
from shapely.geometry import MultiPoint, MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from sample_data.generator.facts import read_facts
from sample_data.generator.frame import Coordinates, polygons_of, smooth_ring, warp

MERGER = "2025-07-01"
GRID_DEG = 1e-5
Row = dict[str, Any]
COLUMNS = (
    "code", "level", "kind", "name", "name_en", "parent_code", "province_code", "commune_code", "area_official_km2",
    "population_official", "population_year", "legal_document", "boundary_quality", "schematic",
    "valid_from", "valid_to", "geometry",
)  # fmt: skip
_CITY_SINCE = ("75", "2026-04-30")
"""Đồng Nai: a province until that day, a centrally-run city since."""

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


def build_nation() -> list[Row]:
    """Give the rows of the nation, the regions and the provinces, of today and of before 1 July 2025."""
    cells, old, new = _cells(), read_facts("provinces63"), read_facts("provinces34")
    merged = _by_successor(cells)
    nation = {
        "code": "VN",
        "level": "nation",
        "kind": "Quốc gia",
        "name": "Việt Nam",
        "name_en": "Viet Nam",
        "valid_from": "1976-07-02",
        "area_official_km2": _sum(new, "area_km2"),
        "population_official": int(_sum(new, "population_nq202_2025")),
        "population_year": 2024,
        "legal_document": "202/2025/QH15",
        "geometry": _union(list(cells.values())),
    }
    rows = [
        nation,
        *_regions(new, "V", "region_new6", merged),
        *_regions(old, "C", "region_old6", {c: [cells[c]] for c in cells}),
    ]
    for province in new:
        row = {
            "code": province["code"],
            "level": "province",
            "kind": province["kind"],
            "name": province["name"],
            "name_en": province["name_en"],
            "parent_code": _region_code("V", province["region_new6"]),
            "province_code": province["code"],
            "area_official_km2": float(province["area_km2"]),
            "population_official": int(province["population_nq202_2025"]),
            "population_year": 2024,
            "legal_document": "202/2025/QH15",
            "valid_from": MERGER,
            "geometry": _union(merged[province["code"]]),
        }
        if province["code"] == _CITY_SINCE[0]:
            rows.append(row | {"kind": "Tỉnh", "valid_to": _CITY_SINCE[1]})
            row |= {"valid_from": _CITY_SINCE[1], "legal_document": "30/2026/QH16"}
        rows.append(row)
    for province in old:
        rows.append(
            {
                "code": province["code"],
                "level": "province",
                "kind": province["kind"],
                "name": province["name"],
                "name_en": province["name_en"],
                "parent_code": _region_code("C", province["region_old6"]),
                "province_code": province["merged_into_code"],
                "area_official_km2": float(province["area_km2_approx"]),
                "population_official": int(province["population_2019_approx"]),
                "population_year": 2019,
                "valid_from": "2008-08-01",
                "valid_to": MERGER,
                "geometry": _union([cells[province["code"]]]),
            }
        )
    return [{name: row.get(name) for name in COLUMNS} | {"boundary_quality": "schematic", "schematic": True} for row in rows]


def province_changes() -> list[Row]:
    """Give the edges from the 63 provinces to the 34: merges, with the whole of each going into its successor."""
    parts = read_facts("provinces63")
    merged = {p["merged_into_code"] for p in parts if p["code"] != p["merged_into_code"]}
    return [
        {
            "level": "province",
            "kind": "merge",
            "from_code": part["code"],
            "from_name": part["name"],
            "to_code": part["merged_into_code"],
            "changed_on": MERGER,
            "area_share": 1.0,
            "population_share": 1.0,
            "legal_document": "202/2025/QH15",
        }
        for part in parts
        if part["merged_into_code"] in merged
    ]


def _cells() -> dict[str, MultiPolygon]:
    """Divide the outline among the 63 points and bend the borders; every border vertex is shared by its neighbours."""
    outline = smooth_ring(_OUTLINE, rounds=2)
    seats = {row["code"]: (float(row["lon"]), float(row["lat"])) for row in read_facts("seats63")}
    edges = shapely.voronoi_polygons(MultiPoint(list(seats.values())), extend_to=outline.envelope.buffer(2), only_edges=True)
    lines = shapely.segmentize([outline.exterior, shapely.intersection(edges, outline)], 0.06)
    noded = shapely.union_all(lines, grid_size=GRID_DEG)
    faces = polygons_of(shapely.polygonize([noded]), 1e-6)
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


def _regions(members: tuple[dict[str, str], ...], era: str, column: str, ground: dict[str, list[MultiPolygon]]) -> list[Row]:
    """Give the regions of an era; today's have the sums of their provinces beside them."""
    rows = []
    for region in (row for row in read_facts("regions") if row["code"].startswith(era)):
        inside = [province for province in members if province[column] == region["name"]]
        row: Row = {
            **region,
            "valid_to": region["valid_to"] or None,
            "level": "region",
            "kind": "Vùng kinh tế - xã hội",
            "parent_code": "VN",
            "geometry": _union([part for province in inside for part in ground[province["code"]]]),
        }
        if era == "V":
            row |= {
                "area_official_km2": _sum(inside, "area_km2"),
                "population_official": int(_sum(inside, "population_nq202_2025")),
            }
            row["population_year"] = 2024
        rows.append(row)
    return rows


def _region_code(era: str, name: str) -> str:
    return next(row["code"] for row in read_facts("regions") if row["code"].startswith(era) and row["name"] == name)


def _sum(rows: Sequence[dict[str, str]], column: str) -> float:
    return round(sum(float(row[column]) for row in rows), 2)


def _union(ground: list[MultiPolygon]) -> BaseGeometry:
    parts = [part for piece in ground for part in piece.geoms]
    union = shapely.coverage_union_all(np.array(parts, dtype=object))
    return MultiPolygon(polygons_of(union))
