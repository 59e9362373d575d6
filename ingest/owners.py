"""Personal and unknown columns of published rows, from staging into `private`. Nothing here touches a public table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Table, and_, cast, func, insert, literal, or_, select, text, union_all, update
from sqlalchemy.dialects.postgresql import JSONB

from ingest.columns import OTHER_PERSONAL, ColumnPlan
from ingest.prepare import personal_names
from ingest.publish import Publication
from ingest.stage import ROW_NO, shadow
from spatial.tables import ParcelOwner, PermitApplicant


@dataclass(frozen=True)
class PersonalTable:
    """Where the personal columns of a layer go."""

    table: Table
    key: str
    targets: tuple[str, ...]


def _table(model: Any) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table


PERSONAL_TABLES = {
    "parcels": PersonalTable(_table(ParcelOwner), "parcel_id", ("owner_name", "owner_address", "owner_id_number")),
    "permits": PersonalTable(_table(PermitApplicant), "permit_id", ("applicant_name", "applicant_address")),
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
    target, values = shadow(personal.table), _values(personal, plan, rows.staged)
    stated = (
        select(rows.stage.c[ROW_NO], rows.stage.c.id.label(personal.key), *[value.label(name) for name, value in values.items()])
        .join(rows.staged, rows.staged.c[ROW_NO] == rows.stage.c[ROW_NO])
        .subquery("stated")
    )
    same_row = target.c[personal.key] == stated.c[personal.key]
    differs = or_(*[target.c[name].is_distinct_from(stated.c[name]) for name in values])
    is_new = and_(
        or_(*[stated.c[name].is_not(None) for name in values]),
        ~select(target.c.id).where(same_row).exists(),
    )
    matched = union_all(
        *[select(one.match.c[ROW_NO]).where(one.match.c.differs.is_(False)) for one in rows.publications]
    ).subquery("matched")
    was_same = stated.c[ROW_NO].in_(select(matched.c[ROW_NO]))
    also = set(connection.scalars(select(stated.c[ROW_NO]).where(was_same, is_new)))
    also |= set(connection.scalars(select(stated.c[ROW_NO]).join(target, same_row).where(was_same, differs)))
    if connection.scalar(select(select(target.c.id).where(same_row, differs).exists())):
        connection.execute(
            update(target).values(batch_id=rows.batch_id, **{name: stated.c[name] for name in values}).where(same_row, differs)
        )
    if connection.scalar(select(select(literal(1)).select_from(stated).where(is_new).exists())):
        new = select(stated.c[personal.key], *[stated.c[name] for name in values], literal(rows.batch_id)).where(is_new)
        connection.execute(insert(target).from_select([personal.key, *values, "batch_id"], new, include_defaults=False))
    return also


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
