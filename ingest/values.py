"""Turns columns of a file into the types of a layer's columns, distinct values once. What does not fit is told, row by row."""

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Float, Integer, Numeric, String
from sqlalchemy.dialects.postgresql import JSONB

from ingest.areas import read_number
from ingest.given import read_date
from ingest.issues import Issue, IssueCode

_TRUE = {"1", "true", "t", "yes", "y", "có", "co", "x", "đúng"}
_FALSE = {"0", "false", "f", "no", "n", "không", "khong", "sai"}
_VIETNAM = timezone(timedelta(hours=7))
_BLANKS = re.compile(r"[^\S\r\n\u2028\u2029]+")
"""White space but line breaks, which a note may have on purpose."""
_BEYOND = 2**62
"""Whole numbers from here on, infinite ones too, are read as this one: no column may hold it, so its row is set aside."""
_TIME_OF_DAY = re.compile(r"(?<=\d{4}-\d{2}-\d{2})[T ].*$")


def convert_column(
    values: pa.Array, column: Column[Any], rows: npt.NDArray[np.int64], file_column: str, *, verbatim: bool = False
) -> tuple[pa.Array, list[Issue]]:
    """Convert a column to what `column` of the table holds; blank text becomes null.

    Args:
        values: Arrow array of any type a file has.
        column: the table's column.
        rows: row number of each value.
        file_column: its name in the file, for the issues.
        verbatim: whether blanks in texts are kept as they are, because dothi wrote them itself.
    """
    read, kind = _reader(column)
    read = str if verbatim and read is read_text else read
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_floating(values.type):
        values = pc.if_else(pc.is_nan(values), pa.scalar(None, values.type), values)
    if values.type == kind and not pa.types.is_string(kind):
        return values, []
    coded = pc.dictionary_encode(values)
    texts = coded.dictionary.to_pylist()
    converted: list[Any] = []
    bad: set[int] = set()
    for position, value in enumerate(texts):
        try:
            converted.append(read(value) if not _is_blank(value) else None)
        except (ValueError, OverflowError):
            converted.append(None)
            bad.add(position)
    result = pa.array(converted, kind).take(coded.indices)
    if not bad:
        return result, []
    codes = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False)
    at = np.flatnonzero(np.isin(codes, list(bad)))
    return result, [Issue(IssueCode.VALUE_UNREADABLE, int(rows[i]), file_column, str(texts[codes[i]])[:80]) for i in at]


def convert_constant(text: str, column: Column[Any], count: int) -> pa.Array:
    """Give a column that holds one value throughout.

    Raises:
        ValueError: the text does not fit the column.
    """
    read, kind = _reader(column)
    return pa.array([read(text)] * count, kind) if count else pa.array([], kind)


def _reader(column: Column[Any]) -> tuple[Callable[[Any], Any], pa.DataType]:
    kind = column.type
    if isinstance(kind, Boolean):
        return _read_bool, pa.bool_()
    if isinstance(kind, BigInteger | Integer):
        return _read_int, pa.int64()
    if isinstance(kind, Float | Numeric):
        return _read_float, pa.float64()
    if isinstance(kind, Date):
        return _read_date, pa.date32()
    if isinstance(kind, DateTime):
        return _read_time, pa.timestamp("us", tz="UTC")
    if isinstance(kind, String | JSONB):
        return read_text, pa.string()
    raise TypeError(f"No file fills a column of type {kind} ({column}).")


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def read_text(value: Any) -> str:
    """Give a value as text: NFC, single spaces, its line breaks, whole numbers without a decimal point, dates as ISO."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime | date):
        return value.isoformat()
    return unicodedata.normalize("NFC", _BLANKS.sub(" ", str(value)).strip())


def _read_int(value: Any) -> int:
    number = _read_float(value)
    if abs(number) >= _BEYOND:
        return _BEYOND if number > 0 else -_BEYOND
    if not number.is_integer():
        raise ValueError(f"{value} is no whole number")
    return int(number)


def _read_float(value: Any) -> float:
    if isinstance(value, int | float):
        number = float(value)
    else:
        text = str(value).strip()
        sign = -1.0 if text.startswith("-") else 1.0
        try:
            number = float(text)
        except ValueError:
            readings = read_number(text.lstrip("-"))
            if len(readings) != 1:
                raise ValueError(f"{value} is no number") from None
            number = sign * readings[0]
    if np.isnan(number):
        raise ValueError(f"{value} is no number")
    return number


def _read_bool(value: Any) -> bool:
    text = str(value).strip().lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ValueError(f"{value} is neither yes nor no")


def _read_time(value: Any) -> datetime:
    """Read an ISO time; one without a zone is Vietnam's."""
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
    return (moment if moment.tzinfo else moment.replace(tzinfo=_VIETNAM)).astimezone(UTC)


def _read_date(value: Any) -> date:
    """Read an ISO date (of a time, its day) or a Vietnamese one (day first); a year alone is no date."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    return read_date(_TIME_OF_DAY.sub("", str(value)))
