"""What stands or shall stand on the ground: buildings on the lots, house numbers, projects, works below the ground."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon, box

from sample_data.generator import town
from sample_data.generator.addresses import Addresses
from sample_data.generator.frame import Geometries, city_to_wgs84, polygons_of, stream, to_city_crs
from sample_data.generator.parcels import Parcels

Row = dict[str, Any]
_BUILT = {"old": 0.48, "urban": 0.46, "new": 0.40, "village": 0.36, "industry": 0.8}
"""District use -> share of its lots with a building in the sample."""
_STOREYS = {"old": (1, 4), "urban": (2, 6), "new": (3, 5), "village": (1, 3), "industry": (1, 2)}
_INSET_M = {"old": 0.15, "urban": 0.12, "new": 0.5, "village": 2.2, "industry": 8.0}


@dataclass(frozen=True)
class Buildings:
    """Buildings row by row: the parcel they stand on, footprint (EPSG:5897), storeys, year built (0: unknown)."""

    parcel: NDArray[np.int64]
    footprint: Geometries
    storeys: NDArray[np.int64]
    year: NDArray[np.int64]


def place_buildings(parcels: Parcels) -> Buildings:
    """Put a building on some of the built lots, inside each lot."""
    rng = stream("buildings")
    built = np.zeros(len(parcels))
    for kind, share in _BUILT.items():
        built[parcels.kind == kind] = share
    homes = np.char.startswith(parcels.use, "O") | np.isin(parcels.use, ("TMD", "SKK", "DGD", "DYT", "TSC", "DCH", "DVH"))
    rows = np.flatnonzero((rng.random(len(parcels)) < built) & homes)
    inset = np.array([_INSET_M[kind] for kind in parcels.kind[rows]])
    shapes = shapely.buffer(parcels.geometry[rows], -inset, join_style="mitre")
    largest = [max(polygons_of(shape, 15), key=lambda part: part.area, default=None) for shape in shapely.simplify(shapes, 0.1)]
    keep = np.array([shape is not None and not shape.interiors for shape in largest])
    rows, footprints = rows[keep], np.array([shape for shape, good in zip(largest, keep, strict=True) if good], dtype=object)
    low, high = np.array([_STOREYS[kind] for kind in parcels.kind[rows]]).T
    storeys = rng.integers(low, high + 1)
    year = np.where(rng.random(len(rows)) < 0.15, 0, rng.integers(1988, 2027, len(rows)))
    return Buildings(rows, np.asarray(shapely.set_precision(footprints, 0.001)), storeys, year)


def building_rows(parcels: Parcels, buildings: Buildings, permits: dict[int, str]) -> list[Row]:
    """Give the rows of the layer `buildings`; `permits` names the permit of a building by its position."""
    ground = city_to_wgs84(buildings.footprint)
    areas = np.round(shapely.area(buildings.footprint), 1)
    rows = []
    for at, parcel in enumerate(buildings.parcel):
        storeys = int(buildings.storeys[at])
        rows.append(
            {
                "code": f"CT-{at + 1:05d}",
                "use": use_text(str(parcels.use[parcel])),
                "storeys": storeys,
                "height_m": round(storeys * 3.4 + 0.8, 1),
                "footprint_m2": areas[at],
                "floor_area_m2": round(areas[at] * storeys, 1),
                "built_year": int(buildings.year[at]) or None,
                "parcel_code": parcels.code(parcel),
                "permit_code": permits.get(at),
                "province_code": town.PROVINCE,
                "commune_code": str(parcels.commune[parcel]),
                "valid_from": _built_by(int(buildings.year[at])),
                "geometry": ground[at],
            }
        )
    return rows


def _built_by(year: int) -> str:
    """Say since when a building is in the register: the end of its year, the first survey where the year is unknown."""
    return {0: "2019-01-01", 2026: "2026-06-30"}.get(year, f"{year}-12-31")


def use_text(code: str) -> str:
    return {"O": "nhà ở", "T": "thương mại, dịch vụ", "S": "sản xuất", "D": "công cộng"}[code[0]]


def project_rows() -> list[Row]:
    """Give the investment projects."""
    station = next(road for road in town.main_roads() if road.name == "Tỉnh Lộ 499")
    drawn: tuple[tuple[Any, ...], ...] = (
        (
            "DA-001",
            "Khu đô thị mới Bến Lụa (mẫu)",
            "Công ty Đô thị Lụa Mẫu",
            "under_construction",
            "2022-06-01",
            "2028-12-31",
            1_850_000_000_000,
            "99013",
            town.new_area(),
        ),
        (
            "DA-002",
            "Mở rộng cụm công nghiệp Lụa Thượng (mẫu)",
            "Công ty Hạ tầng Công nghiệp Mẫu",
            "approved",
            "2026-09-01",
            "2029-06-30",
            620_000_000_000,
            "99013",
            Polygon([(3560, 3330), (4560, 3400), (4520, 3930), (3580, 3960)]),
        ),
        (
            "DA-003",
            "Nâng cấp Tỉnh lộ 499 (mẫu)",
            "Ban quản lý dự án mẫu",
            "proposed",
            "2027-01-01",
            "2029-12-31",
            410_000_000_000,
            None,
            shapely.intersection(station.line, box(2800, 2000, 4700, 4000)).buffer(18, cap_style="flat"),
        ),
        (
            "DA-004",
            "Công viên hồ Lụa (mẫu)",
            "Ủy ban nhân dân phường Lụa Đông (mẫu)",
            "completed",
            "2020-03-01",
            "2021-11-30",
            48_000_000_000,
            "99001",
            shapely.Point(3700, 1000).buffer(150),
        ),
    )
    return [
        {
            "code": code,
            "name": name,
            "investor": investor,
            "stage": stage,
            "starts_on": start,
            "ends_on": end,
            "capital_vnd": capital,
            "decision_no": f"{code}/QĐ-MAU",
            "province_code": town.PROVINCE,
            "commune_code": commune,
            "valid_from": f"{int(start[:4]) - 1}-06-15",
            "geometry": city_to_wgs84(to_city_crs([area]))[0],
        }
        for code, name, investor, stage, start, end, capital, commune, area in drawn
    ]


def underground_rows() -> list[Row]:
    """Give the works below the ground: a car park of two floors and a stretch of utility tunnel."""
    market = next(road for road in town.main_roads() if road.name == "Lê Lợi")
    tunnel = shapely.intersection(market.line, box(2500, 300, 3200, 1900)).buffer(1.6, cap_style="flat")
    drawn = (
        ("NG-001", "Bãi đỗ xe ngầm hồ Lụa (mẫu)", "bãi đỗ xe", -8.4, -1.2, shapely.box(3560, 1060, 3640, 1110)),
        ("NG-002", "Hào kỹ thuật đường Lê Lợi (mẫu)", "hào kỹ thuật", -3.1, -0.9, tunnel),
    )
    return [
        {
            "code": code,
            "name": name,
            "kind": kind,
            "z_min_m": low,
            "z_max_m": high,
            "vertical_datum": "Hòn Dấu (EPSG:5727)",
            "province_code": town.PROVINCE,
            "commune_code": "99001",
            "valid_from": "2024-01-15",
            "geometry": city_to_wgs84(to_city_crs([area]))[0],
        }
        for code, name, kind, low, high, area in drawn
    ]


def address_rows(parcels: Parcels, addresses: Addresses) -> list[Row]:
    """Give the rows of the layer `addresses`: every third lot that has a house number."""
    rows = np.flatnonzero(addresses.number > 0)[::3]
    points = city_to_wgs84(shapely.point_on_surface(parcels.geometry[rows]))
    return [
        {
            "code": f"DC-{parcels.code(row)}",
            "address": addresses.text[row],
            "house_number": str(addresses.number[row]),
            "street": str(addresses.street[row]),
            "parcel_code": parcels.code(row),
            "province_code": town.PROVINCE,
            "commune_code": str(parcels.commune[row]),
            "valid_from": town.MERGER,
            "geometry": point,
        }
        for row, point in zip(rows, points, strict=True)
    ]
