"""The temporal half of CQL2 on legal days: an instant is one day, an interval two, an open end is infinite."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Date, and_, func, literal, literal_column, not_, type_coerce

from spatial.filters.sentences import refuse
from spatial.filters.terms import Kind, Scope, Term, expect, property_term, read_day

END_COLUMN = "valid_to"
"""The first day on which a row no longer holds. An interval's ends belong to it, so the last day of one is the day before."""
Day: TypeAlias = ColumnElement[Any]
Condition: TypeAlias = ColumnElement[bool]


@dataclass(frozen=True)
class Span:
    """From one day to another, both included."""

    first: Day
    last: Day


def _disjoint(a: Span, b: Span) -> Condition:
    return (a.last < b.first) | (a.first > b.last)


OPERATORS: Mapping[str, Callable[[Span, Span], Condition]] = {
    "t_after": lambda a, b: a.first > b.last,
    "t_before": lambda a, b: a.last < b.first,
    "t_contains": lambda a, b: and_(a.first < b.first, a.last > b.last),
    "t_disjoint": _disjoint,
    "t_during": lambda a, b: and_(a.first > b.first, a.last < b.last),
    "t_equals": lambda a, b: and_(a.first == b.first, a.last == b.last),
    "t_finishedby": lambda a, b: and_(a.first < b.first, a.last == b.last),
    "t_finishes": lambda a, b: and_(a.first > b.first, a.last == b.last),
    "t_intersects": lambda a, b: not_(_disjoint(a, b)),
    "t_meets": lambda a, b: a.last == b.first,
    "t_metby": lambda a, b: a.first == b.last,
    "t_overlappedby": lambda a, b: and_(a.first > b.first, a.first < b.last, a.last > b.last),
    "t_overlaps": lambda a, b: and_(a.first < b.first, a.last > b.first, a.last < b.last),
    "t_startedby": lambda a, b: and_(a.first == b.first, a.last > b.last),
    "t_starts": lambda a, b: and_(a.first == b.first, a.last < b.last),
}
"""Lower-case operator -> condition, as CQL2 defines it on the ends of both."""


def compare(operator: str, first: Span, second: Span) -> Condition:
    """Give the condition of a temporal operator."""
    return OPERATORS[operator](first, second)


def instant(term: Term) -> Span:
    """Take a date for the span of that day."""
    day = expect(term, Kind.DATE, "A temporal operator").sql
    return Span(day, day)


def interval(scope: Scope, ends: Any) -> Span:
    """Read INTERVAL(start, end): dates, moments, properties, or '..' for an open end.

    Raises:
        FilterSyntaxError: not two ends, an end that is no date, or an end before the start.
    """
    if not (isinstance(ends, list) and len(ends) == 2):
        raise refuse("An INTERVAL has two ends.", "INTERVAL có hai đầu mút.")
    first, last = (_written_day(end) for end in ends)
    if first and last and last < first:
        raise refuse(
            f"An INTERVAL of the filter ends ({last}) before it begins ({first}). Swap the two.",
            f"INTERVAL trong bộ lọc kết thúc ({last}) trước khi bắt đầu ({first}). Hãy đổi chỗ hai đầu mút.",
        )
    return Span(
        _literal(first) if first else _open_or_property(scope, ends[0], "-infinity"),
        _literal(last) if last else _open_or_property(scope, ends[1], "infinity"),
    )


def _written_day(node: Any) -> date | None:
    """Read an end that is written in the filter; None for a property and for an open end."""
    if node == ".." or (isinstance(node, dict) and "property" in node):
        return None
    return read_day(node.get("date", node.get("timestamp")) if isinstance(node, dict) else node)


def _open_or_property(scope: Scope, node: Any, open_end: str) -> Day:
    infinite = literal_column(f"'{open_end}'::date", Date)
    if node == "..":
        return infinite
    name = str(node["property"])
    day: Day = expect(property_term(scope, name), Kind.DATE, "INTERVAL").sql
    if name == END_COLUMN and open_end == "infinity":
        day = type_coerce(day.op("-")(literal_column("1")), Date)
    return func.coalesce(day, infinite)


def _literal(day: date) -> Day:
    return literal(day, Date)
