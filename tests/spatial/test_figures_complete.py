"""Coverage says how much is known to be complete: measured, or stated by a steward; never concluded from a row that is there."""

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, delete, select, update

from spatial import tables
from spatial.rollup import refresh
from spatial.tables import Value
from tests.spatial.rollup_world import add_building, add_cell, add_green, add_permit, add_units, set_today, state_complete

TODAY = date(2026, 11, 21)


@pytest.fixture
def world(connection: Connection) -> Connection:
    set_today(connection, TODAY)
    add_units(connection)
    return connection


def figure(connection: Connection, indicator: str, commune: str = "37001", period: str = "2026") -> Any:
    """Give value and coverage of a commune, or None."""
    row = connection.execute(
        select(Value.value, Value.coverage).where(
            Value.indicator_code == indicator, Value.level == "commune", Value.unit_code == commune, Value.period == period
        )
    ).one_or_none()
    return None if row is None else (float(row.value), row.coverage)


def test_one_building_says_nothing_of_the_others(world: Connection) -> None:
    add_building(world, "B1", "37001")
    refresh(world)
    assert figure(world, "building_count") == (1, 0)
    assert figure(world, "building_floor_area_m2") == (200, 0)
    assert figure(world, "building_count", "37002") is None


def test_a_statement_vouches_for_as_much_as_is_loaded_of_what_there_is(world: Connection) -> None:
    for number in range(3):
        add_building(world, f"B{number}", "37001")
    state_complete(world, "buildings", "37001", 4, date(2026, 5, 1))
    refresh(world)
    assert figure(world, "building_count") == (3, 0.75)
    add_building(world, "B3", "37001")
    refresh(world)
    assert figure(world, "building_count") == (4, 1)


@pytest.mark.parametrize("stated", [0, 2])
@pytest.mark.parametrize(
    ("layer", "add", "indicator"),
    [
        ("buildings", add_building, "building_count"),
        ("green_areas", add_green, "public_green_m2"),
        ("permits", partial(add_permit, issued_on=date(2026, 3, 1)), "permits_issued"),
    ],
)
def test_a_statement_that_what_is_loaded_proves_wrong_vouches_for_nothing(
    world: Connection, layer: str, add: Callable[..., None], indicator: str, stated: int
) -> None:
    for number in range(3):
        add(world, f"X{number}", "37001")
    state_complete(world, layer, "37001", stated, TODAY)
    refresh(world)
    found = figure(world, indicator)
    assert found[0] > 0
    assert found[1] == 0


def test_a_grid_with_more_cells_than_there_are_is_not_known(world: Connection) -> None:
    for x in (3, 4):
        add_cell(world, "37001", 2025, x)
    state_complete(world, "population_grid", "37001", 0, TODAY)
    refresh(world)
    assert figure(world, "population", period="2025")[1] == 0


def test_rows_that_vanish_take_their_share_of_the_statement_with_them(world: Connection) -> None:
    for number in range(4):
        add_building(world, f"B{number}", "37001")
    state_complete(world, "buildings", "37001", 4, date(2026, 5, 1))
    world.execute(delete(tables.Building).where(tables.Building.code != "B0"))
    refresh(world)
    assert figure(world, "building_count") == (1, 0.25)
    world.execute(delete(tables.Building))
    refresh(world)
    assert figure(world, "building_count") is None


def test_buildings_pulled_down_after_the_statement_leave_it_whole(world: Connection) -> None:
    add_building(world, "B1", "37001")
    add_building(world, "B2", "37001", valid_to=date(2026, 8, 1))
    state_complete(world, "buildings", "37001", 2, date(2026, 5, 1))
    refresh(world)
    assert figure(world, "building_count") == (1, 1)
    world.execute(update(tables.Building).values(valid_to=date(2026, 9, 1)))
    refresh(world)
    assert figure(world, "building_count") == (0, 1)
    assert figure(world, "building_floor_area_m2") == (0, 1)


