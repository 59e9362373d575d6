"""Land under plans: what counts as a plan in force, what events took away of it, and how much of all that is known."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, select

from spatial import tables
from spatial.rollup import refresh
from spatial.tables import Value
from tests.spatial.rollup_world import add_units, box, set_today


@pytest.fixture
def world(connection: Connection) -> Connection:
    set_today(connection, date(2026, 11, 21))
    add_units(connection)
    return connection


def add_plan(
    world: Connection, code: str, west: float, *, side: float = 0.1, status: str | None = None, event: str | None = None
) -> None:
    own = {"code": code, "name": code, "geom": box(west, 20.0, side), **({"status": status} if status else {})}
    world.execute(insert(tables.Plan).values(plan_level="general", plan_kind="urban", valid_from=date(2026, 1, 1), **own))
    if event:
        world.execute(insert(tables.PlanEvent).values(plan_code=code, kind=event, effective_on=date(2026, 1, 1)))


def annul_part(world: Connection, code: str, part: Any, on: date = date(2026, 2, 1)) -> None:
    world.execute(insert(tables.PlanEvent).values(plan_code=code, kind="partly_annulled", effective_on=on, geom=part))


def know_plans(world: Connection) -> None:
    world.execute(
        insert(tables.ThemeCoverage).values(
            code="K", theme="plans", extent="full", geom=box(105.0, 20.0, 0.1), valid_from=date(2026, 1, 1)
        )
    )


def planned(world: Connection) -> tuple[float | None, float | None]:
    """Give the share of the commune (100 km2) that is under a plan, and how much of it is known."""
    row = world.execute(
        select(Value.value, Value.coverage).where(
            Value.indicator_code == "planned_area_m2", Value.level == "commune", Value.unit_code == "37001"
        )
    ).one_or_none()
    return (None, None) if row is None else (round(float(row.value) / 100e6, 3), round(float(row.coverage), 3))


def test_what_was_annulled_of_a_plan_is_cut_exactly(world: Connection) -> None:
    add_plan(world, "QH1", 105.0, event="approved")
    know_plans(world)
    annul_part(world, "QH1", box(105.0, 20.0, 0.05))
    refresh(world)
    assert planned(world) == (0.75, 1.0)


def test_a_part_annulled_without_a_drawing_leaves_the_whole_plan_unknown(world: Connection) -> None:
    add_plan(world, "QH1", 105.0, side=0.05, event="approved")
    know_plans(world)
    annul_part(world, "QH1", None)
    refresh(world)
    assert planned(world) == (0.0, 0.75)


@pytest.mark.parametrize(
    ("status", "expected"),
    [("annulled", (0.0, 1.0)), ("in_preparation", (0.0, 1.0)), ("unknown", (None, None)), ("in_force", (1.0, 1.0))],
)
def test_a_plan_without_events_counts_by_what_it_says_of_itself(
    world: Connection, status: str, expected: tuple[float | None, float | None]
) -> None:
    add_plan(world, "QH1", 105.0, status=status)
    know_plans(world)
    refresh(world)
    assert planned(world) == expected


def test_a_plan_that_went_missing_takes_its_ground_out_of_what_is_known(world: Connection) -> None:
    add_plan(world, "QH1", 105.0, side=0.05, event="approved")
    know_plans(world)
    refresh(world)
    assert planned(world) == (0.25, 1.0)
    world.execute(delete(tables.PlanEvent))
    world.execute(delete(tables.Plan))
    refresh(world)
    assert planned(world) == (0.0, 0.75)


def test_a_plan_replaced_by_one_that_is_not_there_proves_nothing(world: Connection) -> None:
    add_plan(world, "QH1", 105.0, side=0.05, event="approved")
    know_plans(world)
    world.execute(
        insert(tables.PlanEvent).values(plan_code="QH1", kind="replaced", effective_on=date(2026, 3, 1), other_plan_code="QH2")
    )
    refresh(world)
    assert planned(world) == (0.0, 0.75)
