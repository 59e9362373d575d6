"""Tables without geometry through the same door: changes of units, counts, reported figures, statements, sources.

Read from CSV (UTF-8, comma or semicolon, a header of column names). A row whose values do not fit is set aside like any
other; rows are matched by the table's natural key, and a row that the file lacks stays.
"""

import hashlib
import json
import time
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from psycopg2.extras import execute_values
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    MetaData,
    Table,
    and_,
    delete,
    false,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    union_all,
    update,
)

from ingest.columns import fold_name
from ingest.connect import loading, lock_layer
from ingest.csv_rows import end_issues, read_rows
from ingest.given import absent
from ingest.issues import Issue, IssueCode, count_by_code, rows_in_quarantine
from ingest.options import LoadOptions
from ingest.periods import find_overlaps
from ingest.quarantine import record_batch, store_issues
from ingest.report import LoadReport
from ingest.rules import check_rules
from ingest.stage import ROW_NO, Copier, create_stage, shadow, staged_column
from ingest.values import convert_column, convert_constant
from spatial.errors import InvalidInput, UnreadableFile
from spatial.tables import Completeness, Observation, Source, UnitChange, UnitCount, UrbanAreaCommune
from spatial.tables.base import table_of
from spatial.versions import open_batch

_MAX_BYTES = 200_000_000


@dataclass(frozen=True)
class PlainTable:
    """A table that CSV files fill.

    Attributes:
        name: what the command line calls it.
        model: the mapped table.
        key: columns by which a row is found again.
        tracked: whether rows carry the batch (sources do not).
    """

    name: str
    model: Any
    key: tuple[str, ...]
    tracked: bool = True

    @property
    def table(self) -> Table:
        """The table, with its schema."""
        return table_of(self.model)

    @property
    def table_name(self) -> str:
        """`schema.table`."""
        return f"{self.table.schema}.{self.table.name}"

    @property
    def fillable(self) -> tuple[str, ...]:
        """Columns that a file may fill."""
        return tuple(column.name for column in self.table.columns if column.name not in ("id", "batch_id"))


PLAIN_TABLES = (
    PlainTable("unit_changes", UnitChange, ("level", "from_code", "to_code", "changed_on")),
    PlainTable("urban_area_communes", UrbanAreaCommune, ("urban_area_code", "commune_code", "valid_from")),
    PlainTable("unit_counts", UnitCount, ("level", "unit_code", "year", "sex", "age_group", "method")),
    PlainTable("observations", Observation, ("indicator_code", "level", "unit_code", "period")),
    PlainTable("completeness", Completeness, ("layer", "commune_code", "stated_on")),
    PlainTable("sources", Source, ("code",), tracked=False),
)


def find_plain_table(name: str) -> PlainTable | None:
    """Give the table of that name (`unit_changes`, or `admin.unit_change`), or None."""
    return next((table for table in PLAIN_TABLES if name in (table.name, table.table_name)), None)


def load_plain(engine: Engine, table: PlainTable, path: Path, options: LoadOptions) -> LoadReport:
    """Load a CSV file into a table without geometry.

    Raises:
        UnreadableFile: no CSV in UTF-8, or it is too large.
        InvalidInput: a column that makes the key is missing.
    """
    started = time.monotonic()
    header, records = _read_csv(path)
    columns, unmapped = _map(table, header, path)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    issues = [*end_issues(path), *(Issue(IssueCode.COLUMN_UNMAPPED, column=name) for name in unmapped)]
    staged, found = _convert(table, columns, records, options)
    issues += found
    with loading(engine, dry_run=options.dry_run) as connection:
        lock_layer(connection, table.table_name)
        work = _PlainWork(connection, table, tuple(name for name in staged if name != ROW_NO), issues)
        added, changed, unchanged, batch_id = work.run(staged)
        quarantined = _set_aside(connection, batch_id, table, records, header, issues)
        store_issues(connection, batch_id, issues)
        report = LoadReport(
            batch=None if options.dry_run else batch_id,
            layer=table.name,
            file=unicodedata.normalize("NFC", str(path)),
            sha256=sha256,
            crs=None,
            encoding="utf-8",
            rows_in=len(records),
            added=added,
            changed=changed,
            unchanged=unchanged,
            quarantined=quarantined,
            seconds=time.monotonic() - started,
            issues=count_by_code(issues),
            notes=tuple(issue for issue in issues if issue.row is None),
        )
        record_batch(connection, batch_id, report, options, {})
        return report


