"""From a feature query to one compiled statement and its values. Compiled once per shape: values never make a new one."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
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

KEPT_BYTES = 8_000_000
"""Memory for compiled statements. Without filters there are some hundred of 3 kB; filters are written by anybody."""
_ENTRY_BYTES = 2_000
"""What an entry takes besides the text of its statement and of its filter."""


@dataclass(frozen=True)
class Shape:
    """What of a query decides the text of its statement; `counts`: of the one that counts."""

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
    counts: bool = False


class Statements:
    """Compiled statements by shape; the least recently used go when the bytes are used up."""

    def __init__(self, max_bytes: int = KEPT_BYTES) -> None:
        self._max_bytes = max_bytes
        self._kept: OrderedDict[Shape, Statement] = OrderedDict()
        self.bytes = 0

    def find(self, shape: Shape) -> Statement | None:
        """Give the statement if it is known."""
        found = self._kept.get(shape)
        if found is not None:
            self._kept.move_to_end(shape)
        return found

    def get(self, shape: Shape) -> Statement:
        """Give the statement, compiled here and now where it is not known."""
        found = self.find(shape)
        if found is None:
            found = compile_shape(shape)
            self.keep(shape, found)
        return found

    def keep(self, shape: Shape, statement: Statement) -> None:
        """Keep a statement that was compiled, wherever that was."""
        if shape not in self._kept:
            self._kept[shape] = statement
            self.bytes += _weight(shape, statement)
        while self.bytes > self._max_bytes:
            self.bytes -= _weight(*self._kept.popitem(last=False))


def _weight(shape: Shape, statement: Statement) -> int:
    """Estimate the bytes of an entry: names and values of the parameters take about as much as the text."""
    return _ENTRY_BYTES + 3 * len(statement.sql) + (4 * len(shape.condition.text) if shape.condition else 0)


STATEMENTS = Statements()
"""Those of this process."""


def shapes_of(query: FeatureQuery, *, spatial_first: bool = False, counts: bool = False) -> Iterator[Shape]:
    """Give the shapes that answering may need: two, where a page goes on that was begun in another state of the data.

    Raises:
        InvalidInput: the box lies outside the domain of its projection.
    """
    area = area_of(query.bbox) if query.bbox else None
    if counts:
        yield Shape(**_selection(query, area), counts=True)
        return
    yield _page_shape(query, area, spatial_first=spatial_first)
    if query.begin and query.as_of is None:
        yield _page_shape(replace(query, as_of=query.begin.version), area, spatial_first=spatial_first)


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
    statement = STATEMENTS.get(_page_shape(query, area, spatial_first=spatial_first))
    return statement, statement.arguments(_values(query, area))


def _page_shape(query: FeatureQuery, area: Area | None, *, spatial_first: bool) -> Shape:
    return Shape(
        **_selection(query, area),
        sort=query.sort,
        spatial_first=spatial_first and not query.sort,
        missing=tuple(value is None for value in query.begin.values[:-1]) if query.begin else None,
        offset=query.offset > 0,
        crs=query.crs,
        columns=_columns(query),
        with_geometry=query.with_geometry,
    )


def count_statement(query: FeatureQuery) -> tuple[Statement, list[Any]]:
    """Give the statement that counts all features selected, whatever page is asked for, and its arguments."""
    area = area_of(query.bbox) if query.bbox else None
    statement = STATEMENTS.get(Shape(**_selection(query, area), counts=True))
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


def compile_shape(shape: Shape) -> Statement:
    """Compile; of a long filter this takes tens of milliseconds.

    Raises:
        FilterSyntaxError: the filter was not read before and cannot be, or each of its few levels needs so many steps in
            SQL that it is too deep for that.
    """
    try:
        return Statement.of(_draw_count(shape) if shape.counts else draw_page(shape))
    except RecursionError:
        raise too_deep() from None


def _draw_count(shape: Shape) -> Select[Any]:
    source = clauses.source_of(shape.layer, as_of=shape.as_of)
    return select(func.count()).select_from(source).where(*_conditions(shape, source))


def draw_page(shape: Shape) -> Select[Any]:
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


def _conditions(shape: Shape, source: Any) -> list[clauses.Condition]:
    found = clauses.in_period(source, from_first=shape.from_first, to_last=shape.to_last)
    if shape.boxes:
        found.append(clauses.in_boxes(source, shape.boxes))
    if shape.outline:
        found.append(clauses.in_outline(source))
    found += clauses.equal(source, shape.layer, shape.equals)
    if shape.condition:
        found.append(shape.condition.on(source))
    return found
