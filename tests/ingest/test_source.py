"""Layers as Arrow batches: rows numbered, bytes kept, geometries flat; odd geometries become issues."""

import struct
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import shapely

from ingest.files import open_sources
from ingest.issues import IssueCode
from ingest.source import SourceBatch, describe_layer, read_batches, read_geometries
from spatial.errors import UnreadableFile
from tests.ingest.files import DRIVERS, squares, write_layer, write_parcels


def read_all(path: Path, batch_rows: int = 65_536) -> list[SourceBatch]:
    with open_sources([path]) as (source,):
        return list(read_batches(describe_layer(source), batch_rows))


def batch_of(wkb: list[bytes | None]) -> SourceBatch:
    count = len(wkb)
    rows = np.arange(1, count + 1, dtype=np.int64)
    return SourceBatch(rows, pa.record_batch({"a": pa.nulls(count)}), pa.array(wkb, pa.binary()))


@pytest.mark.parametrize("suffix", DRIVERS)
def test_all_rows_come_once_and_in_order(tmp_path: Path, suffix: str) -> None:
    path = write_parcels(tmp_path / f"thua{suffix}", 250)
    batches = read_all(path, batch_rows=100)
    assert np.concatenate([b.rows for b in batches]).tolist() == list(range(1, 251))
    numbers = [value for batch in batches for value in batch.attributes["SHTHUA"].to_pylist()]
    if suffix != ".fgb":  # its spatial index orders the rows
        assert numbers == [str(1 + i % 100) for i in range(250)]
    geometries = np.concatenate([read_geometries(b)[0] for b in batches])
    assert shapely.area(geometries).sum() == pytest.approx(250 * 100.0)


def test_description(tmp_path: Path) -> None:
    with open_sources([write_parcels(tmp_path / "thua.gpkg")]) as (source,):
        layer = describe_layer(source)
    assert layer.columns == ("SHBANDO", "SHTHUA", "MAXA")
    assert (layer.rows, layer.geometry_type, layer.crs_text, layer.text_is_bytes) == (3, "Polygon", "EPSG:5897", False)


def test_every_byte_of_a_shapefile_survives(tmp_path: Path) -> None:
    texts = [bytes(range(low, low + 16)).decode("latin-1") for low in range(0x80, 0x100, 16)]
    path = write_layer(tmp_path / "a.shp", squares(len(texts)), {"T": texts})
    (batch,) = read_all(path)
    assert batch.attributes["T"].to_pylist() == texts


@pytest.mark.parametrize("claim", ["UTF-8", "1258", "ISO-8859-1", "nonsense"])
def test_a_lying_cpg_changes_nothing(tmp_path: Path, claim: str) -> None:
    texts = ["Nguy\xd4n V\xa8n", "\xc4t \x81\x8d\x9d", "Nguyễn".encode().decode("latin-1")]
    path = write_layer(tmp_path / "a.shp", squares(3), {"T": texts})
    path.with_suffix(".cpg").write_text(claim)
    (batch,) = read_all(path)
    assert batch.attributes["T"].to_pylist() == texts


@pytest.mark.parametrize("suffix", DRIVERS)
def test_layer_of_no_rows_is_read_as_nothing(tmp_path: Path, suffix: str) -> None:
    path = write_layer(tmp_path / f"rong{suffix}", [], {"SHTHUA": pa.array([], pa.string())})
    assert sum(len(batch.rows) for batch in read_all(path)) == 0


def test_layer_must_be_named_where_there_are_several(tmp_path: Path) -> None:
    path = write_parcels(tmp_path / "hai.gpkg", layer="a")
    write_parcels(path, layer="b", append=True)
    with open_sources([path]) as (source,):
        with pytest.raises(UnreadableFile, match="several layers"):
            describe_layer(source)
        with pytest.raises(UnreadableFile, match=r"no layer 'c'.*a, b"):
            describe_layer(source, "c")
        assert describe_layer(source, "b").rows == 3


def test_missing_geometry_stays_missing(tmp_path: Path) -> None:
    path = write_layer(tmp_path / "a.shp", [*squares(1), None], {"SHTHUA": ["1", "2"]})
    geometries, issues = read_geometries(read_all(path)[0])
    assert [g is None for g in geometries] == [False, True]
    assert issues == []


def test_z_and_m_are_dropped_and_told() -> None:
    flat, raised = squares(2)
    raised = shapely.force_3d(raised, 5.0)
    measured = shapely.from_wkt("POINT M (1 2 3)")
    geometries, issues = read_geometries(batch_of([shapely.to_wkb(g, flavor="iso") for g in (flat, raised, measured)]))
    assert not shapely.has_z(geometries).any()
    assert not shapely.has_m(geometries).any()
    assert [(i.code, i.detail) for i in issues] == [(IssueCode.DIMENSION_DROPPED, "2")]


def test_unclosed_ring_is_closed() -> None:
    ring = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)]
    wkb = struct.pack("<BIII", 1, 3, 1, 4) + b"".join(struct.pack("<dd", *point) for point in ring)
    geometries, issues = read_geometries(batch_of([wkb]))
    assert shapely.area(geometries[0]) == 100.0
    assert issues == []


def test_broken_and_curved_geometries_are_named_by_row() -> None:
    good = shapely.to_wkb(squares(1)[0])
    arc = struct.pack("<BII", 1, 8, 3) + struct.pack("<6d", 0, 0, 1, 1, 2, 0)
    curve_polygon_z = struct.pack("<BII", 1, 1010, 0)
    geometries, issues = read_geometries(batch_of([good, good[:20], None, arc, curve_polygon_z, b"\x01"]))
    assert [g is None for g in geometries] == [False, True, True, True, True, True]
    assert sorted((i.row, i.code.value) for i in issues) == [
        (2, "geometry_unreadable"),
        (4, "geometry_curved"),
        (5, "geometry_curved"),
        (6, "geometry_unreadable"),
    ]


def test_sliced_batches_read_their_own_rows() -> None:
    whole = batch_of([shapely.to_wkb(g) for g in squares(5)])
    part = SourceBatch(whole.rows[3:], whole.attributes.slice(3), whole.wkb.slice(3))
    geometries, _ = read_geometries(part)
    assert shapely.equals(geometries, np.array(squares(5)[3:])).all()
