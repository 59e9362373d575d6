"""Persons' logins: made with a password that is shown once, listed, dropped; wrong words are sentences."""

from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg2
import pytest
from psycopg2 import errors
from sqlalchemy import Connection, create_engine, insert, text
from sqlalchemy.exc import DBAPIError

from spatial.cluster import Cluster
from spatial.errors import Conflict, InvalidInput, NotFound
from spatial.tables import EditorTerritory
from spatial.users import (
    Role,
    User,
    create_user,
    drop_user,
    end_sessions,
    list_users,
    lock_user,
    parse_role,
    renew_password,
    unlock_user,
)
from tests.conftest import Database, cloned, sqlalchemy_url
from tests.spatial.people import HOME, attempt, make_user, owner, session, settle


@pytest.fixture(scope="module")
def settled(cluster: Cluster, template: str) -> Iterator[Database]:
    with cloned(cluster, template) as database:
        settle(database)
        yield database


@pytest.fixture
def admin(settled: Database) -> Iterator[Connection]:
    """The administrator's transaction; roles made in it vanish with it."""
    with owner(settled) as connection:
        yield connection
        connection.rollback()


def test_an_editor_is_made_listed_and_dropped(admin: Connection) -> None:
    create_user(admin, "lan_1", Role.EDITOR, ("37002", HOME))
    create_user(admin, "binh", Role.READER)
    found = {user.name: user for user in list_users(admin)}
    assert found["lan_1"] == User("lan_1", Role.EDITOR, (HOME, "37002"))
    assert found["binh"] == User("binh", Role.READER, ())
    drop_user(admin, "lan_1")
    assert "lan_1" not in {user.name for user in list_users(admin)}
    assert admin.execute(text("SELECT count(*) FROM admin.editor_territory WHERE login = 'lan_1'")).scalar() == 0


def test_a_login_can_only_log_in(admin: Connection) -> None:
    create_user(admin, "lan", Role.EDITOR, (HOME,))
    row = admin.execute(
        text(
            "SELECT rolcanlogin, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls,"
            " pg_has_role('lan', 'dothi_ingest', 'MEMBER'), pg_has_role('lan', 'dothi_owner', 'MEMBER')"
            " FROM pg_roles WHERE rolname = 'lan'"
        )
    ).one()
    assert tuple(row) == (True, False, False, False, False, False, False, False)


def test_the_password_opens_the_door_and_only_its_verifier_is_kept(settled: Database) -> None:
    name = f"{settled.name}_lan"
    with owner(settled) as connection:
        password = create_user(connection, name, Role.EDITOR, (HOME,))
    settled.made_logins["lan"] = password
    with session(settled.cluster.url(settled.name, name, password=password)) as cursor:
        cursor.execute("SELECT session_user")
        assert cursor.fetchall() == [(name,)]
    with pytest.raises(psycopg2.OperationalError), session(settled.cluster.url(settled.name, name, password=password[:-1])):
        pass
    with owner(settled) as connection:
        stored = connection.execute(text("SELECT rolpassword FROM pg_authid WHERE rolname = :name"), {"name": name}).scalar_one()
    assert stored.startswith("SCRAM-SHA-256$")
    assert password not in stored
    assert len(password) >= 20


def test_two_passwords_differ(admin: Connection) -> None:
    assert create_user(admin, "lan", Role.READER) != create_user(admin, "binh", Role.READER)


@pytest.mark.parametrize(
    "name",
    ["", "a", "Lan", "lan-anh", "lan anh", "1lan", "nguyễn", "x" * 32, "dothi_lan", "dothi_owner", "pg_lan", "postgres",
     'lan"; DROP ROLE dothi_owner; --', "lan'", "lan\n"],
)  # fmt: skip
def test_a_name_that_will_not_do_is_a_sentence(admin: Connection, name: str) -> None:
    with pytest.raises(InvalidInput, match="no name for a login") as caught:
        create_user(admin, name, Role.READER)
    assert caught.value.vi


def test_the_name_is_taken(admin: Connection) -> None:
    create_user(admin, "lan", Role.READER)
    with pytest.raises(Conflict, match="dothi user drop lan"):
        create_user(admin, "lan", Role.READER)


@pytest.mark.parametrize("code", ["99", "99999", "370", "", "Hà Nội", "'; --"])
def test_a_territory_that_is_no_unit_in_force(admin: Connection, code: str) -> None:
    with pytest.raises(NotFound, match="no province"):
        create_user(admin, "lan", Role.EDITOR, (HOME, code))


def test_a_province_without_a_boundary_is_known_by_its_code(admin: Connection) -> None:
    create_user(admin, "lan", Role.EDITOR, ("01",))
    assert {user.name: user.territory for user in list_users(admin)}["lan"] == ("01",)


