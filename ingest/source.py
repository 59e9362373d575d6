"""Opens one layer of a source file and yields it as Arrow batches. Knows no column's meaning; text of shapefiles stays as bytes.

Shapefile text is read as ISO-8859-1, in which every byte is one character, so nothing is lost before
`ingest.encodings` decides what the bytes mean.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyogrio
import shapely

from ingest.arrow_files import describe_csv, describe_parquet, read_csv, read_parquet
from ingest.files import ARROW_FORMATS, FileFormat, SourceFile
from ingest.issues import Issue, IssueCode
from spatial.errors import UnreadableFile

BATCH_ROWS = 65_536
GeometryArray = npt.NDArray[np.object_]

_COUNTED = frozenset({FileFormat.GEOPACKAGE, FileFormat.FLATGEOBUF})
"""Formats that state how many rows there are to read; a shapefile's number has those marked as deleted, too."""

_CURVE_TYPES = (8, 9, 10, 11, 12, 13, 14)
"""ISO WKB: CircularString, CompoundCurve, CurvePolygon, MultiCurve, MultiSurface, Curve, Surface."""


@dataclass(frozen=True)
class SourceLayer:
    """One layer of a file before any row is read.

    Attributes:
        file: the data set.
        name: the layer in it.
        columns: names of the attribute columns as the file has them.
        text_is_bytes: whether each character of a text value is one undecoded byte (shapefile).
        geometry_type: as the format declares it ("Polygon", "Unknown"), or None for a table without geometry.
        crs_text: WKT or authority code as the file declares it, or None.
        rows: how many the file claims, or None where it does not know.
    """

    file: SourceFile
    name: str
    columns: tuple[str, ...]
    text_is_bytes: bool
    geometry_type: str | None
    crs_text: str | None
    rows: int | None


@dataclass(frozen=True)
class SourceBatch:
    """Up to `BATCH_ROWS` rows.

    Attributes:
        rows: position of each row in the layer, counted from 1.
        attributes: one Arrow array per column of `SourceLayer.columns`, in its order.
        wkb: the geometries as ISO WKB in the file's CRS, null where a row has none.
    """

    rows: npt.NDArray[np.int64]
    attributes: pa.RecordBatch
    wkb: pa.Array


def describe_layer(file: SourceFile, layer: str | None = None) -> SourceLayer:
    """Read what a layer declares about itself.

    Raises:
        UnreadableFile: the file has several layers and none was named, or has not the one named, or cannot be opened.
    """
    name = _choose_layer(file, layer)
    if file.format in ARROW_FORMATS:
        return _describe_arrow(file, name)
    try:
        info = pyogrio.read_info(file.path, layer=name, encoding=_encoding(file))
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise UnreadableFile(f"'{file.name}' cannot be opened: {error}") from error
    return SourceLayer(
        file=file,
        name=name,
        columns=tuple(str(field) for field in info["fields"]),
        text_is_bytes=file.format is FileFormat.SHAPEFILE,
        geometry_type=info["geometry_type"],
        crs_text=info["crs"],
        rows=int(info["features"]) if info["features"] >= 0 else None,
    )


def _describe_arrow(file: SourceFile, name: str) -> SourceLayer:
    said = (describe_csv if file.format is FileFormat.CSV else describe_parquet)(file.path, file.name)
    return SourceLayer(file, name, said.columns, False, said.geometry_type, said.crs_text, said.rows)


def _choose_layer(file: SourceFile, layer: str | None) -> str:
    if layer is not None and layer in file.layers:
        return layer
    if layer is None and len(file.layers) == 1:
        return file.layers[0]
    choice = ", ".join(file.layers) or "none"
    wanted = f"has no layer '{layer}'" if layer else "has several layers: name one"
    raise UnreadableFile(f"'{file.name}' {wanted}. Its layers: {choice}.")


def _encoding(file: SourceFile) -> str | None:
    return "ISO-8859-1" if file.format is FileFormat.SHAPEFILE else None


def read_batches(layer: SourceLayer, batch_rows: int = BATCH_ROWS) -> Iterator[SourceBatch]:
    """Yield the layer's rows in file order.

    Raises:
        UnreadableFile: the file breaks off or is damaged within.
    """
    if layer.file.format in ARROW_FORMATS:
        yield from _read_arrow(layer.file, batch_rows)
        return
    try:
        with pyogrio.open_arrow(
            layer.file.path,
            layer=layer.name,
            encoding=_encoding(layer.file),
            batch_size=batch_rows,
            use_pyarrow=True,
        ) as (meta, reader):
            geometry_column = meta["geometry_name"] or "wkb_geometry"
            start = 1
            for batch in reader:
                yield _split_batch(batch, geometry_column, layer.columns, start)
                start += batch.num_rows
        _require_all(layer, start - 1)
    except (
        pyogrio.errors.DataSourceError,
        pyogrio.errors.DataLayerError,
        pa.ArrowException,
        RuntimeError,
        OSError,  # what Arrow makes of an error in the middle of a stream
    ) as error:
        raise UnreadableFile(f"'{layer.file.name}' breaks off while being read: {error}. Fetch it again.") from error


