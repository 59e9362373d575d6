"""A manifest: every layer of every file is loaded once, and the second time nothing."""

import json
from pathlib import Path
from typing import Any

import shapely
from sqlalchemy import Engine

from ingest.manifest import load_manifest
from ingest.rollback import roll_back
from tests.ingest.files import write_layer
from tests.ingest.world import one


def boxes(west: float, count: int) -> list[shapely.Polygon]:
    return [shapely.box(west + i / 1000, 21.03, west + i / 1000 + 0.0005, 21.0305) for i in range(count)]


def manifest(folder: Path, *loads: dict[str, Any]) -> Path:
    path = folder / "manifest.json"
    path.write_text(json.dumps({"loads": [{"rows": 1, **load} for load in loads]}), encoding="utf-8")
    return path


def test_two_layers_of_one_file_are_both_loaded(town: Engine, tmp_path: Path) -> None:
    file = write_layer(
        tmp_path / "g.gpkg", boxes(105.37, 2), {"code": ["G1", "G2"], "kind": ["public"] * 2}, crs="EPSG:4326", layer="cay"
    )
    write_layer(file, boxes(105.38, 1), {"code": ["W1"], "kind": ["lake"]}, crs="EPSG:4326", layer="nuoc", append=True)
    write_layer(file, boxes(105.39, 1), {"code": ["W2"], "kind": ["pond"]}, crs="EPSG:4326", layer="ao", append=True)
    path = manifest(
        tmp_path,
        {"layer": "green_areas", "file": "g.gpkg", "options": {"file_layer": "cay"}},
        {"layer": "water_bodies", "file": "g.gpkg", "options": {"file_layer": "nuoc"}},
        {"layer": "water_bodies", "file": "g.gpkg", "options": {"file_layer": "ao"}},
    )
    assert [report.added for report in load_manifest(town, path)] == [2, 1, 1]
    assert one(town, "SELECT count(*) FROM landscape.water_body") == 2
    assert load_manifest(town, path) == []


def test_the_same_file_into_two_layers_and_one_taken_back(town: Engine, tmp_path: Path) -> None:
    """What was loaded into another layer, or was rolled back, is not there yet."""
    columns = {"code": ["A"], "kind": ["lake"], "name": ["Hồ"]}
    write_layer(tmp_path / "g.gpkg", boxes(105.37, 1), columns, crs="EPSG:4326")
    path = manifest(tmp_path, {"layer": "water_bodies", "file": "g.gpkg"}, {"layer": "natural_areas", "file": "g.gpkg"})
    first, _ = load_manifest(town, path)
    roll_back(town, first.batch or 0)
    assert [report.layer for report in load_manifest(town, path)] == ["water_bodies"]
    assert one(town, "SELECT count(*) FROM landscape.water_body") == 1
