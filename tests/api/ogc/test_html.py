"""The pages for people: every resource has one, whole and offline, Vietnamese first."""

import html
import re
from html.parser import HTMLParser

import httpx
import pytest

from spatial.layers import LAYERS, Access
from tests.api.ogc.conftest import PARCELS

PAGES = (
    "/ogc", "/ogc/conformance", "/ogc/api", "/ogc/collections", "/ogc/collections/parcels", "/ogc/collections/parcels/schema",
    "/ogc/collections/parcels/queryables", "/ogc/collections/parcels/sortables", "/ogc/collections/zones/items", PARCELS,
    f"{PARCELS}?resulttype=hits", f"{PARCELS}?skipGeometry=true", f"{PARCELS}?properties=",
    f"{PARCELS}/1",
)  # fmt: skip
VOID = {"meta", "link", "input", "br", "img", "hr"}


class Reader(HTMLParser):
    """Collects addresses and checks that elements close in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loaded: list[str] = []
        self.followed: list[str] = []
        self.language = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "html":
            self.language = given["lang"] or ""
        if tag == "a" and given.get("href"):
            self.followed.append(given["href"] or "")
        elif given.get("src") or (tag == "link" and given.get("href")):
            self.loaded.append(str(given.get("src") or given.get("href")))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("p", "li") and self.open[-1] != tag:
            return
        assert self.open.pop() == tag


def read(page: httpx.Response, status: int = 200) -> Reader:
    assert page.status_code == status, page.text
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    reader = Reader()
    reader.feed(page.text)
    assert reader.open == []
    return reader


@pytest.mark.parametrize("url", PAGES)
async def test_each_resource_is_a_page_in_both_languages_that_loads_nothing(reader: httpx.AsyncClient, url: str) -> None:
    page = await reader.get(url, headers={"accept": "text/html"})
    vietnamese = read(page)
    assert vietnamese.language == "vi"
    assert page.headers["content-language"] == "vi"
    assert vietnamese.loaded == []
    assert "@import" not in page.text
    assert not re.search(r"url\(", page.text)
    english = read(await reader.get(url, headers={"accept": "text/html", "accept-language": "en"}))
    assert english.language == "en"


TELLTALE = re.compile(
    r"<built-in|<bound method|<function|object at 0x|dict_items|Undefined|\{\{|\}\}|\{%|\bNone\b|\bnan\b|datetime\."
)
"""What a page shows where a template says something else than was meant."""


async def test_no_page_shows_what_python_would_print(everything: httpx.AsyncClient) -> None:
    """Every page of every door, in both languages, of every layer with features: followed from link to link."""
    waiting = [f"{front}{lang}" for front in ("/docs?lang=", "/ogc?f=html&lang=") for lang in ("vi", "en")]
    waiting.append(f"{PARCELS}?f=html&resulttype=hits")
    seen: set[str] = set()
    items: dict[str, int] = {}
    while waiting:
        url = waiting.pop().replace("http://127.0.0.1", "")
        layer = re.sub(r"/items/.*", "", url) if "/items/" in url else ""
        if url in seen or not url.startswith(("/ogc", "/docs")) or items.get(layer, 0) >= 4:
            continue
        seen.add(url)
        items[layer] = items.get(layer, 0) + 1 if layer else 0
        answer = await everything.get(url)
        assert answer.status_code == 200, url
        if answer.headers["content-type"].startswith("text/html"):
            shown = html.unescape(answer.text.split("</style>", 1)[1])
            assert not TELLTALE.search(shown), (url, TELLTALE.search(shown))
            waiting += read(answer).followed
    for lang in ("vi", "en"):
        for name in (layer.name for layer in LAYERS if layer.access is Access.PUBLIC):
            here = f"/ogc/collections/{name}"
            assert f"{here}/items?f=html&lang={lang}" in seen
            assert any(url.startswith(f"{here}/items/") and f"lang={lang}" in url for url in seen), here
            for kind in ("schema", "queryables", "sortables"):
                assert f"{here}/{kind}?f=html&lang={lang}" in seen
    assert any("cursor=" in url for url in seen)


async def test_a_browser_is_told_of_an_error_on_a_page(reader: httpx.AsyncClient) -> None:
    browser = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    wrong = {"filter": "<b>area_m2</b> >"}
    for headers, asked in ((browser, wrong), ({}, {**wrong, "f": "html"}), (browser, {**wrong, "lang": "en"})):
        answer = await reader.get(PARCELS, params=asked, headers=headers)
        assert answer.status_code == 400
        read(answer, 400)
        assert "<b>" not in answer.text
        assert ("line 1, column 1" if "lang" in asked else "dòng 1, cột 1") in answer.text
    for url in ("/ogc/nothing", "/ogc/collections/nothing", "/nothing"):
        read(await reader.get(url, headers=browser), 404)
    for headers, asked in (
        (browser, {**wrong, "f": "json"}),
        ({"accept": "application/json, text/html;q=0.9"}, wrong),
        ({}, wrong),
    ):
        answer = await reader.get(PARCELS, params=asked, headers=headers)
        assert answer.headers["content-type"] == "application/problem+json"


async def test_paging_in_html_reaches_the_end(reader: httpx.AsyncClient) -> None:
    url, rows = f"{PARCELS}?f=html&limit=20", 0
    for _ in range(5):
        page = (await reader.get(url)).text
        rows += page.count("<tr><td><a")
        following = re.search(r'rel="next" href="([^"]+)"', page)
        if not following:
            break
        url = following[1].replace("&amp;", "&")
    assert rows == 48
