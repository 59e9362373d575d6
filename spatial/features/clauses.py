"""The clauses of a feature statement, each one small pure function from what is asked to SQL. Values are bound, by name."""

from collections.abc import Sequence
from typing import Any, TypeAlias

from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    Column,
    ColumnElement,
    Date,
    Float,
    FromClause,
    LargeBinary,
    Select,
    Subquery,
    Text,
    and_,
    bindparam,
    case,
    cast,
    column,
    false,
    func,
    literal_column,
    or_,
    select,
    table,
    true,
    type_coerce,
    union_all,
)

from spatial.crs import WGS84, Crs
from spatial.features.query import SortKey
from spatial.geometry_sql import RawGeometry
from spatial.layers import GEOMETRY_COLUMN, KEY_COLUMN, Layer
from spatial.publish import history_name
from spatial.tables import Batch, LayerVersion
from spatial.text_order import collation_of, in_order

Condition: TypeAlias = ColumnElement[bool]
SIDES = ("west", "south", "east", "north")


def source_of(layer: Layer, *, as_of: bool) -> FromClause:
    """Give the rows that are believed now, or (`as_of`, parameter `version`) those that were at a data version.

    As of a version: rows of the table but those that later batches wrote, and of the history those that later batches
    replaced. Later batches are few, so the plan of the plain question holds.
    """
    if not as_of:
        return layer.table
    later = select(
        func.array(select(Batch.id).where(Batch.data_version > bindparam("version", type_=BigInteger)).scalar_subquery())
    )
    later_ids = cast(later.scalar_subquery(), ARRAY(BigInteger))
    kept = [c for c in layer.table.columns if c.name != "batch_id"]
    history = table(
        history_name(layer),
        *(column(c.name, c.type) for c in kept),
        column("batch_from", BigInteger),
        column("batch_to", BigInteger),
        schema="history",
    )
    believed = select(*kept).where(layer.table.c.batch_id != func.all(later_ids))
    replaced = select(*(history.c[c.name] for c in kept)).where(
        and_(history.c.batch_to == func.any(later_ids), history.c.batch_from != func.all(later_ids))
    )
    return union_all(believed, replaced).subquery("believed")


def in_period(source: FromClause, *, from_first: bool, to_last: bool) -> list[Condition]:
    """Keep rows whose half-open validity meets the period; parameters `first_day` and `last_day`."""
    clauses: list[Condition] = []
    if to_last:
        clauses.append(source.c.valid_from <= bindparam("last_day", type_=Date))
    if from_first:
        clauses.append(or_(source.c.valid_to.is_(None), source.c.valid_to > bindparam("first_day", type_=Date)))
    return clauses


def in_boxes(source: FromClause, count: int) -> Condition:
    """Keep rows that meet one of `count` boxes in degrees; parameters `west0`, `south0`, `east0`, `north0`, `west1`...

    The index gives candidates; what lies well inside a box (`inner_west0` ..., see `area.well_inside`) needs no exact test, so
    only its rim pays for one. (CASE, since of OR the planner would make two scans of the index.)
    """
    geometry = source.c[GEOMETRY_COLUMN]
    return or_(*(_meets(geometry, number) for number in range(count)))


def in_outline(source: FromClause) -> Condition:
    """Keep rows that meet the polygon of parameter `outline` (WKB, degrees)."""
    outline = func.ST_GeomFromWKB(bindparam("outline", type_=LargeBinary), WGS84, type_=RawGeometry)
    return func.ST_Intersects(source.c[GEOMETRY_COLUMN], outline)


def _meets(geometry: ColumnElement[Any], number: int) -> Condition:
    box, inner = _box(f"{number}"), _box(f"{number}", "inner_")
    exactly = case((geometry.op("@")(inner), true()), else_=func.ST_Intersects(geometry, box))
    return and_(geometry.op("&&")(box), exactly)


def _box(number: str, prefix: str = "") -> ColumnElement[Any]:
    return func.ST_MakeEnvelope(*(_degrees(f"{prefix}{side}{number}") for side in SIDES), WGS84)


def _degrees(name: str) -> BindParameter[float]:
    return bindparam(name, type_=Float)


def equal(source: FromClause, layer: Layer, names: Sequence[str]) -> list[Condition]:
    """Keep rows whose columns have the values of parameters `equal_NAME`."""
    return [source.c[name] == bindparam(f"equal_{name}", type_=layer.table.c[name].type) for name in names]


