from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from api import page
from api.app import create_app
from spatial.layers import LAYERS, Access
from spatial.settings import Settings
from tests.api.conftest import PARCEL_GRID, Write, serving


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> FastAPI:
    """An app whose page is built: a folder as Vite writes it."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text('<!doctype html><script src="/assets/index-abc123.js"></script>', "utf-8")
    (tmp_path / "assets" / "index-abc123.js").write_text("console.log(1)", "utf-8")
    (tmp_path / "favicon.svg").write_text("<svg/>", "utf-8")
    monkeypatch.setattr(page, "DIST", tmp_path)
    return create_app(settings, database_url="postgresql://dothi_api:x@127.0.0.1:1/dothi")


async def test_the_page_is_asked_for_anew_and_its_hashed_files_never(built: FastAPI) -> None:
    async with serving(built) as client:
        index = await client.get("/")
        script = await client.get("/assets/index-abc123.js")
        icon = await client.get("/favicon.svg")
    assert index.status_code == script.status_code == icon.status_code == 200
    assert index.headers["content-type"].startswith("text/html")
    assert index.headers["cache-control"] == "no-cache"
    assert "immutable" in script.headers["cache-control"]
    assert "immutable" not in icon.headers["cache-control"]


@pytest.mark.parametrize(
    "path", ["/assets/none.js", "/none.svg", "/assets/../page.py", "/..%2fpage.py", "/assets/%2e%2e/%2e%2e/app.py"]
)
async def test_nothing_but_the_built_files_is_served(built: FastAPI, path: str) -> None:
    async with serving(built) as client:
        answer = await client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_page_that_is_not_built_says_how_to(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, lonely_client: httpx.AsyncClient
) -> None:
    monkeypatch.setattr(page, "DIST", tmp_path / "nothing")
    answer = await lonely_client.get("/")
    assert answer.status_code == 503
    assert "make web" in answer.text


async def test_the_configuration_names_every_public_layer_with_its_colours(client: httpx.AsyncClient) -> None:
    config = (await client.get("/page/config")).json()
    public = [layer for layer in LAYERS if layer.access is Access.PUBLIC]
    assert [layer["name"] for layer in config["layers"]] == [layer.name for layer in public]
    parcels = next(layer for layer in config["layers"] if layer["name"] == "parcels")
    assert parcels["tiles"].endswith("/{z}/{y}/{x}?f=mvt")
    urban_residential = next(rule for rule in parcels["style"]["rules"] if rule["value"] == "ODT")
    assert urban_residential["fill"].startswith("#")
    assert urban_residential["label"]["vi"] != urban_residential["label"]["en"]
    assert config["basemap"] is None
    assert config["notices"] == []


async def test_the_page_says_so_when_boundaries_are_schematic_or_data_are_samples(
    client: httpx.AsyncClient, write: Write
) -> None:
    write(
        "INSERT INTO ingest.source (code, name, is_sample) VALUES ('mau', 'Dữ liệu mẫu', true)",
        "UPDATE ingest.batch SET source_code = 'mau' WHERE id = current_setting('dothi.batch_id')::bigint",
        """INSERT INTO admin.unit (code, level, name, boundary_quality, valid_from, geom)
           VALUES ('VN', 'nation', 'Việt Nam', 'schematic', '2025-07-01', ST_Multi(ST_MakeEnvelope(103, 8, 109, 23, 4326)))""",
    )
    notices = (await client.get("/page/config")).json()["notices"]
    assert [notice["level"] for notice in notices] == ["warning", "info"]
    assert "Dữ liệu mẫu" in notices[0]["text"]["vi"]
    assert "schematic" in notices[1]["text"]["en"]


async def test_the_configuration_is_not_sent_twice(client: httpx.AsyncClient, write: Write) -> None:
    write(PARCEL_GRID, side=2)
    first = await client.get("/page/config")
    for _ in range(50):
        if (again := await client.get("/page/config", headers={"if-none-match": first.headers["etag"]})).status_code == 304:
            break
        first = await client.get("/page/config")
    assert again.status_code == 304
    assert again.content == b""
