"""One layer of a file, read whole into Arrow memory with its text decoded. Knows columns by the file's names only.

A million parcels take some 300 MB here; geometries stay WKB until a part of the rows is worked on.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import shapely

from ingest.columns import ColumnPlan
from ingest.encodings import ColumnReading, choose_readings, decode_column, encoding_issues
from ingest.issues import Issue, IssueCode
from ingest.source import GeometryArray, SourceBatch, SourceLayer, read_batches

Rows = npt.NDArray[np.int64]
_SAMPLE_ROWS = 2_000
_NOT_AN_ENCODING = ("ascii", "undecided")


@dataclass(frozen=True)
class FileContent:
    """A layer's rows as the file has them, and how its text is to be read."""

    layer: SourceLayer
    batches: list[SourceBatch]
    readings: dict[str, ColumnReading]

    @cached_property
    def rows(self) -> int:
        """How many rows the layer has."""
        return sum(len(batch.rows) for batch in self.batches)

    def column(self, name: str) -> pa.ChunkedArray:
        """Give a column of all rows, undecoded."""
        return pa.chunked_array([batch.attributes.column(name) for batch in self.batches])

    def sample(self) -> tuple[Rows, GeometryArray]:
        """Give positions and geometries of rows spread evenly over the file."""
        positions = np.arange(0, self.rows, max(1, self.rows // _SAMPLE_ROWS), dtype=np.int64)
        wkb = pa.chunked_array([batch.wkb for batch in self.batches]).take(pa.array(positions))
        return positions, shapely.from_wkb(wkb.to_numpy(), on_invalid="ignore")

    def take(self, row_numbers: Sequence[int]) -> Iterator[SourceBatch]:
        """Give the named rows (counted from 1) again, batch by batch."""
        wanted = np.asarray(sorted(row_numbers), dtype=np.int64)
        for batch in self.batches:
            at = np.flatnonzero(np.isin(batch.rows, wanted))
            if at.size:
                index = pa.array(at)
                yield SourceBatch(batch.rows[at], batch.attributes.take(index), batch.wkb.take(index))


@dataclass
class EncodingLog:
    """Which encodings explained which column, over all batches."""

    by_column: dict[str, dict[str, int]] = field(default_factory=dict)

    def note(self, column: str, rows_by_reading: dict[str, int]) -> None:
        """Add the counts of one batch."""
        counts = self.by_column.setdefault(column, {})
        for name, count in rows_by_reading.items():
            counts[name] = counts.get(name, 0) + count

    @property
    def summary(self) -> str | None:
        """Name the encodings of the file, the most used first; `ascii` where nothing else occurs."""
        totals: dict[str, int] = {}
        for counts in self.by_column.values():
            for name, count in counts.items():
                totals[name] = totals.get(name, 0) + count
        named = sorted((name for name in totals if name not in _NOT_AN_ENCODING), key=lambda name: -totals[name])
        return ", ".join(named) or ("ascii" if totals else None)


def read_content(layer: SourceLayer, on_rows: Callable[[int], None] = lambda _: None) -> FileContent:
    """Read a whole layer and decide how its text columns are encoded.

    Args:
        layer: what to read.
        on_rows: called with the number of rows read so far.

    Raises:
        UnreadableFile: the file breaks off or is damaged within.
    """
    batches: list[SourceBatch] = []
    count = 0
    for batch in read_batches(layer):
        batches.append(batch)
        count += len(batch.rows)
        on_rows(count)
    texts = {}
    if batches:
        for name, kind in zip(batches[0].attributes.schema.names, batches[0].attributes.schema.types, strict=True):
            if _is_text(kind):
                texts[name] = pa.chunked_array([batch.attributes.column(name) for batch in batches])
    return FileContent(layer, batches, choose_readings(texts, text_is_bytes=layer.text_is_bytes) if texts else {})


def decode_batch(
    content: FileContent, batch: SourceBatch, plan: ColumnPlan, log: EncodingLog | None = None
) -> tuple[dict[str, pa.Array], list[Issue]]:
    """Give the batch's columns by the file's names with all text decoded to NFC, and what was found.

    A row with text that nothing explains is set aside, with its bytes; values of personal and unknown columns are not told.
    """
    columns: dict[str, pa.Array] = {}
    issues: list[Issue] = []
    used = set(plan.public.values())
    for name in content.layer.columns:
        values = batch.attributes.column(name)
        reading = content.readings.get(name)
        if reading is None:
            columns[name] = values
            continue
        decoded = decode_column(values, reading, text_is_bytes=content.layer.text_is_bytes)
        columns[name] = decoded.values
        if log is not None:
            log.note(name, decoded.rows_by_reading)
            issues += encoding_issues(name, decoded, reading, batch.rows, personal=name not in used)
    return columns, issues


def raw_row_values(content: FileContent, batch: SourceBatch) -> list[dict[str, object]]:
    """Give rows as JSON-ready dictionaries: text decoded, and what no encoding explains as `{"hex": ...}`."""
    columns: dict[str, list[object]] = {}
    for name in content.layer.columns:
        values = batch.attributes.column(name)
        reading = content.readings.get(name)
        if reading is None:
            columns[name] = [_plain(value) for value in values.to_pylist()]
            continue
        decoded = decode_column(values, reading, text_is_bytes=content.layer.text_is_bytes)
        listed: list[object] = decoded.values.to_pylist()
        for index, raw in decoded.undecided.items():
            listed[index] = {"hex": raw}
        columns[name] = listed
    return [{name: columns[name][i] for name in columns} for i in range(len(batch.rows))]


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if np.isfinite(value) else str(value)
    return value.hex() if isinstance(value, bytes) else str(value)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def file_issues(content: FileContent, plan: ColumnPlan) -> list[Issue]:
    """Give what is to be said of the file as a whole."""
    issues = [*content.layer.file.issues, *plan.issues]
    return [*issues, Issue(IssueCode.NO_ROWS)] if content.rows == 0 else issues
