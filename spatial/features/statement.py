"""From a feature query to one compiled statement and its values. Compiled once per shape: values never make a new one."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Integer, Select, bindparam, func, select

from spatial.area import Area, area_of, well_inside
from spatial.compiled import Statement
from spatial.crs import CRS84, Crs
from spatial.features import clauses
from spatial.features.query import FeatureQuery, SortKey
from spatial.filters import Filter
from spatial.filters.sentences import too_deep
from spatial.layers import GEOMETRY_COLUMN, KEY_COLUMN, Layer

_KNOWN_SHAPES = 1024


@dataclass(frozen=True)
class _Shape:
    """What of a query decides the text of its statement."""

    layer: Layer
    from_first: bool
    to_last: bool
    boxes: int
    outline: bool
    equals: tuple[str, ...]
    condition: Filter | None
    as_of: bool
    sort: tuple[SortKey, ...] = ()
    spatial_first: bool = False
    missing: tuple[bool, ...] | None = None
    offset: bool = False
    crs: Crs = CRS84
    columns: tuple[str, ...] = ()
    with_geometry: bool = True


def page_statement(query: FeatureQuery, *, spatial_first: bool = False) -> tuple[Statement, list[Any]]:
    """Give the statement of one page and its arguments.

    Its rows are `feature` (bytes), `version` (the layer's, in the snapshot read), `id` and `sort0`, `sort1` ...: one row
    more than the limit where there is a next page.

    Args:
        query: the question.
        spatial_first: see `clauses.order`; see `density` for when.

    Raises:
        InvalidInput: the box lies outside the domain of its projection.
    """
    area = area_of(query.bbox) if query.bbox else None
    shape = _Shape(
        **_selection(query, area),
        sort=query.sort,
        spatial_first=spatial_first and not query.sort,
        missing=tuple(value is None for value in query.begin.values[:-1]) if query.begin else None,
        offset=query.offset > 0,
        crs=query.crs,
        columns=_columns(query),
        with_geometry=query.with_geometry,
    )
    statement = _compile_page(shape)
    return statement, statement.arguments(_values(query, area))


def count_statement(query: FeatureQuery) -> tuple[Statement, list[Any]]:
    """Give the statement that counts all features selected, whatever page is asked for, and its arguments."""
    area = area_of(query.bbox) if query.bbox else None
    statement = _compile_count(_Shape(**_selection(query, area)))
    return statement, statement.arguments(_values(query, area))


def _columns(query: FeatureQuery) -> tuple[str, ...]:
    names = tuple(column.name for column in query.layer.properties)
    return names if query.columns is None else tuple(name for name in names if name in query.columns)


def _selection(query: FeatureQuery, area: Area | None) -> dict[str, Any]:
    return {
        "layer": query.layer,
        "from_first": query.period.start is not None,
        "to_last": query.period.end is not None,
        "boxes": len(area.boxes) if area and area.outline is None else 0,
        "outline": area is not None and area.outline is not None,
        "equals": tuple(name for name, _ in query.equals),
        "condition": query.condition,
        "as_of": query.as_of is not None,
    }


def _values(query: FeatureQuery, area: Area | None) -> dict[str, Any]:
    values: dict[str, Any] = {
        "first_day": query.period.start,
        "last_day": query.period.end,
        "version": query.as_of,
        "row_limit": query.limit + 1,
        "row_offset": query.offset,
        **{f"equal_{name}": value for name, value in query.equals},
    }
    if area:
        values["outline"] = area.outline
        for number, box in enumerate(area.boxes):
            values.update(zip((f"{side}{number}" for side in clauses.SIDES), box, strict=True))
            values.update(zip((f"inner_{side}{number}" for side in clauses.SIDES), well_inside(box), strict=True))
    if query.begin:
        values["after_id"] = query.begin.values[-1]
        values.update((f"after{n}", str(one) if isinstance(one, date) else one) for n, one in enumerate(query.begin.values[:-1]))
    return values


@lru_cache(maxsize=_KNOWN_SHAPES)
def _compile_page(shape: _Shape) -> Statement:
    return _compiled(draw_page(shape))


@lru_cache(maxsize=_KNOWN_SHAPES)
def _compile_count(shape: _Shape) -> Statement:
    source = clauses.source_of(shape.layer, as_of=shape.as_of)
    return _compiled(select(func.count()).select_from(source).where(*_conditions(shape, source)))


def _compiled(expression: Select[Any]) -> Statement:
    """Compile; a filter of few levels, each of which needs several steps in SQL, may still be too deep for that."""
    try:
        return Statement.of(expression)
    except RecursionError:
        raise too_deep() from None


def draw_page(shape: _Shape) -> Select[Any]:
    """Draw the statement: rows are chosen first, and only those chosen are made into text."""
    source = clauses.source_of(shape.layer, as_of=shape.as_of)
    names = dict.fromkeys((KEY_COLUMN, *shape.columns, *(key.column for key in shape.sort)))
    wanted = [source.c[name] for name in names]
    if shape.with_geometry:
        wanted.append(source.c[GEOMETRY_COLUMN])
    chosen = select(*wanted).where(*_conditions(shape, source))
    if shape.missing is not None:
        chosen = chosen.where(clauses.after(source, shape.layer, shape.sort, shape.missing))
    chosen = chosen.order_by(*clauses.order(source, shape.layer, shape.sort, spatial_first=shape.spatial_first))
    chosen = chosen.limit(bindparam("row_limit", type_=Integer))
    if shape.offset:
        chosen = chosen.offset(bindparam("row_offset", type_=BigInteger))
    rows = chosen.subquery("chosen")
    return select(
        clauses.feature_text(rows, shape.columns, shape.crs, with_geometry=shape.with_geometry).label("feature"),
        clauses.layer_version(shape.layer).scalar_subquery().label("version"),
        rows.c[KEY_COLUMN].label("id"),
        *(clauses.sort_value(rows, shape.layer.table.c[key.column]).label(f"sort{n}") for n, key in enumerate(shape.sort)),
    )


def _conditions(shape: _Shape, source: Any) -> list[clauses.Condition]:
    found = clauses.in_period(source, from_first=shape.from_first, to_last=shape.to_last)
    if shape.boxes:
        found.append(clauses.in_boxes(source, shape.boxes))
    if shape.outline:
        found.append(clauses.in_outline(source))
    found += clauses.equal(source, shape.layer, shape.equals)
    if shape.condition:
        found.append(shape.condition.on(source))
    return found
