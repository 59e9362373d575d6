"""Data versions: given at commit, in the order of commits, whatever the order of beginnings; told to caches after the commit."""

import select
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import psycopg2
import pytest
from psycopg2 import errors, extensions
from sqlalchemy import text

from spatial.layers import find_layer
from spatial.versions import data_version, layer_version, open_batch, version_known_at
from tests.conftest import Database
from tests.spatial.people import HOME, owner, settle, square

INSERT = (
    "INSERT INTO landscape.green_area (code, kind, province_code, commune_code, geom)"
    f" VALUES (%s, 'public', '37', '{HOME}', '{square(105.03)}')"
)
GREEN = "landscape.green_area"


class Writer:
    """A transaction that a test holds open."""

    def __init__(self, url: str, isolation: int = extensions.ISOLATION_LEVEL_READ_COMMITTED) -> None:
        self.connection = psycopg2.connect(url)
        self.connection.set_isolation_level(isolation)
        self.cursor = self.connection.cursor()

    def insert(self, code: str) -> None:
        self.cursor.execute(INSERT, (code,))

    def commit(self) -> None:
        self.connection.commit()

    def close(self) -> None:
        self.connection.close()


@pytest.fixture
def settled(database: Database) -> Database:
    settle(database)
    return database


@pytest.fixture
def writers(settled: Database) -> Iterator[tuple[Writer, Writer]]:
    first, second = Writer(settled.url), Writer(settled.url)
    yield first, second
    first.close()
    second.close()


def version_of(database: Database, code: str) -> tuple[int, datetime]:
    with owner(database) as connection:
        row = connection.execute(
            text(
                "SELECT b.data_version, b.committed_at FROM landscape.green_area g JOIN ingest.batch b ON b.id = g.batch_id"
                " WHERE g.code = :code"
            ),
            {"code": code},
        ).one()
    return row[0], row[1]


def newest(database: Database) -> int:
    with owner(database) as connection:
        return data_version(connection)


def test_versions_follow_commits_and_not_beginnings(settled: Database, writers: tuple[Writer, Writer]) -> None:
    early, late = writers
    early.insert("began first")
    late.insert("began last")
    late.commit()
    early.commit()
    (first, first_at), (last, last_at) = (version_of(settled, code) for code in ("began last", "began first"))
    assert first < last
    assert first_at < last_at


def test_a_commit_waits_for_one_that_has_its_version_already(settled: Database, writers: tuple[Writer, Writer]) -> None:
    holder, waiter = writers
    holder.insert("holder")
    holder.cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # its version is taken, its rows are not to be seen yet
    waiter.insert("waiter")
    committing = threading.Thread(target=waiter.commit)
    committing.start()
    committing.join(0.3)
    assert committing.is_alive()
    holder.commit()
    committing.join(10)
    assert version_of(settled, "holder")[0] < version_of(settled, "waiter")[0]


def test_what_is_read_at_a_version_never_changes(settled: Database, writers: tuple[Writer, Writer]) -> None:
    """Whoever saw version V must find no row later that belongs to V or before it: many writers at once."""
    seen: dict[int, set[str]] = {}
    done = threading.Event()

    def read() -> None:
        with closing(psycopg2.connect(settled.url)) as connection, connection.cursor() as cursor:
            while not done.is_set():
                cursor.execute(
                    "SELECT coalesce(max(b.data_version), 0), array_agg(g.code)"
                    " FROM landscape.green_area g JOIN ingest.batch b ON b.id = g.batch_id"
                )
                version, codes = cursor.fetchone() or (0, [])
                connection.commit()
                assert seen.setdefault(version, set(codes)) == set(codes)

    def write(number: int) -> None:
        with closing(psycopg2.connect(settled.url)) as connection:
            for turn in range(8):
                with connection, connection.cursor() as cursor:
                    cursor.execute(INSERT, (f"{number}.{turn}",))

    reader = threading.Thread(target=read)
    reader.start()
    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    reader.join()
    for earlier, later in zip(sorted(seen), sorted(seen)[1:], strict=False):
        assert seen[earlier] < seen[later]
        assert len(seen[later]) - len(seen[earlier]) == later - earlier


def test_a_rolled_back_savepoint_leaves_no_batch(settled: Database, writers: tuple[Writer, Writer]) -> None:
    before = newest(settled)
    writer, _ = writers
    writer.cursor.execute("SAVEPOINT s")
    writer.insert("undone")
    writer.cursor.execute("ROLLBACK TO s")
    writer.insert("kept")
    writer.commit()
    assert version_of(settled, "kept")[0] == newest(settled)
    with owner(settled) as connection:
        opened = "SELECT count(*) FROM ingest.batch WHERE data_version > :before OR data_version IS NULL"
        assert connection.execute(text(opened), {"before": before}).scalar() == 1
        assert connection.execute(text("SELECT count(*) FROM landscape.green_area WHERE code = 'undone'")).scalar() == 0