def test_a_unit_that_ended_is_no_territory(admin: Connection) -> None:
    admin.execute(text("UPDATE admin.unit SET valid_to = '2026-01-01' WHERE code = :code"), {"code": HOME})
    with pytest.raises(NotFound):
        create_user(admin, "lan", Role.EDITOR, (HOME,))


def test_roles_and_territories_that_do_not_go_together(admin: Connection) -> None:
    with pytest.raises(InvalidInput, match="needs a territory"):
        create_user(admin, "lan", Role.EDITOR)
    for role in set(Role) - {Role.EDITOR}:
        with pytest.raises(InvalidInput, match="Only an editor has a territory"):
            create_user(admin, "lan", role, (HOME,))
    with pytest.raises(InvalidInput, match="reader, editor, loader, steward, auditor or administrator"):
        parse_role("boss")


@pytest.mark.parametrize("name", ["nobody", "postgres", "dothi_api", "dothi_owner", "'; --"])
def test_only_persons_logins_are_dropped(admin: Connection, name: str) -> None:
    with pytest.raises(NotFound):
        drop_user(admin, name)


def test_who_takes_a_former_name_takes_no_territory_with_it(admin: Connection) -> None:
    admin.execute(insert(EditorTerritory).values(login="lan", unit_code="37002", level="commune"))
    create_user(admin, "lan", Role.EDITOR, (HOME,))
    assert {user.name: user.territory for user in list_users(admin)}["lan"] == (HOME,)


# -- those who leave ----------------------------------------------------------------------------------------------------------


def test_who_was_granted_something_by_hand_is_dropped_all_the_same(admin: Connection) -> None:
    create_user(admin, "lan", Role.READER)
    admin.execute(text("GRANT dothi_owner TO lan"))
    admin.execute(text("GRANT SELECT ON landscape.green_area TO lan"))
    admin.execute(text("CREATE TABLE staging.hers AS SELECT 'Đô thị' AS name"))
    admin.execute(text("ALTER TABLE staging.hers OWNER TO lan"))
    drop_user(admin, "lan")
    assert "lan" not in {user.name for user in list_users(admin)}
    owned = "SELECT name, (SELECT tableowner FROM pg_tables WHERE tablename = 'hers') FROM staging.hers"
    assert tuple(admin.execute(text(owned)).one()) == ("Đô thị", "dothi_owner")


def test_a_login_that_owns_something_in_another_database_is_locked_and_told(settled: Database, cluster: Cluster) -> None:
    name, other = f"{settled.name}_elsewhere", f"{settled.name}_other"
    with owner(settled) as connection:
        settled.made_logins["elsewhere"] = create_user(connection, name, Role.READER)
    cluster.ensure_database(other)
    try:
        with session(cluster.url(other)) as cursor:
            cursor.execute(f"CREATE SCHEMA hers AUTHORIZATION {name}")
        with owner(settled) as connection:
            lock_user(connection, name)
        with pytest.raises(Conflict, match="DROP OWNED BY"), owner(settled) as connection:
            drop_user(connection, name)
        with owner(settled) as connection:
            assert {user.name: user.is_locked for user in list_users(connection)}[name]
    finally:
        cluster.drop_database(other)
        with owner(settled) as connection:
            drop_user(connection, name)


def test_who_is_locked_is_out_at_once_and_back_when_unlocked(settled: Database) -> None:
    name = f"{settled.name}_locked"
    with owner(settled) as connection:
        settled.made_logins["locked"] = password = create_user(connection, name, Role.EDITOR, (HOME,))
    url = settled.cluster.url(settled.name, name, password=password)
    with closing(psycopg2.connect(url)) as working, working.cursor() as cursor:
        cursor.execute("UPDATE landscape.green_area SET name = 'not saved' WHERE code = 'home'")
        with owner(settled) as connection:
            lock_user(connection, name)
        with owner(settled) as connection:
            assert end_sessions(connection, name) == 1
        with pytest.raises(psycopg2.OperationalError):
            cursor.execute("COMMIT")
    with pytest.raises(psycopg2.OperationalError, match="not permitted to log in"):
        psycopg2.connect(url)
    with owner(settled) as connection:
        unlock_user(connection, name)
        renewed = renew_password(connection, name)
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(url)
    with session(settled.cluster.url(settled.name, name, password=renewed)) as cursor:
        cursor.execute("SELECT count(*) FROM landscape.green_area WHERE name = 'not saved'")
        assert cursor.fetchall() == [(0,)]


@pytest.mark.parametrize("act", [lock_user, unlock_user, end_sessions, renew_password])
@pytest.mark.parametrize("name", ["nobody", "postgres", "dothi_api", "dothi_staff", "dothi_owner"])
def test_only_persons_logins_are_kept_so(admin: Connection, act: Callable[[Connection, str], object], name: str) -> None:
    with pytest.raises(NotFound, match="dothi user list"):
        act(admin, name)


