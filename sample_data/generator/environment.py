"""Green areas, water, natural areas, networks and facilities of the city, cut by commune."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely
from shapely.geometry import LineString, MultiLineString, Point
from shapely.geometry.base import BaseGeometry

from sample_data.generator import town
from sample_data.generator.frame import city_to_wgs84, common, polygons_of, stream, to_city_crs
from sample_data.generator.parcels import Parcels, draw_ground

Row = dict[str, Any]
_SINCE = "2023-01-01"


def _row(code: str, commune: str | None, geometry: BaseGeometry, **columns: Any) -> Row:
    """Make a row from a drawing in metres."""
    placed = city_to_wgs84(to_city_crs([geometry]))[0]
    return {
        "code": code,
        **columns,
        "province_code": town.PROVINCE,
        "commune_code": commune,
        "valid_from": _SINCE,
        "geometry": placed,
    }


def _parcel_row(parcels: Parcels, row: int, code: str, **columns: Any) -> Row:
    """Make a row from a parcel."""
    area = round(float(parcels.geometry[row].area), 1)
    return {
        "code": code,
        **columns,
        "area_m2": area,
        "province_code": town.PROVINCE,
        "commune_code": str(parcels.commune[row]),
        "valid_from": _SINCE,
        "geometry": city_to_wgs84([parcels.geometry[row]])[0],
    }


def green_rows(parcels: Parcels) -> list[Row]:
    """Give the green areas: public parks, limited ones at pagodas and schools, specialised ones at the cemetery."""
    kinds = {
        "DKV": ("public", "Công viên, vườn hoa"),
        "TON": ("limited", "Vườn chùa"),
        "NTD": ("specialised", "Cây xanh nghĩa trang"),
    }
    rows = np.flatnonzero(np.isin(parcels.use, list(kinds))).tolist()
    return [
        _parcel_row(
            parcels, row, f"CX-{number:03d}", kind=kinds[parcels.use[row]][0], name=f"{kinds[parcels.use[row]][1]} {number}"
        )
        for number, row in enumerate(rows, start=1)
    ]


def water_rows(parcels: Parcels) -> list[Row]:
    """Give the water: the river by commune, the lake, and the larger ponds."""
    rows = []
    for code, geometry in _by_commune(draw_ground().river):
        area = round(float(geometry.area), 1)
        rows.append(_row(f"MN-SONG-{code}", code, geometry, kind="river", name="Sông Lụa (mẫu)", area_m2=area))
    ponds = np.flatnonzero(np.isin(parcels.use, ("NTS", "MNC")) & (shapely.area(parcels.geometry) > 1500))
    for number, row in enumerate(ponds, start=1):
        lake = parcels.use[row] == "MNC"
        name = "Hồ Lụa (mẫu)" if lake else f"Ao {number}"
        rows.append(_parcel_row(parcels, int(row), f"MN-{number:03d}", kind="lake" if lake else "pond", name=name))
    return rows


def natural_rows() -> list[Row]:
    """Give the natural areas: the hill and the flood plain outside the dykes."""
    ground = draw_ground()
    hill = next(district.area for district in ground.districts if district.use == "hill")
    plain = [(code, common(ground.river.buffer(32), face).difference(ground.river)) for code, face in _by_commune(ground.city)]
    rows = [
        _row(
            "TN-NUI-TAM",
            "99007",
            hill,
            name="Núi Tằm (mẫu)",
            kind="forest",
            protection="Rừng phòng hộ",
            area_m2=round(float(hill.area), 1),
        )
    ]
    for code, area in plain:
        rows.append(
            _row(
                f"TN-BAI-{code}",
                code,
                shapely.MultiPolygon(polygons_of(area, 1)),
                name="Bãi sông Lụa (mẫu)",
                kind="floodplain",
                protection="Hành lang thoát lũ",
                area_m2=round(float(area.area), 1),
            )
        )
    return rows


def network_rows() -> list[Row]:
    """Give the networks: road centre lines, and pipes and cables beside the roads that are wide enough for them."""
    rng = stream("networks")
    rows: list[Row] = []
    for road in (road for road in draw_ground().roads if road.width_m >= 6):
        for commune, line in _by_commune(road.line):
            number = len(rows) + 1
            rows.append(
                _row(f"GT-{number:05d}", commune, line, sector="transport", kind="đường", name=road.name, width_m=road.width_m)
            )
            wide = road.width_m >= 10
            for sector, kind, shift, columns in (
                (
                    "water_supply",
                    "ống phân phối",
                    0.30,
                    {"material": "HDPE", "diameter_mm": 225.0 if wide else 110.0, "depth_m": 1.0},
                ),
                ("drainage", "cống tròn", -0.30, {"material": "BTCT", "diameter_mm": 800.0 if wide else 400.0, "depth_m": 1.8}),
                ("power", "cáp 22 kV", 0.42, {"material": "XLPE", "voltage_kv": 22.0, "depth_m": 0.8}),
                ("lighting", "cáp chiếu sáng", -0.42, {"material": "Cu/XLPE", "voltage_kv": 0.4, "depth_m": 0.6}),
                ("telecom", "cáp quang", 0.36, {"material": "quang", "depth_m": 0.7}),
            ):
                if wide or (sector in ("water_supply", "drainage") and rng.random() < 0.6):
                    beside = _shifted(line, shift * road.width_m)
                    code = f"{sector[:2].upper()}-{number:05d}"
                    rows.append(
                        _row(code, commune, beside, sector=sector, kind=kind, name=road.name, status="đang dùng", **columns)
                    )
    for commune, line in _by_commune(town.power_line()):
        rows.append(
            _row(f"DZ110-{commune}", commune, line, sector="power", kind="đường dây 110 kV", voltage_kv=110.0, status="đang dùng")
        )
    return rows


def _shifted(line: BaseGeometry, metres: float) -> BaseGeometry:
    parts = [part for part in shapely.get_parts(shapely.offset_curve(line, metres)) if part.length > 0.5]
    return MultiLineString(parts) if parts else line


def facility_rows() -> list[Row]:
    """Give the facilities: plants and stations, lamps along the main roads, waste collection points."""
    fixed = (
        ("water_supply", "nhà máy nước", "Nhà máy nước Bến Lụa (mẫu)", 12_000.0, "m³/ngày", (1250, 2480)),
        ("water_supply", "trạm bơm tăng áp", "Trạm bơm Lụa Đông (mẫu)", 4_000.0, "m³/ngày", (4200, 1300)),
        ("drainage", "trạm xử lý nước thải", "Trạm xử lý Lụa Đông (mẫu)", 8_000.0, "m³/ngày", (5150, 1850)),
        ("drainage", "trạm bơm tiêu", "Trạm bơm tiêu Phố Cũ (mẫu)", 3.2, "m³/s", (2050, 1900)),
        ("power", "trạm biến áp 110 kV", "Trạm 110 kV Lụa (mẫu)", 63.0, "MVA", (4700, 3020)),
        ("waste", "trạm trung chuyển", "Trạm trung chuyển rác (mẫu)", 60.0, "tấn/ngày", (4800, 700)),
        ("telecom", "tổng đài", "Bưu điện Phố Cũ (mẫu)", None, None, (2400, 1250)),
        ("transport", "bến xe", "Bến xe Lụa (mẫu)", 300.0, "lượt xe/ngày", (4400, 1180)),
    )
    rows = []
    for number, (sector, kind, name, capacity, unit, at) in enumerate(fixed, start=1):
        rows.append(
            _row(
                f"HT-{number:03d}",
                _commune_at(Point(at)),
                Point(at),
                sector=sector,
                kind=kind,
                name=name,
                capacity=capacity,
                capacity_unit=unit,
                status="đang dùng",
            )
        )
    for road in (road for road in town.main_roads() if road.width_m >= 12):
        for place in np.arange(20, road.line.length, 70):
            lamp = road.line.interpolate(float(place))
            commune = _commune_at(lamp)
            if commune:
                code = f"DEN-{len(rows) + 1:04d}"
                rows.append(
                    _row(
                        code,
                        commune,
                        lamp,
                        sector="lighting",
                        kind="đèn LED",
                        name=road.name,
                        capacity=120.0,
                        capacity_unit="W",
                        status="đang dùng",
                    )
                )
    return rows


def _by_commune(geometry: BaseGeometry) -> Iterator[tuple[str, BaseGeometry]]:
    """Cut a geometry by today's communes; lines stay lines and areas stay areas."""
    for commune in town.COMMUNES:
        ground = shapely.union_all([face for code, _, face in draw_ground().faces if code == commune.code])
        part = shapely.intersection(geometry, ground)
        wanted = "LineString" if shapely.get_dimensions(geometry) == 1 else "Polygon"
        parts = [piece for piece in shapely.get_parts(part) if piece.geom_type == wanted and max(piece.area, piece.length) > 1]
        if parts:
            yield commune.code, MultiLineString(parts) if isinstance(parts[0], LineString) else shapely.MultiPolygon(parts)


