"""From the parameters of items to a FeatureQuery: what was typed is read and checked here, against the layer."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from functools import cache, partial
from typing import Any

from api.aside import Aside
from api.ogc.cursor import read_cursor
from api.params import parse_bbox, parse_crs_parameter, parse_datetime, parse_known_at, parse_limit, parse_whole
from spatial.errors import InvalidInput
from spatial.features import FeatureQuery, SortKey
from spatial.features.query import Begin
from spatial.features.statement import STATEMENTS, compile_shape, shapes_of
from spatial.filters import Filter, is_queryable, is_sortable, parse_filter, read_value
from spatial.filters.parse import check_size
from spatial.layers import LAYERS, Layer
from spatial.selection import legal_today

DEFAULT_LIMIT = 10
INLINE_CHARACTERS = 200
"""Longer filters are read and compiled beside the event loop, which they would hold for up to a tenth of a second."""
PARAMETERS = frozenset(
    {
        "limit", "bbox", "bbox-crs", "crs", "datetime", "sortby", "offset", "cursor", "resulttype",
        "filter", "filter-lang", "filter-crs", "properties", "skipGeometry", "known_at",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A request for items, understood.

    Attributes:
        query: what to read.
        today: the legal day that stands for "in force today"; None where `datetime` was given.
        hits_only: whether only the number of features is wanted.
        known_at: the moment whose knowledge is asked for.
    """

    query: FeatureQuery
    today: date | None
    hits_only: bool
    known_at: datetime | None


@cache
def parameters_of(layer: Layer) -> frozenset[str]:
    """Name the parameters of a layer's items: those of all layers, and each queryable."""
    return PARAMETERS | {column.name for column in layer.table.columns if is_queryable(layer, column.name)}


def understand(layer: Layer, given: Mapping[str, str], *, maximum: int) -> Asked:
    """Read the parameters of items; their names are known to be right.

    Raises:
        InvalidInput: a value cannot be read or does not fit the layer.
        UnknownCrs: a CRS is not offered.
        FilterSyntaxError: the filter does not parse or does not fit; of a long one this is left to `compile_apart`.
    """
    sort = parse_sort(layer, given.get("sortby"))
    begin: Begin | None = None
    today = legal_today() if "datetime" not in given else None
    if "cursor" in given:
        begin, day = read_cursor(layer, sort, given["cursor"])
        today = day if today and day else today
    query = FeatureQuery(
        layer=layer,
        period=parse_datetime(given.get("datetime"), today=today or legal_today()),
        limit=parse_limit(given.get("limit"), default=DEFAULT_LIMIT, maximum=maximum),
        bbox=parse_bbox(given.get("bbox"), parse_crs_parameter(given.get("bbox-crs"))),
        equals=_equals(layer, given),
        condition=_condition(layer, given),
        sort=sort,
        offset=parse_whole("offset", given["offset"]) if "offset" in given else 0,
        begin=begin,
        crs=parse_crs_parameter(given.get("crs")),
        columns=_columns(layer, given.get("properties")),
        with_geometry=not _is_true("skipGeometry", given.get("skipGeometry")),
    )
    return Asked(query, today, _one_of("resulttype", given.get("resulttype"), ("results", "hits")) == "hits",
                 parse_known_at(given.get("known_at")))  # fmt: skip


async def compile_apart(compiling: Aside, query: FeatureQuery, *, spatial_first: bool = False, counts: bool = False) -> None:
    """See that the statements of a query with a long filter are compiled, before anything waits for them.

    Raises:
        FilterSyntaxError: the filter does not parse or does not fit.
        Unavailable: that took too long.
    """
    if query.condition is None or not _is_apart(query.layer, query.condition.text):
        return
    check_size(query.condition.text)
    for shape in shapes_of(query, spatial_first=spatial_first, counts=counts):
        if STATEMENTS.find(shape) is None:
            STATEMENTS.keep(shape, await compiling.run(compile_shape, shape, known=partial(STATEMENTS.find, shape)))


def parse_sort(layer: Layer, text: str | None) -> tuple[SortKey, ...]:
    """Read `sortby`: column names, `-` before one for descending, separated by commas.

    Raises:
        InvalidInput: a name is not sortable, or comes twice.
    """
    keys: list[SortKey] = []
    for part in text.split(",") if text else ():
        name = part.strip().lstrip("+-")
        if not is_sortable(layer, name) or name in [key.column for key in keys]:
            raise _no_property("sortby", name, [c.name for c in layer.table.columns if is_sortable(layer, c.name)])
        keys.append(SortKey(name, part.strip().startswith("-")))
    return tuple(keys)


def _columns(layer: Layer, text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    known = [column.name for column in layer.properties]
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in names:
        if name not in known:
            raise _no_property("properties", name, known)
    return names


def _equals(layer: Layer, given: Mapping[str, str]) -> tuple[tuple[str, Any], ...]:
    names = sorted(given.keys() & parameters_of(layer) - PARAMETERS)
    return tuple((name, read_value(layer.table.c[name], given[name])) for name in names)


def _condition(layer: Layer, given: Mapping[str, str]) -> Filter | None:
    language = _one_of("filter-lang", given.get("filter-lang"), ("cql2-text", "cql2-json"))
    crs = parse_crs_parameter(given.get("filter-crs"))
    if "filter" not in given:
        return None
    text = given["filter"]
    return Filter(layer, text, language, crs) if _is_apart(layer, text) else parse_filter(layer, text, language, crs)


def _is_apart(layer: Layer, text: str) -> bool:
    """Say whether a filter is read beside the event loop: a long one, of a layer that another process knows by its name."""
    return len(text) > INLINE_CHARACTERS and layer in LAYERS


def _one_of(name: str, text: str | None, words: tuple[str, ...]) -> str:
    if text is None:
        return words[0]
    if text not in words:
        listed = ", ".join(words)
        raise InvalidInput(
            f"{name}='{text[:60]}' is not offered. Use one of: {listed}.",
            vi=f"Không có {name}='{text[:60]}'. Hãy dùng một trong: {listed}.",
        )
    return text


def _is_true(name: str, text: str | None) -> bool:
    return _one_of(name, text, ("false", "true")) == "true"


def _no_property(parameter: str, name: str, known: Collection[str]) -> InvalidInput:
    near = get_close_matches(name, sorted(known), n=1, cutoff=0.5)
    hint, goi_y = (f" Did you mean '{near[0]}'?", f" Có phải '{near[0]}'?") if near else ("", "")
    return InvalidInput(
        f"{parameter}: '{name[:60]}' is not a property that can stand here, or stands here twice.{hint} "
        f"Properties: {', '.join(known)}.",
        vi=f"{parameter}: '{name[:60]}' không phải thuộc tính dùng được ở đây, hoặc bị lặp.{goi_y} "
        f"Các thuộc tính: {', '.join(known)}.",
    )
