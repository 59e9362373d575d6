"""What each login may take of the server, who may connect where, and on whose behalf the API's staff login writes."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg2
import pytest
from psycopg2 import errors
from sqlalchemy import text

from spatial.cluster import Cluster
from spatial.database import migrate
from spatial.users import Role
from tests.conftest import Database, cloned
from tests.spatial.people import HOME, attempt, make_user, owner, session, settle

SECRET = "Nguyễn Văn Bí Mật 001099012345"
PERSONS = {
    Role.READER: ("5min", "10s", "10min", "1GB", "fatal"),
    Role.EDITOR: ("5min", "10s", "10min", "1GB", "fatal"),
    Role.LOADER: ("0", "5min", "1h", "20GB", "fatal"),
    Role.STEWARD: ("0", "5min", "1h", "20GB", "fatal"),
    Role.AUDITOR: ("5min", "10s", "10min", "1GB", "fatal"),
    Role.ADMINISTRATOR: ("5min", "10s", "10min", "1GB", "fatal"),
}
SETTINGS = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "temp_file_limit", "log_min_messages")


@pytest.fixture(scope="module")
def settled(cluster: Cluster, template: str) -> Iterator[Database]:
    """A clone that was migrated as `dothi db migrate` does: the rights on a database are not cloned with it."""
    with cloned(cluster, template) as database:
        settle(database)
        migrate(database.url)
        for role in Role:
            make_user(database, role, role, *([HOME] if role is Role.EDITOR else []))
        yield database


def person(database: Database, role: str) -> str:
    return database.cluster.url(database.name, f"{database.name}_{role}", password=database.made_logins[role])


def shown(cursor: psycopg2.extensions.cursor) -> tuple[str, ...]:
    cursor.execute("SELECT " + ", ".join(f"current_setting('{name}')" for name in SETTINGS))
    return tuple(cursor.fetchall()[0])


@pytest.mark.parametrize("role", Role)
def test_every_persons_login_has_its_limits(settled: Database, role: Role) -> None:
    with session(person(settled, role)) as cursor:
        assert shown(cursor) == PERSONS[role]
        for name in ("temp_file_limit", "log_min_messages"):
            assert attempt(cursor, f"SET {name} = DEFAULT") is errors.InsufficientPrivilege


@pytest.mark.parametrize("login", ["dothi_api", "dothi_staff"])
def test_so_have_the_services(settled: Database, login: str) -> None:
    with session(settled.login(login)) as cursor:
        assert shown(cursor) == ("30s", "2s", "1min", "256MB", "fatal")


def test_a_person_opens_ten_connections_and_the_api_still_gets_in(settled: Database) -> None:
    with ExitStack() as stack:
        for _ in range(10):
            stack.enter_context(closing(psycopg2.connect(person(settled, "reader"))))
        with pytest.raises(psycopg2.OperationalError, match="too many connections for role"):
            psycopg2.connect(person(settled, "reader"))
        stack.enter_context(closing(psycopg2.connect(settled.login("dothi_api"))))
    with session(settled.url) as cursor:
        cursor.execute("SELECT current_setting('max_connections')::int >= 100 + 20 + 5 * 10")
        assert cursor.fetchall() == [(True,)]


def test_limits_that_were_taken_off_by_hand_are_back_after_a_migration(settled: Database) -> None:
    name = f"{settled.name}_reader"
    with session(settled.url) as cursor:
        cursor.execute(f"ALTER ROLE {name} RESET ALL")
        cursor.execute(f"ALTER ROLE {name} CONNECTION LIMIT -1")
    migrate(settled.url)
    with session(person(settled, "reader")) as cursor:
        assert shown(cursor) == PERSONS[Role.READER]
        cursor.execute("SELECT rolconnlimit FROM pg_roles WHERE rolname = session_user")
        assert cursor.fetchall() == [(10,)]


def test_temporary_files_end_at_the_limit(settled: Database) -> None:
    with session(settled.login("dothi_api")) as cursor:
        cursor.execute("SET work_mem = '64kB'")
        with pytest.raises(errors.ConfigurationLimitExceeded):
            cursor.execute("SELECT count(*) FROM (SELECT repeat('x', 500) || i FROM generate_series(1, 1000000) i ORDER BY 1) s")
        cursor.connection.rollback()


@pytest.mark.parametrize("login", [*Role, "dothi_api", "dothi_staff"])
def test_nobody_gets_into_the_servers_other_database(settled: Database, login: str) -> None:
    url = settled.login(login) if login.startswith("dothi") else person(settled, login)
    parameters = psycopg2.extensions.parse_dsn(url) | {"dbname": "postgres"}
    with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
        psycopg2.connect(**parameters)


def test_what_a_restored_database_has_open_is_closed_by_the_migration(settled: Database) -> None:
    with session(settled.url) as cursor:
        cursor.execute(f"GRANT TEMPORARY, CONNECT ON DATABASE {settled.name} TO PUBLIC")
        cursor.execute("GRANT EXECUTE ON FUNCTION lo_create(oid) TO PUBLIC")
    migrate(settled.url)
    for role in (Role.READER, Role.EDITOR, Role.AUDITOR, Role.ADMINISTRATOR):
        with session(person(settled, role)) as cursor:
            assert attempt(cursor, "CREATE TEMP TABLE t (n int)") is errors.InsufficientPrivilege
            assert attempt(cursor, "SELECT lo_create(0)") is errors.InsufficientPrivilege


def test_the_log_holds_nothing_that_a_person_typed_and_who_connected(settled: Database, cluster: Cluster) -> None:
    begin = cluster.log.stat().st_size
    with session(person(settled, "editor")) as cursor:
        assert attempt(cursor, f"UPDATE landscape.green_area SET area_stated_m2 = '{SECRET}'") is errors.InvalidTextRepresentation
        assert attempt(cursor, f"SELEC '{SECRET}'") is errors.SyntaxError
        for _ in range(50):
            attempt(cursor, f"SELECT '{'x' * 10_000}'::int")
    with Path(cluster.log).open(encoding="utf-8") as file:
        file.seek(begin)
        said = "\n".join(line for line in file if f"@{settled.name} " in line)
    assert "Bí Mật" not in said
    assert len(said) < 10_000
    assert f"connection authorized: user={settled.name}_editor database={settled.name}" in said


@pytest.mark.parametrize("side", [0, -1, 65, 2000])
def test_an_estimate_is_bounded(settled: Database, side: int) -> None:
    call = f"SELECT admin.estimated_density('landscape.green_area'::regclass, 'BOX(105 20, 106 21)'::box2d, {side})"
    with session(settled.login("dothi_api")) as cursor:
        assert attempt(cursor, call) is errors.InvalidParameterValue


# -- the API's staff login -------------------------------------------------------------------------------------------------------


def act_for(cursor: psycopg2.extensions.cursor, who: str | None, role: str = "dothi_editor") -> None:
    cursor.execute(f"SET LOCAL ROLE {role}")
    if who is not None:
        cursor.execute("SELECT set_config('dothi.actor', %s, true)", (who,))


def test_the_staff_login_has_no_right_of_its_own(settled: Database) -> None:
    with session(settled.login("dothi_staff")) as cursor:
        assert attempt(cursor, "SELECT count(*) FROM landscape.green_area") is errors.InsufficientPrivilege
        assert attempt(cursor, "SET ROLE dothi_ingest") is errors.InsufficientPrivilege


def test_the_staff_login_is_judged_and_recorded_as_the_person_it_acts_for(settled: Database) -> None:
    who = f"{settled.name}_editor"
    with session(settled.login("dothi_staff")) as cursor:
        act_for(cursor, who)
        cursor.execute("SET LOCAL application_name = 'dothi load parcels (nightly)'")
        cursor.execute("UPDATE landscape.green_area SET name = 'by the API' WHERE code = 'home'")
        assert attempt(cursor, "UPDATE landscape.green_area SET name = 'x' WHERE code = 'away'") is errors.InsufficientPrivilege
    with owner(settled) as connection:
        audited = connection.execute(text("SELECT login, actor, door FROM audit.change ORDER BY id DESC LIMIT 1")).one()
        assert tuple(audited) == (who, who, "api (dothi load parcels (nightly))")
        batch = connection.execute(text("SELECT login, actor, door FROM ingest.batch ORDER BY id DESC LIMIT 1")).one()
        assert tuple(batch) == tuple(audited)


@pytest.mark.parametrize("who", [None, "", "nobody", "dothi_staff"])
def test_the_staff_login_without_an_editor_behind_it_writes_nothing(settled: Database, who: str | None) -> None:
    with session(settled.login("dothi_staff")) as cursor:
        act_for(cursor, who)
        assert attempt(cursor, "UPDATE landscape.green_area SET name = 'x' WHERE code = 'home'") is errors.InsufficientPrivilege
        cursor.connection.rollback()


def test_nobody_else_acts_for_others(settled: Database) -> None:
    with session(person(settled, "editor")) as cursor:
        cursor.execute("SET dothi.actor = 'giám đốc'")
        cursor.execute("SELECT admin.acting_login(), admin.door()")
        assert cursor.fetchall() == [(f"{settled.name}_editor", "editor (test)")]


# -- who loads ----------------------------------------------------------------------------------------------------------------


def test_a_loader_writes_under_her_own_name(settled: Database) -> None:
    with session(person(settled, "loader")) as cursor:
        cursor.execute("SET LOCAL ROLE dothi_ingest")
        cursor.execute("SELECT ingest.open_batch('load')")
        cursor.execute("UPDATE landscape.green_area SET name = 'loaded' WHERE code = 'away'")
    with owner(settled) as connection:
        batch = connection.execute(text("SELECT kind, login, actor, door FROM ingest.batch ORDER BY id DESC LIMIT 1")).one()
        assert tuple(batch) == ("load", f"{settled.name}_loader", None, "loader (test)")


def test_a_loader_describes_her_own_batch_and_no_other(settled: Database) -> None:
    with session(person(settled, "loader")) as cursor:
        cursor.execute("SET LOCAL ROLE dothi_ingest")
        cursor.execute("SELECT max(id) FROM ingest.batch")
        ((before,),) = cursor.fetchall()
        cursor.execute("SELECT ingest.open_batch('load')")
        ((mine,),) = cursor.fetchall()
        cursor.execute("UPDATE ingest.batch SET file_name = 'a.shp' WHERE id = %s", (mine,))
        statement = f"UPDATE ingest.batch SET file_name = 'forged.shp' WHERE id = {before}"
        assert attempt(cursor, statement) is errors.InsufficientPrivilege
        cursor.connection.rollback()


INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'land' AND tablename = 'parcel' ORDER BY 1"


def test_a_loader_does_without_the_indexes_of_an_empty_table_and_cannot_leave_it_so(settled: Database) -> None:
    with session(settled.url) as cursor:
        cursor.execute(INDEXES)
        before = cursor.fetchall()
    with session(person(settled, "loader")) as cursor:
        assert attempt(cursor, "SELECT ingest.drop_indexes('landscape.green_area')") is errors.ObjectNotInPrerequisiteState
        cursor.execute("SELECT ingest.drop_indexes('land.parcel')")
        cursor.execute(INDEXES)
        assert len(cursor.fetchall()) < len(before)
        with pytest.raises(errors.ObjectNotInPrerequisiteState):
            cursor.connection.commit()
        cursor.execute("SELECT ingest.drop_indexes('land.parcel')")
        cursor.execute("SELECT ingest.build_indexes('land.parcel')")
    with session(settled.url) as cursor:
        cursor.execute(INDEXES)
        assert cursor.fetchall() == before
    for role in (Role.EDITOR, Role.ADMINISTRATOR):
        with session(person(settled, role)) as cursor:
            assert attempt(cursor, "SELECT ingest.drop_indexes('land.parcel')") is errors.InsufficientPrivilege
