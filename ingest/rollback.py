"""Takes a batch back: every row it wrote becomes what it was before, as a new batch, so nothing is lost by it either.

Refused where a later batch built on those rows, and, unless the person has seen it, where rows of other tables name what
would be gone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, case, func, or_, select, text, update

from ingest.connect import loading, lock_layer
from ingest.periods import find_overlaps
from ingest.restricted import shown_and_hidden
from ingest.stage import ROW_NO, create_stage, shadow
from ingest.undo import GONE, Undone, later_batches, undo_table
from spatial.errors import Conflict, InvalidInput, NotFound
from spatial.layers import LAYERS
from spatial.references import tables_that_name
from spatial.tables import Base, Batch, BatchTable
from spatial.versions import open_batch

EVENT_TABLES = ("planning.plan_event",)
"""Written back first when rows return, last when they go: other tables' periods follow from them by triggers."""


@dataclass(frozen=True)
class Rollback:
    """What a rollback did, or would do.

    Attributes:
        batch_id: the new batch; None where nothing was written.
        tables: what became of each table that the batch had written to.
        left: table -> rows that name a code which is no more.
    """

    batch_id: int | None
    tables: tuple[Undone, ...]
    left: Mapping[str, int]

    @property
    def removed(self) -> int:
        """Rows that the batch had inserted."""
        return sum(one.removed for one in self.tables)

    @property
    def restored(self) -> int:
        """Rows that it had changed."""
        return sum(one.restored for one in self.tables)

    @property
    def brought_back(self) -> int:
        """Rows that it had deleted."""
        return sum(one.brought_back for one in self.tables)


def leaves_nothing(found: Rollback) -> bool:
    """Accept a rollback after which no row names what is gone."""
    return not found.left


def roll_back(
    engine: Engine, batch_id: int, *, accept: Callable[[Rollback], bool] = leaves_nothing, dry_run: bool = False
) -> Rollback:
    """Take a batch back.

    Args:
        engine: logs in as a role that may act as dothi_ingest.
        batch_id: the batch.
        accept: is shown what was done, before it is committed.
        dry_run: do everything, tell, and take it back; nothing need be accepted.

    Raises:
        NotFound: no such batch.
        InvalidInput: it wrote nothing, or was taken back already.
        Conflict: later batches changed the same rows, or rows name what would be gone; they are listed.
    """
    with loading(engine, dry_run=dry_run) as connection:
        names = _tables_of(connection, batch_id)
        for name in names:
            lock_layer(connection, name)
        _refuse_if_built_on(connection, names, batch_id)
        new = open_batch(connection, "rollback")
        create_stage(connection, GONE)
        tables = tuple(undo_table(connection, name, batch_id, new) for name in names)
        _refuse_if_written_anew(connection, names, batch_id, new)
        connection.execute(text("SELECT ingest.remove_orphans()"))
        found = Rollback(None if dry_run else new, tables, _rows_left(connection))
        if not dry_run and not accept(found):
            raise _refusal(batch_id, found)
        connection.execute(
            update(Batch)
            .where(Batch.id == new)
            .values(reverts_batch_id=batch_id, added=found.brought_back, changed=found.restored, ended=found.removed)
        )
        return found


def public_name(table_name: str) -> str:
    """Give the name that people know a table by."""
    return next((layer.name for layer in LAYERS if layer.table_name == table_name), table_name)


def _tables_of(connection: Connection, batch_id: int) -> list[str]:
    found = connection.execute(select(Batch.id, Batch.committed_at).where(Batch.id == batch_id)).one_or_none()
    if found is None:
        raise NotFound(
            f"There is no batch {batch_id}. `dothi batches` lists them.",
            vi=f"Không có lần ghi {batch_id}. Xem danh sách bằng `dothi batches`.",
        )
    if connection.scalar(select(Batch.id).where(Batch.reverts_batch_id == batch_id)):
        raise InvalidInput(f"Batch {batch_id} was taken back already.", vi=f"Lần ghi {batch_id} đã được hoàn tác.")
    names = [
        name
        for name in connection.scalars(select(BatchTable.table_name).where(BatchTable.batch_id == batch_id))
        if not Base.metadata.tables[name].info.get("kept_by_triggers")
    ]
    if not names:
        raise InvalidInput(
            f"Batch {batch_id} changed nothing; there is nothing to take back.",
            vi=f"Lần ghi {batch_id} không thay đổi gì nên không có gì để hoàn tác.",
        )
    return sorted(names, key=lambda name: (name in EVENT_TABLES, name))


