"""The whole reading half on a real legacy shapefile: no .prj, no .cpg, TCVN3, invalid rings, odd numbers.

It needs the trial data folder and is skipped with a word where that is absent.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyogrio
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from ingest.checks import check_communes, check_parcel_numbers, normalize_numbers
from ingest.columns import map_columns
from ingest.crs_detect import detect_crs, transform_to_wgs84
from ingest.encodings import Encoding, Reading, choose_readings, decode_column
from ingest.encodings.syllables import count_syllables
from ingest.files import open_sources
from ingest.issues import IssueCode
from ingest.repair import Kind, repair_geometries
from ingest.source import SourceBatch, SourceLayer, describe_layer, read_batches, read_geometries
from spatial.settings import Settings

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def trial_data() -> Path:
    folder = Settings().trial_data or ROOT.parent / "shared" / "data"
    if not (folder / "cadastre_legacy").is_dir():
        pytest.skip(f"no trial data in {folder}")
    return folder


@pytest.fixture(scope="module")
def communes(trial_data: Path) -> dict[str, BaseGeometry]:
    path = trial_data / "vn_admin_2026" / "wards3321_simpl11m.gpkg"
    _, _, geometry, fields = pyogrio.raw.read(path, columns=["code"], where="provinceCode = '01'")
    return dict(zip(fields[0], shapely.from_wkb(geometry), strict=True))


@pytest.fixture(scope="module")
def legacy(trial_data: Path) -> tuple[SourceLayer, SourceBatch]:
    with open_sources([trial_data / "cadastre_legacy"]) as (source,):
        layer = describe_layer(source)
        (batch,) = read_batches(layer)
    return layer, batch


def test_text_reads_as_vietnamese(legacy: tuple[SourceLayer, SourceBatch]) -> None:
    layer, batch = legacy
    text = {name: batch.attributes[name] for name in layer.columns if pa.types.is_string(batch.attributes[name].type)}
    readings = choose_readings(text, text_is_bytes=layer.text_is_bytes)
    for name in ("TENCHU", "DIACHI"):
        assert readings[name].of_bytes == Reading(Encoding.TCVN3)
        decoded = decode_column(text[name], readings[name], text_is_bytes=layer.text_is_bytes)
        assert not decoded.undecided
        legal, words = count_syllables([value for value in decoded.values.to_pylist() if value])
        assert legal == words > 10


def test_zone_and_rings(legacy: tuple[SourceLayer, SourceBatch], communes: dict[str, BaseGeometry]) -> None:
    layer, batch = legacy
    geometries, issues = read_geometries(batch)
    codes = batch.attributes["MAXA"].to_numpy(zero_copy_only=False)
    assert issues == []
    found = detect_crs(geometries, declared=layer.crs_text, communes=communes, stated_communes=codes)
    assert (found.srid, found.swap_axes, found.evidence[0].share) == (5897, False, 1.0)
    repaired = repair_geometries(geometries, batch.rows, Kind.POLYGON)
    assert repaired.repaired.sum() == 16
    assert not any(issue.code.quarantines for issue in repaired.issues)
    in_wgs84 = transform_to_wgs84(repaired.geometries, found.srid)
    assert check_communes(in_wgs84, codes, communes, batch.rows) == []


def test_columns_and_numbers(legacy: tuple[SourceLayer, SourceBatch]) -> None:
    layer, batch = legacy
    plan = map_columns("parcels", layer.columns)
    assert set(plan.personal) == {"TENCHU", "DIACHI"}
    assert not plan.unmapped
    column = plan.public["parcel_no"]
    readings = choose_readings({column: batch.attributes[column]}, text_is_bytes=True)
    numbers = normalize_numbers(decode_column(batch.attributes[column], readings[column], text_is_bytes=True).values)
    assert "12a" in numbers.to_pylist()
    found = check_parcel_numbers(numbers, batch.rows, column)
    assert sorted(issue.code for issue in found) == [IssueCode.PARCEL_NUMBER_MISSING, IssueCode.PARCEL_NUMBER_PROVISIONAL]
    assert np.unique(batch.rows).size == 2008
