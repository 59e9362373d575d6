"""A dossier proves what was really loaded of it, whatever it claims: broken rows, absent and empty classes, new editions."""

import json
from pathlib import Path
from typing import Any

import pytest
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from dothi import app
from ingest.content_gaps import close_gaps, list_gaps
from ingest.rollback import roll_back
from spatial.errors import NotFound
from tests.ingest.files import write_layer
from tests.ingest.test_dossier import CODE, INFO, PLAN, facts
from tests.ingest.world import load_one, one, rows

LINES = {"red_line": "ChiGioiDuongDo_L", "building_line": "ChiGioiXayDung_L", "corridor": "HanhLangAnToan_L"}
FULL = [{"theme": theme, "extent": "full"} for theme in ("zoning", "plans", *LINES)]
WEST, EAST = shapely.box(539_100, 2_326_100, 539_300, 2_326_500), shapely.box(539_300, 2_326_100, 539_500, 2_326_500)
BOW_TIE = shapely.Polygon([(539_100, 2_326_100), (539_300, 2_326_500), (539_300, 2_326_100), (539_100, 2_326_500)])
STREET = shapely.LineString([(539_300, 2_326_100), (539_300, 2_326_500)])


def write(
    folder: Path,
    zones: list[tuple[str | None, BaseGeometry | None]],
    red_lines: list[tuple[str | None, BaseGeometry | None]] | None = None,
    *,
    classes: tuple[str, ...] = ("red_line", "building_line", "corridor"),
    told: dict[str, Any] | None = None,
) -> Path:
    """Write a dossier that claims all themes in full; the classes of lines are empty but for the red lines given."""
    gis = folder / "dossier" / "HoSoGIS"
    gis.mkdir(parents=True)
    package = gis / "QuyHoach.gpkg"
    common: dict[str, list[Any]] = {"maThongTinQH": [INFO], "maHoSoQH": [CODE]}
    write_layer(package, [PLAN], {**common, "maDoiTuong": ["RG"], "tenDoiTuong": ["Ranh giới"]}, layer="RanhGioiQuyHoach_A")
    many = {name: values * len(zones) for name, values in common.items()}
    kinds = {**many, "maChucNang": ["DAT_HTKT_DUONGGT"] * len(zones)}
    if any(code for code, _ in zones):
        kinds["maDoiTuong"] = [code for code, _ in zones]
    write_layer(package, [shape for _, shape in zones], kinds, layer="ChucNangSuDungDat_A", geometry_type="Polygon", append=True)
    for kind in classes:
        lines = (red_lines or []) if kind == "red_line" else []
        columns = {name: values * len(lines) for name, values in common.items()}
        columns |= {
            "maDoiTuong": [code for code, _ in lines], "phia": ["trái"] * len(lines), "beRong": [12.0] * len(lines)
        }  # fmt: skip
        write_layer(package, [shape for _, shape in lines], columns, layer=LINES[kind], geometry_type="LineString", append=True)
    (folder / "dossier" / "ho_so.json").write_text(json.dumps(told or facts(theme_coverage=FULL)), encoding="utf-8")
    return folder / "dossier"


def extents(town: Engine) -> dict[str, str]:
    return dict(rows(town, "SELECT theme, extent FROM planning.theme_coverage"))


def held(town: Engine) -> dict[str, int]:
    return dict(rows(town, "SELECT theme, row_count FROM planning.plan_content"))


def codes(town: Engine, table: str = "zone") -> list[str]:
    return [row[0] for row in rows(town, f"SELECT code FROM planning.{table} ORDER BY code")]


ZONES: list[tuple[str | None, BaseGeometry | None]] = [(f"{CODE}.1", WEST), (f"{CODE}.2", EAST)]
RED: list[tuple[str | None, BaseGeometry | None]] = [(f"{CODE}.R1", STREET)]


def test_what_came_whole_is_known_in_full_an_empty_class_too(town: Engine, tmp_path: Path) -> None:
    report = load_one(town, "plans", write(tmp_path, ZONES, RED))
    assert set(extents(town).values()) == {"full"}
    assert held(town) == {"zoning": 2, "red_line": 1, "building_line": 0, "corridor": 0}
    assert "coverage_not_borne_out" not in report.issues


