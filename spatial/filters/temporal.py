"""The temporal half of CQL2 on legal days: an instant is one day, an interval two, an open end is infinite."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Date, and_, func, literal, literal_column, not_

from spatial.filters.terms import Kind, Scope, Term, expect, property_term, read_day, refuse

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
        FilterSyntaxError: not two ends, or an end that is no date.
    """
    if not (isinstance(ends, list) and len(ends) == 2):
        raise refuse("An INTERVAL has two ends.", "INTERVAL có hai đầu mút.")
    return Span(_end(scope, ends[0], "-infinity"), _end(scope, ends[1], "infinity"))


def _end(scope: Scope, node: Any, open_end: str) -> Day:
    if node == "..":
        return _infinite(open_end)
    if isinstance(node, dict) and "property" in node:
        day = expect(property_term(scope, str(node["property"])), Kind.DATE, "INTERVAL").sql
        return func.coalesce(day, _infinite(open_end))
    if isinstance(node, dict):
        node = node.get("date", node.get("timestamp"))
    return literal(read_day(node), Date)


def _infinite(open_end: str) -> Day:
    return literal_column(f"'{open_end}'::date", Date)
