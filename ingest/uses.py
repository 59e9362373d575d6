"""The several uses of parcels, from staging into `land.parcel_use`. Uses of restricted land are not published."""

from collections.abc import Sequence

from sqlalchemy import Connection, Table, and_, delete, insert, literal, select, union_all

from ingest.publish import Publication
from ingest.restricted import is_shown
from ingest.stage import ROW_NO, USE_STAGE
from spatial.tables import ParcelUse
from spatial.tables.base import table_of

_VALUES = ("seq", "scheme", "raw", "code", "area_m2")


def publish_uses(connection: Connection, stage: Table, publications: Sequence[Publication], batch_id: int) -> set[int]:
    """Bring the uses of the staged parcels to what is staged.

    Returns:
        Row numbers of parcels that were there already, the same, but for their uses.
    """
    table = table_of(ParcelUse)
    any_matched = any(connection.scalar(select(select(one.match.c.id).exists())) for one in publications)
    wanted = (
        select(stage.c[ROW_NO], stage.c.id.label("parcel_id"), stage.c.commune_code, *[USE_STAGE.c[name] for name in _VALUES])
        .join(USE_STAGE, USE_STAGE.c[ROW_NO] == stage.c[ROW_NO])
        .where(is_shown(stage))
        .cte("wanted")
    )
    columns = ["parcel_id", "commune_code", *_VALUES]
    if not any_matched:
        rows = select(*[wanted.c[name] for name in columns], literal(batch_id))
        connection.execute(insert(table).from_select([*columns, "batch_id"], rows, include_defaults=False))
        return set()
    same = and_(
        table.c.parcel_id == wanted.c.parcel_id,
        *[table.c[name].is_not_distinct_from(wanted.c[name]) for name in _VALUES],
    )
    of_stage = table.c.parcel_id == stage.c.id
    gone = (
        select(stage.c[ROW_NO], table.c.id)
        .join(table, of_stage)
        .where(~select(literal(1)).select_from(wanted).where(same).exists())
        .cte("gone")
    )
    new = select(wanted).where(~select(literal(1)).select_from(table).where(same).exists()).cte("new")
    matched = union_all(*[select(one.match.c[ROW_NO]).where(one.match.c.differs.is_(False)) for one in publications]).cte(
        "matched"
    )
    touched = union_all(select(gone.c[ROW_NO]), select(new.c[ROW_NO])).cte("touched")
    also = set(connection.scalars(select(touched.c[ROW_NO]).where(touched.c[ROW_NO].in_(select(matched.c[ROW_NO]))).distinct()))
    connection.execute(delete(table).where(table.c.id.in_(select(gone.c.id))))
    rows = select(*[new.c[name] for name in columns], literal(batch_id))
    connection.execute(insert(table).from_select([*columns, "batch_id"], rows, include_defaults=False))
    return also
