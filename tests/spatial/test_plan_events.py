"""Plans follow their events: status, periods of the plan and of its zones and lines, in whatever order things are written."""

import itertools
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy.exc
from sqlalchemy import Connection, insert, text

from spatial import tables
from spatial.plan_events import apply_due_events
from spatial.selection import legal_today
from spatial.users import Role
from tests.conftest import Database
from tests.spatial.people import HOME, attempt, make_user, session, settle
from tests.spatial.rollup_world import box

START = date(2024, 1, 1)
TODAY = legal_today()
WEST, EAST = box(105.0, 20.0, 0.02), box(105.03, 20.0, 0.02)


@pytest.fixture
def plan(connection: Connection) -> Connection:
    """A plan P with a zone in its west, a zone in its east and a line in each; no events yet."""
    add_plan(connection)
    return connection


def add_plan(connection: Connection, code: str = "P") -> None:
    common = {"province_code": "37", "commune_code": HOME, "valid_from": START}
    connection.execute(
        insert(tables.Plan).values(
            code=code, name=code, plan_level="zoning", plan_kind="urban", geom=box(105.0, 20.0, 0.05), **common
        )
    )
    for side, shape in (("west", WEST), ("east", EAST)):
        connection.execute(insert(tables.Zone).values(code=f"{code}.{side}", plan_code=code, geom=shape, **common))
        edge = f"SRID=4326;MULTILINESTRING(({'105.001' if side == 'west' else '105.031'} 20.01,"
        edge += f"{'105.01' if side == 'west' else '105.04'} 20.01))"
        connection.execute(
            insert(tables.PlanningLine).values(
                code=f"{code}.{side}", plan_code=code, kind="red_line", side="both", geom=edge, **common
            )
        )


def happen(connection: Connection, kind: str, on: date, part: str | None = None, plan: str = "P") -> None:
    connection.execute(insert(tables.PlanEvent).values(plan_code=plan, kind=kind, effective_on=on, geom=part))


def state(connection: Connection, plan: str = "P") -> tuple[str, date, date | None]:
    row = connection.execute(text("SELECT status, valid_from, valid_to FROM planning.plan WHERE code = :c"), {"c": plan}).one()
    return row[0], row[1], row[2]


def ends(connection: Connection, table: str = "zone", plan: str = "P") -> dict[str, date | None]:
    query = text(f"SELECT code, valid_to FROM planning.{table} WHERE plan_code = :plan ORDER BY code")
    return {code.split(".")[1]: day for code, day in connection.execute(query, {"plan": plan})}


def starts(connection: Connection, table: str = "zone") -> set[date]:
    return set(connection.execute(text(f"SELECT valid_from FROM planning.{table}")).scalars())


def test_without_events_nobody_knows_whether_a_plan_is_in_force(plan: Connection) -> None:
    assert state(plan) == ("unknown", START, None)


def test_in_force_from_its_event_else_from_the_approval(plan: Connection) -> None:
    happen(plan, "approved", date(2024, 3, 1))
    assert state(plan) == ("approved", date(2024, 3, 1), None)
    happen(plan, "in_force", date(2024, 4, 1))
    happen(plan, "published", date(2024, 4, 10))
    assert state(plan) == ("in_force", date(2024, 4, 1), None)
    assert starts(plan) == starts(plan, "planning_line") == {date(2024, 4, 1)}


@pytest.mark.parametrize("kind", ["annulled", "replaced", "expired"])
def test_the_end_of_a_plan_ends_its_parts(plan: Connection, kind: str) -> None:
    happen(plan, "approved", START)
    happen(plan, kind, date(2025, 1, 1))
    assert state(plan) == (kind, START, date(2025, 1, 1))
    assert set(ends(plan).values()) == set(ends(plan, "planning_line").values()) == {date(2025, 1, 1)}


def test_of_two_ends_the_first_counts(plan: Connection) -> None:
    happen(plan, "approved", START)
    happen(plan, "expired", date(2026, 1, 1))
    happen(plan, "replaced", date(2025, 1, 1))
    assert state(plan)[2] == date(2025, 1, 1)


