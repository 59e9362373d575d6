"""The people of the city: a grid of about 90 m as GeoTIFF, whole people whose sum is known, and counts by commune and year."""

from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import shapely
from numpy.typing import NDArray
from rasterio.transform import Affine

from sample_data.generator.frame import city_to_wgs84
from sample_data.generator.parcels import Parcels
from sample_data.generator.town import COMMUNES, MERGER
from sample_data.generator.units import PEOPLE_PER_HOME, people_of

CELL_DEG = 1 / 1200
"""Three seconds of arc: about 92 m to the north and 87 m to the east here."""
NODATA = -9999.0
YEAR = 2025
_GROWTH = {2019: 0.915, 2020: 0.929, 2021: 0.941, 2022: 0.956, 2023: 0.971, 2024: 0.985, 2025: 1.0}


def write_grid(path: Path, parcels: Parcels) -> tuple[int, int]:
    """Write the grid: people at the homes, commune by commune equal to its count.

    Returns:
        The number of cells with people and the sum of people.
    """
    homes = _homes(parcels)
    points = shapely.get_coordinates(shapely.point_on_surface(city_to_wgs84(parcels.geometry)))
    west, north = np.floor(points[:, 0].min() / CELL_DEG) * CELL_DEG, np.ceil(points[:, 1].max() / CELL_DEG) * CELL_DEG
    column = np.floor((points[:, 0] - west) / CELL_DEG).astype(int)
    line = np.floor((north - points[:, 1]) / CELL_DEG).astype(int)
    cells = np.full((line.max() + 1, column.max() + 1), NODATA, dtype=np.float32)
    cells[line, column] = 0
    for commune in COMMUNES:
        rows = np.flatnonzero(homes & (parcels.commune == commune.code))
        people = np.diff(np.round(np.arange(len(rows) + 1) * PEOPLE_PER_HOME))
        people[-1] += people_of(parcels, np.flatnonzero(parcels.commune == commune.code)) - people.sum()
        np.add.at(cells, (line[rows], column[rows]), people)
    with rasterio.open(
        path, "w", driver="GTiff", height=cells.shape[0], width=cells.shape[1], count=1, dtype="float32", crs="EPSG:4326",
        transform=Affine(CELL_DEG, 0, west, 0, -CELL_DEG, north), nodata=NODATA, compress="deflate",
    ) as raster:  # fmt: skip
        raster.write(cells, 1)
        raster.set_band_description(1, "population")
        raster.update_tags(year=YEAR, unit="people per cell", title="Lưới dân số mẫu, đô thị mẫu Sông Lụa (dữ liệu bịa)")
    return int((cells > 0).sum()), int(cells[cells > 0].sum())


def _homes(parcels: Parcels) -> NDArray[np.bool_]:
    return np.isin(parcels.kind, ("old", "urban", "new", "village")) & np.char.startswith(parcels.use, "O")


def build_counts(parcels: Parcels) -> list[dict[str, Any]]:
    """Give people by commune of today, year and sex, from a made-up register; years before the mergers were counted back."""
    rows = []
    for commune in COMMUNES:
        now = people_of(parcels, np.flatnonzero(parcels.commune == commune.code))
        for year, growth in _GROWTH.items():
            everybody = round(now * growth)
            women = round(everybody * 0.507)
            for sex, people in (("all", everybody), ("female", women), ("male", everybody - women)):
                rows.append({
                    "level": "commune", "unit_code": commune.code, "year": year, "sex": sex, "age_group": "all", "people": people,
                    "method": "register", "source_code": "sample-population",
                    "unit_on": MERGER if year < int(MERGER[:4]) else None,
                })  # fmt: skip
    return rows
