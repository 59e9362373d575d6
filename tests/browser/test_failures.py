"""When the server goes away or refuses, the page says so and offers a way on."""

import subprocess

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Demo, Open
from tests.browser.visit import DESKTOP, Visit


def test_a_server_that_stopped_is_said_on_map_and_card_and_retried(
    demo: Demo, second_server: tuple[str, subprocess.Popen[str]], open_page: Open
) -> None:
    url, process = second_server
    known = demo.known
    visit = open_page(f"/?map=17.5/{known.lat}/{known.lon}", base=url, complaints_expected=True).settle()
    process.terminate()
    process.wait(timeout=30)

    visit.click_map(known.lon, known.lat)
    failure = visit.card.get_by_role("alert")
    expect(failure).to_contain_text("Chưa kết nối được máy chủ")
    expect(failure.get_by_role("button", name="Thử lại")).to_be_visible()
    visit.page.get_by_role("button", name="Về toàn vùng").click()
    visit.page.get_by_role("button", name="Thu nhỏ").click()
    expect(visit.page.get_by_text("Một phần bản đồ không tải được.")).to_be_visible()
    visit.page.get_by_role("button", name="Số liệu").click()
    expect(visit.page.locator("[data-panel=figures]").get_by_role("alert")).to_contain_text("Chưa kết nối được máy chủ")


def test_a_refused_question_shows_the_servers_own_sentence(demo: Demo, open_page: Open) -> None:
    visit = open_page(f"/?at=51.5,0.1&{demo.bare}", complaints_expected=True).settle()
    told = visit.card.locator(".nothing, .failure")
    expect(told).to_be_visible()
    assert len(told.inner_text()) > 20


@pytest.mark.parametrize(
    ("lang", "told"), [("vi", "Máy chủ đang tạm ngừng hoặc quá tải"), ("en", "The server is paused or too busy")]
)
def test_a_proxys_own_words_never_reach_a_citizen(demo: Demo, open_page: Open, lang: str, told: str) -> None:
    visit = open_page(f"/?lang={lang}&{demo.bare}", complaints_expected=True).settle()
    body = "<html><h1>502 Bad Gateway</h1>nginx</html>"
    visit.page.route("**/lookup?*", lambda route: route.fulfill(status=502, body=body, content_type="text/html"))
    visit.page.goto(f"{demo.url}/?lang={lang}&parcel={demo.known.code}&{demo.bare}")
    failure = visit.card.get_by_role("alert")
    expect(failure).to_contain_text(told)
    expect(visit.card).not_to_contain_text("Bad Gateway")
    expect(visit.card.get_by_role("heading", level=2)).to_contain_text(demo.known.code)


def test_while_the_answer_is_on_its_way_the_title_is_the_question(demo: Demo, open_page: Open) -> None:
    visit = open_page(f"/?{demo.bare}").settle()
    visit.page.route("**/lookup?*", lambda route: None)
    visit.page.goto(f"{demo.url}/?parcel={demo.known.code}&{demo.bare}")
    expect(visit.card.get_by_role("heading", level=2)).to_have_text(f"Thửa đất {demo.known.code}")
    visit.page.goto(f"{demo.url}/?at={demo.known.lat},{demo.known.lon}&{demo.bare}")
    expect(visit.card.get_by_role("heading", level=2)).to_have_text("Điểm trên bản đồ")


def test_an_address_that_makes_no_sense_opens_the_page_all_the_same(open_page: Open) -> None:
    visit = open_page("/?map=x/y/z&at=,&layers=,,-&unit=::/&view=none&lang=xx&as_of=yesterday").settle()
    expect(visit.page.locator("html")).to_have_attribute("lang", "vi")
    expect(visit.card).to_have_count(0)


def test_without_webgl_the_search_and_the_card_still_work(demo: Demo, browser_without_webgl: Browser) -> None:
    visit = Visit(browser_without_webgl, demo.url, f"/?parcel={demo.known.code}", DESKTOP)
    expect(visit.page.get_by_text("Trình duyệt không vẽ được bản đồ")).to_be_visible()
    visit.answered()
    visit.close()
