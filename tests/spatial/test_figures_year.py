"""The turn of a day and of a year: the year before is kept, the new one is whole, and step by step equals at once."""

import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Numeric, cast, delete, func, insert, select, update

from spatial import tables
from spatial.rollup import refresh
from spatial.rollup.figures import Known, best_period
from spatial.tables import Value
from tests.spatial.rollup_world import (
    COMMUNES,
    add_building,
    add_green,
    add_parcels,
    add_permit,
    add_units,
    box,
    corner,
    moved_to,
    set_today,
    state_complete,
)
from tests.spatial.test_rollup import assert_adds_up, value

BEFORE = date(2026, 11, 21)
AFTER = date(2027, 1, 2)


@pytest.fixture
def world(connection: Connection) -> Connection:
    set_today(connection, BEFORE)
    add_units(connection)
    return connection


Snapshot = dict[tuple[str, str, str, str], tuple[Any, ...]]


def snapshot(connection: Connection, *, period: str | None = None) -> Snapshot:
    """Give every figure with its coverage; floats are added in another order, so those are rounded."""
    rows = connection.execute(
        select(
            Value.indicator_code,
            Value.level,
            Value.unit_code,
            Value.period,
            Value.parent_code,
            Value.value,
            func.round(cast(Value.coverage, Numeric), 9),
            Value.numerator,
            Value.denominator,
            Value.denominator_period,
        )
    )
    return {tuple(row[:4]): tuple(row[4:]) for row in rows if period in (None, row.period)}


def change_one_commune(connection: Connection) -> None:
    connection.execute(update(tables.Parcel).where(tables.Parcel.commune_code == "01002").values(land_use_code="LUC"))


def test_one_edit_in_january_gives_the_whole_nation_and_keeps_last_year(world: Connection) -> None:
    add_parcels(world, 11)
    add_permit(world, "GP1", "37001", date(2026, 5, 1))
    state_complete(world, "permits", "37001", 1, date(2027, 1, 1), complete_from=date(2026, 1, 1))
    refresh(world)
    last_year = {key: row for key, row in snapshot(world, period="2026").items() if not key[0].startswith("permits")}
    set_today(world, AFTER)
    change_one_commune(world)
    refresh(world)
    assert value(world, "parcel_count", "nation", "VN", "2027") == 60
    for level in ("province", "commune"):
        assert {key[2] for key in snapshot(world, period="2027") if key[1] == level} >= {
            key[2] for key in last_year if key[1] == level
        }
    assert {key: row for key, row in snapshot(world, period="2026").items() if key in last_year} == last_year
    assert value(world, "permits_issued", "commune", "37001", "2027") == 0
    assert_adds_up(world)


def test_the_period_shown_in_january_is_not_one_that_few_communes_have(world: Connection) -> None:
    add_parcels(world, 11)
    refresh(world)
    set_today(world, AFTER)
    change_one_commune(world)
    refresh(world)
    rows = world.execute(
        select(Value.level, Value.period, func.count(Value.value), func.sum(Value.coverage))
        .where(Value.indicator_code == "parcel_count", Value.level == "commune")
        .group_by(Value.level, Value.period)
    )
    known = [Known(level, period, units, share or 0) for level, period, units, share in rows]
    assert {one.period: one.units for one in known} == {"2026": 5, "2027": 5}
    assert best_period(known) == "2027"


def test_a_year_in_which_nothing_was_computed_has_no_figures(world: Connection) -> None:
    add_parcels(world, 11)
    refresh(world)
    set_today(world, date(2029, 3, 1))
    refresh(world)
    periods = set(world.scalars(select(Value.period).where(Value.indicator_code == "parcel_count")))
    assert periods == {"2026", "2029"}


def test_the_state_of_years_before_follows_its_communes(world: Connection) -> None:
    """Figures of 2026 of two communes that merge in 2027 are those of the one that they become."""
    add_parcels(world, 11)
    refresh(world)
    joined = sum(value(world, "parcel_count", "commune", code) or 0 for code in ("37002", "37003"))
    area = sum(value(world, "area_m2", "commune", code) or 0 for code in ("37002", "37003"))
    set_today(world, date(2027, 7, 1))
    _merge(world, date(2027, 7, 1))
    refresh(world)
    assert value(world, "parcel_count", "commune", "37002", "2026") == joined
    assert value(world, "area_m2", "commune", "37002", "2026") == area
    assert value(world, "parcel_count", "commune", "37003", "2026") is None
    assert value(world, "parcel_count", "commune", "37002", "2027") == joined
    assert value(world, "parcel_count", "nation", "VN", "2026") == 60
    assert_adds_up(world)


