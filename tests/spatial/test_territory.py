"""An editor's territory, through real logins: every way out of it raises a sentence, and what is allowed is kept and audited."""

from collections.abc import Callable

import psycopg2
import pytest
from psycopg2 import errors

from spatial.users import Role
from tests.conftest import Database
from tests.spatial.people import HOME, attempt, make_user, session, settle, square

Run = Callable[[str], None]

INSERT = (
    "INSERT INTO landscape.green_area (code, kind, province_code, commune_code, geom)"
    " VALUES ('new', 'public', '37', '{commune}', '{shape}')"
)
REFUSED = [
    pytest.param(INSERT.format(commune="37002", shape=square(105.01)), id="insert, code outside"),
    pytest.param(INSERT.format(commune=HOME, shape=square(105.11)), id="insert, geometry outside"),
    pytest.param(INSERT.format(commune=HOME, shape=square(105.0995)), id="insert, geometry across the edge"),
    pytest.param("UPDATE landscape.green_area SET name = 'x' WHERE code = 'away'", id="update of a row outside"),
    pytest.param("UPDATE landscape.green_area SET commune_code = '37002' WHERE code = 'home'", id="code moved outside"),
    pytest.param(
        "UPDATE landscape.green_area SET geom = ST_Translate(geom, 1, 0) WHERE code = 'home'", id="moved one degree, same code"
    ),
    pytest.param(
        f"UPDATE landscape.green_area SET commune_code = '{HOME}', geom = '{square(105.02)}' WHERE code = 'away'",
        id="a colleague's row drawn over here",
    ),
    pytest.param("DELETE FROM landscape.green_area WHERE code = 'away'", id="delete of a row outside"),
    pytest.param("UPDATE landscape.green_area SET name = 'x'", id="update of all"),
    pytest.param("DELETE FROM landscape.green_area", id="delete of all"),
    pytest.param("UPDATE landscape.green_area SET commune_code = NULL WHERE code = 'home'", id="code taken away"),
]


@pytest.fixture
def editor(database: Database) -> str:
    settle(database)
    return make_user(database, "lan", Role.EDITOR, HOME)


def rows(database: Database, query: str) -> list[tuple[object, ...]]:
    with session(database.url) as cursor:
        cursor.execute(query)
        return cursor.fetchall()


@pytest.mark.parametrize("statement", REFUSED)
def test_what_leaves_the_territory_is_refused_with_a_sentence(database: Database, editor: str, statement: str) -> None:
    before = rows(database, "SELECT * FROM landscape.green_area ORDER BY id")
    with pytest.raises(errors.InsufficientPrivilege, match="địa bàn"), session(editor) as cursor:
        cursor.execute(statement)
    assert rows(database, "SELECT * FROM landscape.green_area ORDER BY id") == before


def test_an_edit_at_home_is_kept_in_history_and_audit_under_her_name(database: Database, editor: str) -> None:
    with session(editor) as cursor:
        cursor.execute("UPDATE landscape.green_area SET name = 'Vườn hoa' WHERE code = 'home'")
        assert cursor.rowcount == 1
    assert rows(database, "SELECT name FROM history.landscape__green_area") == [(None,)]
    ((login, door, operation, before, after),) = rows(
        database, "SELECT login, door, operation, before->>'name', after->>'name' FROM audit.change WHERE login LIKE '%lan'"
    )
    assert (login, door, operation, before, after) == (f"{database.name}_lan", "editor (test)", "UPDATE", None, "Vườn hoa")
    same = "SELECT DISTINCT b.login = c.login FROM audit.change c JOIN ingest.batch b ON b.id = c.batch_id"
    assert rows(database, same) == [(True,)]


def test_insert_and_delete_at_home(database: Database, editor: str) -> None:
    with session(editor) as cursor:
        cursor.execute(INSERT.format(commune=HOME, shape=square(105.02)))
    with session(editor) as cursor:
        cursor.execute("DELETE FROM landscape.green_area WHERE code = 'new'")
    edits = rows(database, "SELECT operation FROM audit.change WHERE login LIKE '%lan' ORDER BY id")
    assert edits == [("INSERT",), ("DELETE",)]
    assert rows(database, "SELECT code FROM history.landscape__green_area") == [("new",)]


