"""What a plan's new dossier no longer has, and what stays though it does not have it, is told."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import Connection, Table, func, or_, select
from sqlalchemy.dialects.postgresql import array

from ingest.issues import Issue, IssueCode
from spatial.layers import Layer
from spatial.versions import today_vn


@dataclass
class Edition:
    """The features of one layer, or one kind of them, that a dossier has; several of its classes may make one.

    Attributes:
        layer: whose table has `plan_code`.
        kind: of lines, what kind; None where the layer has no kinds.
        plans: codes of the plans that the dossier's rows name.
        codes: codes of its rows, those set aside among them.
    """

    layer: Layer
    kind: str | None
    plans: set[str] = field(default_factory=set)
    codes: set[str] = field(default_factory=set)

    def note(self, connection: Connection, stage: Table, spared: Iterable[str]) -> None:
        """Add what is staged, and the codes of rows that were set aside."""
        for code, plan in connection.execute(select(stage.c.code, stage.c.plan_code)):
            self.codes.add(code)
            self.plans.add(plan)
        self.codes |= set(spared)

    def lacks(self, connection: Connection) -> list[Issue]:
        """Say of each plan how many of its features, in force or yet to be, the dossier does not have."""
        if not self.plans:
            return []
        table = self.layer.table
        missing = (
            select(table.c.plan_code, func.count())
            .where(
                table.c.plan_code.in_(self.plans),
                table.c.code != func.all(array(sorted(self.codes))),
                or_(table.c.valid_to.is_(None), table.c.valid_to > today_vn(connection)),
                *([table.c.kind == self.kind] if self.kind else []),
            )
            .group_by(table.c.plan_code)
            .order_by(table.c.plan_code)
        )
        what = " ".join(filter(None, (self.layer.name, self.kind)))
        return [
            Issue(IssueCode.EDITION_LACKS, value=plan, detail=f"{what}: {count}") for plan, count in connection.execute(missing)
        ]
