"""A real app on a real database, asked over ASGI without a socket; tests of the socket are in test_serve."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import NullPool, create_engine, text

from api.app import create_app
from spatial.settings import Settings
from tests.conftest import Database, sqlalchemy_url

BASE_URL = "http://127.0.0.1"


@pytest.fixture
def settings() -> Settings:
    return Settings(_env_file=None, heavy_per_minute=0)  # a test may ask for more in a minute than anybody else


@pytest.fixture
def app(database: Database, settings: Settings) -> FastAPI:
    """The application on this test's database, logging in as the API does."""
    return create_app(settings, database_url=database.login("dothi_api"))


@pytest.fixture
def app_without_database(settings: Settings) -> FastAPI:
    """The application whose database is away: nothing listens on port 1."""
    return create_app(settings, database_url="postgresql://dothi_api:x@127.0.0.1:1/dothi")


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Run the app's lifespan and give a client of it."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        yield client


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(app) as asking:
        yield asking


@pytest.fixture
async def lonely_client(app_without_database: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the app whose database is away."""
    async with serving(app_without_database) as asking:
        yield asking


Write = Callable[..., None]


@pytest.fixture
def write(database: Database) -> Write:
    """Run statements in one writing transaction of the loader, with its batch; it commits."""
    return writing(database)


def writing(database: Database) -> Write:
    """Give the function that runs statements in one writing transaction of the loader."""

    def run(*statements: str, **values: object) -> None:
        engine = create_engine(sqlalchemy_url(database.url), poolclass=NullPool)
        with engine.begin() as connection:
            connection.execute(text("SET LOCAL ROLE dothi_ingest"))
            connection.execute(text("SELECT ingest.open_batch('load')"))
            for statement in statements:
                connection.execute(text(statement), values)
        engine.dispose()

    return run


PARCEL_GRID = """
    INSERT INTO land.parcel (code, former_commune_code, map_sheet, parcel_no, land_use_code, area_m2, area_srid,
                             province_code, commune_code, valid_from, geom)
    SELECT '99001.99101.1.' || i || '-' || j, '99101', '1', i || '-' || j, 'ODT', 110, 9210, '01', '99001', '2020-01-01',
           ST_Multi(ST_MakeEnvelope(105.8 + i * 0.0001, 21 + j * 0.0001, 105.8 + (i + 1) * 0.0001, 21 + (j + 1) * 0.0001, 4326))
    FROM generate_series(0, :side - 1) i, generate_series(0, :side - 1) j"""
"""`side` x `side` square parcels without gaps, their south-west corner at 105.8, 21.0; in force since 2020-01-01."""
