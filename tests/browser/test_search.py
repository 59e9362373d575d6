"""The search box: what it advises to type is found, and what it suggests comes in the order that people count in."""

import re

import httpx
import pytest
from playwright.sync_api import expect

from spatial.database import ROOT
from tests.browser.conftest import Demo, Open
from tests.conftest import Database, admin_cursor

_WORDS = (ROOT / "web" / "src" / "words.ts").read_text("utf-8")
_A_LONG_STREET = """
    SELECT street, min(house_number::int) FROM land.address WHERE house_number ~ '^[0-9]+$' AND street !~ '[0-9]'
    GROUP BY street, commune_code HAVING min(house_number::int) < 10 AND count(*) > 20 ORDER BY street LIMIT 1
"""


def _hints() -> list[tuple[str, str]]:
    """The hint in both languages, as it stands in the page's words."""
    block = re.search(r"search_hint: \[(.*?)\],\n", _WORDS, re.DOTALL) or pytest.fail("the words have a hint")
    sentences = re.findall(r'"([^"]+)"', block[1])
    assert len(sentences) == 2
    return list(zip(("vi", "en"), sentences, strict=True))


@pytest.mark.parametrize(("lang", "hint"), _hints())
def test_every_example_of_the_hint_is_found(demo: Demo, open_page: Open, lang: str, hint: str) -> None:
    given = httpx.get(f"{demo.url}/page/config", timeout=30).json()["examples"]
    visit = open_page(f"/?lang={lang}&{demo.bare}").settle()
    visit.page.fill("#search", "zzzz")
    said = visit.page.locator(".search-message")
    expect(said).to_contain_text(re.split(r"[{(]", hint)[0])
    examples = re.findall("“([^”]+)”", said.inner_text().partition("”")[2])
    assert {given["parcel"], given["address"]} <= set(examples), "the data's own examples are named"
    assert len(examples) == 3
    for example in examples if lang == "vi" else []:  # the same examples in both languages
        visit.page.fill("#search", "")
        expect(visit.page.get_by_role("option")).to_have_count(0)
        visit.page.fill("#search", example)
        expect(visit.page.get_by_role("option").first).to_be_visible()
        with visit.page.expect_response("**/lookup?*") as answer:
            visit.page.keyboard.press("Enter")
        assert answer.value.ok, example
        visit.answered()


def test_a_code_typed_and_sent_at_once_is_understood_too(demo: Demo, open_page: Open) -> None:
    known = demo.known
    visit = open_page(f"/?{demo.bare}").settle()
    visit.page.fill("#search", known.code.replace(".", "/"))
    visit.page.keyboard.press("Enter")
    expect(visit.answered().get_by_text(known.code, exact=True)).to_be_visible()


def test_a_street_comes_first_and_its_houses_in_their_order(demo: Demo, demo_database: Database, open_page: Open) -> None:
    with admin_cursor(demo_database.url) as cursor:
        cursor.execute(_A_LONG_STREET)
        street, first = cursor.fetchone() or pytest.fail("the sample data has streets")
    visit = open_page(f"/?{demo.bare}").settle()
    visit.page.fill("#search", street)
    options = visit.page.get_by_role("option")
    options.nth(4).wait_for()
    told = [one.inner_text() for one in options.all()]
    assert told[0].splitlines()[0] == street
    numbers = [int(found[1]) for one in told if (found := re.match(r"Số (\d+) ", one))]
    assert numbers == sorted(numbers)
    assert numbers[0] == first
    options.first.click()
    visit.until(lambda: visit.page.evaluate("window.dothiMap.getZoom()") > 14)
    expect(visit.card).to_have_count(0)
