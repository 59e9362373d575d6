"""A batch taken back leaves every row as it was before, by a new batch; later work on the same rows forbids it."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ingest.rollback import roll_back
from spatial.errors import Conflict, InvalidInput, NotFound
from tests.ingest.files import squares, write_layer
from tests.ingest.world import COMMUNE, load_one, one, parcel_file, rows

STATE = (
    "SELECT p.id, p.code, p.land_use_raw, p.valid_from, p.valid_to, ST_AsText(p.geom), o.owner_name "
    "FROM land.parcel p LEFT JOIN private.parcel_owner o ON o.parcel_id = p.id ORDER BY p.id"
)
USES = "SELECT parcel_id, seq, raw FROM land.parcel_use ORDER BY 1, 2"


def test_a_first_load_taken_back_leaves_nothing(town: Engine, tmp_path: Path) -> None:
    report = load_one(town, "parcels", parcel_file(tmp_path / "a.shp", [1, 2], KHLOAIDAT=["ODT+CLN", "CQP"]))
    undone = roll_back(town, report.batch or 0)
    assert rows(town, STATE) == []
    for table in ("land.parcel_use", "private.parcel_owner", "private.parcel_restricted"):
        assert one(town, f"SELECT count(*) FROM {table}") == 0, table
    assert rows(town, "SELECT kind, reverts_batch_id FROM ingest.batch WHERE id = :id", id=undone.batch_id) == [
        ("rollback", report.batch)
    ]
    assert one(town, "SELECT count(*) FROM history.land__parcel WHERE batch_from = :id", id=report.batch) == 1


@pytest.mark.parametrize("valid_from", [None, date(2025, 8, 1)])
def test_changes_taken_back_restore_rows_uses_and_owners(town: Engine, tmp_path: Path, valid_from: date | None) -> None:
    load_one(
        town,
        "parcels",
        parcel_file(tmp_path / "a.shp", [1, 2, 3], KHLOAIDAT=["ODT", "ONT+CLN", "LUC"]),
        valid_from=date(2025, 7, 1),
    )
    state, uses = rows(town, STATE), rows(town, USES)
    changed = parcel_file(
        tmp_path / "b.shp", [1, 2, 4], KHLOAIDAT=["CLN", "ODT+LUC", "ODT"], TENCHU=["Le Thi Moi", "Nguyen Van Chu 2", "Bon"]
    )
    report = load_one(town, "parcels", changed, valid_from=valid_from)
    assert rows(town, STATE) != state
    roll_back(town, report.batch or 0)
    assert rows(town, STATE) == state
    assert rows(town, USES) == uses


def test_a_batch_that_others_built_on_is_refused_and_the_newer_named(town: Engine, tmp_path: Path) -> None:
    first = load_one(town, "parcels", parcel_file(tmp_path / "a.shp", [1, 2]))
    second = load_one(town, "parcels", parcel_file(tmp_path / "b.shp", [1, 2], KHLOAIDAT=["CLN", "ODT"]))
    with pytest.raises(Conflict, match=str(second.batch)):
        roll_back(town, first.batch or 0)
    roll_back(town, second.batch or 0)
    with pytest.raises(InvalidInput, match="already"):
        roll_back(town, second.batch or 0)


def test_batches_are_taken_back_one_after_the_other_to_the_very_first(town: Engine, tmp_path: Path) -> None:
    """What the refusal advises, the newest first, leads to the end: inserted, changed, changed and split again, all undone."""
    done = []
    for uses in (["ODT", "CLN"], ["ONT", "CLN"], ["ODT+LUC", "CLN"], ["LUC", "ODT"]):
        state = rows(town, STATE), rows(town, USES)
        report = load_one(town, "parcels", parcel_file(tmp_path / "p.shp", [1, 2], KHLOAIDAT=uses))
        done.append((report.batch or 0, state))
    with pytest.raises(Conflict):
        roll_back(town, done[1][0])
    for batch, state in reversed(done):
        roll_back(town, batch)
        assert (rows(town, STATE), rows(town, USES)) == state
    assert rows(town, STATE) == []


def test_a_rollback_taken_back_is_the_batch_again(town: Engine, tmp_path: Path) -> None:
    report = load_one(town, "parcels", parcel_file(tmp_path / "a.shp", [1, 2], KHLOAIDAT=["ODT+CLN", "CQP"]))
    state, uses = rows(town, STATE), rows(town, USES)
    undone = roll_back(town, report.batch or 0)
    roll_back(town, undone.batch_id or 0)
    assert (rows(town, STATE), rows(town, USES)) == (state, uses)
    assert one(town, "SELECT count(*) FROM private.parcel_restricted") == 1


def test_an_owner_that_came_later_leaves_with_the_parcel(town: Engine, tmp_path: Path) -> None:
    """The later batch changed no row of the first, so nothing forbids it; but an owner of no parcel must not stay."""
    bare = {"XAID": [COMMUNE], "SHBANDO": ["1"], "SHTHUA": ["1"], "KHLOAIDAT": ["ODT"]}
    shapes = squares(1, west=539_100.0, south=2_326_500.0)
    first = load_one(town, "parcels", write_layer(tmp_path / "a.shp", shapes, bare))
    load_one(town, "parcels", write_layer(tmp_path / "b.shp", shapes, {**bare, "TENCHU": ["Nguyen Van Chu"]}))
    assert one(town, "SELECT count(*) FROM private.parcel_owner") == 1
    roll_back(town, first.batch or 0)
    assert one(town, "SELECT count(*) FROM land.parcel") == 0
    assert one(town, "SELECT count(*) FROM private.parcel_owner") == 0


def test_nothing_to_take_back_is_said(town: Engine, tmp_path: Path) -> None:
    path = parcel_file(tmp_path / "a.shp", [1])
    load_one(town, "parcels", path)
    same = load_one(town, "parcels", path)
    with pytest.raises(InvalidInput, match="changed nothing"):
        roll_back(town, same.batch or 0)
    with pytest.raises(NotFound, match="no batch"):
        roll_back(town, 987654)