def test_a_rolled_back_transaction_is_never_a_version(settled: Database, writers: tuple[Writer, Writer]) -> None:
    before = newest(settled)
    writer, other = writers
    writer.insert("undone")
    writer.cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    writer.connection.rollback()
    other.insert("kept")
    other.commit()
    assert version_of(settled, "kept")[0] == newest(settled) > before


def test_a_statement_that_meets_no_row_makes_no_version(settled: Database, writers: tuple[Writer, Writer]) -> None:
    before = newest(settled)
    writer, _ = writers
    writer.cursor.execute("UPDATE landscape.green_area SET name = 'x' WHERE code = 'there is none'")
    writer.cursor.execute("DELETE FROM landscape.green_area WHERE code = 'there is none'")
    writer.commit()
    assert newest(settled) == before


def test_all_statements_of_a_transaction_are_one_version(settled: Database, writers: tuple[Writer, Writer]) -> None:
    before = newest(settled)
    writer, _ = writers
    for code in ("one", "two"):
        writer.insert(code)
    writer.cursor.execute("UPDATE landscape.green_area SET name = 'x' WHERE code = 'home'")
    writer.commit()
    assert newest(settled) == before + 1
    assert version_of(settled, "one") == version_of(settled, "two") == version_of(settled, "home")


def test_a_snapshot_that_began_before_another_commit_fails_as_a_whole(settled: Database) -> None:
    """Repeatable read: a conflict at the commit is an error that says "again", and nothing is half there."""
    slow, quick = Writer(settled.url, extensions.ISOLATION_LEVEL_REPEATABLE_READ), Writer(settled.url)
    slow.insert("slow")
    quick.insert("quick")
    quick.commit()
    with pytest.raises(errors.SerializationFailure):
        slow.commit()
    slow.insert("slow, again")
    slow.commit()
    assert version_of(settled, "quick")[0] < version_of(settled, "slow, again")[0] == newest(settled)
    slow.close()
    quick.close()


def test_caches_are_told_after_the_commit_and_only_then(settled: Database, writers: tuple[Writer, Writer]) -> None:
    writer, listener = writers
    listener.connection.autocommit = True
    listener.cursor.execute("LISTEN dothi_layer")
    writer.insert("new")
    writer.cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert not heard(listener, 0.2)
    writer.commit()
    assert heard(listener, 5) == [GREEN]


def heard(listener: Writer, seconds: float) -> list[str]:
    select.select([listener.connection], [], [], seconds)
    listener.connection.poll()
    told = [notice.payload for notice in listener.connection.notifies]
    listener.connection.notifies.clear()
    return told


def test_the_layers_version_is_that_of_its_last_write(settled: Database, writers: tuple[Writer, Writer]) -> None:
    writer, _ = writers
    writer.insert("new")
    writer.commit()
    with owner(settled) as connection:
        assert layer_version(connection, find_layer("green_areas")) == data_version(connection)
        assert layer_version(connection, find_layer("parcels")) == 0


def test_a_moment_maps_to_the_version_committed_by_then(settled: Database, writers: tuple[Writer, Writer]) -> None:
    writer, _ = writers
    writer.insert("new")
    writer.commit()
    version, at = version_of(settled, "new")
    with owner(settled) as connection:
        assert version_known_at(connection, at) == version
        assert version_known_at(connection, at - timedelta(microseconds=1)) == version - 1
        assert version_known_at(connection, datetime(2000, 1, 1, tzinfo=UTC)) == 0


def test_a_batch_that_a_program_opened_is_the_batch_of_its_rows(settled: Database) -> None:
    with owner(settled) as connection:
        connection.execute(text("SET LOCAL ROLE dothi_ingest"))
        batch = open_batch(connection, "load")
        connection.execute(text(INSERT.replace("%s", "'loaded'")))
        found = text("SELECT batch_id FROM landscape.green_area WHERE code = 'loaded'")
        assert connection.execute(found).scalar() == batch
    with owner(settled) as connection:
        row = connection.execute(text("SELECT kind, login FROM ingest.batch WHERE id = :id"), {"id": batch}).one()
        assert tuple(row) == ("load", "postgres")
        assert connection.execute(text("SELECT count(*) FROM audit.change WHERE batch_id = :id"), {"id": batch}).scalar() == 0
