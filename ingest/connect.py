"""The transaction that a load writes in: as role dothi_ingest, one load of a layer at a time, in sentences when it breaks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError, OperationalError

from ingest.interruptions import interruption, refused_connection
from spatial.errors import Conflict, DothiError, InvalidInput
from spatial.versions import take_turn

LOCK_WAIT_S = 300
_SESSION = {"statement_timeout": "0", "lock_timeout": f"{LOCK_WAIT_S}s", "temp_buffers": "128MB", "work_mem": "128MB"}
"""For the load's transaction only: room for staging tables, and for hashing a million codes in memory."""


@contextmanager
def connected(engine: Engine) -> Iterator[Connection]:
    """Give a connection.

    Raises:
        Unavailable: the database does not answer, or has no connection left.
    """
    try:
        connection = engine.connect()
    except OperationalError as error:
        raise refused_connection(error) from None
    with connection:
        yield connection


@contextmanager
def loading(engine: Engine, *, dry_run: bool = False) -> Iterator[Connection]:
    """Give a connection in a transaction as dothi_ingest; commits at the end, or takes all back on an error or a dry run.

    Raises:
        Unavailable: the database does not answer, stopped on the way, is full, or ended the load; says which.
        InvalidInput: it refused the rows.
    """
    try:
        with connected(engine) as connection, connection.begin() as transaction:
            connection.execute(text("SET LOCAL ROLE dothi_ingest"))
            for name, value in _SESSION.items():
                connection.execute(text("SELECT set_config(:name, :value, true)"), {"name": name, "value": value})
            yield connection
            if dry_run:
                transaction.rollback()
    except DothiError:
        raise
    except Exception as error:
        if told := interruption(error):
            raise told from None
        if isinstance(error, IntegrityError):
            raise _refusal(error) from None
        raise


def _refusal(error: IntegrityError) -> InvalidInput:
    """Pass on the sentence with which the database refused; never its detail, which may repeat a row."""
    told = getattr(error.orig, "diag", None)
    sentence = getattr(told, "message_primary", None) or "The database refused the rows."
    hint = getattr(told, "message_hint", None) or "Nothing of the file was published."
    return InvalidInput(f"{sentence} {hint}", vi=f"Cơ sở dữ liệu từ chối dữ liệu của tệp; chưa có gì được công bố. ({sentence})")


def lock_layer(connection: Connection, table_name: str, on_wait: Callable[[], None] = lambda: None) -> None:
    """Wait until no other load of the table is at work; the lock goes with the transaction.

    Args:
        connection: in the load's transaction.
        table_name: `schema.table`.
        on_wait: called once if somebody else is loading.

    Raises:
        Conflict: the other load is still at work after `LOCK_WAIT_S` seconds.
    """
    if take_turn(connection, table_name, patience_s=0):
        return
    on_wait()
    if not take_turn(connection, table_name, patience_s=LOCK_WAIT_S):
        raise Conflict(
            f"Another load of {table_name} has been at work for {LOCK_WAIT_S // 60} minutes. Wait for it and load again.",
            vi=f"Một lần nạp khác của {table_name} vẫn đang chạy. Hãy đợi rồi nạp lại.",
        )
