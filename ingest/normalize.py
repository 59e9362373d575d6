"""Brings rows that are there already to the present form of geometry and area, as one ordinary batch with its history.

Rows come in that form through the loader and the editors' trigger; this is for those of before, after an upgrade.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Integer,
    Select,
    Table,
    case,
    cast,
    func,
    or_,
    select,
    type_coerce,
    update,
)

from ingest.connect import loading, lock_layer
from ingest.rollback import EVENT_TABLES
from ingest.stage import AREA, AREA_SRID, shadow
from spatial.crs import VN2000_TM3, VN2000_UTM, WGS84
from spatial.references import BOOKS
from spatial.tables import Base, Batch
from spatial.versions import open_batch

_AREA_STATED = "area_stated_m2"
_SAME_M2 = 0.011
"""An area within this of its shape's was computed, to 0.01 m2; any other was stated by a file."""
_NAMED = 10
"""How many rows of a table that cannot be brought into form are named."""


@dataclass
class Normalized:
    """What was done.

    Attributes:
        batch_id: the batch; None where nothing was to do.
        changed: table -> rows that were brought into form.
        left: table -> ids of (some) rows of which nothing would be left, and which stay as they are.
    """

    batch_id: int | None = None
    changed: dict[str, int] = field(default_factory=dict)
    left: dict[str, list[int]] = field(default_factory=dict)


def normalize(engine: Engine) -> Normalized:
    """Bring every row with a geometry into the stored form, areas included; a second time there is nothing to do."""
    done = Normalized()
    with loading(engine) as connection:
        for table in _tables():
            lock_layer(connection, table.fullname)
            due = _due(table)
            if connection.scalar(select(due.exists())):
                done.batch_id = done.batch_id or open_batch(connection, "migration")
                done.changed[table.fullname] = _bring(connection, table, due, done.batch_id)
            vanishing = select(table.c.id).where(table.c.geom.is_not(None), _stored(table).is_(None))
            if left := list(connection.scalars(vanishing.order_by(table.c.id).limit(_NAMED))):
                done.left[table.fullname] = left
        if done.batch_id is not None:
            outcome = {"options": {"normalize": "geometry"}, "changed": sum(done.changed.values())}
            connection.execute(update(Batch).where(Batch.id == done.batch_id).values(**outcome))
    return done


def _tables() -> Iterator[Table]:
    """Give the tables of data whose rows carry a batch and a stored geometry."""
    # events last: bringing them into form applies them again, which writes the zones, whose batch tells the plane of their areas
    for declared in sorted(Base.metadata.sorted_tables, key=lambda table: table.fullname in EVENT_TABLES):
        shape = declared.columns.get("geom")
        is_data = declared.schema != "ingest" and "batch_id" in declared.columns and declared.fullname not in BOOKS
        if is_data and shape is not None and isinstance(shape.type, Geometry) and shape.type.srid == WGS84:
            yield shadow(declared)


def _stored(table: Table) -> ColumnElement[Any]:
    return type_coerce(func.admin.stored_geometry(table.c.geom), table.c.geom.type)


def _due(table: Table) -> Select[Any]:
    """Select the rows that are not in form, with the form; what has no geometry or nothing left of it is none of them."""
    conditions = [_stored(table).is_distinct_from(table.c.geom)]
    if AREA_SRID in table.columns:
        conditions += [table.c[AREA_SRID].is_(None), table.c[AREA].is_(None)]
    return select(table.c.id, _stored(table).label("shape")).where(_stored(table).is_not(None), or_(*conditions))


def _bring(connection: Connection, table: Table, due: Select[Any], batch_id: int) -> int:
    rows = due.cte("due")
    values: dict[str, Any] = {"geom": rows.c.shape}
    if AREA_SRID in table.columns:
        plane = _plane(table, rows.c.shape)
        values |= {AREA_SRID: plane, AREA: func.admin.area_m2(rows.c.shape, plane), _AREA_STATED: _stated(table, plane)}
    changed = connection.execute(update(table).where(table.c.id == rows.c.id).values(batch_id=batch_id, **values))
    return changed.rowcount


def _plane(table: Table, shape: ColumnElement[Any]) -> ColumnElement[int]:
    """Choose the plane of the area: the row's own, else the VN-2000 zone of the file it came in, else its province's."""
    code = cast(func.substring(Batch.crs, "^EPSG:([0-9]+)$"), Integer)
    of_file = select(code).where(Batch.id == table.c.batch_id, code.in_([*VN2000_TM3, *VN2000_UTM])).scalar_subquery()
    return func.coalesce(table.c[AREA_SRID], of_file, func.admin.area_srid(table.c.province_code, shape))


def _stated(table: Table, plane: ColumnElement[int]) -> ColumnElement[Any]:
    """Take what stood as the area for a file's statement, where it is not the shape's own and no plane stood beside it."""
    is_other = func.abs(table.c[AREA] - func.admin.area_m2(table.c.geom, plane)) > _SAME_M2
    return func.coalesce(table.c[_AREA_STATED], case((table.c[AREA_SRID].is_(None) & is_other, table.c[AREA])))
