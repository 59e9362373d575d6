"""Engines on a fresh database for tests that load, empty or with one commune."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from spatial.database import open_engine
from tests.conftest import Database
from tests.ingest.terminal import Run
from tests.ingest.world import found_commune


@pytest.fixture
def engine(database: Database) -> Iterator[Engine]:
    """An engine as the administrator, on a migrated and empty database."""
    engine = open_engine(database.url, application_name="dothi tests")
    yield engine
    engine.dispose()


@pytest.fixture
def town(engine: Engine, tmp_path: Path) -> Engine:
    """The same, with the commune of `tests.ingest.world`."""
    folder = tmp_path / "world"
    folder.mkdir()
    found_commune(engine, folder)
    return engine


@pytest.fixture
def run(database: Database, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line, on this test's database."""
    monkeypatch.setenv("DOTHI_DATABASE_URL", database.url)
    return Run()
