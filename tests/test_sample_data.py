"""The sample data are what their README says: the generator's own bytes, sound where they claim it, faulty where they list it."""

import csv
import io
import json
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from shapely.geometry.base import BaseGeometry

from sample_data.generator.build import build_all
from sample_data.generator.encodings import to_tcvn3, to_vni
from sample_data.generator.facts import read_facts
from sample_data.generator.faults import KINDS
from sample_data.generator.parcels import Parcels, build_parcels
from spatial.layers import LAYERS
from spatial.tables.base import Base

SAMPLE = Path(__file__).resolve().parents[1] / "sample_data"
WRITTEN = ("nation", "city", "cadastre", "plans")
MANIFEST: dict[str, list[dict[str, Any]]] = json.loads((SAMPLE / "manifest.json").read_text(encoding="utf-8"))
FAULTS: list[dict[str, Any]] = json.loads((SAMPLE / "faults.json").read_text(encoding="utf-8"))
PARCEL_LOADS = [load for load in MANIFEST["loads"] if load["layer"] == "parcels"]
CLEAN_LOADS = [load for load in MANIFEST["loads"] if load["layer"] not in ("parcels", "plans", "population_grid")]
TABLES = {layer.name: layer.table for layer in LAYERS} | {
    "unit_changes": Base.metadata.tables["admin.unit_change"],
    "urban_area_communes": Base.metadata.tables["admin.urban_area_commune"],
    "unit_counts": Base.metadata.tables["population.unit_count"],
    "observations": Base.metadata.tables["survey.observation"],
    "completeness": Base.metadata.tables["survey.completeness"],
}
PLAN_FILES = [load["file"] for load in MANIFEST["loads"] if load["layer"] == "plans"]


@pytest.fixture(scope="module")
def parcels() -> Parcels:
    return build_parcels()


@cache
def read(file: str, layer: str | None = None) -> geopandas.GeoDataFrame:
    """Read a file of the sample; shapefiles byte by byte, as no encoding is told."""
    path = SAMPLE / file
    raw = file.startswith("cadastre/")
    source = f"/vsizip/{path}" if path.suffix == ".zip" else str(path)
    return pyogrio.read_dataframe(source, layer=layer, encoding="ISO-8859-1" if raw else None)


def read_class(dossier: str, layer: str) -> geopandas.GeoDataFrame:
    """Read one class of a plan dossier."""
    return pyogrio.read_dataframe(f"/vsizip/{SAMPLE / dossier}/HoSoGIS/QuyHoach.gpkg", layer=layer)


def metadata(dossier: str) -> dict[str, Any]:
    with zipfile.ZipFile(SAMPLE / dossier) as archive:
        content: dict[str, Any] = json.loads(archive.read("ho_so.json"))
    return content


def written_files(folder: Path) -> dict[str, bytes]:
    names = [path for part in WRITTEN for path in sorted((folder / part).iterdir())]
    return {
        str(path.relative_to(folder)): path.read_bytes() for path in [*names, folder / "manifest.json", folder / "faults.json"]
    }


def test_generator_writes_what_is_checked_in(tmp_path: Path) -> None:
    build_all(tmp_path)
    again, checked_in = written_files(tmp_path), written_files(SAMPLE)
    assert again.keys() == checked_in.keys()
    assert [name for name in again if again[name] != checked_in[name]] == []


def test_output_is_small() -> None:
    assert sum(len(content) for content in written_files(SAMPLE).values()) < 8_000_000


def test_manifest_lists_every_file_with_its_rows() -> None:
    listed = {load["file"] for load in MANIFEST["loads"]}
    for load in (load for load in MANIFEST["loads"] if load["layer"] not in ("plans", "population_grid")):
        file = load["file"]
        count = len(csv_rows(file)) if file.endswith(".csv") else len(read(file))
        assert count == load["rows"], file
    suffixes = {".shx", ".dbf"}
    there = {name for name in written_files(SAMPLE) if "/" in name and Path(name).suffix not in suffixes}
    assert there == listed


def test_manifest_names_layers_sources_and_tables_that_exist() -> None:
    sources = {source["code"] for source in MANIFEST["sources"]}
    for load in MANIFEST["loads"]:
        assert load["layer"] in TABLES
        assert load["source"] in sources
    assert all(source["is_sample"] and source["licence"] == "CC0-1.0" for source in MANIFEST["sources"])


