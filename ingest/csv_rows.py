"""Reads CSV as people and programs write it: UTF-8, comma or semicolon, a header, cells with line breaks. Knows no column."""

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from ingest.issues import Issue, IssueCode
from spatial.errors import UnreadableFile

_MAX_CELL = 100_000_000
"""Characters of a cell: the outline of a province as WKT has some millions."""


def read_rows(path: Path, name: str) -> Iterator[list[str]]:
    """Yield the header and then each row, all of the header's length; blank lines are passed over.

    Args:
        path: the file.
        name: as the person knows it.

    Raises:
        UnreadableFile: no UTF-8, no CSV, or a row of another length; names the line, never what stands in it.
    """
    csv.field_size_limit(_MAX_CELL)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        try:
            first = stream.readline()
            stream.seek(0)
            reader = csv.reader(_lines(stream, name), delimiter=";" if first.count(";") > first.count(",") else ",", strict=True)
            width = 0
            for row in filter(None, reader):
                width = width or len(row)
                if len(row) != width:
                    raise _wrong(
                        name,
                        reader.line_num,
                        f"has {len(row)} values, the header {width}",
                        f"có {len(row)} giá trị, không phải {width}",
                    )
                yield row
        except UnicodeDecodeError:
            raise _wrong(
                name, None, "is not UTF-8 text. Save it as CSV UTF-8", "không phải văn bản UTF-8. Hãy lưu dạng CSV UTF-8"
            ) from None
        except csv.Error as error:
            raise _wrong(name, reader.line_num, f"is no CSV: {error}", "không đúng dạng CSV") from None
    if not width:
        raise _wrong(
            name, None, "is no CSV file, or it is empty. The first line must name the columns", "không phải CSV, hoặc rỗng"
        )


def read_header(path: Path, name: str) -> list[str]:
    """Give the names of the columns.

    Raises:
        UnreadableFile: as `read_rows`.
    """
    return next(read_rows(path, name))


def end_issues(path: Path) -> tuple[Issue, ...]:
    """Tell of a last line without its line end: nothing else in a CSV file shows that the rest was lost on the way."""
    with path.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - 1))
        return () if stream.read(1) in (b"", b"\n", b"\r") else (Issue(IssueCode.FILE_END_OPEN),)


def _lines(stream: TextIO, name: str) -> Iterator[str]:
    for number, line in enumerate(stream, start=1):
        if "\x00" in line:
            raise _wrong(name, number, "is no CSV: it has a null character", "không đúng dạng CSV")
        yield line


def _wrong(name: str, line: int | None, en: str, vi: str) -> UnreadableFile:
    where_en, where_vi = (f" line {line}", f", dòng {line}") if line else ("", "")
    return UnreadableFile(
        f"'{name}'{where_en} {en}. Mend it and load again.", vi=f"'{name}'{where_vi} {vi}. Hãy sửa rồi nạp lại."
    )
