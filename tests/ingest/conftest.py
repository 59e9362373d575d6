"""Engines on a fresh database for tests that load, empty or with one commune."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from spatial.cluster import Cluster
from spatial.database import open_engine
from tests.conftest import Database, making_template
from tests.ingest.terminal import Run
from tests.ingest.world import found_commune


@pytest.fixture(scope="session")
def town_template(
    cluster: Cluster, template: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """Name of a database with the commune of `tests.ingest.world`, to be cloned."""
    with making_template(cluster, request, "dothi_town", template) as draft:
        if draft:
            engine = open_engine(draft)
            found_commune(engine, tmp_path_factory.mktemp("world"))
            engine.dispose()
    return "dothi_town"


@pytest.fixture
def beginning(request: pytest.FixtureRequest, template: str) -> str:
    """The town for who asks for it."""
    return str(request.getfixturevalue("town_template")) if "town" in request.fixturenames else template


@pytest.fixture
def engine(database: Database) -> Iterator[Engine]:
    """An engine as the administrator, on a migrated database, empty but for what `beginning` has."""
    engine = open_engine(database.url, application_name="dothi tests")
    yield engine
    engine.dispose()


@pytest.fixture
def town(engine: Engine) -> Engine:
    """The same, with the commune of `tests.ingest.world`."""
    return engine


@pytest.fixture
def run(database: Database, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line, on this test's database."""
    monkeypatch.setenv("DOTHI_DATABASE_URL", database.url)
    return Run()