@pytest.mark.parametrize("load", CLEAN_LOADS, ids=lambda load: load["file"])
def test_clean_files_use_the_columns_of_their_table(load: dict[str, Any]) -> None:
    table = TABLES[load["layer"]]
    columns = list(csv_rows(load["file"])[0]) if load["file"].endswith(".csv") else list(read(load["file"]).columns)
    beyond = {"geometry", "schematic", "applicant_name"}  # the last one goes to the private schema
    assert set(columns) - beyond <= set(table.columns.keys())


def csv_rows(file: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((SAMPLE / file).read_text(encoding="utf-8"))))


# The nation.


def test_provinces_of_today_are_a_schematic_coverage_with_the_real_figures() -> None:
    units = read("nation/nation.gpkg")
    today = units[(units.level == "province") & units.valid_to.isna()]
    facts = {row["code"]: row for row in read_facts("provinces34")}
    assert set(today.code) == set(facts)
    assert set(units.boundary_quality) == {"schematic"}
    assert shapely.coverage_is_valid(today.geometry.to_numpy())
    for row in today.itertuples():
        assert row.name == facts[row.code]["name"]
        assert row.area_official_km2 == float(facts[row.code]["area_km2"])
        assert row.population_official == int(facts[row.code]["population_nq202_2025"])
    nation = units[units.level == "nation"].geometry.iloc[0]
    assert shapely.union_all(today.geometry.to_numpy()).symmetric_difference(nation).area < 1e-9


@pytest.mark.parametrize(("level", "day", "count"), [
    ("province", "2025-06-30", 63), ("province", "2025-07-01", 34), ("province", "2026-04-30", 34),
    ("region", "2025-10-04", 6), ("region", "2025-10-05", 6), ("nation", "2026-11-01", 1),
])  # fmt: skip
def test_each_day_has_its_units(level: str, day: str, count: int) -> None:
    units = read("nation/nation.gpkg")
    in_force = (units.valid_from <= day) & (units.valid_to.isna() | (units.valid_to > day))
    assert int((in_force & (units.level == level)).sum()) == count


def test_islands_are_where_they_belong() -> None:
    units = read("nation/nation.gpkg")
    today = units[(units.level == "province") & units.valid_to.isna()].set_index("code").geometry
    assert today["48"].contains(shapely.Point(111.6, 16.5)), "Hoàng Sa belongs to Đà Nẵng"
    assert today["56"].contains(shapely.Point(114.35, 10.38)), "Trường Sa belongs to Khánh Hòa"


def test_each_former_province_went_into_one_of_today() -> None:
    changes = csv_rows("nation/unit_changes.csv")
    facts = {row["code"]: row["merged_into_code"] for row in read_facts("provinces63")}
    assert all(facts[change["from_code"]] == change["to_code"] for change in changes)
    unchanged = set(facts) - {change["from_code"] for change in changes}
    assert len(unchanged) == 11, "eleven of the 63 stayed as they were"


# The city and its parcels.


def test_city_lies_in_its_province() -> None:
    units = read("nation/nation.gpkg")
    province = units[(units.code == "37") & units.valid_to.isna()].geometry.iloc[0]
    communes = read("city/communes.gpkg")
    assert province.contains(shapely.union_all(communes.geometry.to_numpy()))


def test_communes_of_today_and_of_before_cover_the_same_ground() -> None:
    communes = read("city/communes.gpkg")
    today, before = communes[communes.valid_to.isna()], communes[communes.valid_to.notna()]
    assert (len(today), len(before)) == (4, 8)
    for part in (today, before):
        assert shapely.coverage_is_valid(part.geometry.to_numpy())
    city, same = (shapely.union_all(part.geometry.to_numpy()) for part in (today, before))
    assert city.symmetric_difference(same).area < 1e-12
    assert set(today.code) < set(before.code), "each of today keeps a code of before, as the real ones do"


def test_shares_of_the_merged_communes_add_up() -> None:
    shares: dict[str, list[float]] = {}
    for change in csv_rows("city/unit_changes.csv"):
        shares.setdefault(change["from_code"], []).append(float(change["area_share"]))
    assert len(shares) == 8
    assert sorted(len(parts) for parts in shares.values())[-1] == 2, "one was split between two"
    assert all(sum(parts) == pytest.approx(1, abs=1e-6) for parts in shares.values())


