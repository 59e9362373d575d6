"""The provider plugin through which pygeoapi reads a stored population grid.

Which grid a request means is decided before pygeoapi is asked, and handed over in `CHOSEN`.
"""

import math
import re
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from affine import Affine
from pygeoapi.provider.base import BaseProvider, ProviderNoDataError, ProviderQueryError
from pyproj.enums import TransformDirection
from rasterio.io import MemoryFile
from rasterio.windows import Window

from spatial.crs import CRS84_URI, EPSG_URI, WGS84, transformer_to_wgs84
from spatial.rasters import StoredRaster
from spatial.selection import Bbox

BAND = "population"
MAX_JSON_CELLS = 1_000_000
"""A larger grid is asked for as GeoTIFF."""


@dataclass(frozen=True)
class ChosenRaster:
    """The grid a request means, its bytes, and the box asked for."""

    raster: StoredRaster
    content: bytes
    bbox: Bbox | None


CHOSEN: ContextVar[ChosenRaster] = ContextVar("chosen raster")


class PopulationCoverage(BaseProvider):  # type: ignore[misc]
    """People per cell of the chosen grid, as CoverageJSON or GeoTIFF."""

    axis_names: ClassVar[dict[bool, tuple[str, str]]] = {True: ("Lon", "Lat"), False: ("E", "N")}

    def __init__(self, provider_def: dict[str, Any]) -> None:
        super().__init__(provider_def)
        self._chosen = CHOSEN.get()
        self._geographic = self._chosen.raster.srid == WGS84
        self.axes = list(self.axis_names[self._geographic])
        self.num_bands = 1
        self.crs = CRS84_URI if self._geographic else f"{EPSG_URI}{self._chosen.raster.srid}"
        self.filename = re.sub(r"[^A-Za-z0-9._-]", "_", f"{self._chosen.raster.code}_{self._chosen.raster.year}.tif")

    def get_fields(self) -> dict[str, Any]:
        """Name the one band."""
        self._fields = {BAND: {"title": "People per cell", "type": "number", "x-ogc-unit": "1"}}
        return self._fields

    def query(
        self,
        properties: list[str] | None = None,
        subsets: dict[str, list[float]] | None = None,
        format_: str = "json",
        **_: Any,
    ) -> dict[str, Any] | bytes:
        """Give the cells that meet the box or the subset: whole cells, none of them changed.

        Raises:
            ProviderNoDataError: the box meets no cell.
            ProviderQueryError: the subset cannot be read, or is given along with a bbox.
        """
        if self._chosen.bbox and subsets:
            raise ProviderQueryError(user_msg="Give bbox or subset, not both.")
        with MemoryFile(self._chosen.content) as file, file.open() as grid:
            if not self._chosen.bbox and not subsets and format_ != "json":
                return self._chosen.content
            window = self._window(grid, subsets or {})
            if format_ != "json":
                return _cut(grid, window)
            if window.width * window.height > MAX_JSON_CELLS:
                raise ProviderQueryError(
                    user_msg=f"More than {MAX_JSON_CELLS} cells as JSON. Ask for a smaller bbox, or for f=tiff."
                )
            return self._coverage_json(grid, window)

    def _window(self, grid: Any, subsets: dict[str, list[float]]) -> Window:
        west, south, east, north = grid.bounds
        if self._chosen.bbox:
            west, south, east, north = _box_in(self._chosen.bbox, self._chosen.raster.srid)
        for name, values in subsets.items():
            low, high = _ends(values)
            if name == self.axes[0]:
                west, east = low, high
            else:
                south, north = low, high
        (first_col, first_row), (last_col, last_row) = ~grid.transform @ (west, north), ~grid.transform @ (east, south)
        columns = _span(first_col, last_col, grid.width)
        rows = _span(first_row, last_row, grid.height)
        return Window(columns[0], rows[0], columns[1] - columns[0], rows[1] - rows[0])

    def _coverage_json(self, grid: Any, window: Window) -> dict[str, Any]:
        cells = grid.read(1, window=window, masked=True)
        transform = _transform_of(grid, window)
        height, width = cells.shape
        first, last = transform @ (0.5, 0.5), transform @ (width - 0.5, height - 0.5)
        values = np.asarray(cells.data).astype(object)
        values[np.ma.getmaskarray(cells) | ~np.isfinite(cells.data)] = None
        axes = {
            "x": {"start": first[0], "stop": last[0], "num": width},
            "y": {"start": first[1], "stop": last[1], "num": height},
        }
        label = {"vi": "Số dân trong ô", "en": "People in the cell"}
        return {
            "type": "Coverage",
            "domain": {
                "type": "Domain",
                "domainType": "Grid",
                "axes": {**axes, "t": {"values": [str(self._chosen.raster.year)]}},
                "referencing": [
                    {
                        "coordinates": ["x", "y"],
                        "system": {"type": "GeographicCRS" if self._geographic else "ProjectedCRS", "id": self.crs},
                    },
                    {"coordinates": ["t"], "system": {"type": "TemporalRS", "calendar": "Gregorian"}},
                ],
            },
            "parameters": {
                BAND: {
                    "type": "Parameter",
                    "description": label,
                    "unit": {"symbol": "1"},
                    "observedProperty": {"label": label},
                }
            },
            "ranges": {
                BAND: {
                    "type": "NdArray",
                    "dataType": "float",
                    "axisNames": ["t", "y", "x"],
                    "shape": [1, height, width],
                    "values": values.ravel().tolist(),
                }
            },
        }


