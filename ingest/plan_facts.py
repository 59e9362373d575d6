"""Documents, legal events and coverage of a plan, brought to what a dossier tells. Status and validity follow by triggers."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Table, and_, delete, func, insert, null, select, update

from ingest.stage import shadow
from spatial.tables import Document, Plan, PlanEvent, ThemeCoverage

if TYPE_CHECKING:
    from ingest.dossier import EventFact, PlanFacts


def store_plan_facts(connection: Connection, facts: "PlanFacts", batch_id: int) -> int:
    """Write what `ho_so.json` tells of a plan that is in the database; gives how many rows changed.

    Documents and events that the dossier no longer tells stay: an event that was entered later by hand is not lost.
    """
    changed = _bring(
        connection, _table(Document), facts.code, ("kind", "title"), [one.model_dump() for one in facts.documents], batch_id
    )
    changed += _bring(
        connection, _table(PlanEvent), facts.code, ("kind", "effective_on"), [_event(one) for one in facts.events], batch_id
    )
    return changed + _cover(connection, facts, batch_id)


def _table(model: Any) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return shadow(table)


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
    from sqlalchemy import false, or_

    return or_(false(), *conditions)


def _cover(connection: Connection, facts: "PlanFacts", batch_id: int) -> int:
    """Say for each theme that the plan knows it within its boundary, for as long as it is in force."""
    plan, table = _table(Plan), _table(ThemeCoverage)
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
        values = {
            **found._mapping,
            "theme": fact.theme,
            "extent": fact.extent,
            "plan_code": facts.code,
            "reason": fact.reason,
        }
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
