"""Figures by tier against a small oracle: every tier adds up to the nation, only what is dirty is computed again."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import Connection, Numeric, cast, delete, func, insert, select, update

from spatial import tables
from spatial.rollup import refresh
from spatial.tables import Value
from tests.spatial.rollup_world import CITY, COMMUNES, add_parcels, add_permit, add_units, box, set_today

TODAY = date(2026, 11, 21)


@pytest.fixture
def world(connection: Connection) -> Connection:
    set_today(connection, TODAY)
    add_units(connection)
    return connection


def value(connection: Connection, indicator: str, level: str, unit: str, period: str = "2026") -> Decimal | None:
    return connection.execute(
        select(Value.value).where(
            Value.indicator_code == indicator, Value.level == level, Value.unit_code == unit, Value.period == period
        )
    ).scalar()


def sums_by_tier(connection: Connection) -> dict[tuple[str, str], dict[str, Decimal]]:
    sums: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(dict)
    rows = connection.execute(
        select(Value.indicator_code, Value.period, Value.level, func.sum(Value.value))
        .join(tables.Indicator, tables.Indicator.code == Value.indicator_code)
        .where(tables.Indicator.kind == "additive")
        .group_by(Value.indicator_code, Value.period, Value.level)
    )
    for indicator, period, level, total in rows:
        sums[indicator, period][level] = total
    return sums


def assert_adds_up(connection: Connection) -> None:
    for key, tiers in sums_by_tier(connection).items():
        assert set(tiers) == {"nation", "region", "province", "city", "commune"}, key
        assert len(set(tiers.values())) == 1, (key, tiers)


@pytest.mark.parametrize("seed", range(3))
def test_every_tier_adds_up_to_the_nation_and_equals_the_oracle(world: Connection, seed: int) -> None:
    facts = add_parcels(world, seed)
    add_permit(world, "GP1", "37001", date(2024, 5, 1), "contrary")
    add_permit(world, "GP2", "01001", date(2026, 5, 1), "conform")
    refresh(world)

    assert_adds_up(world)
    for commune in COMMUNES:
        mine = [fact for fact in facts if fact.commune == commune]
        assert value(world, "parcel_count", "commune", commune) == len(mine)
        assert float(value(world, "parcel_area_m2", "commune", commune) or 0) == pytest.approx(
            sum(fact.area_m2 for fact in mine), abs=0.01
        )
    built = sum(fact.area_m2 for fact in facts if fact.use == "ODT")
    assert float(value(world, "land_non_agricultural_m2", "nation", "VN") or 0) == pytest.approx(built, abs=0.03)
    unknown = sum(fact.area_m2 for fact in facts if fact.use in ("???", None))
    assert float(value(world, "land_unknown_m2", "nation", "VN") or 0) == pytest.approx(unknown, abs=0.03)
    inside = sum(1 for fact in facts if fact.commune in CITY)
    assert value(world, "parcel_count", "city", "DT37") == inside
    assert value(world, "parcel_count", "city", "37:rest") == sum(1 for fact in facts if fact.province == "37") - inside


def test_a_parcel_with_several_uses_is_divided_in_their_proportion(world: Connection) -> None:
    add_parcels(world, 1, count=1)
    parcel_id, commune, area = world.execute(select(tables.Parcel.id, tables.Parcel.commune_code, tables.Parcel.area_m2)).one()
    for seq, (code, part) in enumerate([("ODT", 100.0), ("CLN", 300.0)]):
        world.execute(
            insert(tables.ParcelUse).values(parcel_id=parcel_id, seq=seq, raw=code, code=code, area_m2=part, commune_code=commune)
        )
    assert commune
    refresh(world)
    assert float(value(world, "land_non_agricultural_m2", "commune", commune) or 0) == pytest.approx(area / 4, abs=0.01)
    assert float(value(world, "land_agricultural_m2", "commune", commune) or 0) == pytest.approx(area * 3 / 4, abs=0.01)


def test_only_the_changed_commune_is_computed_again(world: Connection) -> None:
    add_parcels(world, 7)
    refresh(world)
    nothing = refresh(world)
    assert nothing.communes == {}
    assert nothing.values == 0

    world.execute(delete(tables.Parcel).where(tables.Parcel.commune_code == "37003"))
    report = refresh(world)
    assert report.communes == {"parcels": 1}
    assert value(world, "parcel_count", "commune", "37003") is None
    assert_adds_up(world)


def test_incremental_equals_everything(world: Connection) -> None:
    add_parcels(world, 11)
    refresh(world)
    world.execute(update(tables.Parcel).where(tables.Parcel.commune_code == "01002").values(land_use_code="LUC"))
    add_permit(world, "GP9", "37002", date(2026, 1, 2))
    refresh(world)
    coverage = func.round(cast(Value.coverage, Numeric), 9)  # floats are added in another order
    columns = (Value.indicator_code, Value.level, Value.unit_code, Value.period, Value.value, coverage)
    step_by_step = set(world.execute(select(*columns)))
    refresh(world, everything=True)
    assert set(world.execute(select(*columns))) == step_by_step


def test_rows_turn_with_the_legal_date_without_a_write(world: Connection) -> None:
    add_parcels(world, 5, count=10)
    world.execute(update(tables.Parcel).where(tables.Parcel.parcel_no == "3").values(valid_to=date(2026, 11, 22)))
    refresh(world)
    assert value(world, "parcel_count", "nation", "VN") == 10
    set_today(world, date(2026, 11, 22))
    report = refresh(world)
    assert report.communes["parcels"] == 1
    assert value(world, "parcel_count", "nation", "VN") == 9


def test_a_province_figure_stands_and_what_is_not_broken_down_has_a_row_in_each_tier_below(world: Connection) -> None:
    world.execute(insert(tables.UnitCount).values(level="province", unit_code="37", year=2025, people=1000, method="census"))
    world.execute(insert(tables.UnitCount).values(level="commune", unit_code="37001", year=2025, people=300, method="register"))
    refresh(world)
    assert value(world, "population", "province", "37", "2025") == 1000
    assert value(world, "population", "commune", "37:unbroken", "2025") == 700
    assert value(world, "population", "city", "37:rest", "2025") == 700
    assert_adds_up(world)


def test_figures_of_a_former_commune_follow_its_shares(world: Connection) -> None:
    world.execute(insert(tables.UnitCount).values(level="commune", unit_code="99999", year=2023, people=1000, method="register"))
    for to_code, part in (("37001", 0.25), ("37002", 0.75)):
        world.execute(
            insert(tables.UnitChange).values(
                level="commune", kind="split", from_code="99999", to_code=to_code, changed_on=date(2025, 7, 1),
                population_share=part,
            )
        )  # fmt: skip
    refresh(world)
    assert value(world, "population", "commune", "37001", "2023") == 250
    assert value(world, "population", "commune", "37002", "2023") == 750
    assert value(world, "population", "nation", "VN", "2023") == 1000


def test_an_observation_counts_once_it_is_approved(world: Connection) -> None:
    entry = {"indicator_code": "solid_waste_t", "period": "2025", "entered_by": "Sở Xây dựng"}
    world.execute(insert(tables.Observation).values(**entry, level="commune", unit_code="37001", value=12.5))
    refresh(world)
    assert value(world, "solid_waste_t", "nation", "VN", "2025") is None
    world.execute(update(tables.Observation).values(approved_by="UBND tỉnh", approved_at=func.now()))
    refresh(world)
    assert value(world, "solid_waste_t", "nation", "VN", "2025") == Decimal("12.5")
    assert_adds_up(world)


def test_land_under_a_plan_is_the_union_of_the_plans_in_force(world: Connection) -> None:
    for number, (west, level) in enumerate([(105.0, "general"), (105.05, "zoning")]):
        code = f"QH{number}"
        world.execute(
            insert(tables.Plan).values(
                code=code, name=code, plan_level=level, plan_kind="urban", geom=box(west, 20.0, 0.1), valid_from=date(2026, 1, 1)
            )
        )
        world.execute(insert(tables.PlanEvent).values(plan_code=code, kind="approved", effective_on=date(2026, 1, 1)))
    refresh(world)
    assert float(value(world, "planned_area_m2", "commune", "37001") or 0) == pytest.approx(100e6, rel=1e-4)
    assert float(value(world, "detailed_area_m2", "commune", "37001") or 0) == pytest.approx(50e6, rel=1e-4)
    # the second plan ends at 105.15; a commune that a plan only touches stays unknown
    assert value(world, "planned_area_m2", "commune", "37003") is None
    assert value(world, "planned_area_m2", "commune", "01002") is None
    assert_adds_up(world)


def test_a_plan_that_touches_the_edge_of_a_commune_says_nothing_of_it(world: Connection) -> None:
    world.execute(
        insert(tables.Plan).values(
            code="QH1", name="QH1", plan_level="general", plan_kind="urban", geom=box(105.0, 20.0, 0.1000000001),
            valid_from=date(2026, 1, 1),
        )
    )  # fmt: skip
    world.execute(insert(tables.PlanEvent).values(plan_code="QH1", kind="approved", effective_on=date(2026, 1, 1)))
    refresh(world)
    assert value(world, "planned_area_m2", "commune", "37001") is not None
    assert value(world, "planned_area_m2", "commune", "37002") is None


def test_coverage_says_how_much_of_the_area_had_data(world: Connection) -> None:
    add_parcels(world, 3)
    refresh(world)
    share = world.execute(
        select(Value.coverage).where(
            Value.indicator_code == "parcel_area_m2", Value.level == "commune", Value.unit_code == "37001"
        )
    ).scalar_one()
    area = value(world, "parcel_area_m2", "commune", "37001")
    assert share == pytest.approx(float(area or 0) / 100e6, rel=1e-6)
