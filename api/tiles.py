"""OGC API Tiles under /ogc: tile matrix set, tilesets of a collection, TileJSON, and the tiles as Mapbox Vector Tiles."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.compression import takes_gzip
from api.etag import is_current, not_modified
from api.links import Link, base_url
from api.negotiation import Language, choose_format, parse_language
from api.params import parse_datetime, parse_whole, refuse_unknown
from api.services import Services, services_of
from api.tile_cache import layer_etag
from api.tile_door import tile_headers
from spatial.area import Bounds
from spatial.crs import CRS84_URI, EPSG_URI, WEB_MERCATOR
from spatial.errors import NotFound
from spatial.layers import Access, Layer, find_layer
from spatial.selection import legal_today
from spatial.tiles import HALF_WORLD_M, MAX_ZOOM, MEDIA_TYPE, MERGED, Tile, may_be_mosaic, tile_columns

CONFORMS_TO = tuple(
    f"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/{name}"
    for name in ("core", "tileset", "tilesets-list", "geodata-tilesets", "mvt")
)
"""What the conformance page of the OGC API says of this module."""
MATRIX_SET = "WebMercatorQuad"
MATRIX_SET_URI = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
_SCHEME_URI = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"
_TILESETS_URI = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector"
_MERGED_TITLE = {
    Language.vi: "Số đối tượng mà ô vuông thay thế, ở mức thu phóng nhỏ",
    Language.en: "Rows that a square stands for, at small scales",
}
JSON = "application/json"
TILEJSON = "application/vnd.mapbox.tilejson+json"
_TILEJSON_TOO = "application/vnd.mapbox.tile+json"
"""Another name under which some servers give TileJSON, and so some clients ask for it."""
_PIXELS = 256
_PIXEL_M = 0.000_28
"""Size of a pixel by which OGC turns cell sizes into scale denominators."""

router = APIRouter(prefix="/ogc", tags=["tiles"])


def public_layers(services: Services) -> Mapping[str, Layer]:
    """Give the layers that anybody may see, by name."""
    return {layer.name: layer for layer in services.layers if layer.access is Access.PUBLIC}


@router.get("/tileMatrixSets", summary="Tile matrix sets")
async def list_matrix_sets(request: Request) -> JSONResponse:
    """List the one tile matrix set."""
    _parse(request, {"json": JSON})
    root = base_url(request, services_of(request).settings)
    entry = {
        "id": MATRIX_SET,
        "title": "Google Maps Compatible for the World",
        "uri": MATRIX_SET_URI,
        "crs": f"{EPSG_URI}{WEB_MERCATOR}",
        "links": [Link(f"{root}/ogc/tileMatrixSets/{MATRIX_SET}", _SCHEME_URI, JSON).as_json()],
    }
    return JSONResponse({"tileMatrixSets": [entry]})


@router.get("/tileMatrixSets/{matrix_set}", summary="A tile matrix set")
async def read_matrix_set(request: Request, matrix_set: str) -> JSONResponse:
    """Give the definition of WebMercatorQuad (OGC 17-083r4)."""
    _parse(request, {"json": JSON})
    _check_matrix_set(matrix_set)
    return JSONResponse(matrix_set_definition())


def matrix_set_definition() -> dict[str, Any]:
    """Give WebMercatorQuad as the standard writes it."""
    return {
        "id": MATRIX_SET,
        "title": "Google Maps Compatible for the World",
        "uri": MATRIX_SET_URI,
        "crs": f"{EPSG_URI}{WEB_MERCATOR}",
        "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": [_matrix(zoom) for zoom in range(MAX_ZOOM + 1)],
    }


def _matrix(zoom: int) -> dict[str, Any]:
    side = 1 << zoom
    cell = 2 * HALF_WORLD_M / side / _PIXELS
    return {
        "id": str(zoom),
        "scaleDenominator": cell / _PIXEL_M,
        "cellSize": cell,
        "cornerOfOrigin": "topLeft",
        "pointOfOrigin": [-HALF_WORLD_M, HALF_WORLD_M],
        "matrixWidth": side,
        "matrixHeight": side,
        "tileWidth": _PIXELS,
        "tileHeight": _PIXELS,
    }


@router.get("/collections/{collection}/tiles", summary="Tilesets of a collection")
async def list_tilesets(request: Request, collection: str) -> JSONResponse:
    """List the tilesets of a collection."""
    language, _ = _parse(request, {"json": JSON})
    layer = _find(request, collection)
    root = base_url(request, services_of(request).settings)
    tileset = _tileset(layer, root, language, await _bounds(request, layer))
    entry = {name: tileset[name] for name in ("title", "dataType", "crs", "tileMatrixSetURI")}
    here = f"{root}/ogc/collections/{layer.name}/tiles"
    entry["links"] = [Link(f"{here}/{MATRIX_SET}", "self", JSON).as_json(), *tileset["links"][1:]]
    return JSONResponse({"tilesets": [entry], "links": [Link(here, "self", JSON).as_json()]})


@router.get("/collections/{collection}/tiles/{matrix_set}", summary="A tileset, or its TileJSON by f=tilejson")
async def read_tileset(request: Request, collection: str, matrix_set: str) -> JSONResponse:
    """Describe the tileset: layers, columns, zooms, limits."""
    language, chosen = _parse(request, {"json": JSON, "tilejson": TILEJSON})
    layer = _find(request, collection)
    _check_matrix_set(matrix_set)
    root = base_url(request, services_of(request).settings)
    bounds = await _bounds(request, layer)
    headers = {"Vary": "Accept, Accept-Language", "Content-Language": language.value}
    if chosen == "tilejson":
        return JSONResponse(_tilejson(layer, root, language, bounds), headers=headers, media_type=TILEJSON)
    return JSONResponse(_tileset(layer, root, language, bounds), headers=headers)


async def _bounds(request: Request, layer: Layer) -> Bounds:
    """Give west, south, east, north of the layer in degrees, all legal periods; the country's where it is empty."""
    return (await services_of(request).facts.extent(layer)).bounds


