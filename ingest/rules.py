"""The rules of the table, asked of the staged rows: what the database would refuse goes to quarantine, row by row.

The CHECK constraints and NOT NULLs come from the declaration of the table, so a rule is written once.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ColumnElement,
    Connection,
    Select,
    Table,
    case,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import array

from ingest.issues import Issue, IssueCode
from ingest.stage import ROW_NO
from spatial.tables.bands import Band

Conditions = dict[str, ColumnElement[bool]]

_PERIOD_RULE = "period_in_order"
_GEOMETRY_RULE = "geom_valid"
"""Held against every geometry by shapely before; asked again only when the database disagrees."""
_FILLED_BY_LOAD = frozenset({"id", "batch_id"})


def check_rules(connection: Connection, target: Table, stage: Table, *, with_geometry: bool = False) -> list[Issue]:
    """Find the staged rows that break a rule of the table.

    Args:
        connection: in the load's transaction.
        target: the table's declaration.
        stage: the staging table; its columns have the names of the table's.
        with_geometry: whether to ask PostGIS too whether the geometry is valid.
    """
    conditions: Conditions = {
        _rule_name(rule): ~literal_column(f"({rule.sqltext})")
        for rule in target.constraints
        if isinstance(rule, CheckConstraint) and (with_geometry or _GEOMETRY_RULE not in _rule_name(rule))
    }
    missing: Conditions = {column.name: stage.c[column.name].is_(None) for column in target.columns if _is_required(column)}
    if not conditions and not missing:
        return []
    bounded = {str(rule.name): target.columns[rule.info["column"]] for rule in target.constraints if "column" in rule.info}
    found = connection.execute(_broken(stage, conditions, missing))
    return [issue for no, broken, absent in found for issue in _issues_of(no, broken, absent, bounded)]


def _broken(stage: Table, conditions: Conditions, missing: Conditions) -> Select[Any]:
    broken = [case((condition, literal(name))) for name, condition in conditions.items()]
    absent = [case((condition, literal(name))) for name, condition in missing.items()]
    return select(stage.c[ROW_NO], array([*broken, literal(None)]), array([*absent, literal(None)])).where(
        or_(*conditions.values(), *missing.values())
    )


def _issues_of(
    row_no: int, broken: Sequence[str | None], absent: Sequence[str | None], bounded: Mapping[str, Column[Any]]
) -> list[Issue]:
    issues = [_absence(row_no, name) for name in absent if name]
    for name in broken:
        if name and name in bounded:
            issues.append(_beyond(row_no, bounded[name]))
        elif name:
            code = IssueCode.PERIOD_DISORDER if _PERIOD_RULE in name else IssueCode.VALUE_NOT_ALLOWED
            issues.append(Issue(code, row_no, detail=name))
    return issues


def _beyond(row_no: int, column: Column[Any]) -> Issue:
    """Say that a value lies beyond its column's band; not which, since the row may not be shown."""
    band: Band[Any] = column.info["band"]
    code = IssueCode.DATE_IMPLAUSIBLE if band.is_of_days else IssueCode.VALUE_IMPLAUSIBLE
    return Issue(code, row_no, column.name, detail=band.sentence)


def _absence(row_no: int, name: str) -> Issue:
    """Say what lacks; a geometry that came into staging and is not there had nothing to store (`admin.stored_geometry`)."""
    return Issue(IssueCode.GEOMETRY_VANISHES, row_no) if name == "geom" else Issue(IssueCode.VALUE_MISSING, row_no, column=name)


def _rule_name(rule: CheckConstraint) -> str:
    return str(rule.name)


def _is_required(column: Column[Any]) -> bool:
    if column.nullable or column.name in _FILLED_BY_LOAD or column.computed is not None or "derived" in column.info:
        return False
    return column.server_default is None
