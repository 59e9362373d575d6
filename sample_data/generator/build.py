"""All files of the sample, in the order in which they are loaded, and the manifest that says so."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sample_data.generator import write
from sample_data.generator.addresses import build_addresses
from sample_data.generator.cadastre import build_cadastre
from sample_data.generator.dossiers import write_dossier
from sample_data.generator.environment import (
    coverage_rows,
    facility_rows,
    green_rows,
    natural_rows,
    network_rows,
    observations,
    water_rows,
)
from sample_data.generator.nation import build_nation, province_changes
from sample_data.generator.parcels import Parcels, build_parcels
from sample_data.generator.permits import permit_rows, violation_rows
from sample_data.generator.plans import build_plans
from sample_data.generator.population import YEAR, build_counts, write_grid
from sample_data.generator.statements import completeness_rows
from sample_data.generator.units import build_unit_changes, build_units, build_urban_areas
from sample_data.generator.works import address_rows, building_rows, place_buildings, project_rows, underground_rows

LICENCE = "CC0-1.0"


@dataclass
class Manifest:
    """What `dothi demo` loads, in order; one source for each group of files."""

    folder: Path
    sources: list[dict[str, Any]] = field(default_factory=list)
    loads: list[dict[str, Any]] = field(default_factory=list)
    written: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Layer -> its rows."""

    def add(self, layer: str, file: str, rows: int, source: str, **options: Any) -> None:
        """List a file for a layer, or for a plain table under its plural name (`unit_changes`, `observations`)."""
        self.loads.append({"layer": layer, "file": file, "rows": rows, "source": source, "options": options})

    def add_source(self, code: str, name: str, name_en: str, steward: str, tier: str, cycle_days: int) -> None:
        """List a source."""
        self.sources.append({
            "code": code, "name": name, "name_en": name_en, "steward": steward, "approving_tier": tier, "licence": LICENCE,
            "update_cycle_days": cycle_days, "is_sample": True,
        })  # fmt: skip


def build_all(folder: Path) -> None:
    """Write every file of the sample into `folder`."""
    for old in ("nation", "city", "cadastre", "plans"):
        shutil.rmtree(folder / old, ignore_errors=True)
    for name in ("nation", "city", "cadastre", "plans"):
        (folder / name).mkdir(parents=True)
    manifest = Manifest(folder)
    _sources(manifest)
    parcels = build_parcels()
    _nation(manifest)
    _units(manifest, parcels)
    _cadastre(manifest, parcels)
    _plans(manifest)
    _works(manifest, parcels)
    _environment(manifest, parcels)
    _population(manifest, parcels)
    write.write_json(folder / "manifest.json", {"sources": manifest.sources, "loads": manifest.loads})


def _sources(manifest: Manifest) -> None:
    for source in (
        (
            "sample-nation",
            "Khung hành chính cả nước (ranh giới sơ đồ)",
            "The nation in outline (schematic boundaries)",
            "dothi",
            "nation",
            365,
        ),
        ("sample-city", "Đô thị mẫu Sông Lụa", "Song Lua, a made-up city", "dothi", "province", 365),
        ("sample-cadastre", "Bản đồ địa chính mẫu", "Sample cadastre", "Văn phòng đăng ký đất đai mẫu", "province", 30),
        ("sample-plans", "Hồ sơ quy hoạch mẫu", "Sample plans", "Sở Xây dựng mẫu", "province", 90),
        ("sample-construction", "Xây dựng mẫu", "Sample buildings and permits", "Phòng quản lý đô thị mẫu", "commune", 7),
        ("sample-infrastructure", "Hạ tầng kỹ thuật mẫu", "Sample infrastructure", "Công ty hạ tầng mẫu", "province", 180),
        ("sample-landscape", "Cây xanh, mặt nước mẫu", "Sample green areas and water", "Công ty cây xanh mẫu", "province", 180),
        ("sample-population", "Dân số mẫu", "Sample population", "Chi cục thống kê mẫu", "province", 365),
        ("sample-survey", "Số liệu báo cáo mẫu", "Sample figures reported", "Sở Xây dựng mẫu", "province", 365),
    ):
        manifest.add_source(*source)


def _nation(manifest: Manifest) -> None:
    rows = build_nation()
    write.write_layer(manifest.folder / "nation/nation.gpkg", "admin_units", rows)
    manifest.add("admin_units", "nation/nation.gpkg", len(rows), "sample-nation")
    changes = province_changes()
    write.write_csv(manifest.folder / "nation/unit_changes.csv", changes)
    manifest.add("unit_changes", "nation/unit_changes.csv", len(changes), "sample-nation")


def _units(manifest: Manifest, parcels: Parcels) -> None:
    folder = manifest.folder
    units, changes = build_units(parcels), build_unit_changes(parcels)
    areas, members = build_urban_areas()
    write.write_layer(folder / "city/communes.gpkg", "admin_units", units)
    manifest.add("admin_units", "city/communes.gpkg", len(units), "sample-city")
    write.write_csv(folder / "city/unit_changes.csv", changes)
    manifest.add("unit_changes", "city/unit_changes.csv", len(changes), "sample-city")
    write.write_layer(folder / "city/urban_areas.geojson", "urban_areas", areas)
    manifest.add("urban_areas", "city/urban_areas.geojson", len(areas), "sample-city")
    write.write_csv(folder / "city/urban_area_communes.csv", members)
    manifest.add("urban_area_communes", "city/urban_area_communes.csv", len(members), "sample-city")


