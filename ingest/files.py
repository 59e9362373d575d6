"""Which files were given: found, sniffed, unpacked safely and hashed. Knows formats, not what the rows mean."""

import glob
import hashlib
import json
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import pyogrio

from ingest.archives import DEFAULT_LIMITS, ArchiveLimits, extract_archive
from ingest.arrow_files import has_geometry
from ingest.csv_rows import end_issues
from ingest.geopackage import require_whole
from ingest.given import absent, matches
from ingest.issues import Issue
from ingest.scratch import private_folder
from ingest.shapefile import prepare_shapefile, shapefile_parts
from spatial.errors import UnreadableFile


class FileFormat(StrEnum):
    """What dothi reads."""

    SHAPEFILE = "shapefile"
    GEOPACKAGE = "geopackage"
    GEOJSON = "geojson"
    FLATGEOBUF = "flatgeobuf"
    GEOPARQUET = "geoparquet"
    CSV = "csv"
    GEOTIFF = "geotiff"


ARROW_FORMATS = frozenset({FileFormat.GEOPARQUET, FileFormat.CSV})
"""Formats that `ingest.arrow_files` reads, not GDAL."""

ARCHIVE = "zip"
_FORMAT_OF_SUFFIX: dict[str, FileFormat | str] = {
    ".shp": FileFormat.SHAPEFILE,
    ".gpkg": FileFormat.GEOPACKAGE,
    ".geojson": FileFormat.GEOJSON,
    ".json": FileFormat.GEOJSON,
    ".fgb": FileFormat.FLATGEOBUF,
    ".parquet": FileFormat.GEOPARQUET,
    ".csv": FileFormat.CSV,
    ".tif": FileFormat.GEOTIFF,
    ".tiff": FileFormat.GEOTIFF,
    ".zip": ARCHIVE,
}
_SIDECAR_SUFFIXES = {
    ".shx",
    ".dbf",
    ".prj",
    ".cpg",
    ".cst",
    ".qix",
    ".sbn",
    ".sbx",
    ".qpj",
    ".qmd",
    ".xml",
    ".tfw",
    ".ovr",
}
_HEAD_BYTES = 4096
_SMALL_JSON_BYTES = 1 << 20
_GEOJSON_TYPES = {
    "FeatureCollection", "Feature", "GeometryCollection",
    "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon",
}  # fmt: skip


@dataclass(frozen=True)
class SourceFile:
    """One readable data set.

    Attributes:
        name: as the user knows it, NFC: the path given, or archive and member (`a.zip/b.shp`).
        path: what GDAL opens; inside the private temporary folder for archives and mended shapefiles.
        format: found by content, never by name.
        layers: names of the layers inside; one for all formats but GeoPackage, none for a GeoTIFF.
        sha256: over the bytes of the data set and its sidecars; the same inside and outside an archive.
        size_bytes: of those parts together.
        issues: what had to be mended to open it.
    """

    name: str
    path: Path
    format: FileFormat
    layers: tuple[str, ...]
    sha256: str
    size_bytes: int
    issues: tuple[Issue, ...] = ()


@contextmanager
def open_sources(given: Sequence[str | os.PathLike[str]], limits: ArchiveLimits = DEFAULT_LIMITS) -> Iterator[list[SourceFile]]:
    """Find the data sets behind files, folders and globs; what had to be unpacked is removed when the block ends.

    Raises:
        UnreadableFile: nothing is there, or a file is broken, unsafe or not what its name says.
    """
    with private_folder() as temporary:
        scratch = _Scratch(temporary, limits)
        yield [source for path in find_paths(given) for source in scratch.read(path, _nfc(str(path)))]


def find_paths(given: Sequence[str | os.PathLike[str]]) -> list[Path]:
    """Expand folders and globs into data files, sorted, each once.

    Raises:
        UnreadableFile: a path that does not exist, a glob or a folder in which nothing is readable.
    """
    found: dict[Path, None] = {}
    for item in given:
        matches = list(_expand(os.fspath(item)))
        if not matches:
            raise UnreadableFile(f"'{item}' holds no file that dothi reads ({', '.join(_FORMAT_OF_SUFFIX)}).")
        found.update(dict.fromkeys(matches))
    return list(found)


