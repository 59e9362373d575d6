"""The map itself: it draws the published layers in their colours, holds its view in the URL, and says what it is not."""

import re

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Demo, Open


def test_draws_the_layers_that_the_server_shows_at_first(demo: Demo, open_page: Open) -> None:
    visit = open_page(demo.near, sharp=True).settle()
    assert len({parcel["code"] for parcel in visit.drawn("parcels:fill")}) > 20
    assert visit.drawn("parcels:line")
    shown = visit.page.locator(".map").screenshot()
    assert len(set(shown[i : i + 64] for i in range(0, len(shown), 64))) > 500, "the picture is not one flat colour"


def test_layers_fold_away_and_switch_with_legend_and_url(demo: Demo, open_page: Open) -> None:
    visit = open_page(f"/?map=17/{demo.known.lat}/{demo.known.lon}").settle()
    config = httpx.get(f"{demo.url}/page/config", timeout=30).json()
    parcels, zones = (next(layer for layer in config["layers"] if layer["name"] == name) for name in ("parcels", "zones"))
    in_view = {parcel["land_use_code"] for parcel in visit.drawn("parcels:fill")}
    seen = [rule["label"]["vi"] for rule in parcels["style"]["rules"] if rule["value"] in in_view]
    expect(visit.page.locator(".layers")).to_have_count(0)
    visit.page.get_by_role("button", name="Mở lớp bản đồ và chú giải").click()
    panel = visit.page.locator(".layers")
    expect(panel.get_by_text("Đang vẽ ranh thửa")).to_be_visible()
    panel.get_by_label(zones["title"]["vi"], exact=True).uncheck()
    visit.settle()
    for label in seen:
        expect(panel.locator(".legend").get_by_text(label, exact=True).first).to_be_visible()
    panel.get_by_label(parcels["title"]["vi"], exact=True).uncheck()
    visit.settle()
    assert visit.drawn("parcels:fill") == []
    assert "layers=-zones,-parcels" in visit.query
    visit.page.keyboard.press("Escape")
    expect(panel).to_have_count(0)


def test_moving_writes_the_place_into_the_url_and_the_url_brings_it_back(demo: Demo, open_page: Open) -> None:
    visit = open_page(f"/?map=16/{demo.known.lat}/{demo.known.lon}&{demo.bare}").settle()
    visit.page.get_by_role("button", name="Phóng to").click()
    visit.until(lambda: "map=17.00/" in visit.query)
    again = open_page("/?" + visit.query).settle()
    assert again.page.evaluate("window.dothiMap.getZoom()") == pytest.approx(17, abs=0.01)


def test_sample_data_says_so_on_the_map(demo: Demo, open_page: Open) -> None:
    notices = httpx.get(f"{demo.url}/page/config", timeout=30).json()["notices"]
    assert notices, "the demo's data is made up, and the server must say so"
    visit = open_page(f"/?{demo.bare}").settle()
    for notice in notices:
        expect(visit.page.get_by_role("note")).to_contain_text(notice["text"]["vi"])


def test_nothing_is_asked_of_another_server(demo: Demo, open_page: Open) -> None:
    visit = open_page(f"/?parcel={demo.known.code}").settle()
    visit.answered()
    visit.page.get_by_role("button", name="Số liệu").click()
    visit.page.locator("table.figures").wait_for()
    kinds = {re.sub(r"[?/.].*", "", url.removeprefix(f"{demo.url}/")) for url in visit.requests if url.startswith(demo.url)}
    assert {"assets", "page", "ogc", "lookup", "rollups"} <= kinds
    assert visit.foreign_requests == []
    assert any(".woff2" in url for url in visit.requests), "the page's own font is used"


def test_every_control_has_a_name(demo: Demo, open_page: Open) -> None:
    visit = open_page(f"/?parcel={demo.known.code}").settle()
    visit.answered()
    visit.page.get_by_role("button", name="Mở lớp bản đồ và chú giải").click()
    nameless = visit.page.evaluate(
        """() => [...document.querySelectorAll('button, a[href], input, select')]
            .filter(element => !(element.getAttribute('aria-label') || element.textContent.trim() || element.labels?.length))
            .map(element => element.outerHTML)"""
    )
    assert nameless == []
