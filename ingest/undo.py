"""Brings one table back to what it was before a batch: from its history, whichever schema keeps it. Decides nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    MetaData,
    Select,
    SelectBase,
    Table,
    Text,
    and_,
    cast,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    type_coerce,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from ingest.stage import StagedGeometry, shadow
from spatial.tables import Base, Batch

GONE = Table(
    "load_gone",
    MetaData(),
    Column("table_name", Text, nullable=False),
    Column("code", Text, nullable=False),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)
"""Codes of the rows that were removed."""


@dataclass(frozen=True)
class Undone:
    """What was done to a table.

    Attributes:
        table: as `schema.table`.
        removed: rows that the batch had inserted.
        restored: rows that it had changed.
        brought_back: rows that it had deleted.
    """

    table: str
    removed: int
    restored: int
    brought_back: int


def later_batches(connection: Connection, name: str, batch_id: int) -> Iterable[int]:
    """Give the batches that superseded rows which the batch had written, but for those that were taken back themselves."""
    table = shadow(Base.metadata.tables[name])
    past = _past(table).subquery("past")
    statement = select(past.c.batch_to).where(past.c.batch_from == batch_id, past.c.id.not_in(_given_back(table, batch_id)))
    return connection.scalars(statement.distinct())


def undo_table(connection: Connection, name: str, batch_id: int, new: int) -> Undone:
    """Remove what the batch inserted, restore what it changed, bring back what it deleted; rows keep their ids.

    Args:
        connection: in the rollback's transaction; `GONE` is there.
        name: the table, as `schema.table`.
        batch_id: the batch to take back.
        new: the batch of this transaction.
    """
    table = shadow(Base.metadata.tables[name])
    past = _past(table).subquery("past")
    before = select(past).where(past.c.batch_to == batch_id).subquery("before")
    names = [column.name for column in table.columns if column.name != "batch_id" and column.name not in _computed(name)]
    was_there = select(before.c.id).where(before.c.id == table.c.id).exists()
    written = or_(table.c.batch_id == batch_id, table.c.id.in_(_given_back(table, batch_id)))
    gone = ~select(table.c.id).where(table.c.id == before.c.id).exists()
    removed = connection.scalar(select(func.count()).select_from(table).where(written, ~was_there)) or 0
    restored = connection.scalar(select(func.count()).select_from(table).where(written, was_there)) or 0
    brought_back = connection.scalar(select(func.count()).select_from(before).where(gone)) or 0
    if removed:
        if "code" in table.c:
            codes = select(literal(name), table.c.code).where(written, ~was_there).distinct()
            connection.execute(insert(GONE).from_select(["table_name", "code"], codes))
        connection.execute(delete(table).where(written, ~was_there))
    if restored:
        values = {column: before.c[column] for column in names if column != "id"}
        connection.execute(update(table).where(written, table.c.id == before.c.id).values(batch_id=new, **values))
    if brought_back:
        rows = select(*[before.c[column] for column in names], literal(new, BigInteger)).where(gone)
        connection.execute(insert(table).from_select([*names, "batch_id"], rows, include_defaults=False))
    return Undone(name, removed, restored, brought_back)


def _given_back(table: Table, batch_id: int) -> Select[Any]:
    """Give the ids of rows that are again as the batch wrote them, because whoever changed them was taken back."""
    past = _past(table).subquery("changed")
    undoing, again = Batch.__table__.alias("undoing"), table.alias("again")
    return (
        select(past.c.id)
        .join(undoing, undoing.c.reverts_batch_id == past.c.batch_to)
        .join(again, and_(again.c.id == past.c.id, again.c.batch_id == undoing.c.id))
        .where(past.c.batch_from == batch_id)
    )


def _past(table: Table) -> SelectBase:
    """Give the superseded rows of a table: its columns but `batch_id`, with batch_from and batch_to.

    What is kept of `private`, and of land that was withdrawn from sight, is JSON in `private.history`.
    """
    kept = shadow(Base.metadata.tables["private.history"])
    name = f"{table.schema}.{table.name}"
    columns = [column for column in table.columns if column.name != "batch_id"]
    secret = select(*[_field(kept.c.content, column) for column in columns], kept.c.batch_from, kept.c.batch_to)
    secret = secret.where(kept.c.table_name == name)
    if table.schema == "private":
        return secret
    history = Table(
        f"{table.schema}__{table.name}",
        MetaData(),
        *[Column(column.name, column.type) for column in columns],
        Column("batch_from", BigInteger),
        Column("batch_to", BigInteger),
        schema="history",
    )
    return union_all(select(history), secret)


def _field(content: ColumnElement[Any], column: Column[Any]) -> ColumnElement[Any]:
    """Read a column back from the JSON that `private.history` keeps (geometries as GeoJSON, to 0.1 mm)."""
    value = content[column.name]
    if isinstance(column.type, StagedGeometry):
        shape = func.ST_SetSRID(func.ST_GeomFromGeoJSON(value.astext), column.type.srid)
        return type_coerce(shape, column.type).label(column.name)
    if isinstance(column.type, JSONB):
        return func.nullif(value, cast(text("'null'"), JSONB)).label(column.name)
    return cast(value.astext, column.type).label(column.name)


def _computed(name: str) -> frozenset[str]:
    return frozenset(column.name for column in Base.metadata.tables[name].columns if column.computed is not None)
