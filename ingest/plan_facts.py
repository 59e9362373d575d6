"""Documents, legal events and coverage of a plan, brought to what a dossier tells. Status and validity follow by triggers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, false, func, insert, null, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert

from ingest.content_gaps import close_theme
from ingest.issues import Issue, IssueCode
from ingest.stage import shadow_of
from spatial.tables import Document, Plan, PlanContent, PlanEvent, PlanningLine, ThemeCoverage, Zone
from spatial.versions import today_vn

if TYPE_CHECKING:
    from ingest.dossier import CoverageFact, EventFact, PlanFacts


@dataclass(frozen=True)
class ClassOutcome:
    """What came of the classes of a dossier that hold one theme.

    Attributes:
        name: the class, as the circular names it.
        quarantined: rows of it that could not be loaded.
        codes: of all its rows, loaded or not.
        plans: codes of the plans that its loaded rows name.
        tells_codes: whether the file itself names the rows that could not be loaded, so that those of before can be known again.
    """

    name: str
    quarantined: int
    codes: frozenset[str]
    plans: frozenset[str]
    tells_codes: bool

    def plus(self, other: "ClassOutcome | None") -> "ClassOutcome":
        """Put two classes of one theme together."""
        if other is None:
            return self
        return ClassOutcome(
            self.name,
            self.quarantined + other.quarantined,
            self.codes | other.codes,
            self.plans | other.plans,
            self.tells_codes and other.tells_codes,
        )


Outcomes = Mapping[str, ClassOutcome]
"""Theme -> what came of its classes; a theme whose classes the dossier does not have is absent."""


def store_plan_facts(connection: Connection, facts: "PlanFacts", outcomes: Outcomes, batch_id: int) -> int:
    """Write what `ho_so.json` tells of a plan that is in the database; gives how many rows changed.

    Documents and events that the dossier no longer tells stay: an event that was entered later by hand is not lost.
    """
    changed = _bring(
        connection, shadow_of(Document), facts.code, ("kind", "title"), [one.model_dump() for one in facts.documents], batch_id
    )
    changed += _bring(
        connection, shadow_of(PlanEvent), facts.code, ("kind", "effective_on"), [_event(one) for one in facts.events], batch_id
    )
    close_theme(connection, facts.code, None)
    for theme, outcome in outcomes.items():
        _state_class(connection, facts.code, theme, batch_id)
        if not outcome.quarantined:
            close_theme(connection, facts.code, theme)
    return changed + _cover(connection, facts, outcomes, batch_id)


def end_missing(connection: Connection, plan_code: str, outcomes: Outcomes) -> int:
    """Take out what an earlier edition of the dossier had and this one has no more; history keeps it. Gives how many rows.

    The periods of zones and lines follow from the plan's events alone, so that a new edition corrects what was believed.
    Nothing is taken out of a class some of whose rows could not be loaded and cannot be told by a code.
    """
    ended = 0
    for theme, outcome in outcomes.items():
        if outcome.quarantined and not outcome.tells_codes:
            continue
        table, absent = _absent(theme, outcome)
        gone = and_(table.c.plan_code == plan_code, absent)
        count = connection.scalar(select(func.count()).select_from(table).where(gone)) or 0
        if count:
            connection.execute(delete(table).where(gone))
        ended += count
    return ended


def lacks(connection: Connection, outcomes: Outcomes) -> list[Issue]:
    """Say of each plan and theme how many rows, in force or yet to be, the dossier does not have though they are still there.

    That is what `end_missing` could not take out: where the dossier does not say which plan it is, or its rows lost their codes.
    """
    found = []
    for theme, outcome in outcomes.items():
        table, absent = _absent(theme, outcome)
        lasting = or_(table.c.valid_to.is_(None), table.c.valid_to > today_vn(connection))
        missing = (
            select(table.c.plan_code, func.count())
            .where(table.c.plan_code.in_(outcome.plans), absent, lasting)
            .group_by(table.c.plan_code)
            .order_by(table.c.plan_code)
        )
        what = "zones" if theme == "zoning" else f"planning_lines {theme}"
        found += [
            Issue(IssueCode.EDITION_LACKS, value=plan, detail=f"{what}: {count}") for plan, count in connection.execute(missing)
        ]
    return found


def _absent(theme: str, outcome: ClassOutcome) -> tuple[Table, ColumnElement[bool]]:
    """Give the table that holds a theme, and the condition of its rows of the theme that the dossier does not have."""
    table = shadow_of(Zone if theme == "zoning" else PlanningLine)
    unknown = table.c.code.not_in(outcome.codes)
    return table, unknown if theme == "zoning" else and_(unknown, table.c.kind == theme)


def _state_class(connection: Connection, plan_code: str, theme: str, batch_id: int) -> None:
    """Say that the theme's class is there, be it with no row at all: an absent one would prove nothing."""
    content = shadow_of(PlanContent)
    statement = postgresql_insert(content).values(plan_code=plan_code, theme=theme, row_count=0, batch_id=batch_id)
    has_it = select(content.c.id).where(content.c.plan_code == plan_code, content.c.theme == theme)
    if not connection.scalar(select(has_it.exists())):
        connection.execute(statement.on_conflict_do_nothing())


