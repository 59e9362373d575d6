"""Runs the migrations on the connection that `spatial.database.migrate` hands over, or on DOTHI_DATABASE_URL."""

import os

from alembic import context
from sqlalchemy import Connection, create_engine


def run(connection: Connection) -> None:
    """Run every pending revision, each in a transaction of its own."""
    context.configure(
        connection=connection,
        transaction_per_migration=True,
        version_table_schema="public",
        include_schemas=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with create_engine(os.environ["DOTHI_DATABASE_URL"]).connect() as own:
        run(own)
