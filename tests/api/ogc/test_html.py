"""The pages for people: every resource has one, whole and offline, Vietnamese first."""

import re
from html.parser import HTMLParser

import httpx
import pytest

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


def read(page: httpx.Response) -> Reader:
    assert page.status_code == 200, page.text
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


async def test_links_of_the_pages_lead_on(reader: httpx.AsyncClient) -> None:
    seen: set[str] = set()
    waiting = ["http://127.0.0.1/ogc?f=html"]
    while waiting and len(seen) < 60:
        url = waiting.pop()
        if url in seen or not url.startswith("http://127.0.0.1/ogc"):
            continue
        seen.add(url)
        answer = await reader.get(url)
        assert answer.status_code == 200, url
        if answer.headers["content-type"].startswith("text/html"):
            waiting += [link.replace("&amp;", "&") for link in read(answer).followed]
    assert any("cursor=" in url for url in seen) or len(seen) == 60


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
