"""What the lookup must not claim: content that went missing, plans in doubt, statements that contradict each other."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest
import shapely

from spatial.lookup import Answer, Relation, State, Theme
from spatial.selection import legal_today
from tests.conftest import Database
from tests.lookup_sums import assert_sums_hold
from tests.lookup_world import Ask, World, asking, lonlat, open_world, theme

TODAY = legal_today()
TOWN, HERE = (-100, -100, 100, 100), (0, 0, 10, 10)
LINES = (Theme.RED_LINE, Theme.BUILDING_LINE, Theme.CORRIDOR)


@pytest.fixture
def world(database: Database) -> World:
    return open_world(database)


@pytest.fixture
async def ask(database: Database) -> AsyncIterator[Ask]:
    async with asking(database, TODAY) as ask:
        yield ask


def states(answer: Answer) -> dict[Theme, State]:
    return {one.theme: one.state for one in answer.themes}


def reason(answer: Answer, wanted: Theme) -> str:
    found = theme(answer, wanted).reason
    return found.vi if found else ""


def known_town(world: World, plan: str = "P1", level: str = "zoning", **plan_values: Any) -> None:
    """Draw a plan in force that knows all its themes in full: a zone everywhere, no line."""
    world.plan(plan, TOWN, level, **plan_values)
    world.zone(plan, TOWN)
    for one in Theme:
        world.coverage(one.value, TOWN, plan_code=plan)
    for line in LINES:
        world.present(plan, line.value)


# -- ground is counted once -----------------------------------------------------------------------------------------------------


async def test_both_edges_of_a_street_restrict_the_ground_between_them_once(world: World, ask: Ask) -> None:
    with world.writing():
        code = world.parcel((0, -4, 10, 10))
        world.plan("P1", TOWN)
        world.line("P1", [(-90, 5), (90, 5)], side="right", width_m=10, name="Lê Lợi")
        world.line("P1", [(90, -5), (-90, -5)], side="right", width_m=10, name="Lê Lợi")
    answer = await ask(parcel=code)
    red = theme(answer, Theme.RED_LINE)
    assert [(item.area_m2, item.share) for item in red.items] == [(90.0, 0.642857)]
    assert (red.area_m2, red.share) == (90.0, 0.642857)
    assert_sums_hold(answer, 140.0)


async def test_a_doubled_line_does_not_make_a_touch_an_effect(world: World, ask: Ask) -> None:
    with world.writing():
        code = world.parcel(HERE)
        world.plan("P1", TOWN)
        world.line("P1", [(-90, 0.03), (90, 0.03)], side="right", width_m=10, name="Lê Lợi")
        world.line("P1", [(90, -9.97), (-90, -9.97)], side="right", width_m=10, name="Lê Lợi")
        world.coverage("red_line", TOWN, plan_code="P1")
    red = theme(await ask(parcel=code), Theme.RED_LINE)
    assert (red.state, red.items[0].state, red.items[0].area_m2) == (State.TOUCHED, State.TOUCHED, 0.3)


async def test_zones_that_cover_each_other_wholly_are_each_the_parcel_and_no_more(world: World, ask: Ask) -> None:
    with world.writing():
        code = world.parcel((0, 0, 7.3, 9.1))
        world.plan("P1", TOWN)
        for storeys in (3, 5, 7):
            world.zone("P1", TOWN, max_storeys=storeys)
    answer = await ask(parcel=code)
    assert_sums_hold(answer, 7.3 * 9.1)
    assert [item.share for item in theme(answer, Theme.ZONING).items] == [1.0, 1.0, 1.0]


# -- the inaccuracy of the maps -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "state"),
    [
        ((0, 0, 40, 0.049), State.TOUCHED),  # 2 m² along the edge, nowhere wider than two surveys differ
        ((0, 0, 40, 0.052), State.AFFECTED),
        ((0, 0, 0.7, 0.7), State.TOUCHED),  # 0.49 m² in a corner
        ((0, 0, 0.72, 0.72), State.AFFECTED),  # 0.52 m²
    ],
)
async def test_what_counts_as_touched_is_told_by_width_not_by_the_parcel_s_size(
    world: World, ask: Ask, part: tuple[float, float, float, float], state: State
) -> None:
    with world.writing():
        code = world.parcel((0, 0, 40, 4000))  # a tenth of a per cent of it would be 160 m²
        world.plan("P1", TOWN)
        world.zone("P1", part)
        world.coverage("zoning", (-200, -200, 200, 5000))
    zoning = theme(await ask(parcel=code), Theme.ZONING)
    assert zoning.items[0].state is state


async def test_a_wide_place_is_not_hidden_by_a_long_sliver_at_its_side(world: World, ask: Ask) -> None:
    with world.writing():
        code = world.parcel((0, 0, 4000, 40))
        world.plan("P1", (-200, -200, 5000, 200))
        sliver = shapely.union_all([shapely.box(0, 0, 4000, 0.02), shapely.box(50, 0, 52, 2)])
        world.zone("P1", sliver)
    item = theme(await ask(parcel=code), Theme.ZONING).items[0]
    assert (item.state, item.area_m2) == (State.AFFECTED, 83.96)


@pytest.mark.parametrize(("gap_m", "state"), [(0.045, State.NOT_AFFECTED), (0.06, State.UNKNOWN)])
async def test_ground_that_is_not_known_counts_by_its_width_too(world: World, ask: Ask, gap_m: float, state: State) -> None:
    with world.writing():
        code = world.parcel((0, 0, 100, 100))
        world.coverage("red_line", (0, gap_m, 100, 100))
    answer = theme(await ask(parcel=code), Theme.RED_LINE)
    assert answer.state is state
    assert (answer.known_share == 1) is False


@pytest.mark.parametrize(("size", "state"), [(0.7, State.NOT_AFFECTED), (0.72, State.UNKNOWN)])
async def test_ground_that_is_not_known_may_be_no_larger_than_the_least(
    world: World, ask: Ask, size: float, state: State
) -> None:
    with world.writing():
        code = world.parcel(HERE)
        world.coverage("red_line", shapely.box(*TOWN) - shapely.box(0, 0, size, size))
    assert theme(await ask(parcel=code), Theme.RED_LINE).state is state


# -- content that is missing --------------------------------------------------------------------------------------------------


async def test_a_plan_that_knows_everything_proves_what_is_not_there(world: World, ask: Ask) -> None:
    with world.writing():
        code = world.parcel(HERE)
        known_town(world)
    answer = await ask(parcel=code)
    assert [states(answer)[line] for line in LINES] == [State.NOT_AFFECTED] * 3
    assert states(answer)[Theme.ZONING] is State.AFFECTED


async def test_an_absent_class_proves_nothing_whatever_is_claimed(world: World, ask: Ask) -> None:
    with world.writing():
        code = world.parcel(HERE)
        world.plan("P1", TOWN)
        world.coverage("red_line", TOWN, plan_code="P1")
    assert theme(await ask(parcel=code), Theme.RED_LINE).state is State.UNKNOWN


async def test_a_removed_line_leaves_its_ground_unknown_until_it_returns(world: World, ask: Ask) -> None:
    with world.writing():
        here, afar = world.parcel(HERE), world.parcel((60, 60, 70, 70))
        known_town(world)
        line = world.line("P1", [(-90, 5), (90, 5)], side="left", width_m=20)
    assert theme(await ask(parcel=here), Theme.RED_LINE).state is State.AFFECTED
    with world.writing():
        world.execute("DELETE FROM planning.planning_line WHERE code = :code", code=line)
    assert theme(await ask(parcel=here), Theme.RED_LINE).state is State.UNKNOWN
    assert "đã bị gỡ" in reason(await ask(parcel=here), Theme.RED_LINE)
    assert theme(await ask(parcel=afar), Theme.RED_LINE).state is State.NOT_AFFECTED  # its own ground only
    with world.writing():
        world.line("P1", [(-90, 5), (90, 5)], side="left", width_m=20, code=line)
    assert theme(await ask(parcel=here), Theme.RED_LINE).state is State.AFFECTED
    with world.writing():  # corrected in place: the proof stays
        world.execute("UPDATE planning.planning_line SET width_m = 2 WHERE code = :code", code=line)
    assert theme(await ask(parcel=here), Theme.RED_LINE).area_m2 == pytest.approx(20, abs=0.1)
    assert theme(await ask(parcel=afar), Theme.RED_LINE).state is State.NOT_AFFECTED


async def test_a_line_moved_away_in_place_is_a_correction(world: World, ask: Ask) -> None:
    with world.writing():
        here = world.parcel(HERE)
        known_town(world)
        line = world.line("P1", [(-90, 5), (90, 5)], side="left", width_m=3)
    with world.writing():
        world.execute("UPDATE planning.planning_line SET geom = ST_Translate(geom, 0.01, 0) WHERE code = :code", code=line)
    assert theme(await ask(parcel=here), Theme.RED_LINE).state is State.NOT_AFFECTED


async def test_a_gap_counts_for_the_days_on_which_the_row_was_in_force(world: World, ask: Ask) -> None:
    with world.writing():
        here = world.parcel(HERE)
        known_town(world)
        world.gap(TOWN, "red_line", valid_from=date(2025, 1, 1), valid_to=date(2026, 1, 1))
    found = [
        theme(await ask(parcel=here, as_of=day), Theme.RED_LINE).state
        for day in (date(2024, 12, 31), date(2025, 1, 1), date(2025, 12, 31), date(2026, 1, 1))
    ]
    assert found == [State.NOT_AFFECTED, State.UNKNOWN, State.UNKNOWN, State.NOT_AFFECTED]


async def test_a_draft_s_rows_come_and_go_without_a_trace(world: World, ask: Ask) -> None:
    with world.writing():
        here = world.parcel(HERE)
        known_town(world)
        world.plan("DRAFT", TOWN, "detailed", events=(), status="in_preparation")
        world.zone("DRAFT", TOWN)
    with world.writing():
        world.execute("DELETE FROM planning.zone WHERE plan_code = 'DRAFT'")
        world.execute("DELETE FROM planning.plan WHERE code = 'DRAFT'")
    answer = await ask(parcel=here)
    assert states(answer)[Theme.RED_LINE] is State.NOT_AFFECTED
    assert theme(answer, Theme.ZONING).known_share == 1


async def test_known_at_sees_the_content_of_its_time(world: World, ask: Ask) -> None:
    with world.writing():
        here = world.parcel(HERE)
        known_town(world)
        line = world.line("P1", [(-90, 40), (90, 40)], side="left", width_m=5)
    with world.engine.connect() as connection:
        whole = connection.exec_driver_sql("SELECT max(committed_at) FROM ingest.batch").scalar_one()
    with world.writing():
        world.execute("DELETE FROM planning.planning_line WHERE code = :code", code=line)
        world.gap(TOWN, "red_line")
    assert theme(await ask(parcel=here), Theme.RED_LINE).state is State.UNKNOWN
    assert theme(await ask(parcel=here, known_at=whole), Theme.RED_LINE).state is State.NOT_AFFECTED


# -- plans in doubt -----------------------------------------------------------------------------------------------------------


async def test_a_plan_without_legal_events_is_not_known_to_be_in_preparation(world: World, ask: Ask) -> None:
    with world.writing():
        code = world.parcel(HERE)
        known_town(world, "GENERAL", "general")
        world.plan("P1", (-20, -20, 20, 20), events=())
        world.zone("P1", (-20, -20, 20, 20), max_storeys=9)
    answer = await ask(parcel=code)
    assert states(answer) == {
        Theme.ZONING: State.AFFECTED, Theme.PLANS: State.AFFECTED, **dict.fromkeys(LINES, State.UNKNOWN)
    }  # fmt: skip
    item = next(one for one in theme(answer, Theme.ZONING).items if one.plan.code == "P1")
    assert (item.state, item.note and "sự kiện pháp lý" in item.note.vi) == (State.UNKNOWN, True)
    assert all(theme(answer, one).known_share == 0 for one in Theme)


@pytest.mark.parametrize("status", ["annulled", "replaced", "expired"])
async def test_a_plan_loaded_as_ended_is_not_in_force(world: World, ask: Ask, status: str) -> None:
    with world.writing():
        code = world.parcel(HERE)
        for one in ("plans", "zoning", "red_line"):
            world.coverage(one, TOWN)
        world.plan("P1", TOWN, events=(), status=status)
        world.zone("P1", TOWN)
    now, before = await ask(parcel=code), await ask(parcel=code, as_of=date(2025, 1, 1))
    assert [states(now)[one] for one in (Theme.PLANS, Theme.ZONING, Theme.RED_LINE)] == [State.NOT_AFFECTED] * 3
    assert states(before)[Theme.PLANS] is State.UNKNOWN  # it ended, nobody said when


async def test_a_plan_loaded_with_the_day_of_its_end_was_in_force_before(world: World, ask: Ask) -> None:
    with world.writing():
        code = world.parcel(HERE)
        world.plan("P1", TOWN, events=(), status="expired", valid_to=date(2025, 6, 1))
    before, after = await ask(parcel=code, as_of=date(2025, 5, 31)), await ask(parcel=code, as_of=date(2025, 6, 1))
    assert theme(before, Theme.PLANS).items[0].plan.status == "in_force"
    assert theme(after, Theme.PLANS).items == ()


async def test_partly_annulled_without_a_drawing_leaves_the_whole_plan_unknown(world: World, ask: Ask) -> None:
    with world.writing():
        code = world.parcel(HERE)
        known_town(world)
        world.line("P1", [(-90, 5), (90, 5)], side="left", width_m=3)
        world.event("P1", "partly_annulled", date(2025, 6, 1))
    answer = await ask(parcel=code)
    assert set(states(answer).values()) == {State.UNKNOWN}
    assert {item.state for one in answer.themes for item in one.items} == {State.UNKNOWN}
    assert [one.relation for one in theme(answer, Theme.PLANS).changes] == [Relation.UNKNOWN]
    assert "chưa có bản vẽ" in reason(answer, Theme.PLANS)
    before = await ask(parcel=code, as_of=date(2025, 5, 31))
    assert states(before)[Theme.RED_LINE] is State.AFFECTED


async def test_what_another_plan_amends_is_told_by_that_plan_s_boundary(world: World, ask: Ask) -> None:
    with world.writing():
        inside, outside = world.parcel(HERE), world.parcel((60, 60, 70, 70))
        known_town(world)
        world.plan("P2", (-20, -20, 20, 20))
        world.execute(
            "INSERT INTO planning.plan_event (plan_code, kind, effective_on, other_plan_code, batch_id)"
            " VALUES ('P1', 'amended', '2025-06-01', 'P2', :batch)",
            batch=world._batch,
        )
    assert theme(await ask(parcel=outside), Theme.RED_LINE).state is State.NOT_AFFECTED
    amended = await ask(parcel=inside)
    assert [one.relation for one in theme(amended, Theme.PLANS).changes] == [Relation.INSIDE]
    assert states(amended)[Theme.ZONING] is State.UNKNOWN
    assert {item.plan.code for item in theme(amended, Theme.PLANS).items} == {"P1", "P2"}  # amended, it is still in force


# -- annulled in part, exactly ------------------------------------------------------------------------------------------------


async def test_a_part_is_annulled_exactly_for_zones_plans_and_lines(world: World, ask: Ask) -> None:
    with world.writing():
        inside, across, outside = world.parcel((-20, 0, -10, 10)), world.parcel((-4, 20, 6, 30)), world.parcel((0, 0, 10, 10))
        known_town(world)
        world.line("P1", [(-90, 5), (90, 5)], side="left", width_m=40)
        world.event("P1", "partly_annulled", date(2025, 6, 1), (-100, -100, 0, 100))
    gone, half, kept = [await ask(parcel=one) for one in (inside, across, outside)]
    assert [theme(gone, one).items for one in (Theme.ZONING, Theme.PLANS, Theme.RED_LINE)] == [(), (), ()]
    assert set(states(gone).values()) == {State.UNKNOWN}
    for answer, area, relation in ((half, 60.0, Relation.ACROSS), (kept, 100.0, Relation.OUTSIDE)):
        assert theme(answer, Theme.ZONING).items[0].area_m2 == area
        assert theme(answer, Theme.PLANS).items[0].area_m2 == area
        assert [one.relation for one in theme(answer, Theme.PLANS).changes] == [relation]
    assert theme(half, Theme.RED_LINE).area_m2 == 60.0
    assert theme(kept, Theme.RED_LINE).area_m2 == pytest.approx(50, abs=0.2)
    assert [one.relation for one in theme(gone, Theme.PLANS).changes] == [Relation.INSIDE]
    assert "nằm trong phần đó" in reason(gone, Theme.PLANS)
    assert "40,00 m²" in reason(half, Theme.PLANS)
    assert all(theme(one, Theme.PLANS).changes[0].area_m2 == area for one, area in ((gone, 100), (half, 40), (kept, 0)))


async def test_a_parcel_cut_out_of_an_annulled_zone_keeps_its_zone(world: World, ask: Ask) -> None:
    with world.writing():
        code = world.parcel(HERE)  # 0.25 % of the zone
        known_town(world)
        world.event("P1", "partly_annulled", date(2025, 6, 1), shapely.box(*TOWN) - shapely.box(*HERE))
    answer = await ask(parcel=code)
    assert theme(answer, Theme.ZONING).items[0].area_m2 == 100.0
    assert states(answer)[Theme.RED_LINE] is State.NOT_AFFECTED


async def test_a_line_keeps_its_direction_where_its_middle_was_annulled(world: World, ask: Ask) -> None:
    with world.writing():
        west, east = world.parcel((-60, 0, -50, 10)), world.parcel((50, 0, 60, 10))
        known_town(world)
        world.line("P1", [(-90, 3), (90, 3)], side="left", width_m=40)
        world.event("P1", "partly_annulled", date(2025, 6, 1), (-20, -100, 20, 100))
    for code in (west, east):
        assert theme(await ask(parcel=code), Theme.RED_LINE).area_m2 == pytest.approx(70, abs=0.2)


async def test_a_point_is_told_on_which_side_of_an_annulled_part_it_lies(world: World, ask: Ask) -> None:
    with world.writing():
        known_town(world)
        world.event("P1", "partly_annulled", date(2025, 6, 1), (-100, -100, 0, 100))
    for x, relation in ((-5, Relation.INSIDE), (5, Relation.OUTSIDE)):
        lon, lat = lonlat(x, 5)
        changes = theme(await ask(lon=lon, lat=lat), Theme.PLANS).changes
        assert [(one.relation, one.area_m2) for one in changes] == [(relation, None)]


# -- contradictions -----------------------------------------------------------------------------------------------------------


async def test_a_zone_whose_plan_is_missing_leaves_everything_there_open(world: World, ask: Ask) -> None:
    with world.writing():
        code = world.parcel(HERE)
        for one in Theme:
            world.coverage(one.value, TOWN)
        world.zone("LOST", (-20, -20, 20, 20))
    answer = await ask(parcel=code)
    assert states(answer) == {Theme.ZONING: State.AFFECTED, **dict.fromkeys((Theme.PLANS, *LINES), State.UNKNOWN)}
    assert "LOST" in reason(answer, Theme.PLANS)


@pytest.mark.parametrize("other", ["P2", None])
async def test_a_plan_replaced_by_one_that_is_not_there_leaves_its_ground_open(world: World, ask: Ask, other: str | None) -> None:
    with world.writing():
        code = world.parcel(HERE)
        for one in Theme:
            world.coverage(one.value, TOWN)
        world.plan("P1", (-20, -20, 20, 20), "detailed")
        world.execute(
            "INSERT INTO planning.plan_event (plan_code, kind, effective_on, other_plan_code, batch_id)"
            " VALUES ('P1', 'replaced', '2025-06-01', :other, :batch)",
            other=other, batch=world._batch,
        )  # fmt: skip
    assert set(states(await ask(parcel=code)).values()) == {State.UNKNOWN}
    assert "thay thế" in reason(await ask(parcel=code), Theme.PLANS)
    if other:
        with world.writing():
            world.plan(other, (-20, -20, 5, 20), "detailed", (("in_force", date(2025, 6, 1)),))
        plans = theme(await ask(parcel=code), Theme.PLANS)
        assert (plans.state, plans.known_share) == (State.AFFECTED, 0.5)  # beyond the successor nobody answers


async def test_a_detailed_plan_without_its_content_stands_above_a_lower_plan_s_proof(world: World, ask: Ask) -> None:
    with world.writing():
        code, beside = world.parcel(HERE), world.parcel((60, 60, 70, 70))
        known_town(world)
        world.plan("D1", (-20, -20, 20, 20), "detailed")
    answer = await ask(parcel=code)
    assert [states(answer)[line] for line in LINES] == [State.UNKNOWN] * 3
    assert theme(answer, Theme.ZONING).known_share == 0
    assert "D1" in reason(answer, Theme.RED_LINE)
    assert states(await ask(parcel=beside))[Theme.RED_LINE] is State.NOT_AFFECTED


async def test_a_general_plan_without_lines_does_not_stand_above_a_zoning_plan_s_proof(world: World, ask: Ask) -> None:
    with world.writing():
        code = world.parcel(HERE)
        known_town(world)
        world.plan("G1", (-300, -300, 300, 300), "general")
        world.coverage("red_line", (-300, -300, 300, 300), "partial", plan_code="G1", reason="Chỉ các đường chính")
    assert states(await ask(parcel=code))[Theme.RED_LINE] is State.NOT_AFFECTED


@pytest.mark.parametrize("extent", ["none", "partial"])
@pytest.mark.parametrize("plan", ["P1", None])
async def test_what_is_said_to_be_missing_stands_above_what_is_said_to_be_full(
    world: World, ask: Ask, extent: str, plan: str | None
) -> None:
    with world.writing():
        code, beside = world.parcel(HERE), world.parcel((60, 60, 70, 70))
        known_town(world)
        world.coverage("red_line", (-5, -5, 15, 15), extent, plan_code=plan, reason="Bản vẽ tờ này bị thất lạc")
    assert states(await ask(parcel=code))[Theme.RED_LINE] is State.UNKNOWN
    assert "thất lạc" in reason(await ask(parcel=code), Theme.RED_LINE)
    assert states(await ask(parcel=beside))[Theme.RED_LINE] is State.NOT_AFFECTED


async def test_zones_are_known_only_where_the_plan_that_claims_it_has_one(world: World, ask: Ask) -> None:
    with world.writing():
        code = world.parcel(HERE)
        world.plan("P1", TOWN)
        world.zone("P1", (50, 50, 90, 90))
        world.coverage("zoning", TOWN, plan_code="P1")
    zoning = theme(await ask(parcel=code), Theme.ZONING)
    assert (zoning.state, zoning.known_share) == (State.UNKNOWN, 0)
    assert "không có ô quy hoạch" in (zoning.reason.vi if zoning.reason else "")


# -- time, age, reach ---------------------------------------------------------------------------------------------------------


async def test_nothing_is_proven_beyond_the_horizon(world: World, ask: Ask) -> None:
    with world.writing():
        code = world.parcel(HERE)
        known_town(world)
    horizon = date(2027, 11, 21)
    at, beyond = [await ask(parcel=code, as_of=day, horizon=horizon) for day in (horizon, date(2027, 11, 22))]
    assert states(at)[Theme.RED_LINE] is State.NOT_AFFECTED
    assert [states(beyond)[line] for line in LINES] == [State.UNKNOWN] * 3
    assert theme(beyond, Theme.ZONING).items
    assert any("còn xa" in notice.vi for notice in beyond.notices)


async def test_a_proof_older_than_its_source_s_cycle_says_so(world: World, ask: Ask) -> None:
    with world.writing():
        code = world.parcel(HERE)
        world.execute("INSERT INTO ingest.source (code, name, update_cycle_days) VALUES ('s', 'Nguồn', 90)")
        world.execute("UPDATE ingest.batch SET source_code = 's' WHERE id = :batch", batch=world._batch)
        known_town(world)
    fresh = await ask(parcel=code)
    assert theme(fresh, Theme.RED_LINE).reason is None
    with world.engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.exec_driver_sql("UPDATE ingest.batch SET committed_at = committed_at - interval '91 days'")
    stale = theme(await ask(parcel=code), Theme.RED_LINE)
    assert stale.state is State.NOT_AFFECTED
    assert "90 ngày" in reason(await ask(parcel=code), Theme.RED_LINE)


@pytest.mark.parametrize(("width", "state"), [(9_000.0, State.AFFECTED), (2_600.0, State.NOT_AFFECTED)])
async def test_a_wide_corridor_is_found_from_afar(world: World, ask: Ask, width: float, state: State) -> None:
    with world.writing():
        code = world.parcel(HERE)
        known_town(world)
        world.line("P1", [(-50_000, 2_700), (50_000, 2_700)], "corridor", "both", width)
    assert theme(await ask(parcel=code), Theme.CORRIDOR).state is state


async def test_the_corridor_is_answered_even_where_nothing_is_known_of_it(world: World, ask: Ask) -> None:
    with world.writing():
        code = world.parcel(HERE)
    assert theme(await ask(parcel=code), Theme.CORRIDOR).state is State.UNKNOWN


async def test_more_lines_than_are_looked_at_leave_the_theme_open(
    world: World, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spatial.lookup.answer.MOST_STRANDS", 3)
    with world.writing():
        code = world.parcel(HERE)
        known_town(world)
        for y in range(5):
            world.line("P1", [(-90, 2 * y), (90, 2 * y)], side="left", width_m=0.5, name=f"Đường {y}")
    red = theme(await ask(parcel=code), Theme.RED_LINE)
    assert (red.state, len(red.items), red.known_share) == (State.AFFECTED, 3, 0)
    assert "quá nhiều chỉ giới" in reason(await ask(parcel=code), Theme.RED_LINE)


# -- units of the time asked --------------------------------------------------------------------------------------------------


async def test_commune_and_parcel_are_told_as_of_the_day_and_as_known_then(world: World, ask: Ask) -> None:
    merged = date(2025, 7, 1)
    unit = (
        "INSERT INTO admin.unit (code, level, name, valid_from, valid_to, geom, batch_id)"
        " VALUES (:code, 'commune', :name, :begins, :ends, (SELECT ST_Multi(ST_Expand(geom, 0.1)) FROM land.parcel), :batch)"
    )
    with world.writing():
        code = world.parcel(HERE, former_commune_code="09700", valid_from=date(2020, 1, 1))
        world.execute(unit, code="09700", name="Xã Cũ", begins=date(2010, 1, 1), ends=merged, batch=world._batch)
        world.execute(unit, code="09706", name="Xã Mới", begins=merged, ends=None, batch=world._batch)
    with world.engine.connect() as connection:
        then = connection.exec_driver_sql("SELECT max(committed_at) FROM ingest.batch").scalar_one()
    lon, lat = lonlat(5, 5)
    for asked in ({"parcel": code}, {"lon": lon, "lat": lat}):
        for day, name in ((date(2025, 6, 30), "Xã Cũ"), (merged, "Xã Mới")):
            subject = (await ask(as_of=day, **asked)).subject
            assert subject.parcel is not None
            assert subject.parcel.commune.name is not None
            assert subject.parcel.commune.name.vi == name
            assert subject.commune is None or (subject.commune.name and subject.commune.name.vi == name)
    with world.writing():
        world.execute("UPDATE admin.unit SET name = 'Xã Mới Hơn' WHERE name = 'Xã Mới'")
    names = [
        one.name.vi
        for known_at in (None, then)
        if (one := (await ask(lon=lon, lat=lat, known_at=known_at)).subject.commune) and one.name
    ]
    assert names == ["Xã Mới Hơn", "Xã Mới"]
