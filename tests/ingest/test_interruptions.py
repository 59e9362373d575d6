"""A load that the database ends: each cause has its own sentence, raised by the real error, and nothing is left behind."""

import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import Connection, Engine, text

from ingest import load
from ingest.connect import loading
from spatial.cluster import Cluster
from spatial.database import open_engine
from spatial.errors import Unavailable
from tests.conftest import Database, admin_cursor
from tests.ingest.world import load_one, one, parcel_file

After = Callable[[Connection], None]


@pytest.fixture
def after_publishing(monkeypatch: pytest.MonkeyPatch) -> Callable[[After], None]:
    """Let something happen between a load's publishing and its books, while its transaction is open."""
    publish = load.Work.publish

    def arrange(happen: After) -> None:
        def publish_then(self: load.Work, batch_id: int) -> None:
            publish(self, batch_id)
            happen(self.connection)

        monkeypatch.setattr(load.Work, "publish", publish_then)

    return arrange


def batches(engine: Engine) -> int:
    return int(one(engine, "SELECT count(*) FROM ingest.batch"))


def fails(engine: Engine, path: Path, words: str) -> None:
    """Load a file, which must end in the sentence with these words, in both languages, and leave nothing."""
    before = batches(engine)
    with pytest.raises(Unavailable, match=words) as told:
        load_one(engine, "parcels", path)
    assert "nothing was published" in str(told.value)
    assert "chưa có gì được công bố" in (told.value.vi or "")
    assert batches(engine) == before
    assert one(engine, "SELECT count(*) FROM land.parcel WHERE map_sheet = '1'") <= 1


def load_statement(engine: Engine, statement: str, *, through_driver: bool) -> None:
    """Run a statement in a load's transaction."""
    with loading(engine) as connection:
        connection.execute(text("SELECT ingest.open_batch('load')"))
        driver = connection.connection.dbapi_connection
        assert driver
        if through_driver:
            driver.cursor().execute(statement)
        else:
            connection.execute(text(statement))


def test_a_cancelled_load(town: Engine, tmp_path: Path, after_publishing: Callable[[After], None]) -> None:
    def cancel(connection: Connection) -> None:
        pid = connection.scalar(text("SELECT pg_backend_pid()"))
        timer = threading.Timer(0.2, lambda: one(town, "SELECT pg_cancel_backend(:pid)", pid=pid))
        timer.start()
        connection.execute(text("SELECT pg_sleep(60)"))

    after_publishing(cancel)
    fails(town, parcel_file(tmp_path / "p.shp", [1]), "cancelled")


def test_a_cancelled_copy(engine: Engine) -> None:
    """COPY runs on the driver below SQLAlchemy, whose errors come unwrapped."""
    with pytest.raises(Unavailable, match="cancelled"):
        load_statement(engine, "SET LOCAL statement_timeout = '50ms'; SELECT pg_sleep(60)", through_driver=True)


def test_a_load_that_time_limits_end(town: Engine, tmp_path: Path, after_publishing: Callable[[After], None]) -> None:
    def hurry(connection: Connection) -> None:
        connection.execute(text("SET LOCAL statement_timeout = '50ms'"))
        connection.execute(text("SELECT pg_sleep(60)"))

    after_publishing(hurry)
    fails(town, parcel_file(tmp_path / "p.shp", [1]), "time limit")


def test_a_deadlock(town: Engine, tmp_path: Path, after_publishing: Callable[[After], None]) -> None:
    """Another session holds what the load comes to last, and waits for what it has written; the load finds out first."""
    threads: list[threading.Thread] = []

    def cross(_: Connection) -> None:
        holds = threading.Event()

        def other() -> None:
            with town.connect() as connection, connection.begin():
                connection.execute(text("SET LOCAL deadlock_timeout = '100s'"))
                connection.execute(text("LOCK TABLE ingest.issue IN ACCESS EXCLUSIVE MODE"))
                holds.set()
                connection.execute(text("LOCK TABLE land.parcel IN ACCESS EXCLUSIVE MODE"))

        threads.append(threading.Thread(target=other))
        threads[0].start()
        assert holds.wait(20)

    after_publishing(cross)
    fails(town, parcel_file(tmp_path / "p.shp", [1]), "deadlock")
    threads[0].join(20)
    assert not threads[0].is_alive()


def test_a_row_that_another_write_changed(
    town: Engine, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With snapshots for a whole transaction, as some administrators set, the second writer of a row is refused."""
    load_one(town, "parcels", parcel_file(tmp_path / "a.shp", [1]))
    with admin_cursor(database.url) as cursor:
        cursor.execute(f"ALTER DATABASE {database.name} SET default_transaction_isolation = 'repeatable read'")
    stage = load.Work.stage

    def stage_then(self: load.Work) -> None:
        stage(self)
        with closing(psycopg2.connect(database.url)) as connection, connection, connection.cursor() as cursor:
            cursor.execute("UPDATE land.parcel SET address = 'Ngõ 1'")

    monkeypatch.setattr(load.Work, "stage", stage_then)
    before = batches(town)
    with pytest.raises(Unavailable, match="changed the same rows"):
        load_one(town, "parcels", parcel_file(tmp_path / "b.shp", [1], KHLOAIDAT=["CLN"]))
    assert batches(town) == before + 1  # the edit's own
    assert one(town, "SELECT land_use_code || address FROM land.parcel") == "ODTNgõ 1"


def test_no_memory_left(state: Path) -> None:
    """Of a server's memory the table of locks is the first to be full."""
    server = Cluster(state, durable=False)
    server.start()
    with admin_cursor(server.url("postgres")) as cursor:
        cursor.execute("CREATE ROLE dothi_ingest")
    engine = open_engine(server.url("postgres"))
    with pytest.raises(Unavailable, match="out of memory"), loading(engine) as connection:
        connection.execute(text("SELECT count(pg_advisory_xact_lock(i)) FROM generate_series(1, 3000000) i"))
    engine.dispose()


def test_no_connection_left(database: Database, tmp_path: Path) -> None:
    url = database.login("dothi_ingest")
    with admin_cursor(database.url) as cursor:
        cursor.execute(f"ALTER ROLE {database.login_name('dothi_ingest')} CONNECTION LIMIT 0")
    engine = open_engine(url)
    fails_to_connect(engine, "no connection left")
    with pytest.raises(Unavailable, match="no connection left"):  # the door asks the database before it reads the file
        load_one(engine, "parcels", parcel_file(tmp_path / "p.shp", [1]))


def test_no_server(database: Database) -> None:
    fails_to_connect(open_engine("postgresql://nobody@127.0.0.1:1/dothi"), "does not answer")


def fails_to_connect(engine: Engine, words: str) -> None:
    with pytest.raises(Unavailable, match=words) as told, loading(engine):
        pass
    assert told.value.vi
    assert "stopped" not in str(told.value)


@pytest.mark.parametrize("through_driver", [False, True])
def test_a_full_disk(engine: Engine, through_driver: bool) -> None:
    """The server raises its very error in a load, to SQLAlchemy or to the driver below it, as COPY does."""
    statement = "DO $$ BEGIN RAISE 'could not extend file' USING ERRCODE = 'disk_full'; END $$"
    with pytest.raises(Unavailable, match="disk is full; nothing was published"):
        load_statement(engine, statement, through_driver=through_driver)
    assert batches(engine) == 0
