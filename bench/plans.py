"""What is planned in the made-up city: a zoning plan per commune with zones and lines, and where all that is known."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from bench.city import Commune, Shapes, to_degrees

SINCE = date(2024, 1, 1)
BLOCKS_PER_ZONE = 2
_FUNCTIONS = ("DAT_DD_DONVIO", "DAT_DICHVU")
_RED_LINE, _BUILDING_LINE = (0.02, 0.04), (0.035, 0.07)
"""How far inside the middle of the streets, as shares of a block along and across."""
THEMES = ("zoning", "plans", "red_line", "building_line", "corridor")


@dataclass(frozen=True)
class Zone:
    """A zone in degrees."""

    code: str
    function_code: str
    max_storeys: int
    shape: BaseGeometry


@dataclass(frozen=True)
class Line:
    """A line around a block in degrees; what lies outside it is road."""

    code: str
    kind: str
    shape: BaseGeometry


def plan_code(commune: Commune) -> str:
    """Name the commune's zoning plan."""
    return f"{commune.code}QPK"


def zones(commune: Commune) -> Iterator[Zone]:
    """Draw the zones: squares of two by two blocks, where the commune has so many."""
    across, up = commune.blocks()
    width, height = commune.pitch
    columns, lines = commune.city.columns, commune.city.lines
    for number, (west, south) in enumerate(zip(across, up, strict=True)):
        line, column = divmod(number, columns)
        if line % BLOCKS_PER_ZONE or column % BLOCKS_PER_ZONE:
            continue
        east = west + width * min(BLOCKS_PER_ZONE, columns - column)
        north = south + height * min(BLOCKS_PER_ZONE, lines - line)
        shape = commune.rectangle(west, south, east, north)
        yield Zone(f"{plan_code(commune)}.{number}", _FUNCTIONS[number % len(_FUNCTIONS)], 3 + number % 7, shape)


def lines(commune: Commune) -> Iterator[Line]:
    """Draw a red line and a building line around every block, counter-clockwise: the road is on the right."""
    for kind, (along, over) in (("red_line", _RED_LINE), ("building_line", _BUILDING_LINE)):
        across, up = commune.blocks()
        width, height = commune.pitch
        west, east = across + width * along, across + width * (1 - along)
        south, north = up + height * over, up + height * (1 - over)
        x, y = commune.city.place(
            np.stack((west, east, east, west, west), axis=1), np.stack((south, south, north, north, south), axis=1)
        )
        rings: Shapes = np.asarray(shapely.linestrings(np.stack(to_degrees(x, y), axis=-1)))
        for number, ring in enumerate(rings):
            yield Line(f"{plan_code(commune)}.{kind}.{number}", kind, shapely.MultiLineString([ring]))
