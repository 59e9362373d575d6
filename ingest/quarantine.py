"""Keeps what could not be loaded, and all that was noticed. Personal values and raw rows go to `private` and nowhere else."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from typing import Any

import pyarrow as pa
from psycopg2.extras import execute_values
from sqlalchemy import Connection, update

from ingest.content import raw_row_values
from ingest.given import stored_name
from ingest.issues import Issue, IssueCode
from ingest.land_use_text import parse_land_use
from ingest.options import LoadOptions
from ingest.prepare import LoadContext
from ingest.report import LoadReport
from spatial.tables import Batch

STORED_PER_CODE = 20_000
"""Rows of `ingest.issue` for one code and batch; the batch's own counts are always complete."""


def store_issues(connection: Connection, batch_id: int, issues: list[Issue]) -> None:
    """Write issues to `ingest.issue`; of a code that occurs more than `STORED_PER_CODE` times, the first, and note that too."""
    counts = Counter(issue.code for issue in issues)
    issues += [
        Issue(IssueCode.ISSUES_CUT, detail=f"{code.value}: {STORED_PER_CODE} / {count}")
        for code, count in counts.items()
        if count > STORED_PER_CODE
    ]
    stored: dict[IssueCode, int] = {}
    out = StringIO()
    for issue in issues:
        stored[issue.code] = stored.get(issue.code, 0) + 1
        if stored[issue.code] <= STORED_PER_CODE:
            fields = (
                batch_id,
                issue.row,
                issue.code.severity.value,
                issue.code.value,
                issue.column,
                issue.value,
                issue.message(),
            )
            out.write("\t".join(_copy_text(field) for field in fields) + "\n")
    out.seek(0)
    raw = connection.connection.driver_connection
    assert raw is not None
    with raw.cursor() as cursor:
        cursor.copy_expert(
            "COPY ingest.issue (batch_id, row_no, severity, code, column_name, value, message) FROM STDIN", out, size=1 << 20
        )


def _copy_text(value: object) -> str:
    if value is None:
        return r"\N"
    text = str(value).replace("\x00", "")
    return text.replace("\\", r"\\").replace("\t", r"\t").replace("\n", r"\n").replace("\r", r"\r")


def store_quarantine(connection: Connection, batch_id: int, context: LoadContext, issues: Iterable[Issue]) -> int:
    """Keep the rows that an error sets aside: columns that are public with the reasons, the raw row in `private`.

    Of land that must not be published the public columns too stay in `private`.

    Returns:
        How many rows were set aside.
    """
    content, layer = context.content, context.layer.name
    reasons: dict[int, dict[str, None]] = {}
    for issue in issues:
        if issue.row is not None and issue.code.quarantines:
            reasons.setdefault(issue.row, {})[issue.code.value] = None
    raw = connection.connection.driver_connection
    assert raw is not None
    with raw.cursor() as cursor:
        for batch in content.take(list(reasons)):
            values = raw_row_values(content, batch)
            public = [
                (batch_id, layer, int(row), _json(list(reasons[int(row)])), _json(_public(context, value)))
                for row, value in zip(batch.rows, values, strict=True)
            ]
            keys = execute_values(
                cursor,
                "INSERT INTO ingest.quarantine (batch_id, layer, row_no, reasons, public_values) VALUES %s RETURNING id, row_no",
                public,
                fetch=True,
            )
            key_of = {row: key for key, row in keys}
            private = [
                (key_of[int(row)], _json(value), _wkb(shape), batch_id)
                for row, value, shape in zip(batch.rows, values, batch.wkb, strict=True)
            ]
            _insert_raw(cursor, private)
    return len(reasons)


def _insert_raw(cursor: Any, rows: Sequence[tuple[int, str, bytes | None, int]]) -> None:
    """Insert raw rows; a geometry that PostGIS itself cannot read stays in the row as hex."""
    cursor.execute("SAVEPOINT raw_row")
    statement = "INSERT INTO private.quarantine_row (quarantine_id, raw, geom, batch_id) VALUES %s"
    template = "(%s, %s, ST_GeomFromWKB(%s), %s)"
    from psycopg2 import Error

    try:
        execute_values(cursor, statement, rows, template=template)
    except Error:
        cursor.execute("ROLLBACK TO SAVEPOINT raw_row")
        plain = [
            (key, _json({"row": json.loads(raw), "wkb": shape.hex() if shape else None}), None, batch)
            for key, raw, shape, batch in rows
        ]
        execute_values(cursor, statement, plain, template=template)
    cursor.execute("RELEASE SAVEPOINT raw_row")


def _public(context: LoadContext, values: Mapping[str, object]) -> dict[str, object]:
    public = {target: values[name] for target, name in context.plan.public.items()}
    uses = parse_land_use(str(public.get("land_use_raw") or ""), context.lists.land_uses)
    restricted = any({use.code, use.written} & context.lists.restricted_uses for use in uses)
    return {} if restricted else public


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\\u0000", "")


def _wkb(shape: pa.Scalar) -> bytes | None:
    value = shape.as_py()
    return bytes(value) if value is not None else None


def record_batch(
    connection: Connection, batch_id: int, report: LoadReport, options: LoadOptions, encodings: Mapping[str, Mapping[str, int]]
) -> None:
    """Write the outcome of a load into its batch's row."""
    connection.execute(
        update(Batch)
        .where(Batch.id == batch_id)
        .values(
            layer=report.layer,
            source_code=options.source,
            file_name=stored_name(report.file, options.below),
            file_sha256=report.sha256,
            crs=report.crs,
            encoding={name: dict(counts) for name, counts in encodings.items()} or None,
            options=options.as_json() or None,
            rows_in=report.rows_in,
            added=report.added,
            changed=report.changed,
            unchanged=report.unchanged,
            ended=report.ended,
            quarantined=report.quarantined,
            repaired=report.repaired,
            seconds=report.seconds,
            issues=dict(report.issues) or None,
        )
    )
