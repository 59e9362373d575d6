"""What is accepted as a file, what is refused and with which sentence."""

import shutil
import stat
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pyogrio
import pytest

from ingest.archives import ArchiveLimits
from ingest.files import FileFormat, SourceFile, find_companion, find_paths, open_sources, sniff_format
from ingest.issues import IssueCode
from ingest.source import describe_layer, read_batches
from spatial.errors import UnreadableFile
from tests.ingest.files import DRIVERS, write_parcels


def read_one(path: Path) -> SourceFile:
    with open_sources([path]) as sources:
        (source,) = sources
        assert pyogrio.read_info(source.path)["features"] == 3
        return source


def zip_of(target: Path, members: Mapping[str, Path | bytes]) -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content.read_bytes() if isinstance(content, Path) else content)
    return target


def zip_shapefile(shp: Path, target: Path, folder: str = "") -> Path:
    return zip_of(target, {f"{folder}{p.name}": p for p in sorted(shp.parent.glob(f"{shp.stem}.*")) if p.suffix != ".zip"})


@pytest.mark.parametrize("suffix", DRIVERS)
def test_formats_are_found_by_content(tmp_path: Path, suffix: str) -> None:
    source = read_one(write_parcels(tmp_path / f"thua{suffix}"))
    assert source.format is dict(zip(DRIVERS, FileFormat, strict=False))[suffix]
    assert source.layers == ("thua",)
    assert len(source.sha256) == 64
    assert source.issues == ()


def test_geotiff_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "dan_so.tif"
    path.write_bytes(b"II*\x00" + bytes(64))
    with open_sources([path]) as (source,):
        assert (source.format, source.layers) == (FileFormat.GEOTIFF, ())


def test_folder_glob_and_doubles(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    first, second = write_parcels(tmp_path / "a.shp"), write_parcels(tmp_path / "sub" / "b.gpkg")
    (tmp_path / "ghi chú.txt").write_text("not data")
    assert find_paths([tmp_path]) == [first, second]
    assert find_paths([str(tmp_path / "*.shp"), first]) == [first]
    assert find_paths([first.with_suffix(".dbf")]) == [first]


@pytest.mark.parametrize("name", ["nothing.shp", "*.gpkg", "empty"])
def test_nothing_there_is_said(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnreadableFile, match=r"does not exist|holds no file"):
        find_paths([str(tmp_path / name)])


def test_hash_is_the_same_inside_an_archive_and_changes_with_any_part(tmp_path: Path) -> None:
    shp = write_parcels(tmp_path / "thua.shp")
    loose = read_one(shp).sha256
    packed = read_one(zip_shapefile(shp, tmp_path / "thua.zip", "Gửi/"))
    assert packed.sha256 == loose
    assert packed.name.endswith("thua.zip/Gửi/thua.shp")
    with shp.with_suffix(".dbf").open("ab") as stream:
        stream.write(b"\x1a")
    assert read_one(shp).sha256 != loose


def test_archive_of_two_and_the_folder_is_removed(tmp_path: Path) -> None:
    one, two = write_parcels(tmp_path / "a.shp"), write_parcels(tmp_path / "b.gpkg")
    parts: dict[str, Path | bytes] = {p.name: p for p in one.parent.glob("a.*")}
    members = parts | {two.name: two, "đọc.txt": b"hello"}
    archive = zip_of(tmp_path / "hai.zip", members)
    with open_sources([archive]) as sources:
        assert [s.format for s in sources] == [FileFormat.SHAPEFILE, FileFormat.GEOPACKAGE]
        folder = sources[0].path.parent
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not folder.exists()


def test_missing_shx_is_rebuilt_on_a_copy(tmp_path: Path) -> None:
    shp = write_parcels(tmp_path / "thua.shp")
    original = shp.with_suffix(".shx").read_bytes()
    shp.with_suffix(".shx").unlink()
    with open_sources([shp]) as (source,):
        assert [issue.code for issue in source.issues] == [IssueCode.SHX_REBUILT]
        assert source.path.with_suffix(".shx").read_bytes() == original
        assert pyogrio.read_info(source.path)["features"] == 3
    assert not shp.with_suffix(".shx").exists()


def cut(suffix: str, keep: float) -> Callable[[Path], None]:
    def spoil(shp: Path) -> None:
        part = shp.with_suffix(suffix)
        part.write_bytes(part.read_bytes()[: int(part.stat().st_size * keep)])

    return spoil


def remove(suffix: str) -> Callable[[Path], None]:
    return lambda shp: shp.with_suffix(suffix).unlink()


def test_truncated_shx_is_rebuilt(tmp_path: Path) -> None:
    shp = write_parcels(tmp_path / "thua.shp")
    cut(".shx", 0.9)(shp)
    assert [issue.code for issue in read_one(shp).issues] == [IssueCode.SHX_REBUILT]


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (remove(".dbf"), r"lacks its \.dbf"),
        (remove(".shp"), r"lacks its \.shp"),
        (cut(".shp", 0.8), r"\.shp .* cut short: \d+ bytes, \d+ by its header"),
        (cut(".shp", 0.01), r"not what its name says|cut short"),
        (cut(".dbf", 0.8), r"\.dbf .* cut short: 2 of 3 rows"),
        (cut(".dbf", 0.05), r"\.dbf .* cut short"),
        (lambda shp: shp.write_bytes(b""), "not what its name says"),
        (lambda shp: shp.with_suffix(".dbf").write_bytes(bytes(64)), "no dBASE table"),
    ],
)
def test_broken_shapefile_is_refused_with_a_sentence(tmp_path: Path, spoil: Callable[[Path], None], sentence: str) -> None:
    shp = write_parcels(tmp_path / "thua.shp")
    spoil(shp)
    with pytest.raises(UnreadableFile, match=sentence), open_sources([tmp_path]):
        pass


