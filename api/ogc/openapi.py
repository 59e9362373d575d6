"""The OpenAPI 3.0 description of /ogc, made from the declared layers; nothing in it points outside of it."""

import re
from typing import Any

from sqlalchemy import Column
from starlette.requests import Request
from starlette.responses import Response

from api.etag import release
from api.negotiation import Language
from api.ogc.ask import DEFAULT_LIMIT
from api.ogc.landing import DESCRIPTION, TITLE
from api.ogc.openapi_tiles import coverage_paths, tile_paths
from api.ogc.schemas import json_type, words_of
from api.ogc.visit import GEOJSON, HTML, JSON, OPENAPI_JSON, SCHEMA_JSON, column_title, public_layers, visit
from spatial.crs import CRS84_URI, SUPPORTED
from spatial.filters import is_queryable, is_sortable
from spatial.layers import KEY_COLUMN, Layer

_PROBLEM = "application/problem+json"


async def read_api(request: Request) -> Response:
    """Give the description."""
    asked = visit(request, media_type=OPENAPI_JSON)
    layers = public_layers(asked.services)
    document = describe_api(asked.root, layers, asked.language, maximum=asked.services.settings.max_limit)
    return asked.answer(document, "api.html")


def describe_api(root: str, layers: list[Layer], language: Language, *, maximum: int) -> dict[str, Any]:
    """Describe the API.

    Args:
        root: address of the landing page, without a slash at the end.
        layers: the collections.
        language: of titles and descriptions.
        maximum: largest `limit`.
    """
    paths: dict[str, Any] = {
        "/": _get("landing", TITLE[language], {JSON: _OBJECT}, tags=["core"]),
        "/conformance": _get("conformance", "Conformance", {JSON: _OBJECT}, tags=["core"]),
        "/collections": _get("collections", "Collections", {JSON: _OBJECT}, tags=["core"]),
    }
    for layer in layers:
        paths.update(_layer_paths(layer, language))
    paths.update(tile_paths(layers, language))
    paths.update(coverage_paths(layers, language))
    return {
        "openapi": "3.0.3",
        "info": {
            "title": TITLE[language],
            "description": DESCRIPTION[language],
            "version": release(),
            "license": {"name": "CC-BY-4.0", "url": "https://creativecommons.org/licenses/by/4.0/"},
        },
        "servers": [{"url": root}],
        "tags": [
            {"name": "core", "description": TITLE[language]},
            *({"name": layer.name, "description": layer.title.in_language(language)} for layer in layers),
        ],
        "paths": paths,
        "components": {
            "parameters": _shared_parameters(maximum),
            "schemas": _SCHEMAS,
            "responses": {
                str(status): {"description": text, "content": {_PROBLEM: {"schema": {"$ref": "#/components/schemas/problem"}}}}
                for status, text in _PROBLEMS.items()
            },
        },
    }


_OBJECT: dict[str, Any] = {"type": "object"}
_PROBLEMS = {
    400: "A parameter is unknown or its value cannot be read; the answer says which and why.",
    404: "There is no such resource.",
    406: "No representation of the kind asked for.",
    503: "The database does not answer, or the question takes too long.",
}
_SCHEMAS: dict[str, Any] = {
    "problem": {
        "type": "object",
        "description": "RFC 9457",
        "required": ["type", "title", "status"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "instance": {"type": "string"},
        },
    },
    "link": {
        "type": "object",
        "required": ["href", "rel"],
        "properties": {name: {"type": "string"} for name in ("href", "rel", "type", "title", "hreflang")},
    },
    "feature": {
        "type": "object",
        "required": ["type", "geometry", "properties"],
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]},
            "id": {"type": "integer", "format": "int64"},
            "geometry": {"type": "object", "nullable": True},
            "properties": {"type": "object", "nullable": True},
            "links": {"type": "array", "items": {"$ref": "#/components/schemas/link"}},
        },
    },
    "featureCollection": {
        "type": "object",
        "required": ["type", "features"],
        "properties": {
            "type": {"type": "string", "enum": ["FeatureCollection"]},
            "features": {"type": "array", "items": {"$ref": "#/components/schemas/feature"}},
            "numberReturned": {"type": "integer", "minimum": 0},
            "numberMatched": {"type": "integer", "minimum": 0},
            "timeStamp": {"type": "string", "format": "date-time"},
            "links": {"type": "array", "items": {"$ref": "#/components/schemas/link"}},
        },
    },
}


