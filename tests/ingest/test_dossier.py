"""Plan dossiers in the layout of Circular 16/2025: classes to layers, facts to events, documents and coverage."""

import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import shapely
from sqlalchemy import Engine

from ingest.dossier import is_dossier
from ingest.rollback import roll_back
from spatial.errors import InvalidInput, UnreadableFile
from tests.ingest.files import write_layer
from tests.ingest.world import COMMUNE, load_one, one, rows

CODE, INFO = "01QPK0010001", "012521012345"
PLAN = shapely.box(539_100, 2_326_100, 539_500, 2_326_500)


def facts(**changes: Any) -> dict[str, Any]:
    """Give the facts of an approved zoning plan."""
    return {
        "maHoSoQH": CODE,
        "maThongTinQH": INFO,
        "name": "Quy hoạch phân khu thử",
        "plan_level": "zoning",
        "plan_kind": "urban",
        "adjustment": "first",
        "scale": 2000,
        "events": [{"kind": "approved", "effective_on": "2025-08-01"}, {"kind": "in_force", "effective_on": "2025-08-15"}],
        "documents": [{"kind": "decision", "title": "Quyết định phê duyệt", "number": "1/QĐ"}],
        "theme_coverage": [{"theme": "zoning", "extent": "full"}, {"theme": "red_line", "extent": "partial", "reason": "x"}],
        **changes,
    }


def write_dossier(folder: Path, told: dict[str, Any] | None, *, zipped: bool = False, extra: bool = False) -> Path:
    """Write a dossier with two zones and a red line."""
    gis = folder / "dossier" / "HoSoGIS"
    gis.mkdir(parents=True)
    package = gis / "QuyHoach.gpkg"
    common = {"maThongTinQH": [INFO], "maHoSoQH": [CODE]}
    write_layer(package, [PLAN], {**common, "maDoiTuong": ["RG"], "tenDoiTuong": ["Ranh giới"]}, layer="RanhGioiQuyHoach_A")
    west, east = shapely.box(539_100, 2_326_100, 539_300, 2_326_500), shapely.box(539_300, 2_326_100, 539_500, 2_326_500)
    two = {name: values * 2 for name, values in common.items()}
    write_layer(
        package,
        [west, east],
        {
            **two,
            "maDoiTuong": [f"{CODE}.1", f"{CODE}.2"],
            "maChucNang": ["DAT_HTKT_DUONGGT", "KHONG_CO_MA_NAY"],
            "tangCaoMax": [None, 5.0],
            "matDoXayDungMax": [None, 60.0],
        },
        layer="ChucNangSuDungDat_A",
        append=True,
    )
    write_layer(
        package,
        [shapely.LineString([(539_300, 2_326_100), (539_300, 2_326_500)])],
        {**common, "maDoiTuong": [f"{CODE}.R1"], "phia": ["trái"], "beRong": [12.0]},
        layer="ChiGioiDuongDo_L",
        geometry_type="LineString",
        append=True,
    )
    if extra:
        write_layer(package, [PLAN], {**common, "maDoiTuong": ["X"]}, layer="LopLa_A", append=True)
    if told is not None:
        (folder / "dossier" / "ho_so.json").write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
    if not zipped:
        return folder / "dossier"
    with zipfile.ZipFile(folder / "dossier.zip", "w") as archive:
        for part in sorted((folder / "dossier").rglob("*")):
            archive.write(part, part.relative_to(folder / "dossier"))
    return folder / "dossier.zip"


@pytest.mark.parametrize("zipped", [True, False])
def test_a_dossier_loads_as_it_is(town: Engine, tmp_path: Path, zipped: bool) -> None:
    path = write_dossier(tmp_path, facts(), zipped=zipped, extra=True)
    assert is_dossier(path)
    report = load_one(town, "plans", path)
    assert (report.rows_in, report.added, report.quarantined) == (4, 4, 0)
    assert report.issues["class_unknown"] == 1
    assert report.issues["function_unknown"] == 1
    assert rows(town, "SELECT code, info_code, status, valid_from::text, commune_code FROM planning.plan") == [
        (CODE, INFO, "in_force", "2025-08-15", COMMUNE)
    ]
    zones = "SELECT plan_code, function_code, function_raw, max_storeys, max_coverage_pct, valid_from::text FROM planning.zone"
    assert rows(town, f"{zones} ORDER BY code") == [
        (CODE, "DAT_HTKT_DUONGGT", "DAT_HTKT_DUONGGT", None, None, "2025-08-15"),
        (CODE, None, "KHONG_CO_MA_NAY", 5, 60.0, "2025-08-15"),
    ]
    assert rows(town, "SELECT kind, side, width_m FROM planning.planning_line") == [("red_line", "left", 12.0)]
    coverage = "SELECT theme, extent, reason, valid_from::text FROM planning.theme_coverage ORDER BY theme"
    assert rows(town, coverage) == [("red_line", "partial", "x", "2025-08-15"), ("zoning", "full", None, "2025-08-15")]
    assert rows(town, "SELECT number FROM planning.document") == [("1/QĐ",)]


