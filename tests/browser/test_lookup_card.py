"""The citizen's way: find a parcel or click on it, and read what is planned, or that it is not known."""

import re

import httpx
import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Demo, Open
from tests.browser.visit import PHONE
from tests.conftest import Database, admin_cursor

_AN_ADDRESS = """
    SELECT address.house_number, address.street, admin.fold(address.street), address.parcel_code
    FROM land.address
    WHERE address.parcel_code IN (SELECT code FROM land.parcel) AND admin.fold(address.street) <> lower(address.street)
    ORDER BY address.code LIMIT 1
"""

_BESIDE_A_LINE = """
    SELECT DISTINCT parcel.code FROM land.parcel
    JOIN planning.planning_line AS line ON line.kind = %(kind)s AND ST_DWithin(line.geom, parcel.geom, 0.00002)
    WHERE line.width_m > 0 AND line.valid_to IS NULL AND parcel.valid_to IS NULL AND parcel.area_m2 BETWEEN 90 AND 500
    ORDER BY parcel.code LIMIT 30
"""

STATE_WORDS = {
    "affected": "Có ảnh hưởng",
    "touched": "Chạm ranh",
    "not_affected": "Không ảnh hưởng",
    "unknown": "Chưa biết",
}


def test_search_leads_to_the_parcel_with_the_states_of_the_server(demo: Demo, open_page: Open) -> None:
    visit = open_page("/").settle()
    visit.page.fill("#search", demo.known.code)
    visit.page.get_by_role("option").first.wait_for()
    visit.page.keyboard.press("ArrowDown")
    expect(visit.page.locator("#search")).to_have_attribute("aria-activedescendant", "search-0")
    visit.page.keyboard.press("Enter")

    told = httpx.get(f"{demo.url}/lookup", params={"parcel": demo.known.code, "lang": "vi"}, timeout=30).json()
    assert visit.states() == {theme["theme"]: theme["state"] for theme in told["themes"]}
    assert f"parcel={demo.known.code}" in visit.query
    expect(visit.card.get_by_role("heading", level=2)).to_contain_text(demo.known.number)
    for theme in told["themes"]:
        shown = visit.card.locator(f"[data-theme={theme['theme']}]")
        expect(shown.locator(".theme-head .state")).to_have_text(STATE_WORDS[theme["state"]])
    words = [STATE_WORDS[theme["state"]] for theme in told["themes"]]
    expect(visit.card.locator(".verdict .state")).to_have_text(words)
    visit.settle()
    assert visit.drawn("selection:line"), "the parcel is outlined on the map"


@pytest.mark.parametrize("motion", [False, True], ids=["still", "in_flight"])
def test_a_parcel_found_on_a_phone_lies_above_the_sheet(demo: Demo, open_page: Open, motion: bool) -> None:
    # It begins in the free part of the map, so that only where the flight ends tells whether it stays there.
    visit = open_page(f"/?map=16.5/{demo.known.lat - 0.0012}/{demo.known.lon}&{demo.bare}", size=PHONE, motion=motion).settle()
    held: list[Route] = []
    visit.page.route("**/lookup?*", lambda route: held.append(route))
    visit.page.fill("#search", demo.known.code)
    visit.page.get_by_role("option").first.click()
    visit.until(lambda: held and visit.page.evaluate("window.dothiMap.getZoom() > 16.6"))
    held[0].continue_()
    visit.answered()
    visit.until(lambda: not visit.page.evaluate("window.dothiMap.isMoving()"))
    visit.settle()
    told = httpx.get(f"{demo.url}/lookup", params={"parcel": demo.known.code}, timeout=30).json()
    left, top, right, bottom = visit.box_on_screen(told["parcel"]["geometry"]["coordinates"][0][0])
    sheet = visit.card.bounding_box() or pytest.fail("the sheet is open")
    notice = visit.page.locator(".notice").bounding_box() or pytest.fail("the notice is there")
    switches = visit.page.locator(".switches").bounding_box() or pytest.fail("the switches are there")
    assert bottom <= notice["y"] < sheet["y"], "below it come the notice and the sheet"
    assert top >= switches["y"] + switches["height"]
    assert left >= 0
    assert right <= PHONE[0]
    assert bottom - top > 20, "large enough to be seen"


def test_the_map_can_be_moved_away_from_the_parcel_and_stays_there(demo: Demo, open_page: Open) -> None:
    visit = open_page(f"/?parcel={demo.known.code}&{demo.bare}").settle()
    visit.answered()
    visit.page.evaluate("window.dothiMap.panBy([900, 0], {duration: 0})")
    visit.until(lambda: "map=" in visit.query)
    moved = visit.page.evaluate("window.dothiMap.getCenter().lng")
    visit.page.wait_for_timeout(700)
    assert visit.page.evaluate("window.dothiMap.getCenter().lng") == pytest.approx(moved, abs=1e-6)


