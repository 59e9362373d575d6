"""The statement behind a page of parcels, as the API runs it, written for pgbench and for psql."""

import re
from datetime import date

from bench.boxes import Box
from bench.city import City
from spatial.area import well_inside
from spatial.features.query import FeatureQuery
from spatial.features.statement import page_statement
from spatial.layers import LAYERS, find_layer
from spatial.selection import Bbox, LegalPeriod, legal_today

PARCELS = find_layer("parcels", LAYERS)
_SIDES = ("west", "south", "east", "north")


def in_force(limit: int, box: Box | None = None) -> FeatureQuery:
    """Ask for parcels in force today."""
    return FeatureQuery(PARCELS, LegalPeriod.on(legal_today()), limit, bbox=Bbox(*box) if box else None)


def as_text(sql: str) -> str:
    """Let the features be text: pgbench and psql would write bytes as hexadecimal, twice as long."""
    wrapped = "SELECT convert_to(concat("
    assert sql.startswith(wrapped), sql
    return sql.replace(wrapped, "SELECT (concat(", 1).replace("'}'), 'UTF8')", "'}'))", 1)


def pgbench_script(city: City, rows_each: int, limit: int, *, spatial_first: bool) -> tuple[str, dict[str, str]]:
    """Write the page's statement with a random box of about `rows_each` parcels, and the values that stay the same."""
    sample = (1.0, 2.0, 3.0, 4.0)
    statement, arguments = page_statement(in_force(limit, sample), spatial_first=spatial_first)
    sides = {value: f":{side}" for value, side in zip(sample, _SIDES, strict=True)}
    for inner, value in zip(well_inside(sample), sample, strict=True):
        sides[inner] = f"({sides[value]} + {inner - value:.12f})"
    values: dict[str, str] = {}
    sql = as_text(statement.sql)
    for number, value in reversed(list(enumerate(arguments, start=1))):
        name = sides[value] if isinstance(value, float) else f":p{number}"
        sql = re.sub(rf"\${number}\b", name, sql)
        if not isinstance(value, float):
            values[name[1:]] = value.isoformat() if isinstance(value, date) else str(value)
    return "\n".join([*_random_box(city, rows_each), sql.replace("\n", " ") + ";"]), values


def _random_box(city: City, rows_each: int) -> list[str]:
    """Choose the box as `boxes` does: in the grid, then warped; degrees by rule of three, which is metres off at the rim."""
    side = (min(1.0, rows_each / city.rows)) ** 0.5
    west, south = city.degrees_of(0.0, 0.0)
    east, north = city.degrees_of(1.0, 1.0)
    lines = [
        f"\\set u0 random(0, 1000000) / 1000000.0 * {1 - side:.6f} * 2 - 1",
        f"\\set v0 random(0, 1000000) / 1000000.0 * {1 - side:.6f} * 2 - 1",
        f"\\set u1 :u0 + {2 * side:.6f}",
        f"\\set v1 :v0 + {2 * side:.6f}",
    ]
    for name, axis, low, high in (
        ("west", "u0", west, east), ("south", "v0", south, north), ("east", "u1", west, east), ("north", "v1", south, north),
    ):  # fmt: skip
        middle, half = (low + high) / 2, (high - low) / 2
        lines.append(f"\\set {name} {middle:.9f} + {half:.9f} * :{axis} * (0.55 + 0.45 * :{axis} * :{axis})")
    return lines


def copy_statement(limit: int) -> str:
    """Write a COPY of the features' text, in the order of the API."""
    statement, arguments = page_statement(in_force(limit))
    sql = as_text(statement.sql)
    for number, value in reversed(list(enumerate(arguments, start=1))):
        literal = f"'{value.isoformat()}'" if isinstance(value, date) else f"'{value}'" if isinstance(value, str) else str(value)
        sql = re.sub(rf"\${number}\b", literal, sql)
    columns = sql.replace("SELECT (concat(", "COPY (SELECT feature FROM (SELECT (concat(", 1)
    return columns + ") AS page) TO STDOUT"
