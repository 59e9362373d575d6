"""Statements of completeness: what a load that is complete for a commune states, and what a steward states in a table."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from ingest.options import CompleteFor
from ingest.rollback import roll_back
from tests.ingest.files import squares, write_layer
from tests.ingest.world import COMMUNE, load_one, rows

STATEMENTS = "SELECT layer, commune_code, stated_on::text, row_count, steward FROM survey.completeness ORDER BY stated_on, layer"


def building_file(path: Path, codes: Sequence[str], **columns: Sequence[Any]) -> Path:
    """Write buildings in a row within the commune."""
    count = len(codes)
    ground = squares(count, west=539_100.0, south=2_326_500.0)
    return write_layer(
        path, ground, {"code": list(codes), "commune_code": [COMMUNE] * count, "storeys": [2] * count, **columns}, crs="EPSG:5897"
    )


def load_sources(engine: Engine, folder: Path) -> None:
    path = folder / "sources.csv"
    path.write_text("code,name,steward,is_sample\nnha,Nhà,Phòng QLĐT,false\n", encoding="utf-8")
    load_one(engine, "sources", path)


def test_a_load_complete_for_a_commune_states_how_many_rows_there_are(town: Engine, tmp_path: Path) -> None:
    load_sources(town, tmp_path)
    path = building_file(tmp_path / "b.gpkg", ["B1", "B2", "B3"])
    load_one(town, "buildings", path, valid_from=_day("2026-05-01"), complete_for=CompleteFor.COMMUNE, source="nha")
    assert rows(town, STATEMENTS) == [("buildings", COMMUNE, "2026-05-01", 3, "Phòng QLĐT")]


def test_rows_in_quarantine_are_among_those_that_there_are(town: Engine, tmp_path: Path) -> None:
    path = building_file(tmp_path / "b.gpkg", ["B1", "B2", "B2"])
    report = load_one(town, "buildings", path, valid_from=_day("2026-05-01"), complete_for=CompleteFor.COMMUNE)
    assert report.quarantined == 2
    (statement,) = rows(town, STATEMENTS)
    assert statement[3] == 3
    assert statement[4]


def test_a_load_that_is_complete_for_nothing_states_nothing(town: Engine, tmp_path: Path) -> None:
    load_one(town, "buildings", building_file(tmp_path / "b.gpkg", ["B1"]))
    assert rows(town, STATEMENTS) == []


def test_a_rollback_takes_the_statement_back_with_the_rows(town: Engine, tmp_path: Path) -> None:
    path = building_file(tmp_path / "b.gpkg", ["B1"])
    report = load_one(town, "buildings", path, complete_for=CompleteFor.COMMUNE)
    assert report.batch is not None
    roll_back(town, report.batch)
    assert rows(town, STATEMENTS) == []


def test_the_same_file_again_changes_no_statement(town: Engine, tmp_path: Path) -> None:
    path = building_file(tmp_path / "b.gpkg", ["B1"])
    options = {"valid_from": _day("2026-05-01"), "complete_for": CompleteFor.COMMUNE}
    load_one(town, "buildings", path, **options)
    first = rows(town, "SELECT batch_id FROM survey.completeness")
    load_one(town, "buildings", path, **options)
    assert rows(town, "SELECT batch_id FROM survey.completeness") == first


def test_a_steward_states_it_in_a_table_too(town: Engine, tmp_path: Path) -> None:
    path = tmp_path / "completeness.csv"
    path.write_text(
        "layer,commune_code,stated_on,complete_from,row_count,steward\n"
        f"permits,{COMMUNE},2025-12-31,2020-01-01,41,Phòng QLĐT\n"
        f"permits,{COMMUNE},2025-06-30,2026-01-01,41,Phòng QLĐT\n"
        f"roads,{COMMUNE},2025-12-31,,41,Phòng QLĐT\n"
        f"buildings,{COMMUNE},2025-12-31,,-1,Phòng QLĐT\n"
        f"buildings,{COMMUNE},2025-12-30,,1,\n",
        encoding="utf-8",
    )
    report = load_one(town, "completeness", path)
    assert (report.added, report.quarantined) == (1, 4)
    assert rows(town, STATEMENTS) == [("permits", COMMUNE, "2025-12-31", 41, "Phòng QLĐT")]


def _day(text: str) -> date:
    return date.fromisoformat(text)
