"""The parameters that several resources share, text to value: one function each, refusing what it does not understand.

What a value means against a layer is asked elsewhere; this is only how it is written.
"""

import math
from collections.abc import Collection
from datetime import date, datetime
from difflib import get_close_matches

from starlette.datastructures import QueryParams

from spatial.area import fault_of
from spatial.crs import CRS84, Crs, parse_crs
from spatial.errors import InvalidInput, UnknownParameter
from spatial.moments import read_day, read_moment
from spatial.selection import Bbox, LegalPeriod


def refuse_unknown(query: QueryParams, allowed: Collection[str]) -> None:
    """Refuse parameters that the resource does not have, any given twice, and the character that no text in a database may hold.

    Raises:
        UnknownParameter: one is unknown; the message names the nearest that exists.
        InvalidInput: one is given more than once, or holds U+0000.
    """
    for name, value in query.multi_items():
        if name not in allowed:
            raise _unknown(name, allowed)
        if "\0" in value:
            raise InvalidInput(
                f"{name} holds the character U+0000, which no value can. Leave it out.",
                vi=f"{name} có ký tự U+0000, không giá trị nào được chứa ký tự này. Hãy bỏ đi.",
            )
        if len(query.getlist(name)) > 1:
            raise InvalidInput(
                f"Parameter '{_shown(name)}' is given more than once. Give it once.",
                vi=f"Tham số '{_shown(name)}' xuất hiện nhiều lần. Hãy chỉ đưa một lần.",
            )


def _unknown(name: str, allowed: Collection[str]) -> UnknownParameter:
    near = get_close_matches(name.lower(), sorted(allowed), n=1, cutoff=0.5)
    names = ", ".join(sorted(allowed)) or "-"
    if near:
        return UnknownParameter(
            f"There is no parameter '{_shown(name)}' here. Did you mean '{near[0]}'? Parameters: {names}.",
            vi=f"Ở đây không có tham số '{_shown(name)}'. Có phải '{near[0]}'? Các tham số: {names}.",
        )
    return UnknownParameter(
        f"There is no parameter '{_shown(name)}' here. Parameters: {names}.",
        vi=f"Ở đây không có tham số '{_shown(name)}'. Các tham số: {names}.",
    )


def parse_limit(text: str | None, *, default: int, maximum: int) -> int:
    """Read `limit`. A number above the maximum means the maximum, as OGC API Features has it.

    Raises:
        InvalidInput: not a whole number from 1.
    """
    return default if text is None else min(parse_whole("limit", text, minimum=1), maximum)