def _read_csv(path: Path) -> tuple[list[str], list[list[str]]]:
    if not path.is_file():
        raise absent(path)
    if path.stat().st_size > _MAX_BYTES:
        raise UnreadableFile(f"'{path}' is larger than {_MAX_BYTES // 1_000_000} MB. Split it.")
    header, *records = read_rows(path, str(path))
    return [name.strip() for name in header], records


def _map(table: PlainTable, header: Sequence[str], path: Path) -> tuple[dict[str, int], list[str]]:
    """Give target column -> position, and the names that mean nothing here."""
    own = {fold_name(name): name for name in table.fillable}
    found = {own[fold_name(name)]: position for position, name in enumerate(header) if fold_name(name) in own}
    needed = [name for name in table.key if name not in found and table.table.columns[name].server_default is None]
    if needed:
        raise InvalidInput(f"'{path}' is no file of {table.name}: it lacks {', '.join(needed)}. Its header: {', '.join(header)}.")
    return found, [name for name in header if fold_name(name) not in own]


def _convert(
    table: PlainTable, columns: Mapping[str, int], records: Sequence[Sequence[str]], options: LoadOptions
) -> tuple[dict[str, pa.Array], list[Issue]]:
    rows = np.arange(1, len(records) + 1, dtype=np.int64)
    staged: dict[str, pa.Array] = {ROW_NO: pa.array(rows)}
    issues: list[Issue] = []
    for name, position in columns.items():
        texts = pa.array([record[position].strip() or None for record in records], pa.string())
        staged[name], found = convert_column(texts, table.table.columns[name], rows, name)
        issues += found
    for name, value in options.values.items():
        if name not in table.fillable:
            raise InvalidInput(f"{table.name} has no column '{name}' to set. Columns: {', '.join(table.fillable)}.")
        staged[name] = convert_constant(value, table.table.columns[name], len(records))
    return staged, issues