def test_an_absent_class_is_not_known_whatever_the_dossier_claims(town: Engine, tmp_path: Path) -> None:
    report = load_one(town, "plans", write(tmp_path, ZONES, RED, classes=("red_line", "corridor")))
    assert extents(town)["building_line"] == "partial"
    assert extents(town)["corridor"] == "full"
    assert report.issues["coverage_not_borne_out"] == 1
    assert "building_line" not in held(town)


@pytest.mark.parametrize("broken", ["zone", "line"])
def test_a_row_in_quarantine_takes_the_proof_of_its_class(town: Engine, tmp_path: Path, broken: str) -> None:
    zones = [ZONES[0], (f"{CODE}.2", BOW_TIE if broken == "zone" else EAST)]
    red: list[tuple[str | None, BaseGeometry | None]] = [*RED, (f"{CODE}.R2", None if broken == "line" else STREET)]
    report = load_one(town, "plans", write(tmp_path, zones, red))
    theme, other = ("zoning", "red_line") if broken == "zone" else ("red_line", "zoning")
    assert (report.quarantined, report.issues["coverage_not_borne_out"]) == (1, 1)
    assert (extents(town)[theme], extents(town)[other]) == ("partial", "full")
    (why,) = rows(town, f"SELECT reason FROM planning.theme_coverage WHERE theme = '{theme}'")
    assert why[0].startswith("1 đối tượng")
    again = load_one(town, "plans", write(tmp_path / "again", zones, red))
    assert not again.wrote or again.changed == 0
    mended = load_one(town, "plans", write(tmp_path / "mended", ZONES, [*RED, (f"{CODE}.R2", STREET)]))
    assert mended.quarantined == 0
    assert extents(town)[theme] == "full"


def test_a_later_edition_takes_out_what_it_no_longer_has(town: Engine, tmp_path: Path) -> None:
    load_one(town, "plans", write(tmp_path / "first", [*ZONES, (f"{CODE}.3", PLAN)], [*RED, (f"{CODE}.R2", STREET)]))
    report = load_one(town, "plans", write(tmp_path / "second", ZONES, RED))
    assert (report.ended, report.issues["dossier_rows_gone"]) == (2, 1)
    assert codes(town) == [f"{CODE}.1", f"{CODE}.2"]
    assert codes(town, "planning_line") == [f"{CODE}.R1"]
    assert one(town, "SELECT count(*) FROM history.planning__zone") == 1
    assert set(extents(town).values()) == {"full"}
    assert one(town, "SELECT count(*) FROM planning.content_gap") == 0  # the edition says itself what there is
    assert held(town) == {"zoning": 2, "red_line": 1, "building_line": 0, "corridor": 0}
    roll_back(town, report.batch or 0)
    assert codes(town) == [f"{CODE}.1", f"{CODE}.2", f"{CODE}.3"]
    assert held(town)["zoning"] == 3


def test_a_later_edition_whose_class_is_absent_takes_nothing_out(town: Engine, tmp_path: Path) -> None:
    load_one(town, "plans", write(tmp_path / "first", ZONES, RED))
    load_one(town, "plans", write(tmp_path / "second", ZONES, classes=("building_line", "corridor")))
    assert codes(town, "planning_line") == [f"{CODE}.R1"]
    assert extents(town)["red_line"] == "partial"


def test_a_row_that_the_new_edition_has_but_broken_stays_as_it_was(town: Engine, tmp_path: Path) -> None:
    load_one(town, "plans", write(tmp_path / "first", ZONES, RED))
    report = load_one(town, "plans", write(tmp_path / "second", [ZONES[0], (f"{CODE}.2", BOW_TIE)], RED))
    assert (report.quarantined, report.ended) == (1, 0)
    assert codes(town) == [f"{CODE}.1", f"{CODE}.2"]
    assert extents(town)["zoning"] == "partial"


@pytest.mark.parametrize("codes_told", [True, False])
def test_nothing_is_taken_out_of_a_class_whose_broken_rows_cannot_be_told(town: Engine, tmp_path: Path, codes_told: bool) -> None:
    named: list[tuple[str | None, BaseGeometry | None]] = [(code if codes_told else None, shape) for code, shape in ZONES]
    load_one(town, "plans", write(tmp_path / "first", named, RED))
    before = codes(town)
    # the code of the second zone got lost; or none ever had one, and the zone is broken
    later: list[tuple[str | None, BaseGeometry | None]] = [named[0], (None, EAST if codes_told else BOW_TIE)]
    report = load_one(town, "plans", write(tmp_path / "second", later, RED))
    assert (report.quarantined, report.ended) == (1, 0)
    assert codes(town) == before


