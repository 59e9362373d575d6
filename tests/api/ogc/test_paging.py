"""Every page adds up to the whole, whatever is written between two of them."""

import base64
import json
from collections.abc import Callable
from datetime import date
from typing import Any

import httpx
import pytest

from tests.api.conftest import Write
from tests.api.ogc.conftest import PARCELS, read_pages

EDITS = (
    "UPDATE land.parcel SET address = 'moved', area_m2 = area_m2 + 1000 WHERE parcel_no::int % 3 = 0",
    "DELETE FROM land.parcel WHERE parcel_no::int % 7 = 2",
    "UPDATE land.parcel SET valid_to = '2021-01-01' WHERE parcel_no::int % 11 = 4 AND valid_from < '2021-01-01'",
    "UPDATE land.parcel SET geom = ST_Multi(ST_Translate(geom, 1, 1)) WHERE parcel_no::int % 5 = 1",
    """INSERT INTO land.parcel (code, former_commune_code, map_sheet, parcel_no, area_m2, area_srid, province_code, commune_code,
           valid_from, geom)
       SELECT '99001.99101.1.' || 1000 + n, '99101', '1', (1000 + n)::text, n, 9210, '01', '99001', '2020-01-01',
           ST_Multi(ST_MakeEnvelope(105.8, 21, 105.801, 21.001, 4326)) FROM generate_series(1, 20) n""",
    "DELETE FROM land.parcel WHERE parcel_no::int BETWEEN 1003 AND 1009",
    "UPDATE land.parcel SET address = 'twice' WHERE parcel_no::int % 3 = 0",
)
ASKED: tuple[dict[str, str], ...] = (
    {},
    {"sortby": "-area_official_m2"},
    {"sortby": "address,-area_m2"},
    {"bbox": "105.8,21,105.806,21.006"},
    {"land_use_code": "ODT"},
    {"datetime": "../.."},
    {"filter": "area_m2 < 140 AND address IS NOT NULL"},
    {"crs": "http://www.opengis.net/def/crs/EPSG/0/9210", "properties": "parcel_no,area_m2"},
)


async def read_while(client: httpx.AsyncClient, between: Callable[[int], None], **parameters: Any) -> list[dict[str, Any]]:
    """Follow `next` and call `between` with the number of each page read."""
    url: str | None = str(httpx.URL(PARCELS, params=parameters))
    found: list[dict[str, Any]] = []
    number = 0
    while url:
        page = (await client.get(url)).json()
        found += page["features"]
        between(number)
        number += 1
        url = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
    return found


@pytest.mark.usefixtures("quarter")
@pytest.mark.parametrize("asked", ASKED, ids=str)
async def test_edits_between_pages_lose_no_row_and_double_none(
    client: httpx.AsyncClient, write: Write, asked: dict[str, str]
) -> None:
    wanted = await read_pages(client, PARCELS, limit=100, **asked)

    def edit(number: int) -> None:
        if number < len(EDITS):
            write(EDITS[number])

    assert await read_while(client, edit, limit=2, **asked) == wanted
    assert await read_pages(client, PARCELS, limit=100, **asked) != wanted


@pytest.mark.usefixtures("quarter")
async def test_a_long_page_too_goes_on_from_its_version(
    client: httpx.AsyncClient, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.ogc.items.WHOLE_PAGE", 0)
    monkeypatch.setattr("spatial.features.page.STREAM_ROWS", 3)
    wanted = await read_pages(client, PARCELS, limit=100)
    assert await read_while(client, lambda number: write(*EDITS) if number == 2 else None, limit=5) == wanted


@pytest.mark.parametrize("limit", [1, 2, 7, 47, 48, 49])
@pytest.mark.parametrize("asked", ASKED, ids=str)
async def test_pages_add_up(reader: httpx.AsyncClient, asked: dict[str, str], limit: int) -> None:
    wanted = await read_pages(reader, PARCELS, limit=100, **asked)
    assert wanted
    assert await read_pages(reader, PARCELS, limit=limit, **asked) == wanted


async def test_midnight_between_two_pages_does_not_change_the_day(
    reader: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = await read_pages(reader, PARCELS, limit=100)
    later = date(2091, 1, 1)  # by then the parcels of 2090 are in force

    def turn(number: int) -> None:
        monkeypatch.setattr("api.ogc.ask.legal_today", lambda: later)

    assert await read_while(reader, turn, limit=10) == wanted
    assert len(await read_pages(reader, PARCELS, limit=100)) > len(wanted)


async def test_a_next_link_keeps_what_was_asked(reader: httpx.AsyncClient) -> None:
    page = (await reader.get(PARCELS, params={"limit": 3, "offset": 5, "land_use_code": "ODT", "lang": "en"})).json()
    following = httpx.URL(next(link["href"] for link in page["links"] if link["rel"] == "next"))
    assert following.params["land_use_code"] == "ODT"
    assert following.params["limit"] == "3"
    assert "offset" not in following.params, "the offset is behind the cursor"


def token(*content: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(list(content)).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "", "x", "=", "é", "AAAA", token(), token(1, 2, 3, 4), token("parcels", 1, None, []), token("parcels", 1, None, ["x"]),
        token("parcels", "1; DROP TABLE land.parcel", None, [1]), token("parcels", 1, "never", [1]), token("zones", 1, None, [1]),
        token("parcels", 1, None, [2**70]), token("parcels", True, None, [1]), token("parcels,code", 1, None, ["a", 1]),
        token("parcels", 1, None, [[[[]]]]), token("parcels", 1, None, {"a": 1}), "[" * 5000,
    ],
)  # fmt: skip
async def test_a_cursor_that_is_none_of_ours_is_refused(reader: httpx.AsyncClient, cursor: str) -> None:
    answer = await reader.get(PARCELS, params={"cursor": cursor})
    assert answer.status_code == 400
    assert "cursor" in answer.json()["detail"]


async def test_a_cursor_of_another_order_is_refused(reader: httpx.AsyncClient) -> None:
    page = (await reader.get(PARCELS, params={"limit": 3, "sortby": "code"})).json()
    cursor = httpx.URL(next(link["href"] for link in page["links"] if link["rel"] == "next")).params["cursor"]
    assert (await reader.get(PARCELS, params={"cursor": cursor, "sortby": "code"})).status_code == 200
    assert (await reader.get(PARCELS, params={"cursor": cursor})).status_code == 400
    assert (await reader.get(PARCELS, params={"cursor": cursor, "sortby": "-code"})).status_code == 400
