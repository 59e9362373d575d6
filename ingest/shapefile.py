"""The parts of a shapefile: which are there, whether they are whole and belong together, and how a lost index comes back."""

import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ingest.issues import Issue, IssueCode
from spatial.errors import UnreadableFile

_PARTS = {".shp", ".shx", ".dbf", ".prj", ".cpg"}
_SHP_HEADER = 100
_SHX_RECORD = 8
_NULL_SHAPE = 2
"""16-bit words of the shortest record."""
_ROW_KEPT, _ROW_DELETED = b" *"


def shapefile_parts(path: Path) -> dict[str, Path]:
    """Give the existing parts beside any part of a shapefile, suffix (lower case) to path, whatever the case of the names."""
    if not path.parent.is_dir():
        return {}
    stem = path.stem.casefold()
    beside = sorted(path.parent.iterdir(), reverse=True)  # a lower-case twin comes first in this order and wins below
    found = {p.suffix.lower(): p for p in reversed(beside) if p.stem.casefold() == stem and p.suffix.lower() in _PARTS}
    exact = {p.suffix.lower(): p for p in beside if p.stem == path.stem and p.suffix.lower() in _PARTS}
    return found | exact


def prepare_shapefile(path: Path, name: str, new_folder: Callable[[], Path]) -> tuple[Path, tuple[Issue, ...]]:
    """Check a shapefile's parts and give the path that GDAL can open, with the issues that came up.

    Where the parts' names differ in case, or the .shx is lost, the parts are linked under one name in a folder from
    `new_folder` and the index is rebuilt there; the original is never touched.

    Raises:
        UnreadableFile: the .shp or .dbf is missing or cut short, or they hold different numbers of rows.
    """
    parts = shapefile_parts(path)
    _require_parts(parts, name)
    _check_shp(parts[".shp"], name)
    rows = _check_dbf(parts[".dbf"], name)
    _require_nothing_beyond(parts[".shp"], rows, name)
    if _index_fits(parts.get(".shx"), parts[".shp"], rows):
        return (path if _same_names(path, parts) else _link_parts(path, parts, new_folder())), ()
    linked = _link_parts(path, {k: v for k, v in parts.items() if k != ".shx"}, new_folder())
    records = rebuild_index(linked, name)
    if records != rows:
        raise UnreadableFile(
            f"'{name}' holds {records} shapes but its .dbf {rows} rows: the parts do not belong together. "
            "Ask for .shp, .shx and .dbf of one and the same export."
        )
    return linked, (Issue(IssueCode.SHX_REBUILT),)


def _require_parts(parts: dict[str, Path], name: str) -> None:
    if ".shp" not in parts:
        raise UnreadableFile(
            f"'{name}' lacks its .shp, the part with the shapes. Ask for the whole shapefile (.shp, .shx, .dbf)."
        )
    if ".dbf" not in parts:
        raise UnreadableFile(
            f"'{name}' lacks its .dbf, the part with all attributes (parcel numbers, land use). Ask for the whole shapefile."
        )


def _check_shp(path: Path, name: str) -> None:
    size = path.stat().st_size
    with path.open("rb") as stream:
        header = stream.read(_SHP_HEADER)
    declared = struct.unpack(">i", header[24:28])[0] * 2 if len(header) == _SHP_HEADER else None
    if declared is None or size < declared:
        raise UnreadableFile(
            f"The .shp of '{name}' is cut short: {size} bytes, {declared or 'at least 100'} by its header. Fetch it again."
        )


