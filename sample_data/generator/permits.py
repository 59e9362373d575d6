"""Construction permits of 2019 to 2026, each judged by the zoning plan of its day, and the violations that were found."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from sample_data.generator import town
from sample_data.generator.frame import ORIGIN, city_to_wgs84, stream
from sample_data.generator.names import holder
from sample_data.generator.parcels import Parcels
from sample_data.generator.plans import Plan, build_plans, build_zones, corridor_area, plan_roads
from sample_data.generator.works import Buildings, use_text

Row = dict[str, Any]
YEARS = range(2019, 2027)
LAST_DAY = date(2026, 10, 30)
_PERMITS, _IN_ROADS = 600, 70
"""How many permits, and how many of them for buildings on the ground of a planned road."""
_SMALLEST_M2 = 2.0
"""Less of a building than this within a red line does not count against it."""


@dataclass(frozen=True)
class _Rules:
    """A zoning plan as a permit office looks at it: since when, zones with their highest storeys (0: no limit), road ground."""

    since: date
    area: BaseGeometry
    zones: shapely.STRtree
    limits: list[int]
    roads: BaseGeometry


def _rules(plan: Plan) -> _Rules:
    zones = build_zones(plan)
    roads = shapely.intersection(corridor_area(plan_roads(plan)), plan.area)
    shapely.prepare(roads)
    limits = [zone.parameters.max_storeys or 0 for zone in zones]
    return _Rules(date.fromisoformat(plan.decided_on), plan.area, shapely.STRtree([zone.area for zone in zones]), limits, roads)


def _judge(rules: list[_Rules], footprint: Polygon, storeys: int, day: date) -> tuple[str, str | None]:
    """Say whether a building conforms to the zoning plan in force on a day where it stands."""
    point = footprint.point_on_surface()
    plan = next((plan for plan in rules if plan.since <= day and plan.area.contains(point)), None)
    if plan is None:
        return "unknown", "Chưa có quy hoạch phân khu khi cấp phép"
    if shapely.intersection(plan.roads, footprint).area > _SMALLEST_M2:
        return "contrary", "Công trình nằm trong chỉ giới đường đỏ"
    limit = max((plan.limits[zone] for zone in plan.zones.query(point, predicate="within")), default=0)
    if limit and storeys > limit:
        return "contrary", f"Số tầng {storeys} vượt tối đa {limit}"
    return "conform", None


def permit_rows(parcels: Parcels, buildings: Buildings) -> tuple[list[Row], dict[int, str]]:
    """Give the rows of the layer `permits`, and the permit of each building that has one."""
    rng = stream("permits")
    rules = [_rules(plan) for plan in build_plans() if plan.level == "zoning"]
    drawn = shapely.transform(buildings.footprint, lambda xy: xy - ORIGIN)
    rows, numbers = [], {}
    for order, at in enumerate(_chosen(buildings, drawn, rules, rng), start=1):
        year = int(buildings.year[at])
        day = date(year, 1, 5) + timedelta(days=int(rng.integers(0, 300 if year == YEARS[-1] else 355)))
        storeys = int(buildings.storeys[at]) + (int(rng.integers(2, 4)) if rng.random() < 0.06 else 0)
        conformity, note = _judge(rules, drawn[at], storeys, day)
        numbers[at] = f"GPXD-{year}-{order:04d}"
        row = {"code": numbers[at], **_terms(day, rng), **_works(parcels, buildings, at, storeys)}
        rows.append(row | {"conformity": conformity, "conformity_note": note, "valid_from": day.isoformat()})
    return rows, numbers


def _chosen(buildings: Buildings, drawn: np.ndarray, rules: list[_Rules], rng: np.random.Generator) -> list[int]:
    """Choose the buildings with a permit among those of the years of permits, in the order of the register."""
    recent = np.flatnonzero(buildings.year >= YEARS[0])
    roads = shapely.union_all([plan.roads for plan in rules])
    shapely.prepare(roads)
    in_roads = recent[shapely.area(shapely.intersection(drawn[recent], roads)) > _SMALLEST_M2]
    elsewhere = rng.choice(np.setdiff1d(recent, in_roads), _PERMITS - _IN_ROADS, replace=False)
    chosen = np.concatenate([elsewhere, rng.choice(in_roads, _IN_ROADS, replace=False)])
    return [int(at) for at in np.sort(chosen)]


def _terms(day: date, rng: np.random.Generator) -> Row:
    """Give kind, dates and status of a permit."""
    return {
        "kind": str(rng.choice(["new", "repair", "temporary"], p=[0.85, 0.13, 0.02])),
        "issued_on": day.isoformat(),
        "expires_on": (day + timedelta(days=365)).isoformat(),
        "status": "completed" if day.year < 2025 else "issued",
    }


def _works(parcels: Parcels, buildings: Buildings, at: int, storeys: int) -> Row:
    """Give what a permit lets be built, where and for whom."""
    parcel, shape = int(buildings.parcel[at]), buildings.footprint[at]
    footprint, land = round(float(shape.area), 1), float(parcels.geometry[parcel].area)
    use = str(parcels.use[parcel])
    return {
        "parcel_code": parcels.code(parcel),
        "purpose": use_text(use),
        "works_class": "III" if storeys > 5 else "IV",
        "storeys": storeys,
        "basements": 0,
        "height_m": round(storeys * 3.4 + 0.8, 1),
        "footprint_m2": footprint,
        "floor_area_m2": round(footprint * storeys, 1),
        "coverage_pct": round(min(100.0, footprint / land * 100), 1),
        "far": round(footprint * storeys / land, 2),
        "setback_m": 0.0,
        "applicant_name": holder(use, stream(f"applicant-{at}")),
        "province_code": town.PROVINCE,
        "commune_code": str(parcels.commune[parcel]),
        "geometry": city_to_wgs84([shapely.point_on_surface(shape)])[0],
    }


def violation_rows(permits: list[Row]) -> list[Row]:
    """Give the violations found at permits against the plan, two in three of them, and where they stand."""
    rng = stream("violations")
    rows: list[Row] = []
    for permit in (row for row in permits if row["conformity"] == "contrary" and rng.random() < 0.66):
        found = min(date.fromisoformat(permit["issued_on"]) + timedelta(days=int(rng.integers(60, 400))), LAST_DAY)
        rows.append(
            {
                "code": f"VP-{len(rows) + 1:04d}",
                "kind": "contrary_to_plan",
                "status": str(rng.choice(["recorded", "stop_work", "fined", "resolved"])),
                "recorded_on": found.isoformat(),
                "permit_code": permit["code"],
                "parcel_code": permit["parcel_code"],
                "note": permit["conformity_note"],
                "province_code": town.PROVINCE,
                "commune_code": permit["commune_code"],
                "valid_from": found.isoformat(),
                "geometry": permit["geometry"],
            }
        )
    return rows
