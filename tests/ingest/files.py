"""Makes small real files for the tests of the reading half."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyogrio
import shapely
from shapely.geometry.base import BaseGeometry

DRIVERS = {".shp": "ESRI Shapefile", ".gpkg": "GPKG", ".geojson": "GeoJSON", ".fgb": "FlatGeobuf"}


def squares(count: int, *, west: float = 540_000.0, south: float = 2_327_000.0, size: float = 10.0) -> list[BaseGeometry]:
    """Give squares side by side, in metres of VN-2000 105-00 unless told otherwise."""
    return [shapely.box(west + i * size, south, west + (i + 1) * size, south + size) for i in range(count)]


def write_layer(
    path: Path,
    geometries: Sequence[BaseGeometry | None],
    columns: Mapping[str, Sequence[Any]],
    *,
    crs: str | None = None,
    geometry_type: str = "Polygon",
    layer: str | None = None,
    append: bool = False,
) -> Path:
    """Write a layer; text of shapefiles goes out byte for byte (each character one byte)."""
    shapefile = path.suffix == ".shp"
    table = pa.table(
        {
            **{name: _array(values) for name, values in columns.items()},
            "geometry": pa.array(shapely.to_wkb(np.array(geometries, dtype=object)), pa.binary()),
        }
    )
    pyogrio.write_arrow(
        table,
        path,
        layer=layer,
        driver=DRIVERS[path.suffix],
        geometry_name="geometry",
        geometry_type=geometry_type,
        crs=crs or "EPSG:5897",
        encoding="ISO-8859-1" if shapefile else None,
        append=append,
    )
    if shapefile:
        path.with_suffix(".cpg").unlink(missing_ok=True)
        if crs is None:
            path.with_suffix(".prj").unlink(missing_ok=True)
    return path


def _array(values: Sequence[Any]) -> pa.Array:
    """Give a column; one without any value is text."""
    array = pa.array(values)
    return array.cast(pa.string()) if pa.types.is_null(array.type) else array


def write_parcels(path: Path, count: int = 3, **options: Any) -> Path:
    """Write a small file of parcels with ViLIS names."""
    columns = {
        "SHBANDO": [str(1 + i // 100) for i in range(count)],
        "SHTHUA": [str(1 + i % 100) for i in range(count)],
        "MAXA": ["09706"] * count,
    }
    return write_layer(path, squares(count), columns, **options)
