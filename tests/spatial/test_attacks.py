"""What a login tries that wants more than it was given: one clone for all, each attempt undone by itself."""

from collections.abc import Iterator
from contextlib import closing
from io import StringIO
from typing import Any

import psycopg2
import pytest
from psycopg2 import errors

from spatial.cluster import Cluster
from spatial.users import Role, drop_user
from tests.conftest import Database, cloned
from tests.spatial.people import HOME, attempt, make_user, owner, session, settle, square

COLUMNS = "code, kind, province_code, commune_code, geom"
RESTRICTED = "ST_Multi(ST_MakeEnvelope(105.5, 20.5, 105.51, 20.51, 4326))"


@pytest.fixture(scope="module")
def settled(cluster: Cluster, template: str) -> Iterator[Database]:
    with cloned(cluster, template) as database:
        settle(database)
        with session(database.url) as cursor:
            cursor.execute(
                "INSERT INTO private.parcel_restricted (code, former_commune_code, map_sheet, parcel_no, area_m2, area_srid,"
                " province_code, commune_code, geom)"
                f" VALUES ('{HOME}.1.1.1', '1', '1', '1', 1, 9209, '37', '{HOME}', {RESTRICTED})"
            )
            cursor.execute("INSERT INTO private.parcel_owner (parcel_id, owner_name) VALUES (1, 'Nguyễn Văn Bí Mật')")
            cursor.execute("ANALYZE private.parcel_restricted, private.parcel_owner, landscape.green_area")
        make_user(database, "lan", Role.EDITOR, HOME)
        make_user(database, "binh", Role.EDITOR, "37")
        make_user(database, "doc", Role.READER)
        yield database


def person(database: Database, name: str) -> str:
    return database.cluster.url(database.name, f"{database.name}_{name}", password=database.made_logins[name])


@pytest.fixture
def lan(settled: Database) -> Iterator[Any]:
    """A session of the commune's editor; nothing of it stays."""
    with closing(psycopg2.connect(person(settled, "lan"))) as connection, connection.cursor() as cursor:
        yield cursor


def insert(code: str = "new", *, commune: str = HOME, province: str = "'37'", shape: str = square(105.03), more: str = "") -> str:
    extra, value = more.split("=") if more else ("", "")
    return (
        f"INSERT INTO landscape.green_area ({COLUMNS}{extra and ', ' + extra})"
        f" VALUES ('{code}', 'public', {province}, '{commune}', '{shape}'{value and ', ' + value})"
    )


# -- rows ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (insert(province="'01'"), "thuộc tỉnh 37"),
        (insert(commune="99999"), "ngoài địa bàn|Không có xã"),
        (insert("home"), "Mã home đã có"),
        (insert(shape="SRID=4326;MULTIPOLYGON EMPTY"), "Chưa có hình học"),
        (insert(shape="SRID=4326;MULTIPOLYGON(((105 20,105.1 20.1,105.1 20,105 20.1,105 20)))"), "không hợp lệ"),
        (insert(more="valid_to='1999-01-01'"), "01/01/1999: ngày hết hiệu lực phải sau"),
        ("UPDATE landscape.green_area SET valid_to = valid_from - 1 WHERE code = 'home'", "ngày hết hiệu lực phải sau"),
        (insert(shape="SRID=4326;MULTIPOLYGON(((105 20,105.1 20,105.1 20.2,105 20.2,105 20)))"), "ngoài địa bàn"),
    ],
)  # fmt: skip
def test_a_row_that_does_not_agree_with_itself_is_a_sentence(lan: Any, statement: str, words: str) -> None:
    with pytest.raises((errors.InsufficientPrivilege, errors.IntegrityError), match=words):
        lan.execute(statement)


def test_a_province_editor_gives_no_row_to_another_provinces_commune(settled: Database) -> None:
    with session(person(settled, "binh")) as cursor:
        with pytest.raises(errors.CheckViolation, match="Xã 01001 thuộc tỉnh 01"):
            cursor.execute(insert(commune="01001"))
        cursor.connection.rollback()


def test_the_ground_of_a_province_is_that_of_its_communes_too(settled: Database) -> None:
    with session(person(settled, "binh")) as cursor:
        assert attempt(cursor, insert("across", shape=square(105.0995))) is None
        assert attempt(cursor, insert("beyond", shape=square(105.3))) is errors.InsufficientPrivilege


def test_the_province_of_a_drawn_row_is_filled_in(lan: Any) -> None:
    lan.execute(insert(province="NULL") + " RETURNING province_code")
    assert lan.fetchall() == [("37",)]


def test_an_id_is_drawn_and_not_chosen(lan: Any) -> None:
    lan.execute("SELECT max(id) FROM landscape.green_area")
    ((highest,),) = lan.fetchall()
    lan.execute(insert("pushed", more=f"id={highest + 1_000_000}") + " RETURNING id")
    ((drawn,),) = lan.fetchall()
    assert highest < drawn < highest + 1_000
    lan.execute("SAVEPOINT s")
    with pytest.raises(errors.InsufficientPrivilege):
        lan.execute("SELECT setval('landscape.green_area_id_seq', 1)")


