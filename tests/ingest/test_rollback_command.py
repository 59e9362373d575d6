"""`dothi rollback`: says what it would do and what refers to it, asks on a terminal, refuses without one."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
import shapely
from sqlalchemy import Engine

from ingest.rollback import Rollback, roll_back
from spatial.errors import Conflict
from tests.conftest import Database
from tests.ingest.files import write_layer
from tests.ingest.terminal import Run, refusal
from tests.ingest.world import load_one, one, parcel_file, rows

UNITS = "SELECT count(*) FROM admin.unit"


@pytest.fixture
def units(town: Engine) -> int:
    """The batch that loaded the commune and its two predecessors."""
    return int(one(town, "SELECT id FROM ingest.batch WHERE layer = 'admin_units'"))


def test_units_under_parcels_are_not_removed_unseen(town: Engine, tmp_path: Path, units: int) -> None:
    load_one(town, "parcels", parcel_file(tmp_path / "p.shp", [1, 2], KHLOAIDAT=["ODT", "CQP"]))
    with pytest.raises(Conflict, match=r"parcels 1\b.*--yes") as told:
        roll_back(town, units)
    assert "private.parcel_restricted 1" in str(told.value)
    assert "admin.unit_change 2" in str(told.value)
    assert "còn dữ liệu trỏ tới" in (told.value.vi or "")
    assert one(town, UNITS) == 3
    seen = roll_back(town, units, dry_run=True)
    assert (seen.batch_id, seen.removed, seen.left["land.parcel"]) == (None, 3, 1)
    assert one(town, UNITS) == 3
    done = roll_back(town, units, accept=lambda found: found.left == seen.left)
    assert (done.removed, one(town, UNITS)) == (3, 0)


def test_a_code_of_which_another_period_stays_is_not_gone(town: Engine, tmp_path: Path) -> None:
    ground = shapely.box(105.36, 21.02, 105.40, 21.06)
    columns = {"code": ["09706"], "level": ["commune"], "name": ["Yên Bài cũ"], "province_code": ["01"],
               "valid_from": ["1990-01-01"], "valid_to": ["2000-01-01"], "boundary_quality": ["surveyed"]}  # fmt: skip
    older = load_one(town, "admin_units", write_layer(tmp_path / "u.gpkg", [ground], columns, crs="EPSG:4326"))
    load_one(town, "parcels", parcel_file(tmp_path / "p.shp", [1]))
    assert roll_back(town, older.batch or 0).left == {}


def test_a_plan_under_zones_of_another_batch(town: Engine, tmp_path: Path) -> None:
    shape = [shapely.box(105.37, 21.03, 105.3705, 21.0305)]
    plan = {"code": ["P1"], "name": ["QH"], "plan_level": ["detailed"], "plan_kind": ["urban"]}
    first = load_one(town, "plans", write_layer(tmp_path / "p.gpkg", shape, plan, crs="EPSG:4326"))
    load_one(town, "zones", write_layer(tmp_path / "z.gpkg", shape, {"code": ["Z1"], "plan_code": ["P1"]}, crs="EPSG:4326"))
    with pytest.raises(Conflict, match="zones 1"):
        roll_back(town, first.batch or 0)


def test_what_changed_since_it_was_shown_is_not_done(town: Engine, units: int) -> None:
    def shown(_: Rollback) -> bool:
        return False

    first = one(town, "SELECT max(id) FROM ingest.batch WHERE layer = 'unit_changes'")
    with pytest.raises(Conflict, match="changed since it was shown"):
        roll_back(town, first, accept=shown)


# -- the command ------------------------------------------------------------------------------------------------------------


def test_without_a_terminal_nothing_is_done_and_the_way_on_is_said(run: Run, town: Engine, tmp_path: Path, units: int) -> None:
    load_one(town, "parcels", parcel_file(tmp_path / "p.shp", [1]))
    result = run("rollback", units)
    vi, en = refusal(result)
    assert "--yes" in vi
    assert "--yes" in en
    assert "removed 3" in result.stdout
    assert "parcels" in result.stdout
    assert one(town, UNITS) == 3
    shown = run("rollback", units, "--dry-run", "--yes")
    assert shown.exit_code == 0
    assert "would be" in shown.stdout
    assert one(town, UNITS) == 3
    done = run("rollback", units, "--yes")
    assert done.exit_code == 0, done.output
    assert "is taken back by" in done.stdout
    assert one(town, UNITS) == 0
    assert rows(town, "SELECT reverts_batch_id FROM ingest.batch WHERE kind = 'rollback'") == [(units,)]


@pytest.mark.parametrize(("answer", "left"), [("n\n", 3), ("\n", 3), ("y\n", 0)])
def test_on_a_terminal_it_asks(database: Database, town: Engine, units: int, answer: str, left: int) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", "import dothi; dothi.main()", "rollback", str(units)],
        stdin=theirs, stdout=theirs, stderr=subprocess.STDOUT, env={**os.environ, "DOTHI_DATABASE_URL": database.url},
    )  # fmt: skip
    os.close(theirs)
    said = b""
    while b"Go on?" not in said:
        said += os.read(ours, 1000)
    os.write(ours, answer.encode())
    assert process.wait(60) == (0 if left == 0 else 1)
    os.close(ours)
    assert b"removed 3" in said
    assert one(town, UNITS) == left
