"""The list of writes, newest first, for the terminal and scripts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from spatial.tables import Batch


@dataclass(frozen=True)
class BatchLine:
    """One batch as people see it."""

    id: int
    kind: str
    committed_at: datetime | None
    layer: str | None
    file: str | None
    login: str
    added: int
    changed: int
    unchanged: int
    ended: int
    quarantined: int
    reverts: int | None
    data_version: int | None

    def as_json(self) -> dict[str, Any]:
        """Give the batch for scripts."""
        values = dict(self.__dict__)
        values["committed_at"] = self.committed_at.isoformat() if self.committed_at else None
        return values

    def line(self) -> str:
        """Give the batch as one line of text."""
        when = f"{self.committed_at:%Y-%m-%d %H:%M}" if self.committed_at else "-"
        what = f"reverts {self.reverts}" if self.reverts else f"{self.layer or '-'} ← {self.file or '-'}"
        counts = f"+{self.added} ~{self.changed} ={self.unchanged} †{self.ended} !{self.quarantined}"
        return f"{self.id:>7}  {when}  {self.kind:<9} {counts:<32} {what}"


def list_batches(connection: Connection, limit: int) -> list[BatchLine]:
    """Give the newest batches."""
    statement = select(
        Batch.id,
        Batch.kind,
        Batch.committed_at,
        Batch.layer,
        Batch.file_name,
        Batch.login,
        Batch.added,
        Batch.changed,
        Batch.unchanged,
        Batch.ended,
        Batch.quarantined,
        Batch.reverts_batch_id,
        Batch.data_version,
    )
    found = connection.execute(statement.order_by(Batch.id.desc()).limit(limit)).all()
    return [
        BatchLine(row.id, row.kind, row.committed_at, row.layer, row.file_name, row.login, row.added or 0, row.changed or 0,
                  row.unchanged or 0, row.ended or 0, row.quarantined or 0, row.reverts_batch_id, row.data_version)
        for row in found
    ]  # fmt: skip