def test_the_same_dossier_again_changes_nothing_and_an_event_changes_the_status(town: Engine, tmp_path: Path) -> None:
    load_one(town, "plans", write_dossier(tmp_path / "a", facts()))
    versions = rows(town, "SELECT table_name, data_version FROM ingest.layer_version ORDER BY 1")
    again = load_one(town, "plans", write_dossier(tmp_path / "b", facts()))
    assert (again.unchanged, again.wrote) == (4, False)
    assert rows(town, "SELECT table_name, data_version FROM ingest.layer_version ORDER BY 1") == versions

    ended = facts()["events"] + [{"kind": "replaced", "effective_on": "2026-01-01", "other_plan_code": "01QPK0010002"}]
    report = load_one(town, "plans", write_dossier(tmp_path / "c", facts(events=ended)))
    assert report.wrote
    assert rows(town, "SELECT status, valid_to::text FROM planning.plan") == [("replaced", "2026-01-01")]
    assert rows(town, "SELECT DISTINCT valid_to::text FROM planning.zone") == [("2026-01-01",)]
    assert rows(town, "SELECT DISTINCT valid_to::text FROM planning.theme_coverage") == [("2026-01-01",)]
    assert one(town, "SELECT count(*) FROM planning.zone") == 2


def test_a_second_edition_of_no_named_plan_takes_nothing_out_and_tells_what_it_lacks(town: Engine, tmp_path: Path) -> None:
    load_one(town, "plans", write_dossier(tmp_path / "a", facts()))
    second = write_dossier(tmp_path / "b", None)
    with closing(sqlite3.connect(second / "HoSoGIS" / "QuyHoach.gpkg")) as package, package:
        for trigger in ("rtree_ChucNangSuDungDat_A_geom_delete", "rtree_ChucNangSuDungDat_A_geometry_delete"):
            package.execute(f'DROP TRIGGER IF EXISTS "{trigger}"')
        package.execute("DELETE FROM ChucNangSuDungDat_A WHERE maDoiTuong = ?", (f"{CODE}.2",))
    report = load_one(town, "plans", second)
    assert (report.ended, report.issues["edition_lacks"]) == (0, 1)
    assert rows(town, "SELECT severity, value, message LIKE '%zones: 1%' FROM ingest.issue WHERE code = 'edition_lacks'") == [
        ("warning", CODE, True)
    ]
    assert one(town, "SELECT count(*) FROM planning.zone WHERE valid_to IS NULL") == 2
    assert "edition_lacks" not in load_one(town, "plans", write_dossier(tmp_path / "c", facts())).issues


def test_a_dossier_taken_back_leaves_nothing(town: Engine, tmp_path: Path) -> None:
    report = load_one(town, "plans", write_dossier(tmp_path, facts()))
    roll_back(town, report.batch or 0)
    for table in ("plan", "zone", "planning_line", "plan_event", "document", "theme_coverage"):
        assert one(town, f"SELECT count(*) FROM planning.{table}") == 0, table


def test_without_facts_nothing_about_its_force_is_guessed(town: Engine, tmp_path: Path) -> None:
    report = load_one(town, "plans", write_dossier(tmp_path, None))
    assert report.issues["dossier_without_events"] == 1
    assert rows(town, "SELECT status, plan_level, plan_kind, adjustment FROM planning.plan") == [
        ("unknown", "zoning", "urban", "first")
    ]
    assert one(town, "SELECT count(*) FROM planning.theme_coverage") == 0


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (facts(plan_level="grand"), "plan_level"),
        (facts(events=[{"kind": "approved", "effective_on": "soon"}]), "effective_on"),
        (facts(unknown=1), "unknown"),
    ],
)
def test_wrong_facts_are_refused_with_the_place(town: Engine, tmp_path: Path, told: dict[str, Any], words: str) -> None:
    with pytest.raises(UnreadableFile, match=words):
        load_one(town, "plans", write_dossier(tmp_path, told))
    assert one(town, "SELECT count(*) FROM planning.plan") == 0


def test_facts_of_another_plan_are_refused(town: Engine, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="01QPK0019999"):
        load_one(town, "plans", write_dossier(tmp_path, facts(maHoSoQH="01QPK0019999")))


def test_events_out_of_order_are_refused_with_a_sentence(town: Engine, tmp_path: Path) -> None:
    wrong = [{"kind": "in_force", "effective_on": "2025-08-15"}, {"kind": "annulled", "effective_on": "2025-08-01"}]
    with pytest.raises(InvalidInput, match="không sau"):
        load_one(town, "plans", write_dossier(tmp_path, facts(events=wrong)))
    assert one(town, "SELECT count(*) FROM planning.plan") == 0
