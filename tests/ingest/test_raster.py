"""Population grids: kept as delivered, cells as features, sums that agree; wrong grids refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sqlalchemy import Engine

from ingest.raster import read_grid
from spatial.crs import transformer_to_wgs84
from spatial.errors import DothiError
from tests.ingest.world import COMMUNE, load_one, one, rows

PEOPLE = np.array([[0, 12.5, 3], [-9999, 7, 0]], dtype=np.float32)


def write_grid(path: Path, people: Any = PEOPLE, *, crs: str | None = "EPSG:4326", bands: int = 1, **tags: str) -> Path:
    """Write a GeoTIFF of cells of 0.001 degree in the commune of the tests' world."""
    lon, lat = transformer_to_wgs84(5897).transform(540_000.0, 2_327_000.0)
    profile = {"driver": "GTiff", "dtype": "float32", "count": bands, "nodata": -9999.0, "compress": "deflate"}
    transform = rasterio.Affine(0.001, 0.0, lon, 0.0, -0.001, lat)
    height, width = people.shape
    with rasterio.open(path, "w", height=height, width=width, crs=crs, transform=transform, **profile) as raster:
        for band in range(bands):
            raster.write(people, band + 1)
        raster.update_tags(**tags)
    return path


def test_a_grid_is_kept_whole_and_as_cells(town: Engine, tmp_path: Path) -> None:
    path = write_grid(tmp_path / "people.tif", year="2025")
    report = load_one(town, "population_grid", path)
    assert (report.rows_in, report.added, report.crs) == (3, 3, "EPSG:4326")
    assert bytes(one(town, "SELECT content FROM population.raster")) == path.read_bytes()
    assert one(town, "SELECT sum(population) FROM population.grid_cell") == 22.5
    assert one(town, "SELECT population FROM population.raster") == 22.5
    assert rows(town, "SELECT DISTINCT commune_code, province_code, year FROM population.grid_cell") == [(COMMUNE, "01", 2025)]
    again = load_one(town, "population_grid", path)
    assert (again.unchanged, again.wrote) == (3, False)


def test_negative_cells_are_set_aside(town: Engine, tmp_path: Path) -> None:
    report = load_one(town, "population_grid", write_grid(tmp_path / "p.tif", -PEOPLE.clip(-5, 5)), values={"year": "2024"})
    assert report.quarantined == 3
    assert report.issues["cell_negative"] == 3
    assert {code for (code,) in rows(town, "SELECT reasons ->> 0 FROM ingest.quarantine")} == {"cell_negative"}


def test_cells_with_more_people_than_a_cell_can_have_are_set_aside(town: Engine, tmp_path: Path) -> None:
    people = np.array([[1, np.inf, 2], [-9999, 1e9, -np.inf]], dtype=np.float32)
    report = load_one(town, "population_grid", write_grid(tmp_path / "p.tif", people, year="2024"))
    assert (report.added, report.quarantined) == (2, 3)
    assert (report.issues["value_implausible"], report.issues["cell_negative"]) == (2, 1)
    assert one(town, "SELECT population FROM population.raster") == 3


@pytest.mark.parametrize(
    ("options", "words"), [({"crs": None}, "coordinate system"), ({"bands": 2}, "bands"), ({"year": ""}, "year")]
)
def test_a_grid_that_does_not_say_enough_is_refused(town: Engine, tmp_path: Path, options: dict[str, Any], words: str) -> None:
    path = write_grid(tmp_path / "p.tif", **{"year": "2025", **options})
    with pytest.raises(DothiError, match=words):
        load_one(town, "population_grid", path)
    assert one(town, "SELECT count(*) FROM population.raster") == 0


def test_a_truncated_grid_is_refused(town: Engine, tmp_path: Path) -> None:
    path = write_grid(tmp_path / "p.tif", np.random.default_rng(1).random((300, 300)).astype(np.float32), year="2025")
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(DothiError, match=r"cut short|cannot be read"):
        load_one(town, "population_grid", path)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=arrays(np.float32, (4, 5), elements=st.floats(0, 1000, width=32)))
def test_no_person_is_lost_between_file_and_cells(tmp_path: Path, people: Any) -> None:
    grid = read_grid(write_grid(tmp_path / "p.tif", people))
    assert grid.people[grid.people > 0].sum() == pytest.approx(people.astype(np.float64).sum())
    assert grid.transform.a == pytest.approx(0.001)