def test_a_part_that_is_annulled_ends_what_lies_in_it(plan: Connection) -> None:
    happen(plan, "approved", START)
    happen(plan, "partly_annulled", date(2025, 1, 1), WEST)
    assert state(plan) == ("partly_annulled", START, None)
    assert ends(plan) == ends(plan, "planning_line") == {"west": date(2025, 1, 1), "east": None}


def test_a_part_ends_with_the_plan_if_that_comes_first(plan: Connection) -> None:
    happen(plan, "approved", START)
    happen(plan, "partly_annulled", date(2026, 1, 1), WEST)
    happen(plan, "annulled", date(2025, 6, 1))
    assert ends(plan) == {"west": date(2025, 6, 1), "east": date(2025, 6, 1)}


def test_of_two_events_for_one_part_the_first_counts(plan: Connection) -> None:
    happen(plan, "approved", START)
    happen(plan, "partly_annulled", date(2026, 1, 1), WEST)
    happen(plan, "amended", date(2025, 1, 1), WEST)
    assert ends(plan) == {"west": date(2025, 1, 1), "east": None}


@pytest.mark.parametrize("kind", ["published", "approved", "in_force"])
def test_an_event_for_a_part_that_ends_nothing_leaves_periods_alone(plan: Connection, kind: str) -> None:
    happen(plan, "approved", START)
    happen(plan, kind, date(2024, 2, 1), WEST)
    assert ends(plan) == {"west": None, "east": None}
    assert len(starts(plan)) == 1


@pytest.mark.parametrize("west", [105.01, 105.0001], ids=["half", "all but a hundredth"])
def test_a_zone_in_the_part_but_not_all_of_it_stays(plan: Connection, west: float) -> None:
    happen(plan, "approved", START)
    happen(plan, "partly_annulled", date(2025, 1, 1), box(west, 20.0, 0.02))
    assert ends(plan) == {"west": None, "east": None}


def test_a_future_end_is_known_but_does_not_hold_today(plan: Connection) -> None:
    later = TODAY + timedelta(days=400)
    happen(plan, "in_force", START)
    happen(plan, "replaced", later)
    assert state(plan) == ("in_force", START, later)


def test_a_plan_of_the_future_is_approved_until_its_day(plan: Connection) -> None:
    later = TODAY + timedelta(days=400)
    happen(plan, "in_force", later)
    assert state(plan) == ("approved", later, None)


def test_what_is_due_is_applied_by_the_daily_run(plan: Connection) -> None:
    happen(plan, "in_force", START)
    plan.execute(text("ALTER TABLE planning.plan_event DISABLE TRIGGER USER"))  # as if the day had come since it was written
    batch = plan.execute(text("SELECT ingest.current_batch()")).scalar_one()
    plan.execute(
        insert(tables.PlanEvent).values(plan_code="P", kind="annulled", effective_on=TODAY - timedelta(1), batch_id=batch)
    )
    plan.execute(text("ALTER TABLE planning.plan_event ENABLE TRIGGER USER"))
    assert state(plan)[0] == "in_force"
    plan.execute(text("SET LOCAL ROLE dothi_ingest"))
    assert apply_due_events(plan) == 1
    assert apply_due_events(plan) == 0
    assert state(plan)[0] == "annulled"


def test_an_end_without_a_known_beginning_ends_the_plan(plan: Connection) -> None:
    happen(plan, "annulled", date(2025, 1, 1))
    assert state(plan) == ("annulled", START, date(2025, 1, 1))


def test_events_may_come_before_the_zones(connection: Connection) -> None:
    happen(connection, "approved", date(2024, 5, 1))
    happen(connection, "partly_annulled", date(2025, 1, 1), WEST)
    add_plan(connection)
    assert state(connection) == ("partly_annulled", date(2024, 5, 1), None)
    assert ends(connection) == {"west": date(2025, 1, 1), "east": None}


EVENTS = (("approved", START, None), ("partly_annulled", date(2025, 1, 1), WEST), ("expired", date(2026, 1, 1), None))


@pytest.mark.parametrize("order", list(itertools.permutations(EVENTS)))
def test_the_order_of_writing_does_not_matter(plan: Connection, order: Any) -> None:
    for event in order:
        happen(plan, *event)
    assert state(plan)[1:] == (START, date(2026, 1, 1))
    assert ends(plan) == {"west": date(2025, 1, 1), "east": date(2026, 1, 1)}


