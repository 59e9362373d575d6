"""A small quarter for the OGC doors: parcels that differ in every way a query may ask for."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import NullPool, create_engine, text

from api.app import create_app
from spatial.cluster import Cluster
from spatial.settings import Settings
from tests.api.conftest import Write, serving, writing
from tests.conftest import Database, cloned, sqlalchemy_url
from tests.spatial.every_layer import fill_every_layer

PARCELS = "/ogc/collections/parcels/items"
QUARTER = """
    INSERT INTO land.parcel (code, former_commune_code, map_sheet, parcel_no, land_use_code, area_m2, area_official_m2, area_srid,
                             address, province_code, commune_code, valid_from, valid_to, geom)
    SELECT format('%s.99101.%s.%s', CASE WHEN n < 30 THEN '99001' ELSE '99002' END, 1 + n / 10, n), '99101',
           (1 + n / 10)::text, n::text, (ARRAY['ODT', 'CLN', 'LUC'])[1 + n % 3],
           100 + (n * 37) % 50, CASE WHEN n % 4 > 0 THEN 90 + (n * 7) % 20 END, 9210,
           CASE n % 5 WHEN 0 THEN NULL WHEN 1 THEN 'Số ' || n || ' đường Láng' WHEN 2 THEN 'ngõ ' || n || ' ĐƯỜNG LÁNG'
               WHEN 3 THEN '100% "nhà" \\ ' || n ELSE 'Nguyễn Trãi' END,
           '01', CASE WHEN n < 30 THEN '99001' ELSE '99002' END,
           CASE WHEN n % 10 = 9 THEN date '2090-01-01' ELSE date '2020-01-01' + n END,
           CASE WHEN n % 10 = 8 THEN date '2024-01-01' END,
           ST_Multi(ST_MakeEnvelope(105.8 + (n % 8) * 0.001, 21 + (n / 8) * 0.001,
                                    105.8 + (n % 8) * 0.001 + 0.0008, 21 + (n / 8) * 0.001 + 0.0008, 4326))
    FROM generate_series(0, 59) n"""
"""60 parcels, 8 in a row from 105.8, 21.0, each 0.0008 degrees wide on a grid of 0.001; a tenth ended, a tenth not yet begun."""
IN_FORCE = 48


@pytest.fixture
def quarter(write: Write) -> None:
    write(QUARTER)


@pytest.fixture(scope="session")
def quarter_database(cluster: Cluster, template: str) -> Iterator[Database]:
    """One database with the quarter, for all tests that only read it."""
    with cloned(cluster, template) as database:
        writing(database)(QUARTER)
        yield database


@pytest.fixture
async def reader(quarter_database: Database, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the quarter that must not write."""
    async with serving(create_app(settings, database_url=quarter_database.login("dothi_api"))) as asking:
        yield asking


@pytest.fixture(scope="session")
def full_database(cluster: Cluster, template: str) -> Iterator[Database]:
    """One database with rows of every layer, of every kind its style knows, for all tests that only read it."""
    with cloned(cluster, template) as database:
        engine = create_engine(sqlalchemy_url(database.url), poolclass=NullPool)
        with engine.begin() as connection:
            connection.execute(text("SET LOCAL ROLE dothi_ingest"))
            connection.execute(text("SELECT ingest.open_batch('load')"))
            fill_every_layer(connection)
        engine.dispose()
        yield database


@pytest.fixture
async def everything(full_database: Database, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the database with rows of every layer, that must not write."""
    async with serving(create_app(settings, database_url=full_database.login("dothi_api"))) as asking:
        yield asking


async def read_pages(client: httpx.AsyncClient, url: str, **parameters: Any) -> list[dict[str, Any]]:
    """Follow `next` to the end and give all features."""
    answer = await client.get(url, params=parameters)
    found: list[dict[str, Any]] = []
    while True:
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert page["numberReturned"] == len(page["features"])
        found += page["features"]
        following = [link["href"] for link in page["links"] if link["rel"] == "next"]
        if not following:
            return found
        assert page["features"], "a page with a next one is never empty"
        answer = await client.get(following[0])
