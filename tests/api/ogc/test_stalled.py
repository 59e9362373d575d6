"""A long page whose client does not take it: the connection is given back, and what is sent later is still the page begun."""

import asyncio
import json
from typing import Any

import pytest

from api.app import create_app
from spatial.settings import Settings
from tests.api.conftest import Write, serving
from tests.api.ogc.conftest import IN_FORCE, PARCELS
from tests.conftest import Database

ASKED = (
    "limit=100", "limit=20", "limit=100&sortby=-area_m2", "limit=100&bbox=105.7,20.9,105.9,21.1", "limit=40&offset=5",
    "limit=100&filter=area_m2>0",
)  # fmt: skip
LINES = "UPDATE land.parcel SET area_m2 = area_m2 + 1, address = 'changed' WHERE parcel_no::int % 2 = 0"
GONE = "DELETE FROM land.parcel WHERE parcel_no IN ('30', '41')"


class Client:
    """A client of the application without a socket, which takes parts as this test lets it."""

    def __init__(self, app: Any, query: str) -> None:
        self._app = app
        self._query = query
        self._gone = asyncio.Event()
        self.takes = asyncio.Event()
        self.body = b""

    async def ask(self) -> dict[str, Any]:
        scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET",
            "scheme": "http", "path": PARCELS, "raw_path": PARCELS.encode(), "root_path": "", "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80), "query_string": self._query.encode(), "headers": [(b"host", b"127.0.0.1")],
        }  # fmt: skip
        await self._app(scope, self._receive, self._send)
        return dict(json.loads(self.body))

    async def _receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.body":
            await self.takes.wait()
            self.body += message.get("body", b"")

    def leave(self) -> None:
        self._gone.set()


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Long pages of 7 rows a part, and little patience."""
    monkeypatch.setattr("api.ogc.items.WHOLE_PAGE", 0)
    monkeypatch.setattr("api.ogc.items.LEAST_PATIENCE", 0.05)
    monkeypatch.setattr("api.ogc.items.MOST_PATIENCE", 0.05)
    monkeypatch.setattr("spatial.features.page.STREAM_ROWS", 7)


@pytest.mark.usefixtures("quarter", "parts")
@pytest.mark.parametrize("query", ASKED)
async def test_who_stalls_holds_no_connection_and_gets_the_page_that_was_begun(
    database: Database, settings: Settings, write: Write, query: str
) -> None:
    app = create_app(settings, database_url=database.login("dothi_api"))
    async with serving(app) as asking:
        wanted = (await asking.get(f"{PARCELS}?{query}")).json()
        pool = app.state.services.lanes
        client = Client(app, query)
        answer = asyncio.create_task(client.ask())
        await until(lambda: pool.size > pool.idle)
        await until(lambda: pool.size == pool.idle)
        assert not client.body
        write(LINES, GONE)
        for _ in range(2):
            client.takes.set()
            await asyncio.sleep(0)
            client.takes.clear()
            await asyncio.sleep(0.2)
            assert pool.size == pool.idle
        client.takes.set()
        given = await answer
    assert given["features"] == wanted["features"]
    assert given["numberReturned"] == wanted["numberReturned"]
    assert [link["rel"] for link in given["links"]] == [link["rel"] for link in wanted["links"]]


@pytest.mark.usefixtures("quarter", "parts")
async def test_who_goes_costs_nothing_any_longer(database: Database, settings: Settings) -> None:
    app = create_app(settings, database_url=database.login("dothi_api"))
    async with serving(app) as asking:
        assert (await asking.get(PARCELS)).status_code == 200
        client = Client(app, "limit=100")
        answer = asyncio.create_task(client.ask())
        await asyncio.sleep(0.3)
        client.leave()
        with pytest.raises(json.JSONDecodeError):
            await answer
        pool = app.state.services.lanes
        await until(lambda: pool.size == pool.idle)
        assert len(asyncio.all_tasks()) < 10
    assert IN_FORCE > 7


async def until(holds: Any) -> None:
    for _ in range(200):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never held")