def test_copy_is_judged_row_by_row(lan: Any) -> None:
    copy = f"COPY landscape.green_area ({COLUMNS}) FROM STDIN"
    lan.copy_expert(copy, StringIO(f"copied\tpublic\t37\t{HOME}\t{square(105.04)}\n"))
    with pytest.raises(errors.InsufficientPrivilege, match="ngoài địa bàn"):
        lan.copy_expert(copy, StringIO(f"far\tpublic\t37\t{HOME}\t{square(106.04)}\n"))


@pytest.mark.parametrize(
    "statement",
    [
        "MERGE INTO landscape.green_area g USING (SELECT 'away' AS code) s ON g.code = s.code WHEN MATCHED THEN DELETE",
        "MERGE INTO landscape.green_area g USING (SELECT 'away' AS code) s ON g.code = s.code"
        " WHEN MATCHED THEN UPDATE SET name = 'x'",
        "WITH gone AS (DELETE FROM landscape.green_area WHERE code = 'away' RETURNING *) SELECT count(*) FROM gone",
        "UPDATE landscape.green_area g SET name = 'x' FROM landscape.green_area o WHERE o.id = g.id",
    ],
)
def test_other_ways_to_write_are_judged_too(lan: Any, statement: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege, match="địa bàn"):
        lan.execute(statement)


def test_an_upsert_cannot_take_a_row_outside(settled: Database) -> None:
    with session(settled.url) as cursor:
        cursor.execute(
            "INSERT INTO land.address (code, address, province_code, commune_code, valid_from, geom) VALUES"
            " ('away', 'Số 1', '37', '37002', '2020-01-01', 'SRID=4326;POINT(105.11 20.01)')"
        )
    with session(person(settled, "lan")) as cursor:
        statement = (
            "INSERT INTO land.address (code, address, province_code, commune_code, valid_from, geom) VALUES"
            f" ('away', 'x', '37', '{HOME}', '2020-01-01', 'SRID=4326;POINT(105.01 20.01)')"
            " ON CONFLICT (code, valid_from) DO UPDATE SET address = 'x'"
        )
        assert attempt(cursor, statement) is errors.ExclusionViolation


# -- names and versions ---------------------------------------------------------------------------------------------------------


def test_she_speaks_for_nobody_else(settled: Database) -> None:
    with session(person(settled, "lan")) as cursor:
        cursor.execute("SET dothi.actor = 'giám đốc'")
        cursor.execute("UPDATE landscape.green_area SET name = 'x' WHERE code = 'home'")
    with session(settled.url) as cursor:
        cursor.execute("SELECT login, actor FROM audit.change ORDER BY id DESC LIMIT 1")
        assert cursor.fetchall() == [(f"{settled.name}_lan", None)]


def test_a_batch_that_is_not_hers_is_never_taken(settled: Database, lan: Any) -> None:
    with session(settled.url) as cursor:
        cursor.execute("SELECT max(id) FROM ingest.batch")
        ((newest,),) = cursor.fetchall()
    for claimed in (newest, newest + 1, 0, -1, "x", "9" * 30):
        lan.execute("SELECT set_config('dothi.batch_id', %s, false)", (str(claimed),))
        lan.execute("SELECT ingest.current_batch()")
        ((mine,),) = lan.fetchall()
        assert mine > newest
        lan.connection.rollback()


def test_a_batch_changed_in_the_middle_of_a_statement_is_refused(lan: Any) -> None:
    lan.execute("SELECT ingest.current_batch()")
    ((first,),) = lan.fetchall()
    lan.execute("SELECT set_config('dothi.batch_id', '', true)")
    with pytest.raises(errors.IntegrityConstraintViolation, match="batch"):
        lan.execute(
            "UPDATE landscape.green_area SET name = set_config('dothi.batch_id', %s, true), batch_id = %s WHERE code = 'home'"
            " RETURNING set_config('dothi.batch_id', '', true)",
            (str(first), first),
        )


# -- what is private ------------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["api", "doc", "lan"])
def stranger(settled: Database, request: pytest.FixtureRequest) -> Iterator[Any]:
    """Sessions of all who must learn nothing of `private`."""
    url = settled.login("dothi_api") if request.param == "api" else person(settled, request.param)
    with session(url) as cursor:
        yield cursor