@pytest.mark.parametrize(
    ("layer", "add", "indicator", "one"),
    [("buildings", add_building, "building_count", 1), ("green_areas", add_green, "public_green_m2", 1500)],
)
def test_a_statement_is_held_against_what_was_there_on_its_day(
    world: Connection, layer: str, add: Callable[..., None], indicator: str, one: int
) -> None:
    add(world, "X1", "37001", valid_to=date(2026, 5, 1))
    add(world, "X2", "37001", valid_from=date(2026, 5, 1))
    add(world, "X3", "37001", valid_from=date(2026, 5, 2))
    add(world, "X4", "37001", valid_to=date(2026, 5, 2))
    state_complete(world, layer, "37001", 4, date(2026, 5, 1))
    refresh(world)
    assert figure(world, indicator) == (2 * one, 0.5)


@pytest.mark.parametrize(
    ("on", "coverage"),
    [(date(2026, 5, 1), 0.5), (date(2026, 11, 21), 0.75), (date(2026, 11, 22), 0), (date(2025, 6, 30), 0)],
    ids=["of what was there then", "of today", "its day is to come", "the code meant another commune then"],
)
def test_a_grid_is_known_as_far_as_a_statement_says(world: Connection, on: date, coverage: float) -> None:
    add_cell(world, "37001", 2025, 3)
    add_cell(world, "37001", 2025, 4)
    add_cell(world, "37001", 2025, 5, valid_from=date(2026, 6, 1))
    add_cell(world, "37001", 2024, 6)
    add_cell(world, "37001", 2025, 7, raster="another")
    world.execute(update(tables.GridCell).where(tables.GridCell.raster_code == "another").values(valid_to=date(2026, 7, 1)))
    state_complete(world, "population_grid", "37001", 4, on)
    refresh(world)
    assert figure(world, "population", period="2025") == (12, coverage)


def test_none_there_is_a_statement_too(world: Connection) -> None:
    state_complete(world, "buildings", "37001", 0, date(2026, 5, 1))
    state_complete(world, "green_areas", "37001", 0, date(2026, 5, 1))
    refresh(world)
    assert figure(world, "building_count") == (0, 1)
    assert figure(world, "public_green_m2") == (0, 1)


@pytest.mark.parametrize(
    ("on", "why"), [(date(2026, 11, 22), "its day is to come"), (date(2025, 6, 30), "the code meant another commune then")]
)
def test_a_statement_of_another_day_or_unit_proves_nothing(world: Connection, on: date, why: str) -> None:
    add_building(world, "B1", "37001", valid_from=date(2020, 1, 1))
    state_complete(world, "buildings", "37001", 1, on)
    refresh(world)
    assert figure(world, "building_count") == (1, 0), why


def test_the_latest_statement_counts(world: Connection) -> None:
    add_building(world, "B1", "37001")
    state_complete(world, "buildings", "37001", 1, date(2026, 1, 1))
    state_complete(world, "buildings", "37001", 5, date(2026, 6, 1))
    refresh(world)
    assert figure(world, "building_count") == (1, 0.2)


def test_coverage_of_floor_area_is_that_of_the_buildings_whose_floor_area_is_known(world: Connection) -> None:
    add_building(world, "B1", "37001")
    add_building(world, "B2", "37001", storeys=None)
    state_complete(world, "buildings", "37001", 2, date(2026, 5, 1))
    refresh(world)
    assert figure(world, "building_floor_area_m2") == (200, 0.5)


def test_a_limited_green_area_says_nothing_of_public_ones(world: Connection) -> None:
    add_green(world, "G1", "37001", "limited")
    refresh(world)
    assert figure(world, "public_green_m2") is None
    state_complete(world, "green_areas", "37001", 1, date(2026, 5, 1))
    refresh(world)
    assert figure(world, "public_green_m2") == (0, 1)
    add_green(world, "G2", "37002")
    refresh(world)
    assert figure(world, "public_green_m2", "37002") == (1500, 0)


def test_codes_are_counted_and_not_their_legal_periods(world: Connection) -> None:
    for model, add in ((tables.Building, add_building), (tables.GreenArea, add_green)):
        add(world, "X1", "37001", valid_from=date(2025, 7, 1), valid_to=date(2026, 1, 1))
        add(world, "X1", "37001", valid_from=date(2026, 1, 1))
        assert world.scalar(select(model.code))
    refresh(world)
    assert figure(world, "building_count") == (1, 0)
    assert figure(world, "public_green_m2") == (1500, 0)


# -- permits ----------------------------------------------------------------------------------------------------------------