def _event(fact: "EventFact") -> dict[str, Any]:
    values = fact.model_dump(exclude={"geometry"})
    if fact.geometry is None:
        return {**values, "geom": null()}
    drawn = func.ST_Multi(func.ST_GeomFromGeoJSON(json.dumps(fact.geometry)))
    return {**values, "geom": func.coalesce(func.admin.stored_geometry(drawn), drawn)}


def _bring(
    connection: Connection, table: Table, plan: str, key: Sequence[str], rows: Sequence[Mapping[str, Any]], batch_id: int
) -> int:
    """Insert or correct rows of a plan one by one: there are a dozen, and each statement wakes the triggers."""
    changed = 0
    for row in rows:
        same_key = and_(table.c.plan_code == plan, *[table.c[name] == row[name] for name in key])
        values = {name: value for name, value in row.items() if name not in key}
        differs = [table.c[name].is_distinct_from(value) for name, value in values.items()]
        found = connection.execute(select(table.c.id, func.bool_or(_any(differs))).where(same_key).group_by(table.c.id)).first()
        if found is None:
            connection.execute(insert(table).values(plan_code=plan, batch_id=batch_id, **row))
        elif found[1]:
            connection.execute(update(table).where(table.c.id == found[0]).values(batch_id=batch_id, **values))
        changed += found is None or bool(found[1])
    return changed


def _any(conditions: Sequence[Any]) -> Any:
    return or_(false(), *conditions)


def _vouched(fact: "CoverageFact", outcomes: Outcomes) -> tuple[str, str | None]:
    """Give extent and reason of a theme: what the dossier claims, as far as what was loaded bears it out."""
    if fact.extent != "full" or fact.theme == "plans":
        return fact.extent, fact.reason
    outcome = outcomes.get(fact.theme)
    if outcome is None:
        return "partial", "Hồ sơ không có lớp dữ liệu của chủ đề này"
    if outcome.quarantined:
        return "partial", f"{outcome.quarantined} đối tượng của lớp {outcome.name} bị lỗi, chưa nạp được"
    return "full", fact.reason


def _cover(connection: Connection, facts: "PlanFacts", outcomes: Outcomes, batch_id: int) -> int:
    """Say for each theme how far the plan knows it within its boundary, for as long as it is in force."""
    plan, table = shadow_of(Plan), shadow_of(ThemeCoverage)
    changed = 0
    for fact in facts.theme_coverage:
        code = f"{facts.code}.{fact.theme}"
        found = connection.execute(
            select(plan.c.valid_from, plan.c.valid_to, plan.c.province_code, plan.c.commune_code, plan.c.geom).where(
                plan.c.code == facts.code
            )
        ).one_or_none()
        if found is None:
            return changed
        extent, reason = _vouched(fact, outcomes)
        values = {**found._mapping, "theme": fact.theme, "extent": extent, "plan_code": facts.code, "reason": reason}
        same = and_(table.c.code == code, *[table.c[name].is_not_distinct_from(value) for name, value in values.items()])
        if connection.scalar(select(select(table.c.id).where(same).exists())):
            continue
        changed += 1
        old = connection.scalars(select(table.c.id).where(table.c.code == code).order_by(table.c.valid_from)).all()
        if old:
            connection.execute(update(table).where(table.c.id == old[-1]).values(batch_id=batch_id, **values))
            if len(old) > 1:
                connection.execute(delete(table).where(table.c.id.in_(old[:-1])))
        else:
            connection.execute(insert(table).values(code=code, batch_id=batch_id, **values))
    return changed
