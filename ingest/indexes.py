"""First loads of many rows: the table's indexes are dropped before and built after, in the same transaction.

Building the spatial index after the rows halves the insert. The lock that this takes is no loss where the table is empty;
a table with rows keeps its indexes, and its readers. The database does it as the owner (`ingest.drop_indexes`).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Table, exists, select, text

from ingest.stage import shadow

WORTH_ROWS = 20_000


@contextmanager
def without_indexes(connection: Connection, table: Table, rows: int) -> Iterator[None]:
    """Do without the indexes of an empty table inside the block, if `rows` are enough to be worth it; analyze it afterwards.

    Args:
        connection: in a transaction, as dothi_ingest or dothi_owner.
        table: of a layer.
        rows: how many there will be.
    """
    is_empty = not connection.scalar(select(exists(select(shadow(table).c.id))))
    if rows < WORTH_ROWS or not is_empty:
        yield
        return
    name = {"name": f"{table.schema}.{table.name}"}
    connection.execute(text("SELECT ingest.drop_indexes(CAST(:name AS regclass))"), name)
    yield
    connection.execute(text("SELECT ingest.build_indexes(CAST(:name AS regclass))"), name)
