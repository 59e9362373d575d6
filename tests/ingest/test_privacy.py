"""Personal values are in `private` and nowhere else: not in issues, quarantine, history, audit, messages or the report."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.ingest.world import load_one, parcel_file, rows, schemas_that_hold

OWNER = "Nguyen Van Bi Mat"


@pytest.fixture
def messy(tmp_path: Path) -> Path:
    """Parcels of which one is fine, one is set aside, and one is defence land; each names its owner."""
    return parcel_file(
        tmp_path / "p.shp", [1, 0, 3], TENCHU=[f"{OWNER} {n}" for n in range(3)], KHLOAIDAT=["ODT", "XYZ", "CQP"],
        GHICHU2=[OWNER] * 3,
    )  # fmt: skip


def test_owners_are_in_private_only(town: Engine, messy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = load_one(town, "parcels", messy)
    assert (report.added, report.quarantined) == (2, 1)
    corrected = parcel_file(messy.with_name("q.shp"), [1, 3], TENCHU=[f"{OWNER} doi", f"{OWNER} khac"], KHLOAIDAT=["CLN", "CQP"])
    load_one(town, "parcels", corrected)
    assert schemas_that_hold(town, OWNER) == {"private"}
    assert OWNER not in json.dumps(report.as_json())
    assert all(OWNER not in note.message(lang) for note in report.notes for lang in ("vi", "en"))
    assert OWNER not in "".join(capsys.readouterr())


def test_the_raw_row_in_quarantine_is_whole(town: Engine, messy: Path) -> None:
    load_one(town, "parcels", messy)
    ((public, raw, has_shape),) = rows(
        town,
        "SELECT q.public_values, r.raw, r.geom IS NOT NULL FROM ingest.quarantine q "
        "JOIN private.quarantine_row r ON r.quarantine_id = q.id",
    )
    assert public == {
        "commune_code": "09706", "map_sheet": "1", "parcel_no": "0", "area_stated_m2": 100.0, "land_use_raw": "XYZ"
    }  # fmt: skip
    assert raw["TENCHU"] == f"{OWNER} 1"
    assert raw["GHICHU2"] == OWNER
    assert has_shape


def test_of_defence_land_not_even_the_public_columns_are_shown_in_quarantine(town: Engine, tmp_path: Path) -> None:
    load_one(town, "parcels", parcel_file(tmp_path / "p.shp", [0], KHLOAIDAT=["CQP"]))
    assert rows(town, "SELECT public_values FROM ingest.quarantine") == [({},)]


@pytest.mark.parametrize("role", ["dothi_public", "dothi_reader", "dothi_editor"])
def test_no_reader_may_look_into_private(town: Engine, messy: Path, role: str) -> None:
    load_one(town, "parcels", messy)
    readable = rows(
        town,
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'private' "
        "AND c.relkind = 'r' AND (has_schema_privilege(:role, n.oid, 'USAGE') AND has_table_privilege(:role, c.oid, 'SELECT'))",
        role=role,
    )
    assert readable == []
