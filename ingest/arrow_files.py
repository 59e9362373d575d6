"""GeoParquet, and CSV with a column of WKT: what dothi exports and the GDAL at hand does not read, or reads line by line.

A CSV's geometry is in EPSG:4326, as in GeoJSON; a GeoParquet file says its own.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from ingest.columns import fold_name
from ingest.csv_rows import read_header, read_rows
from spatial.errors import UnreadableFile

GEOMETRY_NAMES = frozenset({"GEOMETRY", "GEOM", "WKT", "THEGEOM"})
"""Names of a CSV's column of WKT, folded."""
_OGC_CRS84 = "OGC:CRS84"
_NO_WKB = b"\x00"
"""Before the text of WKT that cannot be read: no shape begins with it and a letter."""
_TYPES = {"Point": "Point", "LineString": "LineString", "Polygon": "Polygon"}


@dataclass(frozen=True)
class ArrowLayer:
    """What a file declares.

    Attributes:
        columns: names of the attribute columns.
        geometry_column: name of the column of shapes.
        geometry_type: the one type that the file names, or None.
        crs_text: what `pyproj` reads.
        rows: how many there are, None where only reading tells.
    """

    columns: tuple[str, ...]
    geometry_column: str
    geometry_type: str | None
    crs_text: str
    rows: int | None


def has_geometry(path: Path) -> bool:
    """Say whether a CSV file has a column of WKT, by its header."""
    try:
        return any(fold_name(name) in GEOMETRY_NAMES for name in read_header(path, path.name))
    except UnreadableFile:
        return False


def describe_csv(path: Path, name: str) -> ArrowLayer:
    """Read the header of a CSV file.

    Raises:
        UnreadableFile: it has no column of WKT.
    """
    columns = [column.strip() for column in read_header(path, name)]
    geometry = next((column for column in columns if fold_name(column) in GEOMETRY_NAMES), None)
    if geometry is None:
        raise UnreadableFile(
            f"'{name}' has no column of shapes. Give WKT in EPSG:4326 in a column named geometry.",
            vi=f"'{name}' không có cột hình học. Hãy ghi WKT (EPSG:4326) trong cột tên geometry.",
        )
    return ArrowLayer(tuple(column for column in columns if column != geometry), geometry, None, "EPSG:4326", None)


def describe_parquet(path: Path, name: str) -> ArrowLayer:
    """Read what a GeoParquet file says about itself.

    Raises:
        UnreadableFile: it cannot be opened, or has no geometry in WKB.
    """
    try:
        file = pq.ParquetFile(path)
        said = json.loads((file.schema_arrow.metadata or {})[b"geo"])
        column = said["columns"][said["primary_column"]]
        encoding, crs, types = column["encoding"], column.get("crs", _OGC_CRS84), column.get("geometry_types") or []
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise _broken(name, f"no GeoParquet: {type(error).__name__}") from None
    if encoding != "WKB":
        raise _broken(name, f"its geometry is written as {encoding}, not as WKB")
    columns = tuple(field.name for field in file.schema_arrow if field.name != said["primary_column"])
    kinds = {_TYPES.get(kind.removesuffix(" Z").removeprefix("Multi")) for kind in types}
    return ArrowLayer(
        columns,
        said["primary_column"],
        kinds.pop() if len(kinds) == 1 else None,
        crs if isinstance(crs, str) else json.dumps(crs),
        file.metadata.num_rows,
    )


def read_csv(path: Path, name: str, layer: ArrowLayer, rows: int) -> Iterator[tuple[pa.RecordBatch, pa.Array]]:
    """Yield the attributes, all as text, and the shapes as WKB, up to `rows` at a time.

    Raises:
        UnreadableFile: see `read_rows`.
    """
    records = read_rows(path, name)
    names = [column.strip() for column in next(records)]
    for part in iter(lambda: list(islice(records, rows)), []):
        columns = [pa.array([cell or None for cell in column], pa.string()) for column in zip(*part, strict=True)]
        batch = pa.RecordBatch.from_arrays(columns, names=names)
        yield batch.select(list(layer.columns)), _to_wkb(batch.column(layer.geometry_column))


def read_parquet(path: Path, name: str, layer: ArrowLayer, rows: int) -> Iterator[tuple[pa.RecordBatch, pa.Array]]:
    """Yield the attributes and the shapes as WKB, up to `rows` at a time.

    Raises:
        UnreadableFile: the file breaks off or is damaged within.
    """
    try:
        for batch in pq.ParquetFile(path).iter_batches(rows):
            plain = pa.RecordBatch.from_arrays([_plain(column) for column in batch.columns], names=batch.schema.names)
            yield plain.select(list(layer.columns)), plain.column(layer.geometry_column).cast(pa.binary())
    except (pa.ArrowException, OSError) as error:
        raise _broken(name, f"it breaks off while being read ({type(error).__name__})") from None


def _plain(column: pa.Array) -> pa.Array:
    """Give text as text, whichever way it is stored."""
    column = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
    return column.cast(pa.string()) if pa.types.is_large_string(column.type) or pa.types.is_null(column.type) else column


def _to_wkb(texts: pa.Array) -> pa.Array:
    """Turn WKT into WKB; what cannot be read is passed on as it is, so that the row is told, set aside and kept whole."""
    written = texts.to_numpy(zero_copy_only=False)
    wkb: Any = shapely.to_wkb(shapely.from_wkt(written, on_invalid="ignore"), include_srid=False)
    there = texts.is_valid().to_numpy(zero_copy_only=False)
    broken = [at for at in np.flatnonzero(there) if wkb[at] is None]
    wkb[broken] = [_NO_WKB + written[at].encode() for at in broken]
    return pa.array(wkb, pa.binary())


def _broken(name: str, why: str) -> UnreadableFile:
    return UnreadableFile(
        f"'{name}' cannot be read: {why}. Mend it, or fetch it again.",
        vi=f"Không đọc được '{name}': {why}. Hãy sửa tệp hoặc lấy lại tệp.",
    )