def _shared_parameters(maximum: int) -> dict[str, Any]:
    crs = {"type": "string", "format": "uri", "enum": [crs.uri for crs in SUPPORTED], "default": CRS84_URI}
    text = {"type": "string"}
    box = {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}}
    limit = {"type": "integer", "minimum": 1, "maximum": maximum, "default": DEFAULT_LIMIT}
    offset = {"type": "integer", "minimum": 0, "default": 0}
    found: tuple[tuple[str, dict[str, Any], str], ...] = (
        ("f", _words("json", "html"), "Format."),
        ("lang", _words("vi", "en"), "Language."),
        ("limit", limit, "Features of one page at most; more than the maximum means the maximum."),
        ("bbox", box, "Features whose geometry meets the box: west,south,east,north in the axis order of bbox-crs."),
        ("bbox-crs", crs, "CRS of bbox."),
        ("crs", crs, "CRS of the coordinates in the answer."),
        ("datetime", text, "Legal time, an instant or interval that the validity meets. Without it: in force today."),
        ("filter", text, "A CQL2 filter."),
        ("filter-lang", _words("cql2-text", "cql2-json"), "Language of filter."),
        ("filter-crs", crs, "CRS of the coordinates in filter."),
        ("offset", offset, "Features left out at the beginning. Costly: follow `next` links instead."),
        ("cursor", text, "Where the page begins, as a `next` link has it."),
        ("resulttype", _words("results", "hits"), "`hits`: only the number of features."),
        ("skipGeometry", {"type": "boolean", "default": False}, "Leave the geometry out."),
        ("known_at", {"type": "string", "format": "date-time"}, "What was known at this moment."),
    )
    return {name: _parameter(name, schema, description) for name, schema, description in found}


def _words(*words: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(words), "default": words[0]}


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "description": description,
        "required": False,
        "schema": schema,
        "style": "form",
        "explode": False,
    }


_ITEMS = (
    "limit", "bbox", "datetime", "crs", "bbox-crs", "filter", "filter-lang", "filter-crs", "offset", "cursor", "resulttype",
    "skipGeometry", "known_at",
)  # fmt: skip


def _layer_paths(layer: Layer, language: Language) -> dict[str, Any]:
    here = f"/collections/{layer.name}"
    title = layer.title.in_language(language)
    feature, collection = ({"$ref": f"#/components/schemas/{name}"} for name in ("feature", "featureCollection"))
    described = {
        here: _get(f"describe-{layer.name}", title, {JSON: _OBJECT}, tags=[layer.name]),
        f"{here}/items": _get(
            f"items-{layer.name}",
            layer.description.in_language(language),
            {GEOJSON: collection},
            parameters=[*(_reference(name) for name in _ITEMS), *_layer_parameters(layer, language)],
            tags=[layer.name],
        ),
        f"{here}/items/{{featureId}}": _get(
            f"item-{layer.name}",
            title,
            {GEOJSON: feature},
            parameters=[
                {"name": "featureId", "in": "path", "required": True, "schema": {"type": "string"}, "description": "id"},
                _reference("crs"),
                _reference("known_at"),
            ],
            tags=[layer.name],
        ),
    }
    for name in ("queryables", "sortables", "schema"):
        described[f"{here}/{name}"] = _get(f"{name}-{layer.name}", f"{title}: {name}", {SCHEMA_JSON: _OBJECT}, tags=[layer.name])
    return described


def _layer_parameters(layer: Layer, language: Language) -> list[dict[str, Any]]:
    sortable = [column.name for column in layer.table.columns if is_sortable(layer, column.name)]
    signed = f"^[+-]?({'|'.join(map(re.escape, sortable))})$"
    names = [column.name for column in layer.properties]
    return [
        _parameter("sortby", {"type": "array", "items": {"type": "string", "pattern": signed}}, "Order; `-` for descending."),
        _parameter("properties", {"type": "array", "items": {"type": "string", "enum": names}}, "Properties wanted."),
        *(
            _parameter(column.name, _schema(layer, column), column_title(column, language))
            for column in layer.table.columns
            if is_queryable(layer, column.name) and column.name != KEY_COLUMN
        ),
    ]


def _schema(layer: Layer, column: Column[Any]) -> dict[str, Any]:
    words = words_of(layer, column.name)
    return {**json_type(column), **({"enum": words} if words else {})}


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/parameters/{name}"}


def _get(
    name: str, summary: str, content: dict[str, Any], *, parameters: list[dict[str, Any]] | None = None, tags: list[str]
) -> dict[str, Any]:
    return {
        "get": {
            "operationId": name,
            "summary": summary,
            "tags": tags,
            "parameters": [*(parameters or []), _reference("f"), _reference("lang")],
            "responses": {
                "200": {
                    "description": summary,
                    "content": {
                        **{kind: {"schema": schema} for kind, schema in content.items()},
                        HTML: {"schema": {"type": "string"}},
                    },
                },
                **{str(status): {"$ref": f"#/components/responses/{status}"} for status in _PROBLEMS},
            },
        }
    }
