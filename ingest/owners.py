"""Personal and unknown columns of published rows, from staging into `private`. Nothing here touches a public table.

No statement is asked first whether it would find a row: for the first row of an answer the planner walks loops, which over
half a million staged rows never ends. One that finds none wakes no trigger that writes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Subquery,
    Table,
    cast,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from ingest.columns import OTHER_PERSONAL, ColumnPlan
from ingest.prepare import personal_names
from ingest.publish import Publication
from ingest.stage import ROW_NO, shadow
from spatial.tables import ParcelOwner, PermitApplicant
from spatial.tables.base import table_of


@dataclass(frozen=True)
class PersonalTable:
    """Where the personal columns of a layer go."""

    table: Table
    key: str
    targets: tuple[str, ...]


PERSONAL_TABLES = {
    "parcels": PersonalTable(table_of(ParcelOwner), "parcel_id", ("owner_name", "owner_address", "owner_id_number")),
    "permits": PersonalTable(table_of(PermitApplicant), "permit_id", ("applicant_name", "applicant_address")),
}
"""Layers whose personal and unknown columns are kept for each row; other layers keep them in quarantine only."""


@dataclass(frozen=True)
class PersonalRows:
    """What is staged, and which of its rows were there already.

    Attributes:
        stage: staging table of the public columns, with the ids.
        staged: staging table of the personal columns.
        publications: the publishings whose matches tell which rows were there already.
        batch_id: the batch.
    """

    stage: Table
    staged: Table
    publications: Sequence[Publication]
    batch_id: int


def publish_personal(connection: Connection, personal: PersonalTable, plan: ColumnPlan, rows: PersonalRows) -> set[int]:
    """Bring the personal table to what is staged.

    Returns:
        Row numbers of rows that were there already, the same, but for their personal columns.
    """
    values = _values(personal, plan, rows.staged)
    stated = (
        select(rows.stage.c[ROW_NO], rows.stage.c.id.label(personal.key), *[value.label(name) for name, value in values.items()])
        .join(rows.staged, rows.staged.c[ROW_NO] == rows.stage.c[ROW_NO])
        .subquery("stated")
    )
    any_matched = any(connection.scalar(select(select(one.match.c.id).exists())) for one in rows.publications)
    also = _correct(connection, shadow(personal.table), personal.key, values, stated, rows) if any_matched else set()
    _insert(connection, shadow(personal.table), personal.key, values, stated, rows.batch_id, any_matched=any_matched)
    return also


def carry_over(connection: Connection, personal: PersonalTable, stage: Table, publication: Publication, batch_id: int) -> None:
    """Give a row that began a new legal period the personal data of the old one, where the load states none."""
    target, match = shadow(personal.table), publication.match
    if not connection.scalar(select(select(match.c.id).where(match.c.begins_anew).exists())):
        return
    named = target.alias("named")
    names = [column.name for column in target.columns if column.name not in ("id", personal.key, "batch_id")]
    rows = (
        select(stage.c.id, *[target.c[name] for name in names], literal(batch_id))
        .join(match, match.c[ROW_NO] == stage.c[ROW_NO])
        .join(target, target.c[personal.key] == match.c.id)
        .where(match.c.begins_anew, ~select(named.c.id).where(named.c[personal.key] == stage.c.id).exists())
    )
    connection.execute(insert(target).from_select([personal.key, *names, "batch_id"], rows, include_defaults=False))


def _correct(
    connection: Connection, target: Table, key: str, values: Mapping[str, Any], stated: Subquery, rows: PersonalRows
) -> set[int]:
    """Correct what differs, and name the rows that were the same but for this, or had nothing here yet."""
    same_row = target.c[key] == stated.c[key]
    differs = or_(*[target.c[name].is_distinct_from(stated.c[name]) for name in values])
    matched = union_all(
        *[select(one.match.c[ROW_NO]).where(one.match.c.differs.is_(False)) for one in rows.publications]
    ).subquery("matched")
    was_same = stated.c[ROW_NO].in_(select(matched.c[ROW_NO]))
    also = set(
        connection.scalars(select(stated.c[ROW_NO]).where(was_same, _says_anything(values, stated), ~_is_there(target, same_row)))
    )
    also |= set(connection.scalars(select(stated.c[ROW_NO]).join(target, same_row).where(was_same, differs)))
    corrected = {name: stated.c[name] for name in values}
    connection.execute(update(target).values(batch_id=rows.batch_id, **corrected).where(same_row, differs))
    return also


def _insert(
    connection: Connection,
    target: Table,
    key: str,
    values: Mapping[str, Any],
    stated: Subquery,
    batch_id: int,
    *,
    any_matched: bool,
) -> None:
    """Insert what is not there; where no row of the load was there before, nothing need be looked up."""
    wanted = [_says_anything(values, stated)]
    if any_matched:
        wanted.append(~_is_there(target, target.c[key] == stated.c[key]))
    new = select(stated.c[key], *[stated.c[name] for name in values], literal(batch_id)).where(*wanted)
    connection.execute(insert(target).from_select([key, *values, "batch_id"], new, include_defaults=False))


def _says_anything(values: Mapping[str, Any], stated: Subquery) -> ColumnElement[bool]:
    return or_(*[stated.c[name].is_not(None) for name in values])


def _is_there(target: Table, same_row: ColumnElement[bool]) -> ColumnElement[bool]:
    return select(target.c.id).where(same_row).exists()


def _values(personal: PersonalTable, plan: ColumnPlan, staged: Table) -> dict[str, Any]:
    """Give target -> expression; the first column of a meaning fills its target, all others go into `other` by name."""
    values: dict[str, Any] = {}
    others: list[Any] = []
    for position, name in enumerate(personal_names(plan)):
        column: Column[Any] = staged.c[f"p{position}"]
        target = plan.personal.get(name, OTHER_PERSONAL)
        if target in personal.targets and target not in values:
            values[target] = func.nullif(func.btrim(column), "")
        else:
            others += [literal(name), column]
    if others:
        gathered = func.jsonb_strip_nulls(func.jsonb_build_object(*others))
        values["other"] = func.nullif(gathered, cast(text("'{}'"), JSONB))
    return values
