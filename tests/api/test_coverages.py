"""The population grid as a coverage, against the file that was delivered."""

import hashlib
from typing import Any

import httpx
import numpy as np
import pytest
from affine import Affine
from pyproj.enums import TransformDirection
from rasterio.io import MemoryFile

from api.coverages import choose_raster
from spatial.crs import transformer_to_wgs84
from spatial.errors import InvalidInput, NotFound
from spatial.rasters import StoredRaster
from tests.api.conftest import Write

URL = "/ogc/collections/population_grid/coverage"
NODATA = -9999.0
WEST, NORTH, STEP = 105.8, 21.0, 0.001
PEOPLE = np.arange(20, dtype="float32").reshape(4, 5)
PEOPLE[0, 0] = NODATA


def geotiff(west: float = WEST, north: float = NORTH, step: float = STEP, srid: int = 4326) -> bytes:
    shape = {"driver": "GTiff", "width": 5, "height": 4, "count": 1, "dtype": "float32", "nodata": NODATA}
    with MemoryFile() as file:
        with file.open(**shape, crs=f"EPSG:{srid}", transform=Affine(step, 0, west, 0, -step, north)) as grid:
            grid.write(PEOPLE, 1)
        return bytes(file.read())


def store(write: Write, content: bytes, *, code: str = "thu", year: int = 2025, srid: int = 4326) -> None:
    write(
        """INSERT INTO population.raster (code, year, title, srid, population, content, sha256)
           VALUES (:code, :year, 'Lưới thử', :srid, 190, :content, :sha256)""",
        code=code,
        year=year,
        srid=srid,
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
    )


def values(coverage: dict[str, Any]) -> list[list[float | None]]:
    found = coverage["ranges"]["population"]
    _, height, width = found["shape"]
    return [found["values"][row * width : (row + 1) * width] for row in range(height)]


async def test_the_grid_comes_as_coverage_json_with_cell_centres(client: httpx.AsyncClient, write: Write) -> None:
    store(write, geotiff())
    answer = await client.get(URL)
    assert answer.headers["content-type"] == "application/prs.coverage+json"
    coverage = answer.json()
    axes = coverage["domain"]["axes"]
    assert (axes["x"]["start"], axes["x"]["stop"], axes["x"]["num"]) == (pytest.approx(105.8005), pytest.approx(105.8045), 5)
    assert (axes["y"]["start"], axes["y"]["stop"], axes["y"]["num"]) == (pytest.approx(20.9995), pytest.approx(20.9965), 4)
    assert axes["t"]["values"] == ["2025"]
    cells = values(coverage)
    assert cells[0][0] is None, "a cell without data is not a cell without people"
    assert sum(cell for row in cells for cell in row if cell is not None) == 190


async def test_the_file_comes_back_as_it_was_delivered(client: httpx.AsyncClient, write: Write) -> None:
    content = geotiff()
    store(write, content)
    for request in ({"params": {"f": "tiff"}}, {"headers": {"accept": "image/tiff"}}):
        answer = await client.get(URL, **request)  # type: ignore[arg-type]
        assert answer.content == content
        assert answer.headers["content-type"] == "image/tiff; application=geotiff"
        assert 'filename="thu_2025.tif"' in answer.headers["content-disposition"]


@pytest.mark.parametrize(
    "query",
    [
        {"bbox": "105.8011,20.9971,105.8029,20.9989"},
        {"subset": "Lon(105.8011:105.8029),Lat(20.9971:20.9989)"},
        {"bbox": "20.9971,105.8011,20.9989,105.8029", "bbox-crs": "http://www.opengis.net/def/crs/EPSG/0/4326"},
    ],
)
async def test_a_part_is_the_cells_that_it_meets(client: httpx.AsyncClient, write: Write, query: dict[str, str]) -> None:
    store(write, geotiff())
    assert values((await client.get(URL, params=query)).json()) == [[6, 7], [11, 12]]
    part = await client.get(URL, params={**query, "f": "tiff"})
    with MemoryFile(part.content) as file, file.open() as grid:
        assert grid.read(1).tolist() == [[6, 7], [11, 12]]
        assert grid.bounds.left == pytest.approx(105.801)
        assert grid.bounds.top == pytest.approx(20.999)
        assert grid.nodata == NODATA


