"""What a load that is complete for communes states for the figures: how many rows of the layer there are in each of them.

The number holds the file's rows of the commune and all that were set aside, since nobody knows where those lie: what is in
quarantine is missing from the figures, and their coverage says so.
"""

from datetime import date

from sqlalchemy import Connection, Date, Table, Text, func, literal, select
from sqlalchemy.dialects.postgresql import insert

from spatial.tables import Completeness, Source
from spatial.tables.population import COMPLETE_LAYERS


def state_complete(
    connection: Connection, layer: str, stage: Table, *, set_aside: int, stated_on: date, batch_id: int, source: str | None
) -> None:
    """Write a statement for each commune of the staged rows; layers whose figures need none have none.

    Args:
        connection: in the load's transaction.
        layer: the layer's public name.
        stage: the rows of the file that stood their checks.
        set_aside: how many did not.
        stated_on: the day for which the file is complete.
        batch_id: the load's batch.
        source: code of the file's source, whose steward states it; else the login does.
    """
    if layer not in COMPLETE_LAYERS:
        return
    steward = func.coalesce(select(Source.steward).where(Source.code == source).scalar_subquery(), func.session_user())
    rows = (
        select(
            literal(layer, Text),
            stage.c.commune_code,
            literal(stated_on, Date),
            func.count() + set_aside,
            steward,
            literal(batch_id),
        )
        .where(stage.c.commune_code.is_not(None))
        .group_by(stage.c.commune_code)
    )
    columns = ["layer", "commune_code", "stated_on", "row_count", "steward", "batch_id"]
    statement = insert(Completeness).from_select(columns, rows)
    new = {name: statement.excluded[name] for name in ("row_count", "steward", "batch_id")}
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["layer", "commune_code", "stated_on"],
            set_=new,
            where=(Completeness.row_count != new["row_count"]) | (Completeness.steward != new["steward"]),
        )
    )