def _merge(connection: Connection, day: date) -> None:
    connection.execute(
        update(tables.Unit).where(tables.Unit.code.in_(("37002", "37003"))).values(valid_to=day, commune_code=None)
    )
    west, south = corner("37002")
    connection.execute(
        insert(tables.Unit).values(
            code="37002", level="commune", name="Phường mới", parent_code="37", province_code="37", commune_code="37002",
            valid_from=day, geom=box(west, south, 0.1), area_official_km2=200,
        )
    )  # fmt: skip
    for code in ("37002", "37003"):
        connection.execute(
            insert(tables.UnitChange).values(level="commune", kind="merge", from_code=code, to_code="37002", changed_on=day)
        )
    connection.execute(update(tables.Parcel).where(tables.Parcel.commune_code == "37003").values(moved_to("37002")))


def test_a_clock_that_was_ahead_computes_everything_again(world: Connection) -> None:
    add_parcels(world, 11)
    set_today(world, AFTER)
    refresh(world)
    set_today(world, BEFORE)
    assert refresh(world).communes["parcels"] is None


@pytest.mark.parametrize(
    ("column", "indicator", "before", "after"),
    [("changed_on", "population", None, 7), ("issued_on", "permits_issued", None, 1), ("stated_on", "building_count", 0, 1)],
)
def test_dates_other_than_those_of_validity_turn_too(
    world: Connection, column: str, indicator: str, before: int | None, after: int
) -> None:
    tomorrow = BEFORE + timedelta(days=1)
    if column == "changed_on":
        world.execute(
            insert(tables.UnitChange).values(
                level="commune", kind="merge", from_code="88001", to_code="37001", changed_on=tomorrow
            )
        )
        world.execute(insert(tables.UnitCount).values(level="commune", unit_code="88001", year=2026, people=7, method="census"))
    elif column == "issued_on":
        add_permit(world, "GP1", "37001", tomorrow, valid_from=BEFORE)
    else:
        add_building(world, "B1", "37001")
        state_complete(world, "buildings", "37001", 1, tomorrow)
    shown = Value.coverage if column == "stated_on" else Value.value
    wanted = select(shown).where(
        Value.indicator_code == indicator, Value.level == "commune", Value.unit_code == "37001", Value.period == "2026"
    )
    refresh(world)
    assert world.scalar(wanted) == before
    set_today(world, tomorrow)
    refresh(world)
    assert world.scalar(wanted) == after


# -- step by step equals everything at once ---------------------------------------------------------------------------------


