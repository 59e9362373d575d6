"""Vector tiles over HTTP, read back by GDAL; their cache against writes, and the short way against the long one."""

import asyncio
import gzip
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pyogrio
import pytest
from fastapi import FastAPI

from api import tile_door
from api.tile_cache import CachedTile, TileCache
from api.work import Work
from spatial.layers import LAYERS, Access, find_layer
from spatial.selection import LegalPeriod, legal_today
from spatial.tiles import (
    BUFFER,
    EXTENT,
    LINEAR_FROM_ZOOM,
    MAX_BYTES,
    Detail,
    DrawnTile,
    Tile,
    draw_tile,
    tile_statement,
    tile_values,
)
from tests.api.conftest import PARCEL_GRID, Write

BASE = "/ogc/collections/parcels/tiles/WebMercatorQuad"
HERE = Tile.at(18, 105.8002, 21.0002)
ADD_ONE = """
    INSERT INTO land.parcel (code, former_commune_code, map_sheet, parcel_no, area_m2, area_srid, province_code, commune_code,
                             valid_from, valid_to, geom)
    VALUES ('99001.99101.9.' || :code, '99101', '9', :code, 100, 9210, '01', '99001', :valid_from, :valid_to,
            ST_Multi(ST_MakeEnvelope(105.8001, 21.0001, 105.8003, 21.0003, 4326)))"""


def url_of(tile: Tile, layer: str = "parcels") -> str:
    return f"/ogc/collections/{layer}/tiles/WebMercatorQuad/{tile.zoom}/{tile.row}/{tile.col}"


def features(content: bytes, tile: Tile, folder: Path) -> Any:
    """Read a tile by GDAL; geometry in EPSG:3857."""
    path = folder / f"{tile.zoom}-{tile.col}-{tile.row}.mvt"
    path.write_bytes(content)
    return pyogrio.read_dataframe(path, X=tile.col, Y=tile.row, Z=tile.zoom, CLIP="NO")


async def settled(app: FastAPI) -> None:
    """Wait until the server knows the layer's version without asking."""
    for _ in range(200):
        if app.state.services.versions.known("land.parcel"):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the server does not listen")