def _refuse_if_built_on(connection: Connection, names: list[str], batch_id: int) -> None:
    later = sorted({other for name in names for other in later_batches(connection, name, batch_id)}, reverse=True)
    if later:
        listing = ", ".join(map(str, later[:10]))
        raise Conflict(
            f"Batch {batch_id} cannot be taken back: later batches changed the same rows ({listing}). "
            "Take those back first, the newest first.",
            vi=f"Không hoàn tác được lần ghi {batch_id}: các lần ghi sau đã thay đổi cùng dòng ({listing}). "
            "Hãy hoàn tác các lần đó trước, từ mới nhất.",
        )


def _refuse_if_written_anew(connection: Connection, names: list[str], batch_id: int, new: int) -> None:
    """Refuse where a row that came back meets another of its code, which somebody wrote in the meantime."""
    doubles: dict[str, None] = {}
    for name in names:
        table = shadow(Base.metadata.tables[name])
        if not {"code", "valid_from", "valid_to"} <= set(table.c.keys()):
            continue
        own, row_no = table.alias("own"), case((table.c.batch_id == new, table.c.id)).label(ROW_NO)
        periods = select(table.c.code, row_no, table.c.valid_from.label("begins"), table.c.valid_to.label("ends"))
        periods = periods.where(table.c.code.in_(select(own.c.code).where(own.c.batch_id == new)))
        doubles |= {issue.value or "": None for issue in find_overlaps(connection, periods, ("code",))}
    doubles |= dict.fromkeys(shown_and_hidden(connection, new))
    if doubles:
        listing = ", ".join(list(doubles)[:5])
        raise Conflict(
            f"Batch {batch_id} cannot be taken back: rows of the same codes were written since ({listing}). "
            "Take those batches back first, or end those rows.",
            vi=f"Không hoàn tác được lần ghi {batch_id}: các mã này đã được ghi lại sau đó ({listing}). "
            "Hãy hoàn tác các lần ghi đó trước, hoặc kết thúc hiệu lực các dòng đó.",
        )


def _rows_left(connection: Connection) -> dict[str, int]:
    """Count the rows that name a code of which no row is left."""
    left: dict[str, int] = {}
    for target in connection.scalars(select(GONE.c.table_name).distinct()).all():
        still = shadow(Base.metadata.tables[target])
        codes = select(GONE.c.code).where(
            GONE.c.table_name == target, ~select(still.c.id).where(still.c.code == GONE.c.code).exists()
        )
        if not connection.scalar(select(codes.exists())):
            continue
        for name, columns in tables_that_name(target).items():
            table = shadow(Base.metadata.tables[name])
            named = select(func.count()).select_from(table).where(or_(*[table.c[column].in_(codes) for column in columns]))
            if count := connection.scalar(named):
                left[name] = left.get(name, 0) + count
    return left


def _refusal(batch_id: int, found: Rollback) -> Conflict:
    if not found.left:
        return Conflict(
            f"Batch {batch_id} was not taken back: what it would do has changed since it was shown. Look again.",
            vi=f"Chưa hoàn tác lần ghi {batch_id}: dữ liệu đã thay đổi so với lúc xem. Hãy xem lại.",
        )
    listing = ", ".join(f"{public_name(name)} {count:,}" for name, count in found.left.items())
    return Conflict(
        f"Batch {batch_id} was not taken back: rows name what would be gone ({listing}). Take back what was loaded on top of it "
        "first; or look with --dry-run, and go on with --yes.",
        vi=f"Chưa hoàn tác lần ghi {batch_id}: còn dữ liệu trỏ tới các dòng sẽ bị xóa ({listing}). Hãy hoàn tác các dữ liệu đó "
        "trước; hoặc xem bằng --dry-run rồi tiếp tục bằng --yes.",
    )