def _cadastre(manifest: Manifest, parcels: Parcels) -> None:
    folder, faults = manifest.folder, []
    for file in build_cadastre(parcels, build_addresses(parcels)):
        stem = file.delivery.stem
        if stem == "thua_dat_nui_tam":
            for suffix, content in file.parts.items():
                (folder / f"cadastre/{stem}{suffix}").write_bytes(content)
            name = f"cadastre/{stem}.shp"
        else:
            name = f"cadastre/{stem}.zip"
            write.write_zip(folder / name, ((stem + suffix, content) for suffix, content in file.parts.items()))
        profile = {"profile": file.habit.profile} if file.habit.profile else {}
        manifest.add("parcels", name, file.rows, "sample-cadastre", valid_from="2024-05-17", **profile)
        manifest.loads[-1]["expected"] = {
            "encoding": file.habit.encoding, "crs": f"EPSG:{file.habit.epsg}",
            "quarantined": len({fault.row for fault in file.faults if fault.effect == "quarantined"}),
        }  # fmt: skip
        faults += [fault.record() | {"file": name} for fault in file.faults]
    write.write_json(folder / "faults.json", faults)
    write.fill_section(folder / "README.md", "faults", _fault_table(faults))


def _plans(manifest: Manifest) -> None:
    for plan in build_plans():
        dossier = write_dossier(manifest.folder / "plans", plan)
        file = f"plans/{plan.code}.zip"
        manifest.add("plans", file, 1, "sample-plans")
        manifest.loads[-1]["expected"] = {"zones": len(dossier.zones), "planning_lines": len(dossier.lines)}


def _works(manifest: Manifest, parcels: Parcels) -> None:
    addresses, buildings = build_addresses(parcels), place_buildings(parcels)
    permits, numbers = permit_rows(parcels, buildings)
    for layer, file, rows in (
        ("addresses", "city/addresses.gpkg", address_rows(parcels, addresses)),
        ("permits", "city/permits.geojson", permits),
        ("buildings", "city/buildings.gpkg", building_rows(parcels, buildings, numbers)),
        ("violations", "city/violations.geojson", violation_rows(permits)),
        ("investment_projects", "city/investment_projects.geojson", project_rows()),
        ("underground_spaces", "city/underground_spaces.geojson", underground_rows()),
    ):
        _layer(manifest, layer, file, rows, "sample-construction")


def _environment(manifest: Manifest, parcels: Parcels) -> None:
    for layer, file, rows, source in (
        ("theme_coverage", "plans/theme_coverage.geojson", coverage_rows(), "sample-plans"),
        ("green_areas", "city/green_areas.geojson", green_rows(parcels), "sample-landscape"),
        ("water_bodies", "city/water_bodies.geojson", water_rows(parcels), "sample-landscape"),
        ("natural_areas", "city/natural_areas.geojson", natural_rows(), "sample-landscape"),
        ("networks", "city/networks.gpkg", network_rows(), "sample-infrastructure"),
        ("facilities", "city/facilities.fgb", facility_rows(), "sample-infrastructure"),
    ):
        _layer(manifest, layer, file, rows, source)
    statements = completeness_rows(manifest.written)
    write.write_csv(manifest.folder / "city/completeness.csv", statements)
    manifest.add("completeness", "city/completeness.csv", len(statements), "sample-city")
    figures = observations()
    write.write_csv(manifest.folder / "city/observations.csv", figures)
    manifest.add("observations", "city/observations.csv", len(figures), "sample-survey")


def _layer(manifest: Manifest, layer: str, file: str, rows: list[dict[str, Any]], source: str) -> None:
    write.write_layer(manifest.folder / file, layer, rows)
    manifest.add(layer, file, len(rows), source)
    manifest.written[layer] = rows


def _fault_table(faults: list[dict[str, Any]]) -> list[str]:
    """List the faults as a table, for people."""
    rows = [
        f"| {Path(fault['file']).name} | {fault['row']} | {fault['fault']} | {fault['value'] or ''} "
        f"| {fault['issue'] or ''} | {fault['effect']} |"
        for fault in faults
    ]
    return ["| file | row | fault | value | issue | what the loader does |", "|---|---|---|---|---|---|", *rows]


def _population(manifest: Manifest, parcels: Parcels) -> None:
    cells, people = write_grid(manifest.folder / "city/population_2025.tif", parcels)
    manifest.add("population_grid", "city/population_2025.tif", cells, "sample-population", values={"year": str(YEAR)})
    manifest.loads[-1]["expected"] = {"people": people}
    counts = build_counts(parcels)
    write.write_csv(manifest.folder / "city/population_counts.csv", counts)
    manifest.add("unit_counts", "city/population_counts.csv", len(counts), "sample-population")
