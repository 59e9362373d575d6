"""Landing page, conformance, collections, schemas and OpenAPI: complete, linked, and the same for every declared layer."""

import asyncio
import json
import re
from typing import Any

import httpx
import pytest

from spatial.layers import LAYERS, Access
from tests.api.conftest import Write
from tests.api.ogc.conftest import PARCELS, QUARTER

PUBLIC = [layer for layer in LAYERS if layer.access is Access.PUBLIC]
STAFF = [layer for layer in LAYERS if layer.access is Access.STAFF]


def href(document: dict[str, Any], rel: str, media_type: str | None = None) -> str:
    found = [link["href"] for link in document["links"] if link["rel"] == rel and media_type in (None, link.get("type"))]
    assert found, f"no link {rel}"
    return str(found[0])


@pytest.mark.parametrize("url", ["/ogc", "/ogc/"])
async def test_the_landing_page_leads_everywhere(client: httpx.AsyncClient, url: str) -> None:
    landing = (await client.get(url)).json()
    for rel in ("self", "alternate", "service-desc", "service-doc", "conformance", "data"):
        assert (await client.get(href(landing, rel))).status_code == 200


async def test_each_public_layer_is_a_collection_whose_links_all_answer(client: httpx.AsyncClient) -> None:
    listed = (await client.get("/ogc/collections")).json()
    assert [one["id"] for one in listed["collections"]] == [layer.name for layer in PUBLIC]
    for one in listed["collections"]:
        for link in one["links"]:
            if link["rel"] != "license":
                # a grid that was never loaded has a coverage with nothing in it
                wanted = 204 if link["rel"].endswith("/coverage") else 200
                assert (await client.get(link["href"])).status_code == wanted, link


@pytest.mark.parametrize("layer", STAFF, ids=lambda layer: layer.name)
@pytest.mark.parametrize("tail", ["", "/items", "/items/1", "/queryables", "/schema", "/sortables"])
async def test_a_staff_layer_does_not_exist_for_the_public(client: httpx.AsyncClient, layer: Any, tail: str) -> None:
    answer = await client.get(f"/ogc/collections/{layer.name}{tail}")
    assert answer.status_code == 404
    named = answer.json()["detail"].split("Các lớp:")[1]
    assert layer.name not in named


async def test_the_extent_holds_every_feature(client: httpx.AsyncClient, write: Write) -> None:
    before = (await client.get("/ogc/collections/parcels")).json()["extent"]
    assert before["spatial"]["bbox"] == [[102.0, 6.0, 118.0, 23.5]]
    write(QUARTER)
    for _ in range(200):  # the news of a write takes a moment to arrive
        extent = (await client.get("/ogc/collections/parcels")).json()["extent"]
        if extent != before:
            break
        await asyncio.sleep(0.02)
    west, south, east, north = extent["spatial"]["bbox"][0]
    assert (west, south) == pytest.approx((105.8, 21.0), abs=1e-6)
    assert (east, north) == pytest.approx((105.8078, 21.0078), abs=1e-6)
    assert extent["temporal"]["interval"][0][0] == "2020-01-01T00:00:00Z"


async def test_the_default_crs_is_first_and_storage_is_named(client: httpx.AsyncClient) -> None:
    parcels = (await client.get("/ogc/collections/parcels")).json()
    assert parcels["crs"][0] == "http://www.opengis.net/def/crs/OGC/1.3/CRS84" == parcels["storageCrs"]
    assert "http://www.opengis.net/def/crs/EPSG/0/9210" in parcels["crs"]
    listed = (await client.get("/ogc/collections")).json()
    assert listed["crs"] == parcels["crs"]
    assert all(one["crs"] == ["#/crs"] for one in listed["collections"])


@pytest.mark.parametrize("layer", PUBLIC, ids=lambda layer: layer.name)
async def test_a_feature_has_exactly_the_properties_of_its_schema(client: httpx.AsyncClient, layer: Any, write: Write) -> None:
    write(QUARTER)
    schema = (await client.get(f"/ogc/collections/{layer.name}/schema")).json()
    described = {name for name, one in schema["properties"].items() if one.get("x-ogc-role") not in ("id", "primary-geometry")}
    assert described == {column.name for column in layer.properties}
    page = (await client.get(f"/ogc/collections/{layer.name}/items")).json()
    assert all(set(feature["properties"]) == described for feature in page["features"])


