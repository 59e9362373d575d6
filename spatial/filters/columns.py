"""Which columns of a layer filters and orders may use, and how a value for one is written as plain text."""

import math
from datetime import date
from typing import Any

from sqlalchemy import Column

from spatial.errors import InvalidInput
from spatial.layers import KEY_COLUMN, Layer

_LONGEST_NUMBER = 40
_SIMPLE = (str, int, float, bool, date)


def is_queryable(layer: Layer, name: str) -> bool:
    """Say whether filters may use a column: the key and every public column of a simple type."""
    return name == KEY_COLUMN or any(column.name == name and kind_of(column) in _SIMPLE for column in layer.properties)


def is_sortable(layer: Layer, name: str) -> bool:
    """Say whether `sortby` may use a column."""
    return is_queryable(layer, name)


def kind_of(column: Column[Any]) -> type:
    """Give the Python type of a column's values."""
    return column.type.python_type


def read_value(column: Column[Any], text: str) -> Any:
    """Read a value for the column as a URL writes it, e.g. `land_use_code=ODT`, `storeys=5`.

    Raises:
        InvalidInput: the text is not of the column's type.
    """
    kind = kind_of(column)
    if kind is str:
        if "\0" in text:
            raise _mismatch(column, text, "text", "văn bản")
        return text
    if kind is bool:
        return _read_bool(column, text)
    if kind is date:
        return _read_date(column, text)
    return _read_number(column, text, whole=kind is int)


def _read_bool(column: Column[Any], text: str) -> bool:
    if text not in ("true", "false"):
        raise _mismatch(column, text, "true or false", "true hoặc false")
    return text == "true"


def _read_date(column: Column[Any], text: str) -> date:
    try:
        return date.fromisoformat(text[:10]) if len(text) == 10 else _raise(text)
    except ValueError:
        raise _mismatch(column, text, "a date like 2026-01-31", "ngày, ví dụ 2026-01-31") from None


def _raise(text: str) -> date:
    raise ValueError(text)


def _read_number(column: Column[Any], text: str, *, whole: bool) -> int | float:
    try:
        value: int | float = int(text) if whole and len(text) <= _LONGEST_NUMBER else float("nan" if whole else text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or "_" in text:
        raise _mismatch(column, text, *(("a whole number", "số nguyên") if whole else ("a number", "số")))
    return check_range(column, value)


def check_range(column: Column[Any], value: int | float) -> int | float:
    """Refuse a whole number that the column's type cannot hold; comparing with it would be an error in the database.

    Raises:
        InvalidInput: out of the range of PostgreSQL's type.
    """
    if isinstance(value, int) and not fits(column, value):
        bits = _bits(column)
        raise _mismatch(column, str(value), f"a whole number below 2^{bits}", f"số nguyên nhỏ hơn 2^{bits}")
    return value


def fits(column: Column[Any], value: int) -> bool:
    """Say whether the column's type can hold a whole number."""
    beyond: int = 2 ** _bits(column)
    return -beyond <= value < beyond


def _bits(column: Column[Any]) -> int:
    return 63 if "BIG" in str(column.type).upper() else 31


def _mismatch(column: Column[Any], text: str, wanted: str, can: str) -> InvalidInput:
    shown = text if len(text) <= 60 else text[:57] + "..."
    return InvalidInput(
        f"{column.name}='{shown}' does not fit: the property '{column.name}' holds {wanted}.",
        vi=f"{column.name}='{shown}' không phù hợp: thuộc tính '{column.name}' là {can}.",
    )
