"""Decodes Arrow text columns: one decision per column, one pass in C over the distinct values, exceptions value by value."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ingest.encodings.codecs import HOLE, Encoding, normalize
from ingest.encodings.detect import READINGS_OF_BYTES, READINGS_OF_UNICODE, Evidence, Reading, choose_reading, read_all
from ingest.issues import Issue, IssueCode

_NUL = "\x00"
_SAMPLE_ROWS = 20_000
_CAPITAL_WORD = re.compile(r"[A-Z]{2}|[^\x00-\x7f][A-Z]|[A-Z][^\W\d_][A-Z]")


@dataclass(frozen=True)
class ColumnReading:
    """How a column is read.

    Attributes:
        of_bytes: reading of values that are not UTF-8; None: undecided.
        of_unicode: reading of values that are UTF-8 (right as they stand, or garbled before); None: as they stand.
        evidence: all readings that were weighed.
        by_file: whether the column itself could not tell and the file's other columns did.
    """

    of_bytes: Reading | None = None
    of_unicode: Reading | None = None
    evidence: tuple[Evidence, ...] = ()
    by_file: bool = False


@dataclass(frozen=True)
class DecodedColumn:
    """A column as NFC text.

    Attributes:
        values: Arrow strings, null where nothing explains the bytes.
        rows_by_reading: how many rows each reading gave ("ascii", "tcvn3", "utf-8", "tcvn3 read as cp1252").
        undecided: row index in `values` -> raw bytes as hex; nothing is lost.
    """

    values: pa.Array
    rows_by_reading: dict[str, int]
    undecided: dict[int, str]


def choose_readings(columns: Mapping[str, pa.Array | pa.ChunkedArray], *, text_is_bytes: bool) -> dict[str, ColumnReading]:
    """Decide for each text column of a file; columns that cannot tell follow the others where they fit.

    Args:
        columns: the values as the file has them, all rows or a fair part of them.
        text_is_bytes: whether each character stands for one byte (see `ingest.source`).
    """
    split = {name: _split(_distinct(values), text_is_bytes) for name, values in columns.items()}
    chosen = {name: _choose(of_bytes, of_unicode) for name, (of_bytes, of_unicode) in split.items()}
    decided = {reading.of_bytes for reading in chosen.values() if reading.of_bytes}
    if len(decided) == 1:
        (common,) = decided
        for name, (of_bytes, _) in split.items():
            if of_bytes and chosen[name].of_bytes is None and _fits(common, chosen[name].evidence):
                old = chosen[name]
                chosen[name] = ColumnReading(common, old.of_unicode, old.evidence, by_file=True)
    return chosen


def _fits(reading: Reading, evidence: Sequence[Evidence]) -> bool:
    """Say whether no other reading explains the column better than the file's common one, and that one explains something."""
    by_reading = {e.reading: e for e in evidence}
    own = by_reading[reading]
    return own.legal > 0 and own.share >= max(e.share for e in by_reading.values() if not e.reading.garbled)


def _choose(of_bytes: Sequence[bytes], of_unicode: Sequence[bytes]) -> ColumnReading:
    bytes_reading, unicode_reading = None, None
    evidence: tuple[Evidence, ...] = ()
    if of_unicode:
        unicode_reading, evidence = choose_reading(of_unicode, READINGS_OF_UNICODE)
    if of_bytes:
        bytes_reading, weighed = choose_reading(of_bytes, READINGS_OF_BYTES)
        evidence = (*weighed, *evidence)
    return ColumnReading(bytes_reading, unicode_reading, evidence)


def _distinct(values: pa.Array | pa.ChunkedArray) -> list[str]:
    """Give distinct values beyond ASCII, from rows spread evenly over the column where it is long."""
    beyond = pc.filter(values, pc.invert(pc.string_is_ascii(values)))
    if len(beyond) > _SAMPLE_ROWS:
        beyond = beyond.take(pa.array(np.linspace(0, len(beyond) - 1, _SAMPLE_ROWS, dtype=np.int64)))
    return pc.unique(beyond).drop_null().to_pylist() if len(beyond) else []


