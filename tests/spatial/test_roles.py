"""Who may read what, through real logins; the catalog is walked, so that a new table or function is covered by itself."""

import pytest
from psycopg2 import errors

from spatial.cluster import Cluster
from spatial.database import migrate
from spatial.layers import LAYERS, Access
from spatial.users import Role
from tests.conftest import Database
from tests.spatial.people import HOME, attempt, make_user, session, settle

OWNER_NAME = "Nguyễn Văn Bí Mật"
CODE = f"{HOME}.{HOME}.1.1"
ROLES = ("dothi_api", "dothi_reader", "dothi_editor")


@pytest.fixture
def secretive(database: Database) -> Database:
    """A database with a parcel whose owner nobody may learn."""
    settle(database)
    with session(database.url) as cursor:
        cursor.execute(
            "INSERT INTO land.parcel (code, former_commune_code, map_sheet, parcel_no, area_m2, area_srid, province_code,"
            " commune_code, geom)"
            f" VALUES ('{HOME}.{HOME}.1.1', '{HOME}', '1', '1', 100, 9209, '37', '{HOME}',"
            " ST_Multi(ST_MakeEnvelope(105.01, 20.01, 105.02, 20.02, 4326)))"
            " RETURNING id"
        )
        (parcel_id,) = cursor.fetchone() or (None,)
        cursor.execute("INSERT INTO private.parcel_owner (parcel_id, owner_name) VALUES (%s, %s)", (parcel_id, OWNER_NAME))
    with session(database.url) as cursor:
        cursor.execute("UPDATE private.parcel_owner SET owner_name = owner_name || ' và vợ'")
    with session(database.url) as cursor:
        cursor.execute("DELETE FROM private.parcel_owner")
        cursor.execute("INSERT INTO private.parcel_owner (parcel_id, owner_name) VALUES (%s, %s)", (parcel_id, OWNER_NAME))
        cursor.execute("ANALYZE private.parcel_owner")
    return database


def login(database: Database, role: str) -> str:
    if role == "dothi_editor":
        return make_user(database, "editor", Role.EDITOR, HOME)
    return database.login(role)


def relations(database: Database) -> list[tuple[str, str]]:
    with session(database.url) as cursor:
        cursor.execute(
            "SELECT n.nspname, format('%I.%I', n.nspname, c.relname)"
            " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f', 'S')"
            " AND n.nspname NOT IN ('pg_toast', 'pg_catalog', 'information_schema')"
        )
        return cursor.fetchall()


@pytest.mark.parametrize("role", ROLES)
def test_no_relation_of_private_can_be_read_and_no_other_holds_the_name(secretive: Database, role: str) -> None:
    url = login(secretive, role)
    readable = 0
    with session(url) as cursor:
        for schema, name in relations(secretive):
            if attempt(cursor, f"SELECT * FROM {name}") is errors.InsufficientPrivilege:
                continue
            assert schema != "private", name
            cursor.execute(f"SELECT * FROM {name}")
            assert "Bí Mật" not in str(cursor.fetchall()), name
            readable += 1
    assert readable > 20


@pytest.mark.parametrize("role", ROLES)
def test_statistics_and_catalog_views_do_not_tell_either(secretive: Database, role: str) -> None:
    with session(login(secretive, role)) as cursor:
        for view in ("pg_stats", "pg_stats_ext", "pg_stat_activity"):
            cursor.execute(f"SELECT * FROM pg_catalog.{view}")
            assert "Bí Mật" not in str(cursor.fetchall()), view


def test_history_and_audit_of_private_stay_private(secretive: Database) -> None:
    with session(secretive.url) as cursor:
        cursor.execute("SELECT count(*) FROM private.history WHERE content::text LIKE '%Bí Mật%'")
        assert (cursor.fetchone() or (0,))[0] >= 1
        cursor.execute("SELECT count(*) FROM private.change WHERE before::text LIKE '%Bí Mật%'")
        assert (cursor.fetchone() or (0,))[0] >= 1
        cursor.execute("SELECT count(*) FROM audit.change WHERE table_name LIKE 'private%'")
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize("role", ROLES)
def test_functions_that_act_as_their_owner_give_no_name_away(secretive: Database, role: str) -> None:
    """Every SECURITY DEFINER function must have a fixed search_path that ends in pg_temp, and be a known one."""
    with session(secretive.url) as cursor:
        cursor.execute(
            "SELECT p.oid::regprocedure::text, p.proconfig, has_function_privilege(%s, p.oid, 'EXECUTE'),"
            " p.prorettype = 'trigger'::regtype"
            " FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
            " WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
            " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')",
            (role,),
        )
        found = cursor.fetchall()
    assert len(found) >= 4
    for name, config, callable_by_role, is_trigger in found:
        assert any(item.startswith("search_path=") and item.endswith("pg_temp") for item in config or ()), name
        if callable_by_role and not is_trigger and not name.startswith("ingest.current_batch"):
            assert name.split("(")[0] in PUBLIC_DEFINERS, f"{name}: say in this test what it may tell"


