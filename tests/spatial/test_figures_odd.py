"""What is no number, in a row written past every rule: its own unit's figure is unknown and named, every other one holds."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, select, text

from spatial.rollup import refresh
from spatial.rollup.figures import Figure
from spatial.tables import Note, Value
from tests.spatial.rollup_world import (
    add_building,
    add_green,
    add_parcels,
    add_permit,
    add_units,
    set_today,
    state_complete,
)

TODAY = date(2026, 11, 21)


@pytest.fixture
def country(connection: Connection) -> Connection:
    """Load a small country and take its rules away, as a superuser could."""
    set_today(connection, TODAY)
    add_units(connection)
    for commune in ("37001", "01001"):
        add_green(connection, f"g{commune}", commune)
        add_building(connection, f"b{commune}", commune)
    for table, column in (
        ("landscape.green_area", "area_m2"),
        ("land.parcel", "area_m2"),
        ("construction.building", "floor_area_m2"),
        ("construction.permit", "issued_on"),
        ("construction.permit", "valid_from"),
    ):
        name = f"{table.split('.')[1]}_{column}_plausible_check"
        connection.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {name}"))
    return connection


def values(connection: Connection, indicator: str) -> dict[str, Decimal | None]:
    """Give an indicator's values of this year by unit."""
    found = select(Value.unit_code, Value.value).where(Value.indicator_code == indicator, Value.period == str(TODAY.year))
    return {unit: value for unit, value in connection.execute(found)}


@pytest.mark.parametrize("odd", ["Infinity", "NaN", "-Infinity", "1e300"])
def test_one_bad_value_makes_its_own_commune_unknown_and_says_which(country: Connection, odd: str) -> None:
    country.execute(text(f"UPDATE landscape.green_area SET area_m2 = '{odd}' WHERE code = 'g37001'"))
    country.execute(text(f"UPDATE construction.building SET floor_area_m2 = '{odd}' WHERE code = 'b37001'"))
    report = refresh(country)
    for indicator in ("public_green_m2", "building_floor_area_m2"):
        found = values(country, indicator)
        assert found["37001"] is None
        assert found["01001"] == found["01"] == found["VN"], indicator
        assert all(value is None or value.is_finite() for value in found.values())
    told = {note.indicator_code: note.sentence for note in report.notes if note.kind == "no_number"}
    assert told.keys() == {"public_green_m2", "building_floor_area_m2"}
    assert "37001" in told["public_green_m2"].vi
    country.execute(text("UPDATE landscape.green_area SET area_m2 = 20 WHERE code = 'g37001'"))
    again = refresh(country, everything=True)
    assert "public_green_m2" not in {note.indicator_code for note in again.notes if note.kind == "no_number"}
    assert values(country, "public_green_m2")["VN"] == 1520


def test_a_permit_of_the_year_1_makes_no_series_of_two_thousand_years(country: Connection) -> None:
    state_complete(country, "permits", "37001", 2, TODAY)
    add_permit(country, "old", "37001", date(1, 1, 1))
    add_permit(country, "new", "37001", date(2025, 6, 1))
    refresh(country)
    periods = country.scalars(
        select(Value.period).where(Value.indicator_code == "permits_issued", Value.unit_code == "37001", Value.level == "commune")
    ).all()
    assert 90 < len(periods) < 110
    assert {"1", "2025"} <= set(periods)


def test_an_odd_figure_of_before_is_read_as_unknown() -> None:
    row: dict[str, Any] = dict.fromkeys(
        ("parent_code", "remainder", "coverage", "computed_at", "data_version", "denominator_period"), None
    )
    row |= {"code": "VN", "name": "Việt Nam", "name_en": None}
    for odd in (Decimal("Infinity"), Decimal("NaN"), Decimal("-Infinity")):
        figure = Figure.from_row(row | {"value": odd, "numerator": odd, "denominator": Decimal(1)})
        assert (figure.value, figure.numerator) == (None, None)
        assert figure.denominator == 1


def test_of_parcels_only_the_areas_are_unknown(country: Connection) -> None:
    facts = add_parcels(country, 3)
    country.execute(text("UPDATE land.parcel SET area_m2 = 'Infinity' WHERE code = (SELECT min(code) FROM land.parcel)"))
    refresh(country)
    found = values(country, "parcel_area_m2")
    (unknown,) = [code for code, value in found.items() if value is None]
    expected = sum(fact.area_m2 for fact in facts if fact.commune != unknown)
    assert float(found["VN"] or 0) == pytest.approx(expected, abs=0.1)
    assert values(country, "parcel_count")["VN"] == len(facts)
    assert country.scalar(select(Note.unit_code).where(Note.kind == "no_number").limit(1)) == unknown