class _PlainWork:
    """Staging and publishing of one plain file, in its transaction."""

    def __init__(self, connection: Connection, table: PlainTable, filled: tuple[str, ...], issues: list[Issue]) -> None:
        self.connection = connection
        self.plain = table
        self.table = shadow(table.table)
        self.filled = filled
        self.issues = issues
        self.stage = Table(
            "load_plain",
            MetaData(),
            Column(ROW_NO, BigInteger, nullable=False),
            *[staged_column(column) for column in self.table.columns if column.name in table.fillable],
            prefixes=["TEMPORARY"],
            postgresql_on_commit="DROP",
        )

    def run(self, staged: Mapping[str, pa.Array]) -> tuple[int, int, int, int]:
        """Stage, check, publish; gives added, changed, unchanged and the batch."""
        create_stage(self.connection, self.stage)
        with Copier(self.connection) as copier:
            copier.add(self.stage, pa.table(dict(staged)))
            copier.finish()
        self._fill_defaults()
        self._drop(check_rules(self.connection, self.plain.table, self.stage) + self._duplicates())
        self._drop(self._period_overlaps())
        batch_id = open_batch(self.connection, "load")
        return (*self._publish(batch_id), batch_id)

    def _drop(self, found: list[Issue]) -> None:
        """Take the rows out of staging that an error sets aside, and those that were found unfit before."""
        self.issues += found
        if aside := rows_in_quarantine(self.issues):
            self.connection.execute(delete(self.stage).where(self.stage.c[ROW_NO].in_(aside)))

    def _fill_defaults(self) -> None:
        """Give the key's columns their defaults, so that rows can be matched."""
        for name in self.plain.key:
            default = getattr(self.plain.table.columns[name].server_default, "arg", None)
            if default is not None:
                self.connection.execute(update(self.stage).values({name: default}).where(self.stage.c[name].is_(None)))
                self.filled = tuple(dict.fromkeys((*self.filled, name)))

    def _duplicates(self) -> list[Issue]:
        keys = [self.stage.c[name] for name in self.plain.key]
        rows = func.array_agg(self.stage.c[ROW_NO])
        repeated = self.connection.scalars(select(rows).group_by(*keys).having(func.count() > 1))
        return [
            Issue(IssueCode.DUPLICATE_KEY, row, detail=", ".join(map(str, sorted(same)))) for same in repeated for row in same
        ]

    def _period_overlaps(self) -> list[Issue]:
        """Find rows whose period would overlap another one of the same key, in the file or the table."""
        stage, table = self.stage, self.table
        if "valid_to" not in table.c:
            return []
        key = [name for name in self.plain.key if name != "valid_from"]
        same = and_(*[table.c[name] == stage.c[name] for name in self.plain.key])
        ends = stage.c.valid_to if "valid_to" in self.filled else table.c.valid_to
        staged = select(
            *[stage.c[name] for name in key], stage.c[ROW_NO], stage.c.valid_from.label("begins"), ends.label("ends")
        ).select_from(stage.outerjoin(table, same))
        stays = ~select(literal(1)).select_from(stage).where(same).exists()
        kept = select(*[table.c[name] for name in key], null(), table.c.valid_from, table.c.valid_to).where(stays)
        return find_overlaps(self.connection, union_all(staged, kept), key)

    def _publish(self, batch_id: int) -> tuple[int, int, int]:
        stage, table = self.stage, self.table
        same_key = and_(*[table.c[name] == stage.c[name] for name in self.plain.key])
        values = {name: self._stated(name) for name in self.filled if name not in self.plain.key}
        differs = or_(false(), *[table.c[name].is_distinct_from(value) for name, value in values.items()])
        count = select(func.count()).select_from(stage)
        total = self.connection.scalar(count) or 0
        matched = self.connection.scalar(count.join(table, same_key)) or 0
        changed = self.connection.scalar(count.join(table, and_(same_key, differs))) or 0
        stamp = {"batch_id": batch_id} if self.plain.tracked else {}
        if changed:
            self.connection.execute(update(table).values(**values, **stamp).where(same_key, differs))
        if total > matched:
            new = select(
                *[self._inserted(name) for name in self.filled], *[literal(value, BigInteger) for value in stamp.values()]
            ).where(~select(literal(1)).select_from(table).where(same_key).exists())
            self.connection.execute(insert(table).from_select([*self.filled, *stamp], new, include_defaults=False))
        return total - matched, changed, matched - changed

    def _stated(self, name: str) -> Any:
        """Give the staged value; where the column may not be empty and the file is silent, what was there."""
        column = self.plain.table.columns[name]
        staged = self.stage.c[name]
        return func.coalesce(staged, self.table.c[name]) if column.server_default is not None and not column.nullable else staged

    def _inserted(self, name: str) -> Any:
        default = getattr(self.plain.table.columns[name].server_default, "arg", None)
        return func.coalesce(self.stage.c[name], default) if default is not None else self.stage.c[name]


def _set_aside(
    connection: Connection,
    batch_id: int,
    table: PlainTable,
    records: Sequence[Sequence[str]],
    header: Sequence[str],
    issues: Sequence[Issue],
) -> int:
    """Keep the rows that an error set aside: these tables hold nothing personal."""
    reasons: dict[int, dict[str, None]] = {}
    for issue in issues:
        if issue.row is not None and issue.code.quarantines:
            reasons.setdefault(issue.row, {})[issue.code.value] = None
    raw = connection.connection.driver_connection
    assert raw is not None
    with raw.cursor() as cursor:
        if reasons:
            execute_values(
                cursor,
                "INSERT INTO ingest.quarantine (batch_id, layer, row_no, reasons, public_values) VALUES %s",
                [
                    (
                        batch_id,
                        table.name,
                        row,
                        json.dumps(list(codes)),
                        json.dumps(dict(zip(header, records[row - 1], strict=True))),
                    )
                    for row, codes in sorted(reasons.items())
                ],
            )
    return len(reasons)