def _tileset(layer: Layer, root: str, language: Language, bounds: Bounds) -> dict[str, Any]:
    here = f"{root}/ogc/collections/{layer.name}/tiles/{MATRIX_SET}"
    west, south, east, north = bounds
    links = [
        Link(here, "self", JSON),
        Link(f"{here}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}?f=mvt", "item", MEDIA_TYPE, templated=True),
        Link(f"{here}?f=tilejson", "describedby", TILEJSON, "TileJSON"),
        Link(f"{root}/ogc/tileMatrixSets/{MATRIX_SET}", _SCHEME_URI, JSON),
        Link(f"{root}/ogc/collections/{layer.name}", "http://www.opengis.net/def/rel/ogc/1.0/geodata", JSON),
    ]
    return {
        "title": layer.title.in_language(language),
        "description": layer.description.in_language(language),
        "dataType": "vector",
        "crs": f"{EPSG_URI}{WEB_MERCATOR}",
        "tileMatrixSetId": MATRIX_SET,
        "tileMatrixSetURI": MATRIX_SET_URI,
        "tileMatrixSetLimits": [_limits(zoom, bounds) for zoom in range(layer.tiling.minzoom, layer.tiling.maxzoom + 1)],
        "license": layer.licence,
        "keywords": list(layer.keywords),
        "boundingBox": {"lowerLeft": [west, south], "upperRight": [east, north], "crs": CRS84_URI},
        "layers": [
            {
                "id": layer.name,
                "title": layer.title.in_language(language),
                "dataType": "vector",
                "geometryDimension": {"point": 0, "line": 1, "polygon": 2}[layer.geometry_kind.value],
                "minTileMatrix": str(layer.tiling.minzoom),
                "maxTileMatrix": str(layer.tiling.maxzoom),
                "propertiesSchema": {"type": "object", "properties": _fields(layer, language)},
            }
        ],
        "links": [link.as_json() for link in links],
    }


def _limits(zoom: int, bounds: Bounds) -> dict[str, Any]:
    west, south, east, north = bounds
    first, last = Tile.at(zoom, west, north), Tile.at(zoom, east, south)
    return {
        "tileMatrix": str(zoom),
        "minTileRow": first.row,
        "maxTileRow": last.row,
        "minTileCol": first.col,
        "maxTileCol": last.col,
    }


