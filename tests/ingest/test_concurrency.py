"""Two loads of one layer at once, and a database that stops in mid-load: never half a file, always a sentence."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from ingest import connect, load
from ingest.options import LoadOptions
from ingest.report import LoadReport
from spatial.errors import Conflict, Unavailable
from spatial.layers import find_layer
from spatial.versions import take_turn
from tests.ingest.world import load_one, one, parcel_file, parcels


def test_the_second_load_waits_for_the_first(town: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the first holds the layer the second has read its file and waits; then it finds the first one's rows."""
    paths = [parcel_file(tmp_path / f"{name}.shp", [1, 2, 3]) for name in "ab"]
    reports: list[LoadReport] = []
    waited, go_on = threading.Event(), threading.Event()
    publish = load.Work.publish

    def publish_slowly(self: load.Work, batch_id: int) -> None:
        publish(self, batch_id)
        go_on.wait(20)

    monkeypatch.setattr(load.Work, "publish", publish_slowly)

    def run(path: Path) -> None:
        def note(step: str, _done: int, _total: int | None) -> None:
            if step == "wait":
                waited.set()

        reports.extend(load.load_files(town, find_layer("parcels"), [path], LoadOptions(), note))

    threads = [threading.Thread(target=run, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    assert waited.wait(20)
    go_on.set()
    for thread in threads:
        thread.join(30)
    assert sorted((report.added, report.unchanged) for report in reports) == [(0, 3), (3, 0)]
    assert len(parcels(town)) == 3


def test_a_load_that_waits_too_long_says_so(town: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "LOCK_WAIT_S", 1)
    path = parcel_file(tmp_path / "p.shp", [1])
    with town.connect() as other, other.begin():
        assert take_turn(other, "land.parcel", patience_s=0)
        with pytest.raises(Conflict, match="Another load"):
            load_one(town, "parcels", path)
    assert load_one(town, "parcels", path).added == 1


@pytest.mark.parametrize("step", ["stage", "publish", "settle"])
def test_a_database_that_stops_leaves_nothing_behind(
    town: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The server ends the session as a shutdown does, after each step of a load in turn."""
    tables = (
        "land.parcel",
        "private.parcel_owner",
        "ingest.quarantine",
        "private.quarantine_row",
        "ingest.issue",
        "ingest.batch",
    )
    before = [one(town, f"SELECT count(*) FROM {table}") for table in tables]
    original = getattr(load.Work, step)

    def then_stop(self: load.Work, *arguments: int) -> None:
        original(self, *arguments)
        pid = self.connection.scalar(text("SELECT pg_backend_pid()"))
        with town.connect() as killer:
            killer.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})

    monkeypatch.setattr(load.Work, step, then_stop)
    with pytest.raises(Unavailable, match="nothing was published"):
        load_one(town, "parcels", parcel_file(tmp_path / "p.shp", [1, 0]))
    assert [one(town, f"SELECT count(*) FROM {table}") for table in tables] == before
    left = "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname ~ '^(pg_temp|staging)'"
    assert one(town, left) == 0

    monkeypatch.setattr(load.Work, step, original)
    assert load_one(town, "parcels", parcel_file(tmp_path / "q.shp", [1, 0])).added == 1