def test_parcels_are_a_coverage_without_gap_or_overlap(parcels: Parcels) -> None:
    assert 18_000 < len(parcels) < 24_000
    assert shapely.coverage_is_valid(parcels.geometry)
    whole = shapely.coverage_union_all(parcels.geometry)
    assert isinstance(whole, shapely.Polygon)
    assert len(whole.interiors) == 0
    assert len({parcels.code(row) for row in range(len(parcels))}) == len(parcels)


def test_sheet_numbers_begin_at_one_in_each_former_commune(parcels: Parcels) -> None:
    for former in np.unique(parcels.former):
        assert parcels.sheet[parcels.former == former].min() == 1
    merged = parcels.commune == "99001"
    assert len(np.unique(parcels.former[merged & (parcels.sheet == 1)])) == 2, "'tờ 1' is there twice in one commune"


@pytest.mark.parametrize("load", PARCEL_LOADS, ids=lambda load: load["file"])
def test_cadastral_files_are_in_the_encoding_and_zone_that_they_hide(load: dict[str, Any], parcels: Parcels) -> None:
    frame = read(load["file"])
    expected = load["expected"]
    assert (frame.crs is None) == (expected["encoding"] == "tcvn3")
    holders = "".join(frame["TENCHU" if "TENCHU" in frame else "CHUSUDUNG"].dropna())
    encode = {"tcvn3": to_tcvn3, "vni": to_vni}[expected["encoding"]]
    body = "Ủy ban nhân dân xã, phường mẫu"
    assert encode(body).decode("latin-1") in holders
    assert body not in holders
    middle = shapely.Point(frame.total_bounds.reshape(2, 2).mean(axis=0))
    drawn = shapely.Point(shapely.total_bounds(parcels.geometry).reshape(2, 2).mean(axis=0))
    assert (middle.distance(drawn) < 4000) == (expected["crs"] == "EPSG:5897")


def test_one_file_lies_about_its_encoding() -> None:
    lying = []
    for load in PARCEL_LOADS:
        if load["file"].endswith(".zip"):
            with zipfile.ZipFile(SAMPLE / load["file"]) as archive:
                lying += [name for name in archive.namelist() if name.endswith(".cpg") and archive.read(name) == b"UTF-8"]
    assert lying == ["thuadat_baidau.cpg"]


def test_two_zones_and_two_encodings_are_delivered() -> None:
    assert {load["expected"]["crs"] for load in PARCEL_LOADS} == {"EPSG:5897", "EPSG:9209"}
    assert {load["expected"]["encoding"] for load in PARCEL_LOADS} == {"tcvn3", "vni"}


def test_land_that_must_not_be_shown_is_among_the_parcels(parcels: Parcels) -> None:
    assert int(np.isin(parcels.use, ("CQP", "CAN")).sum()) == 2


# The faults.


def test_every_kind_of_fault_is_somewhere() -> None:
    assert {fault["fault"] for fault in FAULTS} == {*KINDS, "key_twice", "row_twice"}
    assert {fault["effect"] for fault in FAULTS} == {"quarantined", "loaded", "repaired"}


def test_readme_lists_every_fault() -> None:
    page = (SAMPLE / "README.md").read_text(encoding="utf-8")
    for fault in FAULTS:
        assert f"| {Path(fault['file']).name} | {fault['row']} | {fault['fault']} |" in page


def number_of(row: Any) -> str:
    return str(row.SHTHUA if "SHTHUA" in row else row.SOTHUA)


def sheet_of(row: Any) -> str:
    return str(row.SHBANDO if "SHBANDO" in row else row.SOTO)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{Path(fault['file']).stem}-{fault['row']}-{fault['fault']}")