def _require_all(layer: SourceLayer, read: int) -> None:
    """Refuse a file of which less, or more, can be read than it says."""
    if layer.file.format in _COUNTED and layer.rows not in (None, read):
        raise UnreadableFile(
            f"'{layer.file.name}' states {layer.rows} rows, {read} can be read: it is cut short or damaged within. "
            "Fetch it again, or export it again.",
            vi=f"'{layer.file.name}' ghi {layer.rows} dòng nhưng chỉ đọc được {read}: tệp bị cắt cụt hoặc bị hỏng bên trong. "
            "Hãy lấy lại hoặc xuất lại tệp.",
        )


def _read_arrow(file: SourceFile, batch_rows: int) -> Iterator[SourceBatch]:
    is_csv = file.format is FileFormat.CSV
    said = (describe_csv if is_csv else describe_parquet)(file.path, file.name)
    start = 1
    for attributes, wkb in (read_csv if is_csv else read_parquet)(file.path, file.name, said, batch_rows):
        yield SourceBatch(np.arange(start, start + len(wkb), dtype=np.int64), attributes, wkb)
        start += len(wkb)


def _split_batch(batch: Any, geometry_column: str, columns: tuple[str, ...], start: int) -> SourceBatch:
    names = batch.schema.names
    wkb = batch.column(geometry_column) if geometry_column in names else pa.nulls(batch.num_rows, pa.binary())
    rows = np.arange(start, start + batch.num_rows, dtype=np.int64)
    return SourceBatch(rows, batch.select(list(columns)), wkb)


def read_geometries(batch: SourceBatch) -> tuple[GeometryArray, list[Issue]]:
    """Turn a batch's WKB into two-dimensional shapely geometries, None where a row has none or it cannot be read.

    Unclosed rings are closed. The issues name rows without geometry, with arcs or broken, and count dropped Z and M values.
    """
    values = batch.wkb.to_numpy(zero_copy_only=False).copy()
    issues = _curve_issues(batch, values)
    with np.errstate(invalid="ignore"):  # a NaN coordinate is found and named by `ingest.repair`
        geometries = shapely.from_wkb(values, on_invalid="ignore")
    broken = np.flatnonzero(shapely.is_missing(geometries) & ~_is_none(values))
    if broken.size:
        geometries[broken] = shapely.from_wkb(values[broken], on_invalid="fix")
        issues += [Issue(IssueCode.GEOMETRY_UNREADABLE, row=int(batch.rows[i])) for i in broken if geometries[i] is None]
    raised = shapely.has_z(geometries) | shapely.has_m(geometries)
    if raised.any():
        geometries[raised] = shapely.force_2d(geometries[raised])
        issues.append(Issue(IssueCode.DIMENSION_DROPPED, detail=f"{int(raised.sum())}"))
    return geometries, issues


def _curve_issues(batch: SourceBatch, values: GeometryArray) -> list[Issue]:
    """Blank out geometries with arcs, in place, since most of shapely refuses them, and say which rows they were."""
    curved = np.flatnonzero(np.isin(_wkb_types(batch.wkb), _CURVE_TYPES))
    values[curved] = None
    return [Issue(IssueCode.GEOMETRY_CURVED, row=int(batch.rows[i])) for i in curved]


def _wkb_types(wkb: pa.Array) -> npt.NDArray[np.uint32]:
    """Read the geometry type of each WKB (Z and M stripped, 0 for null) without touching Python objects."""
    wkb = wkb.cast(pa.large_binary())
    offsets = np.frombuffer(wkb.buffers()[1], dtype=np.int64, count=len(wkb) + 1, offset=wkb.offset * 8)
    content = np.frombuffer(wkb.buffers()[2] or b"", dtype=np.uint8)
    long_enough = np.flatnonzero(np.diff(offsets) >= 5)
    types = np.zeros(len(wkb), dtype=np.uint32)
    head = content[offsets[long_enough, None] + np.arange(5)].astype(np.uint32)
    little = head[:, 1] | head[:, 2] << 8 | head[:, 3] << 16 | head[:, 4] << 24
    big = head[:, 4] | head[:, 3] << 8 | head[:, 2] << 16 | head[:, 1] << 24
    types[long_enough] = (np.where(head[:, 0] == 1, little, big) & 0x1FFFFFFF) % 1000
    return types


def _is_none(values: GeometryArray) -> npt.NDArray[np.bool_]:
    return np.fromiter((value is None for value in values), dtype=bool, count=len(values))


__all__ = [
    "BATCH_ROWS",
    "SourceBatch",
    "SourceLayer",
    "describe_layer",
    "read_batches",
    "read_geometries",
]
