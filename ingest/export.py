"""Writes a published layer to a file that other programs open. Reads through a cursor, a part at a time."""

import json
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import geopandas
import pandas as pd
import shapely
from sqlalchemy import Connection, Date, Select, func, literal, or_, select

from spatial.errors import InvalidInput
from spatial.layers import Layer
from spatial.versions import today_vn

_PART_ROWS = 50_000
_DRIVERS = {".gpkg": "GPKG", ".fgb": "FlatGeobuf"}
_WHOLE = {".parquet", ".csv", ".fgb"}
"""Formats that are written in one piece."""
_FORMATS = sorted({".geojson", *_DRIVERS, *_WHOLE})


def export_layer(connection: Connection, layer: Layer, path: Path, *, all_periods: bool = False) -> int:
    """Write the rows in force today, or of all legal periods, in EPSG:4326; an existing file is replaced.

    Args:
        connection: may read the layer.
        layer: what to write.
        path: .gpkg, .geojson, .fgb, .parquet (GeoParquet) or .csv (geometry as WKT).
        all_periods: whether to write ended and future rows too.

    Returns:
        How many rows were written.

    Raises:
        InvalidInput: another ending, or the folder does not exist.
    """
    suffix = path.suffix.lower()
    if suffix not in _FORMATS:
        raise InvalidInput(
            f"'{path}': dothi writes {', '.join(_FORMATS)}. Give the file such an ending.",
            vi=f"'{path}': chỉ xuất được {', '.join(_FORMATS)}. Hãy đặt đuôi tệp như vậy.",
        )
    if not path.parent.is_dir():
        raise InvalidInput(
            f"The folder '{path.parent}' does not exist. Make it first.",
            vi=f"Không có thư mục '{path.parent}'. Hãy tạo thư mục trước.",
        )
    draft = path.with_name(f".{path.stem}.draft{suffix}")
    draft.unlink(missing_ok=True)
    try:
        count = _write(connection, layer, draft, suffix, all_periods=all_periods)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return count


def _write(connection: Connection, layer: Layer, draft: Path, suffix: str, *, all_periods: bool) -> int:
    parts = _parts(connection, layer, today_vn(connection), all_periods=all_periods)
    names = [column.name for column in (layer.table.c.id, *layer.properties)]
    if suffix == ".geojson":
        return _write_geojson(parts, names, layer, draft)
    frames = (_frame(rows, names) for rows in parts)
    if suffix in _WHOLE:
        whole = pd.concat(list(frames), ignore_index=True)
        if suffix == ".parquet":
            whole.to_parquet(draft)
        elif suffix == ".csv":
            whole.to_wkt(rounding_precision=-1).to_csv(draft, index=False)  # every digit, not shapely's six
        else:
            whole.to_file(draft, driver=_DRIVERS[suffix], layer=layer.name)
        return len(whole)
    count = 0
    for number, frame in enumerate(frames):
        frame.to_file(draft, driver=_DRIVERS[suffix], layer=layer.name, mode="a" if number else "w")
        count += len(frame)
    return count


def _write_geojson(parts: Iterator[Sequence[Any]], names: list[str], layer: Layer, draft: Path) -> int:
    """Write feature by feature: GDAL takes the last digits of numbers for noise, and the file would not load back unchanged."""
    count = 0
    with draft.open("w", encoding="utf-8") as file:
        crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
        file.write(f'{{"type": "FeatureCollection", "name": "{layer.name}", "crs": {json.dumps(crs)}, "features": [\n')
        for rows in parts:
            for row, shape in zip(rows, shapely.to_geojson(_shapes(rows)), strict=True):
                properties = json.dumps(dict(zip(names, row[:-1], strict=True)), ensure_ascii=False, default=str)
                file.write(",\n" if count else "")
                file.write(f'{{"type": "Feature", "properties": {properties}, "geometry": {shape}}}')
                count += 1
        file.write("\n]}\n")
    return count


def _parts(connection: Connection, layer: Layer, today: date, *, all_periods: bool) -> Iterator[Sequence[Any]]:
    """Give lists of up to `_PART_ROWS` rows; at least one, so that an empty layer still has its columns."""
    result = connection.execution_options(stream_results=True, yield_per=_PART_ROWS).execute(
        _statement(layer, today, all_periods)
    )
    empty = True
    for rows in result.partitions(_PART_ROWS):
        empty = False
        yield rows
    if empty:
        yield []


def _statement(layer: Layer, today: date, all_periods: bool) -> Select[Any]:
    table = layer.table
    statement = select(table.c.id, *layer.properties, func.ST_AsBinary(table.c.geom)).order_by(table.c.id)
    if all_periods:
        return statement
    at = literal(today, Date)
    return statement.where(table.c.valid_from <= at, or_(table.c.valid_to.is_(None), table.c.valid_to > at))


def _frame(rows: Sequence[Any], names: list[str]) -> geopandas.GeoDataFrame:
    frame = pd.DataFrame([row[:-1] for row in rows], columns=names)
    return geopandas.GeoDataFrame(frame, geometry=_shapes(rows), crs=4326)


def _shapes(rows: Sequence[Any]) -> Any:
    return shapely.from_wkb([bytes(row[-1]) for row in rows])
