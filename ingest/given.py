"""What a person gave on the command line: files, folders, patterns, dates. Imports nothing heavy, so a slip costs no second."""

import glob
import os
import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from spatial.errors import InvalidInput, UnreadableFile

_DAY_FIRST = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}|\d{8}")


def matches(item: str | os.PathLike[str]) -> list[Path]:
    """Expand a pattern, sorted; what does not exist is given back, to be refused with its name."""
    path = Path(item)
    if path.exists() or not glob.has_magic(os.fspath(item)):
        return [path]
    return [Path(match) for match in sorted(glob.glob(os.fspath(item), recursive=True))] or [path]  # noqa: PTH207 - absolute ones


def root_of(item: str | os.PathLike[str]) -> Path:
    """Give the folder from which the files of an item are named: what holds the file or folder, or a pattern's fixed part."""
    path = Path(item)
    if path.exists() or not glob.has_magic(os.fspath(item)):
        return path.parent
    fixed = path
    while glob.has_magic(os.fspath(fixed)):
        fixed = fixed.parent
    return fixed


def stored_name(name: str, below: Path | None) -> str:
    """Give a file's name from `below` on, so that the folders of somebody's machine are kept nowhere."""
    folder = unicodedata.normalize("NFC", f"{below}{os.sep}")
    return name.removeprefix(folder) if below is not None else Path(name).name


def require_paths(given: Iterable[str | os.PathLike[str]]) -> None:
    """Refuse a file or folder that is not there, and a pattern that nothing matches.

    Raises:
        UnreadableFile: names the first.
    """
    for item in given:
        if not all(path.exists() for path in matches(item)):
            raise absent(item)


def absent(item: str | os.PathLike[str]) -> UnreadableFile:
    """Give the error for a path that does not exist, or a pattern that nothing fits."""
    if glob.has_magic(os.fspath(item)):
        return UnreadableFile(
            f"No file fits '{item}'. Look at the pattern, or name the files.",
            vi=f"Không có tệp nào khớp với '{item}'. Hãy xem lại mẫu tên, hoặc ghi rõ tên tệp.",
        )
    return UnreadableFile(
        f"'{item}' does not exist. Give a file, a folder or a pattern such as 'thua/*.shp'.",
        vi=f"Không có '{item}'. Hãy ghi tên tệp, thư mục hoặc mẫu tên như 'thua/*.shp'.",
    )


def read_date(text: str) -> date:
    """Read a date: 2025-12-31, or the day first as Vietnam writes it, 31/12/2025 (with / . or -).

    Raises:
        ValueError: it is no date, or there is no such day.
    """
    stripped = text.strip()
    if found := _DAY_FIRST.fullmatch(stripped):
        return date(int(found[3]), int(found[2]), int(found[1]))
    if not _ISO.fullmatch(stripped):
        raise ValueError(f"'{text}' is no date")
    return date.fromisoformat(stripped)


def read_date_option(name: str, text: str) -> date:
    """Read a date that was given as an option.

    Raises:
        InvalidInput: says how dates are written.
    """
    try:
        return read_date(text)
    except ValueError:
        raise InvalidInput(
            f"{name} '{text}' is no date. Write 2025-12-31, or 31/12/2025 (day, month, year).",
            vi=f"{name} '{text}' không phải là ngày. Hãy viết 2025-12-31 hoặc 31/12/2025 (ngày, tháng, năm).",
        ) from None
