"""A real PostGIS for every test: one throwaway server per run, one migrated template, a clone or a rollback per test."""

import fcntl
import itertools
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import psycopg2
import pytest
import sqlalchemy
from psycopg2 import sql

from spatial.cluster import Cluster
from spatial.database import migrate
from tests.day import today_is, turn_python

TEMPLATE = "dothi_template"
SAMPLE_TEMPLATE = "dothi_sample"
SAMPLE = Path(__file__).resolve().parents[1] / "sample_data"
_RUNS = Path(tempfile.gettempdir()) / f"dothi-tests-{os.getuid()}"
_RUN_FOLDER = pytest.StashKey[Path]()


# -- one folder per run, shared by xdist's workers; several runs may go on at once ------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """`pytest --at 2027-01-02` runs everything on that legal day."""
    parser.addoption("--at", type=date.fromisoformat, metavar="DATE", help="the legal day of the whole run (YYYY-MM-DD)")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--at"):
        turn_python(config.getoption("--at"))
    for name in [name for name in os.environ if name.startswith("DOTHI_") and name != "DOTHI_TRIAL_DATA"]:
        del os.environ[name]  # the settings of whoever runs the tests are not the tests'
    os.environ["DOTHI_PORT"] = "0"  # any free one: on 8000 a demo may be running
    worker_input = getattr(config, "workerinput", None)
    if worker_input is not None:
        config.stash[_RUN_FOLDER] = Path(worker_input["dothi_run_folder"])
        return
    _sweep_dead_runs()
    folder = _RUNS / f"{os.getpid()}-{secrets.token_hex(4)}"
    folder.mkdir(parents=True)
    config.stash[_RUN_FOLDER] = folder


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """Tell each xdist worker the folder of the run."""
    node.workerinput["dothi_run_folder"] = str(node.config.stash[_RUN_FOLDER])  # type: ignore[attr-defined]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Send each file to one worker, so that what a module sets up is set up once, and all browser tests to the same one.

    The marker `xdist_group` would do, but pytest 9 keeps its suffix out of the names that xdist sorts by.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::")[0]
            return "tests/browser" if file.startswith("tests/browser/") else file

    return ByFile(config, log)


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and _RUN_FOLDER in config.stash:
        _remove_run(config.stash[_RUN_FOLDER])


def _sweep_dead_runs() -> None:
    """Remove the servers of runs that were killed before they could."""
    for folder in _RUNS.glob("*-*"):
        try:
            os.kill(int(folder.name.split("-")[0]), 0)
        except (ProcessLookupError, ValueError):
            _remove_run(folder)
        except PermissionError:
            continue


def _remove_run(folder: Path) -> None:
    for data_dir in folder.iterdir():
        if data_dir.is_dir():
            Cluster(data_dir).destroy()
    shutil.rmtree(folder, ignore_errors=True)


# -- fixtures -----------------------------------------------------------------------------------------------------------------


@dataclass
class Database:
    """A fresh, migrated database of one test."""

    cluster: Cluster
    name: str
    made_logins: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """libpq URL of the administrator."""
        return self.cluster.url(self.name)

    def login(self, role: str, password: str | None = None) -> str:
        """Return the libpq URL of a login; for a group role (dothi_reader ...) of a login made for this test, its member."""
        if password is not None or self._can_login(role):
            return self.cluster.url(self.name, role, password=password)
        if role not in self.made_logins:
            self.made_logins[role] = secrets.token_hex(12)
            create = sql.SQL("CREATE ROLE {} LOGIN IN ROLE {} PASSWORD {}").format(
                sql.Identifier(self.login_name(role)), sql.Identifier(role), sql.Literal(self.made_logins[role])
            )
            with admin_cursor(self.url) as cursor:
                cursor.execute(create)
        return self.cluster.url(self.name, self.login_name(role), password=self.made_logins[role])

    def login_name(self, role: str) -> str:
        """Name of the login that `login(role)` makes for a group role."""
        return f"{self.name}_{role}"

    def _can_login(self, role: str) -> bool:
        with admin_cursor(self.url) as cursor:
            cursor.execute("SELECT rolcanlogin FROM pg_roles WHERE rolname = %s", (role,))
            row = cursor.fetchone()
        if row is None:
            raise LookupError(f"no role {role}")
        return bool(row[0])


@contextmanager
def admin_cursor(url: str) -> Iterator[psycopg2.extensions.cursor]:
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor


