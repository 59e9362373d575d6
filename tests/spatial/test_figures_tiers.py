"""The tiers above the commune: cities and chains of them, figures reported for them, and how much of them is known."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, delete, func, insert, select, update

from spatial import tables
from spatial.rollup import refresh
from spatial.tables import TierUnit, Value
from tests.spatial.rollup_world import CITY, add_building, add_parcels, add_units, box, set_today, state_complete
from tests.spatial.test_rollup import assert_adds_up, value

TODAY = date(2026, 11, 21)


@pytest.fixture
def world(connection: Connection) -> Connection:
    set_today(connection, TODAY)
    add_units(connection)
    return connection


def coverage(connection: Connection, indicator: str, level: str, unit: str, period: str = "2026") -> float | None:
    return connection.scalar(
        select(Value.coverage).where(
            Value.indicator_code == indicator, Value.level == level, Value.unit_code == unit, Value.period == period
        )
    )


def area_of(connection: Connection, level: str, code: str) -> float:
    area = connection.scalar(select(TierUnit.area_m2).where(TierUnit.level == level, TierUnit.code == code))
    assert area is not None
    return area


def add_urban_area(connection: Connection, code: str, communes: set[str], *, kind: str = "city", **values: Any) -> None:
    given = {"province_code": "37", "valid_from": date(2025, 7, 1), **values}
    connection.execute(insert(tables.UrbanArea).values(code=code, name=code, kind=kind, geom=box(105, 20, 0.1), **given))
    for commune in sorted(communes):
        connection.execute(
            insert(tables.UrbanAreaCommune).values(urban_area_code=code, commune_code=commune, valid_from=given["valid_from"])
        )


def report(connection: Connection, level: str, unit: str, amount: float, indicator: str = "solid_waste_t", **values: Any) -> None:
    connection.execute(
        insert(tables.Observation).values(
            indicator_code=indicator, level=level, unit_code=unit, period="2025", value=amount, approved_at=func.now(), **values
        )
    )


# -- cities -----------------------------------------------------------------------------------------------------------------


def test_a_figure_reported_for_a_city_stands_and_counts_once_upward(world: Connection) -> None:
    report(world, "commune", "37001", 10)
    report(world, "commune", "37003", 4)
    report(world, "city", "DT37", 50)
    refresh(world)
    assert value(world, "solid_waste_t", "city", "DT37", "2025") == 50
    assert value(world, "solid_waste_t", "commune", "DT37:unbroken", "2025") == 40
    assert value(world, "solid_waste_t", "city", "37:rest", "2025") == 4
    assert value(world, "solid_waste_t", "province", "37", "2025") == 54
    assert_adds_up(world)


def test_people_counted_for_a_city_enter_there(world: Connection) -> None:
    world.execute(insert(tables.UnitCount).values(level="city", unit_code="DT37", year=2025, people=900, method="census"))
    refresh(world)
    assert value(world, "population", "city", "DT37", "2025") == 900
    assert value(world, "population", "nation", "VN", "2025") == 900
    assert coverage(world, "population", "city", "DT37", "2025") == 1
    share = coverage(world, "population", "province", "37", "2025")
    assert share == pytest.approx(area_of(world, "city", "DT37") / area_of(world, "province", "37"))
    assert_adds_up(world)


def test_a_city_reported_in_a_province_reported_is_not_added_to_it(world: Connection) -> None:
    report(world, "city", "DT37", 50)
    report(world, "province", "37", 70)
    refresh(world)
    assert value(world, "solid_waste_t", "nation", "VN", "2025") == 70
    assert value(world, "solid_waste_t", "city", "37:rest", "2025") == 20
    assert_adds_up(world)


def test_a_commune_in_two_cities_counts_for_the_one_it_joined_first_and_that_is_told(world: Connection) -> None:
    add_parcels(world, 1)
    add_urban_area(world, "DT38", CITY, valid_from=date(2026, 1, 1))
    told = refresh(world).notes
    assert [note.kind for note in told] == ["two_cities", "two_cities"]
    assert "DT37, DT38" in told[0].sentence.vi
    assert value(world, "parcel_count", "city", "DT38") is None
    rest = value(world, "parcel_count", "city", "37:rest")
    assert rest is not None
    assert rest >= 0
    assert rest == value(world, "parcel_count", "commune", "37003")
    assert_adds_up(world)


def test_the_note_goes_with_its_cause(world: Connection) -> None:
    add_urban_area(world, "DT38", CITY, valid_from=date(2026, 1, 1))
    assert refresh(world).notes
    assert refresh(world).notes, "still so"
    world.execute(delete(tables.UrbanAreaCommune).where(tables.UrbanAreaCommune.urban_area_code == "DT38"))
    assert refresh(world).notes == ()


def test_a_town_of_a_city_is_part_of_it(world: Connection) -> None:
    add_parcels(world, 1)
    add_urban_area(world, "TX1", {"37003"}, kind="town", parent_code="DT37")
    assert refresh(world).notes == ()
    tier = set(world.scalars(select(TierUnit.code).where(TierUnit.level == "city")))
    assert tier == {"DT37"}
    assert value(world, "parcel_count", "city", "DT37") == value(world, "parcel_count", "province", "37")
    assert value(world, "parcel_count", "city", "37:rest") == 0
    assert_adds_up(world)


def test_a_new_urban_area_takes_no_commune_from_its_city(world: Connection) -> None:
    add_parcels(world, 1)
    add_urban_area(world, "KDT", {"37001"}, kind="new_urban_area", parent_code="DT37")
    assert refresh(world).notes == ()
    assert_adds_up(world)


def test_a_commune_of_another_province_does_not_count_for_a_city(world: Connection) -> None:
    add_parcels(world, 1)
    world.execute(
        insert(tables.UrbanAreaCommune).values(urban_area_code="DT37", commune_code="01001", valid_from=date(2025, 7, 1))
    )
    assert [note.kind for note in refresh(world).notes] == ["other_province"]
    rest = value(world, "parcel_count", "city", "01:rest")
    assert rest == value(world, "parcel_count", "province", "01")
    assert_adds_up(world)


def test_a_city_that_names_no_province_is_where_its_communes_are(world: Connection) -> None:
    add_parcels(world, 1)
    world.execute(update(tables.UrbanArea).values(province_code=None))
    refresh(world)
    inside = sum(value(world, "parcel_count", "commune", code) or 0 for code in CITY)
    assert value(world, "parcel_count", "city", "37:rest") == (value(world, "parcel_count", "province", "37") or 0) - inside
    assert_adds_up(world)


# -- reported figures -------------------------------------------------------------------------------------------------------


def test_a_report_smaller_than_its_parts_shows_as_a_negative_remainder(world: Connection) -> None:
    report(world, "commune", "37001", 10)
    report(world, "province", "37", 8)
    refresh(world)
    assert value(world, "solid_waste_t", "commune", "37:unbroken", "2025") == Decimal(-2)
    assert_adds_up(world)


@pytest.mark.parametrize(("level", "unit"), [("region", "V2"), ("nation", "VN")])
def test_a_figure_of_a_region_or_the_nation_has_its_row_in_each_tier_below(world: Connection, level: str, unit: str) -> None:
    report(world, "commune", "37001", 10)
    report(world, level, unit, 25)
    refresh(world)
    assert value(world, "solid_waste_t", "nation", "VN", "2025") == 25
    assert value(world, "solid_waste_t", "province", f"{unit}:unbroken", "2025") == 15
    assert_adds_up(world)


def test_a_report_that_speaks_for_a_part_only_gives_way_to_what_is_known_better(world: Connection) -> None:
    world.execute(update(tables.Unit).where(tables.Unit.province_code == "37").values(area_official_km2=1300))
    for commune in ("37001", "37002", "37003"):
        report(world, "commune", commune, 10)
    report(world, "province", "37", 100, coverage=0.3)
    refresh(world)
    assert value(world, "solid_waste_t", "province", "37", "2025") == 30
    # better known than its parts, though not of the whole
    world.execute(update(tables.Observation).where(tables.Observation.level == "province").values(coverage=0.9))
    world.execute(delete(tables.Observation).where(tables.Observation.unit_code.in_(("37002", "37003"))))
    refresh(world)
    assert value(world, "solid_waste_t", "province", "37", "2025") == 100
    world.execute(update(tables.Observation).where(tables.Observation.level == "province").values(coverage=0.95))
    refresh(world)
    assert value(world, "solid_waste_t", "province", "37", "2025") == 100
    assert coverage(world, "solid_waste_t", "province", "37", "2025") == 0.95


# -- how much of the tiers above is known -----------------------------------------------------------------------------------


def test_coverage_above_the_commune_is_weighted_by_area(world: Connection) -> None:
    world.execute(update(tables.Unit).where(tables.Unit.code == "37001").values(area_official_km2=300))
    add_building(world, "B1", "37001")
    add_building(world, "B2", "37002")
    state_complete(world, "buildings", "37001", 2, date(2026, 5, 1))
    state_complete(world, "buildings", "37002", 1, date(2026, 5, 1))
    refresh(world)
    known_m2 = 0.5 * 300e6 + 100e6
    assert coverage(world, "building_count", "city", "DT37") == pytest.approx(known_m2 / 400e6)
    assert coverage(world, "building_count", "province", "37") == pytest.approx(known_m2 / area_of(world, "province", "37"))
    assert coverage(world, "building_count", "region", "V2") == pytest.approx(known_m2 / area_of(world, "region", "V2"))
    assert coverage(world, "building_count", "nation", "VN") == pytest.approx(known_m2 / area_of(world, "nation", "VN"))
    assert area_of(world, "province", "37") < area_of(world, "region", "V2") < area_of(world, "nation", "VN")


def test_parcels_that_overlap_cover_no_more_than_the_whole(world: Connection) -> None:
    world.execute(update(tables.Unit).where(tables.Unit.code == "37001").values(area_official_km2=0.001))
    add_parcels(world, 3)
    refresh(world)
    assert coverage(world, "parcel_count", "commune", "37001") == 1


def test_rows_that_name_no_commune_are_covered_by_nothing(world: Connection) -> None:
    add_building(world, "B1", "37001")
    add_building(world, "B2", "37003")
    world.execute(update(tables.Building).where(tables.Building.code == "B2").values(commune_code=None))
    refresh(world)
    assert value(world, "building_count", "commune", "37:unassigned") == 1
    assert coverage(world, "building_count", "commune", "37:unassigned") is None
    assert_adds_up(world)


def test_a_row_that_names_another_province_than_its_commune_counts_where_the_commune_is(world: Connection) -> None:
    add_parcels(world, 3)
    first = select(func.min(tables.Parcel.id)).where(tables.Parcel.commune_code == "37001").scalar_subquery()
    world.execute(update(tables.Parcel).where(tables.Parcel.id == first).values(province_code="01"))
    refresh(world)
    assert_adds_up(world)
    assert value(world, "parcel_count", "province", "37") == sum(
        value(world, "parcel_count", "commune", code) or 0 for code in ("37001", "37002", "37003")
    )
