"""Names that a map of Vietnam carries whatever has been loaded: the archipelagos Hoàng Sa and Trường Sa, and the East Sea.

They are no administrative unit of a layer and no boundary: `places.csv` says where each name is written (`lon`, `lat`: our own
choice beside the islands), what is shown when it is chosen (`west` to `north`, degrees), and where that comes from (`source`).
"""

import csv
from dataclasses import dataclass
from pathlib import Path

from spatial.layers import Text

_FILE = Path(__file__).with_suffix(".csv")


@dataclass(frozen=True)
class Place:
    """One name.

    Attributes:
        kind: `archipelago` or `sea`.
        part_of: the province it belongs to, in words; None for the sea.
        aliases: other names that are searched for and never shown.
        lon, lat: where the name is written, degrees.
        bbox: west, south, east, north, degrees.
    """

    code: str
    kind: str
    name: Text
    part_of: Text | None
    aliases: tuple[str, ...]
    lon: float
    lat: float
    bbox: tuple[float, float, float, float]


def _read() -> tuple[Place, ...]:
    with _FILE.open(encoding="utf-8", newline="") as lines:
        return tuple(_place(row) for row in csv.DictReader(lines))


def _place(row: dict[str, str]) -> Place:
    west, south, east, north = (float(row[side]) for side in ("west", "south", "east", "north"))
    return Place(
        code=row["code"],
        kind=row["kind"],
        name=Text(row["name"], row["name_en"]),
        part_of=Text(row["part_of"], row["part_of_en"]) if row["part_of"] else None,
        aliases=tuple(filter(None, row["aliases"].split(";"))),
        lon=float(row["lon"]),
        lat=float(row["lat"]),
        bbox=(west, south, east, north),
    )


PLACES = _read()
