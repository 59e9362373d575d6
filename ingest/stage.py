"""Temporary tables that a load copies into, and the thread that copies while the next rows are prepared.

Temporary: only the loading session sees them, and they vanish with it whatever happens, so nothing is left half-loaded.
"""

import io
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.csv as pacsv
from geoalchemy2 import Geometry
from psycopg2 import sql
from sqlalchemy import BigInteger, Boolean, Column, Computed, Connection, Float, Integer, MetaData, Table, Text, text
from sqlalchemy.schema import CreateTable, DropTable
from sqlalchemy.types import UserDefinedType

from spatial.tables.base import Base, table_of

ROW_NO = "row_no"
AREA, AREA_SRID = "area_m2", "area_srid"
_PENDING = 3
"""Parts of a file that may wait for the database; each holds some 65,000 rows."""


class StagedGeometry(UserDefinedType[Any]):
    """A geometry column that SQLAlchemy passes through untouched: no ST_AsEWKB around it inside INSERT ... SELECT."""

    cache_ok = True

    def __init__(self, geometry_type: str = "GEOMETRY", srid: int = 4326) -> None:
        self.geometry_type = geometry_type
        self.srid = srid

    def get_col_spec(self, **_: Any) -> str:
        """Name the type in DDL."""
        return f"public.geometry({self.geometry_type}, {self.srid})"


def shadow(table: Table) -> Table:
    """Give a copy of a table's declaration whose geometry columns are `StagedGeometry`, for set-based statements."""
    return Table(table.name, MetaData(), *[_plain(column) for column in table.columns], schema=table.schema)


def shadow_of(model: type[Base]) -> Table:
    """Give the same of a model's table."""
    return shadow(table_of(model))


def _plain(column: Column[Any]) -> Column[Any]:
    kind = StagedGeometry(column.type.geometry_type or "GEOMETRY", column.type.srid) if isinstance(
        column.type, Geometry
    ) else column.type  # fmt: skip
    return Column(column.name, kind, primary_key=column.primary_key)


def staged_column(column: Column[Any]) -> Column[Any]:
    """Give a column of a stage: whole numbers of any size, so that one that is too large is found and does not end the load."""
    plain = _plain(column)
    return Column(plain.name, BigInteger) if isinstance(plain.type, Integer) else Column(plain.name, plain.type)


def layer_stage(target: Table, name: str = "load_row", *, restricted: bool = False) -> Table:
    """Declare the staging table of a layer: row number, id to come, the table's columns without its rules.

    With `restricted` it has a column that says which rows must not be published. Areas are computed of what will be stored while
    the file is still being read, by the database, as those of editors' rows are.
    """
    left_out = {"id", "batch_id"} | {column.name for column in target.columns if column.computed is not None}
    sequence = f"{target.schema}.{target.name}_id_seq"
    if not sequence.replace("_", "").replace(".", "").isalnum():
        raise ValueError(f"'{sequence}' is no plain name of a sequence.")
    columns = [staged_column(column) for column in target.columns if column.name not in left_out]
    if AREA_SRID in target.columns:
        columns = [column for column in columns if column.name != AREA]
        columns.append(Column(AREA, Float, Computed(f"admin.area_m2(geom, CAST({AREA_SRID} AS integer))", persisted=True)))
    if restricted:
        columns.append(Column("is_restricted", Boolean))
    return Table(
        name,
        MetaData(),
        Column(ROW_NO, BigInteger, nullable=False),
        Column("id", BigInteger, server_default=text(f"nextval('{sequence}')")),
        *columns,
        prefixes=["TEMPORARY"],
        postgresql_on_commit="DROP",
    )


def personal_stage(count: int) -> Table:
    """Declare the staging table of a file's personal and unknown columns, as text in the order of the file."""
    columns: list[Column[Any]] = [Column(f"p{i}", Text) for i in range(count)]
    return Table(
        "load_personal",
        MetaData(),
        Column(ROW_NO, BigInteger, nullable=False),
        *columns,
        prefixes=["TEMPORARY"],
        postgresql_on_commit="DROP",
    )


USE_STAGE = Table(
    "load_use",
    MetaData(),
    Column(ROW_NO, BigInteger, nullable=False),
    Column("seq", Integer),
    Column("scheme", Text),
    Column("raw", Text),
    Column("code", Text),
    Column("area_m2", Float),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)


def create_stage(connection: Connection, *stages: Table) -> None:
    """Create staging tables in the transaction of the connection; they are gone when it ends.

    A geometry that is copied in becomes what will be stored of it (`admin.stored_geometry`), null where nothing is left.
    """
    quote = connection.dialect.identifier_preparer.quote
    for stage in stages:
        connection.execute(CreateTable(stage))
        if "geom" in stage.columns:
            connection.exec_driver_sql(
                f"CREATE TRIGGER store_geometry BEFORE INSERT ON {quote(stage.name)}"
                " FOR EACH ROW EXECUTE FUNCTION ingest.store_geometry()"
            )


def analyze_stage(connection: Connection, *stages: Table) -> None:
    """Tell the planner how many rows were staged; without it a million rows are joined as if they were ten."""
    quote = connection.dialect.identifier_preparer.quote
    for stage in stages:
        keys = [column.name for column in stage.columns if column.name in (ROW_NO, "id", "code")]
        connection.exec_driver_sql(f"ANALYZE {quote(stage.name)} ({', '.join(map(quote, keys))})")


def drop_stage(connection: Connection) -> None:
    """Drop every staging table of the transaction, so that another layer of the same load can be staged."""
    names = connection.scalars(
        text("SELECT relname FROM pg_class WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r' AND relname ~ '^load_'")
    ).all()
    for name in names:
        connection.execute(DropTable(Table(name, MetaData(), schema="pg_temp")))


@dataclass(frozen=True)
class _Copy:
    table: str
    rows: pa.Table


class Copier:
    """Copies Arrow tables into staging tables, in one thread and in order, while the caller goes on.

    The connection belongs to the copier until `finish`: nobody else may use it inside the `with` block.
    """

    def __init__(self, connection: Connection) -> None:
        raw = connection.connection.driver_connection
        assert raw is not None
        self._cursor = raw.cursor()
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="dothi-copy")
        self._pending: list[Future[None]] = []

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Wait for what was begun; on an error drop what was not."""
        self._pool.shutdown(wait=True, cancel_futures=kind is not None)
        self._cursor.close()

    def add(self, table: Table, rows: pa.Table) -> None:
        """Copy rows into a staging table; waits while too much is pending, raises what an earlier copy raised."""
        while len(self._pending) >= _PENDING:
            self._pending.pop(0).result()
        if rows.num_rows:
            self._pending.append(self._pool.submit(self._copy, _Copy(table.name, rows)))

    def finish(self) -> None:
        """Wait until everything is copied."""
        while self._pending:
            self._pending.pop(0).result()

    def _copy(self, task: _Copy) -> None:
        statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
            sql.Identifier(task.table), sql.SQL(", ").join(map(sql.Identifier, task.rows.column_names))
        )
        self._cursor.copy_expert(statement, io.BytesIO(to_csv(task.rows)), size=1 << 20)


def to_csv(rows: pa.Table) -> bytes:
    """Write rows as COPY's CSV: null is nothing, empty text is ""."""
    sink = pa.BufferOutputStream()
    pacsv.write_csv(rows, sink, pacsv.WriteOptions(include_header=False, quoting_style="needed"))
    return bytes(sink.getvalue())