def test_a_permit_with_two_legal_periods_is_one_permit(world: Connection) -> None:
    add_permit(world, "GP1", "37001", date(2024, 5, 1))
    world.execute(update(tables.Permit).values(valid_to=date(2026, 1, 1)))
    add_permit(world, "GP1", "37001", date(2024, 5, 1), "contrary", valid_from=date(2026, 1, 1))
    refresh(world)
    assert figure(world, "permits_issued", period="2024") == (1, 0)
    assert figure(world, "permits_contrary", period="2024") == (1, 0)


def test_a_permit_that_went_to_another_commune_is_counted_there(world: Connection) -> None:
    add_permit(world, "GP1", "37001", date(2024, 5, 1))
    world.execute(update(tables.Permit).values(valid_to=date(2026, 1, 1)))
    add_permit(world, "GP1", "37002", date(2024, 5, 1), valid_from=date(2026, 1, 1))
    refresh(world)
    assert figure(world, "permits_issued", period="2024") is None
    assert figure(world, "permits_issued", "37002", "2024") == (1, 0)
    world.execute(update(tables.Permit).where(tables.Permit.commune_code == "37001").values(purpose="x"))
    refresh(world)
    assert figure(world, "permits_issued", period="2024") is None


def test_a_year_without_permits_is_zero_only_where_a_statement_speaks_of_it(world: Connection) -> None:
    add_permit(world, "GP1", "37001", date(2023, 5, 1))
    add_permit(world, "GP2", "37002", date(2023, 5, 1))
    state_complete(world, "permits", "37001", 0, date(2025, 12, 31), complete_from=date(2024, 7, 2))
    refresh(world)
    assert figure(world, "permits_issued", period="2023") == (1, 0)
    assert figure(world, "permits_issued", period="2024") == (0, 0.5)
    assert figure(world, "permits_issued", period="2025") == (0, 1)
    assert figure(world, "permits_issued", period="2026") is None
    assert figure(world, "permits_issued", "37002", "2024") is None


def test_permits_of_before_the_statement_begins_do_not_fill_it(world: Connection) -> None:
    add_permit(world, "GP1", "37001", date(2024, 12, 31))
    add_permit(world, "GP2", "37001", date(2025, 1, 1))
    add_permit(world, "GP3", "37001", date(2026, 1, 1))
    state_complete(world, "permits", "37001", 2, date(2025, 12, 31), complete_from=date(2025, 1, 1))
    refresh(world)
    assert figure(world, "permits_issued", period="2025") == (1, 0.5)


def test_the_present_year_is_known_as_far_as_the_statement_goes(world: Connection) -> None:
    add_permit(world, "GP1", "37001", date(2026, 2, 1))
    add_permit(world, "GP2", "37001", date(2026, 10, 1))
    state_complete(world, "permits", "37001", 2, date(2026, 6, 30))
    refresh(world)
    days_stated, days_gone = 181, 325
    value, coverage = figure(world, "permits_issued", period="2026")
    assert value == 2
    assert coverage == pytest.approx(0.5 * days_stated / days_gone)
    set_today(world, date(2026, 11, 22))
    refresh(world)
    assert figure(world, "permits_issued", period="2026")[1] == pytest.approx(0.5 * days_stated / (days_gone + 1))


def test_permits_contrary_to_plan_are_known_as_far_as_permits_were_checked(world: Connection) -> None:
    for number, conformity in enumerate(["contrary", "conform", None, "unknown"]):
        add_permit(world, f"GP{number}", "37001", date(2025, 5, 1), conformity)
    state_complete(world, "permits", "37001", 4, date(2025, 12, 31), complete_from=date(2025, 1, 1))
    refresh(world)
    assert figure(world, "permits_issued", period="2025") == (4, 1)
    assert figure(world, "permits_contrary", period="2025") == (1, 0.5)


# -- the statement itself ---------------------------------------------------------------------------------------------------


def test_a_statement_marks_its_commune_only(world: Connection) -> None:
    add_building(world, "B1", "37001")
    refresh(world)
    state_complete(world, "buildings", "37001", 1, date(2026, 5, 1))
    report = refresh(world)
    assert report.communes["buildings"] == 1
    assert figure(world, "building_count") == (1, 1)
