"""What is in force comes by dossiers and events: an editor draws what is in preparation, in plans of her territory."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import psycopg2
import pytest
from psycopg2 import errors

from spatial.cluster import Cluster
from spatial.users import Role
from tests.conftest import Database, cloned
from tests.spatial.people import HOME, make_user, owner, session, settle, square

PARTS = {
    "zone": "INSERT INTO planning.zone (code, plan_code, commune_code, geom) VALUES ('{code}', '{plan}', '{commune}', '{shape}')",
    "planning_line": (
        "INSERT INTO planning.planning_line (code, plan_code, kind, side, commune_code, geom)"
        " VALUES ('{code}', '{plan}', 'red_line', 'left', '{commune}', ST_Multi(ST_Boundary('{shape}')))"
    ),
}
PLAN = (
    "INSERT INTO planning.plan (code, name, plan_level, plan_kind, status, province_code, commune_code, valid_from, valid_to,"
    " geom) VALUES ('{code}', 'Đồ án', 'zoning', 'urban', '{status}', '37', {commune}, '{since}', {until}, '{shape}')"
)
PLANS = {
    "MINE": ("in_preparation", f"'{HOME}'", square(105.02, size=0.02), ()),
    "THEIRS": ("in_preparation", "'37002'", square(105.12, size=0.02), ()),
    "ACROSS": ("in_preparation", "NULL", square(105.09, size=0.02), ()),
    "FORCE": ("in_force", f"'{HOME}'", square(105.02, size=0.02), ("approved", "in_force")),
    "LOADED": ("in_force", f"'{HOME}'", square(105.02, size=0.02), ()),
    "UNKNOWN": ("unknown", f"'{HOME}'", square(105.02, size=0.02), ()),
    "ANNULLED": ("annulled", f"'{HOME}'", square(105.02, size=0.02), ()),
}
CLOSED = [code for code in PLANS if code != "MINE"]


def plan(code: str, status: str = "in_preparation", commune: str = f"'{HOME}'", shape: str = "", **given: str) -> str:
    period = {"since": "2024-01-01", "until": "NULL"} | given
    return PLAN.format(code=code, status=status, commune=commune, shape=shape or square(105.02, size=0.02), **period)


def part(table: str, plan: str, code: str = "new", commune: str = HOME, west: float = 105.025) -> str:
    return PARTS[table].format(code=code, plan=plan, commune=commune, shape=square(west))


@pytest.fixture(scope="module")
def settled(cluster: Cluster, template: str) -> Iterator[Database]:
    with cloned(cluster, template) as database:
        settle(database)
        with session(database.url) as cursor:
            for code, (status, commune, shape, events) in PLANS.items():
                cursor.execute(plan(code, status, commune, shape))
                cursor.execute(PARTS["zone"].format(code=f"{code}.1", plan=code, commune=HOME, shape=square(105.03)))
                for event in events:
                    cursor.execute(
                        "INSERT INTO planning.plan_event (plan_code, kind, effective_on) VALUES (%s, %s, '2024-01-01')",
                        [code, event],
                    )
            cursor.execute(
                "INSERT INTO planning.plan_event (plan_code, kind, effective_on) VALUES ('COMING', 'approved', '2024-01-01')"
            )
        make_user(database, "lan", Role.EDITOR, HOME)
        make_user(database, "binh", Role.EDITOR, "37")
        yield database


def url_of(database: Database, name: str) -> str:
    return database.cluster.url(database.name, f"{database.name}_{name}", password=database.made_logins[name])


@pytest.fixture
def lan(settled: Database) -> Iterator[Any]:
    with closing(psycopg2.connect(url_of(settled, "lan"))) as connection, connection.cursor() as cursor:
        yield cursor


REFUSED = (errors.InsufficientPrivilege, errors.ForeignKeyViolation, errors.RestrictViolation, errors.ExclusionViolation)


def run(cursor: Any, steps: tuple[str, ...]) -> None:
    for step in steps:
        cursor.execute(step)


def refused(cursor: Any, *steps: str) -> None:
    """Assert that one of the steps is refused in a sentence, and that nothing of hers is in force before it."""
    cursor.execute("SAVEPOINT before")
    with pytest.raises(REFUSED, match=r"Đồ án|đồ án|địa bàn|Mã ") as caught:
        run(cursor, steps)
    assert caught.value.diag.message_hint
    cursor.execute("ROLLBACK TO before")


@pytest.mark.parametrize("table", PARTS)
def test_parts_of_a_plan_in_preparation_in_her_territory_are_hers(lan: Any, table: str) -> None:
    lan.execute(part(table, "MINE"))
    lan.execute(f"UPDATE planning.{table} SET note = 'x' WHERE code = 'new'")
    lan.execute(f"DELETE FROM planning.{table} WHERE code = 'new'")
    assert lan.rowcount == 1


@pytest.mark.parametrize("table", PARTS)
@pytest.mark.parametrize("code", [*CLOSED, "COMING", "NOWHERE"])
def test_parts_of_other_plans_are_not(lan: Any, table: str, code: str) -> None:
    refused(lan, part(table, code))
    refused(lan, part(table, "MINE"), f"UPDATE planning.{table} SET plan_code = '{code}' WHERE code = 'new'")


@pytest.mark.parametrize("code", CLOSED)
def test_what_stands_in_other_plans_stays(lan: Any, code: str) -> None:
    refused(lan, f"UPDATE planning.zone SET max_storeys = 99 WHERE code = '{code}.1'")
    refused(lan, f"UPDATE planning.zone SET plan_code = 'MINE' WHERE code = '{code}.1'")
    refused(lan, f"DELETE FROM planning.zone WHERE code = '{code}.1'")


@pytest.mark.parametrize("code", CLOSED)
@pytest.mark.parametrize("change", ["name = 'x'", "geom = ST_Multi(ST_Translate(geom, 0.001, 0))", "status = 'in_preparation'"])
def test_only_plans_in_preparation_are_edited(lan: Any, code: str, change: str) -> None:
    refused(lan, f"UPDATE planning.plan SET {change} WHERE code = '{code}'")
    refused(lan, f"DELETE FROM planning.plan WHERE code = '{code}'")


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param((plan("FORCE", since="2000-01-01", until="'2001-01-01'"),), id="another period of a plan in force"),
        pytest.param((plan("COMING"), part("zone", "COMING")), id="a plan whose events are there already"),
        pytest.param((plan("NEW"), part("zone", "NEW"), "UPDATE planning.plan SET code = 'COMING' WHERE code = 'NEW'"),
                     id="a plan renamed to one with events"),
        pytest.param((plan("NEW"), part("zone", "NEW"), "UPDATE planning.plan SET code = 'OTHER' WHERE code = 'NEW'"),
                     id="a plan renamed away from its zones"),
        pytest.param((plan("NEW"), part("zone", "NEW"), "DELETE FROM planning.plan WHERE code = 'NEW'"),
                     id="a plan deleted under its zones"),
        pytest.param((plan("NEW"), part("zone", "NEW"), "UPDATE planning.plan SET status = 'in_force' WHERE code = 'NEW'"),
                     id="a plan put in force"),
        pytest.param((plan("NEW", status="approved"),), id="a plan that begins in force"),
        pytest.param((plan("NEW"), "UPDATE planning.plan SET status = 'unknown', valid_to = '2090-01-01' WHERE code = 'NEW'"),
                     id="a plan whose end is told and whose state is not"),
        pytest.param((plan("NEW"), f"UPDATE planning.plan SET geom = '{square(105.12)}' WHERE code = 'NEW'"),
                     id="a plan moved to a neighbour's ground"),
        pytest.param((plan("NEW"), "UPDATE planning.plan SET commune_code = '37002' WHERE code = 'NEW'"),
                     id="a plan given to a neighbour"),
        pytest.param((plan("NEW"), "INSERT INTO planning.plan_event (plan_code, kind, effective_on)"
                                   " VALUES ('NEW', 'in_force', '2024-01-01')"), id="an event of her own"),
    ],
)  # fmt: skip
def test_nothing_comes_into_force_in_several_steps(lan: Any, steps: tuple[str, ...]) -> None:
    lan.execute("SAVEPOINT start")
    with pytest.raises(psycopg2.Error) as caught:
        run(lan, steps)
    assert isinstance(caught.value, REFUSED), caught.value
    lan.execute("ROLLBACK TO start")


@pytest.mark.parametrize("status", ["'unknown'", "'in_preparation'", "NULL", "DEFAULT"])
def test_what_she_draws_is_in_preparation(lan: Any, status: str) -> None:
    lan.execute(plan("NEW").replace("'in_preparation'", status, 1) + " RETURNING status")
    assert lan.fetchall() == [("in_preparation",)]


def test_a_plan_across_communes_belongs_to_the_province(settled: Database) -> None:
    with closing(psycopg2.connect(url_of(settled, "binh"))) as connection, connection.cursor() as cursor:
        cursor.execute(part("zone", "ACROSS", west=105.095))
        refused(cursor, part("zone", "FORCE"))


def test_merge_and_upsert_go_no_other_way(lan: Any) -> None:
    refused(
        lan,
        f"MERGE INTO planning.zone z USING (SELECT 'ANNULLED' AS plan) s ON z.code = 'none' WHEN NOT MATCHED THEN"
        f" INSERT (code, plan_code, commune_code, geom) VALUES ('new', s.plan, '{HOME}', '{square(105.025)}')",
    )
    refused(lan, part("zone", "MINE"), "MERGE INTO planning.zone z USING (SELECT 'FORCE' AS plan) s ON z.code = 'new'"
                                       " WHEN MATCHED THEN UPDATE SET plan_code = s.plan")  # fmt: skip


def test_a_plan_that_comes_into_force_meanwhile_takes_her_zone_along_or_refuses_it(database: Database) -> None:
    """She has written her zone but not committed: the event waits for her, and then the zone is the plan's, under its period."""
    settle(database)
    with session(database.url) as cursor:
        cursor.execute(plan("MINE"))
    event = "INSERT INTO planning.plan_event (plan_code, kind, effective_on) VALUES ('MINE', 'in_force', '2025-05-05')"

    def bring_into_force() -> None:
        with session(database.url) as cursor:
            cursor.execute(event)

    with ThreadPoolExecutor(1) as pool, session(make_user(database, "lan", Role.EDITOR, HOME)) as cursor:
        cursor.execute(part("zone", "MINE"))
        loading = pool.submit(bring_into_force)
        with pytest.raises(TimeoutError):
            loading.result(timeout=1)
        cursor.connection.commit()
        loading.result(timeout=20)
        with pytest.raises(errors.InsufficientPrivilege):
            cursor.execute(part("zone", "MINE", code="late"))
        cursor.connection.rollback()
    with session(database.url) as cursor:
        cursor.execute("SELECT code, valid_from::text FROM planning.zone")
        assert cursor.fetchall() == [("new", "2025-05-05")]


def test_dossiers_and_events_do_as_before(settled: Database) -> None:
    with owner(settled) as connection:
        connection.exec_driver_sql("SET LOCAL ROLE dothi_ingest")
        connection.exec_driver_sql(part("zone", "FORCE", code="loaded").replace("%", "%%"))
        connection.exec_driver_sql("UPDATE planning.zone SET max_storeys = 9 WHERE code = 'FORCE.1'")
        connection.rollback()