def test_address_typed_without_marks_is_found(demo: Demo, demo_database: Database, open_page: Open) -> None:
    with admin_cursor(demo_database.url) as cursor:
        cursor.execute(_AN_ADDRESS)
        number, street, folded, parcel = cursor.fetchone() or pytest.fail("the sample data has addresses")
    visit = open_page(f"/?{demo.bare}").settle()
    visit.page.fill("#search", f"{number} {folded}")
    visit.page.get_by_role("option", name=f"{number} {street}").first.click()
    expect(visit.answered().get_by_text(parcel, exact=True)).to_be_visible()


def test_click_on_the_map_answers_for_the_parcel_there(demo: Demo, open_page: Open) -> None:
    known = demo.known
    visit = open_page(f"/?map=17.5/{known.lat}/{known.lon}").settle()
    visit.click_map(known.lon, known.lat)
    expect(visit.answered().get_by_text(known.code, exact=True)).to_be_visible()
    assert re.search(r"at=\d+\.\d+,\d+\.\d+", visit.query)


def test_unknown_is_never_drawn_like_no(demo: Demo, open_page: Open) -> None:
    visit = open_page(f"/?parcel={demo.unknown.code}&{demo.bare}").settle()
    theme = visit.answered().locator("[data-state=unknown]").first
    state = theme.locator(".theme-head .state")
    expect(state).to_have_text("Chưa biết")
    expect(visit.card).to_contain_text("“Chưa biết” không có nghĩa là “không ảnh hưởng”")
    assert "repeating-linear-gradient" in state.evaluate("element => getComputedStyle(element).backgroundImage")
    assert state.evaluate("element => getComputedStyle(element).borderStyle") == "dashed"


def test_the_url_holds_the_answer_and_back_returns(demo: Demo, open_page: Open) -> None:
    visit = open_page(f"/?parcel={demo.known.code}&{demo.bare}").settle()
    visit.answered()
    visit.page.get_by_role("button", name="Đóng").click()
    expect(visit.card).to_have_count(0)
    visit.page.go_back()
    visit.answered()

    again = open_page(visit.page.url.removeprefix(demo.url)).settle()
    assert again.states() == visit.states()


def test_language_switches_words_titles_and_answer(demo: Demo, open_page: Open) -> None:
    visit = open_page(f"/?parcel={demo.unknown.code}&{demo.bare}").settle()
    visit.answered()
    visit.page.get_by_role("button", name="EN – English").click()
    expect(visit.card.locator("[data-state=unknown] .state").first).to_have_text("Unknown")
    expect(visit.page.locator("html")).to_have_attribute("lang", "en")
    expect(visit.page.get_by_role("button", name="Figures")).to_be_visible()
    assert "lang=en" in visit.query


@pytest.mark.parametrize(("kind", "word"), [("red_line", "Lộ giới"), ("building_line", "Khoảng lùi")])
def test_a_width_is_called_by_what_it_is(demo: Demo, demo_database: Database, open_page: Open, kind: str, word: str) -> None:
    with admin_cursor(demo_database.url) as cursor:
        cursor.execute(_BESIDE_A_LINE, {"kind": kind})
        code = next(code for (code,) in cursor.fetchall() if _has_width(demo, code, kind))
    visit = open_page(f"/?parcel={code}&{demo.bare}").settle()
    theme = visit.answered().locator(f"[data-theme={kind}]")
    theme.locator("summary").first.click()
    expect(theme.locator(".parameters dt").first).to_have_text(word)
    expect(visit.card).not_to_contain_text("Bề rộng bị giới hạn")


def _has_width(demo: Demo, code: str, kind: str) -> bool:
    told = httpx.get(f"{demo.url}/lookup", params={"parcel": code}, timeout=30).json()
    return any(item["line"]["width_m"] for theme in told["themes"] if theme["theme"] == kind for item in theme["items"])


def test_in_english_a_document_says_what_it_is(demo: Demo, open_page: Open) -> None:
    visit = open_page(f"/?parcel={demo.known.code}&lang=en&{demo.bare}").settle()
    visit.answered().locator("[data-theme=zoning] summary").first.click()
    documents = visit.card.locator("[data-theme=zoning] .documents").first
    expect(documents.locator("li").first).to_have_text(re.compile(r"^(Decision|Drawing|Rules|Report): "))
    expect(visit.card).to_contain_text("Legal area")
    expect(visit.card.locator(".as-of label")).to_contain_text("Planning in force on")