def order(source: FromClause, layer: Layer, sort: Sequence[SortKey], *, spatial_first: bool) -> list[ColumnElement[Any]]:
    """Order by the sort keys, then the id.

    Args:
        source: the rows.
        layer: their layer.
        sort: keys.
        spatial_first: keep the planner from walking the primary key in the hope of meeting the box soon.
    """
    values = [(in_order(source.c[key.column], collation_of(layer.table.c[key.column])), key.descending) for key in sort]
    keys = [(value.desc() if descending else value.asc()).nulls_last() for value, descending in values]
    key = source.c[KEY_COLUMN]
    return [*keys, key + literal_column("0") if spatial_first and not sort else key]


def after(source: FromClause, layer: Layer, sort: Sequence[SortKey], missing: Sequence[bool]) -> Condition:
    """Keep rows that come after a row in the order; parameters `after0`, `after1` ... and `after_id`.

    Args:
        source: the rows.
        layer: their layer.
        sort: keys of the order.
        missing: for each key whether the row had no value there (such rows come last).
    """
    key = source.c[KEY_COLUMN]
    found: Condition = key > bindparam("after_id", type_=BigInteger)
    for number in reversed(range(len(sort))):
        kept = layer.table.c[sort[number].column]
        found = _after_key(source.c[kept.name], f"after{number}", kept, sort[number], missing[number], found)
    return found


def bound_value(name: str, kept: Column[Any]) -> ColumnElement[Any]:
    """Give the parameter for a value of a column; days as text, since PostgreSQL has some that Python has not (BC, 10000)."""
    if isinstance(kept.type, Date):
        return cast(bindparam(name, type_=Text), Date)
    return bindparam(name, type_=kept.type)


def sort_value(source: FromClause, kept: Column[Any]) -> ColumnElement[Any]:
    """Give the value of a sort key as `bound_value` takes it back."""
    return cast(source.c[kept.name], Text) if isinstance(kept.type, Date) else source.c[kept.name]


def _after_key(
    value: ColumnElement[Any], name: str, kept: Column[Any], key: SortKey, missing: bool, ties: Condition
) -> Condition:
    if missing:
        return and_(value.is_(None), ties)
    bound = bound_value(name, kept)
    ordered = in_order(value, collation_of(kept))
    beyond = ordered < bound if key.descending else ordered > bound
    last: Condition = value.is_(None) if kept.nullable else false()
    return or_(beyond, last, and_(value == bound, ties))


def feature_text(rows: Subquery, columns: Sequence[str], crs: Crs, *, with_geometry: bool) -> ColumnElement[bytes]:
    """Give each row as the UTF-8 bytes of a GeoJSON feature."""
    wanted = select(*(rows.c[name] for name in columns)).correlate(rows).subquery("properties") if columns else None
    properties: Any = _fixed("{}")
    if wanted is not None:
        properties = cast(select(func.row_to_json(wanted.table_valued())).scalar_subquery(), Text)
    geometry: Any = _fixed("null")
    if with_geometry:
        geometry = func.ST_AsGeoJSON(_in_crs(rows.c[GEOMETRY_COLUMN], crs), crs.decimals, 0)
    members = (
        _fixed('{"type":"Feature","id":'),
        rows.c[KEY_COLUMN],
        _fixed(',"geometry":'),
        geometry,
        _fixed(',"properties":'),
        properties,
        _fixed("}"),
    )
    return func.convert_to(func.concat(*members), _fixed("UTF8"), type_=LargeBinary)


def _fixed(text: str) -> ColumnElement[str]:
    """Write a text of this module into the statement; nothing that anybody asked for comes here."""
    return literal_column(f"'{text}'", Text)


def _in_crs(geometry: ColumnElement[Any], crs: Crs) -> ColumnElement[Any]:
    shape: Any = type_coerce(geometry, RawGeometry)
    if crs.database_srid != WGS84:
        shape = func.ST_Transform(shape, crs.database_srid)
    return func.ST_FlipCoordinates(shape) if crs.north_first else shape


def layer_version(layer: Layer) -> Select[tuple[int]]:
    """Give the data version of the layer in the statement's own snapshot, 0 where it was never written."""
    found = select(LayerVersion.data_version).where(
        LayerVersion.table_name == bindparam("table_name", layer.table_name, type_=Text)
    )
    return select(func.coalesce(found.scalar_subquery(), 0))