def _expand(item: str) -> Iterator[Path]:
    path = Path(item)
    if path.is_dir():
        if path.suffix.lower() == ".gdb":
            raise UnreadableFile(f"'{item}' is an Esri file geodatabase. Export it to GeoPackage and load that.")
        yield from _readable(sorted(path.rglob("*")))
    elif path.exists():
        yield (path.with_suffix(_main_suffix(path)) if path.suffix.lower() in {".shx", ".dbf"} else path)
    elif glob.has_magic(item):
        yield from _readable(matches(item))
    else:
        raise absent(item)


def _main_suffix(part: Path) -> str:
    """Turn `thua.dbf` into its `thua.shp`, so that naming any part names the shapefile."""
    return ".SHP" if part.suffix.isupper() else ".shp"


def _readable(paths: Iterable[Path]) -> Iterator[Path]:
    """Keep data files; a lone .dbf or .shx stands for its missing .shp, so that the loss is told and not passed over."""
    seen: set[Path] = set()
    for path in paths:
        suffix = path.suffix.lower()
        if suffix in {".dbf", ".shx"} and ".shp" not in shapefile_parts(path):
            path = path.with_suffix(_main_suffix(path))
        elif suffix not in _FORMAT_OF_SUFFIX or not path.is_file() or _is_description(path):
            continue
        if path not in seen:
            seen.add(path)
            yield path


def _is_description(path: Path) -> bool:
    """Say whether a file found beside the data is about it: JSON for `find_companion`, a table without shapes."""
    suffix = path.suffix.lower()
    return (suffix == ".json" and sniff_format(path) is None) or (suffix == ".csv" and not has_geometry(path))


class _Scratch:
    """The private folder of one `open_sources` block and the limits of what may be unpacked into it."""

    def __init__(self, folder: Path, limits: ArchiveLimits) -> None:
        self._folder = folder
        self._limits = limits
        self._count = 0

    def read(self, path: Path, name: str) -> Iterator[SourceFile]:
        """Turn one file into its data sets: itself, or the members of an archive."""
        if path.suffix.lower() == ".shp":
            yield self._shapefile(path, name)
            return
        kind = _sniff_expected(path, name)
        if kind == ARCHIVE:
            yield from self._archive(path, name)
        else:
            yield _plain(path, name, FileFormat(kind))

    def _new_folder(self) -> Path:
        self._count += 1
        folder = self._folder / str(self._count)
        folder.mkdir(mode=0o700)
        return folder

    def _archive(self, path: Path, name: str) -> Iterator[SourceFile]:
        folder = self._new_folder()
        extract_archive(
            path,
            folder,
            wanted={*_FORMAT_OF_SUFFIX, *_SIDECAR_SUFFIXES} - {".zip"},
            limits=self._limits,
        )
        members = list(_readable(sorted(folder.rglob("*"))))
        if not members:
            raise UnreadableFile(f"The archive '{name}' holds no file that dothi reads. Pack the .shp with its .shx and .dbf.")
        for member in members:
            yield from self.read(member, f"{name}/{_nfc(member.relative_to(folder).as_posix())}")

    def _shapefile(self, path: Path, name: str) -> SourceFile:
        if path.is_file() and (kind := sniff_format(path)) != FileFormat.SHAPEFILE:
            raise _not_what_it_says(name, kind)
        parts = shapefile_parts(path)
        ready, issues = prepare_shapefile(path, name, self._new_folder)
        sha256, size_bytes = hash_parts(parts)
        return SourceFile(name, ready, FileFormat.SHAPEFILE, (ready.stem,), sha256, size_bytes, issues)


