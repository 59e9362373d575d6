"""The token of a next page: where it begins, in which state of the data, on which legal day. Opaque to clients."""

import base64
import json
import re
from datetime import date
from typing import Any

from sqlalchemy import Column

from spatial.errors import InvalidInput
from spatial.features.query import Begin, SortKey
from spatial.filters import fits
from spatial.layers import KEY_COLUMN, Layer

_DAY = re.compile(r"(?P<year>[0-9]{4,7})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})(?P<before> BC)?|-?infinity")


def write_cursor(layer: Layer, sort: tuple[SortKey, ...], begin: Begin, day: date | None) -> str:
    """Write the token.

    Args:
        layer: the layer paged through.
        sort: the order of the pages.
        begin: where the next page begins.
        day: what `in force today` meant on the first page; None where `datetime` was given.
    """
    values = [value.isoformat() if isinstance(value, date) else value for value in begin.values]
    content = [_signature(layer, sort), begin.version, day.isoformat() if day else None, values]
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(layer: Layer, sort: tuple[SortKey, ...], text: str) -> tuple[Begin, date | None]:
    """Read a token back.

    Raises:
        InvalidInput: it is not one, or belongs to another collection or order.
    """
    try:
        content = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        signature, version, day, values = content
        begin = Begin(_typed(layer, sort, values), _whole(version))
        fits = signature == _signature(layer, sort)
        first_day = None if day is None else date.fromisoformat(day)
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise _refusal() from None
    if not fits:
        raise _refusal()
    return begin, first_day


def _signature(layer: Layer, sort: tuple[SortKey, ...]) -> str:
    return ",".join((layer.name, *(f"{'-' if key.descending else ''}{key.column}" for key in sort)))


def _typed(layer: Layer, sort: tuple[SortKey, ...], values: Any) -> tuple[Any, ...]:
    if not isinstance(values, list) or len(values) != len(sort) + 1:
        raise ValueError(values)
    columns = [layer.table.c[key.column] for key in (*sort, SortKey(KEY_COLUMN))]
    found = tuple(_of_column(column, value) for column, value in zip(columns, values, strict=True))
    if found[-1] is None:
        raise ValueError(values)
    return found


def _of_column(column: Column[Any], value: Any) -> Any:
    """Give the value as the database takes it for the column: of its type, in its range, without characters that no text has."""
    kind = column.type.python_type
    if value is None or (type(value) is bool and kind is bool):
        return value
    if kind is date:
        return _day(value)
    if kind is float and type(value) in (int, float):
        return float(value)
    if kind is int and type(value) is int and fits(column, value):
        return value
    if kind is str and type(value) is str and "\0" not in value:
        value.encode()  # refuses half a pair of surrogates
        return value
    raise ValueError(value)


def _day(text: str) -> str:
    """Give a day as PostgreSQL writes it, also one that no calendar of Python has; the Gregorian one repeats after 400 years.

    Raises:
        ValueError: there is no such day, or the database holds none so far away.
    """
    found = _DAY.fullmatch(text)
    if found is None:
        raise ValueError(text)
    if found["year"]:
        year = 1 - int(found["year"]) if found["before"] else int(found["year"])
        if int(found["year"]) == 0 or not -4_712 <= year <= 5_874_897:
            raise ValueError(text)
        date(2000 + year % 400, int(found["month"]), int(found["day"]))
    return text


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**63:
        raise ValueError(value)
    return value


def _refusal() -> InvalidInput:
    return InvalidInput(
        "The parameter 'cursor' is not one that this collection and order gave. Begin again without it, or follow a 'next' link.",
        vi="Tham số 'cursor' không phải do bộ dữ liệu và thứ tự sắp xếp này cấp. Hãy bắt đầu lại không kèm cursor, "
        "hoặc đi theo liên kết 'next'.",
    )