def test_a_copied_row_takes_this_transactions_batch_and_not_the_one_it_came_with(database: Database, editor: str) -> None:
    with session(editor) as cursor:
        cursor.execute(
            "INSERT INTO landscape.green_area (code, kind, province_code, commune_code, geom, batch_id)"
            " SELECT 'copy', kind, province_code, commune_code, geom, batch_id FROM landscape.green_area WHERE code = 'home'"
        )
    ((copied, original),) = rows(
        database,
        "SELECT (SELECT batch_id FROM landscape.green_area WHERE code = 'copy'), batch_id"
        " FROM landscape.green_area WHERE code = 'home'",
    )
    assert copied != original


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("TRUNCATE landscape.green_area", errors.InsufficientPrivilege),
        ("ALTER TABLE landscape.green_area DISABLE TRIGGER USER", errors.InsufficientPrivilege),
        ("SET session_replication_role = replica", errors.InsufficientPrivilege),
        ("SET ROLE dothi_ingest", errors.InsufficientPrivilege),
        ("SET ROLE dothi_owner", errors.InsufficientPrivilege),
        ("SET SESSION AUTHORIZATION postgres", errors.InsufficientPrivilege),
        ("SELECT ingest.open_batch('load')", errors.InsufficientPrivilege),
        ("INSERT INTO admin.editor_territory VALUES (session_user, '01', 'province')", errors.InsufficientPrivilege),
        ("INSERT INTO ingest.batch (kind) VALUES ('load')", errors.InsufficientPrivilege),
        ("UPDATE history.landscape__green_area SET name = 'x'", errors.InsufficientPrivilege),
        ("DELETE FROM audit.change", errors.InsufficientPrivilege),
        ("UPDATE landscape.green_area SET id = id + 1000 WHERE code = 'home'", errors.IntegrityConstraintViolation),
        ("CREATE TABLE public.x (a int)", errors.InsufficientPrivilege),
        ("CREATE FUNCTION public.x() RETURNS int LANGUAGE sql AS 'SELECT 1'", errors.InsufficientPrivilege),
        ("SELECT ingest.track_table('landscape.green_area')", errors.InsufficientPrivilege),
    ],
)
def test_ways_around_are_closed(database: Database, editor: str, statement: str, error: type[psycopg2.Error]) -> None:
    with pytest.raises(error), session(editor) as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("change", ["name = 'x'", "name = 'x', batch_id = {foreign}"])
def test_a_borrowed_batch_is_refused(database: Database, editor: str, change: str) -> None:
    ((foreign,),) = rows(database, "SELECT max(id) FROM ingest.batch")
    borrow = f"SELECT set_config('dothi.batch_id', '{foreign}', false)"
    update = f"UPDATE landscape.green_area SET {change.format(foreign=foreign)} WHERE code = 'home'"
    with pytest.raises(errors.IntegrityConstraintViolation, match="batch"), session(editor) as cursor:
        cursor.execute(f"{borrow}; {update}")
    assert rows(database, "SELECT name FROM landscape.green_area WHERE code = 'home'") == [(None,)]


def test_a_version_cannot_be_taken_before_the_commit(database: Database, editor: str) -> None:
    update = "UPDATE landscape.green_area SET name = name || 'x' WHERE code = 'home'"
    with pytest.raises(psycopg2.Error, match="closed"), session(editor) as cursor:
        cursor.execute(f"{update}; SET CONSTRAINTS ALL IMMEDIATE; {update}")


def test_a_province_editor_writes_in_its_communes(database: Database) -> None:
    settle(database)
    with session(database.url) as cursor:
        cursor.execute(
            "INSERT INTO admin.unit (code, level, name, province_code, valid_from, geom) VALUES"
            " ('37', 'province', 'Ninh Bình', '37', '2025-07-01',"
            " ST_Multi(ST_MakeEnvelope(105, 20, 105.3, 20.1, 4326)))"
        )
    url = make_user(database, "binh", Role.EDITOR, "37")
    with session(url) as cursor:
        cursor.execute("UPDATE landscape.green_area SET name = 'x'")
        assert cursor.rowcount == 2


def test_a_territory_without_a_boundary_is_a_sentence(database: Database) -> None:
    settle(database)
    url = make_user(database, "chi", Role.EDITOR, "01")
    with pytest.raises(errors.InsufficientPrivilege, match="địa bàn"), session(url) as cursor:
        cursor.execute("UPDATE landscape.green_area SET name = 'x' WHERE code = 'home'")


def test_a_reader_changes_nothing(database: Database) -> None:
    settle(database)
    url = make_user(database, "doc", Role.READER)
    with session(database.url) as cursor:
        cursor.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        names = [row[0] for row in cursor.fetchall()]
    assert len(names) > 60
    with session(url) as cursor:
        for name in names:
            for statement in (f"DELETE FROM {name}", f"INSERT INTO {name} DEFAULT VALUES", f"TRUNCATE {name}"):
                assert attempt(cursor, statement) is errors.InsufficientPrivilege, statement
