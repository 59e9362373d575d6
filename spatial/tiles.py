"""Vector tiles in the matrix set WebMercatorQuad: the bounds of a tile and the one statement that draws it.

Knows layers and legal time; caching, formats and addresses of tiles are the doors' business.
"""

import math
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Column,
    CompoundSelect,
    Date,
    Float,
    Integer,
    Select,
    bindparam,
    cast,
    func,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import distinct_on

from spatial.compiled import AsyncConnection, Statement
from spatial.crs import WEB_MERCATOR, WGS84
from spatial.errors import NotFound
from spatial.layers import GEOMETRY_COLUMN, KEY_COLUMN, GeometryKind, Layer
from spatial.selection import LegalPeriod

MEDIA_TYPE = "application/vnd.mapbox-vector-tile"
HALF_WORLD_M = math.pi * 6_378_137
"""Half the side of the square of Web Mercator, in metres."""
EXTENT = 4096
"""Units along the side of a tile."""
BUFFER = 64
"""Units drawn beyond each edge, so that strokes join."""
MAX_ZOOM = 22
MAX_BYTES = 500_000
"""No tile is larger (DESIGN 6)."""
FULL_ROWS = 7_000
"""More rows than this do not fit MAX_BYTES with all their columns; the tile is then drawn with less of each."""
REDUCED_ROWS = 14_000
"""Shapes of a reduced tile; fewer if even those are too large."""
MERGED = "merged_rows"
MOSAIC_CELLS = 128
"""Cells along the side of a mosaic: 4 pixels each on a common screen."""
LINEAR_FROM_ZOOM = 14
"""From this zoom on Mercator is linear inside a tile to 0.07 of a unit, so geometry is drawn straight from longitude and
latitude, without transforming a row; edges stay straight in the CRS of storage, as every spatial question takes them."""


@dataclass(frozen=True)
class Tile:
    """One tile: zoom, row from the north, column from the west.

    Raises:
        NotFound: there is no such tile in WebMercatorQuad.
    """

    zoom: int
    row: int
    col: int

    def __post_init__(self) -> None:
        side = 1 << self.zoom if 0 <= self.zoom <= MAX_ZOOM else 0
        if not (0 <= self.row < side and 0 <= self.col < side):
            raise NotFound(
                f"There is no tile {self.zoom}/{self.row}/{self.col}: "
                f"zoom goes from 0 to {MAX_ZOOM}, row and column to 2^zoom - 1.",
                vi=f"Không có ô ảnh {self.zoom}/{self.row}/{self.col}: "
                f"mức thu phóng từ 0 đến {MAX_ZOOM}, hàng và cột đến 2^mức - 1.",
            )

    @classmethod
    def at(cls, zoom: int, longitude: float, latitude: float) -> "Tile":
        """Give the tile that holds a place."""
        side = 1 << zoom
        across = (longitude + 180) / 360
        down = 0.5 - math.asinh(math.tan(math.radians(latitude))) / (2 * math.pi)
        return cls(zoom, *(min(side - 1, max(0, math.floor(share * side))) for share in (down, across)))

    def mercator(self, margin: float = 0.0) -> tuple[float, float, float, float]:
        """Give west, south, east, north in metres of EPSG:3857, widened by `margin` of the side on each edge."""
        side = 2 * HALF_WORLD_M / (1 << self.zoom)
        west = -HALF_WORLD_M + self.col * side
        north = HALF_WORLD_M - self.row * side
        wide = margin * side
        return west - wide, north - side - wide, west + side + wide, north + wide

    def degrees(self, margin: float = 0.0) -> tuple[float, float, float, float]:
        """Give west, south, east, north in degrees of longitude and latitude, widened as in `mercator`."""
        west, south, east, north = self.mercator(margin)
        return (
            max(-180.0, math.degrees(west / 6_378_137)),
            _latitude(south),
            min(180.0, math.degrees(east / 6_378_137)),
            _latitude(north),
        )


def _latitude(northing: float) -> float:
    return math.degrees(2 * math.atan(math.exp(northing / 6_378_137)) - math.pi / 2)


class Detail(Enum):
    """How much of each row a tile holds."""

    FULL = "full"
    """The columns of the layer's tiling."""
    REDUCED = "reduced"
    """The column that the style looks at, and of polygons and lines only the largest."""
    MOSAIC = "mosaic"
    """As reduced, but polygons smaller than a cell of a fine grid become squares: each in the style of what fills most of it,
    with the number of rows it stands for in `merged_rows`. Nothing is left out."""


@dataclass(frozen=True)
class DrawnTile:
    """A tile as bytes of the Mapbox Vector Tile format, version 2, and how it was drawn.

    `content` is empty where nothing is drawn; `rows` counts the shapes; `left_out` tells that rows were left out to
    keep it small.
    """

    content: bytes
    rows: int
    detail: Detail
    left_out: bool