def _box_in(bbox: Bbox, srid: int) -> tuple[float, float, float, float]:
    """Give the box's bounds in the grid's system, by the pinned transformation, points along the edges included."""
    west, south, east, north = bbox.parts()[0]
    if bbox.crs.epsg == srid:
        return west, south, east, north
    steps = np.linspace(0.0, 1.0, 21)
    across, down = west + steps * (east - west), south + steps * (north - south)
    x, y = np.repeat(across, steps.size), np.tile(down, steps.size)
    if bbox.crs.epsg != WGS84:
        x, y = transformer_to_wgs84(bbox.crs.epsg).transform(x, y)
    if srid != WGS84:
        x, y = transformer_to_wgs84(srid).transform(x, y, direction=TransformDirection.INVERSE)
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())


def _ends(values: list[float]) -> tuple[float, float]:
    try:
        low, high = float(values[0]), float(values[-1])
    except (TypeError, ValueError):
        low = high = math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise ProviderQueryError(user_msg="A subset is two numbers in order, e.g. subset=Lon(105.8:105.9),Lat(20.9:21.0).")
    return low, high


def _span(first: float, last: float, size: int) -> tuple[int, int]:
    """Give the first cell and the one after the last that a stretch meets, within the grid."""
    if not (math.isfinite(first) and math.isfinite(last)) or last <= 0 or first >= size:
        raise ProviderNoDataError(user_msg="The area asked for meets no cell of the grid.")
    begin = max(0, min(size - 1, math.floor(first)))
    return begin, max(begin + 1, min(size, math.ceil(last)))


def _transform_of(grid: Any, window: Window) -> Affine:
    """Give the window's own transform; rasterio's way of it warns under the affine of today."""
    transform: Affine = grid.transform @ Affine.translation(window.col_off, window.row_off)
    return transform


def _cut(grid: Any, window: Window) -> bytes:
    profile = {
        **grid.profile,
        "driver": "GTiff",
        "width": window.width,
        "height": window.height,
        "transform": _transform_of(grid, window),
        "compress": "deflate",
    }
    for name in ("tiled", "blockxsize", "blockysize"):
        profile.pop(name, None)
    with MemoryFile() as file:
        with file.open(**profile) as part:
            part.write(grid.read(window=window))
        return bytes(file.read())
