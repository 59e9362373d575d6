"""What a load does to the rows that are there: same, corrected, a new legal period, ended; uses and personal columns too."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ingest.options import CompleteFor
from tests.ingest.files import squares, write_layer
from tests.ingest.world import COMMUNE, EAST, WEST, load_one, one, parcel_file, parcels, rows

MAY, JUNE = date(2025, 5, 1), date(2025, 6, 1)


def test_first_load_adds_every_row(town: Engine, tmp_path: Path) -> None:
    report = load_one(town, "parcels", parcel_file(tmp_path / "p.shp", [1, 2, 3]), valid_from=MAY)
    assert (report.rows_in, report.added, report.quarantined) == (3, 3, 0)
    assert report.crs == "EPSG:5897"
    assert list(parcels(town)) == [f"{COMMUNE}.{WEST}.1.{n} 2025-05-01" for n in (1, 2, 3)]
    assert rows(town, "SELECT DISTINCT province_code, area_srid FROM land.parcel") == [("01", 5897)]
    areas = [area for (area,) in rows(town, "SELECT area_m2 FROM land.parcel")]
    assert areas == [pytest.approx(100.0, abs=0.05)] * len(areas)  # of the shape as it is stored, to 1 cm


def test_the_sheet_belongs_to_the_former_commune_that_numbered_it(town: Engine, tmp_path: Path) -> None:
    """Both halves numbered their sheets from 1: a row that names the former code keeps it, today's code leads by the place."""
    named = parcel_file(tmp_path / "named.shp", [7], XAID=[EAST])
    load_one(town, "parcels", named)
    load_one(town, "parcels", parcel_file(tmp_path / "placed.shp", [7]))
    assert sorted(key.split()[0] for key in parcels(town)) == [f"{COMMUNE}.{WEST}.1.7", f"{COMMUNE}.{EAST}.1.7"]


def test_without_a_date_a_difference_is_a_correction_in_place(town: Engine, tmp_path: Path) -> None:
    load_one(town, "parcels", parcel_file(tmp_path / "a.shp", [1, 2]), valid_from=MAY)
    before = parcels(town)
    report = load_one(town, "parcels", parcel_file(tmp_path / "b.shp", [1, 2], KHLOAIDAT=["ODT", "CLN"]))
    assert (report.changed, report.unchanged) == (1, 1)
    assert parcels(town) == before
    assert rows(town, "SELECT parcel_no, land_use_code FROM history.land__parcel") == [("2", "ODT")]


def test_with_a_date_a_difference_begins_a_new_period(town: Engine, tmp_path: Path) -> None:
    load_one(town, "parcels", parcel_file(tmp_path / "a.shp", [1, 2]), valid_from=MAY)
    (first, second) = parcels(town).values()
    changed = parcel_file(tmp_path / "b.shp", [1, 2], KHLOAIDAT=["ODT", "CLN"])
    report = load_one(town, "parcels", changed, valid_from=JUNE)
    assert (report.added, report.changed, report.unchanged) == (0, 1, 1)
    after = parcels(town)
    assert after[f"{COMMUNE}.{WEST}.1.1 2025-05-01"] == first
    assert after[f"{COMMUNE}.{WEST}.1.2 2025-05-01"] == (second[0], MAY, JUNE)
    newer = after[f"{COMMUNE}.{WEST}.1.2 2025-06-01"]
    assert newer[2] is None
    assert newer[0] not in (first[0], second[0])

    again = load_one(town, "parcels", changed, valid_from=JUNE)
    assert (again.unchanged, again.wrote) == (2, False)
    assert parcels(town) == after


def test_a_file_of_an_older_date_fills_the_time_before(town: Engine, tmp_path: Path) -> None:
    load_one(town, "parcels", parcel_file(tmp_path / "a.shp", [1], KHLOAIDAT=["CLN"]), valid_from=JUNE)
    load_one(town, "parcels", parcel_file(tmp_path / "b.shp", [1]), valid_from=MAY)
    assert [(begin, end) for _, begin, end in parcels(town).values()] == [(MAY, JUNE), (JUNE, None)]


def test_columns_that_a_file_lacks_are_left_alone(town: Engine, tmp_path: Path) -> None:
    with_legal_area = parcel_file(tmp_path / "a.shp", [1], DIENTICHPL=[99.5])
    load_one(town, "parcels", with_legal_area, valid_from=MAY)
    load_one(town, "parcels", parcel_file(tmp_path / "b.shp", [1], KHLOAIDAT=["CLN"]), valid_from=JUNE)
    assert rows(town, "SELECT land_use_code, area_official_m2 FROM land.parcel ORDER BY valid_from") == [
        ("ODT", 99.5),
        ("CLN", 99.5),
    ]


@pytest.mark.parametrize(("scope", "ended"), [(None, 0), (CompleteFor.SHEET, 1), (CompleteFor.COMMUNE, 2)])
def test_rows_that_the_file_lacks_end_only_where_it_is_complete(
    town: Engine, tmp_path: Path, scope: CompleteFor | None, ended: int
) -> None:
    load_one(town, "parcels", parcel_file(tmp_path / "a.shp", [1, 2, 3], SHBANDO=["1", "1", "2"]), valid_from=MAY)
    report = load_one(town, "parcels", parcel_file(tmp_path / "b.shp", [1], SHBANDO=["1"]), valid_from=JUNE, complete_for=scope)
    assert report.ended == ended
    assert one(town, "SELECT count(*) FROM land.parcel WHERE valid_to = '2025-06-01'") == ended


