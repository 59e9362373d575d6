"""The map of another day says so wherever one stands, and one click leads back to today."""

from datetime import datetime
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import FloatRect, Locator, expect

from tests.browser.conftest import Demo, Open
from tests.browser.visit import DESKTOP, PHONE, Visit

PAST = "2023-01-01"
TODAY = datetime.now(ZoneInfo("Asia/Ho_Chi_Minh")).date()


def _banner(visit: Visit) -> Locator:
    return visit.page.locator(".legal-day")


def _tile_days(visit: Visit, since: int = 0) -> set[str | None]:
    """The legal days that tiles of parcels were asked for."""
    tiles = [url for url in visit.requests[since:] if "/collections/parcels/tiles/" in url]
    return {parse_qs(url.partition("?")[2]).get("datetime", [None])[0] for url in tiles}


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_a_day_chosen_in_the_card_stays_on_the_map_when_the_card_is_closed(
    demo: Demo, open_page: Open, size: tuple[int, int]
) -> None:
    visit = open_page(f"/?parcel={demo.known.code}", size=size, complaints_expected=True).settle()
    visit.answered()
    expect(_banner(visit)).to_have_count(0)
    visit.card.locator("input[type=date]").fill(PAST)
    expect(_banner(visit)).to_have_text("Bản đồ ngày 01/01/2023Về hôm nay")
    expect(_banner(visit)).to_be_in_viewport(ratio=1)
    assert f"as_of={PAST}" in visit.query
    visit.card.get_by_role("button", name="Đóng").click()
    expect(visit.card).to_have_count(0)
    expect(_banner(visit)).to_be_in_viewport(ratio=1)

    before = len(visit.requests)
    _banner(visit).get_by_role("button", name="Về hôm nay").click()
    expect(_banner(visit)).to_have_count(0)
    assert "as_of" not in visit.query
    visit.until(lambda: _tile_days(visit, before) == {None})


def test_a_strangers_link_says_the_day_and_another_language_too(demo: Demo, open_page: Open) -> None:
    visit = open_page(f"{demo.near}&as_of={PAST}").settle()
    assert _tile_days(visit) == {PAST}
    expect(_banner(visit)).to_contain_text("Bản đồ ngày 01/01/2023")
    visit.page.get_by_role("button", name="EN – English").click()
    expect(_banner(visit)).to_contain_text("Map of 1 Jan 2023")


@pytest.mark.parametrize(("never_was", "size"), [(True, DESKTOP), (False, PHONE)])
def test_where_the_parcel_did_not_exist_the_day_can_still_be_changed(
    demo: Demo, open_page: Open, size: tuple[int, int], never_was: bool
) -> None:
    code = "99999.99999.1.1" if never_was else demo.known.code
    visit = open_page(f"/?parcel={code}&as_of=1999-01-01&{demo.bare}", size=size, complaints_expected=True).settle()
    expect(visit.card.get_by_text("Không có trong dữ liệu")).to_be_visible()
    expect(_banner(visit)).to_contain_text("Bản đồ ngày 01/01/1999")
    expect(visit.card.get_by_role("heading", level=2)).to_have_text(f"Thửa đất {code}")
    expect(visit.card.locator(".title")).to_contain_text("01/01/1999")
    field = visit.card.locator("input[type=date]")
    expect(field).to_have_value("1999-01-01")
    field.fill("2026-06-01")
    expect(_banner(visit)).to_contain_text("Bản đồ ngày 01/06/2026")
    visit.card.get_by_role("button", name="Về hôm nay").click()
    expect(_banner(visit)).to_have_count(0)
    if not never_was:
        visit.answered()


def test_today_written_in_the_address_is_no_other_day(demo: Demo, open_page: Open) -> None:
    visit = open_page(f"/?as_of={TODAY}&{demo.bare}").settle()
    expect(_banner(visit)).to_have_count(0)


def test_choosing_today_makes_a_link_that_stays_on_today(demo: Demo, open_page: Open) -> None:
    visit = open_page(f"/?parcel={demo.known.code}&as_of=2026-06-01&{demo.bare}").settle()
    visit.answered().locator("input[type=date]").fill(str(TODAY))
    expect(_banner(visit)).to_have_count(0)
    assert "as_of" not in visit.query


@pytest.mark.parametrize("day", ["2023-02-31", "20230101", ""])
def test_a_day_that_no_calendar_has_is_not_asked_for(demo: Demo, open_page: Open, day: str) -> None:
    visit = open_page(f"{demo.near}&as_of={day}").settle()
    expect(_banner(visit)).to_have_count(0)
    assert _tile_days(visit) == {None}


def test_figures_are_not_said_to_be_of_that_day(open_page: Open) -> None:
    visit = open_page(f"/?as_of={PAST}&view=figures").settle()
    expect(_banner(visit)).to_have_count(0)
    visit.page.get_by_role("button", name="Bản đồ", exact=True).click()
    expect(_banner(visit)).to_contain_text("01/01/2023")


def test_the_day_covers_no_other_control(demo: Demo, open_page: Open) -> None:
    for size in (DESKTOP, (1000, 700), (760, 700), PHONE, (360, 640)):
        visit = open_page(f"/?as_of={PAST}&{demo.bare}", size=size).settle()
        banner = _banner(visit).bounding_box() or pytest.fail("it is there")
        for other in visit.page.locator(".search-box, .segments, .layers-button, .tools, .click-hint").all():
            box = other.bounding_box()
            assert box is None or not _overlap(banner, box), (size, other.get_attribute("class"))


def _overlap(one: FloatRect, other: FloatRect) -> bool:
    across = one["x"] < other["x"] + other["width"] and other["x"] < one["x"] + one["width"]
    return across and one["y"] < other["y"] + other["height"] and other["y"] < one["y"] + one["height"]