def parse_whole(name: str, text: str, *, minimum: int = 0, maximum: int = 2**31 - 1) -> int:
    """Read a whole number in a range, plain digits only.

    Raises:
        InvalidInput: not plain digits, or out of the range.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= 12 and minimum <= int(text)):
        raise InvalidInput(
            f"{name}='{_shown(text)}' is not a whole number from {minimum}. Example: {name}={max(minimum, 10)}.",
            vi=f"{name}='{_shown(text)}' không phải số nguyên từ {minimum} trở lên. Ví dụ: {name}={max(minimum, 10)}.",
        )
    if int(text) > maximum and name != "limit":
        raise InvalidInput(
            f"{name}={text} is above {maximum}. Use a smaller number.",
            vi=f"{name}={text} lớn hơn {maximum}. Hãy dùng số nhỏ hơn.",
        )
    return int(text)


def parse_bbox(text: str | None, crs: Crs = CRS84) -> Bbox | None:
    """Read `bbox`: 4 numbers, or 6 whose heights are ignored since the layers are flat; in the axis order of `crs`.

    Raises:
        InvalidInput: another count, not finite numbers, minimum above maximum, or degrees out of range.
    """
    if text is None:
        return None
    numbers = _numbers(text)
    if len(numbers) not in (4, 6):
        raise _bad_bbox(text, f"it has {len(numbers)} numbers", f"có {len(numbers)} số")
    half = len(numbers) // 2
    (first_min, second_min), (first_max, second_max) = numbers[:2], numbers[half : half + 2]
    if crs.north_first:
        box = Bbox(second_min, first_min, second_max, first_max, crs)
    else:
        box = Bbox(first_min, second_min, first_max, second_max, crs)
    fault = fault_of(box)
    if fault:
        raise _bad_bbox(text, *fault)
    return box


def _numbers(text: str) -> list[float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        raise _bad_bbox(text, "it is not made of numbers", "không phải toàn số") from None
    if not all(math.isfinite(number) for number in numbers):
        raise _bad_bbox(text, "a number is not finite", "có số không hữu hạn")
    return numbers


def _bad_bbox(text: str, fault: str, loi: str) -> InvalidInput:
    return InvalidInput(
        f"bbox='{_shown(text)}' cannot be read: {fault}. Give west,south,east,north, e.g. bbox=105.8,20.9,105.9,21.1.",
        vi=f"bbox='{_shown(text)}' không đọc được: {loi}. Hãy đưa tây,nam,đông,bắc, ví dụ bbox=105.8,20.9,105.9,21.1.",
    )


def parse_crs_parameter(text: str | None) -> Crs:
    """Read `crs` or `bbox-crs`; CRS84 where it is absent.

    Raises:
        UnknownCrs: not a system that dothi offers.
    """
    return CRS84 if text is None else parse_crs(text)


def parse_datetime(text: str | None, *, today: date) -> LegalPeriod:
    """Read `datetime`: an instant, or an interval with `/` whose open ends are `..` or empty; absent means today.

    Legal time has days: a moment counts as its date in Vietnam.

    Raises:
        InvalidInput: not RFC 3339, or the end before the start.
    """
    if text is None:
        return LegalPeriod.on(today)
    ends = text.split("/")
    if len(ends) == 1:
        return LegalPeriod.on(_parse_end(text, text))
    if len(ends) > 2:
        raise _bad_datetime(text)
    start, end = (None if part in ("", "..") else _parse_end(part, text) for part in ends)
    if start and end and end < start:
        raise InvalidInput(
            f"datetime='{_shown(text)}' ends before it begins. Swap the two dates.",
            vi=f"datetime='{_shown(text)}' kết thúc trước khi bắt đầu. Hãy đổi chỗ hai ngày.",
        )
    return LegalPeriod(start, end)


def parse_date(name: str, text: str) -> date:
    """Read one legal date, or a moment as its date in Vietnam.

    Raises:
        InvalidInput: not RFC 3339.
    """
    try:
        return read_day(text)
    except ValueError:
        raise InvalidInput(
            f"{name}='{_shown(text)}' is not a date. Write it like {name}=2026-01-31.",
            vi=f"{name}='{_shown(text)}' không phải ngày. Hãy viết như {name}=2026-01-31.",
        ) from None


def parse_known_at(text: str | None) -> datetime | None:
    """Read `known_at`: a moment with its offset, or a bare date for the end of that day in Vietnam; None where it is absent.

    Raises:
        InvalidInput: neither. Whether it is past, the database says (`api.pool.settle`).
    """
    if text is None:
        return None
    try:
        return read_moment(text)
    except ValueError:
        raise InvalidInput(
            f"known_at='{_shown(text)}' is not a moment with its offset. Write it like known_at=2026-01-31T09:00:00Z, "
            "or known_at=2026-01-31 for the end of that day in Vietnam.",
            vi=f"known_at='{_shown(text)}' không phải thời điểm có múi giờ. Hãy viết như known_at=2026-01-31T09:00:00%2B07:00, "
            "hoặc known_at=2026-01-31 để lấy cuối ngày đó theo giờ Việt Nam.",
        ) from None


def _parse_end(part: str, text: str) -> date:
    try:
        return read_day(part)
    except ValueError:
        raise _bad_datetime(text) from None


def _bad_datetime(text: str) -> InvalidInput:
    return InvalidInput(
        f"datetime='{_shown(text)}' cannot be read. Examples: 2026-01-31, 2025-07-01/2026-06-30, 2025-07-01/.., ../..",
        vi=f"datetime='{_shown(text)}' không đọc được. Ví dụ: 2026-01-31, 2025-07-01/2026-06-30, 2025-07-01/.., ../..",
    )


def _shown(text: str) -> str:
    """Shorten what the client wrote, for showing it back."""
    printable = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    return printable if len(printable) <= 60 else printable[:57] + "..."
