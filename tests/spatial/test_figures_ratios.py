"""Ratios divide like by like: both figures of the same ground; nothing where too little is known, and how much is told."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, Row, insert, select, update

from spatial import tables
from spatial.rollup import refresh
from spatial.rollup.figures import ENOUGH, SHOWN, Known, best_period
from spatial.tables import TierUnit, Value
from tests.spatial.rollup_world import add_green, add_parcels, add_units, set_today, state_complete
from tests.spatial.test_rollup import value

TODAY = date(2026, 11, 21)
WHOLE = ("37001", "37002", "37003")


@pytest.fixture
def world(connection: Connection) -> Connection:
    set_today(connection, TODAY)
    add_units(connection)
    return connection


def count(connection: Connection, unit: str, year: int, people: int, level: str = "commune") -> None:
    connection.execute(insert(tables.UnitCount).values(level=level, unit_code=unit, year=year, people=people, method="register"))


def ratio(connection: Connection, code: str, level: str, unit: str, period: str = "2026") -> Row[Any] | None:
    return connection.execute(
        select(Value.value, Value.coverage, Value.numerator, Value.denominator, Value.denominator_period).where(
            Value.indicator_code == code, Value.level == level, Value.unit_code == unit, Value.period == period
        )
    ).one_or_none()


def fill_province(connection: Connection, share: float) -> None:
    """Let the communes of 37 make up so much of its area."""
    area = connection.scalar(
        select(tables.UnitCode.area_official_km2).where(tables.UnitCode.code == "37", tables.UnitCode.valid_to.is_(None))
    )
    assert area is not None
    connection.execute(update(tables.Unit).where(tables.Unit.code.in_(WHOLE)).values(area_official_km2=area * share / 3))


def test_density_has_a_value_wherever_people_and_area_are_known_whatever_the_year(world: Connection) -> None:
    count(world, "37001", 2019, 500)
    count(world, "37001", 2025, 700)
    refresh(world)
    for year, people in (("2019", 500), ("2025", 700)):
        density = ratio(world, "population_density_km2", "commune", "37001", year)
        assert density is not None
        assert density.value == Decimal(people) / 100
        assert density.denominator_period == "2026"
        assert density.coverage == 1


def test_density_of_the_nation_in_the_year_that_the_resolution_tells_all_provinces(world: Connection) -> None:
    refresh(world)
    density = ratio(world, "population_density_km2", "nation", "VN", "2024")
    assert density is not None
    assert 300 < density.value < 400
    assert density.coverage == pytest.approx(1)


def test_a_ratio_of_a_unit_divides_what_is_known_of_both_in_the_same_parts(world: Connection) -> None:
    fill_province(world, 0.9)
    for commune, people in zip(WHOLE, (100, 300, 600), strict=True):
        count(world, commune, 2025, people)
    for commune in WHOLE[:2]:
        add_green(world, f"G{commune}", commune)
        state_complete(world, "green_areas", commune, 1, date(2026, 5, 1))
    add_green(world, "G3", WHOLE[2])  # without a statement: what there is beside it is not known
    refresh(world)
    green = ratio(world, "green_per_person_m2", "province", "37")
    assert green is not None
    assert (green.numerator, green.denominator) == (3000, 400)
    assert green.value == Decimal("7.5")
    assert green.coverage == pytest.approx(0.6, abs=1e-3)
    assert green.denominator_period == "2025"
    assert value(world, "public_green_m2", "province", "37") == 4500


@pytest.mark.parametrize(("share", "shown"), [(SHOWN + 0.01, True), (SHOWN - 0.01, False)])
def test_a_ratio_known_on_too_little_of_a_unit_has_no_value_but_tells_on_how_much(
    world: Connection, share: float, shown: bool
) -> None:
    fill_province(world, share)
    for commune in WHOLE:
        count(world, commune, 2025, 100)
        add_green(world, f"G{commune}", commune)
        state_complete(world, "green_areas", commune, 1, date(2026, 5, 1))
    refresh(world)
    green = ratio(world, "green_per_person_m2", "province", "37")
    assert green is not None
    assert (green.value is not None) is shown
    assert green.coverage == pytest.approx(share, abs=1e-3)
    nation = ratio(world, "green_per_person_m2", "nation", "VN")
    assert nation is not None
    assert nation.value is None
    assert 0 < nation.coverage < 0.02


@pytest.mark.parametrize(("loaded", "formed"), [(19, True), (18, False)])
def test_a_commune_counts_for_a_ratio_from_nineteen_twentieths_on(world: Connection, loaded: int, formed: bool) -> None:
    assert ENOUGH == 19 / 20
    count(world, "37001", 2025, 100)
    for number in range(loaded):
        add_green(world, f"G{number}", "37001")
    state_complete(world, "green_areas", "37001", 20, date(2026, 5, 1))
    refresh(world)
    green = ratio(world, "green_per_person_m2", "commune", "37001")
    assert green is not None
    assert (green.value is not None) is formed
    assert green.coverage == pytest.approx(loaded / 20)


def test_a_commune_of_which_one_figure_is_missing_has_no_ratio(world: Connection) -> None:
    add_green(world, "G1", "37001")
    state_complete(world, "green_areas", "37001", 1, date(2026, 5, 1))
    refresh(world)
    green = ratio(world, "green_per_person_m2", "commune", "37001")
    assert green is not None
    assert (green.value, green.coverage, green.denominator) == (None, 0, None)


def test_where_nobody_lives_there_is_no_ratio(world: Connection) -> None:
    count(world, "37001", 2025, 0)
    add_green(world, "G1", "37001")
    state_complete(world, "green_areas", "37001", 1, date(2026, 5, 1))
    refresh(world)
    green = ratio(world, "green_per_person_m2", "commune", "37001")
    assert green is not None
    assert green.value is None


def test_the_denominator_is_of_the_same_year_or_the_latest_before_or_the_next_after(world: Connection) -> None:
    for commune, years in (("37001", (2020, 2024, 2027)), ("37002", (2026, 2025)), ("37003", (2027,))):
        for year in years:
            count(world, commune, year, year)
        add_green(world, f"G{commune}", commune)
        state_complete(world, "green_areas", commune, 1, date(2026, 5, 1))
    fill_province(world, 0.9)
    refresh(world)
    periods = {
        commune: found.denominator_period
        for commune in WHOLE
        if (found := ratio(world, "green_per_person_m2", "commune", commune))
    }
    assert periods == {"37001": "2024", "37002": "2026", "37003": "2027"}
    province = ratio(world, "green_per_person_m2", "province", "37")
    assert province is not None
    assert province.denominator_period == "2024/2027"


def test_the_digital_cadastre_is_measured_against_the_whole_unit(world: Connection) -> None:
    add_parcels(world, 3)
    refresh(world)
    share = ratio(world, "digital_cadastre_share", "commune", "37001")
    assert share is not None
    area = value(world, "parcel_area_m2", "commune", "37001")
    assert area is not None
    assert share.value == pytest.approx(area / 1_000_000)  # percent of 100 km²
    nation = ratio(world, "digital_cadastre_share", "nation", "VN")
    assert nation is not None
    assert 0 < nation.value < Decimal("0.001")


def test_only_ratios_whose_figures_changed_are_formed_again(world: Connection) -> None:
    add_parcels(world, 3)
    count(world, "37001", 2025, 100)
    refresh(world)
    state = select(Value.indicator_code, Value.period, Value.computed_at).where(
        Value.level == "province", Value.unit_code == "37"
    )
    before = {tuple(row) for row in world.execute(state)}
    world.execute(update(tables.Parcel).where(tables.Parcel.commune_code == "37001").values(land_use_code="LUC"))
    refresh(world)
    again = {row[0] for row in world.execute(state) if tuple(row) not in before}
    assert "digital_cadastre_share" in again
    assert "population_density_km2" in {row[0] for row in before} - again


# -- the period that is shown -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "shown"),
    [
        ([], None),
        ([("2025", 3, 1.0), ("2026", 3, 1.0)], "2026"),
        ([("2024", 34, 1.0), ("2025", 1, 0.0002)], "2024"),
        ([("2025", 100, 0.99), ("2026", 100, 0.985)], "2026"),
        ([("2025", 100, 0.99), ("2026", 100, 0.5)], "2025"),
        ([("2025", 100, 0.0), ("2026", 5, 0.0)], "2025"),
        ([("2025", 0, 0.0), ("2026", 0, 0.0)], "2026"),
    ],
)
def test_the_period_shown_is_the_latest_of_the_best_known(known: list[tuple[str, int, float]], shown: str | None) -> None:
    assert best_period([Known("commune", *one) for one in known]) == shown


def test_tier_units_know_their_area(world: Connection) -> None:
    refresh(world)
    areas = world.execute(select(TierUnit.code, TierUnit.area_m2).where(TierUnit.level == "commune"))
    assert {code: area for code, area in areas} == dict.fromkeys(("37001", "37002", "37003", "01001", "01002"), 100e6)