def test_a_dossier_taken_back_leaves_its_ground_unproven_until_it_returns(town: Engine, tmp_path: Path) -> None:
    report = load_one(town, "plans", write(tmp_path / "first", ZONES, RED))
    undone = roll_back(town, report.batch or 0)
    assert set(held(town).values()) == {0}
    gaps = rows(town, "SELECT DISTINCT table_name FROM planning.content_gap ORDER BY 1")
    assert [row[0] for row in gaps] == ["planning.plan", "planning.plan_event", "planning.planning_line", "planning.zone"]
    roll_back(town, undone.batch_id or 0)
    assert one(town, "SELECT count(*) FROM planning.content_gap") == 0
    assert held(town) == {"zoning": 2, "red_line": 1, "building_line": 0, "corridor": 0}
    assert set(extents(town).values()) == {"full"}


# -- layers loaded by themselves ----------------------------------------------------------------------------------------------


def load_lines(town: Engine, folder: Path, lines: list[tuple[str | None, str | None, BaseGeometry | None]]) -> Any:
    """Load a file of red lines: code, plan, shape."""
    folder.mkdir(parents=True, exist_ok=True)
    columns: dict[str, list[Any]] = {
        "code": [code for code, _, _ in lines], "plan_code": [plan for _, plan, _ in lines],
        "kind": ["red_line"] * len(lines), "side": ["left"] * len(lines), "width_m": [5.0] * len(lines),
    }  # fmt: skip
    path = folder / "lines.gpkg"
    write_layer(path, [shape for _, _, shape in lines], columns, layer="lines", geometry_type="LineString")
    return load_one(town, "planning_lines", path)


def test_a_line_that_could_not_be_loaded_leaves_its_plan_s_theme_open_until_it_comes(town: Engine, tmp_path: Path) -> None:
    load_one(town, "plans", write(tmp_path / "plan", ZONES, RED))
    report = load_lines(town, tmp_path / "bad", [("A1", CODE, STREET), ("A2", CODE, None)])
    assert report.quarantined == 1
    gaps = "SELECT reason, plan_code, theme, row_code, geom IS NULL FROM planning.content_gap"
    assert rows(town, gaps) == [("quarantined", CODE, "red_line", "A2", True)]
    load_lines(town, tmp_path / "good", [("A2", CODE, STREET)])
    assert rows(town, gaps) == []


def test_a_row_that_names_no_plan_concerns_every_plan_of_its_file(town: Engine, tmp_path: Path) -> None:
    load_lines(town, tmp_path, [("A1", "P1", STREET), ("A2", "P2", STREET), ("A3", None, None)])
    gaps = "SELECT plan_code, theme, row_code FROM planning.content_gap ORDER BY 1"
    assert rows(town, gaps) == [("P1", "red_line", "A3"), ("P2", "red_line", "A3")]


def test_a_load_taken_back_takes_its_gaps_along(town: Engine, tmp_path: Path) -> None:
    report = load_lines(town, tmp_path, [("A1", "P1", STREET), ("A2", "P1", None)])
    roll_back(town, report.batch or 0)
    assert rows(town, "SELECT reason, row_code FROM planning.content_gap") == [("removed", "A1")]


def test_a_person_may_say_that_nothing_is_missing_and_why(town: Engine, tmp_path: Path) -> None:
    report = load_lines(town, tmp_path, [("A1", "P1", STREET), ("A2", "P1", None)])
    with town.connect() as connection:
        (line,) = list_gaps(connection)
    assert (line.plan, line.theme, line.reason, line.rows, line.batch) == ("P1", "red_line", "quarantined", 1, report.batch)
    assert "quarantined" in line.line()
    with pytest.raises(NotFound):
        close_gaps(town, line.batch, "P2", "x")
    assert close_gaps(town, line.batch, "P1", "Dòng thừa của tệp") == 1
    with town.connect() as connection:
        assert list_gaps(connection) == []
        told = connection.scalar(text("SELECT options FROM ingest.batch ORDER BY id DESC LIMIT 1"))
    assert told["reason"] == "Dòng thừa của tệp"


def test_closing_gaps_asks_for_a_reason() -> None:
    result = CliRunner().invoke(app, ["gaps", "--close", "1"])
    assert result.exit_code != 0