# -- who keeps them -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def administrator(settled: Database) -> Iterator[Connection]:
    """The transaction of a person whose role is administrator; taken back."""
    engine = create_engine(sqlalchemy_url(make_user(settled, "adm", Role.ADMINISTRATOR)))
    with engine.connect() as connection:
        yield connection
        connection.rollback()
    engine.dispose()
    with owner(settled) as connection:
        drop_user(connection, f"{settled.name}_adm")


def test_an_administrator_keeps_logins_by_her_own_login_and_leaves_a_trace(administrator: Connection, settled: Database) -> None:
    create_user(administrator, "lan", Role.EDITOR, (HOME,))
    renew_password(administrator, "lan")
    lock_user(administrator, "lan")
    unlock_user(administrator, "lan")
    drop_user(administrator, "lan")
    rows = administrator.execute(
        text("SELECT login, operation, detail FROM audit.administration WHERE subject = 'lan' ORDER BY id")
    ).all()
    who = f"{settled.name}_adm"
    assert [tuple(row) for row in rows] == [
        (who, "add", {"role": "editor"}),
        (who, "give territory", {"unit_code": HOME, "level": "commune"}),
        (who, "password", None),
        (who, "lock", None),
        (who, "unlock", None),
        (who, "take territory", {"unit_code": HOME, "level": "commune"}),
        (who, "drop", None),
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE ROLE lan LOGIN",
        "GRANT dothi_owner TO CURRENT_USER",
        "GRANT pg_execute_server_program TO CURRENT_USER",
        "ALTER ROLE postgres PASSWORD 'x'",
        "ALTER ROLE dothi_api PASSWORD 'x'",
        "SET ROLE dothi_owner",
        "SET ROLE dothi_ingest",
        "SELECT admin.make_login('lan', 'owner', 'SCRAM-SHA-256$4096:eA==$eA==:eA==')",
        "SELECT admin.make_login('dothi_lan', 'reader', 'SCRAM-SHA-256$4096:eA==$eA==:eA==')",
        "SELECT admin.make_login('lan', 'reader', 'secret')",
        "SELECT admin.lock_login('postgres', true)",
        "SELECT admin.drop_login('dothi_api')",
        "SELECT admin.set_login_password('dothi_api', 'SCRAM-SHA-256$4096:eA==$eA==:eA==')",
        "SELECT admin.end_sessions('postgres')",
        "SELECT admin.limit_login('dothi_api', 'person')",
        "SELECT admin.close_doors()",
        "DELETE FROM audit.administration",
        "TRUNCATE admin.editor_territory",
        "SELECT * FROM private.parcel_owner",
        "UPDATE landscape.green_area SET name = 'x'",
    ],
)
def test_an_administrator_is_no_more_than_that(administrator: Connection, statement: str) -> None:
    with pytest.raises(DBAPIError) as caught:
        administrator.exec_driver_sql(statement)
    assert caught.value.orig.pgcode in ("42501", "42602", "22023", "42704")  # type: ignore[union-attr]


@pytest.mark.parametrize("role", [Role.READER, Role.EDITOR, Role.LOADER, Role.STEWARD, Role.AUDITOR])
def test_nobody_else_keeps_logins(settled: Database, role: Role) -> None:
    with session(make_user(settled, f"no_{role}", role, *([HOME] if role is Role.EDITOR else []))) as cursor:
        for call in ("make_login('lan', 'reader', 'x')", "set_login_password('lan', 'x')", "lock_login('lan', true)",
                     "end_sessions('lan')", "drop_login('lan')"):  # fmt: skip
            assert attempt(cursor, f"SELECT admin.{call}") is errors.InsufficientPrivilege
        assert attempt(cursor, "DELETE FROM audit.administration") is errors.InsufficientPrivilege
        read = attempt(cursor, "SELECT * FROM audit.administration")
        assert read is (None if role is Role.AUDITOR else errors.InsufficientPrivilege)
        cursor.connection.rollback()


def test_a_territory_that_anybody_writes_leaves_a_trace(settled: Database) -> None:
    with session(settled.url) as cursor:
        cursor.execute("INSERT INTO admin.editor_territory (login, unit_code, level) VALUES ('lan', '37', 'province')")
        cursor.execute("UPDATE admin.editor_territory SET level = level WHERE login = 'lan'")
        cursor.execute("UPDATE admin.editor_territory SET level = 'commune' WHERE login = 'lan'")
        cursor.execute("DELETE FROM admin.editor_territory WHERE login = 'lan'")
        cursor.execute("SELECT operation, detail ->> 'level' FROM audit.administration WHERE subject = 'lan' ORDER BY id")
        assert cursor.fetchall() == [
            ("give territory", "province"),
            ("renew territory", "province"),
            ("take territory", "province"),
            ("give territory", "commune"),
            ("take territory", "commune"),
        ]
        cursor.connection.rollback()
