"""How many features there are: told for every layer as a whole, counted once for each version and legal day, never in the way."""

import asyncio
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from api import layer_facts
from api.ogc.cursor import write_cursor
from spatial.features import count_features
from spatial.features.query import Begin
from spatial.layers import LAYERS, Access, find_layer
from spatial.selection import legal_today
from tests.api.conftest import Write
from tests.api.ogc.conftest import IN_FORCE, PARCELS, QUARTER

LAYER = find_layer("parcels")
HERE = "/ogc/collections/parcels"


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The questions that were counted."""
    asked: list[Any] = []

    async def watched(connection: Any, query: Any) -> int:
        asked.append(query)
        return await count_features(connection, query)

    monkeypatch.setattr(layer_facts, "count_features", watched)
    return asked


async def matched(client: httpx.AsyncClient, **asked: Any) -> int | None:
    answer = await client.get(PARCELS, params=asked)
    assert answer.status_code == 200, answer.text
    found: int | None = answer.json().get("numberMatched")
    return found


async def until(client: httpx.AsyncClient, wanted: Callable[[int | None], bool]) -> int | None:
    """Ask until the news of a write has arrived."""
    for _ in range(200):
        found = await matched(client)
        if wanted(found):
            return found
        await asyncio.sleep(0.02)
    raise AssertionError(found)


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({}, IN_FORCE),
        ({"limit": 5, "sortby": "-code"}, IN_FORCE),
        ({"limit": 1000}, IN_FORCE),
        ({"offset": 3}, IN_FORCE),
        ({"offset": 45}, IN_FORCE),
        ({"skipGeometry": "true", "crs": "EPSG:3857", "properties": "code"}, IN_FORCE),
        ({"commune_code": "99002"}, None),
        ({"commune_code": "99002", "limit": 24}, 24),
        ({"commune_code": "99002", "limit": 24, "offset": 0}, 24),
        ({"commune_code": "99002", "limit": 24, "offset": 1}, None),
        ({"filter": "area_m2 > 0"}, None),
        ({"filter": "area_m2 > 0", "offset": 40}, None),
        ({"bbox": "105,20,106,22"}, None),
        ({"bbox": "105,20,106,22", "limit": 48}, IN_FORCE),
        ({"datetime": "../.."}, None),
        ({"datetime": "../..", "limit": 60}, 60),
        ({"datetime": "../..", "offset": 55}, None),
        ({"datetime": str(legal_today()), "limit": 7}, None),
    ],
)
async def test_number_matched_is_told_where_it_is_known(
    reader: httpx.AsyncClient, asked: dict[str, Any], wanted: int | None
) -> None:
    assert await matched(reader, **asked) == wanted


async def test_every_layer_tells_how_many_features_it_has(everything: httpx.AsyncClient) -> None:
    listed = (await everything.get("/ogc/collections")).json()["collections"]
    assert [one["id"] for one in listed] == [layer.name for layer in LAYERS if layer.access is Access.PUBLIC]
    for one in listed:
        items = (await everything.get(f"/ogc/collections/{one['id']}/items", params={"limit": 1000})).json()
        alone = (await everything.get(f"/ogc/collections/{one['id']}")).json()
        first = (await everything.get(f"/ogc/collections/{one['id']}/items", params={"limit": 1})).json()
        assert one["itemCount"] == alone["itemCount"] == len(items["features"]) == first["numberMatched"] > 0
        page = await everything.get(f"/ogc/collections/{one['id']}/items", params={"limit": 1, "f": "html"})
        assert f"<strong>{one['itemCount']}</strong>" in page.text


async def test_pages_after_the_first_and_long_ones_tell_it_too(
    reader: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = (await reader.get(PARCELS, params={"limit": 20})).json()
    following = next(link["href"] for link in first["links"] if link["rel"] == "next")
    assert (await reader.get(following)).json()["numberMatched"] == IN_FORCE
    monkeypatch.setattr("api.ogc.items.WHOLE_PAGE", 0)
    assert await matched(reader, limit=20) == IN_FORCE
    assert await matched(reader, commune_code="99002", limit=24) == 24
    assert await matched(reader, commune_code="99002", limit=20) is None


async def test_the_last_page_of_several_does_not_take_itself_for_all(reader: httpx.AsyncClient) -> None:
    url: str | None = f"{PARCELS}?commune_code=99002&limit=10"
    while url:
        page = (await reader.get(url)).json()
        assert "numberMatched" not in page
        url = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
    assert page["numberReturned"] == 4


async def test_it_is_counted_once_however_often_it_is_asked(reader: httpx.AsyncClient, counted: list[Any]) -> None:
    assert set(await asyncio.gather(*(matched(reader, limit=number) for number in range(1, 20)))) == {IN_FORCE}
    for asked in ({"bbox": "105,20,106,22"}, {"filter": "area_m2 > 0"}, {"commune_code": "99002"}, {"datetime": "../.."}):
        await matched(reader, **asked)
    for url in (HERE, PARCELS):
        assert (await reader.get(url)).status_code == 200
    assert len(counted) == 1


async def test_it_follows_writes(client: httpx.AsyncClient, write: Write) -> None:
    assert await matched(client) == 0
    write(QUARTER)
    assert await until(client, bool) == IN_FORCE
    await asyncio.sleep(0.1)
    write("DELETE FROM land.parcel WHERE parcel_no = '4'")
    assert await until(client, lambda found: found not in (None, IN_FORCE)) == IN_FORCE - 1
    assert (await client.get(HERE)).json()["itemCount"] == IN_FORCE - 1


@pytest.mark.usefixtures("quarter")
async def test_it_follows_the_legal_day(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def turn(day: date) -> None:
        for module in ("api.ogc.ask", "api.ogc.collections"):
            monkeypatch.setattr(f"{module}.legal_today", lambda: day)

    monkeypatch.setattr(layer_facts, "COUNT_SHARE", 1.0)
    for day, number in ((date(2019, 12, 31), 0), (date(2023, 12, 31), 54), (date(2024, 1, 1), IN_FORCE), (date(2090, 1, 1), 54)):
        turn(day)
        assert await matched(client, limit=1) == number
        assert (await client.get(HERE)).json()["itemCount"] == number


@pytest.mark.usefixtures("quarter")
async def test_a_long_count_is_not_waited_for_and_not_begun_again_soon(
    app: FastAPI, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    going_on = asyncio.Event()
    counted: list[Any] = []

    async def slowly(connection: Any, query: Any) -> int:
        counted.append(query)
        await going_on.wait()
        return await count_features(connection, query)

    monkeypatch.setattr(layer_facts, "count_features", slowly)
    monkeypatch.setattr(layer_facts, "COUNT_WAIT_SECONDS", 0.05)
    assert await matched(client) is None
    assert "itemCount" not in (await client.get(HERE)).json()
    going_on.set()
    assert await until(client, bool) == IN_FORCE
    assert len(counted) == 1
    facts = app.state.services.facts
    tomorrow = legal_today() + timedelta(days=1)
    assert await facts.count(LAYER, tomorrow) is None, "counting took a while: not again within twenty times as long"
    assert len(counted) == 1
    facts._count_again_at.clear()
    assert await facts.count(LAYER, tomorrow) == IN_FORCE
    assert len(counted) == 2


async def test_a_count_that_fails_is_not_told(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    from spatial.errors import Unavailable

    async def fail(*_: Any) -> int:
        raise Unavailable("The question needs more time than one request may take.")

    monkeypatch.setattr(layer_facts, "count_features", fail)
    assert await matched(client, limit=1) == 0, "an empty page says it by itself"
    assert "itemCount" not in (await client.get(HERE)).json()


async def test_no_cursor_makes_the_server_count(reader: httpx.AsyncClient, counted: list[Any]) -> None:
    assert await matched(reader) == IN_FORCE
    version = 1
    for day in (legal_today() - timedelta(days=1), date(1, 1, 1), legal_today()):
        for changed in (0, 7):
            cursor = write_cursor(LAYER, (), Begin((1,), version + changed), day)
            await matched(reader, cursor=cursor, limit=1)
    assert len(counted) == 1
