"""A territory is the ground as it was granted: no row moves it, a steward renews it; each step of an edit leaves its trace."""

import psycopg2
import pytest
from psycopg2 import errors
from sqlalchemy import text

from spatial.errors import Conflict, NotFound
from spatial.tables import Base, EditorTerritory
from spatial.users import Role, drop_user, list_users, renew_territory
from tests.conftest import Database
from tests.spatial.people import HOME, attempt, make_user, owner, session, settle, square

INSERT = "INSERT INTO landscape.green_area (code, kind, commune_code, geom) VALUES ('{code}', 'public', '{commune}', '{shape}')"
WIDEN = "UPDATE admin.unit SET geom = ST_Multi(ST_MakeEnvelope(105, 20, 105.2, 20.1, 4326)) WHERE code = '37001'"
MERGE = """
    UPDATE admin.unit SET valid_to = admin.today_vn() WHERE code IN ('37001', '37002');
    INSERT INTO admin.unit (code, level, kind, name, parent_code, province_code, commune_code, valid_from, geom)
        SELECT '37099', 'commune', 'Phường', 'Phường mới', '37', '37', '37099', admin.today_vn(), ST_Multi(ST_Union(geom))
        FROM admin.unit WHERE code IN ('37001', '37002');
    INSERT INTO admin.unit_change (level, kind, from_code, to_code, changed_on)
        SELECT 'commune', 'merge', code, '37099', admin.today_vn() FROM unnest(ARRAY['37001', '37002']) code"""


def insert(code: str = "new", commune: str = HOME, west: float = 105.03) -> str:
    return INSERT.format(code=code, commune=commune, shape=square(west))


@pytest.fixture
def editor(database: Database) -> str:
    settle(database)
    return make_user(database, "lan", Role.EDITOR, HOME)


def steward(database: Database, statement: str) -> None:
    """Write as the loader does: the units that a steward keeps."""
    with owner(database) as connection:
        connection.execute(text("SET LOCAL ROLE dothi_ingest"))
        connection.execute(text(statement))


def test_widened_boundaries_widen_no_territory_until_it_is_renewed(database: Database, editor: str) -> None:
    steward(database, WIDEN)
    with session(editor) as cursor:
        with pytest.raises(errors.InsufficientPrivilege, match=r"nằm ngoài địa bàn .*chốt ngày \d\d/\d\d/\d{4}") as caught:
            cursor.execute(insert(west=105.15))
        cursor.connection.rollback()
    assert "dothi user renew" in (caught.value.diag.message_hint or "")
    with owner(database) as connection:
        assert renew_territory(connection, f"{database.name}_lan") == (HOME,)
    with session(editor) as cursor:
        cursor.execute(insert(west=105.15))


def test_lost_boundaries_take_no_territory(database: Database, editor: str) -> None:
    steward(database, f"UPDATE admin.unit SET geom = '{square(105.05)}' WHERE code = '37001'")
    with session(editor) as cursor:
        cursor.execute("UPDATE landscape.green_area SET geom = ST_Multi(ST_Translate(geom, 0.001, 0)) WHERE code = 'home'")
        cursor.connection.rollback()


def test_rows_of_the_same_transaction_move_nothing(database: Database, editor: str) -> None:
    """Had she the right to write units, which she has not: the steps of a creep would not add up."""
    grow = "UPDATE admin.unit SET geom = ST_Multi(ST_Union(geom, ST_Translate(geom, 0.00002, 0))) WHERE code = '37001'"
    with session(database.url) as admin:
        admin.execute("GRANT UPDATE ON admin.unit TO dothi_editor")
    with session(editor) as cursor:
        cursor.execute(grow)
        assert attempt(cursor, grow) is errors.InsufficientPrivilege
        assert attempt(cursor, insert(west=105.09905)) is errors.InsufficientPrivilege


@pytest.mark.parametrize("table", ["territory_outline", "editor_territory"])
def test_no_editor_and_no_loader_writes_the_outlines(database: Database, editor: str, table: str) -> None:
    columns = Base.metadata.tables[f"admin.{table}"].columns.keys()
    statements = [f"UPDATE admin.{table} SET {name} = {name}" for name in columns]
    statements += [f"DELETE FROM admin.{table}", f"INSERT INTO admin.{table} DEFAULT VALUES", f"TRUNCATE admin.{table}"]
    for url in (editor, database.login("dothi_ingest")):
        with session(url) as cursor:
            for statement in (*statements, f"SELECT admin.renew_territory('{database.name}_lan')"):
                assert attempt(cursor, statement) is errors.InsufficientPrivilege, statement
    with session(editor) as cursor:
        assert attempt(cursor, "SELECT * FROM admin.territory_outline") is errors.InsufficientPrivilege