def test_taking_an_event_away_gives_back_what_was(plan: Connection) -> None:
    happen(plan, "approved", START)
    before = state(plan), ends(plan), ends(plan, "planning_line")
    happen(plan, "annulled", date(2025, 1, 1))
    happen(plan, "partly_annulled", date(2024, 6, 1), WEST)
    plan.execute(text("DELETE FROM planning.plan_event WHERE kind LIKE '%annulled'"))
    assert (state(plan), ends(plan), ends(plan, "planning_line")) == before


def test_a_plan_that_lost_all_its_events_is_not_in_force(plan: Connection) -> None:
    happen(plan, "approved", START)
    plan.execute(text("DELETE FROM planning.plan_event"))
    assert state(plan)[0] == "unknown"


def test_an_event_that_moves_to_another_plan_leaves_the_first(plan: Connection) -> None:
    add_plan(plan, "Q")
    for code in ("P", "Q"):
        happen(plan, "approved", START, plan=code)
    happen(plan, "annulled", date(2025, 1, 1))
    plan.execute(text("UPDATE planning.plan_event SET plan_code = 'Q' WHERE kind = 'annulled'"))
    assert state(plan, "P") == ("approved", START, None)
    assert state(plan, "Q") == ("annulled", START, date(2025, 1, 1))


def test_a_zone_that_moves_to_another_plan_or_place_takes_its_period(plan: Connection) -> None:
    add_plan(plan, "Q")
    happen(plan, "approved", START)
    happen(plan, "partly_annulled", date(2025, 1, 1), WEST)
    happen(plan, "approved", date(2024, 7, 1), plan="Q")
    plan.execute(text("UPDATE planning.zone SET plan_code = 'Q' WHERE code = 'P.west'"))
    period = text("SELECT valid_from, valid_to FROM planning.zone WHERE code = 'P.west'")
    assert tuple(plan.execute(period).one()) == (date(2024, 7, 1), None)
    plan.execute(text("UPDATE planning.zone SET geom = :west WHERE code = 'P.east'"), {"west": WEST})
    assert ends(plan) == {"east": date(2025, 1, 1)}


@pytest.mark.parametrize(
    "change",
    [
        "planning.plan SET status = 'in_force'",
        "planning.plan SET valid_to = '2030-01-01'",
        "planning.zone SET valid_from = '2020-01-01'",
        "planning.planning_line SET valid_to = '2030-01-01'",
    ],
)
def test_status_and_periods_are_not_written_by_hand(plan: Connection, change: str) -> None:
    happen(plan, "approved", date(2024, 2, 1))
    with pytest.raises(sqlalchemy.exc.IntegrityError, match="sự kiện pháp lý"):
        plan.execute(text(f"UPDATE {change}"))


def test_an_end_before_the_beginning_is_a_sentence(plan: Connection) -> None:
    happen(plan, "approved", date(2024, 2, 1))
    with pytest.raises(sqlalchemy.exc.IntegrityError, match="không sau ngày có hiệu lực"):
        happen(plan, "annulled", date(2024, 1, 1))


def test_an_editor_cannot_put_a_plan_in_force(database: Database) -> None:
    settle(database)
    url = make_user(database, "lan", Role.EDITOR, HOME)
    columns = "(code, name, plan_level, plan_kind, status, province_code, commune_code, geom)"
    values = f"('mine', 'Đồ án', 'detailed', 'urban', '{{}}', '37', '{HOME}', '{box(105.01, 20.01, 0.01)}')"
    with session(url) as cursor:
        in_force = f"INSERT INTO planning.plan {columns} VALUES {values.format('in_force')}"
        assert attempt(cursor, in_force) is not None
        cursor.execute(f"INSERT INTO planning.plan {columns} VALUES {values.format('in_preparation')}")
        assert attempt(cursor, "UPDATE planning.plan SET status = 'in_force'") is not None
        assert attempt(
            cursor, "INSERT INTO planning.plan_event (plan_code, kind, effective_on) VALUES ('mine', 'approved', now())"
        )
        assert attempt(cursor, "SELECT planning.apply_plan_events('mine')") is not None
        cursor.execute("UPDATE planning.plan SET name = 'Tên khác'")
        assert cursor.rowcount == 1
