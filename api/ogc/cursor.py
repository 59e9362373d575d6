"""The token of a next page: where it begins, in which state of the data, on which legal day. Opaque to clients."""

import base64
import json
from datetime import date
from typing import Any

from spatial.errors import InvalidInput
from spatial.features.query import Begin, SortKey
from spatial.layers import Layer


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
    except (ValueError, TypeError, RecursionError):
        raise _refusal() from None
    if not fits:
        raise _refusal()
    return begin, first_day


def _signature(layer: Layer, sort: tuple[SortKey, ...]) -> str:
    return ",".join((layer.name, *(f"{'-' if key.descending else ''}{key.column}" for key in sort)))


def _typed(layer: Layer, sort: tuple[SortKey, ...], values: Any) -> tuple[Any, ...]:
    if not isinstance(values, list) or len(values) != len(sort) + 1:
        raise ValueError(values)
    kinds = [layer.table.c[key.column].type.python_type for key in sort]
    return (*(_of_kind(kind, value) for kind, value in zip(kinds, values[:-1], strict=True)), _whole(values[-1]))


def _of_kind(kind: type, value: Any) -> Any:
    if value is None:
        return None
    if kind is date:
        return date.fromisoformat(value)
    if kind is float and type(value) in (int, float):
        return float(value)
    if kind is int:
        return _whole(value)
    if type(value) is not kind:
        raise ValueError(value)
    return value


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= abs(value) < 2**63:
        raise ValueError(value)
    return value


def _refusal() -> InvalidInput:
    return InvalidInput(
        "The parameter 'cursor' is not one that this collection and order gave. Begin again without it, or follow a 'next' link.",
        vi="Tham số 'cursor' không phải do bộ dữ liệu và thứ tự sắp xếp này cấp. Hãy bắt đầu lại không kèm cursor, "
        "hoặc đi theo liên kết 'next'.",
    )