ESTIMATES = [
    "_postgis_stats({oid}::regclass, 'geom')",
    "_postgis_selectivity({oid}::regclass, 'geom', ST_MakeEnvelope(105, 20, 106, 21, 4326))",
    "_postgis_join_selectivity({oid}::regclass, 'geom', {oid}::regclass, 'geom')",
    "_postgis_index_extent({oid}::regclass, 'geom')",
    "ST_EstimatedExtent('private', 'parcel_restricted', 'geom')",
    "ST_EstimatedExtent('private', 'parcel_restricted', 'geom', true)",
    "ST_FindExtent('private', 'parcel_restricted', 'geom')",
    "admin.estimated_extent({oid})",
    "admin.estimated_density({oid}, 'BOX(105 20, 106 21)'::box2d, 4)",
]


@pytest.mark.parametrize("call", ESTIMATES)
def test_nobody_learns_from_statistics_where_restricted_land_lies(settled: Database, stranger: Any, call: str) -> None:
    with session(settled.url) as cursor:
        cursor.execute("SELECT 'private.parcel_restricted'::regclass::oid")
        ((oid,),) = cursor.fetchall()
    assert attempt(stranger, f"SELECT {call.format(oid=oid)}") is errors.InsufficientPrivilege


def test_statistics_of_what_one_may_read_are_told(stranger: Any) -> None:
    stranger.execute("SELECT admin.estimated_extent('landscape.green_area'::regclass) IS NOT NULL")
    assert stranger.fetchall() == [(True,)]


@pytest.mark.parametrize(
    "statement",
    [
        "EXPLAIN SELECT * FROM private.parcel_owner",
        "EXPLAIN ANALYZE SELECT * FROM private.parcel_owner",
        "SELECT count(*) FROM private.parcel_owner",
        "COPY private.parcel_owner TO STDOUT",
        "LOCK TABLE private.parcel_owner",
        "INSERT INTO private.parcel_owner (parcel_id, owner_name) VALUES (1, 'x')",
        "SELECT nextval('private.parcel_owner_id_seq')",
        "CREATE VIEW public.v AS SELECT * FROM private.parcel_owner",
        "SELECT query_to_xml('SELECT * FROM private.parcel_owner', true, true, '')",
        "SELECT table_to_xml('private.parcel_owner'::regclass, true, true, '')",
        "SELECT pg_read_file('PG_VERSION')",
        "SELECT lo_import('/etc/passwd')",
        "COPY landscape.green_area TO PROGRAM 'cat'",
        "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE SCHEMA mine",
        "CREATE EXTENSION dblink",
        "ALTER ROLE CURRENT_USER CREATEROLE",
        "GRANT dothi_owner TO CURRENT_USER",
        "SET ROLE dothi_staff",
        "SET ROLE dothi_ingest",
    ],
)
def test_no_statement_opens_private_things(settled: Database, stranger: Any, statement: str) -> None:
    with session(settled.url) as cursor:  # as `dothi db migrate` does; a clone does not take the template's rights along
        cursor.execute(f"REVOKE TEMPORARY ON DATABASE {settled.name} FROM PUBLIC")
    assert attempt(stranger, statement) is errors.InsufficientPrivilege


def test_no_view_reads_with_its_owners_rights(settled: Database) -> None:
    with session(settled.url) as cursor:
        cursor.execute(
            "SELECT c.oid::regclass::text FROM pg_class c WHERE c.relkind = 'v' AND pg_get_userbyid(c.relowner) = 'dothi_owner'"
            " AND NOT coalesce(c.reloptions, '{}') @> '{security_invoker=true}'"
        )
        assert cursor.fetchall() == []


# -- those who left ----------------------------------------------------------------------------------------------------------


def test_an_open_session_of_a_dropped_editor_can_do_nothing_more(database: Database) -> None:
    settle(database)
    url = make_user(database, "gone", Role.EDITOR, HOME)
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("SELECT count(*) FROM landscape.green_area")
        with owner(database) as admin:
            drop_user(admin, f"{database.name}_gone")
        for statement in ("SELECT count(*) FROM landscape.green_area", "DELETE FROM landscape.green_area WHERE code = 'home'"):
            with pytest.raises(psycopg2.Error):
                cursor.execute(statement)


# -- colleagues --------------------------------------------------------------------------------------------------------------


def test_an_update_may_say_which_write_it_saw_and_is_refused_after_a_later_one(settled: Database) -> None:
    saw = "UPDATE landscape.green_area SET name = %s, batch_id = -batch_id WHERE code = 'home' RETURNING batch_id"
    with session(person(settled, "lan")) as cursor:
        cursor.execute("SELECT batch_id FROM landscape.green_area WHERE code = 'home'")
        ((seen,),) = cursor.fetchall()
        cursor.execute(saw, ("first",))
        ((mine,),) = cursor.fetchall()
        assert mine > seen
        cursor.execute(saw, ("again in the same transaction",))
    with pytest.raises(errors.SerializationFailure, match="người khác"), session(person(settled, "binh")) as cursor:
        cursor.execute("UPDATE landscape.green_area SET name = 'x', batch_id = %s WHERE code = 'home'", (-seen,))
