"""First loads of many rows: the table's indexes are dropped before and built after, in the same transaction.

Building the spatial index after the rows halves the insert. The lock that this takes is no loss where the table is empty;
a table with rows keeps its indexes, and its readers.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Table, exists, select, text

from ingest.stage import shadow

WORTH_ROWS = 20_000

_DEFINITIONS = text(
    """
    SELECT c.oid::regclass::text AS name, pg_get_indexdef(c.oid) AS definition
    FROM pg_index i
    JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indrelid = to_regclass(:table_name)
        AND NOT i.indisprimary
        AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid)
    ORDER BY c.relname
    """
)


@contextmanager
def without_indexes(connection: Connection, table: Table, rows: int) -> Iterator[None]:
    """Do without the indexes of an empty table inside the block, if `rows` are enough to be worth it; analyze it afterwards."""
    name = f"{table.schema}.{table.name}"
    is_empty = not connection.scalar(select(exists(select(shadow(table).c.id))))
    if rows < WORTH_ROWS or not is_empty or not _may_own(connection):
        yield
        return
    found = connection.execute(_DEFINITIONS, {"table_name": name}).all()
    with _as_owner(connection):
        for index, _ in found:
            connection.exec_driver_sql(f"DROP INDEX {index}")  # a regclass, quoted by the server
    yield
    with _as_owner(connection):
        for _, definition in found:
            connection.exec_driver_sql(definition.replace("%", "%%"))
        quote = connection.dialect.identifier_preparer.quote
        connection.exec_driver_sql(f"ANALYZE {quote(table.schema or '')}.{quote(table.name)}")


def _may_own(connection: Connection) -> bool:
    return bool(connection.scalar(text("SELECT pg_has_role(session_user, 'dothi_owner', 'MEMBER')")))


@contextmanager
def _as_owner(connection: Connection) -> Iterator[None]:
    connection.execute(text("SET LOCAL ROLE dothi_owner"))
    connection.execute(text("SELECT set_config('maintenance_work_mem', '512MB', true)"))
    yield
    connection.execute(text("SET LOCAL ROLE dothi_ingest"))