class Edits:
    """Random writes of every kind that figures come from."""

    def __init__(self, connection: Connection, seed: int) -> None:
        self.connection = connection
        self.chance = random.Random(seed)
        self.number = 0
        self.today = BEFORE

    def once(self) -> None:
        self.number += 1
        kinds: list[Callable[[str, date], None]] = [
            self._parcels, self._uses, self._building, self._green, self._permit, self._count, self._observation, self._cell,
            self._statement, self._city, self._change, self._boundary, self._plan, self._coverage, self._end,
        ]  # fmt: skip
        day = self.today + timedelta(days=self.chance.randint(-400, 40))
        self.chance.choice(kinds)(self.chance.choice(list(COMMUNES)), day)

    def _year(self) -> int:
        return self.chance.randint(2023, 2027)

    def _insert(self, model: Any, **values: Any) -> None:
        self.connection.execute(insert(model).values(**values))

    def _parcels(self, commune: str, day: date) -> None:
        moved = update(tables.Parcel).where(tables.Parcel.parcel_no == str(self.chance.randint(0, 30)))
        values: dict[str, Any] = {**moved_to(commune), "province_code": COMMUNES[commune]}
        if self.chance.random() < 0.5:
            values = {"area_m2": 10.005}
        self.connection.execute(moved.values(**values))

    def _uses(self, commune: str, day: date) -> None:
        parcel = self.connection.execute(select(tables.Parcel.id, tables.Parcel.commune_code).limit(1)).one()
        for seq, code in enumerate(("ODT", "CLN")):
            self._insert(tables.ParcelUse, parcel_id=parcel.id, seq=10 * self.number + seq, raw=code, code=code,
                         area_m2=seq + 1.0, commune_code=parcel.commune_code)  # fmt: skip

    def _building(self, commune: str, day: date) -> None:
        add_building(
            self.connection, f"B{self.chance.randint(0, 5)}", commune, valid_from=day, valid_to=day + timedelta(days=300)
        )

    def _green(self, commune: str, day: date) -> None:
        add_green(self.connection, f"G{self.number}", commune, self.chance.choice(["public", "limited"]), valid_from=day)

    def _permit(self, commune: str, day: date) -> None:
        add_permit(self.connection, f"P{self.number}", commune, day, self.chance.choice(["contrary", "conform", None]))

    def _count(self, commune: str, day: date) -> None:
        units = [("commune", commune), ("province", COMMUNES[commune]), ("city", "DT37"), ("commune", "88001")]
        level, unit = self.chance.choice(units)
        self._insert(tables.UnitCount, level=level, unit_code=unit, year=self._year(), people=self.chance.randint(0, 999),
                     method="register")  # fmt: skip

    def _observation(self, commune: str, day: date) -> None:
        unit = self.chance.choice([commune, "88001"])
        self._insert(tables.Observation, indicator_code="solid_waste_t", level="commune", unit_code=unit,
                     period=str(self._year()), value=self.chance.random() * 100, approved_at=func.now())  # fmt: skip

    def _cell(self, commune: str, day: date) -> None:
        west, south = corner(commune)
        known = self.chance.random() < 0.7
        self._insert(tables.GridCell, code=f"c{self.number}", raster_code="g", year=self._year(), population=3.5,
                     commune_code=commune if known else None, province_code=COMMUNES[commune] if known else None, valid_from=day,
                     geom=box(west - 0.0005, south, 0.001))  # fmt: skip

    def _statement(self, commune: str, day: date) -> None:
        layer = self.chance.choice(["buildings", "permits", "green_areas", "population_grid"])
        state_complete(self.connection, layer, commune, self.chance.randint(0, 3), day)

    def _city(self, commune: str, day: date) -> None:
        self._insert(tables.UrbanAreaCommune, urban_area_code="DT37", commune_code=commune, valid_from=day,
                     valid_to=day + timedelta(days=self.chance.randint(1, 60)))  # fmt: skip

    def _change(self, commune: str, day: date) -> None:
        share = self.chance.choice([None, 0.3, 1.0])
        kind = self.chance.choice(["merge", "split", "transfer", "rename"])
        before = self.chance.choice(["88001", commune])
        self._insert(tables.UnitChange, level="commune", kind=kind, from_code=before, to_code=commune,
                     changed_on=day, population_share=share)  # fmt: skip

    def _boundary(self, commune: str, day: date) -> None:
        self.connection.execute(
            update(tables.Unit).where(tables.Unit.code == commune).values(area_official_km2=self.chance.randint(50, 400))
        )

    def _plan(self, commune: str, day: date) -> None:
        west, south = corner(commune)
        code = f"QH{self.number}"
        self._insert(
            tables.Plan,
            code=code,
            name=code,
            plan_level="general",
            plan_kind="urban",
            geom=box(west, south, 0.05),
            valid_from=day,
        )
        self._insert(tables.PlanEvent, plan_code=code, kind="approved", effective_on=day)

    def _coverage(self, commune: str, day: date) -> None:
        west, south = corner(commune)
        self._insert(
            tables.ThemeCoverage,
            code=f"TC{self.number}",
            theme="plans",
            extent="full",
            geom=box(west, south, 0.07),
            valid_from=day,
        )

    def _end(self, commune: str, day: date) -> None:
        model: Any = self.chance.choice([tables.Building, tables.GreenArea, tables.Permit, tables.Completeness, tables.UnitCount])
        self.connection.execute(delete(model).where(model.id == self.connection.scalar(select(func.min(model.id)))))


@pytest.mark.parametrize("seed", range(3))
def test_refreshing_step_by_step_equals_everything_at_once_across_days_and_years(world: Connection, seed: int) -> None:
    add_parcels(world, seed)
    refresh(world)
    edits = Edits(world, seed)
    for _ in range(9):
        for _ in range(edits.chance.randint(0, 3)):
            point = world.begin_nested()
            try:
                edits.once()
                point.commit()
            except Exception as refused:  # what the tables refuse (a second row of a key) is no edit
                point.rollback()
                if "violates" not in str(refused):
                    raise
        edits.today += timedelta(days=edits.chance.choice([0, 0, 1, 20, 45]))
        set_today(world, edits.today)
        refresh(world)
        step_by_step = snapshot(world)
        assert_adds_up(world)
        refresh(world, everything=True)
        at_once = snapshot(world)
        assert step_by_step.keys() == at_once.keys()
        assert {key: (row, at_once[key]) for key, row in step_by_step.items() if at_once[key] != row} == {}
    assert edits.today.year == 2027
