"""A real app on a real database, asked over ASGI without a socket; tests of the socket are in test_serve."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI

from api.app import create_app
from spatial.settings import Settings
from tests.conftest import Database

BASE_URL = "http://127.0.0.1"


@pytest.fixture
def settings() -> Settings:
    return Settings(_env_file=None)


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
