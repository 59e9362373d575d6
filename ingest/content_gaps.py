"""Ground on which plan content is missing because it could not be loaded: noted with the load, listed and closed by people.

What is removed from the tables is noted by the database itself (`planning.keep_content`).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Text, case, cast, delete, func, insert, literal, null, or_, select, true, update

from ingest.connect import loading
from ingest.prepare import LoadContext
from ingest.stage import shadow, shadow_of
from spatial.crs import database_srid
from spatial.errors import NotFound
from spatial.tables import Base, Batch, ContentGap, Quarantine
from spatial.tables.planning import THEMES
from spatial.versions import open_batch

_THEME_OF_LAYER = {"zones": "zoning", "planning_lines": None, "plans": None}
"""Layers whose rows a proof speaks of -> their theme; None: the row says it (`kind`), or all themes are concerned."""


def note_gaps(connection: Connection, batch_id: int, context: LoadContext, stage: Any) -> None:
    """Note for each row in quarantine which plan and theme it leaves incomplete, so that nothing is proven there meanwhile.

    A row without a readable plan code concerns the ground around it; without a place either, every plan that the file names.
    """
    layer = context.layer
    if layer.name not in _THEME_OF_LAYER:
        return
    gap, kept, raw = shadow_of(ContentGap), shadow_of(Quarantine), shadow(Base.metadata.tables["private.quarantine_row"])
    names_plan = "code" if layer.name == "plans" else "plan_code"
    values = context.options.values
    plan_code = func.coalesce(_text(kept, names_plan), cast(literal(values.get(names_plan)), Text))
    kind = func.coalesce(_text(kept, "kind"), cast(literal(values.get("kind")), Text))
    theme = literal(_THEME_OF_LAYER[layer.name]) if _THEME_OF_LAYER[layer.name] else case((kind.in_(THEMES), kind), else_=null())
    around = func.ST_Multi(
        func.ST_Envelope(func.ST_Transform(func.ST_SetSRID(func.ST_Envelope(raw.c.geom), database_srid(context.crs.srid)), 4326))
    )
    is_placed = func.ST_Dimension(func.ST_Envelope(raw.c.geom)) == 2
    ground = case((or_(plan_code.is_(None), literal(layer.name == "plans")) & is_placed, around), else_=null())
    rows = (
        select(
            literal("quarantined").label("reason"),
            plan_code.label("plan_code"),
            cast(theme, Text).label("theme"),
            literal(layer.table_name).label("table_name"),
            _text(kept, "code").label("row_code"),
            literal(batch_id).label("batch_id"),
            ground.label("geom"),
        )
        .join_from(kept, raw, raw.c.quarantine_id == kept.c.id, isouter=True)
        .where(kept.c.batch_id == batch_id, kept.c.layer == layer.name)
        .subquery("gap")
    )
    columns = [column.name for column in rows.columns]
    somewhere = or_(rows.c.plan_code.is_not(None), rows.c.geom.is_not(None))
    connection.execute(insert(gap).from_select(columns, select(rows).where(somewhere), include_defaults=False))
    if layer.name != "plans":
        named = select(stage.c.plan_code).where(stage.c.plan_code.is_not(None)).distinct().subquery("named")
        everywhere = [named.c.plan_code if name == "plan_code" else rows.c[name] for name in columns]
        lost = select(*everywhere).join_from(rows, named, true()).where(~somewhere)
        connection.execute(insert(gap).from_select(columns, lost, include_defaults=False))


def _text(table: Any, name: str) -> Any:
    return func.nullif(func.btrim(table.c.public_values[name].astext), "")


def close_theme(connection: Connection, plan_code: str, theme: str | None) -> None:
    """Forget the gaps of a plan's theme (None: those of the plan and its events): it was told anew, in full."""
    gap = shadow_of(ContentGap)
    mine = (gap.c.plan_code == plan_code) & gap.c.theme.is_not_distinct_from(theme)
    if connection.scalar(select(select(gap.c.id).where(mine).exists())):
        connection.execute(delete(gap).where(mine))


@dataclass(frozen=True)
class GapLine:
    """The gaps of one plan and theme, as people see them."""

    plan: str | None
    theme: str | None
    reason: str
    rows: int
    since: datetime | None
    batch: int

    def as_json(self) -> dict[str, Any]:
        """Give the line for scripts."""
        return {**self.__dict__, "since": self.since.isoformat() if self.since else None}

    def line(self) -> str:
        """Give the line for people."""
        when = f"{self.since:%Y-%m-%d %H:%M}" if self.since else "-"
        return f"{self.batch:>7}  {when}  {self.reason:<11} {self.rows:>7,}  {self.plan or '-'}  {self.theme or '-'}"


def list_gaps(connection: Connection) -> list[GapLine]:
    """Give what is missing, by plan, theme, reason and batch, the newest first."""
    statement = (
        select(
            ContentGap.plan_code, ContentGap.theme, ContentGap.reason, func.count(), Batch.committed_at, ContentGap.batch_id
        )
        .join(Batch, Batch.id == ContentGap.batch_id)
        .group_by(ContentGap.plan_code, ContentGap.theme, ContentGap.reason, Batch.committed_at, ContentGap.batch_id)
        .order_by(ContentGap.batch_id.desc(), ContentGap.plan_code, ContentGap.theme)
    )  # fmt: skip
    return [GapLine(*row) for row in connection.execute(statement)]


def close_gaps(engine: Engine, batch: int, plan_code: str | None, reason: str) -> int:
    """Let a person say that what a batch removed or could not load is not missing after all; gives how many gaps that closed.

    Args:
        engine: logs in as the administrator.
        batch: the batch that left the gaps, as `list_gaps` tells it.
        plan_code: of this plan only; None: of all.
        reason: why, in the person's words; kept with the batch that this makes.

    Raises:
        NotFound: there is no such gap.
    """
    with loading(engine) as connection:
        gap = shadow_of(ContentGap)
        mine = gap.c.batch_id == batch
        if plan_code is not None:
            mine &= gap.c.plan_code == plan_code
        found = connection.scalar(select(func.count()).select_from(gap).where(mine)) or 0
        if not found:
            raise NotFound(
                f"Batch {batch} left no gap{f' of plan {plan_code}' if plan_code else ''}. `dothi gaps` lists them.",
                vi=f"Lần ghi {batch} không để lại phần thiếu nào. Lệnh `dothi gaps` liệt kê các phần thiếu.",
            )
        new = open_batch(connection, "load")
        connection.execute(delete(gap).where(mine))
        told = {"closed_gaps_of_batch": batch, "plan": plan_code, "reason": reason}
        connection.execute(update(Batch).where(Batch.id == new).values(layer="content_gaps", options=told, ended=found))
        return int(found)