def test_parts_that_do_not_belong_together(tmp_path: Path) -> None:
    shp = write_parcels(tmp_path / "thua.shp", 3)
    other = write_parcels(tmp_path / "other.shp", 5)
    shutil.copy(other.with_suffix(".dbf"), shp.with_suffix(".dbf"))
    with pytest.raises(UnreadableFile, match=r"3 shapes but its \.dbf 5 rows"), open_sources([shp]):
        pass


def test_parts_in_different_case_are_found(tmp_path: Path) -> None:
    shp = write_parcels(tmp_path / "thua.shp")
    shp.with_suffix(".dbf").rename(tmp_path / "THUA.DBF")
    assert read_one(shp).issues == ()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("thua.shp", b"PK\x03\x04 a zip"),
        ("thua.gpkg", b"\x00\x00\x27\x0a" + bytes(100)),
        ("thua.geojson", b"<html>502 Bad Gateway</html>"),
        ("thua.zip", b"SQLite format 3\x00" + b"gpkg_contents"),
        ("thua.tif", b"not an image"),
        ("thua.fgb", b""),
        ("thua.gpkg", b"SQLite format 3\x00" + bytes(200)),
    ],
)
def test_a_file_that_is_not_what_its_name_says(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnreadableFile, match="not what its name says"), open_sources([tmp_path / name]):
        pass


@pytest.mark.parametrize(("suffix", "keep"), [(".gpkg", 0.4), (".geojson", 0.6), (".fgb", 0.02)])
def test_truncated_container_is_refused(tmp_path: Path, suffix: str, keep: float) -> None:
    path = write_parcels(tmp_path / f"thua{suffix}")
    path.write_bytes(path.read_bytes()[: max(9, int(path.stat().st_size * keep))])
    with pytest.raises(UnreadableFile), open_sources([path]) as (source,):
        list(read_batches(describe_layer(source)))


