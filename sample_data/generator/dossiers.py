"""Plan dossiers in the layout of Circular 16/2025/TT-BXD: a zip of `HoSoGIS/QuyHoach.gpkg`, `HoSoGIS/MocGioi.gpkg`, `ho_so.json`.

Class names and the six fields that every class has are the circular's (annex II); the fields of parameters are named in its
manner. `ho_so.json` holds what the GIS layout has no place for: decision, events, documents, where which theme is complete.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from sample_data.generator import write
from sample_data.generator.frame import CITY_EPSG, city_to_wgs84, to_city_crs
from sample_data.generator.plans import Event, Line, Plan, Zone, build_lines, build_zones, theme_rows

_CLASSES = {"red_line": "ChiGioiDuongDo_L", "building_line": "ChiGioiXayDung_L", "corridor": "HanhLangAnToan_L"}
_LINE_KINDS = {"red_line": "Chỉ giới đường đỏ", "building_line": "Chỉ giới xây dựng", "corridor": "Hành lang an toàn"}
_SIDES = {"left": "trái", "both": "hai bên"}
Row = dict[str, Any]


@dataclass(frozen=True)
class Dossier:
    """A written dossier: its plan, zones and lines."""

    plan: Plan
    zones: list[Zone]
    lines: list[Line]


def write_dossier(folder: Path, plan: Plan) -> Dossier:
    """Write the zip of a plan, named by its code."""
    dossier = Dossier(plan, build_zones(plan), build_lines(plan))
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        for layer, rows in _plan_classes(dossier).items():
            write.write_layer(work / "QuyHoach.gpkg", layer, rows, CITY_EPSG)
        write.write_layer(work / "MocGioi.gpkg", "MocGioi_P", _markers(dossier), CITY_EPSG)
        members = [(f"HoSoGIS/{file}", (work / file).read_bytes()) for file in ("QuyHoach.gpkg", "MocGioi.gpkg")]
    members.append(("ho_so.json", write.json_text(_metadata(plan)).encode()))
    write.write_zip(folder / f"{plan.code}.zip", members)
    return dossier


def _object(plan: Plan, number: str, name: str, kind: str, geometry: BaseGeometry, **more: Any) -> Row:
    placed = to_city_crs([geometry])[0]
    return {
        "maThongTinQH": plan.info_code,
        "maHoSoQH": plan.code,
        "maDoiTuong": f"{plan.code}.{number}",
        "tenDoiTuong": name,
        "phanLoai": kind,
        "ghiChu": "Dữ liệu mẫu, không có giá trị pháp lý",
        **more,
        "geometry": placed,
    }


def _plan_classes(dossier: Dossier) -> dict[str, list[Row]]:
    plan = dossier.plan
    classes = {
        "RanhGioiQuyHoach_A": [_object(plan, "RG", plan.name, "Ranh giới quy hoạch", plan.area)],
        "ChucNangSuDungDat_A": [_zone(plan, number, zone) for number, zone in enumerate(dossier.zones, start=1)],
    }
    for kind, layer in _CLASSES.items():
        rows = [
            _object(
                plan,
                f"{kind[0].upper()}{number:04d}",
                line.name,
                _LINE_KINDS[kind],
                line.line,
                phia=_SIDES[line.side],
                beRong=line.width_m,
            )
            for number, line in enumerate(dossier.lines, start=1)
            if line.kind == kind
        ]
        if rows:
            classes[layer] = rows
    return classes


def _zone(plan: Plan, number: int, zone: Zone) -> Row:
    limits, area = zone.parameters, round(float(zone.area.area), 1)
    return _object(
        plan,
        f"{number:04d}",
        f"Ô {zone.name}",
        zone.function,
        zone.area,
        maChucNang=zone.function,
        dienTich=area,
        matDoXayDungMax=limits.max_coverage_pct,
        heSoSuDungDat=limits.max_far,
        tangCaoMin=limits.min_storeys,
        tangCaoMax=limits.max_storeys,
        chieuCaoMax=limits.max_height_m,
        khoangLui=limits.setback_m,
        danSo=None if limits.people_per_ha is None else round(area / 10_000 * limits.people_per_ha),
    )


def _markers(dossier: Dossier) -> list[Row]:
    """Set a marker at the beginning of every red line, and of the plan's boundary at least."""
    points = [shapely.get_point(line.line, 0) for line in dossier.lines if line.kind == "red_line"]
    points.append(shapely.Point(shapely.get_coordinates(dossier.plan.area)[0]))
    return [
        _object(dossier.plan, f"M{number:04d}", f"Mốc {number}", "Mốc chỉ giới đường đỏ", point)
        for number, point in enumerate(points, start=1)
    ]


def _metadata(plan: Plan) -> dict[str, Any]:
    return {
        "maHoSoQH": plan.code,
        "maThongTinQH": plan.info_code,
        "name": plan.name,
        "name_en": plan.name_en,
        "plan_level": plan.level,
        "plan_kind": "urban",
        "adjustment": plan.adjustment,
        "scale": plan.scale,
        "decision_no": plan.decision_no,
        "decided_on": plan.decided_on,
        "authority": plan.authority,
        "events": [_event(event) for event in plan.events],
        "documents": [
            {
                "kind": "decision",
                "title": f"Quyết định phê duyệt: {plan.name}",
                "number": plan.decision_no,
                "issued_on": plan.decided_on,
                "url": f"https://quyhoach.example/{plan.code}/quyet-dinh.pdf",
            },
            {
                "kind": "rules",
                "title": "Quy định quản lý theo đồ án",
                "number": plan.decision_no,
                "issued_on": plan.decided_on,
                "url": f"https://quyhoach.example/{plan.code}/quy-dinh-quan-ly.pdf",
            },
            {
                "kind": "drawing",
                "title": "Bản đồ quy hoạch sử dụng đất",
                "number": None,
                "issued_on": plan.decided_on,
                "url": f"https://quyhoach.example/{plan.code}/su-dung-dat.pdf",
            },
        ],
        "theme_coverage": theme_rows(plan),
    }


def _event(event: Event) -> dict[str, Any]:
    """Write an event; its part of the territory is GeoJSON in longitude, latitude."""
    part = None if event.part is None else mapping(city_to_wgs84(to_city_crs([event.part]))[0])
    return {
        "kind": event.kind,
        "effective_on": event.effective_on,
        "decision_no": event.decision_no,
        "other_plan_code": event.other_plan_code,
        "note": event.note,
        "geometry": part,
    }
