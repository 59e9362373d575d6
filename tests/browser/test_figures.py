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


def test_density_has_values_with_their_unit(demo: Demo, open_page: Open) -> None:
    visit = open_page(f"/?view=figures&indicator=population_density_km2&unit=province:{demo.province}&level=commune").settle()
    row = visit.page.locator(f"tr[data-code='{demo.known.commune}'] .column-value")
    expect(row).to_contain_text("6.145")
    expect(visit.page.locator("table.figures thead")).to_contain_text("người/km²")


def test_shares_are_in_percent_and_what_is_too_little_known_is_said(open_page: Open) -> None:
    visit = open_page("/?view=figures&indicator=planned_share&level=province").settle()
    headline = visit.page.locator(".headline")
    expect(headline.locator(".headline-value")).to_have_text("biết quá ít")
    expect(headline).to_contain_text("< 0,1\u00a0%")
    expect(visit.page.locator("body")).not_to_contain_text("0-1")
    visit = open_page("/?view=figures&indicator=digital_cadastre_share&level=province").settle()
    expect(visit.page.locator(".headline-value")).to_contain_text("0,0059 %")


def test_a_figure_that_nobody_states_to_be_complete_says_so(demo: Demo, open_page: Open) -> None:
    visit = open_page(f"/?view=figures&indicator=permits_issued&unit=province:{demo.province}&level=commune&period=2025").settle()
    expect(visit.page.locator("tr[data-code='99019'] .column-coverage")).to_have_text("chưa xác nhận đủ")
    expect(visit.page.locator("tr[data-code='99001'] .column-coverage")).to_contain_text("100")


def test_periods_that_do_not_compare_are_not_drawn_as_one_series(demo: Demo, open_page: Open) -> None:
    visit = open_page(f"/?view=figures&indicator=population&unit=province:{demo.province}").settle()
    parts = visit.page.locator(".chart-part")
    expect(parts).to_have_count(3)
    expect(parts.nth(0)).to_contain_text("2023")
    expect(parts.nth(1).locator("li")).to_have_count(1)
    expect(parts.nth(1)).to_contain_text("độ phủ 100")
    expect(visit.page.locator(".chart-note").first).to_contain_text("không so sánh được")


def test_a_series_of_equal_coverage_is_one(demo: Demo, open_page: Open) -> None:
    visit = open_page("/?view=figures&indicator=population&unit=city:DTM-SONG-LUA").settle()
    expect(visit.page.locator(".chart-part")).to_have_count(1)
    expect(visit.page.locator(".chart li")).to_have_count(7)


def test_each_tier_shows_the_period_that_it_knows_best(demo: Demo, open_page: Open) -> None:
    visit = open_page("/?view=figures&indicator=population&level=province").settle()
    expect(visit.page.locator(".headline-name")).to_have_text("Cả nước, 2024")
    expect(visit.page.locator(".headline-value")).not_to_contain_text("ít nhất")
    visit.page.locator(f"tr[data-code='{demo.province}'] button").click()
    visit.page.get_by_role("button", name="Xã, phường").click()
    visit.until(lambda: demo.known.commune in _codes(visit))
    expect(visit.page.locator(".headline-name")).to_have_text("Ninh Bình, 2025")
    expect(visit.page.locator(".headline-value")).to_contain_text("ít nhất")
    expect(visit.page.locator(f"tr[data-code='{demo.known.commune}'] .column-value")).to_contain_text("34.184")


def test_an_indicator_that_is_not_there_is_said(open_page: Open) -> None:
    visit = open_page("/?view=figures&indicator=populatoin").settle()
    expect(visit.page.get_by_role("status").filter(has_text="populatoin")).to_contain_text("Dân số")
    visit = open_page("/?view=figures&indicator=population").settle()
    visit.page.locator("table.figures").wait_for()
    expect(visit.page.locator(".figures-warning")).to_have_count(0)


def test_large_numbers_have_words_and_the_formula_too(open_page: Open) -> None:
    visit = open_page("/?view=figures&indicator=population&level=province").settle()
    legend = visit.page.locator(".figure-legend")
    expect(legend).to_contain_text("triệu người")
    text = legend.inner_text()
    assert text.count("triệu") == 1
    assert " Tr" not in text
    visit = open_page("/?view=figures&indicator=population_density_km2&lang=en").settle()
    expect(visit.page.locator(".footing")).to_contain_text("Population divided by the area of the unit in km²")
    expect(visit.page.locator(".footing code")).to_have_text("population / area_m2 × 1,000,000")
    expect(visit.page.locator(".headline-value")).to_contain_text("people/km²")
