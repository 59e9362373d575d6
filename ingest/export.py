"""Writes a published layer to a file that other programs open. Reads through a cursor, a part at a time."""

from collections.abc import Iterator
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
_DRIVERS = {".gpkg": "GPKG", ".geojson": "GeoJSON", ".fgb": "FlatGeobuf"}
_WHOLE = {".parquet", ".csv", ".fgb"}
"""Formats that are written in one piece."""


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
    if suffix not in {*_DRIVERS, *_WHOLE}:
        raise InvalidInput(f"'{path}': dothi writes {', '.join(sorted({*_DRIVERS, *_WHOLE}))}. Give the file such an ending.")
    if not path.parent.is_dir():
        raise InvalidInput(f"The folder '{path.parent}' does not exist. Make it first.")
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
    if suffix in _WHOLE:
        frames = list(parts)
        whole = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
        if suffix == ".parquet":
            whole.to_parquet(draft)
        elif suffix == ".csv":
            whole.to_wkt().to_csv(draft, index=False)
        else:
            whole.to_file(draft, driver=_DRIVERS[suffix], layer=layer.name)
        return len(whole)
    count = 0
    for number, part in enumerate(parts):
        part.to_file(draft, driver=_DRIVERS[suffix], layer=layer.name, mode="a" if number else "w")
        count += len(part)
    return count


def _parts(connection: Connection, layer: Layer, today: date, *, all_periods: bool) -> Iterator[geopandas.GeoDataFrame]:
    """Give frames of up to `_PART_ROWS` rows; at least one, so that an empty layer still has its columns."""
    columns = [layer.table.c.id, *layer.properties]
    names = [column.name for column in columns]
    result = connection.execution_options(stream_results=True, yield_per=_PART_ROWS).execute(
        _statement(layer, today, all_periods)
    )
    empty = True
    for rows in result.partitions(_PART_ROWS):
        empty = False
        yield _frame(rows, names)
    if empty:
        yield _frame([], names)


def _statement(layer: Layer, today: date, all_periods: bool) -> Select[Any]:
    table = layer.table
    statement = select(table.c.id, *layer.properties, func.ST_AsBinary(table.c.geom)).order_by(table.c.id)
    if all_periods:
        return statement
    at = literal(today, Date)
    return statement.where(table.c.valid_from <= at, or_(table.c.valid_to.is_(None), table.c.valid_to > at))


def _frame(rows: Any, names: list[str]) -> geopandas.GeoDataFrame:
    frame = pd.DataFrame([row[:-1] for row in rows], columns=names)
    shapes = shapely.from_wkb([bytes(row[-1]) for row in rows])
    return geopandas.GeoDataFrame(frame, geometry=shapes, crs=4326)
