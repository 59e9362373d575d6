"""The whole sample, loaded and served: every shape valid and counter-clockwise as a client reads it, found again, loaded once."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import shapely
from sqlalchemy import text

from api.app import create_app
from ingest.door import load
from ingest.manifest import read_manifest
from ingest.options import LoadOptions
from spatial.cluster import Cluster
from spatial.crs import SUPPORTED, VN2000_TM3, Crs
from spatial.database import open_engine
from spatial.layers import LAYERS, Access, GeometryKind, Layer, find_layer
from spatial.settings import Settings
from tests.api.conftest import serving
from tests.api.ogc.conftest import read_pages
from tests.conftest import Database, cloned

SAMPLE = Path(__file__).resolve().parents[1] / "sample_data"
PUBLIC = [layer for layer in LAYERS if layer.access is Access.PUBLIC]
NARROW = [layer for layer in PUBLIC if layer.geometry_kind is not GeometryKind.POLYGON]
HERE = next(crs for crs in SUPPORTED if crs.epsg == 9209)
"""The zone of the sample city."""
MERCATOR = next(crs for crs in SUPPORTED if crs.epsg == 3857)


@pytest.fixture(scope="module")
def sample(cluster: Cluster, sample_template: str) -> Iterator[Database]:
    with cloned(cluster, sample_template) as database:
        yield database


@pytest.fixture
async def client(sample: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(create_app(Settings(_env_file=None), database_url=sample.login("dothi_api"))) as asking:
        yield asking


async def served(client: httpx.AsyncClient, layer: Layer, **asked: Any) -> list[Any]:
    """Read every row of a layer, of all legal periods, as shapely has what was served."""
    url = f"/ogc/collections/{layer.name}/items"
    features = await read_pages(client, url, limit=5000, datetime="../..", properties="code", **asked)
    return list(shapely.from_geojson([json.dumps(feature["geometry"]) for feature in features]))


@pytest.mark.parametrize("layer", PUBLIC, ids=lambda layer: layer.name)
async def test_what_is_served_is_valid_and_counter_clockwise(client: httpx.AsyncClient, layer: Layer) -> None:
    shapes = await served(client, layer)
    assert shapes
    assert all(shapely.is_valid(shapes))
    if layer.geometry_kind is GeometryKind.POLYGON:
        parts = shapely.get_parts(shapes)
        assert all(shapely.is_ccw(shapely.get_exterior_ring(parts)))
        assert not any(hole.is_ccw for part in parts for hole in part.interiors)


@pytest.mark.parametrize("crs", [HERE, MERCATOR], ids=lambda crs: str(crs.epsg))
@pytest.mark.parametrize("name", ["parcels", "zones", "natural_areas"])
async def test_it_is_valid_in_metres_too(client: httpx.AsyncClient, name: str, crs: Crs) -> None:
    assert all(shapely.is_valid(await served(client, find_layer(name), crs=crs.uri)))


@pytest.mark.parametrize("layer", NARROW, ids=lambda layer: layer.name)
@pytest.mark.parametrize("operator", ["S_EQUALS", "S_CONTAINS", "S_WITHIN", "S_INTERSECTS"])
async def test_a_point_or_line_just_served_is_found_again(client: httpx.AsyncClient, layer: Layer, operator: str) -> None:
    url = f"/ogc/collections/{layer.name}/items"
    features = (await client.get(url, params={"limit": 8})).json()["features"]
    assert features
    for feature in features:
        shape = shapely.from_geojson(json.dumps(feature["geometry"])).wkt
        asked: dict[str, Any] = {"filter": f"{operator}(geom, {shape})", "limit": 100}
        found = (await client.get(url, params=asked)).json()
        assert feature["id"] in [other["id"] for other in found["features"]], (operator, shape, found)


@pytest.mark.parametrize("item", read_manifest(SAMPLE / "manifest.json").loads, ids=lambda item: item.file)
def test_a_file_loaded_again_changes_nothing(sample: Database, item: Any) -> None:
    engine = open_engine(sample.url)
    options = LoadOptions(
        valid_from=item.options.valid_from, profile=item.options.profile, commune=item.options.commune,
        values=item.options.values, file_layer=item.options.file_layer, source=item.source,
    )  # fmt: skip
    for report in load(engine, item.layer, [SAMPLE / item.file], options):
        assert (report.added, report.changed, report.ended) == (0, 0, 0), report
        assert report.unchanged == report.rows_in - report.quarantined
    engine.dispose()


@pytest.mark.parametrize("name", ["land.parcel", "private.parcel_restricted", "planning.zone", "landscape.natural_area"])
def test_an_area_is_that_of_the_stored_shape_in_the_plane_of_its_file(sample: Database, name: str) -> None:
    engine = open_engine(sample.url)
    with engine.connect() as connection:
        wrong = connection.scalar(
            text(f"SELECT count(*) FROM {name} WHERE area_m2 IS DISTINCT FROM admin.area_m2(geom, area_srid)")
        )
        planes = set(connection.scalars(text(f"SELECT DISTINCT area_srid FROM {name}")))
    engine.dispose()
    assert wrong == 0
    assert planes
    assert planes <= set(VN2000_TM3)
