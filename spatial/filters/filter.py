"""A CQL2 filter as a value: what was written, against which layer, and the condition it makes of any rows of it."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, FromClause

from spatial.crs import CRS84, Crs
from spatial.errors import FilterSyntaxError
from spatial.filters.parse import parse_tree
from spatial.filters.terms import Scope
from spatial.filters.walk import condition
from spatial.layers import Layer


@dataclass(frozen=True)
class Filter:
    """A filter that fits its layer. Two of the same text, language and CRS are equal, so statements are compiled once.

    Attributes:
        layer: whose properties it names.
        text: what was written.
        language: `cql2-text` or `cql2-json`.
        crs: of the coordinates in it.
        tree: the same as CQL2 JSON.
    """

    layer: Layer
    text: str
    language: str
    crs: Crs
    tree: Any = field(compare=False, repr=False)

    def on(self, source: FromClause) -> ColumnElement[bool]:
        """Give the condition on the rows of `source`, which has the columns of the layer. Values are bound."""
        return condition(Scope(self.layer, source, self.crs), self.tree)


def parse_filter(layer: Layer, text: str, language: str = "cql2-text", crs: Crs = CRS84) -> Filter:
    """Read a filter and check it against the layer.

    Args:
        layer: the layer filtered.
        text: the filter.
        language: `cql2-text` or `cql2-json`.
        crs: of the coordinates in it.

    Raises:
        FilterSyntaxError: it does not parse, names what the layer does not have, or asks for what is not offered.
    """
    found = Filter(layer, text, language, crs, parse_tree(text, language))
    try:
        found.on(layer.table)
    except RecursionError:
        raise FilterSyntaxError(
            "The filter is nested too deeply. Make it simpler.", vi="Bộ lọc lồng nhau quá sâu. Hãy viết đơn giản hơn."
        ) from None
    return found