def test_what_events_took_away_and_what_is_not_listed_is_said(demo: Demo, open_page: Open) -> None:
    note = "Đồ án QHCT-1 bị hủy một phần từ ngày 01/07/2026: nơi này nằm trong phần đó."

    def tell_more(route: Route) -> None:
        answer = route.fetch().json()
        plans, zoning = (next(theme for theme in answer["themes"] if theme["theme"] == name) for name in ("plans", "zoning"))
        assert "changes" in plans
        assert zoning["items_omitted"] == 0
        plans["changes"] = [{"plan_code": "QHCT-1", "note": note}]
        plans["items"][0] |= {"status": "unknown"}
        zoning["items_omitted"] = 1234
        route.fulfill(json=answer)

    visit = open_page(f"/?{demo.bare}").settle()
    visit.page.route("**/lookup?*", tell_more)
    visit.page.fill("#search", demo.known.code)
    visit.page.get_by_role("option").first.click()
    expect(visit.answered().locator("[data-theme=plans] .plan-change")).to_have_text(note)
    expect(visit.card.locator("[data-theme=zoning] .items")).to_contain_text("và 1.234 phần nhỏ hơn không liệt kê")
    visit.card.locator("[data-theme=plans] summary").first.click()
    expect(visit.card.locator("[data-theme=plans] .parameters").first).to_contain_text("Chưa rõ tình trạng pháp lý")


def test_unknown_parcel_is_said_with_a_way_on(demo: Demo, open_page: Open) -> None:
    visit = open_page(f"/?parcel=99999.99999.1.1&{demo.bare}", complaints_expected=True).settle()
    expect(visit.card.get_by_text("Không có trong dữ liệu")).to_be_visible()


def test_nothing_found_says_how_to_search(demo: Demo, open_page: Open) -> None:
    visit = open_page(f"/?{demo.bare}").settle()
    visit.page.fill("#search", "zzzz không đâu cả")
    expect(visit.page.get_by_text("Không tìm thấy “zzzz không đâu cả”.")).to_be_visible()


def test_keyboard_alone_reaches_an_answer_and_leaves_it(demo: Demo, open_page: Open) -> None:
    known = demo.known
    visit = open_page(f"/?map=18/{known.lat}/{known.lon}&{demo.bare}").settle()
    visit.page.locator(".maplibregl-canvas").focus()
    visit.page.keyboard.press("Tab")
    visit.page.keyboard.press("Shift+Tab")
    expect(visit.page.locator(".crosshair")).to_be_visible()
    visit.page.keyboard.press("Enter")
    expect(visit.answered().get_by_text(known.code, exact=True)).to_be_visible()
    visit.card.get_by_role("button", name="Đóng").focus()
    visit.page.keyboard.press("Escape")
    expect(visit.card).to_have_count(0)
    expect(visit.page.locator(".maplibregl-canvas")).to_be_focused()


def test_the_skip_link_leads_past_search_and_card_to_the_map(demo: Demo, open_page: Open) -> None:
    visit = open_page(f"/?{demo.bare}").settle()
    visit.page.keyboard.press("Tab")
    expect(visit.page.locator(".skip")).to_be_focused()
    visit.page.keyboard.press("Tab")
    expect(visit.page.locator("#search")).to_be_focused()
    visit.page.keyboard.press("Shift+Tab")
    visit.page.keyboard.press("Enter")
    expect(visit.page.locator(".maplibregl-canvas")).to_be_focused()
    expect(visit.page.locator(".crosshair")).to_be_visible()
    assert "#" not in visit.page.url


def test_on_a_phone_the_answer_is_a_sheet_and_the_map_stays_usable(demo: Demo, open_page: Open) -> None:
    known = demo.known
    visit = open_page(f"/?parcel={known.code}", size=PHONE).settle()
    sheet = visit.answered().bounding_box()
    assert sheet
    assert sheet["width"] == PHONE[0]
    assert sheet["y"] > PHONE[1] / 2, "the upper half stays the map's"
    assert visit.page.evaluate("document.documentElement.scrollWidth") == PHONE[0], "nothing sticks out sideways"
    visit.card.get_by_role("button", name="Mở rộng phiếu").click()
    visit.until(lambda: (visit.card.bounding_box() or {"y": 999})["y"] < PHONE[1] / 4)
    visit.card.get_by_role("button", name="Thu gọn phiếu").click()
    visit.until(lambda: (visit.card.bounding_box() or {"y": 0})["y"] > PHONE[1] / 2)
    visit.page.touchscreen.tap(PHONE[0] / 2, 230)
    visit.until(lambda: "at=" in visit.query)