def _split(values: Sequence[str], text_is_bytes: bool) -> tuple[list[bytes], list[bytes]]:
    """Part raw values into those that are not UTF-8 and those that are."""
    if not values or not text_is_bytes:
        return [], [value.encode() for value in values]
    raw = _NUL.join(values).encode("latin-1")
    as_utf8 = raw.decode("utf-8", "replace").split(_NUL)
    of_bytes: list[bytes] = []
    of_unicode: list[bytes] = []
    for value, text in zip(raw.split(b"\x00"), as_utf8, strict=True):
        (of_bytes if HOLE in text else of_unicode).append(value)
    return of_bytes, of_unicode


def decode_column(values: pa.Array | pa.ChunkedArray, reading: ColumnReading, *, text_is_bytes: bool) -> DecodedColumn:
    """Decode all rows of a column. Nulls stay null; text that is only ASCII passes untouched."""
    array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    accented = pc.fill_null(pc.invert(pc.string_is_ascii(array)), False)
    count = pc.sum(accented).as_py() or 0
    plain = len(array) - count - array.null_count
    if not count:
        return DecodedColumn(array, {Encoding.ASCII.value: plain} if plain else {}, {})
    coded = pc.dictionary_encode(pc.filter(array, accented))
    texts, readings, raw = _decode_distinct(coded.dictionary.to_pylist(), reading, text_is_bytes)
    codes = coded.indices.to_numpy(zero_copy_only=False)
    decoded = pa.array(texts, pa.string()).take(coded.indices)
    rows = np.flatnonzero(accented.to_numpy(zero_copy_only=False))
    return DecodedColumn(
        values=pc.replace_with_mask(array.cast(pa.string()), accented, decoded),
        rows_by_reading=_count_rows(readings, codes, plain),
        undecided={int(rows[i]): raw[codes[i]].hex() for i in np.flatnonzero(np.isin(codes, list(raw)))} if raw else {},
    )


def _count_rows(readings: Sequence[str], codes: npt.NDArray[np.int32], plain: int) -> dict[str, int]:
    counts: dict[str, int] = {Encoding.ASCII.value: plain} if plain else {}
    names = list(dict.fromkeys(readings))
    if len(names) == 1:
        return counts | {names[0]: len(codes)}
    position = {name: i for i, name in enumerate(names)}
    per_name = np.bincount(np.array([position[name] for name in readings])[codes], minlength=len(names))
    return counts | {name: int(count) for name, count in zip(names, per_name, strict=True)}


_UNDECIDED = "undecided"


def _decode_distinct(
    values: Sequence[str], reading: ColumnReading, text_is_bytes: bool
) -> tuple[list[str | None], list[str], dict[int, bytes]]:
    """Decode distinct values: text (None: undecided), label of the reading, and the raw bytes of the undecided ones."""
    raw_values = _raw(values, text_is_bytes)
    unicode_at, bytes_at = _positions(raw_values, text_is_bytes)
    as_unicode = (reading.of_unicode or Reading(Encoding.UTF8), READINGS_OF_UNICODE, True)
    as_bytes = (reading.of_bytes, READINGS_OF_BYTES, False)
    texts: list[str | None] = [None] * len(values)
    labels = [_UNDECIDED] * len(values)
    for at, (chosen, readings, keep_doubtful) in ((unicode_at, as_unicode), (bytes_at, as_bytes)):
        if not at:
            continue
        whole = len(at) == len(values)
        group = raw_values if whole else [raw_values[i] for i in at]
        read_texts, read_labels = _decode_group(group, chosen, readings, keep_doubtful=keep_doubtful)
        if whole:
            texts, labels = read_texts, read_labels
        else:
            for i, text, label in zip(at, read_texts, read_labels, strict=True):
                texts[i], labels[i] = text, label
    return texts, labels, {i: raw_values[i] for i, text in enumerate(texts) if text is None}


