"""What the lookup says, case by case, in worlds of a few shapes."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import shapely

from spatial.errors import Ambiguous, NotFound
from spatial.lookup import State, Theme
from spatial.lookup.answer import THEMES
from spatial.lookup.sources import statement
from tests.conftest import Database
from tests.lookup_world import COMMUNE, START, Ask, World, asking, lonlat, open_world, public_connection, theme

TODAY = date(2026, 1, 1)


@pytest.fixture
def world(database: Database) -> World:
    return open_world(database)


@pytest.fixture
async def ask(database: Database) -> AsyncIterator[Ask]:
    async with asking(database, TODAY) as ask:
        yield ask


async def test_a_place_without_any_data_is_unknown_in_every_theme(world: World, ask: Ask) -> None:
    with world.writing():
        code = world.parcel((0, 0, 10, 20))
    answer = await ask(parcel=code)
    assert [one.state for one in answer.themes] == [State.UNKNOWN] * 5
    assert all(one.reason and one.known_share == 0 for one in answer.themes)


async def test_parts_are_measured_in_the_plane_and_add_up_with_the_remainder(world: World, ask: Ask) -> None:
    with world.writing():
        code = world.parcel((0, 0, 20, 10))
        world.plan("P1", (-100, -100, 100, 100))
        world.zone("P1", (-50, -50, 12, 50), max_storeys=5)
        world.zone("P1", (12, -50, 18, 50), "DAT_DD_CXDOTHI")
        world.coverage("zoning", (-90, -90, 90, 90), plan_code="P1")
    answer = await ask(parcel=code)
    zoning = theme(answer, Theme.ZONING)
    assert zoning.state is State.AFFECTED
    assert [(item.area_m2, item.share) for item in zoning.items] == [(120.0, 0.6), (60.0, 0.3)]
    assert (zoning.remainders[0].uncovered_m2, zoning.remainders[0].overlap_m2) == (20.0, 0.0)
    assert zoning.items[0].parameters == {"max_storeys": 5}
    assert theme(answer, Theme.PLANS).items[0].share == 1.0


async def test_zones_of_one_rule_are_one_part_and_other_limits_another(world: World, ask: Ask) -> None:
    with world.writing():
        code = world.parcel((0, 0, 30, 10))
        world.plan("P1", (-100, -100, 100, 100))
        for west in (0, 10):
            world.zone("P1", (west, -50, west + 10, 50), max_storeys=5)
        world.zone("P1", (20, -50, 30, 50), max_storeys=9)
    items = theme(await ask(parcel=code), Theme.ZONING).items
    assert [(len(item.zone.codes), item.area_m2) for item in items if item.zone] == [(2, 200.0), (1, 100.0)]


async def test_only_full_coverage_of_the_whole_parcel_proves_that_nothing_is_planned(world: World, ask: Ask) -> None:
    with world.writing():
        inside, across = world.parcel((0, 0, 10, 10)), world.parcel((95, 0, 105, 10))
        partly = world.parcel((300, 0, 310, 10))
        world.coverage("zoning", (-50, -50, 100, 100))
        world.coverage("zoning", (250, -50, 400, 100), "partial", reason="Mới số hóa phần phía bắc")
    assert theme(await ask(parcel=inside), Theme.ZONING).state is State.NOT_AFFECTED
    half = theme(await ask(parcel=across), Theme.ZONING)
    assert (half.state, half.known_share) == (State.UNKNOWN, 0.5)
    partial = theme(await ask(parcel=partly), Theme.ZONING)
    assert partial.state is State.UNKNOWN
    assert partial.reason is not None
    assert "Mới số hóa" in partial.reason.vi


async def test_a_sliver_is_touched_and_shown_with_its_size(world: World, ask: Ask) -> None:
    with world.writing():
        code = world.parcel((0, 0, 10, 10))
        world.plan("P1", (9.98, -50, 50, 50))
        world.zone("P1", (9.98, -50, 50, 50))
        world.coverage("zoning", (-90, -90, 90, 90))
    zoning = theme(await ask(parcel=code), Theme.ZONING)
    assert zoning.state is State.TOUCHED
    assert zoning.items[0].area_m2 == pytest.approx(0.2, abs=0.01)


async def test_a_neighbouring_zone_that_shares_the_edge_does_not_concern_the_parcel(world: World, ask: Ask) -> None:
    with world.writing():
        code = world.parcel((0, 0, 10, 10))
        world.plan("P1", (10, -50, 50, 50))
        world.zone("P1", (10, -50, 50, 50))
        world.coverage("zoning", (-90, -90, 90, 90))
    zoning = theme(await ask(parcel=code), Theme.ZONING)
    assert (zoning.state, zoning.items) == (State.NOT_AFFECTED, ())


# -- legal time ------------------------------------------------------------------------------------------------------------


async def test_a_plan_that_ended_proves_nothing_any_more(world: World, ask: Ask) -> None:
    with world.writing():
        code = world.parcel((0, 0, 10, 10))
        world.plan("P1", (-100, -100, 100, 100), events=(("in_force", START), ("expired", date(2025, 6, 1))))
        world.zone("P1", (-50, -50, 50, 50))
        world.coverage("zoning", (-90, -90, 90, 90), plan_code="P1")
        world.event("P1", "published", START)
    before = theme(await ask(parcel=code, as_of=date(2025, 5, 31)), Theme.ZONING)
    after = theme(await ask(parcel=code, as_of=date(2025, 6, 1)), Theme.ZONING)
    assert (before.state, before.items[0].plan.status) == (State.AFFECTED, "in_force")
    assert (after.state, after.items, after.known_share) == (State.UNKNOWN, (), 0)


async def test_an_approved_plan_is_announced_before_it_is_in_force(world: World, ask: Ask) -> None:
    with world.writing():
        code = world.parcel((0, 0, 10, 10))
        world.plan("P1", (-100, -100, 100, 100), events=(("approved", date(2025, 12, 1)), ("in_force", date(2026, 3, 1))))
        world.zone("P1", (-50, -50, 50, 50))
    early, now = await ask(parcel=code, as_of=date(2025, 11, 30)), await ask(parcel=code)
    assert theme(early, Theme.PLANS).items == ()
    item = theme(now, Theme.PLANS).items[0]
    assert (item.plan.status, item.plan.is_upcoming) == ("approved", True)
    assert theme(now, Theme.ZONING).items == ()


async def test_a_plan_in_preparation_says_nothing(world: World, ask: Ask) -> None:
    with world.writing():
        code = world.parcel((0, 0, 10, 10))
        world.plan("P1", (-100, -100, 100, 100), events=(), status="in_preparation")
        world.zone("P1", (-50, -50, 50, 50))
        world.coverage("zoning", (-90, -90, 90, 90), plan_code="P1")
    answer = await ask(parcel=code)
    assert [one.state for one in answer.themes] == [State.UNKNOWN] * 5
    assert all(not one.items for one in answer.themes)


async def test_an_amended_part_is_no_longer_zoned_nor_known(world: World, ask: Ask) -> None:
    with world.writing():
        code = world.parcel((0, 0, 10, 10))
        world.plan("P1", (-100, -100, 100, 100))
        world.zone("P1", (-50, -50, 50, 50))
        world.coverage("zoning", (-90, -90, 90, 90), plan_code="P1")
        world.event("P1", "amended", date(2025, 6, 1), shapely.MultiPolygon([shapely.box(6, -50, 200, 50)]))
    zoning = theme(await ask(parcel=code), Theme.ZONING)
    assert (zoning.items[0].area_m2, zoning.known_share) == (60.0, 0.6)
    assert theme(await ask(parcel=code, as_of=date(2025, 5, 1)), Theme.ZONING).items[0].area_m2 == 100.0


async def test_known_at_answers_from_what_was_believed_then(world: World, ask: Ask) -> None:
    with world.writing():
        code = world.parcel((0, 0, 10, 10))
        world.plan("P1", (-100, -100, 100, 100))
        world.zone("P1", (-50, -50, 50, 50), code="Z", max_storeys=5)
    with world.engine.connect() as connection:
        moment = connection.exec_driver_sql("SELECT max(committed_at) FROM ingest.batch").scalar_one()
    with world.writing():
        world.execute("UPDATE planning.zone SET max_storeys = 9 WHERE code = 'Z'")
        world.execute("DELETE FROM land.parcel WHERE code = :code", code=code)
    point = dict(zip(("lon", "lat"), lonlat(5, 5), strict=True))
    then, now = await ask(**point, known_at=moment), await ask(**point)
    assert then.subject.parcel is not None
    assert now.subject.parcel is None
    assert [theme(answer, Theme.ZONING).items[0].parameters["max_storeys"] for answer in (then, now)] == [5, 9]
    assert then.data_version == now.data_version - 1


# -- lines -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "width", "area"),
    [("left", 4.0, 40.0), ("right", 4.0, 30.0), ("both", 4.0, 70.0), ("left", None, 70.0), ("right", None, 30.0)],
)
async def test_a_line_takes_its_side_within_its_width(
    world: World, ask: Ask, side: str, width: float | None, area: float
) -> None:
    with world.writing():
        code = world.parcel((0, 0, 10, 10))
        world.plan("P1", (-100, -100, 100, 100))
        world.line("P1", [(7, -40), (7, 40)], side=side, width_m=width)  # northward: its left is the west
    red = theme(await ask(parcel=code), Theme.RED_LINE)
    assert red.state is State.AFFECTED
    assert red.area_m2 == pytest.approx(area, abs=0.011)


async def test_road_land_lies_between_two_red_lines_without_a_width(world: World, ask: Ask) -> None:
    with world.writing():
        road, block, front = world.parcel((0, -5, 30, 5)), world.parcel((0, 20, 30, 40)), world.parcel((0, 10, 30, 20))
        world.plan("P1", (-200, -200, 200, 200))
        world.line("P1", [(-90, 10), (90, 10)], side="right")
        world.line("P1", [(90, -10), (-90, -10)], side="right")
        world.coverage("red_line", (-190, -190, 190, 190), plan_code="P1")
    between, beyond, touching = [theme(await ask(parcel=code), Theme.RED_LINE) for code in (road, block, front)]
    assert (between.state, between.share) == (State.AFFECTED, 1.0)
    assert (beyond.state, beyond.items) == (State.NOT_AFFECTED, ())
    assert touching.state is State.TOUCHED
    assert touching.items[0].line is not None
    assert touching.items[0].line.contact_m == pytest.approx(30, abs=0.5)


async def test_the_restricted_side_afar_is_certain_only_where_the_lines_are_complete(world: World, ask: Ask) -> None:
    with world.writing():
        code = world.parcel((0, 0, 10, 10))
        world.plan("P1", (-200, -200, 200, 200))
        world.line("P1", [(-90, 30), (90, 30)], side="right")
    red = theme(await ask(parcel=code), Theme.RED_LINE)
    assert (red.state, red.items[0].state, red.items[0].area_m2) == (State.UNKNOWN, State.UNKNOWN, None)


async def test_a_line_that_ends_inside_has_no_area(world: World, ask: Ask) -> None:
    with world.writing():
        code = world.parcel((0, 0, 10, 10))
        world.plan("P1", (-200, -200, 200, 200))
        world.line("P1", [(5, -40), (5, 5)])
    red = theme(await ask(parcel=code), Theme.RED_LINE)
    assert (red.state, red.items[0].area_m2, red.area_m2) == (State.AFFECTED, None, None)


async def test_strips_of_two_lines_count_each_ground_once(world: World, ask: Ask) -> None:
    with world.writing():
        code = world.parcel((0, 0, 10, 10))
        world.plan("P1", (-200, -200, 200, 200))
        world.line("P1", [(-40, 0), (40, 0)], side="left", width_m=6, name="Đường A")
        world.line("P1", [(40, 10), (-40, 10)], side="left", width_m=6, name="Đường B")
    red = theme(await ask(parcel=code), Theme.RED_LINE)
    assert [item.area_m2 for item in red.items] == [60.0, 60.0]
    assert (red.area_m2, red.share) == (100.0, 1.0)


# -- what is asked about -------------------------------------------------------------------------------------------------------


async def test_a_point_without_a_parcel_is_answered_by_itself(world: World, ask: Ask) -> None:
    with world.writing():
        world.plan("P1", (-100, -100, 100, 100))
        world.zone("P1", (-50, -50, 50, 50))
        world.coverage("red_line", (-90, -90, 90, 90), plan_code="P1")
        world.present("P1", "red_line")
    lon, lat = lonlat(0, 0)
    answer = await ask(lon=lon, lat=lat)
    assert answer.subject.parcel is None
    zoning = theme(answer, Theme.ZONING)
    assert (zoning.state, zoning.items[0].area_m2) == (State.AFFECTED, None)
    assert theme(answer, Theme.RED_LINE).state is State.NOT_AFFECTED
    assert theme(answer, Theme.BUILDING_LINE).state is State.UNKNOWN


async def test_land_that_must_not_be_shown_is_answered_as_ground_without_a_parcel(world: World, ask: Ask) -> None:
    """Whatever is known there: nothing of the answer changes when the restricted parcel comes, nor beside nor over it."""
    with world.writing():
        beside, over = world.parcel((50, 0, 60, 50)), world.parcel((40, 100, 60, 150))
        world.plan("P1", (-100, -100, 200, 200))
        world.zone("P1", (-50, -50, 200, 200))
        for one in ("zoning", "red_line", "building_line", "plans"):
            world.coverage(one, (-90, -90, 190, 190), plan_code="P1")
    known, unknown = lonlat(25, 25), lonlat(525, 525)
    places: list[dict[str, Any]] = [{"lon": lon, "lat": lat} for lon, lat in (known, unknown)]
    places += [{"parcel": beside}, {"parcel": over}]
    before = [await ask(**place) for place in places]
    assert [one.state for one in before[1].themes] == [State.UNKNOWN] * 5
    with world.writing():
        secret = world.parcel((0, 0, 50, 50), "9", "1", table="private.parcel_restricted", national_id="123456789012")
        world.parcel((0, 100, 50, 150), "9", "2", table="private.parcel_restricted")
        world.parcel((500, 500, 550, 550), "9", "3", table="private.parcel_restricted")
    after = [await ask(**place) for place in places]
    assert [replace(one, data_version=0, known_at=None) for one in after] == [
        replace(one, data_version=0, known_at=None) for one in before
    ]
    for code in (secret, f"{COMMUNE}.9.1", "123456789012"):
        with pytest.raises(NotFound) as told:
            await ask(parcel=code)
        absent = code.replace(".9.1", ".8.1").replace("12345", "54321")
        with pytest.raises(NotFound) as other:
            await ask(parcel=absent)
        assert (str(told.value), told.value.vi) == (
            str(other.value).replace(absent, code), (other.value.vi or "").replace(absent, code)
        )  # fmt: skip


async def test_codes_resolve_in_full_in_short_and_from_before_a_merger(world: World, ask: Ask) -> None:
    with world.writing():
        first = world.parcel((0, 0, 10, 10), "1", "5", former_commune_code="09700")
        world.parcel((20, 0, 30, 10), "1", "5", former_commune_code="09703")
        world.parcel((40, 0, 50, 10), "2", "7", former_commune_code="09703", national_id="123456789012")
    for code in (first, "09700.1.5", "09700.09700.1.5", f" {first} "):
        subject = (await ask(parcel=code)).subject
        assert subject.parcel is not None
        assert subject.parcel.code == first
    for code in (f"{COMMUNE}.2.7", "123456789012", "09703.2.7"):
        subject = (await ask(parcel=code)).subject
        assert subject.parcel is not None
        assert subject.parcel.parcel_no == "7"
    with pytest.raises(Ambiguous) as caught:
        await ask(parcel=f"{COMMUNE}.1.5")
    assert {one["parcel"] for one in caught.value.candidates} == {first, f"{COMMUNE}.09703.1.5"}


@pytest.mark.parametrize("code", ["09706.99.99", "09706.09706.1.404", "nonsense", "000000000000", "'; DROP TABLE land.parcel --"])
async def test_an_unknown_parcel_is_not_found(world: World, ask: Ask, code: str) -> None:
    with pytest.raises(NotFound):
        await ask(parcel=code)


async def test_an_address_finds_its_parcel_or_asks_which(world: World, ask: Ask) -> None:
    with world.writing():
        code = world.parcel((0, 0, 10, 10))
        world.address("12 Đường Lê Lợi", 5, 5, code)
        world.address("112 Đường Lê Lợi", 50, 5)
        world.address("7 Ngõ 3 Trần Phú, phường A", 90, 5)
        world.address("7 Ngõ 3 Trần Phú, phường B", 190, 5)
    found = (await ask(text="12 duong le loi")).subject
    assert found.parcel is not None
    assert (found.parcel.code, found.address) == (code, "12 Đường Lê Lợi")
    assert (await ask(text="12 Lê Lợi")).subject.address == "12 Đường Lê Lợi"
    with pytest.raises(Ambiguous) as caught:
        await ask(text="7 ngõ 3 trần phú")
    assert len(caught.value.candidates) == 2
    with pytest.raises(NotFound):
        await ask(text="99 Không Có")


async def test_a_point_beyond_the_country_is_refused_and_one_at_its_edge_unknown(world: World, ask: Ask) -> None:
    with pytest.raises(NotFound):
        await ask(lon=2.35, lat=48.85)
    answer = await ask(lon=102.1, lat=22.5)
    assert [one.state for one in answer.themes] == [State.UNKNOWN] * 5
    assert answer.themes[0].reason is not None
    assert "ranh giới" in answer.themes[0].reason.vi


# -- how it is run -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("then", [False, True])
async def test_every_large_table_is_read_through_its_spatial_index(world: World, database: Database, then: bool) -> None:
    with world.writing():
        world.execute("SELECT 1")
    connection = await public_connection(database)
    values = {
        "shape": bytes.fromhex("0101000020E6100000713D0AD7A3705A400000000000003540"), "srid": 905897, "as_of": TODAY,
        "touch_m": 0.1, "reach_m": 100.0, "boundary_m": 0.05, "least_m2": 0.5, "most_strands": 400, "today": TODAY,
        "with_shapes": False, "version": 1, "lon": 105.85, "lat": 21.0,
    }  # fmt: skip
    read = ""
    await connection.execute("SET enable_seqscan = off")  # the tables of a test are too small for any index
    for names in (THEMES, ("parcels_at_point", "subject")):
        asked = statement(*names, then=then)
        rows = await connection.fetch("EXPLAIN " + asked.sql, *asked.arguments(values))
        read += "\n".join(row[0] for row in rows)
    await connection.close()
    for table in ("parcel", "zone", "plan", "planning_line", "theme_coverage"):
        assert f"{table}_geom_idx" in read, table
        assert f"Seq Scan on {table} " not in read, table
        if then:
            assert f"__{table}_geom_idx" in read, table
