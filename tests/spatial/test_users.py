"""Persons' logins: made with a password that is shown once, listed, dropped; wrong words are sentences."""

from collections.abc import Iterator

import psycopg2
import pytest
from sqlalchemy import Connection, insert, text

from spatial.cluster import Cluster
from spatial.errors import Conflict, InvalidInput, NotFound
from spatial.tables import EditorTerritory
from spatial.users import Role, User, create_user, drop_user, list_users, parse_role
from tests.conftest import Database, cloned
from tests.spatial.people import HOME, owner, session, settle


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
    with pytest.raises(InvalidInput, match="A reader changes nothing"):
        create_user(admin, "lan", Role.READER, (HOME,))
    with pytest.raises(InvalidInput, match="reader or editor"):
        parse_role("boss")


@pytest.mark.parametrize("name", ["nobody", "postgres", "dothi_api", "dothi_owner", "'; --"])
def test_only_persons_logins_are_dropped(admin: Connection, name: str) -> None:
    with pytest.raises(NotFound):
        drop_user(admin, name)


def test_who_takes_a_former_name_takes_no_territory_with_it(admin: Connection) -> None:
    admin.execute(insert(EditorTerritory).values(login="lan", unit_code="37002", level="commune"))
    create_user(admin, "lan", Role.EDITOR, (HOME,))
    assert {user.name: user.territory for user in list_users(admin)}["lan"] == (HOME,)


def test_a_login_that_holds_rights_elsewhere_is_a_sentence(admin: Connection) -> None:
    create_user(admin, "lan", Role.READER)
    admin.execute(text("GRANT SELECT ON landscape.green_area TO lan"))
    with pytest.raises(Conflict, match="DROP OWNED BY"):
        drop_user(admin, "lan")
