"""The transaction that a load writes in: as role dothi_ingest, one load of a layer at a time, in sentences when it breaks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from spatial.errors import Conflict, DothiError, InvalidInput, Unavailable

LOCK_WAIT_S = 600
_SESSION = {"statement_timeout": "0", "temp_buffers": "128MB", "work_mem": "128MB"}
"""For the load's transaction only: room for staging tables, and for hashing a million codes in memory."""

_LOST_VI = "Cơ sở dữ liệu dừng giữa chừng; chưa có gì được công bố. Khởi động lại rồi nạp lại tệp."
_LOST = "The database stopped during the load; nothing was published. Start it (dothi db start) and load the file again."

_DISK_FULL = "53100"
_FULL_VI = "Ổ đĩa của cơ sở dữ liệu đã đầy; chưa có gì được công bố. Hãy giải phóng dung lượng rồi nạp lại tệp."
_FULL = "The database's disk is full; nothing was published. Free some space (dothi db status names the folder) and load again."


@contextmanager
def loading(engine: Engine, *, dry_run: bool = False) -> Iterator[Connection]:
    """Give a connection in a transaction as dothi_ingest; commits at the end, or takes all back on an error or a dry run.

    Raises:
        Unavailable: the database does not answer, stopped on the way, or its disk is full.
    """
    try:
        with engine.connect() as connection, connection.begin() as transaction:
            connection.execute(text("SET LOCAL ROLE dothi_ingest"))
            for name, value in _SESSION.items():
                connection.execute(text("SELECT set_config(:name, :value, true)"), {"name": name, "value": value})
            yield connection
            if dry_run:
                transaction.rollback()
    except DothiError:
        raise
    except Exception as error:
        if _pgcode(error) == _DISK_FULL:
            raise Unavailable(_FULL, vi=_FULL_VI) from None
        if is_lost(error):
            raise Unavailable(_LOST, vi=_LOST_VI) from None
        if isinstance(error, IntegrityError):
            raise _refusal(error) from None
        raise


def _refusal(error: IntegrityError) -> InvalidInput:
    """Pass on the sentence with which the database refused; never its detail, which may repeat a row."""
    told = getattr(error.orig, "diag", None)
    sentence = getattr(told, "message_primary", None) or "The database refused the rows."
    hint = getattr(told, "message_hint", None) or "Nothing of the file was published."
    return InvalidInput(f"{sentence} {hint}")


def is_lost(error: BaseException) -> bool:
    """Say whether an error means that the server or the connection to it is gone."""
    import psycopg2

    if isinstance(error, DBAPIError) and (error.connection_invalidated or isinstance(error, OperationalError)):
        return not _is_lock_timeout(error.orig)
    return isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError) and not _is_lock_timeout(error)


def _is_lock_timeout(error: object) -> bool:
    return _pgcode(error) == "55P03"


def _pgcode(error: object) -> str | None:
    """Give PostgreSQL's code of an error, SQLAlchemy's wrapping or not."""
    return getattr(getattr(error, "orig", None) or error, "pgcode", None)


def lock_layer(connection: Connection, table_name: str, on_wait: Callable[[], None] = lambda: None) -> None:
    """Wait until no other load of the table is at work; the lock goes with the transaction.

    Args:
        connection: in the load's transaction.
        table_name: `schema.table`.
        on_wait: called once if somebody else is loading.

    Raises:
        Conflict: the other load is still at work after `LOCK_WAIT_S` seconds.
    """
    key = {"name": f"dothi.load {table_name}"}
    if connection.scalar(text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))"), key):
        return
    on_wait()
    connection.execute(text("SELECT set_config('lock_timeout', :wait, true)"), {"wait": f"{LOCK_WAIT_S}s"})
    try:
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), key)
    except DBAPIError as error:
        if not _is_lock_timeout(error.orig):
            raise
        raise Conflict(
            f"Another load of {table_name} has been at work for {LOCK_WAIT_S // 60} minutes. Wait for it and load again.",
            vi=f"Một lần nạp khác của {table_name} vẫn đang chạy. Hãy đợi rồi nạp lại.",
        ) from None
    connection.execute(text("SET LOCAL lock_timeout = 0"))
