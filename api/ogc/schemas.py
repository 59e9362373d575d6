"""Queryables, sortables and schema of a collection as JSON Schema, from the columns of its table and nothing else."""

import re
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column
from starlette.requests import Request
from starlette.responses import Response

from api.negotiation import Language
from api.ogc.visit import SCHEMA_JSON, Visit, column_title, visit
from spatial.filters import is_queryable, is_sortable
from spatial.layers import GEOMETRY_COLUMN, KEY_COLUMN, Layer

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_GEOMETRY_FORMAT = {
    "POINT": "geometry-point",
    "MULTIPOINT": "geometry-multipoint",
    "LINESTRING": "geometry-linestring",
    "MULTILINESTRING": "geometry-multilinestring",
    "POLYGON": "geometry-polygon",
    "MULTIPOLYGON": "geometry-multipolygon",
}
_TYPES: dict[str, dict[str, Any]] = {
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    "dict": {"type": "object"},
    "list": {"type": "array"},
}
_ROLES = {KEY_COLUMN: "id", "valid_from": "primary-interval-start", "valid_to": "primary-interval-end"}


async def read_queryables(request: Request) -> Response:
    """Name the properties that filters may use."""
    asked = visit(request, media_type=SCHEMA_JSON)
    layer = asked.layer()
    named = {
        column.name: _property(layer, column, asked.language)
        for column in layer.table.columns
        if is_queryable(layer, column.name)
    }
    return _answer(asked, layer, {**named, GEOMETRY_COLUMN: _geometry(layer, asked.language)}, additionalProperties=False)


async def read_sortables(request: Request) -> Response:
    """Name the properties that `sortby` may use."""
    asked = visit(request, media_type=SCHEMA_JSON)
    layer = asked.layer()
    named = {
        column.name: _property(layer, column, asked.language) for column in layer.table.columns if is_sortable(layer, column.name)
    }
    return _answer(asked, layer, named, additionalProperties=False)


async def read_schema(request: Request) -> Response:
    """Describe the features."""
    asked = visit(request, media_type=SCHEMA_JSON)
    layer = asked.layer()
    columns = (layer.table.c[KEY_COLUMN], *layer.properties)
    named = {
        column.name: {**_property(layer, column, asked.language), "x-ogc-propertySeq": number}
        for number, column in enumerate(columns, start=1)
    }
    geometry = {**_geometry(layer, asked.language), "x-ogc-propertySeq": len(named) + 1}
    required = [column.name for column in columns if not column.nullable]
    required += [GEOMETRY_COLUMN]
    return _answer(asked, layer, {**named, GEOMETRY_COLUMN: geometry}, required=required, additionalProperties=False)


async def read_feature_schema(request: Request) -> Response:
    """Describe the features as the GeoJSON documents that they are; GDAL takes the types of columns from here.

    A column that may be null refers to `#/$defs`. GDAL (3.6) reads no type but a single word, and finds it in the `$defs` of the
    document; a validator finds the same with null, since the properties are a schema of their own (`$id`) with their own `$defs`.
    """
    asked = visit(request, media_type=SCHEMA_JSON)
    layer = asked.layer()
    kinds = {_kind_name(column): _geojson_type(column) for column in layer.properties if column.nullable}
    columns = {
        "$id": f"{asked.here}/properties",
        "title": layer.title.in_language(asked.language),
        "type": "object",
        "properties": {column.name: _geojson_property(layer, column, asked.language) for column in layer.properties},
        "additionalProperties": False,
        "$defs": {name: {**kind, "type": [kind["type"], "null"]} for name, kind in kinds.items()},
    }
    members = {
        "type": {"type": "string", "enum": ["Feature"], "title": "GeoJSON"},
        "id": {"title": column_title(layer.table.c[KEY_COLUMN], asked.language), "type": "integer"},
        "geometry": {"title": column_title(layer.table.c[GEOMETRY_COLUMN], asked.language), "type": ["object", "null"]},
        "properties": columns,
    }
    return _answer(asked, layer, members, required=["type", "geometry", "properties"], **{"$defs": kinds})


def _geojson_property(layer: Layer, column: Column[Any], language: Language) -> dict[str, Any]:
    kind = {"$ref": f"#/$defs/{_kind_name(column)}"} if column.nullable else _geojson_type(column)
    words: list[str | None] = [*words_of(layer, column.name)]
    listed = {"enum": [*words, None] if column.nullable else words} if words else {}
    return {"title": column_title(column, language), **kind, **listed}


def _geojson_type(column: Column[Any]) -> dict[str, Any]:
    """Give the type; GDAL takes `integer` for 32 bits, so longer ones are called numbers."""
    described = json_type(column)
    return {**described, "type": "number"} if isinstance(column.type, BigInteger) else described


def _kind_name(column: Column[Any]) -> str:
    kind = _geojson_type(column)
    return "-".join(str(kind[name]) for name in ("type", "format", "maxLength") if name in kind)


def _answer(asked: Visit, layer: Layer, properties: dict[str, Any], **members: Any) -> Response:
    document = {
        "$schema": _DIALECT,
        "$id": asked.here,
        "type": "object",
        "title": layer.title.in_language(asked.language),
        "description": layer.description.in_language(asked.language),
        "properties": properties,
        **members,
    }
    return asked.answer(document, "schema.html")


def _property(layer: Layer, column: Column[Any], language: Language) -> dict[str, Any]:
    found = {"title": column_title(column, language), **json_type(column)}
    if column.name in _ROLES:
        found["x-ogc-role"] = _ROLES[column.name]
    words = words_of(layer, column.name)
    return {**found, "enum": words} if words else found


def json_type(column: Column[Any]) -> dict[str, Any]:
    """Give the JSON Schema type of a column's values."""
    found = _TYPES.get(column.type.python_type.__name__, {"type": "string"})
    length = getattr(column.type, "length", None)
    return {**found, "maxLength": length} if length else dict(found)


def words_of(layer: Layer, column_name: str) -> list[str]:
    """Give the words that a column's CHECK lists, none where its values are free."""
    for constraint in layer.table.constraints:
        if isinstance(constraint, CheckConstraint):
            listed = re.fullmatch(rf"{re.escape(column_name)} IN \((.*)\)", str(constraint.sqltext))
            if listed:
                return re.findall(r"'([^']*)'", listed[1])
    return []


def _geometry(layer: Layer, language: Language) -> dict[str, Any]:
    return {
        "title": column_title(layer.table.c[GEOMETRY_COLUMN], language),
        "x-ogc-role": "primary-geometry",
        "format": _GEOMETRY_FORMAT.get(layer.geometry_type, "geometry-any"),
    }
