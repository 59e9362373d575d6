"""What a load did, as numbers and sentences. Knows no database and no terminal colours beyond rich's."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from ingest.issues import Issue, IssueCode


@dataclass(frozen=True)
class LoadReport:
    """The outcome of one file; `as_json` is the shape that `dothi load --json` prints.

    Attributes:
        batch: id of the batch, None for a dry run.
        unchanged: rows that were there already, the same.
        ended: rows whose legal period the load ended because the file, complete for a sheet or commune, lacks them.
        issues: how many of each code.
        notes: the issues that concern the whole file, for the terminal.
    """

    batch: int | None
    layer: str
    file: str
    sha256: str
    crs: str | None
    encoding: str | None
    rows_in: int
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    ended: int = 0
    quarantined: int = 0
    repaired: int = 0
    seconds: float = 0.0
    issues: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[Issue, ...] = ()

    def __post_init__(self) -> None:
        """Hold the promise of every load: each row of the file is accounted for."""
        accounted = self.added + self.changed + self.unchanged + self.quarantined
        if self.rows_in != accounted:
            raise AssertionError(f"{self.file}: {self.rows_in} rows came in, {accounted} are accounted for.")

    @property
    def wrote(self) -> bool:
        """Whether any published row changed."""
        return bool(self.added or self.changed or self.ended)

    def as_json(self) -> dict[str, Any]:
        """Give the report in the shape that scripts rely on."""
        return {
            "batch": self.batch,
            "layer": self.layer,
            "file": self.file,
            "sha256": self.sha256,
            "crs": self.crs,
            "encoding": self.encoding,
            "rows_in": self.rows_in,
            "added": self.added,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "ended": self.ended,
            "quarantined": self.quarantined,
            "repaired": self.repaired,
            "seconds": round(self.seconds, 3),
            "issues": dict(self.issues),
        }


_LINES = (
    ("rows_in", "Số dòng đọc / rows in"),
    ("added", "Thêm mới / added"),
    ("changed", "Thay đổi / changed"),
    ("unchanged", "Không đổi / unchanged"),
    ("quarantined", "Cách ly / quarantined"),
    ("ended", "Hết hiệu lực / ended"),
    ("repaired", "Sửa hình học / repaired"),
)


def print_report(report: LoadReport, console: Console) -> None:
    """Show a report to a person: counts, what was found out about the file, issues by code with their sentence."""
    table = Table(title=f"{report.layer} ← {report.file}", title_justify="left", show_header=False, box=None)
    for name, label in _LINES:
        table.add_row(label, f"{getattr(report, name):,}")
    table.add_row("Hệ tọa độ / CRS", report.crs or "-")
    table.add_row("Bảng mã / encoding", report.encoding or "-")
    table.add_row("Lần ghi / batch", str(report.batch) if report.batch is not None else "chạy thử / dry run")
    table.add_row("Thời gian / seconds", f"{report.seconds:.1f}")
    console.print(table)
    for code, count in report.issues.items():
        kind = IssueCode(code)
        console.print(
            f"  {kind.severity.value:<8} {code:<28}{count:>9,}  {kind.vi}", highlight=False, markup=False, soft_wrap=True
        )
    for note in report.notes:
        if note.detail or note.column:
            console.print(f"  · {note.message()}", highlight=False, markup=False, soft_wrap=True)