def _plain(path: Path, name: str, kind: FileFormat) -> SourceFile:
    if kind is FileFormat.GEOPACKAGE:
        require_whole(path, name)
    sha256, size_bytes = hash_parts({"": path})
    issues = end_issues(path) if kind is FileFormat.CSV else ()
    return SourceFile(name, path, kind, _layer_names(path, name, kind), sha256, size_bytes, issues)


def _layer_names(path: Path, name: str, kind: FileFormat) -> tuple[str, ...]:
    if kind is FileFormat.GEOTIFF:
        return ()
    if kind in ARROW_FORMATS:
        return (path.stem,)
    try:
        return tuple(str(layer) for layer, _ in pyogrio.list_layers(path))
    except pyogrio.errors.DataSourceError as error:
        raise UnreadableFile(f"'{name}' looks like {kind} but cannot be opened; it may be cut short. Fetch it again.") from error


def sniff_format(path: Path) -> FileFormat | str | None:
    """Say what the content is: a format, "zip", or None for anything else."""
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    if head[:4] == b"\x00\x00\x27\x0a":
        return FileFormat.SHAPEFILE
    if head[:16] == b"SQLite format 3\x00":
        return FileFormat.GEOPACKAGE if b"gpkg_" in head or head[68:70] == b"GP" else None
    if head[:3] == b"fgb" and head[4:7] == b"fgb":
        return FileFormat.FLATGEOBUF
    if head[:4] in (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"):
        return FileFormat.GEOTIFF
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return ARCHIVE
    if head[:4] == b"PAR1":
        return FileFormat.GEOPARQUET
    if path.suffix.lower() == ".csv" and b"\x00" not in head and head.strip():  # any text may be one
        return FileFormat.CSV
    return FileFormat.GEOJSON if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{" and _is_geojson(path, head) else None


def _is_geojson(path: Path, head: bytes) -> bool:
    """Tell GeoJSON from other JSON by its top-level type; a large or broken one by the first type it names."""
    if path.stat().st_size <= _SMALL_JSON_BYTES:
        try:
            content = json.loads(path.read_text("utf-8-sig"))
            return isinstance(content, dict) and content.get("type") in _GEOJSON_TYPES
        except ValueError:  # cut short, or not UTF-8: GDAL says which
            pass
    named = re.search(rb'"type"\s*:\s*"(\w+)"', head)
    return named is not None and named[1].decode() in _GEOJSON_TYPES


def find_companion(source: SourceFile, name: str) -> Path | None:
    """Find a file that describes a data set (`ho_so.json` of a plan dossier) in its folder or the one above."""
    for folder in (source.path.parent, source.path.parent.parent):
        if (folder / name).is_file():
            return folder / name
    return None


def _sniff_expected(path: Path, name: str) -> FileFormat | str:
    try:
        kind = sniff_format(path)
    except OSError as error:
        raise UnreadableFile(f"'{name}' cannot be read: {error.strerror}.") from error
    expected = _FORMAT_OF_SUFFIX.get(path.suffix.lower())
    if kind is None or (expected is not None and kind != expected):
        raise _not_what_it_says(name, kind)
    return kind


def _not_what_it_says(name: str, kind: FileFormat | str | None) -> UnreadableFile:
    content = (
        f"its content is {kind}; give it the right name" if kind else "its content is nothing that dothi reads, or it is empty"
    )
    return UnreadableFile(f"'{name}' is not what its name says: {content}. Ask for the file again if it was damaged on the way.")


def hash_parts(parts: dict[str, Path]) -> tuple[str, int]:
    """Hash all parts of a data set, in the order of their suffixes, and give the bytes in sum."""
    digest, total = hashlib.sha256(), 0
    for suffix, path in sorted(parts.items()):
        size = path.stat().st_size
        digest.update(f"{suffix}:{size};".encode())
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
        total += size
    return digest.hexdigest(), total


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


__all__ = [
    "FileFormat",
    "SourceFile",
    "find_companion",
    "find_paths",
    "hash_parts",
    "open_sources",
    "sniff_format",
]
