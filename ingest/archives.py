"""Unpacks a zip archive without trusting it: paths, links, sizes and ratios are checked before and while bytes flow."""

import errno
import stat
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from spatial.errors import UnreadableFile

_BLOCK = 1 << 20
_NESTED = {".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz"}


@dataclass(frozen=True)
class ArchiveLimits:
    """What an archive may be at most.

    A DBF of padded text deflates to about 1:100; the ratio counts only above `ratio_from_bytes`, so that a small
    table of blanks is no bomb.
    """

    max_entries: int = 10_000
    max_total_bytes: int = 16 << 30
    max_ratio: int = 400
    ratio_from_bytes: int = 64 << 20


DEFAULT_LIMITS = ArchiveLimits()


def extract_archive(
    path: Path,
    folder: Path,
    *,
    wanted: set[str],
    limits: ArchiveLimits = DEFAULT_LIMITS,
) -> None:
    """Unpack the members whose suffix (lower case, with dot) is wanted into `folder`.

    Raises:
        UnreadableFile: a broken or encrypted archive, a path outside, a link, an archive within, or a bomb.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            _check_entries(path, entries, limits)
            budget = _Budget(path, limits)
            for entry in entries:
                if PurePosixPath(entry.filename).suffix.lower() in wanted:
                    _extract_entry(archive, entry, folder, budget)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise _damaged(path, error) from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # a full disk is no fault of the archive's
            raise
        raise _damaged(path, "bytes are missing in the middle") from error  # it points to before its own beginning


def _damaged(path: Path, why: object) -> UnreadableFile:
    return UnreadableFile(f"The archive '{path.name}' is damaged or packed in an unusual way ({why}). Pack it again.")


def _check_entries(path: Path, entries: list[zipfile.ZipInfo], limits: ArchiveLimits) -> None:
    if len(entries) > limits.max_entries:
        raise UnreadableFile(f"The archive '{path.name}' has {len(entries)} entries; at most {limits.max_entries} are allowed.")
    names: set[str] = set()
    for entry in entries:
        if reason := _refusal(entry):
            raise UnreadableFile(f"The archive '{path.name}' is refused: '{entry.filename}' {reason}.")
        if entry.filename.lower() in names:
            raise UnreadableFile(f"The archive '{path.name}' is refused: '{entry.filename}' is in it twice.")
        names.add(entry.filename.lower())
    declared, packed = (
        sum(e.file_size for e in entries),
        sum(e.compress_size for e in entries),
    )
    _refuse_bomb(path, declared, packed, limits)


def _refusal(entry: zipfile.ZipInfo) -> str | None:
    name = entry.filename
    if name.startswith("/") or "\\" in name or PureWindowsPath(name).drive or ".." in PurePosixPath(name).parts:
        return "points outside the archive"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "is a symbolic link"
    if entry.flag_bits & 0x1:
        return "is encrypted; send it without a password"
    if PurePosixPath(name).suffix.lower() in _NESTED:
        return "is an archive within the archive; unpack it and load its files"
    return None


def _refuse_bomb(path: Path, unpacked: int, packed: int, limits: ArchiveLimits) -> None:
    if unpacked > limits.max_total_bytes:
        raise UnreadableFile(
            f"The archive '{path.name}' unpacks to more than {limits.max_total_bytes >> 20} MB. Load it in parts."
        )
    if unpacked > limits.ratio_from_bytes and unpacked > limits.max_ratio * max(packed, 1):
        raise UnreadableFile(f"The archive '{path.name}' unpacks to over {limits.max_ratio} times its size, as a zip bomb does.")


class _Budget:
    """Counts the bytes that really come out, since the sizes in the directory may lie."""

    def __init__(self, path: Path, limits: ArchiveLimits) -> None:
        self._path, self._limits = path, limits
        self._packed = path.stat().st_size
        self._unpacked = 0

    def spend(self, size: int) -> None:
        self._unpacked += size
        _refuse_bomb(self._path, self._unpacked, self._packed, self._limits)


def _extract_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path, budget: _Budget) -> None:
    target = folder.joinpath(*PurePosixPath(entry.filename).parts)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with archive.open(entry) as packed, target.open("xb") as unpacked:
        while block := packed.read(_BLOCK):
            budget.spend(len(block))
            unpacked.write(block)
