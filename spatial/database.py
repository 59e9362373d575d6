"""Engines, migrations and what a migrated database needs besides: rights and styles of the declared layers.

The only module of `spatial` that opens connections; everything else is handed one.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.pool import NullPool

from spatial.layers import LAYERS, Layer
from spatial.publish import publish_layers

ROOT = Path(__file__).resolve().parent.parent


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
    engine.dispose()


@cache
def newest_revision() -> str:
    """Give the revision of the schema that this program was written for."""
    newest = ScriptDirectory.from_config(Config(ROOT / "alembic.ini")).get_current_head()
    assert newest is not None, "there are migrations, and they form one chain"
    return newest


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