def _check_dbf(path: Path, name: str) -> int:
    """Give the number of rows that the header states, which the file must be long enough to hold."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        header = stream.read(32)
    if len(header) < 32:
        raise UnreadableFile(f"The .dbf of '{name}' is cut short: {size} bytes. Copy or fetch it again.")
    rows, header_size, row_size = struct.unpack("<IHH", header[4:12])
    if header_size < 33 or row_size < 1:
        raise UnreadableFile(f"The .dbf of '{name}' is no dBASE table. Ask for the whole shapefile again.")
    if size < header_size + rows * row_size:
        held = max(0, (size - header_size) // row_size)
        raise UnreadableFile(f"The .dbf of '{name}' is cut short: {held} of {rows} rows. Copy or fetch it again.")
    _check_marks(path, header_size, row_size, rows, name)
    return int(rows)


def _check_marks(path: Path, header_size: int, row_size: int, rows: int, name: str) -> None:
    """Look at the first byte of each row, which says whether it is deleted and nothing else: a blank part of the file shows."""
    if not rows:
        return
    marks = np.memmap(path, np.uint8, "r", header_size, (rows, row_size))[:, 0]
    strange = np.flatnonzero((marks != _ROW_KEPT) & (marks != _ROW_DELETED))
    if strange.size:
        raise UnreadableFile(
            f"The .dbf of '{name}' is damaged from row {strange[0] + 1} on ({strange.size} rows). Copy or fetch it again.",
            vi=f"Tệp .dbf của '{name}' bị hỏng từ dòng {strange[0] + 1} ({strange.size} dòng). Hãy sao chép hoặc lấy lại tệp.",
        )


def _require_nothing_beyond(shp: Path, rows: int, name: str) -> None:
    """Refuse shapes behind the end that the header states, which is written last: the export was stopped."""
    with shp.open("rb") as stream:
        stream.seek(24)
        stream.seek(struct.unpack(">i", stream.read(4))[0] * 2)
        beyond = stream.read(8)
    if len(beyond) == 8 and struct.unpack(">ii", beyond)[0] == rows + 1:
        raise UnreadableFile(
            f"The .shp of '{name}' holds more than the {rows} shapes that its header states: its export was stopped midway. "
            "Export it again.",
            vi=f"Tệp .shp của '{name}' có nhiều hơn {rows} hình ghi ở đầu tệp: việc xuất tệp bị dừng giữa chừng. Hãy xuất lại.",
        )


def _index_fits(shx: Path | None, shp: Path, rows: int) -> bool:
    """Say whether the index is whole and each of its entries leads to a record of the length it states."""
    if shx is None or _read_index(shx) != rows:
        return False
    if not rows:
        return True
    entries = np.memmap(shx, ">i4", "r", _SHP_HEADER, (rows, 2)).astype(np.int64)
    words = np.memmap(shp, ">i2", "r", shape=shp.stat().st_size // 2)
    at, length = entries[:, 0], entries[:, 1]
    if (at < _SHP_HEADER // 2).any() or (length < _NULL_SHAPE).any() or (at + 4 + length > words.size).any():
        return False
    stated = (words[at + 2].astype(np.int64) << 16) | (words[at + 3].astype(np.int64) & 0xFFFF)
    return bool((stated == length).all())


def _read_index(path: Path) -> int | None:
    """Give the number of entries of the .shx; None where it is cut short or no index."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        header = stream.read(_SHP_HEADER)
    if len(header) < _SHP_HEADER or header[:4] != b"\x00\x00\x27\x0a":
        return None
    declared = struct.unpack(">i", header[24:28])[0] * 2
    return int(declared - _SHP_HEADER) // _SHX_RECORD if size >= declared else None


def _same_names(path: Path, parts: dict[str, Path]) -> bool:
    upper = path.suffix.isupper()
    return all(part.stem == path.stem and part.suffix.isupper() == upper for part in parts.values()) and path.exists()


def _link_parts(path: Path, parts: dict[str, Path], folder: Path) -> Path:
    for suffix, part in parts.items():
        target = folder / f"{path.stem}{suffix}"
        try:
            target.symlink_to(part.resolve())
        except OSError:  # a file system without links
            shutil.copyfile(part, target)
    return folder / f"{path.stem}.shp"


def rebuild_index(shp: Path, name: str) -> int:
    """Write the .shx beside a .shp by walking its records, and give their number.

    Raises:
        UnreadableFile: a record reaches beyond the end of the file.
    """
    with shp.open("rb") as stream:
        content = stream.read()
    end = min(len(content), struct.unpack(">i", content[24:28])[0] * 2)
    entries, offset = bytearray(), _SHP_HEADER
    while offset + 8 <= end:
        length = struct.unpack(">i", content[offset + 4 : offset + 8])[0]
        if length < _NULL_SHAPE or offset + 8 + 2 * length > end:
            raise UnreadableFile(
                f"The .shp of '{name}' is damaged at byte {offset}. Copy or fetch it again.",
                vi=f"Tệp .shp của '{name}' bị hỏng ở byte {offset}. Hãy sao chép hoặc lấy lại tệp.",
            )
        entries += struct.pack(">ii", offset // 2, length)
        offset += 8 + 2 * length
    header = content[:24] + struct.pack(">i", (_SHP_HEADER + len(entries)) // 2) + content[28:_SHP_HEADER]
    shp.with_suffix(".shx").write_bytes(header + bytes(entries))
    return len(entries) // _SHX_RECORD