def test_a_row_in_quarantine_does_not_end(town: Engine, tmp_path: Path) -> None:
    """The file has the parcel, though twice and different: nobody may conclude that it is gone."""
    load_one(town, "parcels", parcel_file(tmp_path / "a.shp", [1, 2]), valid_from=MAY)
    twice = parcel_file(tmp_path / "b.shp", [1, 2, 2], KHLOAIDAT=["ODT", "CLN", "LUC"])
    report = load_one(town, "parcels", twice, valid_from=JUNE, complete_for=CompleteFor.SHEET)
    assert (report.quarantined, report.ended) == (2, 0)


def test_several_uses_of_a_parcel_have_rows_of_their_own(town: Engine, tmp_path: Path) -> None:
    load_one(town, "parcels", parcel_file(tmp_path / "a.shp", [1, 2], KHLOAIDAT=["ONT 60; CLN 40", "ODT"]))
    uses = "SELECT u.seq, u.code, u.area_m2 FROM land.parcel_use u JOIN land.parcel p ON p.id = u.parcel_id ORDER BY u.seq"
    assert rows(town, uses) == [(1, "ONT", 60.0), (2, "CLN", 40.0)]
    load_one(town, "parcels", parcel_file(tmp_path / "b.shp", [1, 2], KHLOAIDAT=["ONT 70; CLN 30", "ODT"]))
    assert rows(town, uses) == [(1, "ONT", 70.0), (2, "CLN", 30.0)]


def test_another_owner_is_a_change_of_private_data_only(town: Engine, tmp_path: Path) -> None:
    load_one(town, "parcels", parcel_file(tmp_path / "a.shp", [1, 2]))
    version = one(town, "SELECT data_version FROM ingest.layer_version WHERE table_name = 'land.parcel'")
    report = load_one(town, "parcels", parcel_file(tmp_path / "b.shp", [1, 2], TENCHU=["Nguyen Van Chu 1", "Le Thi Moi"]))
    assert (report.changed, report.unchanged) == (1, 1)
    assert one(town, "SELECT data_version FROM ingest.layer_version WHERE table_name = 'land.parcel'") == version
    owners = "SELECT o.owner_name FROM private.parcel_owner o JOIN land.parcel p ON p.id = o.parcel_id ORDER BY p.parcel_no"
    assert rows(town, owners) == [("Nguyen Van Chu 1",), ("Le Thi Moi",)]


def test_a_new_period_keeps_the_owner_that_the_file_does_not_name(town: Engine, tmp_path: Path) -> None:
    load_one(town, "parcels", parcel_file(tmp_path / "a.shp", [1]), valid_from=MAY)
    shapes = squares(1, west=539_100.0, south=2_326_500.0)
    columns = {"XAID": [COMMUNE], "SHBANDO": ["1"], "SHTHUA": ["1"], "KHLOAIDAT": ["CLN"]}
    load_one(town, "parcels", write_layer(tmp_path / "b.shp", shapes, columns), valid_from=JUNE)
    owners = "SELECT p.valid_from, o.owner_name FROM land.parcel p JOIN private.parcel_owner o ON o.parcel_id = p.id ORDER BY 1"
    assert rows(town, owners) == [(MAY, "Nguyen Van Chu 1"), (JUNE, "Nguyen Van Chu 1")]


def test_defence_land_is_kept_where_nobody_reads_it(town: Engine, tmp_path: Path) -> None:
    report = load_one(town, "parcels", parcel_file(tmp_path / "a.shp", [1, 2], KHLOAIDAT=["ODT", "CQP"]))
    assert (report.added, report.issues["parcel_restricted"]) == (2, 1)
    assert rows(town, "SELECT parcel_no FROM land.parcel") == [("1",)]
    assert rows(town, "SELECT parcel_no FROM private.parcel_restricted") == [("2",)]
    assert one(town, "SELECT count(*) FROM land.parcel_use") == 0
    again = load_one(town, "parcels", parcel_file(tmp_path / "b.shp", [1, 2], KHLOAIDAT=["ODT", "CQP"]))
    assert (again.unchanged, again.wrote) == (2, False)


def test_land_that_becomes_restricted_is_withdrawn(town: Engine, tmp_path: Path) -> None:
    load_one(town, "parcels", parcel_file(tmp_path / "a.shp", [1]))
    load_one(town, "parcels", parcel_file(tmp_path / "b.shp", [1], KHLOAIDAT=["CAN"]))
    assert one(town, "SELECT count(*) FROM land.parcel") == 0
    assert one(town, "SELECT count(*) FROM private.parcel_restricted") == 1


def test_indexes_are_the_same_after_a_large_first_load(town: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.indexes.WORTH_ROWS", 1)
    statement = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'land' AND tablename = 'parcel' ORDER BY 1"
    before = rows(town, statement)
    load_one(town, "parcels", parcel_file(tmp_path / "a.shp", [1, 2, 3]))
    assert rows(town, statement) == before
    assert len(before) > 4
    owner = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'land' AND tablename = 'parcel'"
    assert rows(town, owner) == [("dothi_owner",)]
