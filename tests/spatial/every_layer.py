"""Rows of every layer, one for each colour of its style and one out of force: what a style or a client can be tried on."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, insert

from spatial.layers import LAYERS, Layer, Rule
from spatial.legend import coloured_codes, rules_of

SIZE = 0.004
"""Side of a cell in degrees; 20 cells of a row fit into the commune that begins at 105.0, 20.0."""
COLUMNS = 20
IN_FORCE, ENDED = date(2020, 1, 1), date(2021, 1, 1)

REQUIRED: Mapping[str, Mapping[str, Any]] = {
    "admin_units": {"name": "Đơn vị thử", "kind": "Phường", "level": "commune"},
    "urban_areas": {"name": "Đô thị thử 2", "kind": "town", "urban_class": "III"},
    "parcels": {"former_commune_code": "37001", "map_sheet": "9", "parcel_no": "1", "area_m2": 100.0, "area_srid": 9209},
    "addresses": {"address": "Số 1 phố Thử", "house_number": "1"},
    "zones": {"plan_code": "P1", "name": "Ô thử"},
    "plans": {"name": "Đồ án thử", "plan_level": "zoning", "plan_kind": "urban"},
    "planning_lines": {"plan_code": "P1", "kind": "red_line", "side": "left"},
    "theme_coverage": {"theme": "zoning", "extent": "full"},
    "permits": {"kind": "new", "issued_on": IN_FORCE, "status": "issued", "conformity": "unknown"},
    "buildings": {"storeys": 3},
    "violations": {"kind": "no_permit", "status": "recorded", "recorded_on": IN_FORCE},
    "investment_projects": {"name": "Dự án thử", "stage": "approved"},
    "networks": {"sector": "power"},
    "facilities": {"sector": "power"},
    "green_areas": {"kind": "public", "name": "Vườn thử"},
    "water_bodies": {"kind": "lake", "name": "Hồ thử"},
    "natural_areas": {"name": "Rừng thử"},
    "underground_spaces": {},
    "population_grid": {"raster_code": "R1", "year": 2025, "population": 12.5},
}


def fill_every_layer(connection: Connection, layers: tuple[Layer, ...] = LAYERS) -> dict[str, int]:
    """Write the rows and say how many each layer got.

    Args:
        connection: in a transaction, as dothi_owner or dothi_ingest.
        layers: which layers to fill.
    """
    return {layer.name: _fill(connection, layer) for layer in layers}


def _fill(connection: Connection, layer: Layer) -> int:
    rows = list(_rows(layer, style_rules(connection, layer)))
    connection.execute(insert(layer.table), rows)
    return len(rows)


def style_rules(connection: Connection, layer: Layer) -> tuple[Rule, ...]:
    """Give the rules of the layer's style, official colours included."""
    codes = coloured_codes(layer)
    return layer.style.rules if codes is None else rules_of(layer, [dict(row) for row in connection.execute(codes).mappings()])


def _rows(layer: Layer, rules: tuple[Rule, ...]) -> Iterator[dict[str, Any]]:
    values: list[str | None] = [rule.value for rule in rules] or [None]
    for number, value in enumerate([*values, values[0]]):
        ended = number == len(values)
        yield {
            **REQUIRED[layer.name],
            **({layer.style.column: value} if layer.style.column else {}),
            **named(layer, str(number), "-"),
            "province_code": "37",
            "commune_code": "37001",
            "valid_from": IN_FORCE,
            "valid_to": ENDED if ended else None,
            "geom": draw(layer.geometry_type, number),
        }


def named(layer: Layer, number: str, sign: str = ".") -> dict[str, str]:
    """Give a row its code; that of a parcel is made of its parts."""
    if layer.name != "parcels":
        return {"code": f"{layer.name}{sign}{number}"}
    return {"code": f"37001.37001.9.{number}", "parcel_no": number}


def draw(geometry_type: str, number: int) -> str:
    """Draw the figure of a cell as EWKT."""
    west, south = 105.002 + SIZE * (number % COLUMNS), 20.002 + SIZE * (number // COLUMNS)
    east, north = west + 0.8 * SIZE, south + 0.8 * SIZE
    shape = {
        "POINT": f"POINT({west} {south})",
        "MULTILINESTRING": f"MULTILINESTRING(({west} {south},{east} {north}))",
        "MULTIPOLYGON": f"MULTIPOLYGON((({west} {south},{east} {south},{east} {north},{west} {north},{west} {south})))",
    }[geometry_type]
    return f"SRID=4326;{shape}"
