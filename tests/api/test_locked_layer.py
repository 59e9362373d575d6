"""A layer that an editor has locked is busy by itself; the others answer, and the API ends who keeps it locked."""

import time
from contextlib import closing

import httpx
import psycopg2
import pytest

from api import layer_versions
from spatial.users import Role
from tests.conftest import Database, admin_cursor
from tests.spatial.people import HOME, make_user, settle


async def test_a_locked_layer_is_503_and_the_others_answer(client: httpx.AsyncClient, database: Database) -> None:
    settle(database)
    with admin_cursor(database.url) as cursor:
        cursor.execute("SELECT admin.limit_logins()")
    with closing(psycopg2.connect(make_user(database, "lan", Role.EDITOR, HOME))) as connection, connection.cursor() as editor:
        editor.execute("LOCK TABLE landscape.green_area IN ACCESS EXCLUSIVE MODE")
        locked = await client.get("/ogc/collections/green_areas/items")
        assert locked.status_code == 503
        assert int(locked.headers["retry-after"]) > 0
        assert "locked" in locked.json()["detail"] or "khóa" in locked.json()["detail"]
        assert locked.elapsed.total_seconds() < 10
        assert (await client.get("/ogc/collections/water_bodies/items")).status_code == 200
        assert (await client.get("/health")).status_code == 200
        connection.rollback()
    assert (await client.get("/ogc/collections/green_areas/items")).status_code == 200


async def test_the_api_ends_who_keeps_a_layer_locked(client: httpx.AsyncClient, database: Database) -> None:
    settle(database)
    with admin_cursor(database.url) as cursor:  # a lunch of a second is long enough for a test
        cursor.execute("SELECT pg_get_functiondef('admin.end_long_waits'::regproc)")
        ((definition,),) = cursor.fetchall()
        cursor.execute(definition.replace("30 s", "1 s"))
    with closing(psycopg2.connect(make_user(database, "lan", Role.EDITOR, HOME))) as connection, connection.cursor() as editor:
        editor.execute("SET idle_in_transaction_session_timeout = 0")
        editor.execute("LOCK TABLE landscape.green_area IN ACCESS EXCLUSIVE MODE")
        deadline = time.monotonic() + 4 * layer_versions.HEARTBEAT_SECONDS
        while (await client.get("/ogc/collections/green_areas/items")).status_code != 200:
            assert time.monotonic() < deadline
        with pytest.raises((psycopg2.OperationalError, psycopg2.InterfaceError)):
            editor.execute("SELECT 1")


async def test_what_the_api_calls_every_few_seconds_is_for_anybody_to_call(database: Database) -> None:
    with closing(psycopg2.connect(database.login("dothi_api"))) as connection, connection.cursor() as cursor:
        cursor.execute(layer_versions._END_WAITS)
        assert cursor.fetchall() == [(0,)]