@pytest.mark.parametrize(
    ("member", "sentence"),
    [
        ("../../etc/cron.d/x.shp", "points outside"),
        ("/tmp/x.shp", "points outside"),
        ("C:/x.shp", "points outside"),
        ("a\\..\\x.shp", "points outside"),
        ("inner.zip", "an archive within"),
        ("inner.tar.gz", "an archive within"),
    ],
)
def test_unsafe_members(tmp_path: Path, member: str, sentence: str) -> None:
    archive = zip_of(tmp_path / "x.zip", {member: b"data"})
    with pytest.raises(UnreadableFile, match=sentence), open_sources([archive]):
        pass
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.zip"]


def test_symbolic_link_in_an_archive(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("thua.shp")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(UnreadableFile, match="symbolic link"), open_sources([tmp_path / "x.zip"]):
        pass


@pytest.mark.parametrize(
    ("limits", "sentence"),
    [
        (ArchiveLimits(ratio_from_bytes=1 << 20), "zip bomb"),
        (ArchiveLimits(max_total_bytes=1 << 20), "unpacks to more than"),
        (ArchiveLimits(max_entries=1), "2 entries"),
    ],
)
def test_bombs(tmp_path: Path, limits: ArchiveLimits, sentence: str) -> None:
    archive = zip_of(tmp_path / "x.zip", {"a.shp": bytes(8 << 20), "a.dbf": b"x"})
    with pytest.raises(UnreadableFile, match=sentence), open_sources([archive], limits):
        pass


def test_a_bomb_that_lies_about_its_size(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "x.zip", {"a.shp": bytes(8 << 20)})
    raw = bytearray(archive.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = raw.index(signature) + offset
        raw[at : at + 4] = struct.pack("<I", 1000)
    archive.write_bytes(raw)
    with pytest.raises(UnreadableFile), open_sources([archive], ArchiveLimits(ratio_from_bytes=1 << 20)):
        pass


def test_encrypted_broken_and_useless_archives(tmp_path: Path) -> None:
    raw = bytearray(zip_of(tmp_path / "e.zip", {"a.shp": b"data"}).read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(signature) + offset] |= 1
    (tmp_path / "e.zip").write_bytes(raw)
    shp = write_parcels(tmp_path / "sub.shp")
    whole = zip_shapefile(shp, tmp_path / "w.zip").read_bytes()
    (tmp_path / "b.zip").write_bytes(whole[: len(whole) // 2])
    zip_of(tmp_path / "u.zip", {"readme.txt": b"hello"})
    for name, sentence in (("e.zip", "encrypted"), ("b.zip", "damaged"), ("u.zip", "holds no file")):
        with pytest.raises(UnreadableFile, match=sentence), open_sources([tmp_path / name]):
            pass


def test_geopackage_of_several_layers(tmp_path: Path) -> None:
    path = write_parcels(tmp_path / "hai.gpkg", layer="thua")
    write_parcels(path, layer="tho_cu", append=True)
    with open_sources([path]) as (source,):
        assert source.layers == ("thua", "tho_cu")


def test_sniffing_reads_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    path.write_bytes(b'\xef\xbb\xbf \n{"type": "FeatureCollection", "features": []}')
    assert sniff_format(path) is FileFormat.GEOJSON


def test_a_description_beside_the_data_is_no_data_but_can_be_found(tmp_path: Path) -> None:
    folder = tmp_path / "HoSoGIS"
    folder.mkdir()
    plan = write_parcels(folder / "QuyHoach.gpkg")
    description = tmp_path / "ho_so.json"
    description.write_text('{"maHoSoQH": "37QCT0010001"}', "utf-8")
    archive = zip_of(tmp_path / "ho_so.zip", {"HoSoGIS/QuyHoach.gpkg": plan, "ho_so.json": description})
    for given in (archive, folder, plan):
        with open_sources([given]) as (source,):
            found = find_companion(source, "ho_so.json")
            assert found is not None
            assert found.read_text("utf-8") == description.read_text("utf-8")
            assert find_companion(source, "khac.json") is None
    with pytest.raises(UnreadableFile, match="not what its name says"), open_sources([description]):
        pass