def test_known_fault_is_there(fault: dict[str, Any]) -> None:
    frame = read(fault["file"])
    row = frame.iloc[fault["row"] - 1]
    shape = row.geometry
    use = row.KHLOAIDAT if "KHLOAIDAT" in row else row.LOAIDAT
    area = str(row.DIENTICH if "DIENTICH" in row else row.DTICH)
    commune = row.XAID if "XAID" in row else row.MAXA
    signs: dict[str, Callable[[], bool]] = {
        "number_empty": lambda: number_of(row) in ("None", "nan", ""),
        "number_zero": lambda: number_of(row) == "0",
        "number_word": lambda: number_of(row) in (to_tcvn3("tạm").decode("latin-1"), to_vni("tạm").decode("latin-1")),
        "number_letter": lambda: number_of(row) == "12a",
        "sheet_empty": lambda: sheet_of(row) in ("None", "nan", ""),
        "commune_empty": lambda: not isinstance(commune, str),
        "commune_unknown": lambda: commune == "99999",
        "geometry_null": lambda: shape is None,
        "ring_crossing": lambda: not shape.is_valid and shapely.make_valid(shape).geom_type == "MultiPolygon",
        "ring_tail": lambda: not shape.is_valid and abs(shapely.make_valid(shape).area - shape.area) < 1,
        "vertex_twice": lambda: bool((np.diff(shapely.get_coordinates(shape), axis=0) == 0).all(axis=1).any()),
        "overlap": lambda: overlap_m2(frame, shape) > 50,
        "sliver": lambda: 0.5 < overlap_m2(frame, shape) < 50,
        "area_wrong": lambda: float(area.replace(",", ".")) > 9 * shape.area,
        "area_words": lambda: not any(letter.isdigit() for letter in area),
        "area_hectares": lambda: float(area.replace(",", ".")) == pytest.approx(shape.area / 1e4, rel=0.02),
        "area_unit": lambda: area.endswith(" ha"),
        "use_unknown": lambda: use == "XYZ",
        "use_empty": lambda: not isinstance(use, str),
        "use_old_lnk": lambda: use == "LNK",
        "use_old_tsn": lambda: use == "TSN",
        "use_old_bhk": lambda: use == "BHK",
        "use_lower": lambda: use == "cln",
        "key_twice": lambda: sum(same_key(frame, row)) == 2,
        "row_twice": lambda: shape.equals(frame.iloc[int(fault["value"].split()[1]) - 1].geometry),
    }
    assert signs[fault["fault"]]()


def overlap_m2(frame: geopandas.GeoDataFrame, shape: BaseGeometry) -> float:
    others = frame.geometry[frame.geometry.notna() & frame.is_valid].to_numpy()
    near = others[shapely.STRtree(others).query(shape)]
    return float(shapely.area(shapely.intersection(near, shape)).sum() - shape.area)


def same_key(frame: geopandas.GeoDataFrame, row: Any) -> np.ndarray:
    sheet, number = ("SHBANDO", "SHTHUA") if "SHTHUA" in row else ("SOTO", "SOTHUA")
    return np.asarray((frame[sheet] == row[sheet]) & (frame[number] == row[number]))


# The plans.


@pytest.mark.parametrize("dossier", PLAN_FILES)
def test_zones_cover_their_plan_without_overlap(dossier: str) -> None:
    boundary = read_class(dossier, "RanhGioiQuyHoach_A").geometry.iloc[0]
    zones = read_class(dossier, "ChucNangSuDungDat_A")
    assert zones.is_valid.all()
    assert zones.area.sum() == pytest.approx(boundary.area, abs=10), "crumbs below 1 m² are left out"
    assert shapely.union_all(zones.geometry.to_numpy(), grid_size=0.001).symmetric_difference(boundary).area < 5


@pytest.mark.parametrize("dossier", PLAN_FILES)
def test_dossier_follows_the_layout_of_the_circular(dossier: str) -> None:
    content = metadata(dossier)
    with zipfile.ZipFile(SAMPLE / dossier) as archive:
        assert archive.namelist() == ["HoSoGIS/QuyHoach.gpkg", "HoSoGIS/MocGioi.gpkg", "ho_so.json"]
    for layer in ("RanhGioiQuyHoach_A", "ChucNangSuDungDat_A", "ChiGioiDuongDo_L"):
        frame = read_class(dossier, layer)
        assert {"maThongTinQH", "maHoSoQH", "maDoiTuong", "tenDoiTuong", "phanLoai", "ghiChu"} <= set(frame.columns)
        assert set(frame.maHoSoQH) == {content["maHoSoQH"]} == {Path(dossier).stem}
        assert frame.maDoiTuong.is_unique
        assert frame.crs.to_epsg() == 5897
    assert len(content["maThongTinQH"]) == 12
    days = [event["effective_on"] for event in content["events"]]
    assert days == sorted(days)