@pytest.fixture
def state(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A data folder for a server of the test's own, which the test may stop, kill and ruin."""
    folder = request.config.stash[_RUN_FOLDER] / secrets.token_hex(4)
    folder.mkdir()
    yield folder
    Cluster(folder).destroy()


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Cluster:
    """The run's own server: not durable, gone with the run."""
    found = Cluster(request.config.stash[_RUN_FOLDER] / "shared", durable=False)
    found.start()
    return found


@pytest.fixture(scope="session")
def template(cluster: Cluster, request: pytest.FixtureRequest) -> str:
    """Name of the migrated database that others are cloned from."""
    with making_template(cluster, request, TEMPLATE) as draft:
        if draft:
            migrate(draft)
            if day := request.config.getoption("--at"):
                with admin_cursor(draft) as cursor:
                    cursor.execute(today_is(day))
    return TEMPLATE


@pytest.fixture(scope="session")
def sample_template(cluster: Cluster, template: str, request: pytest.FixtureRequest) -> str:
    """Name of a database with the whole sample loaded and its figures computed, to be cloned."""
    from ingest.manifest import load_manifest
    from spatial.database import open_engine
    from spatial.rollup import refresh

    with making_template(cluster, request, SAMPLE_TEMPLATE, template) as draft:
        if draft:
            engine = open_engine(draft)
            load_manifest(engine, SAMPLE / "manifest.json")
            with engine.begin() as connection:
                connection.execute(sqlalchemy.text("SET LOCAL ROLE dothi_ingest"))
                refresh(connection)
            engine.dispose()
            with admin_cursor(draft) as cursor:
                cursor.execute("VACUUM ANALYZE")
    return SAMPLE_TEMPLATE


@contextmanager
def making_template(
    cluster: Cluster, request: pytest.FixtureRequest, name: str, source: str | None = None
) -> Iterator[str | None]:
    """Give the URL of a draft to the first worker that asks, and name it when it is whole; None to those that come later."""
    with (request.config.stash[_RUN_FOLDER] / f"{name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with admin_cursor(cluster.url("postgres")) as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
            exists = cursor.fetchone()
        if exists:
            yield None
            return
        draft = f"{name}_draft"
        cluster.drop_database(draft)
        cluster.ensure_database(draft, template=source)
        yield cluster.url(draft)
        with admin_cursor(cluster.url("postgres")) as cursor:
            cursor.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(draft), sql.Identifier(name)))


_numbers = itertools.count(1)


@contextmanager
def cloned(cluster: Cluster, template: str) -> Iterator[Database]:
    """Clone the template; the clone and the logins made for it are dropped at the end."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    database = Database(cluster, f"test_{worker}_{next(_numbers)}")
    cluster.ensure_database(database.name, template=template)
    try:
        yield database
    finally:
        cluster.drop_database(database.name)
        with admin_cursor(cluster.url("postgres")) as cursor:
            for role in database.made_logins:
                cursor.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(database.login_name(role))))


@pytest.fixture
def beginning(template: str) -> str:
    """Name of what a test's database is a clone of; a folder whose tests begin with more puts its own in its place."""
    return template


@pytest.fixture
def database(cluster: Cluster, beginning: str) -> Iterator[Database]:
    """A fresh clone for tests that commit, use several connections or log in as somebody."""
    with cloned(cluster, beginning) as database:
        yield database


@pytest.fixture(scope="session")
def _shared_engine(cluster: Cluster, template: str) -> Iterator[sqlalchemy.Engine]:
    with cloned(cluster, template) as database:
        engine = sqlalchemy.create_engine(sqlalchemy_url(database.url), poolclass=sqlalchemy.NullPool)
        yield engine
        engine.dispose()


@pytest.fixture
def connection(_shared_engine: sqlalchemy.Engine) -> Iterator[sqlalchemy.Connection]:
    """A connection as role dothi_owner in a transaction that is rolled back: the quick way where nothing must commit."""
    with _shared_engine.connect() as connection:
        transaction = connection.begin()
        if connection.scalar(sqlalchemy.text("SELECT 1 FROM pg_roles WHERE rolname = 'dothi_owner'")):
            connection.execute(sqlalchemy.text("SET LOCAL ROLE dothi_owner"))
        yield connection
        if transaction.is_active:
            transaction.rollback()


def sqlalchemy_url(url: str) -> sqlalchemy.URL:
    """Name the driver: plain postgresql:// would ask for another one."""
    return sqlalchemy.make_url(url).set(drivername="postgresql+psycopg2")