def test_a_commune_merged_away_stays_the_territory_until_another_is_given(database: Database, editor: str) -> None:
    steward(database, MERGE)
    with session(editor) as cursor:
        cursor.execute(insert("still"))
        cursor.execute("SAVEPOINT before")
        for statement in (insert(west=105.15), insert(commune="37099"), insert(commune="37099", west=105.15)):
            with pytest.raises(
                errors.InsufficientPrivilege, match=r"37001 đã hết hiệu lực ngày \d\d/\d\d/\d{4}, nay là 37099"
            ) as told:
                cursor.execute(statement)
            assert "dothi user renew" in (told.value.diag.message_hint or "")
            cursor.execute("ROLLBACK TO before")
    login = f"{database.name}_lan"
    with owner(database) as connection, pytest.raises(Conflict, match="--territory") as refused:
        renew_territory(connection, login)
    assert refused.value.vi
    with session(database.url) as cursor, pytest.raises(psycopg2.Error, match="37001 đã hết hiệu lực"):
        cursor.execute("SELECT admin.renew_territory(%s)", [login])
    with owner(database) as connection:
        assert renew_territory(connection, login, ("37099",)) == ("37099",)
    with session(editor) as cursor:
        cursor.execute(insert("wide", commune="37099", west=105.15))


def test_several_communes_are_one_ground(database: Database) -> None:
    settle(database)
    url = make_user(database, "hoa", Role.EDITOR, HOME, "37002")
    with session(url) as cursor:
        cursor.execute(insert("across", west=105.0995))
        assert attempt(cursor, insert("beyond", west=105.25)) is errors.InsufficientPrivilege


def test_a_province_is_its_communes_of_the_day_of_the_grant(database: Database) -> None:
    settle(database)
    url = make_user(database, "binh", Role.EDITOR, "37")
    steward(
        database,
        "INSERT INTO admin.unit (code, level, name, province_code, commune_code, valid_from, geom)"
        f" VALUES ('37050', 'commune', 'Xã mới', '37', '37050', '2020-01-01', '{square(106, size=0.1)}')",
    )
    with session(url) as cursor:
        cursor.execute(insert("communes", commune="37003", west=105.25))
        assert attempt(cursor, insert("later", commune="37050", west=106.01)) is errors.InsufficientPrivilege
    with owner(database) as connection:
        renew_territory(connection, f"{database.name}_binh")
    with session(url) as cursor:
        cursor.execute(insert("later", commune="37050", west=106.01))


def test_a_grant_says_who_froze_it_and_goes_with_its_login(database: Database, editor: str) -> None:
    login = f"{database.name}_lan"
    with owner(database) as connection:
        held = connection.execute(text("SELECT frozen_by FROM admin.editor_territory WHERE login = :login"), {"login": login})
        assert held.scalars().all() == ["postgres"]
        assert connection.execute(text("SELECT count(*) FROM admin.territory_outline")).scalar_one() == 1
        drop_user(connection, login)
        assert connection.execute(text("SELECT count(*) FROM admin.territory_outline")).scalar_one() == 0


def test_only_an_editor_has_a_territory_to_renew(database: Database) -> None:
    settle(database)
    make_user(database, "doc", Role.READER)
    for name in ("nobody", f"{database.name}_doc"):
        with owner(database) as connection, pytest.raises(NotFound, match="no editor"):
            renew_territory(connection, name)
    assert {column.name for column in EditorTerritory.__table__.columns} >= {"frozen_at", "frozen_by"}
    with owner(database) as connection:
        assert all(user.territory == () for user in list_users(connection))


def test_each_step_of_a_creep_leaves_its_trace(database: Database, editor: str) -> None:
    """Of a row changed several times in one transaction, audit keeps every shape that it had, and who drew it."""
    grow = "UPDATE landscape.green_area SET geom = ST_Multi(ST_Union(geom, ST_Translate(geom, 0.00002, 0))) WHERE code = 'home'"
    shapes = []
    with session(editor) as cursor:
        back = f"UPDATE landscape.green_area SET geom = '{square(105.01)}' WHERE code = 'home'"
        for step in (grow, grow, grow, back):
            cursor.execute(f"{step} RETURNING geom")
            shapes += [shape for (shape,) in cursor.fetchall()]
    with session(database.url) as cursor:
        cursor.execute(
            """
            SELECT ST_Equals(ST_GeomFromGeoJSON(c.after -> 'geom'), drawn.shape::geometry),
                lag(c.after -> 'geom', 1, c.before -> 'geom') OVER (ORDER BY c.id) = c.before -> 'geom', c.login
            FROM audit.change c
            JOIN unnest(%s::text[]) WITH ORDINALITY AS drawn(shape, step)
                ON drawn.step = (SELECT count(*) FROM audit.change e WHERE e.id <= c.id AND e.login = c.login)
            WHERE c.login = %s ORDER BY c.id
            """,
            [shapes, f"{database.name}_lan"],
        )
        assert cursor.fetchall() == [(True, True, f"{database.name}_lan")] * 4
        cursor.execute("SELECT count(*) FROM history.landscape__green_area WHERE code = 'home'")
        assert cursor.fetchall() == [(1,)]