def _commune_at(point: Point) -> str | None:
    return next((code for code, _, face in draw_ground().faces if face.contains(point)), None)


def observations() -> list[Row]:
    """Give the figures that offices reported: by commune where they have them, else for the province as a whole."""
    rng, rows = stream("survey"), []
    base = {"domestic_water_m3": 1_150_000, "solid_waste_t": 5_200, "wastewater_treated_m3": 420_000, "households": 4_300}
    for year in range(2022, 2026):
        for commune in town.COMMUNES:
            for indicator, value in base.items():
                if commune.code == "99019" and indicator == "wastewater_treated_m3":
                    continue
                rows.append(_observation(indicator, "commune", commune.code, year, round(value * rng.uniform(0.7, 1.3))))
        rows.append(_observation("solid_waste_t", "province", town.PROVINCE, year, 610_000 + 9_000 * (year - 2022)))
    return rows


def _observation(indicator: str, level: str, unit: str, year: int, value: int) -> Row:
    """Give a figure for a unit of today; those of the years before the mergers were counted back after them."""
    counted_back = year < int(town.MERGER[:4])
    entered = "2025-09" if counted_back else f"{year + 1}-02"
    return {
        "indicator_code": indicator,
        "level": level,
        "unit_code": unit,
        "period": str(year),
        "value": value,
        "coverage": 1.0,
        "note": "Số liệu mẫu",
        "entered_by": "Phòng quản lý đô thị mẫu",
        "entered_at": f"{entered}-10T02:00:00Z",
        "approved_by": "Sở Xây dựng mẫu",
        "approved_at": f"{entered}-24T02:00:00Z",
        "unit_on": town.MERGER if counted_back else None,
    }


def coverage_rows() -> list[Row]:
    """Give theme coverage that no dossier states: the register of plans is complete in the city; outside nothing is known."""
    rows = []
    for code, ground in _by_commune(draw_ground().city):
        inside = code in town.URBAN_COMMUNES
        reason = None if inside else "Chưa lập quy hoạch cho xã này"
        rows.append(
            _row(
                f"PV-PLANS-{code}",
                code,
                ground,
                theme="plans",
                extent="full" if inside else "none",
                plan_code=None,
                reason=reason,
            )
        )
    return rows
