"""What the page needs to draw itself: layers with styles, the base map, where to begin, what to say about the data."""

import math
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.etag import is_current, make_etag, not_modified, release
from api.params import refuse_unknown
from api.services import Services, Shared, lane_of
from api.tiles import MATRIX_SET, public_layers
from spatial.compiled import AsyncConnection
from spatial.layers import Layer, Rule, Text, find_layer
from spatial.legend import Notices, read_extent, read_notices, read_rules
from spatial.places import PLACES, Place
from spatial.search import read_examples

BEGINS_AT = "parcels"
"""The layer whose extent the page shows at first."""
router = APIRouter(prefix="/page", include_in_schema=False)


@router.get("/config")
async def read_config(request: Request, services: Shared) -> Response:
    """Give the page's configuration; it changes with the data it speaks of."""
    refuse_unknown(request.query_params, set())
    etag = make_etag("page", sorted(services.versions.all_known().items()), services.settings.basemap_url)
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if services.versions.all_known() and is_current(request.headers.get("if-none-match"), etag):
        return not_modified(etag, headers)
    async with lane_of(request).snapshot() as connection:
        return JSONResponse(await _config(connection, services), headers=headers)


async def _config(connection: AsyncConnection, services: Services) -> dict[str, Any]:
    settings = services.settings
    layers = public_layers(services)
    basemap = {"url": settings.basemap_url, "attribution": settings.basemap_attribution} if settings.basemap_url else None
    begin = find_layer(BEGINS_AT, layers.values()) if BEGINS_AT in layers else next(iter(layers.values()))
    return {
        "title": {"vi": "Dữ liệu đô thị", "en": "Urban data"},
        "version": release(),
        "basemap": basemap,
        "default_view": _view(await read_extent(connection, begin)),
        "layers": [_layer(layer, await read_rules(connection, layer)) for layer in layers.values()],
        "places": [_place(place) for place in PLACES],
        "examples": dict(zip(("parcel", "address"), await read_examples(connection), strict=True)),
        "notices": _notices(await read_notices(connection)),
    }


def _view(extent: tuple[float, float, float, float]) -> dict[str, Any]:
    west, south, east, north = extent
    widest = max(east - west, 1.6 * (north - south), 0.002)
    return {
        "lon": round((west + east) / 2, 6),
        "lat": round((south + north) / 2, 6),
        "bbox": [round(degrees, 6) for degrees in extent],
        "zoom": min(16, max(4, round(math.log2(360 / widest) + 0.4, 1))),
    }


def _place(place: Place) -> dict[str, Any]:
    return {
        "code": place.code,
        "kind": place.kind,
        "name": _text(place.name),
        "part_of": _text(place.part_of) if place.part_of else None,
        "lon": place.lon,
        "lat": place.lat,
    }


def _layer(layer: Layer, rules: tuple[Rule, ...]) -> dict[str, Any]:
    style = layer.style
    return {
        "name": layer.name,
        "title": _text(layer.title),
        "description": _text(layer.description),
        "geometry": layer.geometry_kind.value,
        "group": _text(layer.group),
        "minzoom": layer.tiling.minzoom,
        "maxzoom": layer.tiling.maxzoom,
        "tiles": f"/ogc/collections/{layer.name}/tiles/{MATRIX_SET}/{{z}}/{{y}}/{{x}}?f=mvt",
        "source_layer": layer.name,
        "licence": layer.licence,
        "visible": layer.shown,
        "style": {
            "column": style.column,
            "label_column": style.label_column if style.label_column in layer.tiling.columns else None,
            "opacity": style.opacity,
            "rules": [_rule(rule) for rule in rules],
            "default": {"fill": style.fill, "stroke": style.stroke, "width": style.width, "dash": None},
        },
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "value": rule.value,
        "label": _text(rule.label),
        "fill": rule.fill,
        "stroke": rule.stroke,
        "width": rule.width,
        "dash": rule.dash,
    }


def _notices(notices: Notices) -> list[dict[str, Any]]:
    told = []
    if notices.has_sample_data:
        text = Text(
            "Dữ liệu mẫu: đô thị, thửa đất và quy hoạch ở đây là hư cấu, không dùng để tra cứu thật.",
            "Sample data: the city, parcels and plans shown are made up and answer no real question.",
        )
        told.append({"level": "warning", "text": _text(text)})
    if notices.has_schematic_boundaries:
        text = Text(
            "Ranh giới hành chính chỉ là sơ đồ, không phải ranh giới chính thức.",
            "Administrative boundaries are schematic, not official.",
        )
        told.append({"level": "info", "text": _text(text)})
    return told


def _text(text: Text) -> dict[str, str]:
    return {"vi": text.vi, "en": text.en}
