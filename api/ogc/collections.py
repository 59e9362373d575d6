"""The collections: what each holds, where, since when, in which coordinate systems, and where to go from there."""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api import coverages
from api.links import Link
from api.ogc.visit import GEOJSON, HTML, JSON, SCHEMA_JSON, Visit, public_layers, visit
from spatial.crs import CRS84_URI, SUPPORTED
from spatial.features.extent import Extent
from spatial.layers import Layer
from spatial.selection import legal_today

_REL = "http://www.opengis.net/def/rel/ogc/1.0"
_GREGORIAN = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"


async def list_collections(request: Request) -> Response:
    """List the collections that anybody may see."""
    asked = visit(request)
    layers = public_layers(asked.services)
    extents = [await asked.services.facts.extent(layer) for layer in layers]
    counts = await asyncio.gather(*(_count(asked, layer) for layer in layers))
    facts = zip(layers, extents, counts, strict=True)
    document = {
        "links": [link.as_json() for link in asked.own_links()],
        "crs": [crs.uri for crs in SUPPORTED],
        "collections": [describe(asked, layer, extent, count, crs=["#/crs"]) for layer, extent, count in facts],
    }
    return asked.answer(document, "collections.html")


async def read_collection(request: Request) -> Response:
    """Describe one collection."""
    asked = visit(request)
    layer = asked.layer()
    extent, count = await asked.services.facts.extent(layer), await _count(asked, layer)
    document = describe(asked, layer, extent, count, crs=[crs.uri for crs in SUPPORTED])
    return asked.answer(document, "collection.html")


async def _count(asked: Visit, layer: Layer) -> int | None:
    return await asked.services.facts.count(layer, legal_today())


def describe(asked: Visit, layer: Layer, extent: Extent, count: int | None, *, crs: list[str]) -> dict[str, Any]:
    """Give the description of a collection; `itemCount` where the number of features in force today is known."""
    described: dict[str, Any] = {
        "id": layer.name,
        "title": layer.title.in_language(asked.language),
        "description": layer.description.in_language(asked.language),
        "keywords": list(layer.keywords),
        "license": layer.licence,
        "group": layer.group.in_language(asked.language),
        "itemType": "feature",
        **({} if count is None else {"itemCount": count}),
        "crs": crs,
        "storageCrs": CRS84_URI,
        "extent": {
            "spatial": {"bbox": [list(extent.bounds)], "crs": CRS84_URI},
            "temporal": {
                "interval": [[f"{extent.first_day}T00:00:00Z" if extent.first_day else None, None]],
                "trs": _GREGORIAN,
            },
        },
        "links": [link.as_json() for link in _links(asked, layer)],
    }
    return described


def _links(asked: Visit, layer: Layer) -> list[Link]:
    here = f"{asked.root}/collections/{layer.name}"
    title = layer.title.in_language(asked.language)
    coverage = [
        Link(f"{here}/coverage?f={name}", f"{_REL}/coverage", media_type) for name, media_type in coverages.FORMATS.items()
    ]
    return [
        Link(f"{here}?f=json", "self" if asked.format == "json" else "alternate", JSON, title),
        Link(f"{here}?f=html", "self" if asked.format == "html" else "alternate", HTML, title),
        Link(f"{here}/items?f=json", "items", GEOJSON, title),
        Link(f"{here}/items?f=html", "items", HTML, title),
        Link(f"{here}/schema?f=json", f"{_REL}/schema", SCHEMA_JSON),
        Link(f"{here}/schema/feature?f=json", "describedBy", SCHEMA_JSON),  # GDAL knows it with this capital only
        Link(f"{here}/queryables?f=json", f"{_REL}/queryables", SCHEMA_JSON),
        Link(f"{here}/sortables?f=json", f"{_REL}/sortables", SCHEMA_JSON),
        Link(f"{here}/tiles", f"{_REL}/tilesets-vector", JSON),
        *(coverage if layer.name == coverages.COLLECTION else []),
        Link(licence_address(layer.licence), "license", HTML, layer.licence),
    ]


def licence_address(licence: str) -> str:
    """Give the page that tells an SPDX licence."""
    if licence.startswith("CC-BY-"):
        return f"https://creativecommons.org/licenses/by/{licence.rsplit('-', 1)[1]}/"
    return f"https://spdx.org/licenses/{licence}.html"
