"""Engines, migrations and what a migrated database needs besides: rights and styles of the declared layers.

The only module of `spatial` that opens connections; everything else is handed one.
"""

import time
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg2.errors import InternalError_, UndefinedObject
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from spatial.errors import Conflict
from spatial.layers import LAYERS, Layer
from spatial.publish import publish_layers

LOCK_SECONDS = 5.0
"""A migration waits no longer than this for a lock, so that readers who queue behind it don't either; then it tries again."""
PATIENCE_SECONDS = 300.0
_IN_THE_WAY = frozenset({"55P03", "40P01"})
"""PostgreSQL's codes: a lock was not to be had, or two waited for each other."""
ROOT = Path(__file__).resolve().parent.parent
_ATTEMPTS = 5


def open_engine(url: str, *, application_name: str = "dothi") -> Engine:
    """Give an engine without a pool for `url` (`postgresql://` or `postgresql+psycopg2://`)."""
    return create_engine(
        url.replace("postgresql://", "postgresql+psycopg2://", 1),
        poolclass=NullPool,
        connect_args={"application_name": application_name, "connect_timeout": 10},
    )


def migrate(url: str, *, layers: Iterable[Layer] = LAYERS, revision: str = "head") -> None:
    """Bring the database at `url` to `revision` and publish the layers; does nothing where all is done.

    Args:
        url: logs in as a role that may create extensions and roles.
        layers: what to publish.
        revision: Alembic revision; layers are published only at `head`.

    Raises:
        Conflict: others hold what it changes for longer than `PATIENCE_SECONDS`.
    """
    engine = open_engine(url, application_name="dothi migrate")
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            _migrate_once(engine, layers, revision)
            break
        except OperationalError as error:
            if getattr(error.orig, "pgcode", None) not in _IN_THE_WAY:
                raise
            if time.monotonic() > end:
                raise _others_hold_it() from error
    engine.dispose()


def _migrate_once(engine: Engine, layers: Iterable[Layer], revision: str) -> None:
    """Migrate without making anybody wait long: whoever wants a table that we wait for waits behind us."""
    with engine.connect() as connection:
        _wait_no_longer(connection)
        connection.commit()
        command.upgrade(_config(connection), revision)
        connection.commit()
    if revision == "head":
        with engine.begin() as connection:
            _wait_no_longer(connection)
            connection.execute(text("SET LOCAL ROLE dothi_owner"))
            publish_layers(connection, layers)
        _close_doors(engine)


def _wait_no_longer(connection: Connection) -> None:
    connection.execute(text("SELECT set_config('lock_timeout', :time, false)"), {"time": f"{LOCK_SECONDS * 1000:.0f}ms"})


def _others_hold_it() -> Conflict:
    return Conflict(
        f"Others have been using what the migration changes for {PATIENCE_SECONDS:g} s: end loads and edits under way, then run "
        "`dothi db migrate` again; steps that are done stay done. Who it is: see pg_stat_activity.",
        vi=f"Có phiên khác dùng bảng cần nâng cấp suốt {PATIENCE_SECONDS:g} giây: hãy kết thúc việc nạp và sửa đang chạy, rồi "
        "chạy lại `dothi db migrate`; các bước đã xong vẫn giữ nguyên.",
    )


def _close_doors(engine: Engine) -> None:
    """Bring rights and limits of logins and of the database to what is declared, as whoever migrates.

    Roles belong to the server: two databases' migrations may be writing the same row, which is refused to one of them.
    """
    for attempts_left in reversed(range(_ATTEMPTS)):
        try:
            with engine.begin() as connection:
                connection.execute(text("SELECT admin.close_doors()"))
            return
        except DBAPIError as error:
            if not attempts_left or not isinstance(error.orig, InternalError_ | UndefinedObject):
                raise


@cache
def known_revisions() -> tuple[str, ...]:
    """Give the Alembic revisions that this program knows, the one it is written for first."""
    return tuple(script.revision for script in ScriptDirectory.from_config(Config(ROOT / "alembic.ini")).walk_revisions())


def downgrade(url: str, revision: str) -> None:
    """Take the database at `url` back to `revision`."""
    engine = open_engine(url, application_name="dothi migrate")
    with engine.connect() as connection:
        command.downgrade(_config(connection), revision)
        connection.commit()
    engine.dispose()


def _config(connection: Connection) -> Config:
    config = Config(ROOT / "alembic.ini")
    config.attributes["connection"] = connection
    return config
