"""What a filter compares: properties, literals and what is computed from them, each with its kind. No operators here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from enum import Enum
from typing import Any

from sqlalchemy import BigInteger, Boolean, ColumnElement, Date, Float, FromClause, Text, literal

from spatial import moments
from spatial.crs import Crs
from spatial.filters.columns import is_queryable, kind_of
from spatial.filters.sentences import refuse
from spatial.layers import GEOMETRY_COLUMN, Layer
from spatial.text_order import collation_of


class Kind(Enum):
    """What a term is; the value is its name in sentences, in English and Vietnamese."""

    TEXT = ("a text", "văn bản")
    NUMBER = ("a number", "số")
    BOOL = ("true or false", "đúng hoặc sai")
    DATE = ("a date", "ngày")
    GEOMETRY = ("a geometry", "hình học")


_KINDS: Mapping[type, Kind] = {str: Kind.TEXT, int: Kind.NUMBER, float: Kind.NUMBER, bool: Kind.BOOL, date: Kind.DATE}


@dataclass(frozen=True)
class Term:
    """A value in a filter.

    Attributes:
        is_literal: whether it is written in the filter itself.
        text: what is written there; of a geometry its type.
        collation: of a text, what `<` and `>` compare it by; None: code points.
    """

    kind: Kind
    sql: ColumnElement[Any]
    is_literal: bool = False
    text: str | None = None
    collation: str | None = None


@dataclass(frozen=True)
class Scope:
    """What a filter is walked against: the layer's declaration, the rows, the CRS its coordinates are in."""

    layer: Layer
    source: FromClause
    crs: Crs


def property_term(scope: Scope, name: str) -> Term:
    """Give the term of a property.

    Raises:
        FilterSyntaxError: the layer has no such queryable; the nearest is named.
    """
    if name in (GEOMETRY_COLUMN, "geometry"):
        return Term(Kind.GEOMETRY, scope.source.c[GEOMETRY_COLUMN])
    if not is_queryable(scope.layer, name):
        known = [column.name for column in scope.layer.table.columns if is_queryable(scope.layer, column.name)]
        near = get_close_matches(name, known, n=1, cutoff=0.5)
        hint, goi_y = (f" Did you mean '{near[0]}'?", f" Có phải '{near[0]}'?") if near else ("", "")
        raise refuse(
            f"The filter names '{name[:60]}', which '{scope.layer.name}' does not have.{hint} "
            f"Properties: {', '.join(known)}, {GEOMETRY_COLUMN}.",
            f"Bộ lọc dùng '{name[:60]}' mà lớp '{scope.layer.name}' không có.{goi_y} "
            f"Các thuộc tính: {', '.join(known)}, {GEOMETRY_COLUMN}.",
        )
    column = scope.layer.table.c[name]
    return Term(_KINDS[kind_of(column)], scope.source.c[name], collation=collation_of(column))


def literal_term(value: Any) -> Term | None:
    """Give the term of a plain value or a date, None where the node is neither."""
    if isinstance(value, bool):
        return Term(Kind.BOOL, literal(value, Boolean), True)
    if isinstance(value, int | float):
        return Term(Kind.NUMBER, _number(value), True)
    if isinstance(value, str):
        return Term(Kind.TEXT, literal(value, Text), True, value)
    if isinstance(value, dict) and value.keys() & {"date", "timestamp"}:
        text = value.get("date", value.get("timestamp"))
        return Term(Kind.DATE, literal(read_day(text), Date), True, str(text))
    return None


def _number(value: int | float) -> ColumnElement[Any]:
    """Bind whole numbers as such: comparing a column of whole numbers with a float would leave its index aside."""
    if float(value).is_integer() and abs(value) < 2**53:
        return literal(int(value), BigInteger)
    return literal(float(value), Float)


def read_day(text: Any) -> date:
    """Read a date, or a moment as its date in Vietnam: legal time has days.

    Raises:
        FilterSyntaxError: neither.
    """
    try:
        if not isinstance(text, str):
            raise ValueError(text)
        return moments.read_day(text)
    except ValueError:
        shown = str(text)[:40]
        raise refuse(
            f"'{shown}' is neither a date nor a moment. Write DATE('2026-01-31') or TIMESTAMP('2026-01-31T09:00:00Z').",
            f"'{shown}' không phải ngày hay thời điểm. Hãy viết DATE('2026-01-31') hoặc TIMESTAMP('2026-01-31T09:00:00Z').",
        ) from None


def matched(first: Term, other: Term) -> tuple[Term, Term]:
    """Bring two terms to one kind; a text literal beside a date is read as a date.

    Raises:
        FilterSyntaxError: the kinds do not fit.
    """
    if first.kind is other.kind:
        return first, other
    if first.kind is Kind.DATE and other.kind is Kind.TEXT and other.is_literal:
        return first, Term(Kind.DATE, literal(read_day(other.text), Date), True, other.text)
    if other.kind is Kind.DATE and first.kind is Kind.TEXT and first.is_literal:
        return Term(Kind.DATE, literal(read_day(first.text), Date), True, first.text), other
    raise refuse(
        f"The filter compares {first.kind.value[0]} with {other.kind.value[0]}. Compare like with like: texts stand in '...'.",
        f"Bộ lọc so sánh {first.kind.value[1]} với {other.kind.value[1]}. Hãy so sánh cùng kiểu: văn bản đặt trong '...'.",
    )


def expect(term: Term, kind: Kind, where: str) -> Term:
    """Give the term if it is of the kind.

    Raises:
        FilterSyntaxError: it is of another.
    """
    if term.kind is not kind:
        raise refuse(
            f"{where} needs {kind.value[0]}, not {term.kind.value[0]}.",
            f"{where} cần {kind.value[1]}, không phải {term.kind.value[1]}.",
        )
    return term
