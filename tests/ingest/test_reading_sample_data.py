"""Every fault that the sample data lists is found at its row by the reading half, and nothing else sets a row aside."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyogrio
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from ingest.areas import check_areas, read_areas
from ingest.checks import (
    check_communes,
    check_country,
    check_duplicates,
    check_parcel_numbers,
    check_sheet_numbers,
    normalize_numbers,
)
from ingest.columns import ColumnPlan, map_columns
from ingest.crs_detect import detect_crs, transform_to_wgs84
from ingest.encodings import choose_readings, decode_column, encoding_issues
from ingest.files import open_sources
from ingest.issues import Issue, rows_in_quarantine
from ingest.land_use_text import LandUseCode, LandUseCodes, read_land_uses
from ingest.overlaps import check_overlaps
from ingest.repair import Kind, repair_geometries
from ingest.source import SourceBatch, describe_layer, read_batches, read_geometries
from tests.ingest.test_overlaps import drawn_of

SAMPLE = Path(__file__).parents[2] / "sample_data"
ENTRIES = [entry for entry in json.loads((SAMPLE / "manifest.json").read_text("utf-8"))["loads"] if entry["layer"] == "parcels"]
FAULTS = json.loads((SAMPLE / "faults.json").read_text("utf-8"))


def land_use_codes() -> LandUseCodes:
    """Give the code table as the migrations seed it."""
    with (SAMPLE.parent / "migrations" / "data" / "0003_land_use.csv").open(encoding="utf-8") as stream:
        return LandUseCodes(
            LandUseCode(
                row["code"],
                row["name"],
                row["in_force"] == "true",
                row["successor_code"] or None,
                row["successor_doubtful"] == "true",
            )
            for row in csv.DictReader(stream)
        )


@pytest.fixture(scope="module")
def communes() -> dict[str, BaseGeometry]:
    """Give the ground of each code, of today or before the merger."""
    meta, _, geometry, fields = pyogrio.raw.read(SAMPLE / "city" / "communes.gpkg")
    codes = dict(zip(meta["fields"], fields, strict=True))["code"]
    ground: dict[str, BaseGeometry] = {}
    for code, polygon in zip(codes, shapely.from_wkb(geometry), strict=True):
        ground[code] = shapely.union(ground[code], polygon) if code in ground else polygon
    return ground


def decode(batch: SourceBatch, plan: ColumnPlan) -> tuple[dict[str, pa.Array], dict[str, int], list[Issue]]:
    text = {n: batch.attributes[n] for n in batch.attributes.schema.names if pa.types.is_string(batch.attributes[n].type)}
    readings = choose_readings(text, text_is_bytes=True)
    columns = {name: batch.attributes[name] for name in batch.attributes.schema.names}
    used: dict[str, int] = {}
    issues: list[Issue] = []
    for name, values in text.items():
        decoded = decode_column(values, readings[name], text_is_bytes=True)
        columns[name] = decoded.values
        issues += encoding_issues(name, decoded, readings[name], batch.rows, personal=name in plan.personal)
        used |= decoded.rows_by_reading
    return columns, used, issues


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: Path(entry["file"]).stem)
def test_listed_faults_are_found(entry: dict[str, Any], communes: dict[str, BaseGeometry]) -> None:
    with open_sources([SAMPLE / entry["file"]]) as (source,):
        layer = describe_layer(source)
        (batch,) = read_batches(layer)
    rows = batch.rows
    plan = map_columns("parcels", layer.columns, profile=entry["options"].get("profile"))
    columns, used, issues = decode(batch, plan)
    assert set(used) == {"ascii", entry["expected"]["encoding"]}
    geometries, found = read_geometries(batch)
    codes = columns[plan.public["commune_code"]].to_numpy(zero_copy_only=False)
    crs = detect_crs(geometries, declared=layer.crs_text, communes=communes, stated_communes=codes)
    assert f"EPSG:{crs.srid}" == entry["expected"]["crs"]
    repaired = repair_geometries(geometries, rows, Kind.POLYGON)
    area = shapely.area(repaired.geometries)
    in_wgs84 = transform_to_wgs84(repaired.geometries, crs.srid, swap_axes=crs.swap_axes)
    numbers = normalize_numbers(columns[plan.public["parcel_no"]])
    sheets = normalize_numbers(columns[plan.public["map_sheet"]])
    keys = pc.binary_join_element_wise(columns[plan.public["commune_code"]], sheets, numbers, ".")
    content = pa.table({name: columns[name] for name in (*plan.public.values(), *plan.personal)})
    stated = read_areas(columns[plan.public["area_stated_m2"]], area, rows, "area")
    issues += [
        *found,
        *repaired.issues,
        *check_parcel_numbers(numbers, rows, "number"),
        *check_sheet_numbers(sheets, rows, "sheet"),
        *check_duplicates(keys, content, geometries, rows),
        *stated.issues,
        *check_areas(stated.area_m2, area, rows, "area"),
        *read_land_uses(columns[plan.public["land_use_raw"]], land_use_codes(), rows, "use").issues,
        *check_country(in_wgs84, rows),
        *check_communes(in_wgs84, codes, communes, rows),
        *check_overlaps(drawn_of(repaired.geometries, rows)),
    ]
    listed = [fault for fault in FAULTS if fault["file"] == entry["file"]]
    by_row = {(issue.row, issue.code.value) for issue in issues}
    assert {(fault["row"], fault["issue"]) for fault in listed if fault["issue"]} <= by_row
    assert rows_in_quarantine(issues) == {fault["row"] for fault in listed if fault["effect"] == "quarantined"}
    assert len(rows_in_quarantine(issues)) == entry["expected"]["quarantined"]
    assert len(rows) == entry["rows"]
    assert np.isfinite(area[~shapely.is_missing(repaired.geometries)]).all()