async def test_a_grid_in_vn2000_is_found_by_degrees(client: httpx.AsyncClient, write: Write) -> None:
    east, north = transformer_to_wgs84(9210).transform(WEST, NORTH, direction=TransformDirection.INVERSE)
    store(write, geotiff(east, north, 100.0, 9210), srid=9210)
    lon, lat = transformer_to_wgs84(9210).transform(east + 250, north - 150)
    coverage = (await client.get(URL, params={"bbox": f"{lon},{lat},{lon},{lat}"})).json()
    assert values(coverage) == [[7]]
    assert coverage["domain"]["referencing"][0]["system"]["id"].endswith("/9210")


async def test_the_newest_year_comes_unless_another_is_asked_for(client: httpx.AsyncClient, write: Write) -> None:
    store(write, geotiff(), year=2024)
    store(write, geotiff(), year=2025)

    async def year(datetime: str | None) -> list[str]:
        params = {"datetime": datetime} if datetime else {}
        answer: list[str] = (await client.get(URL, params=params)).json()["domain"]["axes"]["t"]["values"]
        return answer

    assert await year(None) == ["2025"]
    assert await year("2024-06-30") == ["2024"]
    assert await year("../2024-12-31") == ["2024"]
    assert await year("2020-01-01/..") == ["2025"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"bbox": "1,1,2,2"}, 404), ({"bbox": "1,2,3"}, 400), ({"bbox": "nan,1,2,3"}, 400), ({"subset": "Lon"}, 400),
        ({"subset": "X(1:2)"}, 400), ({"subset": "Lon(2:1)"}, 400), ({"subset": "Lon(1:2)", "bbox": "105,20,106,21"}, 400),
        ({"properties": "secret"}, 400), ({"f": "png"}, 400), ({"datetime": "2001-01-01"}, 404), ({"bbbox": "1,2,3,4"}, 400),
        ({"dataset": "x' OR '1'='1"}, 404), ({"lang": "fr"}, 400), ({"subset": "Lon(-:-)"}, 400),
    ],
)  # fmt: skip
async def test_what_cannot_be_answered_is_refused_with_a_sentence(
    client: httpx.AsyncClient, write: Write, query: dict[str, str], status: int
) -> None:
    store(write, geotiff())
    answer = await client.get(URL, params=query)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]
    assert "object has no attribute" not in answer.text


async def test_no_grid_at_all_is_nothing_and_no_error(client: httpx.AsyncClient) -> None:
    answer = await client.get(URL)
    assert (answer.status_code, answer.content) == (204, b"")


async def test_a_copy_that_holds_is_not_sent_again(client: httpx.AsyncClient, write: Write) -> None:
    store(write, geotiff())
    etag = (await client.get(URL)).headers["etag"]
    assert (await client.get(URL, headers={"if-none-match": etag})).status_code == 304
    assert (await client.get(URL, params={"f": "tiff"}, headers={"if-none-match": etag})).status_code == 200


def raster(code: str, year: int) -> StoredRaster:
    return StoredRaster(id=1, code=code, year=year, title=None, srid=4326, population=1, sha256=f"{code}{year}")


def test_no_grid_is_chosen_by_guessing() -> None:
    rasters = (raster("a", 2025), raster("b", 2025), raster("a", 2024))
    with pytest.raises(InvalidInput, match="dataset=CODE with one of: a, b"):
        choose_raster(rasters, None, None)
    assert choose_raster(rasters, None, "b") == rasters[1]
    assert choose_raster(rasters, "2024-01-01", None) == rasters[2]
    with pytest.raises(NotFound, match="Stored: a 2025, b 2025, a 2024"):
        choose_raster(rasters, None, "c")
