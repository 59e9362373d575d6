"""The databases of the bench: the filled one, and one with communes only for the load. Made once, kept until they differ."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg2
from psycopg2 import sql

from bench.city import City
from bench.fill import add_units, fill
from ingest.manifest import load_manifest
from spatial.cluster import Cluster
from spatial.database import ROOT, migrate, open_engine

FOLDER = ROOT / "bench" / ".data"
_SHAPED_BY = (
    "migrations/**/*.sql",
    "migrations/**/*.py",
    "migrations/data/*.csv",
    "bench/city.py",
    "bench/plans.py",
    "bench/fill.py",
)


@dataclass(frozen=True)
class Store:
    """The bench's own server with its two databases.

    Attributes:
        name: of the filled database.
        places: of the database that knows the communes and nothing else.
    """

    cluster: Cluster
    city: City
    name: str
    places: str

    def admin_url(self, database: str | None = None) -> str:
        """Give the administrator's URL."""
        return self.cluster.url(database or self.name)

    def api_url(self) -> str:
        """Give the URL of the API's login."""
        return self.cluster.url(self.name, "dothi_api")

    @contextmanager
    def copy_of_places(self, name: str) -> Iterator[str]:
        """Give the administrator's URL of a database that knows the communes, for as long as the block lasts."""
        self.cluster.drop_database(name)
        self.cluster.ensure_database(name, template=self.places)
        try:
            yield self.admin_url(name)
        finally:
            self.cluster.drop_database(name)

    @contextmanager
    def sample(self) -> Iterator[str]:
        """Give the name of a database with the sample data, for as long as the block lasts."""
        name = "bench_sample"
        self.cluster.drop_database(name)
        self.cluster.ensure_database(name)
        try:
            migrate(self.admin_url(name))
            engine = open_engine(self.admin_url(name))
            load_manifest(engine, ROOT / "sample_data" / "manifest.json")
            engine.dispose()
            with _connected(self.admin_url(name)) as cursor:
                cursor.execute("VACUUM ANALYZE")
            yield name
        finally:
            self.cluster.drop_database(name)


@contextmanager
def opened(rows: int, say: Callable[[str], None]) -> Iterator[Store]:
    """Give the filled store of about `rows` parcels; the server runs for as long as the block lasts."""
    city = City.of(rows)
    mark = _mark()
    cluster = Cluster(FOLDER)
    started = cluster.start()
    try:
        store = Store(cluster, city, f"bench_{city.rows}_{mark}", f"bench_places_{city.rows}_{mark}")
        _drop_outdated(cluster, mark)
        for name, write in ((store.places, add_units), (store.name, fill)):
            if not _exists(cluster, name):
                say(f"making the database {name}")
                _make(cluster, city, name, write)
        yield store
    finally:
        if started:
            cluster.stop()


def _mark() -> str:
    """Name the state of everything that the content of the databases depends on."""
    content = hashlib.sha256()
    for pattern in _SHAPED_BY:
        for path in sorted(ROOT.glob(pattern)):
            content.update(path.read_bytes())
    return content.hexdigest()[:8]


def _exists(cluster: Cluster, name: str) -> bool:
    return name in _databases(cluster)


def _databases(cluster: Cluster) -> list[str]:
    with _connected(cluster.url("postgres")) as cursor:
        cursor.execute("SELECT datname FROM pg_database")
        return [name for (name,) in cursor.fetchall()]


def _drop_outdated(cluster: Cluster, mark: str) -> None:
    for name in _databases(cluster):
        if name.startswith("bench_") and not name.endswith(mark):
            cluster.drop_database(name)


def _make(cluster: Cluster, city: City, name: str, write: Callable[[str, City], None]) -> None:
    """Make a database under another name and rename it, so that one that is there is whole."""
    draft = "bench_draft"
    cluster.drop_database(draft)
    cluster.ensure_database(draft)
    migrate(cluster.url(draft))
    write(cluster.url(draft), city)
    with _connected(cluster.url(draft)) as cursor:
        cursor.execute("VACUUM ANALYZE")
    with _connected(cluster.url("postgres")) as cursor:
        cursor.execute("CHECKPOINT")
        cursor.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(draft), sql.Identifier(name)))


@contextmanager
def _connected(url: str) -> Iterator[psycopg2.extensions.cursor]:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()
