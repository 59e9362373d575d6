"""Communes of today and of before, their edges, and the urban areas that they form."""

from typing import Any

import numpy as np
import shapely
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from sample_data.generator import town
from sample_data.generator.frame import Geometries, city_to_wgs84, polygons_of, to_city_crs
from sample_data.generator.parcels import Parcels, draw_ground

Row = dict[str, Any]
_RESOLUTION = "Nghị quyết mẫu 99/NQ-MAU"
_BEFORE = "2004-07-08"
FORMER_PROVINCE = {"99001": "36", "99004": "36", "99007": "36", "99010": "36"}
"""The south bank was in the former Nam Định (36), the rest in the former Ninh Bình (37)."""
PEOPLE_PER_HOME = 3.9


def people_of(parcels: Parcels, rows: np.ndarray) -> int:
    """Say how many people the made-up city counts on these parcels: so many for each home."""
    homes = np.isin(parcels.kind[rows], ("old", "urban", "new", "village")) & np.char.startswith(parcels.use[rows], "O")
    return round(PEOPLE_PER_HOME * int(homes.sum()))


def build_units(parcels: Parcels) -> list[Row]:
    """Give the rows of the communes: the four of today and the eight of before 1 July 2025."""
    faces = draw_ground().faces
    rows = []
    for communes, names, column, start, end in (
        (town.COMMUNES, [face[0] for face in faces], parcels.commune, town.MERGER, None),
        (town.FORMER_COMMUNES, [face[1] for face in faces], parcels.former, _BEFORE, town.MERGER),
    ):
        for commune in communes:
            ground = _ground([face[2] for face, name in zip(faces, names, strict=True) if name == commune.code])
            rows.append(
                {
                    "code": commune.code,
                    "level": "commune",
                    "kind": commune.kind,
                    "name": commune.name,
                    "name_en": commune.name_en,
                    "parent_code": town.PROVINCE if end is None else FORMER_PROVINCE.get(commune.code, town.PROVINCE),
                    "province_code": town.PROVINCE,
                    "commune_code": commune.code if end is None else None,
                    "area_official_km2": round(float(shapely.area(ground)) / 1e6, 3),
                    "population_official": people_of(parcels, np.flatnonzero(column == commune.code)),
                    "population_year": 2025,
                    "legal_document": _RESOLUTION if end is None else None,
                    "boundary_quality": "surveyed",
                    "schematic": False,
                    "valid_from": start,
                    "valid_to": end,
                    "geometry": city_to_wgs84([ground])[0],
                }
            )
    return rows


def build_unit_changes(parcels: Parcels) -> list[Row]:
    """Give the edges from the communes of before to those of today; one of them was split between two."""
    names = {commune.code: commune.name for commune in town.FORMER_COMMUNES}
    edges = []
    for former in names:
        whole = np.flatnonzero(parcels.former == former)
        targets = np.unique(parcels.commune[whole])
        for target in targets:
            part = whole[parcels.commune[whole] == target]
            edges.append(
                {
                    "level": "commune",
                    "kind": "split" if len(targets) > 1 else "merge",
                    "from_code": former,
                    "from_name": names[former],
                    "to_code": str(target),
                    "changed_on": town.MERGER,
                    "area_share": round(
                        float(shapely.area(parcels.geometry[part]).sum() / shapely.area(parcels.geometry[whole]).sum()), 6
                    ),
                    "population_share": round(people_of(parcels, part) / people_of(parcels, whole), 6),
                    "legal_document": _RESOLUTION,
                }
            )
    return edges


def build_urban_areas() -> tuple[list[Row], list[Row]]:
    """Give the urban areas (city, town of before, new urban area) and which communes belong to them."""
    faces = draw_ground().faces
    city = _ground([face for code, _, face in faces if code in town.URBAN_COMMUNES])
    before = _ground([face for _, former, face in faces if former in ("99001", "99004", "99007")])
    new = to_city_crs([town.new_area()])[0]
    areas = [
        _urban(town.CITY_CODE, town.CITY_NAME, "Song Lua sample city", "city", "II", None, None, town.MERGER, None, city),
        _urban(
            town.CITY_CODE,
            "Thị xã Sông Lụa (mẫu)",
            "Song Lua sample town",
            "town",
            "III",
            None,
            None,
            _BEFORE,
            town.MERGER,
            before,
        ),
        _urban(
            town.NEW_AREA_CODE,
            town.NEW_AREA_NAME,
            "Ben Lua new urban area (sample)",
            "new_urban_area",
            None,
            town.CITY_CODE,
            "99013",
            "2022-03-15",
            None,
            new,
        ),
    ]
    members = [
        {"urban_area_code": town.CITY_CODE, "commune_code": code, "valid_from": town.MERGER} for code in town.URBAN_COMMUNES
    ]
    return areas, members


def _urban(
    code: str,
    name: str,
    name_en: str,
    kind: str,
    urban_class: str | None,
    parent: str | None,
    commune: str | None,
    start: str,
    end: str | None,
    ground: BaseGeometry,
) -> Row:
    return {
        "code": code,
        "name": name,
        "name_en": name_en,
        "kind": kind,
        "urban_class": urban_class,
        "parent_code": parent,
        "province_code": town.PROVINCE,
        "commune_code": commune,
        "legal_document": _RESOLUTION if kind == "city" else None,
        "valid_from": start,
        "valid_to": end,
        "geometry": city_to_wgs84([ground])[0],
    }


def _ground(faces: list[shapely.Polygon]) -> BaseGeometry:
    """Unite faces of the drawing and place them in EPSG:5897."""
    placed: Geometries = to_city_crs(faces)
    return MultiPolygon(polygons_of(shapely.coverage_union_all(placed)))
