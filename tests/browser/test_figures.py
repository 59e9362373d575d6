"""The second view: figures by tier, from the nation down, each with its date and coverage."""

import httpx
from playwright.sync_api import expect

from tests.browser.conftest import Demo, Open
from tests.browser.visit import Visit


def _codes(visit: Visit) -> list[str]:
    return [row.get_attribute("data-code") or "" for row in visit.page.locator("table.figures tbody tr").all()]


def test_table_and_map_show_the_same_units(demo: Demo, open_page: Open) -> None:
    visit = open_page("/?view=figures&indicator=population&level=province").settle()
    visit.page.locator("table.figures tbody tr").first.wait_for()
    visit.until(lambda: visit.drawn("figures:line"))
    told = httpx.get(f"{demo.url}/rollups/population", params={"level": "province"}, timeout=30).json()
    assert set(_codes(visit)) == {value["unit"]["code"] for value in told["values"]}
    drawn = {unit["code"] for unit in visit.drawn("figures:line")}
    assert drawn
    assert drawn <= set(_codes(visit))


def test_drills_down_from_the_nation_to_communes_and_back(demo: Demo, open_page: Open) -> None:
    visit = open_page("/?view=figures&indicator=population&level=province").settle()
    visit.page.locator(f"tr[data-code='{demo.province}'] button").click()
    visit.until(lambda: f"unit=province:{demo.province}" in visit.query)
    visit.page.get_by_role("button", name="Xã, phường").click()
    visit.until(lambda: demo.known.commune in _codes(visit))
    expect(visit.page.locator(".headline")).to_contain_text("Độ phủ")
    visit.page.get_by_role("button", name="Lên Cả nước").click()
    visit.until(lambda: "unit=" not in visit.query)


def test_what_is_not_known_is_said_in_words(demo: Demo, open_page: Open) -> None:
    visit = open_page("/?view=figures&indicator=population&level=province").settle()
    visit.page.locator("table.figures tbody tr").first.wait_for()
    told = httpx.get(f"{demo.url}/rollups/population", params={"level": "province"}, timeout=30).json()
    missing = [value["unit"]["code"] for value in told["values"] if value["value"] is None]
    for code in missing[:3]:
        expect(visit.page.locator(f"tr[data-code='{code}'] .column-value")).to_have_text("chưa có")
    dates = visit.page.locator(".headline-notes")
    expect(dates).to_contain_text("Tính lúc" if told["computed_at"] else "Độ phủ")


def test_sorting_by_name_and_by_value(open_page: Open) -> None:
    visit = open_page("/?view=figures&indicator=population&level=province").settle()
    visit.page.locator("table.figures tbody tr").first.wait_for()
    by_value = _codes(visit)
    visit.page.get_by_role("columnheader", name="Đơn vị").get_by_role("button").click()
    assert _codes(visit) != by_value
    assert sorted(_codes(visit)) == sorted(by_value)
    expect(visit.page.get_by_role("columnheader", name="Đơn vị")).to_have_attribute("aria-sort", "ascending")
