"""Names on the map of the nation: every province, the archipelagos and the East Sea, and nothing that covers them."""

import pytest
from playwright.sync_api import FloatRect, expect

from spatial.crs import COUNTRY_BBOX
from spatial.places import PLACES
from tests.browser.conftest import Demo, Open
from tests.browser.visit import DESKTOP, PHONE, Visit
from tests.conftest import Database, admin_cursor

WIDE = (1440, 900)
NATION = "/?map=5/16/107.5"
NATION_ON_A_PHONE = "/?map=4/15.3/109.6"
SEAS = {
    "vi": {"Quần đảo Hoàng Sa", "Quần đảo Trường Sa", "Biển Đông"},
    "en": {"Hoang Sa Archipelago", "Truong Sa Archipelago", "East Sea"},
}


def _written(visit: Visit, layer: str) -> list[str]:
    """The names that the map has drawn: what found no room is not among them."""
    return [name["name"] for name in visit.drawn(layer)]


def _fit_country(visit: Visit) -> None:
    west, south, east, north = COUNTRY_BBOX
    visit.page.evaluate("box => { window.dothiMap.fitBounds(box, {padding: 24, duration: 0}); }", [[west, south], [east, north]])
    visit.settle()


@pytest.mark.parametrize("fitted", [False, True])
def test_all_provinces_are_named_on_a_map_of_the_nation(
    demo: Demo, demo_database: Database, open_page: Open, fitted: bool
) -> None:
    with admin_cursor(demo_database.url) as cursor:
        cursor.execute("SELECT name FROM admin.unit WHERE level = 'province' AND valid_to IS NULL")
        provinces = {name for (name,) in cursor.fetchall()}
    assert len(provinces) == 34
    visit = open_page(NATION, size=WIDE).settle()
    if fitted:
        _fit_country(visit)
    written = visit.until(lambda: len(names := _written(visit, "unit_names")) >= 34 and names)
    assert set(written) == provinces
    assert len(written) == 34, "each once"


@pytest.mark.parametrize("size", [DESKTOP, PHONE, (320, 568)])
def test_where_there_is_no_room_for_all_the_largest_cities_come_first(open_page: Open, size: tuple[int, int]) -> None:
    visit = open_page("/?map=3.6/15.3/109.6", size=size).settle()
    assert {"Hà Nội", "Hồ Chí Minh", "Hải Phòng"} <= set(visit.until(lambda: _written(visit, "unit_names")))


@pytest.mark.parametrize(
    ("path", "size", "lang"),
    [
        (NATION, WIDE, "vi"),
        (NATION, DESKTOP, "en"),
        (NATION_ON_A_PHONE, PHONE, "vi"),
        ("/?view=figures", WIDE, "en"),
        ("/?view=figures", PHONE, "vi"),
    ],
)
def test_hoang_sa_truong_sa_and_the_east_sea_are_named_and_uncovered(
    open_page: Open, path: str, size: tuple[int, int], lang: str
) -> None:
    visit = open_page(f"{path}&lang={lang}", size=size).settle()
    if "figures" in path:
        visit.until(lambda: visit.drawn("figures:line"))
        visit.settle()
    assert set(visit.until(lambda: _written(visit, "seas"))) == SEAS[lang]
    notice = visit.page.locator(".notice")
    expect(notice).to_be_visible()
    covered = notice.bounding_box() or pytest.fail("it is there")
    for place in PLACES:
        west, south, east, north = place.bbox
        box = visit.box_on_screen([[west, south], [west, north], [east, south], [east, north]])
        assert place.kind == "sea" or not _covers(covered, box), place.code


def _covers(notice: FloatRect, box: tuple[float, float, float, float]) -> bool:
    left, top, right, bottom = box
    across = notice["x"] < right and left < notice["x"] + notice["width"]
    return across and notice["y"] < bottom and top < notice["y"] + notice["height"]


def test_the_search_leads_to_them(demo: Demo, open_page: Open) -> None:
    visit = open_page(f"/?{demo.bare}").settle()
    for typed, label in (("hoang sa", "Quần đảo Hoàng Sa"), ("Trường Sa", "Quần đảo Trường Sa"), ("biển đông", "Biển Đông")):
        visit.page.fill("#search", typed)
        visit.page.get_by_role("option", name=label).first.click()
        visit.until(lambda: visit.page.evaluate("window.dothiMap.getZoom()") < 9)
        visit.settle()
        assert label in _written(visit, "seas")
        expect(visit.card).to_have_count(0)