@pytest.mark.parametrize("dossier", PLAN_FILES)
def test_red_lines_have_the_road_at_their_left(dossier: str) -> None:
    zones = read_class(dossier, "ChucNangSuDungDat_A")
    roads_and_bridges = zones.maChucNang.str.contains("DUONGGT|GIAOTHONG|SONGSUOI")
    ground = shapely.union_all(zones[roads_and_bridges].geometry.to_numpy()).buffer(0.01)
    lines = shapely.get_parts(read_class(dossier, "ChiGioiDuongDo_L").geometry.to_numpy())
    beside = shapely.line_interpolate_point(shapely.offset_curve(lines, 0.3), 0.5, normalized=True)
    assert shapely.covers(ground, beside).mean() > 0.99


def test_one_detailed_plan_replaces_another_on_the_same_ground() -> None:
    plans = {Path(file).stem: metadata(file) for file in PLAN_FILES}
    replaced = [(plan, event) for plan in plans.values() for event in plan["events"] if event["kind"] == "replaced"]
    ((plan, event),) = replaced
    successor = plans[event["other_plan_code"]]
    assert successor["events"][0]["effective_on"] == event["effective_on"]
    areas = [
        read_class(f"plans/{code}.zip", "RanhGioiQuyHoach_A").geometry.iloc[0]
        for code in (plan["maHoSoQH"], event["other_plan_code"])
    ]
    assert areas[0].symmetric_difference(areas[1]).area < 1


def test_zoning_plans_leave_a_part_of_the_city_unknown() -> None:
    zoning = [read_class(file, "RanhGioiQuyHoach_A").to_crs(5897).geometry.iloc[0] for file in PLAN_FILES if "QPK" in file]
    general = read_class("plans/37QHC0010001.zip", "RanhGioiQuyHoach_A").geometry.iloc[0]
    share = shapely.union_all(zoning).area / general.area
    assert 0.2 < share < 0.7


def test_plans_cut_some_parcels_and_touch_others(parcels: Parcels) -> None:
    zones = read_class("plans/37QPK0010002.zip", "ChucNangSuDungDat_A")
    road = shapely.union_all(zones[zones.maChucNang == "DAT_HTKT_DUONGGT"].geometry.to_numpy())
    shapely.prepare(road)
    lots = parcels.geometry[(parcels.kind == "urban") & (parcels.former == "99001")]
    within = shapely.area(shapely.intersection(lots, road))
    assert int(((within > 0) & (within < 1.5)).sum()) > 100, "a hand's breadth off the parcels: touched"
    assert int((within > 10).sum()) > 20, "a widened road: affected"
    assert int((within == 0).sum()) > 20


# What stands on the ground.


def test_permits_contradict_the_plans_in_both_ways() -> None:
    permits = read("city/permits.geojson")
    contrary = permits[permits.conformity == "contrary"]
    assert contrary.conformity_note.str.contains("chỉ giới đường đỏ").sum() >= 20
    assert contrary.conformity_note.str.contains("vượt tối đa").sum() >= 10
    assert set(permits.issued_on.dt.year) == set(range(2019, 2027))
    assert permits.code.is_unique


def test_buildings_stand_inside_their_parcels(parcels: Parcels) -> None:
    buildings = read("city/buildings.gpkg").to_crs(3405)
    assert 6_000 < len(buildings) < 8_000
    lots = {parcels.code(row): row for row in range(len(parcels))}
    rows = np.array([lots[code] for code in buildings.parcel_code])
    assert (buildings.footprint_m2.to_numpy() <= shapely.area(parcels.geometry[rows]) + 0.1).all()
    assert (buildings.height_m > 0).all()


def test_grid_holds_the_people_that_the_register_counts() -> None:
    load = next(load for load in MANIFEST["loads"] if load["layer"] == "population_grid")
    with rasterio.open(SAMPLE / load["file"]) as raster:
        cells = raster.read(1, masked=True)
    counts = [row for row in csv_rows("city/population_counts.csv") if row["year"] == "2025" and row["sex"] == "all"]
    assert int(cells.sum()) == load["expected"]["people"] == sum(int(row["people"]) for row in counts)
    assert int((cells > 0).sum()) == load["rows"]


def test_women_and_men_make_everybody() -> None:
    people: dict[tuple[str, str], dict[str, int]] = {}
    for row in csv_rows("city/population_counts.csv"):
        people.setdefault((row["unit_code"], row["year"]), {})[row["sex"]] = int(row["people"])
    assert all(by_sex["all"] == by_sex["female"] + by_sex["male"] for by_sex in people.values())
