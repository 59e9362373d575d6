"""Who makes others wait: no login can hold what commits and loads wait for, and who goes to lunch in a transaction is ended."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest
from psycopg2 import errors
from sqlalchemy import text

from spatial.users import Role
from spatial.versions import take_turn
from tests.conftest import Database, admin_cursor
from tests.spatial.people import HOME, attempt, make_user, owner, session, settle

EDIT = "UPDATE landscape.green_area SET name = %s WHERE code = %s"


@pytest.fixture
def settled(database: Database) -> Database:
    settle(database)
    return database


@pytest.fixture
def lunching(settled: Database) -> Iterator[psycopg2.extensions.cursor]:
    """The cursor of an editor whose limits are off, as she may set them herself."""
    url = make_user(settled, "lan", Role.EDITOR, HOME)
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            cursor.execute(f"SET {name} = 0")
        connection.commit()
        yield cursor


def is_ended(cursor: psycopg2.extensions.cursor) -> bool:
    try:
        cursor.execute("SELECT 1")
    except (psycopg2.OperationalError, psycopg2.InterfaceError):
        return True
    return False


# -- what commits and loads wait for ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.READER, Role.EDITOR, Role.LOADER, Role.STEWARD, Role.AUDITOR, Role.ADMINISTRATOR])
def test_nobody_takes_the_turn_of_versions_or_of_a_load(settled: Database, role: Role) -> None:
    url = make_user(settled, role, role, *([HOME] if role is Role.EDITOR else []))
    statements = [
        *(f"LOCK TABLE ingest.version_turn IN {mode} MODE" for mode in ("ACCESS SHARE", "ROW EXCLUSIVE", "EXCLUSIVE")),
        "LOCK TABLE ingest.load_turn IN EXCLUSIVE MODE",
        "SELECT FROM ingest.load_turn FOR UPDATE",
        "INSERT INTO ingest.load_turn VALUES ('land.parcel', '')",
        "SELECT ingest.take_version_turn('1 s')",
        "SELECT admin.end_backend(1)",
        "SELECT admin.end_waits('0 s')",
        "SELECT pg_advisory_lock(hashtextextended('dothi.data_version', 0))",
        "SELECT pg_try_advisory_xact_lock_shared(1, 2)",
        "SELECT lo_create(0)",
        "SELECT lo_from_bytea(0, 'x')",
    ]  # fmt: skip
    if role not in (Role.LOADER, Role.STEWARD):
        statements.append("SELECT ingest.take_load_turn('land.parcel', '', '1 s')")
    with session(url) as cursor:
        assert {statement: attempt(cursor, statement) for statement in statements} == dict.fromkeys(
            statements, errors.InsufficientPrivilege
        )


def test_a_commit_ends_an_editor_who_keeps_her_version_through_lunch(
    settled: Database, lunching: psycopg2.extensions.cursor
) -> None:
    lunching.execute(EDIT, ("lunch", "home"))
    lunching.execute("SET CONSTRAINTS ALL IMMEDIATE")
    began = time.monotonic()
    with session(make_user(settled, "binh", Role.EDITOR, "37")) as cursor:
        cursor.execute(EDIT, ("work", "away"))
    assert 4.5 < time.monotonic() - began < 9
    assert is_ended(lunching)
    with session(settled.url) as cursor:
        cursor.execute("SELECT code, name FROM landscape.green_area ORDER BY code")
        assert cursor.fetchall() == [("away", "work"), ("home", None)]


def test_a_commit_that_waits_for_whom_nobody_may_end_is_refused_in_a_sentence(settled: Database) -> None:
    url = make_user(settled, "lan", Role.EDITOR, HOME)
    with session(settled.url) as superuser:
        superuser.execute(EDIT, ("slow", "away"))
        superuser.execute("SET CONSTRAINTS ALL IMMEDIATE")
        began = time.monotonic()
        # (the driver reads what a commit is refused with as ASCII)
        with pytest.raises(errors.LockNotAvailable, match="sau 10 gi"), session(url) as cursor:
            cursor.execute(EDIT, ("mine", "home"))
        assert 9 < time.monotonic() - began < 14


def test_many_short_turns_are_no_lunch(settled: Database) -> None:
    """Who waits for 5 seconds behind a row of others, each of whom is quick, ends nobody."""
    done = threading.Event()

    def keep_writing() -> None:
        with closing(psycopg2.connect(settled.url)) as connection:
            while not done.is_set():
                with connection, connection.cursor() as cursor:
                    cursor.execute(EDIT, ("x", "away"))
                    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                    time.sleep(0.3)

    writers = [threading.Thread(target=keep_writing) for _ in range(2)]
    for writer in writers:
        writer.start()
    with session(make_user(settled, "lan", Role.EDITOR, HOME)) as cursor:
        for number in range(5):
            cursor.execute(EDIT, (str(number), "home"))
            cursor.connection.commit()
    done.set()
    for writer in writers:
        writer.join(30)
    with session(settled.url) as cursor:
        cursor.execute("SELECT name FROM landscape.green_area WHERE code = 'home'")
        assert cursor.fetchall() == [("4",)]


def test_loads_of_a_table_take_turns_and_parts_and_others_do_not_wait(settled: Database) -> None:
    with owner(settled) as first, owner(settled) as second:
        for connection in (first, second):
            connection.execute(text("SET LOCAL ROLE dothi_ingest"))
        assert take_turn(first, "land.parcel", patience_s=0)
        assert take_turn(first, "land.parcel", patience_s=0)
        began = time.monotonic()
        assert not take_turn(second, "land.parcel", patience_s=0)
        assert time.monotonic() - began < 0.5
        assert not take_turn(second, "land.parcel", patience_s=0.5)
        assert take_turn(second, "planning.zone", patience_s=0)
        assert take_turn(second, "land.parcel", patience_s=0, scope=HOME)
        assert second.scalar(text("SHOW lock_timeout")) == "0"
        first.rollback()
        assert take_turn(second, "land.parcel", patience_s=0)


# -- locks of tables -------------------------------------------------------------------------------------------------------------


def test_an_editor_who_locked_a_table_is_ended_and_who_only_works_is_not(
    settled: Database, lunching: psycopg2.extensions.cursor
) -> None:
    lunching.execute("LOCK TABLE landscape.green_area IN ACCESS EXCLUSIVE MODE")
    with session(make_user(settled, "binh", Role.EDITOR, "37")) as working:
        working.execute("SELECT id FROM land.parcel FOR UPDATE")
        time.sleep(0.6)
        with session(settled.login("dothi_api")) as anybody:
            anybody.execute("SELECT admin.end_long_waits()")
            assert anybody.fetchall() == [(0,)]  # it is not half a minute yet
        with admin_cursor(settled.url) as cursor:
            cursor.execute("SELECT admin.end_waits('0.5 s')")
            assert cursor.fetchall() == [(1,)]
        assert is_ended(lunching)
        working.execute("SELECT count(*) FROM landscape.green_area")


def test_a_reader_whose_open_transaction_holds_up_a_change_is_ended_once_somebody_waits(settled: Database) -> None:
    url = make_user(settled, "doc", Role.READER)
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as reader:
        reader.execute("SELECT count(*) FROM landscape.green_area")
        time.sleep(0.6)
        with admin_cursor(settled.url) as cursor:
            cursor.execute("SELECT admin.end_waits('0.5 s')")
            assert cursor.fetchall() == [(0,)]
        changed = threading.Event()

        def change() -> None:
            with session(settled.url) as cursor:
                cursor.execute("ALTER TABLE landscape.green_area ALTER COLUMN name SET DEFAULT NULL")
            changed.set()

        changing = threading.Thread(target=change)
        changing.start()
        time.sleep(1)
        with admin_cursor(settled.url) as cursor:
            cursor.execute("SELECT admin.end_waits('0.5 s')")
            assert cursor.fetchall() == [(1,)]
        changing.join(10)
        assert changed.is_set()
        assert is_ended(reader)


def test_a_loader_at_work_is_not_ended(settled: Database) -> None:
    url = make_user(settled, "nap", Role.LOADER)
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as loader:
        loader.execute("LOCK TABLE landscape.green_area IN EXCLUSIVE MODE")
        time.sleep(0.6)
        with admin_cursor(settled.url) as cursor:
            cursor.execute("SELECT admin.end_waits('0.5 s')")
            assert cursor.fetchall() == [(0,)]
        assert not is_ended(loader)
