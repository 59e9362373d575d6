"""Logins for tests: an editor with a territory, a reader, the public; and a small piece of country they may touch."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import psycopg2
from sqlalchemy import Connection, create_engine, insert, text

from spatial import tables
from spatial.users import Role, create_user
from tests.conftest import Database, sqlalchemy_url
from tests.spatial.rollup_world import add_units

HOME = "37001"
"""The commune that the editor may write in: longitude 105.0-105.1, latitude 20.0-20.1."""


@contextmanager
def owner(database: Database) -> Iterator[Connection]:
    """Open a committing connection of the administrator."""
    engine = create_engine(sqlalchemy_url(database.url))
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def settle(database: Database) -> None:
    """Put communes and a green area in each of two communes in."""
    with owner(database) as connection:
        connection.execute(text("SET LOCAL ROLE dothi_owner"))
        add_units(connection)
        for code, west, commune in (("home", 105.01, HOME), ("away", 105.11, "37002")):
            connection.execute(
                insert(tables.GreenArea).values(
                    code=code, kind="public", area_m2=100, commune_code=commune, province_code="37",
                    valid_from=date(2020, 1, 1), geom=square(west),
                )
            )  # fmt: skip


def square(west: float, south: float = 20.01, size: float = 0.001) -> str:
    """Give a small square as EWKT."""
    east, north = west + size, south + size
    return f"SRID=4326;MULTIPOLYGON((({west} {south},{east} {south},{east} {north},{west} {north},{west} {south})))"


def make_user(database: Database, name: str, role: Role, *territory: str) -> str:
    """Make a person's login as `dothi user add` does and give its URL; the test's clean-up drops it."""
    login = f"{database.name}_{name}"
    with owner(database) as connection:
        password = create_user(connection, login, role, territory)
    database.made_logins[name] = password
    return database.cluster.url(database.name, login, password=password)


@contextmanager
def session(url: str) -> Iterator[psycopg2.extensions.cursor]:
    """Log in and give a cursor; what is done commits at the end of the block."""
    connection = psycopg2.connect(url, application_name="test")
    try:
        with connection, connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def attempt(cursor: psycopg2.extensions.cursor, statement: str) -> type[psycopg2.Error] | None:
    """Run a statement in a savepoint and give the kind of error it met; what it did is undone."""
    cursor.execute("SAVEPOINT attempt")
    try:
        cursor.execute(statement)
    except psycopg2.Error as error:
        return type(error)
    finally:
        cursor.execute("ROLLBACK TO attempt")
    return None
