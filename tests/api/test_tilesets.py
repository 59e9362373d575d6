"""What the server says of its tiles: where they are, under which media type, by which name of the operation."""

import asyncio
from typing import Any

import httpx
import pytest

from spatial.layers import LAYERS, Access
from spatial.tiles import Tile
from tests.api.conftest import PARCEL_GRID, Write

TILES = "/ogc/collections/parcels/tiles"
BASE = f"{TILES}/WebMercatorQuad"
TILEJSON = "application/vnd.mapbox.tilejson+json"


async def extent(client: httpx.AsyncClient) -> list[float]:
    found: list[float] = (await client.get("/ogc/collections/parcels")).json()["extent"]["spatial"]["bbox"][0]
    return found


async def test_bounds_are_those_of_the_layer(client: httpx.AsyncClient, write: Write) -> None:
    country = await extent(client)
    assert (await client.get(BASE, params={"f": "tilejson"})).json()["bounds"] == country
    write(PARCEL_GRID, side=10)
    for _ in range(200):  # the news of a write takes a moment to arrive
        if await extent(client) != country:
            break
        await asyncio.sleep(0.02)
    bounds = await extent(client)
    assert bounds == pytest.approx([105.8, 21.0, 105.801, 21.001], abs=1e-5)
    assert (await client.get(BASE, params={"f": "tilejson"})).json()["bounds"] == bounds
    tileset = (await client.get(BASE)).json()
    assert tileset["boundingBox"]["lowerLeft"] + tileset["boundingBox"]["upperRight"] == bounds
    for limit in tileset["tileMatrixSetLimits"]:
        first, last = (Tile.at(int(limit["tileMatrix"]), *corner) for corner in ((bounds[0], bounds[3]), (bounds[2], bounds[1])))
        assert (limit["minTileRow"], limit["minTileCol"]) == (first.row, first.col)
        assert (limit["maxTileRow"], limit["maxTileCol"]) == (last.row, last.col)


@pytest.mark.parametrize(
    ("asked", "accept", "sent"),
    [
        ("json", "*/*", "application/json"), (None, "*/*", "application/json"), (None, "application/json", "application/json"),
        ("tilejson", "*/*", TILEJSON), (None, TILEJSON, TILEJSON), (None, f"{TILEJSON}, */*;q=0.1", TILEJSON),
        (None, "application/vnd.mapbox.tile+json", TILEJSON), ("tilejson", "application/json", TILEJSON),
        (None, "text/html,application/xhtml+xml,*/*;q=0.8", "application/json"),
    ],
)  # fmt: skip
async def test_what_is_negotiated_is_what_is_sent(client: httpx.AsyncClient, asked: str | None, accept: str, sent: str) -> None:
    answer = await client.get(BASE, params={"f": asked} if asked else {}, headers={"accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == sent
    assert ("tilejson" in answer.json()) == (sent == TILEJSON)
    tileset = (await client.get(BASE)).json()
    (described,) = (link for link in tileset["links"] if link["rel"] == "describedby")
    assert (await client.get(described["href"])).headers["content-type"] == described["type"]


@pytest.mark.parametrize("url", ["/ogc/tileMatrixSets", "/ogc/tileMatrixSets/WebMercatorQuad", TILES, BASE])
async def test_a_format_that_is_not_offered_is_refused(client: httpx.AsyncClient, url: str) -> None:
    for unknown in ("garbage", "html", "mvt", ""):
        answer = await client.get(url, params={"f": unknown, "lang": "en"})
        assert answer.status_code == 400, unknown
        assert (f"f='{unknown}' is not offered here" in answer.text) or unknown == "html"
    assert (await client.get(url, headers={"accept": "text/csv"})).status_code == 406
    assert (await client.get(url, params={"f": "json"})).status_code == 200
    assert (await client.get(url, params={"f": "tilejson"})).status_code == (200 if url == BASE else 400)


async def test_operations_are_named_as_the_standard_wants_them(client: httpx.AsyncClient) -> None:
    paths: dict[str, Any] = (await client.get("/ogc/api", params={"f": "json"})).json()["paths"]
    names = {path: one["get"]["operationId"] for path, one in paths.items()}
    assert len(set(names.values())) == len(names)
    for layer in (layer for layer in LAYERS if layer.access is Access.PUBLIC):
        here = f"/collections/{layer.name}/tiles"
        assert names[here].endswith(".collection.vector.getTileSetsList")
        assert names[f"{here}/{{tileMatrixSetId}}"].endswith(".collection.vector.getTileSet")
        assert names[f"{here}/{{tileMatrixSetId}}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}"].endswith(".collection.vector.getTile")
    assert names["/tileMatrixSets"] == "getTileMatrixSetsList"