async def draw_tile(connection: AsyncConnection, layer: Layer, tile: Tile, period: LegalPeriod) -> DrawnTile:
    """Draw the rows of `layer` whose legal validity meets `period`.

    Raises:
        NotFound: the layer is not drawn at this zoom.
    """
    _check_zoom(layer, tile)
    statement = tile_statement(layer, tile.zoom, Detail.FULL)
    content, rows = await _run(connection, statement, tile, period, FULL_ROWS + 1)
    if rows <= FULL_ROWS and len(content) <= MAX_BYTES:
        return DrawnTile(content, rows, Detail.FULL, left_out=False)
    detail, limit = await _choose_detail(connection, layer, tile, period), REDUCED_ROWS
    content, rows = await _run(connection, tile_statement(layer, tile.zoom, detail), tile, period, limit)
    while len(content) > MAX_BYTES and limit > 1:
        limit = max(1, min(limit // 2, int(rows * 0.9 * MAX_BYTES / len(content))))
        content, rows = await _run(connection, tile_statement(layer, tile.zoom, detail), tile, period, limit)
    return DrawnTile(content, rows, detail, left_out=limit < REDUCED_ROWS or (detail is Detail.REDUCED and rows >= limit))


async def _choose_detail(connection: AsyncConnection, layer: Layer, tile: Tile, period: LegalPeriod) -> Detail:
    """Choose how to draw what does not fit in full; rows are counted only as far as it matters."""
    if not may_be_mosaic(layer):
        return Detail.REDUCED
    row = await count_statement(layer).fetchrow(connection, **tile_values(tile, period, REDUCED_ROWS))
    return Detail.REDUCED if row["rows"] < REDUCED_ROWS else Detail.MOSAIC


def may_be_mosaic(layer: Layer) -> bool:
    """Say whether small shapes of the layer can be drawn as squares: polygons whose style looks at a column."""
    return layer.geometry_kind is GeometryKind.POLYGON and layer.style.column is not None


def _check_zoom(layer: Layer, tile: Tile) -> None:
    lowest, highest = layer.tiling.minzoom, layer.tiling.maxzoom
    if not lowest <= tile.zoom <= highest:
        raise NotFound(
            f"Layer '{layer.name}' is drawn from zoom {lowest} to {highest}, not at {tile.zoom}.",
            vi=f"Lớp '{layer.name}' chỉ hiển thị từ mức {lowest} đến {highest}, không có ở mức {tile.zoom}.",
        )


async def _run(
    connection: AsyncConnection, statement: Statement, tile: Tile, period: LegalPeriod, limit: int
) -> tuple[bytes, int]:
    row = await statement.fetchrow(connection, **tile_values(tile, period, limit))
    return bytes(row["content"] or b""), int(row["rows"])


def tile_values(tile: Tile, period: LegalPeriod, limit: int) -> dict[str, Any]:
    """Give the values of a tile statement's parameters; open ends of the period stay None."""
    values: dict[str, Any] = {"first_day": period.start, "last_day": period.end, "row_limit": limit}
    bounds = tile.degrees() if tile.zoom >= LINEAR_FROM_ZOOM else tile.mercator()
    values.update(zip(("west", "south", "east", "north"), bounds, strict=True))
    searched = tile.degrees(BUFFER / EXTENT)
    values.update(zip(("search_west", "search_south", "search_east", "search_north"), searched, strict=True))
    west, south, east, north = tile.degrees()
    values |= {"cells_west": west, "cells_south": south}
    values |= {"cell_width": (east - west) / MOSAIC_CELLS, "cell_height": (north - south) / MOSAIC_CELLS}
    # half a unit, in degrees: what the grid of the tile would round away
    values["tolerance"] = 180.0 / (1 << tile.zoom) / EXTENT
    return values


@lru_cache(maxsize=512)
def tile_statement(layer: Layer, zoom: int, detail: Detail) -> Statement:
    """Compile the statement that draws one tile of a layer.

    Parameters: the tile's bounds (degrees from LINEAR_FROM_ZOOM on, else metres of 3857), the box searched (degrees,
    with the buffer), the period, the limit of rows. Relies on the GiST index of `geom`: the literal is transformed, never the
    column; only rows that were hit are.
    """
    return Statement.of(_draw(layer, linear=zoom >= LINEAR_FROM_ZOOM, detail=detail))


@lru_cache(maxsize=64)
def count_statement(layer: Layer) -> Statement:
    """Compile the statement that counts a tile's rows up to a limit; parameters as in `tile_statement`."""
    hits = _hits(layer, Detail.MOSAIC).order_by(None).limit(bindparam("row_limit", type_=Integer)).subquery("hits")
    return Statement.of(select(func.count(hits.c[KEY_COLUMN]).label("rows")))


def _draw(layer: Layer, *, linear: bool, detail: Detail) -> Select[Any]:
    chosen = _mosaic(layer) if detail is Detail.MOSAIC else _hits(layer, detail).limit(bindparam("row_limit", type_=Integer))
    hits = chosen.subquery("hits")
    bounds = func.ST_MakeEnvelope(
        *(_number(name) for name in ("west", "south", "east", "north")), WGS84 if linear else WEB_MERCATOR
    )
    shape: Any = hits.c[GEOMETRY_COLUMN]
    if not linear:
        if layer.geometry_kind is not GeometryKind.POINT:
            shape = func.ST_Simplify(shape, _number("tolerance"), True)
        shape = func.ST_Transform(shape, WEB_MERCATOR)
    drawn = (
        select(
            *(column for column in hits.c if column.name != GEOMETRY_COLUMN),
            func.ST_AsMVTGeom(shape, func.Box2D(bounds), EXTENT, BUFFER, True).label(GEOMETRY_COLUMN),
        )
        .select_from(hits)
        .subquery("drawn")
    )
    content = func.ST_AsMVT(drawn.table_valued(), layer.name, EXTENT, GEOMETRY_COLUMN, KEY_COLUMN)
    return select(content.label("content"), func.count().label("rows")).select_from(drawn)


def _hits(layer: Layer, detail: Detail) -> Select[Any]:
    table = layer.table
    geometry = table.c[GEOMETRY_COLUMN]
    searched = func.ST_MakeEnvelope(
        *(_number(name) for name in ("search_west", "search_south", "search_east", "search_north")), WGS84
    )
    chosen = select(table.c[KEY_COLUMN], *tile_columns(layer, detail), geometry).where(
        geometry.op("&&")(searched), *_in_period(layer)
    )
    if detail is Detail.REDUCED and layer.geometry_kind is GeometryKind.POLYGON:
        return chosen.order_by(func.ST_Area(geometry).desc(), table.c[KEY_COLUMN])
    if detail is Detail.REDUCED and layer.geometry_kind is GeometryKind.LINE:
        return chosen.order_by(func.ST_Length(geometry).desc(), table.c[KEY_COLUMN])
    return chosen


def _mosaic(layer: Layer) -> CompoundSelect[Any]:
    rows = _hits(layer, Detail.MOSAIC).subquery("rows")
    (style,) = (rows.c[column.name] for column in tile_columns(layer, Detail.MOSAIC))
    shape: Any = rows.c[GEOMETRY_COLUMN]
    west, south, width, height = (_number(name) for name in ("cells_west", "cells_south", "cell_width", "cell_height"))
    measured = select(
        rows.c[KEY_COLUMN],
        style,
        shape,
        func.ST_Area(shape).label("size"),
        cast(func.floor(((func.ST_XMin(shape) + func.ST_XMax(shape)) / 2 - west) / width), Integer).label("across"),
        cast(func.floor(((func.ST_YMin(shape) + func.ST_YMax(shape)) / 2 - south) / height), Integer).label("up"),
    ).cte("measured")
    one_cell = width * height
    large = (
        select(measured.c[KEY_COLUMN], measured.c[style.name], null().cast(BigInteger).label(MERGED), measured.c[GEOMETRY_COLUMN])
        .where(measured.c.size >= one_cell)
        .order_by(measured.c.size.desc())
        .limit(bindparam("row_limit", type_=Integer))
    )
    kinds = (
        select(
            measured.c.across,
            measured.c.up,
            measured.c[style.name],
            func.sum(measured.c.size).label("size"),
            cast(func.sum(func.count()).over(partition_by=(measured.c.across, measured.c.up)), BigInteger).label(MERGED),
        )
        .where(measured.c.size < one_cell)
        .group_by(measured.c.across, measured.c.up, measured.c[style.name])
        .subquery("kinds")
    )
    x, y = west + kinds.c.across * width, south + kinds.c.up * height
    square = func.ST_MakeEnvelope(x, y, x + width, y + height, WGS84)
    cells = (
        select(null().cast(BigInteger).label(KEY_COLUMN), kinds.c[style.name], kinds.c[MERGED], square.label(GEOMETRY_COLUMN))
        .ext(distinct_on(kinds.c.across, kinds.c.up))
        .order_by(kinds.c.across, kinds.c.up, kinds.c.size.desc(), kinds.c[style.name])
    )
    return union_all(large.subquery("large").select(), cells.subquery("cells").select())


def _in_period(layer: Layer) -> tuple[Any, ...]:
    table = layer.table
    first, last = bindparam("first_day", type_=Date), bindparam("last_day", type_=Date)
    return (
        or_(last.is_(None), table.c.valid_from <= last),
        or_(first.is_(None), table.c.valid_to.is_(None), table.c.valid_to > first),
    )


def tile_columns(layer: Layer, detail: Detail = Detail.FULL) -> tuple[Column[Any], ...]:
    """Give the columns that a tile carries besides the id."""
    if detail is Detail.FULL:
        return tuple(layer.table.c[name] for name in layer.tiling.columns)
    return (layer.table.c[layer.style.column],) if layer.style.column else ()


def _number(name: str) -> BindParameter[float]:
    return bindparam(name, type_=Float)