def _raw(values: Sequence[str], text_is_bytes: bool) -> list[bytes]:
    return _NUL.join(values).encode("latin-1" if text_is_bytes else "utf-8").split(b"\x00")


def _positions(raw_values: Sequence[bytes], text_is_bytes: bool) -> tuple[list[int], list[int]]:
    """Give the positions of values that are UTF-8 and of those that are not."""
    if not text_is_bytes:
        return list(range(len(raw_values))), []
    texts = b"\x00".join(raw_values).decode("utf-8", "replace").split(_NUL)
    return [i for i, t in enumerate(texts) if HOLE not in t], [i for i, t in enumerate(texts) if HOLE in t]


def _decode_group(
    group: Sequence[bytes], chosen: Reading | None, readings: Sequence[Reading], *, keep_doubtful: bool
) -> tuple[list[str | None], list[str]]:
    """Decode values of one kind by the column's reading; those it leaves with a hole are weighed alone."""
    if chosen is None:
        alone = [_decode_alone(value, readings) for value in group]
        return [text for text, _ in alone], [label for _, label in alone]
    decoded = read_all(group, chosen)
    texts: list[str | None] = [*(_restore_capitals(decoded) if chosen.encoding is Encoding.TCVN3 else decoded)]
    labels = [str(chosen)] * len(group)
    for i in [i for i, text in enumerate(decoded) if HOLE in text]:
        if keep_doubtful and HOLE not in (as_is := normalize(group[i].decode("utf-8"))):
            texts[i], labels[i] = as_is, Encoding.UTF8.value
        else:
            texts[i], labels[i] = _decode_alone(group[i], readings)
    return texts, labels


def _decode_alone(value: bytes, readings: Sequence[Reading]) -> tuple[str | None, str]:
    """Decode a value by its own evidence alone, or give it up."""
    chosen, _ = choose_reading([value], readings)
    text = read_all([value], chosen)[0] if chosen else HOLE
    if chosen is None or HOLE in text:
        return None, _UNDECIDED
    return (_restore_capitals([text])[0] if chosen.encoding is Encoding.TCVN3 else text), str(chosen)


def _restore_capitals(texts: list[str]) -> list[str]:
    """Put back the capitals that .VnTimeH fonts drew from small letters' codes: "NGUYễN VăN" becomes "NGUYỄN VĂN".

    "Lê" alone stays: one capital at the beginning of a word says nothing about the rest.
    """
    has_small = pc.match_substring_regex(pa.array(texts, pa.string()), "[a-z]")
    restored = texts.copy()
    for i in np.flatnonzero(~has_small.to_numpy(zero_copy_only=False)):
        if _CAPITAL_WORD.search(texts[i]):
            restored[i] = texts[i].upper()
    return restored


def encoding_issues(
    column: str, decoded: DecodedColumn, reading: ColumnReading, rows: npt.NDArray[np.int64], *, personal: bool
) -> list[Issue]:
    """Say what the reader of the report must know about a column's text; raw bytes of personal columns are not shown.

    Args:
        column: name in the file.
        decoded: the column of one batch, or of all rows.
        reading: how it was read.
        rows: the row number of each value.
        personal: whether the column holds personal data.
    """
    issues = [
        Issue(IssueCode.TEXT_UNDECIDED, int(rows[i]), column, None if personal else raw) for i, raw in decoded.undecided.items()
    ]
    used = [name for name in decoded.rows_by_reading if name not in (Encoding.ASCII, _UNDECIDED)]
    counts = ", ".join(f"{name}: {decoded.rows_by_reading[name]}" for name in used)
    if len(used) > 1:
        issues.append(Issue(IssueCode.ENCODING_MIXED, column=column, detail=counts))
    if any("read as" in name for name in used):
        issues.append(Issue(IssueCode.TEXT_RESTORED, column=column, detail=counts))
    if reading.by_file and used:
        issues.append(Issue(IssueCode.TEXT_BY_FILE, column=column, detail=counts))
    return issues
