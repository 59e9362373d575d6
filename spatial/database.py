"""Engines, migrations and what a migrated database needs besides: rights and styles of the declared layers.

The only module of `spatial` that opens connections; everything else is handed one.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg2.errors import InternalError_, UndefinedObject
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from spatial.layers import LAYERS, Layer
from spatial.publish import publish_layers

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
    """
    engine = open_engine(url, application_name="dothi migrate")
    with engine.connect() as connection:
        command.upgrade(_config(connection), revision)
        connection.commit()
    if revision == "head":
        with engine.begin() as connection:
            connection.execute(text("SET LOCAL ROLE dothi_owner"))
            publish_layers(connection, layers)
        _close_doors(engine)
    engine.dispose()


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