def _fields(layer: Layer, language: Language) -> dict[str, Any]:
    def described(column: Any) -> dict[str, str]:
        kind = column.type.python_type
        title = column.info.get("en") if language is Language.en else column.comment
        return {
            "type": {int: "integer", float: "number", bool: "boolean"}.get(kind, "string"),
            "title": title or column.name,
        }

    fields = {column.name: described(column) for column in tile_columns(layer)}
    if may_be_mosaic(layer):
        fields[MERGED] = {"type": "integer", "title": _MERGED_TITLE[language]}
    return fields


def _tilejson(layer: Layer, root: str, language: Language, bounds: Bounds) -> dict[str, Any]:
    here = f"{root}/ogc/collections/{layer.name}/tiles/{MATRIX_SET}"
    return {
        "tilejson": "3.0.0",
        "name": layer.title.in_language(language),
        "description": layer.description.in_language(language),
        "scheme": "xyz",
        "tiles": [f"{here}/{{z}}/{{y}}/{{x}}?f=mvt"],
        "minzoom": layer.tiling.minzoom,
        "maxzoom": layer.tiling.maxzoom,
        "bounds": list(bounds),
        "vector_layers": [
            {
                "id": layer.name,
                "description": layer.title.in_language(language),
                "minzoom": layer.tiling.minzoom,
                "maxzoom": layer.tiling.maxzoom,
                "fields": {name: field["title"] for name, field in _fields(layer, language).items()},
            }
        ],
    }


@router.get("/collections/{collection}/tiles/{matrix_set}/{tile_matrix}/{tile_row}/{tile_col}", summary="A vector tile")
async def read_tile(
    request: Request, collection: str, matrix_set: str, tile_matrix: str, tile_row: str, tile_col: str
) -> Response:
    """Give one tile: 204 where nothing is drawn, 304 where the client's copy holds, found out without reading the table."""
    refuse_unknown(request.query_params, {"f", "datetime"})
    choose_format(request.query_params.get("f"), "", {"mvt": MEDIA_TYPE})
    layer = _find(request, collection)
    _check_matrix_set(matrix_set)
    tile = Tile(parse_whole("tileMatrix", tile_matrix), parse_whole("tileRow", tile_row), parse_whole("tileCol", tile_col))
    period = parse_datetime(request.query_params.get("datetime"), today=legal_today())
    services = services_of(request)
    version = await services.tiles.versions.read(layer.table_name)
    etag = layer_etag(layer, version, period)
    if is_current(request.headers.get("if-none-match"), etag):
        services.metrics.count_tiles("not_modified")
        return not_modified(etag, tile_headers())
    packed = takes_gzip(request.headers.get("accept-encoding", ""))
    entry = await services.tiles.get(layer, tile, period, gzipped=packed)
    headers = {**tile_headers(), "etag": entry.etag}
    if not entry.drawn.content:
        return Response(status_code=204, headers=headers)
    if packed and entry.gzipped:
        return Response(entry.gzipped, headers={**headers, "content-encoding": "gzip"}, media_type=MEDIA_TYPE)
    return Response(entry.drawn.content, headers=headers, media_type=MEDIA_TYPE)


def _parse(request: Request, offered: Mapping[str, str]) -> tuple[Language, str]:
    """Read the language, and the format among those offered."""
    refuse_unknown(request.query_params, {"f", "lang"})
    language = parse_language(request.query_params.get("lang"), request.headers.get("accept-language", ""))
    accept = request.headers.get("accept", "").replace(_TILEJSON_TOO, TILEJSON)
    return language, choose_format(request.query_params.get("f"), accept, offered)


def _find(request: Request, name: str) -> Layer:
    return find_layer(name, public_layers(services_of(request)).values())


def _check_matrix_set(name: str) -> None:
    if name != MATRIX_SET:
        raise NotFound(
            f"There is no tile matrix set '{name}' here. Use {MATRIX_SET}.",
            vi=f"Không có bộ ma trận ô ảnh '{name}'. Hãy dùng {MATRIX_SET}.",
        )
