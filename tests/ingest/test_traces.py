"""What a load leaves behind: no unpacked names after a kill, no folder of the officer's machine in the database."""

import os
import signal
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ingest.door import load, load_each
from ingest.files import open_sources
from ingest.manifest import load_manifest
from ingest.options import LoadOptions
from ingest.scratch import private_folder, remove_abandoned
from tests.ingest.files import write_layer, write_parcels
from tests.ingest.world import parcel_file, rows, schemas_that_hold

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data"


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files of this test's own."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def zipped(folder: Path, path: Path) -> Path:
    """Pack a shapefile."""
    with zipfile.ZipFile(folder / "thua.zip", "w") as archive:
        for part in path.parent.glob(f"{path.stem}.*"):
            archive.write(part, part.name)
    return folder / "thua.zip"


def test_an_unpacked_archive_is_gone_with_the_block_and_only_ours_to_read(tmp_path: Path, temporary: Path) -> None:
    with open_sources([zipped(tmp_path, write_parcels(tmp_path / "p.shp"))]) as (source,):
        (folder,) = temporary.iterdir()
        assert folder in source.path.parents
        assert folder.stat().st_mode & 0o777 == 0o700
    assert list(temporary.iterdir()) == []


def test_after_a_kill_the_next_start_removes_what_was_unpacked(tmp_path: Path, temporary: Path) -> None:
    archive = zipped(tmp_path, parcel_file(tmp_path / "p.shp", [1]))
    code = (
        "import sys, time\nfrom ingest.files import open_sources\n"
        "with open_sources([sys.argv[1]]):\n    print('there', flush=True)\n    time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(archive)], stdout=subprocess.PIPE, env={**os.environ, "TMPDIR": str(temporary)}
    )
    assert process.stdout
    assert process.stdout.readline() == b"there\n"
    assert b"Nguyen Van Chu" in b"".join(path.read_bytes() for path in temporary.rglob("*.dbf"))
    remove_abandoned()
    assert list(temporary.rglob("*.dbf")), "its owner is alive"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert list(temporary.rglob("*.dbf")), "nobody could remove it"
    with open_sources([archive]):
        assert len(list(temporary.iterdir())) == 1
    assert list(temporary.iterdir()) == []


def test_what_is_not_ours_stays(temporary: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "file").touch()
    (temporary / "dothi-files-link").symlink_to(tmp_path / "elsewhere")
    (temporary / "other").mkdir()
    (temporary / "other" / "file").touch()
    with private_folder() as first, private_folder() as second:
        (first / "a").touch()
        (second / "b").touch()
        remove_abandoned()
        assert (first / "a").exists()
        assert (second / "b").exists()
    assert {path.name for path in temporary.iterdir()} == {"dothi-files-link", "other"}
    assert (tmp_path / "elsewhere" / "file").exists()


def names(engine: Engine) -> list[str]:
    return [name for (name,) in rows(engine, "SELECT file_name FROM ingest.batch WHERE file_name IS NOT NULL ORDER BY id")]


def test_the_books_name_files_from_what_was_given(town: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "lan_may_o_nha"
    (home / "thua" / "xa1").mkdir(parents=True)
    parcel_file(home / "thua" / "xa1" / "p.shp", [1]).with_suffix(".shx").unlink()
    parcel_file(home / "q.shp", [2])
    zipped(home, parcel_file(home / "r.shp", [3]))
    before = len(names(town))
    given: list[str | Path] = [home / "thua", home / "q.shp", str(home / "t*.zip"), str(home / "**" / "p.shp")]
    for report in load_each(town, "parcels", given, LoadOptions(), lambda *_: None):
        assert report.file.startswith(str(home)), "the person is told the path that she gave"
    assert names(town)[before:] == ["thua/xa1/p.shp", "q.shp", "thua.zip/r.shp"]
    monkeypatch.chdir(home / "thua")
    list(load(town, "parcels", ["."], LoadOptions()))
    assert names(town)[-1] == "xa1/p.shp"
    assert schemas_that_hold(town, "lan_may_o_nha") == set()


def test_no_door_keeps_folders(town: Engine, tmp_path: Path) -> None:
    home = tmp_path / "lan_may_o_nha"
    home.mkdir()
    (home / "s.csv").write_text("code,name\nA,Nguồn A\n", encoding="utf-8")
    (home / "raster.tif").write_bytes((SAMPLE / "city" / "population_2025.tif").read_bytes())
    (home / "plan.zip").write_bytes((SAMPLE / "plans" / "37QPK0010001.zip").read_bytes())
    write_layer(home / "p.gpkg", [None], {"SOTO": ["1"], "SOTHUA": ["1"]}, crs="EPSG:5897")
    (home / "manifest.json").write_text('{"loads": [{"layer": "sources", "file": "s.csv", "rows": 1}]}')
    for layer, name in (("population_grid", "raster.tif"), ("plans", "plan.zip"), ("parcels", "p.gpkg")):
        list(load(town, layer, [home / name], LoadOptions()))
    load_manifest(town, home / "manifest.json")
    assert names(town)[-4:] == ["raster.tif", "plan.zip", "p.gpkg", "s.csv"]
    assert schemas_that_hold(town, "lan_may_o_nha") == set()
