"""Figures of units that changed: nobody is counted twice or lost, at each tier, exactly; what cannot be divided has its row."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from sqlalchemy import Connection, func, insert, select, update

from spatial import tables
from spatial.rollup import refresh
from spatial.tables import Value
from tests.spatial.changing_world import Country, countries, observe, store
from tests.spatial.rollup_world import add_cell, add_units, box, set_today

TODAY = date(2026, 11, 21)


@pytest.fixture
def country(connection: Connection) -> Connection:
    set_today(connection, TODAY)
    return connection


@contextmanager
def undone(connection: Connection) -> Iterator[None]:
    point = connection.begin_nested()
    try:
        yield
    finally:
        point.rollback()


def by_unit(connection: Connection, indicator: str, period: int, level: str = "commune") -> dict[str, Decimal]:
    rows = connection.execute(
        select(Value.unit_code, Value.value).where(
            Value.indicator_code == indicator, Value.period == str(period), Value.level == level
        )
    )
    return {code: value for code, value in rows}


def coverages(connection: Connection, indicator: str, period: int) -> dict[str, float | None]:
    rows = connection.execute(
        select(Value.unit_code, Value.coverage).where(
            Value.indicator_code == indicator, Value.period == str(period), Value.level == "commune"
        )
    )
    return {code: coverage for code, coverage in rows}


def assert_tiers_agree(connection: Connection, indicator: str, period: int, total: Decimal | int) -> None:
    for level in ("nation", "region", "province", "city", "commune"):
        values = by_unit(connection, indicator, period, level).values()
        assert sum(values) == total, (level, values)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(world=countries())
def test_what_was_reported_is_counted_once_in_the_units_of_today(country: Connection, world: Country) -> None:
    with undone(country):
        store(country, world)
        refresh(country)
        for period in {one.period for one in world.counted}:
            reported = world.reported_cells(period)
            if period != 2024:  # the register's own figures of the provinces
                assert_tiers_agree(country, "population", period, world.sum_of(reported))
            event(f"each unit compared: {world.is_plain(period)}, changes: {len(world.states) - 1}")
            if not world.is_plain(period):
                continue
            expected = {code: world.sum_of(cells & reported) for code, cells in world.today.items() if cells & reported}
            found = by_unit(country, "population", period)
            assert {code: value for code, value in found.items() if ":" not in code} == expected
            known = coverages(country, "population", period)
            for code, cells in world.today.items():
                assert known.get(code, 0.0) == pytest.approx(len(cells & reported) / len(cells)), code


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(world=countries(whole_story=False))
def test_what_cannot_be_divided_is_a_remainder_and_not_lost(country: Connection, world: Country) -> None:
    with undone(country):
        store(country, world)
        refresh(country)
        for period in {one.period for one in world.counted} - {2024}:
            reported = world.reported_cells(period)
            assert_tiers_agree(country, "population", period, world.sum_of(reported))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(world=countries())
def test_an_observed_figure_is_counted_once_too(country: Connection, world: Country) -> None:
    seen: set[tuple[str, int]] = set()
    world.counted[:] = [one for one in world.counted if not ((key := (one.code, one.period)) in seen or seen.add(key))]  # type: ignore[func-returns-value]
    with undone(country):
        store(country, world)
        observe(country, world)
        refresh(country)
        for period in {one.period for one in world.counted}:
            total = Decimal(world.sum_of(world.reported_cells(period))) / 8
            assert_tiers_agree(country, "solid_waste_t", period, total)


# -- plain cases ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def world(country: Connection) -> Connection:
    add_units(country)
    return country


def change(
    connection: Connection, before: str, after: str, on: str, kind: str = "merge", *, level: str = "commune",
    people: float | None = None, area: float | None = None,
) -> None:  # fmt: skip
    connection.execute(
        insert(tables.UnitChange).values(
            level=level, kind=kind, from_code=before, to_code=after, changed_on=date.fromisoformat(on), population_share=people,
            area_share=area,
        )
    )  # fmt: skip


def count(connection: Connection, unit: str, year: int, people: int, **more: Any) -> None:
    values = {"level": "commune", "method": "register", **more}
    connection.execute(insert(tables.UnitCount).values(unit_code=unit, year=year, people=people, **values))


def test_two_mergers_in_a_row_with_the_code_kept_count_nobody_twice(world: Connection) -> None:
    for day in ("2020-01-01", "2025-07-01"):
        change(world, "37001", "37001", day)
    change(world, "99999", "37001", "2020-01-01")
    change(world, "99998", "37001", "2025-07-01")
    count(world, "37001", 2019, 31_278)
    count(world, "99999", 2019, 1_000)
    refresh(world)
    assert by_unit(world, "population", 2019)["37001"] == 32_278
    assert_tiers_agree(world, "population", 2019, 32_278)


def test_a_chain_leads_to_the_last_successor(world: Connection) -> None:
    change(world, "88001", "88002", "2020-01-01", "rename")
    change(world, "88002", "37001", "2025-07-01")
    count(world, "88001", 2018, 500)
    refresh(world)
    assert by_unit(world, "population", 2018) == {"37001": 500}


def test_in_the_year_of_a_merger_the_successor_holds_everybody_and_the_figure_left_out_is_told(world: Connection) -> None:
    change(world, "37001", "37001", "2025-07-01")
    change(world, "99004", "37001", "2025-07-01")
    count(world, "37001", 2025, 34_184)
    count(world, "99004", 2025, 12_659)
    report = refresh(world)
    assert by_unit(world, "population", 2025) == {"37001": 34_184}
    assert [(note.kind, note.indicator_code) for note in report.notes] == [("held", "population")]
    assert "12,659" in report.notes[0].sentence.vi
    assert "99004" in report.notes[0].sentence.en


def test_counts_of_before_a_merger_are_added_where_their_day_is_told(world: Connection) -> None:
    change(world, "37001", "37001", "2025-07-01")
    change(world, "99004", "37001", "2025-07-01")
    count(world, "37001", 2025, 21_525, unit_on=date(2025, 4, 1))
    count(world, "99004", 2025, 12_659)
    assert refresh(world).notes == ()
    assert by_unit(world, "population", 2025) == {"37001": 34_184}


def test_the_old_code_alone_is_carried_in_the_year_of_the_merger_and_covers_a_part(world: Connection) -> None:
    change(world, "37001", "37001", "2025-07-01", area=1)
    change(world, "99004", "37001", "2025-07-01", area=1)
    count(world, "99004", 2025, 12_659)
    refresh(world)
    assert by_unit(world, "population", 2025) == {"37001": 12_659}
    assert coverages(world, "population", 2025) == {"37001": 0.5}


def test_figures_counted_back_for_the_units_of_today_stay_there(world: Connection) -> None:
    change(world, "37001", "37001", "2025-07-01")
    change(world, "99004", "37001", "2025-07-01")
    count(world, "37001", 2019, 31_278, unit_on=date(2025, 7, 1))
    refresh(world)
    assert coverages(world, "population", 2019) == {"37001": 1.0}


def test_a_late_figure_of_a_code_that_is_gone_means_the_unit_that_bore_it_last(world: Connection) -> None:
    change(world, "99004", "37001", "2025-07-01")
    count(world, "99004", 2026, 7)
    refresh(world)
    assert by_unit(world, "population", 2026) == {"37001": 7}


def test_women_and_men_make_everybody_where_only_they_are_told(world: Connection) -> None:
    count(world, "37001", 2025, 10, sex="female")
    count(world, "37001", 2025, 11, sex="male")
    count(world, "37002", 2025, 10, sex="female")
    refresh(world)
    assert by_unit(world, "population", 2025) == {"37001": 21}


def test_shares_that_exceed_the_whole_are_scaled_and_told(world: Connection) -> None:
    change(world, "99999", "37001", "2025-07-01", "split", people=0.9)
    change(world, "99999", "37002", "2025-07-01", "split", people=0.9)
    count(world, "99999", 2023, 1_001)
    report = refresh(world)
    assert sorted(by_unit(world, "population", 2023).values()) == [500, 501]
    assert [note.kind for note in report.notes] == ["shares_exceed"]


def test_the_one_part_without_a_share_gets_the_rest(world: Connection) -> None:
    change(world, "99999", "37001", "2025-07-01", "split", people=0.25)
    change(world, "99999", "37002", "2025-07-01", "split")
    count(world, "99999", 2023, 100)
    refresh(world)
    assert by_unit(world, "population", 2023) == {"37001": 25, "37002": 75}


def test_a_transfer_without_a_share_leaves_the_people_where_they_were_counted(world: Connection) -> None:
    change(world, "37001", "37002", "2025-07-01", "transfer")
    count(world, "37001", 2023, 100)
    refresh(world)
    assert by_unit(world, "population", 2023) == {"37001": 100}


def test_whom_nobody_can_divide_stands_as_not_broken_down_and_keeps_the_grid_away(world: Connection) -> None:
    for after in ("37001", "37002"):
        change(world, "37009", after, "2025-07-01", "split")
    world.execute(
        insert(tables.Unit).values(
            code="37009", level="commune", name="Xã cũ", parent_code="37", province_code="37", valid_from=date(2010, 1, 1),
            valid_to=date(2025, 7, 1), geom=box(105, 20, 0.2),
        )
    )  # fmt: skip
    count(world, "37009", 2023, 1_000)
    add_cell(world, "37001", 2023, 400)
    add_cell(world, "37003", 2023, 50)
    report = refresh(world)
    assert by_unit(world, "population", 2023) == {"37:undivided": 1_000, "37003": 50}
    assert_tiers_agree(world, "population", 2023, 1_050)
    assert [note.kind for note in report.notes] == ["undivided"]


def test_whom_nobody_can_divide_is_held_by_the_later_figure_of_a_unit_that_may_have_them(world: Connection) -> None:
    for after in ("37001", "37002"):
        change(world, "37009", after, "2025-07-01", "split")
    count(world, "37009", 2025, 1_000, unit_on=date(2025, 4, 1))
    count(world, "37001", 2025, 700)
    report = refresh(world)
    assert by_unit(world, "population", 2025)["37001"] == 700
    assert_tiers_agree(world, "population", 2025, 700)
    assert [note.kind for note in report.notes] == ["held"]


def test_a_code_that_no_register_knows_keeps_its_own_row(world: Connection) -> None:
    count(world, "88002", 2018, 500)
    refresh(world)
    assert by_unit(world, "population", 2018) == {"88002": 500}
    assert_tiers_agree(world, "population", 2018, 500)


def test_people_of_a_commune_whose_province_is_gone_are_among_the_nation_s(world: Connection) -> None:
    world.execute(
        insert(tables.Unit).values(
            code="36009", level="commune", name="Xã cũ", parent_code="36", province_code="36", valid_from=date(2010, 1, 1),
            valid_to=date(2025, 7, 1), geom=box(105, 20, 0.2),
        )
    )  # fmt: skip
    count(world, "36009", 2019, 500)
    refresh(world)
    assert by_unit(world, "population", 2019) == {"36009": 500}
    assert world.scalar(select(Value.parent_code).where(Value.unit_code == "36009")) == "VN"
    assert_tiers_agree(world, "population", 2019, 500)


def test_a_period_that_begins_later_leaves_the_unit_in_force_today(world: Connection) -> None:
    next_year = date(2027, 1, 1)
    world.execute(update(tables.Unit).where(tables.Unit.code == "37001").values(valid_to=next_year))
    world.execute(
        insert(tables.Unit).values(
            code="37001", level="commune", name="Phường mới", parent_code="01", province_code="01", valid_from=next_year,
            geom=box(105, 20, 0.1),
        )
    )  # fmt: skip
    count(world, "37001", 2025, 500)
    refresh(world)
    assert by_unit(world, "population", 2025, "province") == {"37": 500}
    assert coverages(world, "population", 2025) == {"37001": 1}


def test_provinces_of_before_the_mergers_are_carried_too(world: Connection) -> None:
    for before in ("02", "08"):
        change(world, before, "08", "2025-07-01", level="province")
    count(world, "02", 2019, 854_679, level="province", method="census")
    count(world, "08", 2019, 784_811, level="province", method="census")
    refresh(world)
    assert by_unit(world, "population", 2019, "province") == {"08": 1_639_490}
    assert_tiers_agree(world, "population", 2019, 1_639_490)


def test_a_province_report_of_a_part_does_not_stand_against_parts_that_are_known_better(world: Connection) -> None:
    for before in ("36", "37"):
        change(world, before, "37", "2025-07-01", level="province")
    count(world, "36", 2019, 5, level="province", method="census")
    for commune in ("37001", "37002", "37003"):
        count(world, commune, 2019, 100)
    world.execute(update(tables.Unit).where(tables.Unit.code.like("37%")).values(area_official_km2=1300))
    refresh(world)
    assert by_unit(world, "population", 2019, "province")["37"] == 300


def test_a_figure_of_a_unit_that_is_in_no_tier_is_told(world: Connection) -> None:
    count(world, "ZZ", 2025, 9, level="province")
    count(world, "DT99", 2025, 8, level="city")
    world.execute(
        insert(tables.UrbanArea).values(
            code="KDT", name="Khu đô thị mới", kind="new_urban_area", parent_code="DT37", province_code="37",
            valid_from=date(2025, 7, 1), geom=box(105, 20, 0.1),
        )
    )  # fmt: skip
    count(world, "KDT", 2025, 7, level="city")
    report = refresh(world)
    assert [note.kind for note in report.notes] == ["not_placed"] * 3


def test_a_figure_reported_for_what_is_computed_here_is_told(world: Connection) -> None:
    world.execute(
        insert(tables.Observation).values(
            indicator_code="parcel_count", level="province", unit_code="37", period="2025", value=5, approved_at=func.now()
        )
    )
    assert [note.kind for note in refresh(world).notes] == ["computed_here"]


# -- the grid beside what is reported ---------------------------------------------------------------------------------------


def test_edge_cells_beside_a_reported_commune_are_not_added_on_top(world: Connection) -> None:
    count(world, "37001", 2025, 1_000)
    add_cell(world, "37001", 2025, 900)
    add_cell(world, None, 2025, 67, at=(104.9985, 20.05))  # within a cell's width of 37001
    add_cell(world, None, 2025, 5, at=(104.9, 20.05))  # next to nothing that is known
    add_cell(world, None, 2025, 3, at=(105.25, 19.9995))  # on the edge of 37003, of whom nothing is reported
    add_cell(world, "37003", 2025, 40)
    refresh(world)
    assert by_unit(world, "population", 2025) == {"37001": 1_000, "37003": 40, "VN:unassigned": 8}
    assert_tiers_agree(world, "population", 2025, 1_048)


def test_of_two_grids_for_a_year_the_one_loaded_last_counts(world: Connection) -> None:
    for raster in ("older", "newer"):
        world.execute(insert(tables.Raster).values(code=raster, year=2025, srid=4326, population=1, content=b"", sha256="0" * 64))
    add_cell(world, "37001", 2025, 100, raster="newer")
    add_cell(world, "37001", 2025, 90, raster="older")
    add_cell(world, "37002", 2025, 80, raster="older")
    refresh(world)
    assert by_unit(world, "population", 2025) == {"37001": 100, "37002": 80}


def test_of_two_grids_the_one_loaded_last_counts_where_no_commune_is_known_too(world: Connection) -> None:
    for raster in ("older", "newer"):
        world.execute(insert(tables.Raster).values(code=raster, year=2025, srid=4326, population=1, content=b"", sha256="0" * 64))
        add_cell(world, None, 2025, {"older": 5, "newer": 7}[raster], at=(104.9995, 20.0), raster=raster)
    refresh(world)
    assert by_unit(world, "population", 2025) == {"VN:unassigned": 7}


def test_a_report_of_a_part_gives_way_to_a_grid_of_the_whole(world: Connection) -> None:
    change(world, "37001", "37001", "2025-07-01", area=1)
    change(world, "99004", "37001", "2025-07-01", area=1)
    count(world, "99004", 2023, 10)
    add_cell(world, "37001", 2023, 500)
    refresh(world)
    assert by_unit(world, "population", 2023) == {"37001": 500}
