"""A file that lost something on its way is refused with a sentence, or the loss is told: never loaded as if it were whole."""

import random
import shutil
import sqlite3
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import shapely
from sqlalchemy import Engine

from ingest.files import open_sources
from ingest.issues import IssueCode
from ingest.source import describe_layer, read_batches
from spatial.errors import UnreadableFile
from tests.ingest.files import write_layer
from tests.ingest.world import load_one, one

COUNT = 2_000
BLOCK = 4_096
Damage = Callable[[bytes, int], bytes]


def cut(content: bytes, at: int) -> bytes:
    """Keep the beginning."""
    return content[:at]


def blank(content: bytes, at: int) -> bytes:
    """Fill a block with zeros, as a copy does that skips what it cannot read."""
    return content[:at] + bytes(min(BLOCK, len(content) - at)) + content[at + BLOCK :]


def join(content: bytes, at: int) -> bytes:
    """Lose a block."""
    return content[:at] + content[at + BLOCK :]


def write(path: Path) -> Path:
    shapes = [
        shapely.box(x, y, x + 10, y + 10) for x, y in ((540_000 + n % 50 * 12, 2_327_000 + n // 50 * 12) for n in range(COUNT))
    ]
    columns = {
        "SOTO": ["1"] * COUNT,
        "SOTHUA": [str(n + 1) for n in range(COUNT)],
        "TENCHU": [f"Nguyen Van {n}" for n in range(COUNT)],
    }
    if path.suffix == ".csv":
        path.write_text("code,geometry\n" + "".join(f'{n},"{shape.wkt}"\n' for n, shape in enumerate(shapes)), encoding="utf-8")
        return path
    if path.suffix != ".zip":
        return write_layer(path, shapes, columns, crs="EPSG:4326" if path.suffix == ".geojson" else "EPSG:5897")
    shp = write_layer(path.with_suffix(".shp"), shapes, columns)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(path.parent.glob(f"{path.stem}.*")):
            if part != path:
                archive.write(part, part.name)
    shp.unlink()
    return path


def read(path: Path) -> tuple[int, int]:
    """Give the rows and the shapes of a file."""
    with open_sources([path]) as (source,):
        batches = list(read_batches(describe_layer(source)))
    return sum(len(batch.rows) for batch in batches), sum(len(batch.wkb) - batch.wkb.null_count for batch in batches)


def refusal_or_rows(path: Path) -> str | tuple[int, int]:
    """Give the sentence with which a file is refused, or what was read of it."""
    try:
        return read(path)
    except UnreadableFile as error:
        return str(error)


@pytest.mark.filterwarnings("ignore:Non closed ring:RuntimeWarning")  # what GDAL says of the row before it gives up
@pytest.mark.parametrize(
    ("damaged", "damage"),
    [
        (damaged, damage)
        for damaged in ("p.shp", "p.dbf", "p.shx", "p.gpkg", "p.fgb", "p.geojson", "p.zip", "p.csv")
        for damage in (cut, blank, join)
        if not (damage is join and damaged in ("p.csv", "p.geojson"))  # text without a count: what is left may be a whole file
    ],
)
def test_no_file_is_read_as_whole_that_is_not(tmp_path: Path, damaged: str, damage: Damage) -> None:
    suffix = Path(damaged).suffix
    path = write(tmp_path / ("p.shp" if suffix in (".dbf", ".shx") else damaged))
    part = tmp_path / damaged
    content = part.read_bytes()
    chance = random.Random(20261121)
    for at in (chance.randrange(len(content) // 50, len(content) - 2) for _ in range(8)):
        part.write_bytes(damage(content, at))
        outcome = refusal_or_rows(path)
        assert outcome == (COUNT, COUNT) or (isinstance(outcome, str) and "p." in outcome and "again" in outcome), (at, outcome)
    part.write_bytes(content)
    assert read(path) == (COUNT, COUNT)


@pytest.mark.parametrize(
    ("damaged", "damage", "share", "sentence"),
    [
        ("p.shp", blank, 0.5, r"\.shp of '.*p\.shp' is damaged at byte \d+"),
        ("p.dbf", blank, 0.5, r"\.dbf of '.*p\.shp' is damaged from row \d+ on \(\d+ rows\)"),
        ("p.gpkg", blank, 0.5, "damaged within, or cut short"),
        ("p.gpkg", cut, 0.5, "damaged within, or cut short"),
        ("p.fgb", cut, 0.5, "breaks off while being read"),
        ("p.fgb", cut, 0.05, r"states 2000 rows, 0 can be read"),
        ("p.zip", join, 0.5, "bytes are missing in the middle"),
    ],
)
def test_the_sentence_says_what_is_lost(tmp_path: Path, damaged: str, damage: Damage, share: float, sentence: str) -> None:
    path = write(tmp_path / ("p.shp" if damaged == "p.dbf" else damaged))
    content = (tmp_path / damaged).read_bytes()
    (tmp_path / damaged).write_bytes(damage(content, int(len(content) * share)))
    with pytest.raises(UnreadableFile, match=sentence) as refused:
        read(path)
    assert "Traceback" not in str(refused.value)


def test_a_damaged_file_changes_nothing(town: Engine, tmp_path: Path) -> None:
    path = write(tmp_path / "p.gpkg")
    path.write_bytes(blank(path.read_bytes(), path.stat().st_size // 2))
    with pytest.raises(UnreadableFile):
        load_one(town, "parcels", path)
    assert one(town, "SELECT count(*) FROM land.parcel") == 0
    assert one(town, "SELECT count(*) FROM ingest.batch WHERE layer = 'parcels'") == 0


@pytest.mark.parametrize("entry", [(0, 64), (60, 0), (1_048_576, 64), (0x7F7F7F7F, 64), (50, 0x7F7F7F7F), (52, 64), (-1, 64)])
def test_an_index_that_leads_elsewhere_is_rebuilt(tmp_path: Path, entry: tuple[int, int]) -> None:
    path = write(tmp_path / "p.shp")
    shx = path.with_suffix(".shx")
    content = shx.read_bytes()
    shx.write_bytes(content[:1_700] + struct.pack(">ii", *entry) + content[1_708:])
    with open_sources([path]) as (source,):
        assert [issue.code for issue in source.issues] == [IssueCode.SHX_REBUILT]
    assert read(path) == (COUNT, COUNT)


@pytest.mark.parametrize("stated", [0, 1_200])
def test_an_export_that_was_stopped_is_refused(tmp_path: Path, stated: int) -> None:
    """The headers of all three parts are written last: they agree with each other, and not with what is there."""
    path = write(tmp_path / "p.shp")
    shp, dbf, shx = (bytearray(path.with_suffix(suffix).read_bytes()) for suffix in (".shp", ".dbf", ".shx"))
    end = struct.unpack(">i", shx[100 + 8 * stated : 104 + 8 * stated])[0]
    shp[24:28] = struct.pack(">i", end)
    dbf[4:8] = struct.pack("<I", stated)
    shx[24:28] = struct.pack(">i", 50 + 4 * stated)
    for suffix, content in ((".shp", shp), (".dbf", dbf), (".shx", shx)):
        path.with_suffix(suffix).write_bytes(content)
    with pytest.raises(UnreadableFile, match=rf"more than the {stated} shapes .* stopped midway"):
        read(path)


def test_bytes_behind_the_end_that_are_no_shape_do_no_harm(tmp_path: Path) -> None:
    path = write(tmp_path / "p.shp")
    for suffix in (".shp", ".shx", ".dbf"):
        with path.with_suffix(suffix).open("ab") as stream:
            stream.write(b"\x1a" + bytes(12))
    assert read(path) == (COUNT, COUNT)


def test_rows_that_their_owner_deleted_are_no_damage(tmp_path: Path) -> None:
    path = write(tmp_path / "p.shp")
    dbf = bytearray(path.with_suffix(".dbf").read_bytes())
    header, row = struct.unpack("<HH", dbf[8:12])
    dbf[header + 5 * row] = ord("*")
    path.with_suffix(".dbf").write_bytes(dbf)
    assert read(path) == (COUNT - 1, COUNT - 1)


def test_a_geopackage_that_states_more_rows_than_it_has_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "p.gpkg")
    with sqlite3.connect(path) as database:
        database.execute("UPDATE gpkg_ogr_contents SET feature_count = feature_count + 1")
    database.close()
    with pytest.raises(UnreadableFile, match="states 2001 rows, 2000 can be read"):
        read(path)


def test_a_geopackage_in_a_folder_with_odd_signs_is_opened(tmp_path: Path) -> None:
    folder = tmp_path / "thửa #1?mode=rw %20"
    folder.mkdir()
    shutil.copy(write(tmp_path / "p.gpkg"), folder)
    assert read(folder / "p.gpkg") == (COUNT, COUNT)


@pytest.mark.parametrize(("end", "told"), [("\n", 0), ("\r\n", 0), ("", 1)])
def test_a_last_line_without_its_end_is_told(town: Engine, tmp_path: Path, end: str, told: int) -> None:
    (tmp_path / "s.csv").write_bytes(f"code,name\nA,Nguồn A\nB,Nguồn B{end}".encode())
    box = shapely.box(105.37, 21.03, 105.3705, 21.0305).wkt
    (tmp_path / "g.csv").write_bytes(f'code,kind,geometry\nG,public,"{box}"{end}'.encode())
    for layer, name in (("sources", "s.csv"), ("green_areas", "g.csv")):
        report = load_one(town, layer, tmp_path / name)
        assert report.issues.get("file_end_open", 0) == told
        assert [note.code.value for note in report.notes].count("file_end_open") == told
