"""Takes a batch back: every row it wrote becomes what it was before, as a new batch, so nothing is lost by it either.

Refused where a later batch built on those rows; the person is told which, newest first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Engine,
    FromClause,
    MetaData,
    Table,
    and_,
    cast,
    delete,
    func,
    insert,
    literal,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from ingest.connect import loading, lock_layer
from ingest.stage import StagedGeometry, shadow
from spatial.errors import Conflict, InvalidInput, NotFound
from spatial.tables import Base, Batch, BatchTable
from spatial.versions import open_batch

_PRIVATE = "private"
_HISTORY = "history"
_EVENT_TABLES = ("planning.plan_event",)
"""Written back first when rows return, last when they go: other tables' periods follow from them by triggers."""


@dataclass(frozen=True)
class Undone:
    """What a rollback did."""

    batch_id: int
    removed: int = 0
    restored: int = 0
    brought_back: int = 0

    def plus(self, other: "Undone") -> "Undone":
        """Add up two tables."""
        return Undone(
            self.batch_id, self.removed + other.removed, self.restored + other.restored, self.brought_back + other.brought_back
        )


def roll_back(engine: Engine, batch_id: int) -> Undone:
    """Take a batch back.

    Raises:
        NotFound: no such batch.
        InvalidInput: it wrote nothing, or was taken back already.
        Conflict: later batches changed the same rows; they are listed.
    """
    with loading(engine) as connection:
        names = _tables_of(connection, batch_id)
        for name in names:
            lock_layer(connection, name)
        later = sorted({other for name in names for other in _later_batches(connection, name, batch_id)}, reverse=True)
        if later:
            listing = ", ".join(map(str, later[:10]))
            raise Conflict(
                f"Batch {batch_id} cannot be taken back: later batches changed the same rows ({listing}). "
                "Take those back first, the newest first.",
                vi=f"Không hoàn tác được lần ghi {batch_id}: các lần ghi sau đã thay đổi cùng dòng ({listing}). "
                "Hãy hoàn tác các lần đó trước, từ mới nhất.",
            )
        new = open_batch(connection, "rollback")
        undone = Undone(new)
        for name in names:
            undone = undone.plus(_undo(connection, _declared(name), batch_id, new))
        connection.execute(
            update(Batch)
            .where(Batch.id == new)
            .values(reverts_batch_id=batch_id, added=undone.brought_back, changed=undone.restored, ended=undone.removed)
        )
        return undone


def _tables_of(connection: Connection, batch_id: int) -> list[str]:
    found = connection.execute(select(Batch.id, Batch.committed_at).where(Batch.id == batch_id)).one_or_none()
    if found is None:
        raise NotFound(f"There is no batch {batch_id}. `dothi batches` lists them.")
    if connection.scalar(select(Batch.id).where(Batch.reverts_batch_id == batch_id)):
        raise InvalidInput(f"Batch {batch_id} was taken back already.")
    names = [
        name
        for name in connection.scalars(select(BatchTable.table_name).where(BatchTable.batch_id == batch_id))
        if not Base.metadata.tables[name].info.get("kept_by_triggers")
    ]
    if not names:
        raise InvalidInput(f"Batch {batch_id} changed nothing; there is nothing to take back.")
    return sorted(names, key=lambda name: (name in _EVENT_TABLES, name))


def _declared(name: str) -> Table:
    return shadow(Base.metadata.tables[name])


def _history_of(table: Table) -> Table:
    """Declare the history of a public table: its columns, with batch_from and batch_to in place of batch_id."""
    columns = [Column(column.name, column.type) for column in table.columns if column.name != "batch_id"]
    return Table(
        f"{table.schema}__{table.name}",
        MetaData(),
        *columns,
        Column("batch_from", BigInteger),
        Column("batch_to", BigInteger),
        schema=_HISTORY,
    )


def _later_batches(connection: Connection, name: str, batch_id: int) -> Sequence[int]:
    """Give the batches that superseded rows which the batch had written."""
    table = _declared(name)
    if table.schema == _PRIVATE:
        statement = text("SELECT DISTINCT batch_to FROM private.history WHERE table_name = :name AND batch_from = :batch")
        return list(connection.scalars(statement, {"name": name, "batch": batch_id}))
    history = _history_of(table)
    return list(connection.scalars(select(history.c.batch_to).where(history.c.batch_from == batch_id).distinct()))


def _undo(connection: Connection, table: Table, batch_id: int, new: int) -> Undone:
    """Remove what the batch inserted, restore what it changed, bring back what it deleted; rows keep their ids."""
    before = _before(table, batch_id)
    names = [column.name for column in table.columns if column.name != "batch_id" and column.name not in _computed(table)]
    was_there = select(before.c.id).where(before.c.id == table.c.id).exists()
    written = table.c.batch_id == batch_id
    removed = connection.scalar(select(func.count()).select_from(table).where(written, ~was_there)) or 0
    restored = connection.scalar(select(func.count()).select_from(table).where(written, was_there)) or 0
    gone = ~select(table.c.id).where(table.c.id == before.c.id).exists()
    brought_back = connection.scalar(select(func.count()).select_from(before).where(gone)) or 0
    if removed:
        connection.execute(delete(table).where(written, ~was_there))
    if restored:
        values = {name: before.c[name] for name in names if name != "id"}
        connection.execute(update(table).where(written, table.c.id == before.c.id).values(batch_id=new, **values))
    if brought_back:
        rows = select(*[before.c[name] for name in names], literal(new, BigInteger)).where(gone)
        connection.execute(insert(table).from_select([*names, "batch_id"], rows, include_defaults=False))
    return Undone(new, removed, restored, brought_back)


def _computed(table: Table) -> frozenset[str]:
    declared = Base.metadata.tables[f"{table.schema}.{table.name}"]
    return frozenset(column.name for column in declared.columns if column.computed is not None)


def _before(table: Table, batch_id: int) -> FromClause:
    """Give the rows as they were before the batch: what it superseded."""
    if table.schema != _PRIVATE:
        history = _history_of(table)
        return select(history).where(history.c.batch_to == batch_id).subquery("before")
    kept = shadow(Base.metadata.tables["private.history"])
    fields = [_field(kept.c.content, column) for column in table.columns if column.name != "batch_id"]
    is_mine = and_(kept.c.table_name == f"{table.schema}.{table.name}", kept.c.batch_to == batch_id)
    return select(*fields).where(is_mine).subquery("before")


def _field(content: ColumnElement[Any], column: Column[Any]) -> ColumnElement[Any]:
    """Read a column back from the JSON that `private.history` keeps (geometries as GeoJSON, to 0.1 mm)."""
    value = content[column.name]
    if isinstance(column.type, StagedGeometry):
        shape = func.ST_SetSRID(func.ST_GeomFromGeoJSON(value.astext), column.type.srid)
        return type_coerce(shape, column.type).label(column.name)
    if isinstance(column.type, JSONB):
        return func.nullif(value, cast(text("'null'"), JSONB)).label(column.name)
    return cast(value.astext, column.type).label(column.name)
