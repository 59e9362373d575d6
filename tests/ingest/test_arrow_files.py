"""CSV with WKT and GeoParquet: read like any other file, refused with a sentence that names no row's content."""

from pathlib import Path

import geopandas
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from sqlalchemy import Engine

from ingest.files import find_paths, open_sources
from ingest.source import describe_layer, read_batches, read_geometries
from spatial.errors import UnreadableFile
from tests.ingest.world import load_one, one, rows

WKT = "POLYGON ((105.37 21.03, 105.3705 21.03, 105.3705 21.0305, 105.37 21.0305, 105.37 21.03))"


def csv(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def parquet(path: Path, *, crs: int | None = 4326, **columns: list[object]) -> Path:
    frame = geopandas.GeoDataFrame(columns, geometry=[shapely.from_wkt(WKT)] * len(next(iter(columns.values()))), crs=crs)
    frame.to_parquet(path)
    return path


@pytest.mark.parametrize("mark", [",", ";"])
@pytest.mark.parametrize("name", ["geometry", "WKT", "geom", "the_geom"])
def test_a_csv_with_shapes_is_a_file_of_any_layer(town: Engine, tmp_path: Path, mark: str, name: str) -> None:
    lines = [["code", name, "kind", "name"], ["W1", f'"{WKT}"', "lake", '"Hồ ""Tây"",\nbờ bắc"'], ["W2", f'"{WKT}"', "pond", ""]]
    path = csv(tmp_path / "w.csv", "\ufeff" + "\r\n".join(mark.join(line) for line in lines))
    assert load_one(town, "water_bodies", path).added == 2
    assert load_one(town, "water_bodies", path).unchanged == 2
    assert rows(town, "SELECT name FROM landscape.water_body ORDER BY code") == [('Hồ "Tây",\nbờ bắc',), (None,)]


def test_shapes_that_cannot_be_read_are_set_aside_one_by_one(town: Engine, tmp_path: Path) -> None:
    shapes = [f'"{WKT}"', "POLYGON ((1 2", "", "hello"]
    path = csv(tmp_path / "w.csv", "code,kind,geometry\n" + "".join(f"W{at},lake,{shape}\n" for at, shape in enumerate(shapes)))
    report = load_one(town, "water_bodies", path)
    assert (report.added, report.quarantined) == (1, 3)
    assert dict(rows(town, "SELECT row_no, reasons ->> 0 FROM ingest.quarantine")) == {
        2: "geometry_unreadable", 3: "geometry_missing", 4: "geometry_unreadable",
    }  # fmt: skip
    raw = one(town, "SELECT raw FROM private.quarantine_row ORDER BY id LIMIT 1")
    assert (raw["row"]["code"], bytes.fromhex(raw["wkb"])[1:]) == ("W1", b"POLYGON ((1 2")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (f'code,geometry,note\nW1,"{WKT}"\n', "line 2 has 2 values"),
        (f'code,geometry\nW1,"{WKT}\n', "line 2 is no CSV"),
        ("code,kind\nW1,lake\n", "no column of shapes"),
        ("", "not what its name says"),
        (b"code,geometry\nW\xff1,x\n", "not UTF-8"),
        (b"m\xe3,geometry\n", "not UTF-8"),
        (b"%PDF-1.7\x00\x01", "not what its name says"),
    ],
)
def test_a_broken_csv_is_refused_without_its_content(engine: Engine, tmp_path: Path, content: str | bytes, words: str) -> None:
    with pytest.raises(UnreadableFile, match=words) as told:
        load_one(engine, "water_bodies", csv(tmp_path / "w.csv", content))
    assert "POLYGON" not in str(told.value)
    assert told.value.vi or words == "not what its name says"


@pytest.mark.parametrize("damage", ["cut", "middle", "plain", "encoding"])
def test_a_broken_parquet_is_refused(engine: Engine, tmp_path: Path, damage: str) -> None:
    path = parquet(tmp_path / "w.parquet", code=["W1"] * 500, kind=["lake"] * 500)
    if damage == "plain":
        pq.write_table(pa.table({"code": ["W1"]}), path)
    elif damage == "encoding":
        geopandas.read_parquet(path).to_parquet(path, geometry_encoding="geoarrow")
    else:
        content = path.read_bytes()
        middle = len(content) // 2
        path.write_bytes(content[:middle] if damage == "cut" else b"PAR1" + bytes(200) + content[204:])
    with pytest.raises(UnreadableFile, match="cannot be read"):
        load_one(engine, "water_bodies", path)


def test_a_parquet_says_its_own_system(town: Engine, tmp_path: Path) -> None:
    frame = geopandas.GeoDataFrame({"code": ["W1"], "kind": ["lake"]}, geometry=[shapely.from_wkt(WKT)], crs=4326)
    metric = tmp_path / "m.parquet"
    frame.to_crs(32648).to_parquet(metric)
    report = load_one(town, "water_bodies", metric)
    assert (report.crs, report.added) == ("EPSG:32648", 1)


def test_text_of_any_kind_is_text(tmp_path: Path) -> None:
    path = parquet(tmp_path / "w.parquet", code=["W1", "W2"], kind=["lake", "lake"])
    table = pq.read_table(path)
    kinds = {"code": pa.large_string(), "kind": pa.dictionary(pa.int32(), pa.string())}
    for at, name in enumerate(table.column_names):
        if name in kinds:
            table = table.set_column(at, name, table.column(name).cast(kinds[name]))
    pq.write_table(table.append_column("empty", pa.nulls(2)), path)
    with open_sources([path]) as (source,):
        layer = describe_layer(source)
        (batch,) = read_batches(layer)
        shapes, issues = read_geometries(batch)
    assert (layer.columns, layer.rows, layer.geometry_type) == (("code", "kind", "empty"), 2, "Polygon")
    assert batch.attributes.to_pydict() == {"code": ["W1", "W2"], "kind": ["lake", "lake"], "empty": [None, None]}
    assert (len(shapes), issues) == (2, [])


def test_tables_beside_the_data_are_passed_over(tmp_path: Path) -> None:
    csv(tmp_path / "ghi_chu.csv", "tệp,ghi chú\na,b\n")
    data = csv(tmp_path / "ho.csv", f'code,geometry\nW1,"{WKT}"\n')
    assert find_paths([tmp_path]) == [data]
