"""From what was asked to the place it means: a point, a parcel code in any form, an address. Never guesses between two."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from spatial.compiled import AsyncConnection
from spatial.errors import Ambiguous, NotFound
from spatial.layers import Text
from spatial.lookup.measure import finite
from spatial.lookup.model import LandUse, Parcel, Question, Subject, Unit
from spatial.lookup.sources import statement
from spatial.lookup.words import vi_day

MOST_CANDIDATES = 20

_DOTTED = re.compile(r"(\d{5})\.(?:(\d{5})\.)?([^.\s]+)\.([^.\s]+)")
_SLASHED = re.compile(r"(\d{5})/(?:(\d{5})/)?([^/\s]+)/([^/\s]+)")
_NATIONAL_ID = re.compile(r"\d{12}")


@dataclass(frozen=True)
class Known:
    """What the data read from are: their version, and when it was committed (None where nothing was ever written)."""

    version: int
    at: datetime | None


@dataclass(frozen=True)
class ParcelCode:
    """A parcel code by its parts, as far as it has them.

    Attributes:
        unit_code: the former commune where `names_former`, else a commune of today or of before.
    """

    code: str
    national_id: str | None = None
    unit_code: str | None = None
    sheet: str | None = None
    number: str | None = None
    names_former: bool = False

    @classmethod
    def parse(cls, typed: str) -> "ParcelCode":
        """Read commune.former-commune.sheet.number or commune.sheet.number, with dots or slashes, or a national identifier."""
        code = unicodedata.normalize("NFC", typed).strip()
        if _NATIONAL_ID.fullmatch(code):
            return cls(code, national_id=code)
        parts = _DOTTED.fullmatch(code) or _SLASHED.fullmatch(code)
        if parts is None:
            return cls(code)
        unit, former, sheet, number = parts.groups()
        dotted = ".".join(part for part in parts.groups() if part is not None)
        return cls(dotted, unit_code=former or unit, sheet=sheet, number=number, names_former=former is not None)

    @property
    def has_form(self) -> bool:
        """Whether the text can be a code at all."""
        return self.national_id is not None or self.sheet is not None


async def find_subject(connection: AsyncConnection, question: Question, version: int | None) -> tuple[Subject, Known]:
    """Find the place that the question means; with it what the data read from are.

    Raises:
        NotFound: no such parcel or address, or a point that is certainly outside the country.
        Ambiguous: several fit.
    """
    if question.parcel is not None:
        return await _by_code(connection, question, ParcelCode.parse(question.parcel), version)
    if question.text is not None:
        return await _by_text(connection, question, question.text, version)
    assert question.lon is not None
    assert question.lat is not None
    return await _at_point(connection, question, question.lon, question.lat, version)


async def _at_point(
    connection: AsyncConnection, question: Question, lon: float, lat: float, version: int | None, address: str | None = None
) -> tuple[Subject, Known]:
    row = await statement("parcels_at_point", "subject", then=version is not None).fetchrow(
        connection, lon=lon, lat=lat, as_of=question.as_of, version=version
    )
    if not row["in_country"]:
        raise NotFound(
            f"The point {lon:.6f}, {lat:.6f} is outside Vietnam. Give longitude and latitude in degrees, lon=105.85&lat=21.03.",
            vi=f"Điểm {lon:.6f}, {lat:.6f} nằm ngoài lãnh thổ Việt Nam. Hãy nhập kinh độ và vĩ độ, ví dụ lon=105.85&lat=21.03.",
        )
    parcels = [read_parcel(parcel) for parcel in row["parcels"] or []]
    subject = Subject(
        parcel=parcels[0] if parcels else None,
        lon=lon,
        lat=lat,
        commune=_unit(row["commune"]) if row["commune"] else None,
        address=address,
        other_parcels=tuple(parcel.code for parcel in parcels[1:]),
    )
    return subject, _known(row)


async def _by_code(
    connection: AsyncConnection, question: Question, code: ParcelCode, version: int | None, address: str | None = None
) -> tuple[Subject, Known]:
    row = await statement("parcels_by_code", "subject", then=version is not None).fetchrow(
        connection,
        code=code.code,
        national_id=code.national_id,
        unit_code=code.unit_code,
        sheet=code.sheet,
        number=code.number,
        names_former=code.names_former,
        as_of=question.as_of,
        lon=None,
        lat=None,
        version=version,
    )
    found = row["parcels"] or []
    if not found:
        raise _no_such_parcel(code)
    if len(found) > 1:
        raise _several(code.code, [{"parcel": one["code"], "label": _label(one)} for one in found])
    if not found[0]["in_force"]:
        raise await _not_in_force(connection, question, found[0])
    return Subject(parcel=read_parcel(found[0]), address=address), _known(row)


async def _by_text(connection: AsyncConnection, question: Question, typed: str, version: int | None) -> tuple[Subject, Known]:
    code = ParcelCode.parse(typed)
    if code.has_form:
        return await _by_code(connection, question, code, version)
    rows = await statement("addresses", then=version is not None).fetch(
        connection, text=unicodedata.normalize("NFC", typed), as_of=question.as_of, most=MOST_CANDIDATES, version=version
    )
    places = {row["parcel_code"] or (row["lon"], row["lat"]): row for row in rows}
    if not places:
        raise NotFound(
            f"No address fits '{_shown(typed)}'. Write house number and street, or give a parcel code (parcel=...).",
            vi=f"Không tìm thấy địa chỉ '{_shown(typed)}'. Hãy nhập số nhà và tên đường, hoặc mã thửa đất.",
        )
    if len(places) > 1:
        raise _several(typed, [_address_candidate(row) for row in list(places.values())[:MOST_CANDIDATES]])
    row = next(iter(places.values()))
    if row["parcel_code"]:
        try:
            return await _by_code(connection, question, ParcelCode.parse(row["parcel_code"]), version, row["address"])
        except NotFound:  # the address outlived its parcel's code: what stands at its point today answers
            pass
    return await _at_point(connection, question, row["lon"], row["lat"], version, row["address"])


def _address_candidate(row: Mapping[str, Any]) -> dict[str, Any]:
    candidate = {"label": row["address"], "lon": row["lon"], "lat": row["lat"]}
    return {**candidate, "parcel": row["parcel_code"]} if row["parcel_code"] else candidate


def _known(row: Mapping[str, Any]) -> Known:
    return Known(row["data_version"], row["known_at"])


def _no_such_parcel(code: ParcelCode) -> NotFound:
    shown = _shown(code.code)
    if not code.has_form:
        return NotFound(
            f"'{shown}' is not a parcel code. Write commune.former-commune.sheet.number or commune.sheet.number: 09706.12.34.",
            vi=f"'{shown}' không phải mã thửa đất. Hãy viết xã.xã cũ.tờ.thửa hoặc xã.tờ.thửa, ví dụ 09706.12.34.",
        )
    return NotFound(
        f"There is no parcel '{shown}' in the data. Check commune, sheet and number, or click the parcel on the map.",
        vi=f"Không có thửa đất '{shown}' trong dữ liệu. Hãy kiểm tra mã xã, số tờ, số thửa, hoặc chọn thửa trên bản đồ.",
    )


def _several(asked: str, candidates: list[dict[str, Any]]) -> Ambiguous:
    labels = "; ".join(str(one["label"]) for one in candidates[:5]) + ("; ..." if len(candidates) > 5 else "")
    return Ambiguous(
        f"'{_shown(asked)}' fits several: {labels}. Ask for one of the candidates.",
        vi=f"'{_shown(asked)}' có nhiều kết quả: {labels}. Hãy chọn một kết quả.",
        candidates=candidates,
    )


async def _not_in_force(connection: AsyncConnection, question: Question, parcel: Mapping[str, Any]) -> NotFound:
    code, day = parcel["code"], question.as_of.isoformat()
    today_vi = vi_day(day)
    if parcel["valid_from"] > day:
        return NotFound(
            f"Parcel {code} exists only from {parcel['valid_from']} on, not yet on {day}. Ask with a later as_of.",
            vi=f"Thửa {code} chỉ có từ ngày {vi_day(parcel['valid_from'])}, chưa có vào ngày {today_vi}. Hãy chọn ngày muộn hơn.",
        )
    rows = await statement("successors").fetch(connection, code=code)
    became = ", ".join(row["to_code"] for row in rows)
    return NotFound(
        f"Parcel {code} existed until {parcel['valid_to']}, not on {day}."
        + (f" It became {became}." if became else " Ask with an earlier as_of, or by a point on the map."),
        vi=f"Thửa {code} chỉ có đến ngày {vi_day(parcel['valid_to'])}, không còn vào ngày {today_vi}."
        + (f" Thửa này đã thành {became}." if became else " Hãy chọn ngày sớm hơn, hoặc chọn điểm trên bản đồ."),
    )


def read_parcel(row: Mapping[str, Any]) -> Parcel:
    """Read a parcel as the statement's JSON has it."""
    return Parcel(
        code=row["code"],
        national_id=row["national_id"],
        commune=_unit(row["commune"]) if row["commune"] else Unit(row["commune_code"], None),
        former_commune_code=row["former_commune_code"],
        map_sheet=row["map_sheet"],
        parcel_no=row["parcel_no"],
        area_m2=finite(row["area_m2"]),
        area_srid=row["area_srid"],
        area_official_m2=finite(row["area_official_m2"]),
        land_use=tuple(_land_use(use) for use in row["land_use"] or []),
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        geometry=row["geometry"],
        shape=bytes.fromhex(row["shape"]),
        is_sample=bool(row["is_sample"]),
    )


def _land_use(use: Mapping[str, Any]) -> LandUse:
    return LandUse(use["code"], text_of(use["name"], use["name_en"]), use["text"], finite(use["area_m2"]))


def _unit(unit: Mapping[str, Any]) -> Unit:
    return Unit(unit["code"], text_of(unit["name"], unit["name_en"]), unit.get("boundary_quality"))


def text_of(vi: str | None, en: str | None) -> Text | None:
    """Give a text of the data in both languages; where English is missing the Vietnamese stands."""
    return None if vi is None else Text(vi, en or vi)


def _label(parcel: Mapping[str, Any]) -> str:
    commune = parcel["commune"]["name"] if parcel["commune"] else parcel["commune_code"]
    return f"{parcel['code']} ({commune})"


def _shown(typed: str) -> str:
    printable = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in typed)
    return printable if len(printable) <= 60 else printable[:57] + "..."