async def test_words_of_a_closed_list_are_in_the_queryables(client: httpx.AsyncClient) -> None:
    lines = (await client.get("/ogc/collections/planning_lines/queryables")).json()["properties"]
    assert lines["kind"]["enum"] == ["red_line", "building_line", "corridor"]
    assert lines["geom"] == {
        "title": "Hình học, WGS 84 (EPSG:4326)", "x-ogc-role": "primary-geometry", "format": "geometry-multilinestring"
    }  # fmt: skip
    assert "batch_id" not in lines


async def test_titles_are_in_the_language_asked_for(client: httpx.AsyncClient) -> None:
    async def title(**asked: Any) -> str:
        return str((await client.get("/ogc/collections/parcels", **asked)).json()["title"])

    assert await title() == "Thửa đất"
    assert await title(params={"lang": "en"}) == "Parcels"
    assert await title(headers={"accept-language": "en-GB,en;q=0.9"}) == "Parcels"
    assert await title(headers={"accept-language": "fr"}) == "Thửa đất"


async def test_openapi_describes_what_the_server_accepts(client: httpx.AsyncClient) -> None:
    answer = await client.get("/ogc/api?f=json")
    assert answer.headers["content-type"] == "application/vnd.oai.openapi+json;version=3.0"
    document = answer.json()
    assert document["servers"] == [{"url": "http://127.0.0.1/ogc"}]
    assert all(reference.startswith("#/") for reference in re.findall(r'"\$ref": ?"([^"]*)"', json.dumps(document)))
    for layer in PUBLIC:
        operation = document["paths"][f"/collections/{layer.name}/items"]["get"]
        parameters = [_resolved(document, parameter) for parameter in operation["parameters"]]
        assert {"limit", "bbox", "datetime"} <= {parameter["name"] for parameter in parameters}
        assert all(parameter["style"] == "form" and parameter["explode"] is False for parameter in parameters)
    samples = {"string": "x", "integer": "1", "number": "1", "boolean": "true", "array": "1,2,3,4"}
    operation = document["paths"]["/collections/parcels/items"]["get"]
    for parameter in (_resolved(document, one) for one in operation["parameters"]):
        answer = await client.get(PARCELS, params={parameter["name"]: samples[parameter["schema"]["type"]]})
        assert answer.status_code == 200 or "không có tham số" not in answer.json()["detail"], parameter["name"]


def _resolved(document: dict[str, Any], parameter: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in parameter:
        found = document["components"]["parameters"][parameter["$ref"].rsplit("/", 1)[1]]
        assert isinstance(found, dict)
        return found
    return parameter


async def test_openapi_lists_every_path_of_a_collection(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/ogc/api")).json()["paths"]
    for path in paths:
        url = "/ogc" + path.replace("{featureId}", "1").replace("{tileMatrixSetId}", "WebMercatorQuad")
        url = url.replace("{tileMatrix}", "18").replace("{tileRow}", "1").replace("{tileCol}", "1")
        status = (await client.get(url)).status_code
        if "featureId" in path:
            assert status == 404, path
        else:
            assert status == (204 if path.endswith(("/coverage", "{tileCol}")) else 200), path


@pytest.mark.parametrize(
    "url", ["/ogc?x=1", "/ogc/collections?limt=1", "/ogc/conformance?q=1", "/ogc/collections/parcels?bbox=1"]
)
async def test_an_unknown_parameter_is_refused_everywhere(client: httpx.AsyncClient, url: str) -> None:
    answer = await client.get(url)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


async def test_conformance_names_no_class_twice(client: httpx.AsyncClient) -> None:
    classes = (await client.get("/ogc/conformance")).json()["conformsTo"]
    assert len(classes) == len(set(classes))
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in classes
