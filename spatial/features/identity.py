"""From a public code to the feature that it means at a date, also after the code was given up."""

from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Any, Protocol

from sqlalchemy import BigInteger, Date, Select, Text, and_, bindparam, case, column, or_, select, table

from spatial.compiled import Statement
from spatial.layers import Layer
from spatial.publish import history_name
from spatial.tables import Parcel, ParcelLineage, Unit, UnitChange


class Fetches(Protocol):
    """What is needed of an asyncpg connection."""

    async def fetch(self, query: str, *args: Any) -> Sequence[Any]:
        """Run a statement and give its rows."""


async def find_by_code(connection: Fetches, layer: Layer, code: str, day: date) -> list[int]:
    """Give the ids of the features that a code means on a legal day; none where no feature ever had it.

    In this order: the feature in force then under this code; what the code became (recorded mergers, splits, renumberings); a
    feature whose code was corrected since; the feature of this code in its latest other period.
    """
    if "\0" in code:
        return []
    values = {"code": code, "day": day}
    for statement in (_in_force(layer), _successors(layer), _corrected(layer), _latest(layer)):
        if statement is None:
            continue
        rows = await connection.fetch(statement.sql, *statement.arguments(values))
        if rows:
            return [row["id"] for row in rows]
    return []


_CODE = bindparam("code", type_=Text)
_DAY = bindparam("day", type_=Date)


@cache
def _in_force(layer: Layer) -> Statement:
    rows = layer.table.c
    return Statement.of(select(rows.id).where(rows.code == _CODE, *_valid_on(rows)).order_by(rows.id))


def _valid_on(rows: Any) -> tuple[Any, ...]:
    return rows.valid_from <= _DAY, or_(rows.valid_to.is_(None), rows.valid_to > _DAY)


@cache
def _successors(layer: Layer) -> Statement | None:
    """Follow recorded changes up to the day; a cycle ends the walk."""
    edges: Select[str, str]
    if layer.model is Parcel:
        edges = select(ParcelLineage.from_code, ParcelLineage.to_code).where(
            or_(ParcelLineage.changed_on.is_(None), ParcelLineage.changed_on <= _DAY)
        )
    elif layer.model is Unit:
        edges = select(UnitChange.from_code, UnitChange.to_code).where(UnitChange.changed_on <= _DAY)
    else:
        return None
    return Statement.of(_walk(layer, edges))


def _walk(layer: Layer, edges: Select[str, str]) -> Select[Any]:
    edge = edges.subquery("edge")
    reached = select(edge.c.to_code.label("code")).where(edge.c.from_code == _CODE).cte("reached", recursive=True)
    reached = reached.union(select(edge.c.to_code).join(reached, edge.c.from_code == reached.c.code))
    rows = layer.table.c
    return select(rows.id).where(rows.code.in_(select(reached.c.code)), *_valid_on(rows)).order_by(rows.id)


@cache
def _corrected(layer: Layer) -> Statement:
    """Find rows that had the code before a correction; the id stayed."""
    history = table(history_name(layer), column("id", BigInteger), column("code", Text), schema="history")
    rows = layer.table.c
    had = select(history.c.id).where(history.c.code == _CODE)
    return Statement.of(select(rows.id).where(and_(rows.id.in_(had), rows.code != _CODE)).order_by(rows.id))


@cache
def _latest(layer: Layer) -> Statement:
    rows = layer.table.c
    begun = case((rows.valid_from <= _DAY, 0), else_=1)
    return Statement.of(select(rows.id).where(rows.code == _CODE).order_by(begun, rows.valid_from.desc()).limit(1))