async def test_a_tile_holds_the_rows_in_force_with_id_and_columns(
    client: httpx.AsyncClient, write: Write, tmp_path: Path
) -> None:
    write(PARCEL_GRID, side=3)
    answer = await client.get(url_of(HERE), params={"f": "mvt"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    frame = features(answer.content, HERE, tmp_path)
    assert sorted(frame["parcel_no"]) == sorted(f"{i}-{j}" for i in range(3) for j in range(3))
    assert set(frame["land_use_code"]) == {"ODT"}
    assert frame["mvt_id"].is_unique
    assert not {"batch_id", "address"} & set(frame.columns)


@pytest.mark.parametrize("zoom", [LINEAR_FROM_ZOOM - 1, LINEAR_FROM_ZOOM, 18])
async def test_geometry_lies_where_it_is_stored(client: httpx.AsyncClient, write: Write, tmp_path: Path, zoom: int) -> None:
    write(ADD_ONE, code="one", valid_from=date(2020, 1, 1), valid_to=None)
    tile = Tile.at(zoom, 105.8002, 21.0002)
    frame = features((await client.get(url_of(tile))).content, tile, tmp_path).to_crs(4326)
    unit = 360 / 2**zoom / 4096
    assert frame.total_bounds.tolist() == pytest.approx([105.8001, 21.0001, 105.8003, 21.0003], abs=1.01 * unit)


async def test_legal_time_is_today_unless_asked_for(client: httpx.AsyncClient, write: Write, tmp_path: Path) -> None:
    today = legal_today()
    write(ADD_ONE, code="past", valid_from=date(2010, 1, 1), valid_to=today)
    write(ADD_ONE, code="present", valid_from=today, valid_to=None)
    write(ADD_ONE, code="future", valid_from=today + timedelta(days=1), valid_to=None)

    async def seen(datetime: str | None) -> set[str]:
        answer = await client.get(url_of(HERE), params={"datetime": datetime} if datetime else {})
        return set(features(answer.content, HERE, tmp_path)["parcel_no"]) if answer.content else set()

    assert await seen(None) == {"present"}
    assert await seen("2015-06-01") == {"past"}
    assert await seen("2005-06-01") == set()
    assert await seen("../..") == {"past", "present", "future"}
    assert await seen(f"2015-01-01/{today}") == {"past", "present"}


async def test_nothing_there_is_204_and_no_zoom_is_404(client: httpx.AsyncClient) -> None:
    empty = await client.get(url_of(HERE))
    assert (empty.status_code, empty.content) == (204, b"")
    assert empty.headers["etag"]
    low = await client.get(url_of(Tile.at(12, 105.8, 21)), headers={"accept-language": "en"})
    assert low.status_code == 404
    assert "from zoom 13" in low.json()["detail"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{BASE}/18/999999999/1", 404), (f"{BASE}/99/1/1", 404), (f"{BASE}/18/-1/1", 400), (f"{BASE}/a/b/c", 400),
        (f"{BASE}/18/1/1?limit=3", 400), (f"{BASE}/18/1/1?f=png", 400), (f"{BASE}/18/1/1?datetime=soon", 400),
        ("/ogc/collections/parcels/tiles/Mars/18/1/1", 404), ("/ogc/collections/nothing/tiles/WebMercatorQuad/18/1/1", 404),
        (f"{BASE}/18/1;DROP TABLE land.parcel/1", 400), (f"{BASE}/18/1/1?datetime=2020-01-01';--", 400),
        ("/ogc/collections/violations/tiles/WebMercatorQuad/12/1/1", 404), ("/ogc/tileMatrixSets/Mars", 404),
    ],
)  # fmt: skip
async def test_what_does_not_exist_is_refused_with_a_sentence(client: httpx.AsyncClient, path: str, status: int) -> None:
    answer = await client.get(path)
    assert answer.status_code == status
    assert answer.json()["detail"]


async def test_a_copy_that_holds_is_not_sent_again_and_no_table_is_read(
    app: FastAPI, client: httpx.AsyncClient, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(PARCEL_GRID, side=2)
    await settled(app)
    first = await client.get(url_of(HERE))
    monkeypatch.setattr("api.tile_cache.draw_tile", None)
    elsewhere = Tile.at(18, 105.9, 21.1)
    for tile in (HERE, elsewhere):
        again = await client.get(url_of(tile), headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]


async def test_a_write_shows_at_once_and_changes_the_etag(
    app: FastAPI, client: httpx.AsyncClient, write: Write, tmp_path: Path
) -> None:
    write(PARCEL_GRID, side=1)
    await settled(app)
    before = await client.get(url_of(HERE))
    assert len(features(before.content, HERE, tmp_path)) == 1
    version = app.state.services.versions.known("land.parcel")
    write(ADD_ONE, code="new", valid_from=date(2020, 1, 1), valid_to=None)
    for _ in range(100):
        if app.state.services.versions.known("land.parcel") not in (None, version):
            break
        await asyncio.sleep(0.02)
    after = await client.get(url_of(HERE), headers={"if-none-match": before.headers["etag"]})
    assert after.status_code == 200
    assert len(features(after.content, HERE, tmp_path)) == 2


async def test_the_short_way_says_what_the_long_one_says(
    app: FastAPI, client: httpx.AsyncClient, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(PARCEL_GRID, side=5)
    await settled(app)
    for headers in ({}, {"accept-encoding": "gzip"}, {"accept-encoding": "br"}):
        # only the plain address takes the short way
        long = await client.get(url_of(HERE), headers=headers, params={"datetime": str(legal_today())})
        short = await client.get(url_of(HERE), headers=headers)
        differing = {"x-request-id", "date", "access-control-allow-origin", "vary"}
        assert {k: v for k, v in short.headers.items() if k not in differing} == {
            k: v for k, v in long.headers.items() if k not in differing
        }
        assert short.content == long.content
    monkeypatch.setattr(tile_door, "host_of", lambda _: "elsewhere")
    assert (await client.get(url_of(HERE))).status_code == 200, "the long way still decides for itself"


async def test_the_short_way_lets_no_foreign_host_through(app: FastAPI, client: httpx.AsyncClient, write: Write) -> None:
    write(PARCEL_GRID, side=1)
    await settled(app)
    assert (await client.get(url_of(HERE))).status_code == 200
    assert (await client.get(url_of(HERE), headers={"host": "evil.example"})).status_code == 400


async def test_a_tile_travels_compressed_to_who_takes_it(client: httpx.AsyncClient, write: Write) -> None:
    write(PARCEL_GRID, side=5)
    plain = await client.get(url_of(HERE), headers={"accept-encoding": "identity"})
    for _ in range(2):
        async with client.stream("GET", url_of(HERE), headers={"accept-encoding": "gzip"}) as answer:
            packed = b"".join([chunk async for chunk in answer.aiter_raw()])
        assert answer.headers["content-encoding"] == "gzip"
        assert "Accept-Encoding" in answer.headers["vary"]
        assert gzip.decompress(packed) == plain.content


async def test_a_tile_wanted_by_many_is_drawn_once(
    client: httpx.AsyncClient, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(PARCEL_GRID, side=3)
    drawn = []

    async def slowly(*arguments: Any) -> DrawnTile:
        drawn.append(arguments)
        await asyncio.sleep(0.2)
        return await draw_tile(*arguments)

    monkeypatch.setattr("api.tile_cache.draw_tile", slowly)
    answers = await asyncio.gather(*(client.get(url_of(HERE)) for _ in range(8)))
    assert len({answer.content for answer in answers}) == 1
    assert len(drawn) == 1


@pytest.mark.slow
@pytest.mark.usefixtures("client")
async def test_no_tile_of_a_dense_city_is_too_large_and_none_leaves_a_parcel_out(
    app: FastAPI, write: Write, tmp_path: Path
) -> None:
    write(PARCEL_GRID, side=250)
    details = set()
    for zoom in (13, 14, 15, 16):
        tile = Tile.at(zoom, 105.812, 21.012)
        async with app.state.services.lanes[Work.TILE].connection() as connection:
            drawn = await draw_tile(connection, find_layer("parcels"), tile, LegalPeriod.on(legal_today()))
        details.add(drawn.detail)
        assert 0 < len(drawn.content) <= MAX_BYTES
        assert not drawn.left_out
        frame = features(drawn.content, tile, tmp_path)
        told = int(frame["merged_rows"].fillna(1).sum()) if "merged_rows" in frame else len(frame)
        assert parcels_in(tile.degrees()) <= told <= parcels_in(tile.degrees(2 * BUFFER / EXTENT))
        assert set(frame["land_use_code"]) == {"ODT"}
    assert details == set(Detail)


def parcels_in(bounds: tuple[float, float, float, float]) -> int:
    """Count the parcels of PARCEL_GRID with side 250 that meet a box."""
    west, south, east, north = bounds
    columns = sum(west < 105.8 + (i + 0.5) * 0.0001 < east for i in range(250))
    return columns * sum(south < 21 + (j + 0.5) * 0.0001 < north for j in range(250))


@pytest.mark.usefixtures("client")
async def test_tiles_find_their_rows_by_the_spatial_index(app: FastAPI, write: Write) -> None:
    write(PARCEL_GRID, side=120)
    statement = tile_statement(find_layer("parcels"), 18, Detail.FULL)
    arguments = statement.arguments(tile_values(HERE, LegalPeriod.on(legal_today()), 100))
    async with app.state.services.lanes[Work.TILE].connection() as connection:
        plan = await connection.fetch("EXPLAIN " + statement.sql, *arguments)
    assert "parcel_geom_idx" in "\n".join(row[0] for row in plan)


def entry(size: int, version: int = 1) -> CachedTile:
    return CachedTile(version, "e", DrawnTile(b"x" * size, 1, Detail.FULL, left_out=False))


def test_the_cache_forgets_the_least_recently_used_and_keeps_its_bound() -> None:
    cache = TileCache(5_000)
    keys = [("parcels", 18, 0, col, LegalPeriod()) for col in range(6)]
    for key in keys[:3]:
        cache.put(key, entry(1_000))
    assert cache.get(keys[0], 1) is not None
    cache.put(keys[3], entry(1_000))
    assert [cache.get(key, 1) is not None for key in keys[:4]] == [True, False, True, True]
    assert cache.bytes <= 5_000
    cache.put(keys[4], entry(10_000))
    assert cache.get(keys[4], 1) is None
    assert cache.get(keys[0], 2) is None, "another version is another tile"
    cache.put(keys[0], entry(500, version=2))
    assert cache.bytes == 2 * entry(1_000).weight + entry(500).weight


async def test_the_tileset_says_what_is_in_a_tile(client: httpx.AsyncClient) -> None:
    tileset = (await client.get(BASE, headers={"accept-language": "en"})).json()
    assert tileset["title"] == "Parcels"
    assert tileset["layers"][0]["propertiesSchema"]["properties"]["area_m2"]["type"] == "number"
    link = next(link for link in tileset["links"] if link["rel"] == "item")
    address = link["href"].format(tileMatrix=18, tileRow=HERE.row, tileCol=HERE.col)
    assert (await client.get(address)).status_code in (200, 204)
    limits = {limit["tileMatrix"]: limit for limit in tileset["tileMatrixSetLimits"]}
    assert limits["18"]["minTileCol"] <= HERE.col <= limits["18"]["maxTileCol"]
    assert limits["18"]["minTileRow"] <= HERE.row <= limits["18"]["maxTileRow"]


async def test_tilejson_leads_to_the_tiles(client: httpx.AsyncClient, write: Write) -> None:
    write(PARCEL_GRID, side=1)
    tilejson = (await client.get(BASE, params={"f": "tilejson"})).json()
    assert tilejson["vector_layers"][0]["id"] == "parcels"
    assert tilejson["minzoom"] == find_layer("parcels").tiling.minzoom
    address = tilejson["tiles"][0].format(z=18, x=HERE.col, y=HERE.row)
    assert (await client.get(address)).status_code == 200


async def test_the_matrix_set_is_the_one_of_the_standard(client: httpx.AsyncClient) -> None:
    listed = (await client.get("/ogc/tileMatrixSets")).json()["tileMatrixSets"]
    definition = (await client.get(listed[0]["links"][0]["href"])).json()
    assert definition["id"] == "WebMercatorQuad"
    assert definition["tileMatrices"][0]["scaleDenominator"] == pytest.approx(559082264.028717, rel=1e-9)
    assert definition["tileMatrices"][18]["cellSize"] == pytest.approx(0.597164283559817, rel=1e-9)


async def test_every_public_layer_has_tiles(client: httpx.AsyncClient) -> None:
    for layer in (layer for layer in LAYERS if layer.access is Access.PUBLIC):
        listed = await client.get(f"/ogc/collections/{layer.name}/tiles")
        assert listed.json()["tilesets"][0]["dataType"] == "vector"
        tile = Tile.at(max(layer.tiling.minzoom, 5), 105.8, 21.0)
        assert (await client.get(url_of(tile, layer.name))).status_code == 204


async def test_the_description_names_tiles_and_coverage(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/ogc/api", params={"f": "json"})).json()["paths"]
    assert "/collections/parcels/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}" in paths
    assert "/collections/population_grid/coverage" in paths
    assert not any("violations" in path for path in paths)
    classes = (await client.get("/ogc/conformance", params={"f": "json"})).json()["conformsTo"]
    assert any(uri.endswith("ogcapi-tiles-1/1.0/conf/mvt") for uri in classes)
    assert any("ogcapi-coverages-1" in uri for uri in classes)
    assert len(classes) == len(set(classes))
    links = (await client.get("/ogc/collections/population_grid", params={"f": "json"})).json()["links"]
    assert any(link["rel"].endswith("/coverage") for link in links)
