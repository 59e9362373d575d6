"""What the OpenAPI description says of tiles and coverages."""

from typing import Any

from api import coverages
from api.negotiation import Language
from api.tiles import JSON, MATRIX_SET, TILEJSON
from spatial.layers import Layer
from spatial.tiles import MAX_ZOOM, MEDIA_TYPE

_OBJECT: dict[str, Any] = {"type": "object"}
_BYTES: dict[str, Any] = {"type": "string", "format": "binary"}
_REFUSALS = (400, 404, 406, 503)
_LANGUAGE = {"$ref": "#/components/parameters/lang"}


def tile_paths(layers: list[Layer], language: Language) -> dict[str, Any]:
    """Describe tile matrix sets, tilesets and tiles."""
    described = {
        "/tileMatrixSets": _get(
            "getTileMatrixSetsList", "Tile matrix sets", {JSON: _OBJECT}, parameters=[_format("json")], tags=["core"]
        ),
        "/tileMatrixSets/{tileMatrixSetId}": _get(
            "getTileMatrixSet", "A tile matrix set", {JSON: _OBJECT}, parameters=[_matrix_set(), _format("json")], tags=["core"]
        ),
    }
    for layer in layers:
        described.update(_layer_paths(layer, layer.title.in_language(language)))
    return described


def _layer_paths(layer: Layer, title: str) -> dict[str, Any]:
    here, name = f"/collections/{layer.name}/tiles", layer.name
    numbers = [
        _in_path("tileMatrix", {"type": "integer", "minimum": layer.tiling.minzoom, "maximum": layer.tiling.maxzoom}),
        *(_in_path(axis, {"type": "integer", "minimum": 0, "maximum": 2**MAX_ZOOM - 1}) for axis in ("tileRow", "tileCol")),
    ]
    tile = _get(
        f"{name}.collection.vector.getTile",
        f"{title}: vector tile",
        {MEDIA_TYPE: _BYTES},
        parameters=[
            _matrix_set(),
            *numbers,
            _format("mvt"),
            _in_query("datetime", {"type": "string"}),
        ],
        tags=[name],
    )
    tile["get"]["responses"]["204"] = {"description": "Nothing is drawn here."}
    return {
        here: _get(
            f"{name}.collection.vector.getTileSetsList",
            f"{title}: tilesets",
            {JSON: _OBJECT},
            parameters=[_format("json"), _LANGUAGE],
            tags=[name],
        ),
        f"{here}/{{tileMatrixSetId}}": _get(
            f"{name}.collection.vector.getTileSet",
            f"{title}: tileset",
            {JSON: _OBJECT, TILEJSON: _OBJECT},
            parameters=[_matrix_set(), _format("json", "tilejson"), _LANGUAGE],
            tags=[name],
        ),
        f"{here}/{{tileMatrixSetId}}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}": tile,
    }


def coverage_paths(layers: list[Layer], language: Language) -> dict[str, Any]:
    """Describe the coverage of the population grid, where the grid is published."""
    grid = next((layer for layer in layers if layer.name == coverages.COLLECTION), None)
    if grid is None:
        return {}
    content: dict[str, Any] = {coverages.FORMATS["json"]: _OBJECT, coverages.FORMATS["tiff"]: _BYTES}
    parameters = [
        {"$ref": "#/components/parameters/bbox"},
        {"$ref": "#/components/parameters/bbox-crs"},
        {"$ref": "#/components/parameters/datetime"},
        _in_query("subset", {"type": "string", "example": "Lon(105.8:105.9),Lat(20.9:21.0)"}),
        _in_query("properties", {"type": "string"}),
        _in_query("dataset", {"type": "string"}),
        _format(*coverages.FORMATS),
    ]
    title = f"{grid.title.in_language(language)}: coverage"
    path = f"/collections/{grid.name}/coverage"
    return {path: _get(f"coverage-{grid.name}", title, content, parameters=parameters, tags=[grid.name])}


def _matrix_set() -> dict[str, Any]:
    return _in_path("tileMatrixSetId", {"type": "string", "enum": [MATRIX_SET]})


def _format(*names: str) -> dict[str, Any]:
    return _in_query("f", {"type": "string", "enum": list(names), "default": names[0]})


def _in_path(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _in_query(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema}


def _get(
    name: str, summary: str, content: dict[str, Any], *, parameters: list[dict[str, Any]] | None = None, tags: list[str]
) -> dict[str, Any]:
    answers: dict[str, Any] = {
        "200": {"description": summary, "content": {kind: {"schema": schema} for kind, schema in content.items()}}
    }
    answers |= {str(status): {"$ref": f"#/components/responses/{status}"} for status in _REFUSALS}
    return {
        "get": {
            "operationId": name,
            "summary": summary,
            "tags": tags,
            "parameters": parameters or [],
            "responses": answers,
        }
    }
