import httpx


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
