"""Finds parcels, streets, addresses, units and places by what somebody types into one box.

Public data only: persons are not searched for.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from spatial.compiled import AsyncConnection
from spatial.layers import Text
from spatial.lookup.subject import ParcelCode
from spatial.places import PLACES
from spatial.statements import read_async_statement


class Found(StrEnum):
    """What a result is."""

    PARCEL = "parcel"
    STREET = "street"
    ADDRESS = "address"
    UNIT = "unit"
    PLACE = "place"


@dataclass(frozen=True)
class Result:
    """One result.

    Attributes:
        detail: what tells it from others of the same label: commune, province, area.
        code: of the parcel or unit; of an address that of its parcel, where it is known.
        level: tier of a unit.
        lon, lat: a point inside, degrees.
        bbox: west, south, east, north, degrees.
    """

    kind: Found
    label: Text
    detail: Text | None
    code: str | None
    level: str | None
    lon: float
    lat: float
    bbox: tuple[float, float, float, float]


@dataclass(frozen=True)
class _Numbers:
    """Sheet and number of a parcel as somebody says it, with the unit's name or code where it is said."""

    sheet: str
    number: str
    unit: str | None
    unit_code: str | None = None
    names_former: bool = False


_SHEET = r"to(?: ban do)?(?: so)?[\s:]+(?P<sheet>[\w-]+)"
_NUMBER = r"thua(?: dat)?(?: so)?[\s:]+(?P<number>[\w-]+)"
_SPOKEN = (
    re.compile(rf"\b{_SHEET}[\s,;]+{_NUMBER}(?:[\s,;]+(?P<unit>.+))?"),
    re.compile(rf"\b{_NUMBER}[\s,;]+{_SHEET}(?:[\s,;]+(?P<unit>.+))?"),
)
_SHORT = re.compile(r"(?P<one>\d+\w?)/(?P<other>\d+\w?)[\s,;]+(?P<unit>\D.*)")
"""`8/19 lụa đông`: number and sheet in either order; and the house of an alley, `12/3 Lê Lợi`, looks the same."""
_OF_A_STREET = re.compile(r"^so(?: nha)? (?=\d)|\bduong |\bd\. ?(?=\S)")
_SHORTEST_NAME = 4
_KIND_OF_UNIT = re.compile(r"^(?:xa|phuong|dac khu|thi tran|thi xa|tinh|thanh pho|tp|quan|huyen|vung|p|x)[.\s]+(?=\S)")


async def search(connection: AsyncConnection, typed: str, *, limit: int, as_of: date) -> list[Result]:
    """Give at most `limit` results in force on a day, the best first; parcels first where sheet and number are named."""
    words = unicodedata.normalize("NFC", typed).strip()
    numbers = _read_numbers(words)
    if numbers is not None:
        return await _parcels(connection, numbers, limit, as_of)
    folded = fold(words)
    if not re.search(r"[a-z0-9]", folded):
        return []
    found = [one for short in _read_short(folded) for one in await _parcels(connection, short, limit, as_of)]
    found += _named_places(folded)
    rows = await read_async_statement("search/places").fetch(
        connection, words=_OF_A_STREET.sub("", folded), unit_words=_KIND_OF_UNIT.sub("", folded), as_of=as_of, most=limit
    )
    return [*found, *(_place(row) for row in rows)][:limit]


async def read_examples(connection: AsyncConnection) -> tuple[str | None, str | None]:
    """Give a parcel and an address that `search` finds: what to print where somebody does not know what to type."""
    row = await read_async_statement("search/examples").fetchrow(connection)
    return row["parcel"], row["address"]


def fold(text: str) -> str:
    """Fold letters as `admin.fold` does, punctuation kept: lower case, no tones, đ as d."""
    plain = unicodedata.normalize("NFD", text.lower())
    return "".join(char for char in plain if not unicodedata.combining(char)).replace("đ", "d")


def _read_numbers(words: str) -> _Numbers | None:
    code = ParcelCode.parse(words)
    if code.sheet is not None and code.number is not None:
        return _Numbers(code.sheet, code.number, None, code.unit_code, code.names_former)
    folded = fold(words)
    for pattern in _SPOKEN:
        if match := pattern.search(folded):
            unit = _KIND_OF_UNIT.sub("", match["unit"].strip()) if match["unit"] else None
            return _Numbers(match["sheet"], match["number"], unit)
    return None


def _read_short(folded: str) -> tuple[_Numbers, ...]:
    match = _SHORT.fullmatch(folded)
    if match is None:
        return ()
    one, other, unit = match.group("one", "other", "unit")
    unit = _KIND_OF_UNIT.sub("", unit)
    return (_Numbers(other, one, unit), _Numbers(one, other, unit)) if one != other else (_Numbers(one, other, unit),)


def _named_places(folded: str) -> list[Result]:
    """Give the places that every word typed begins a word of; a few letters alone are too little to mean one."""
    if len(folded) < _SHORTEST_NAME:
        return []
    typed = folded.split()
    return [
        Result(Found.PLACE, place.name, place.part_of, None, None, place.lon, place.lat, place.bbox)
        for place in PLACES
        if any(
            all(any(word.startswith(begun) for word in fold(name).split()) for begun in typed)
            for name in (place.name.vi, place.name.en, *place.aliases)
        )
    ]


async def _parcels(connection: AsyncConnection, numbers: _Numbers, limit: int, as_of: date) -> list[Result]:
    rows = await read_async_statement("search/parcels").fetch(
        connection,
        sheet=numbers.sheet,
        number=numbers.number,
        unit_name=numbers.unit,
        unit_code=numbers.unit_code,
        names_former=numbers.names_former,
        as_of=as_of,
        most=limit,
    )
    return [
        Result(
            Found.PARCEL,
            Text(f"Thửa {row['parcel_no']}, tờ {row['map_sheet']}", f"Parcel {row['parcel_no']}, sheet {row['map_sheet']}"),
            Text(f"{row['commune']} · {row['area_m2']:.0f} m²", f"{row['commune_en']} · {row['area_m2']:.0f} m²"),
            row["code"],
            None,
            row["lon"],
            row["lat"],
            tuple(row["bbox"]),
        )
        for row in rows
    ]


def _place(row: Any) -> Result:
    above = Text(row["above"], row["above_en"]) if row["above"] else None
    return Result(
        Found(row["kind"]),
        Text(row["label"], row["label_en"]),
        above,
        row["code"],
        row["level"],
        row["lon"],
        row["lat"],
        tuple(row["bbox"]),
    )
