"""Files whose bytes depend on nothing but the data: no clock, no machine. Knows formats, not what is in them."""

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas as pd
import pyogrio
import pyproj
from shapely.geometry import LineString, MultiLineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

Row = Mapping[str, Any]
STAMP = "2026-01-01T00:00:00.000Z"
_DRIVERS = {".gpkg": "GPKG", ".geojson": "GeoJSON", ".fgb": "FlatGeobuf"}
_DATES = ("valid_from", "valid_to", "issued_on", "expires_on", "starts_on", "ends_on", "recorded_on", "decided_on")


def write_layer(path: Path, layer: str, rows: Sequence[Row], epsg: int = 4326) -> None:
    """Write rows (each with `geometry`) as a layer of a GeoPackage, a GeoJSON or a FlatGeobuf, by the path's suffix."""
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": STAMP})
    table = pd.DataFrame([{name: value for name, value in row.items() if name != "geometry"} for row in rows])
    for name in table.columns.intersection(list(_DATES)):
        table[name] = [date.fromisoformat(text) if isinstance(text, str) else None for text in table[name]]
    frame = geopandas.GeoDataFrame(table, geometry=[_multi(row["geometry"]) for row in rows], crs=pyproj.CRS.from_epsg(epsg))
    options = {"RFC7946": "YES", "COORDINATE_PRECISION": "8"} if path.suffix == ".geojson" else {}
    if path.suffix == ".gpkg":
        options = {"SPATIAL_INDEX": "NO"}
    path.parent.mkdir(parents=True, exist_ok=True)
    pyogrio.write_dataframe(
        frame, path, layer=layer, driver=_DRIVERS[path.suffix], append=path.exists(), use_arrow=True, layer_options=options
    )


def _multi(geometry: BaseGeometry) -> BaseGeometry:
    """Make polygons and lines multi-part, so that a layer is of one type."""
    if isinstance(geometry, Polygon):
        return MultiPolygon([geometry])
    return MultiLineString([geometry]) if isinstance(geometry, LineString) else geometry


def write_csv(path: Path, rows: Sequence[Row]) -> None:
    """Write rows as CSV (UTF-8, comma, one header line)."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_json(path: Path, content: Any) -> None:
    """Write JSON for people to read."""
    path.write_text(json_text(content), encoding="utf-8")


def json_text(content: Any) -> str:
    """Give JSON for people to read; numpy scalars become plain numbers."""
    return json.dumps(content, ensure_ascii=False, indent=1, default=_plain) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{value!r} cannot stand in JSON.")


def fill_section(path: Path, name: str, lines: Sequence[str]) -> None:
    """Write lines between the marks of a section of a page, where the page is there."""
    if not path.exists():
        return
    text = path.read_text(encoding="utf-8")
    start, end = f"<!-- {name}: written by the generator -->\n", f"<!-- end of {name} -->"
    before, _, rest = text.partition(start)
    _, _, after = rest.partition(end)
    path.write_text(before + start + "\n".join(lines) + "\n" + end + after, encoding="utf-8")


def write_zip(path: Path, members: Iterable[tuple[str, bytes]]) -> None:
    """Pack members into a zip with fixed times and rights."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in members:
            info = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(info, content)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(packed.getvalue())
