"""What is counted: every route by its template, in a number of series that no client can raise."""

import logging
import re

import httpx
import pytest
from fastapi import FastAPI

from api import coverages, docs, extract, health, lookup, metrics, ogc, page, page_config, rollups, search, tiles
from api.app import create_app
from spatial.settings import Settings

ROUTERS = (ogc, health, metrics, tiles, coverages, page_config, rollups, lookup, search, docs, extract, page)
TEMPLATES = sorted(
    {str(route.path).rstrip("/") or "/" for module in ROUTERS for route in module.router.routes}
    | {"/openapi.json", "/assets/{file}"}
)


def counted(text: str) -> dict[tuple[str, str, str], float]:
    """Read the number of requests by method, route and status."""
    found = re.findall(r'^dothi_http_request_seconds_count\{method="(.*)",route="(.*)",status="(.*)"\} (.*)$', text, re.MULTILINE)
    return {(method, route, status): float(number) for method, route, status, number in found}


def address(template: str) -> str:
    """Fill a template with what may not be there."""
    return re.sub(r"\{[a-z_:]+\}", lambda name: {"{layer}": "parcels", "{collection}": "parcels"}.get(name[0], "7"), template)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
async def test_every_route_is_counted_and_logged_by_its_template(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, method: str
) -> None:
    answered: list[tuple[str, str, str]] = []
    with caplog.at_level(logging.INFO, logger="dothi.access"):
        for route in TEMPLATES:
            caplog.clear()
            answer = await client.request(method, address(route))
            answered.append((method, route, str(answer.status_code)))
            assert [vars(record)["path"] for record in caplog.records if record.name == "dothi.access"] == [route]
    found = counted((await client.get("/metrics")).text)
    assert set(answered) <= found.keys()
    assert not [key for key in found if key[1] == "(none)"]


async def test_no_client_can_raise_the_number_of_series(app: FastAPI, client: httpx.AsyncClient) -> None:
    paths = (
        "/ogc/collections/{}", "/ogc/collections/{}/items", "/ogc/collections/parcels/items/{}", "/id/parcels/{}", "/id/{}/x",
        "/{}", "/ogc/{}", "/assets/{}", "/ogc/collections/parcels/tiles/{}/1/1/1", "/a/{}/b",
    )  # fmt: skip
    for number in range(40):
        for path in paths:
            await client.request(("GET", "BREW")[number % 2], path.format(f"x{number}"), headers={"accept": f"text/x{number}"})
    found = counted((await client.get("/metrics")).text)
    assert {route for _, route, _ in found} <= {*TEMPLATES, "(none)"}
    assert {method for method, _, _ in found} == {"GET", "OTHER"}
    assert len(found) < 40


async def test_requests_are_counted_by_route_and_status(client: httpx.AsyncClient) -> None:
    await client.get("/health/live")
    await client.get("/health/live")
    await client.get("/ogc/collections/parcels/tiles/WebMercatorQuad/99/0/0")
    text = (await client.get("/metrics")).text
    assert 'dothi_http_request_seconds_count{method="GET",route="/health/live",status="200"} 2.0' in text
    assert 'status="404"' in text
    assert "/99/" not in text
    assert "dothi_database_connections" in text


async def test_unknown_addresses_make_one_series(client: httpx.AsyncClient) -> None:
    for number in range(5):
        await client.get(f"/nowhere/{number}/at/all")
    text = (await client.get("/metrics")).text
    assert "nowhere" not in text
    assert 'route="(none)",status="404"} 5.0' in text


async def test_two_apps_do_not_share_counters(client: httpx.AsyncClient, lonely_client: httpx.AsyncClient) -> None:
    await client.get("/health/live")
    assert 'route="/health/live"' not in (await lonely_client.get("/metrics")).text


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("203.0.113.7", {}, 403),
        ("127.0.0.1", {"x-forwarded-proto": "https"}, 403),
        ("127.0.0.1", {"via": "1.1 proxy"}, 403),
    ],
)
async def test_without_a_token_only_this_machine_is_answered(
    app: FastAPI, peer: str, headers: dict[str, str], status: int
) -> None:
    transport = httpx.ASGITransport(app, client=(peer, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        assert (await client.get("/metrics", headers=headers)).status_code == status


@pytest.mark.parametrize(
    ("sent", "status"),
    [("Bearer " + "s" * 16, 200), ("Bearer " + "t" * 16, 403), ("s" * 16, 403), ("Bearer é", 403), (None, 403)],
)
async def test_with_a_token_it_is_asked_for(sent: str | None, status: int) -> None:
    app = create_app(Settings(metrics_token="s" * 16), database_url="postgresql://nobody@127.0.0.1:1/none")
    headers = [] if sent is None else [(b"authorization", sent.encode())]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
        answer = await client.get("/metrics", headers=headers)
    assert answer.status_code == status
    assert (status == 200) == ("dothi_http_request_seconds" in answer.text)