PUBLIC_DEFINERS = {
    "admin.estimated_extent",
    "admin.estimated_density",
    "admin.territory_refusal",
    "admin.end_long_waits",
}
"""Functions that others may call and that read more than they may: those of statistics begin with `admin.check_readable`, the
next tells an editor whose ground it is, as `admin.editor_territory` and the units do, the last how many it ended."""


@pytest.mark.parametrize("hidden_first", [True, False])
def test_what_history_kept_of_land_is_withdrawn_when_it_may_not_be_shown(secretive: Database, hidden_first: bool) -> None:
    with session(secretive.url) as cursor:
        cursor.execute(f"UPDATE land.parcel SET address = 'Ngõ 2' WHERE code = '{CODE}'")
    columns = "code, former_commune_code, map_sheet, parcel_no, area_m2, area_srid, province_code, commune_code, valid_from, geom"
    hide = f"INSERT INTO private.parcel_restricted ({columns}) SELECT {columns} FROM parcel_copy"
    delete = f"DELETE FROM land.parcel WHERE code = '{CODE}'"
    with session(secretive.url) as cursor:
        cursor.execute(f"CREATE TEMP TABLE parcel_copy ON COMMIT DROP AS SELECT * FROM land.parcel WHERE code = '{CODE}'")
        for statement in (hide, delete) if hidden_first else (delete, hide):
            cursor.execute(statement)
    with session(secretive.url) as cursor:
        cursor.execute(f"SELECT count(*) FROM history.land__parcel WHERE code = '{CODE}'")
        assert cursor.fetchone() == (0,)
        cursor.execute(f"SELECT count(*) FROM private.history WHERE table_name = 'land.parcel' AND content ->> 'code' = '{CODE}'")
        assert cursor.fetchone() == (2,)


def test_layers_are_read_by_whom_the_declaration_says(database: Database) -> None:
    with session(database.url) as cursor:
        for layer in LAYERS:
            cursor.execute(
                "SELECT has_table_privilege('dothi_api', %(t)s, 'SELECT'), has_table_privilege('dothi_reader', %(t)s, 'SELECT'),"
                " has_table_privilege('dothi_editor', %(t)s, 'UPDATE'), has_table_privilege('dothi_reader', %(t)s, 'UPDATE')",
                {"t": layer.table_name},
            )
            assert cursor.fetchone() == (layer.access is Access.PUBLIC, True, layer.editable, False), layer.name


def test_the_login_of_the_api_is_a_member_of_the_public_and_nothing_else(database: Database) -> None:
    with session(database.url) as cursor:
        cursor.execute("SELECT rolname FROM pg_roles WHERE rolname <> 'dothi_api' AND pg_has_role('dothi_api', oid, 'MEMBER')")
        assert cursor.fetchall() == [("dothi_public",)]
        cursor.execute("SELECT rolsuper, rolcreaterole, rolcreatedb, rolbypassrls FROM pg_roles WHERE rolname = 'dothi_api'")
        assert cursor.fetchone() == (False, False, False, False)


def test_only_members_may_connect_and_none_of_the_public_makes_temporary_tables(cluster: Cluster) -> None:
    name = "test_connect_rights"
    cluster.ensure_database(name)
    try:
        migrate(cluster.url(name))
        with session(cluster.url(name)) as cursor:
            cursor.execute("SELECT datacl::text FROM pg_database WHERE datname = current_database()")
            ((acl,),) = cursor.fetchall()
            cursor.execute("SELECT has_database_privilege('dothi_editor', current_database(), 'TEMP')")
            assert cursor.fetchone() == (False,)
        assert "{=" not in acl
        assert ",=" not in acl
    finally:
        cluster.drop_database(name)
