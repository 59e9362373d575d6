"""A CQL2 filter as a value: what was written, against which layer, and the condition it makes of any rows of it."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, FromClause

from spatial.crs import CRS84, Crs
from spatial.filters.parse import parse_tree
from spatial.filters.sentences import too_deep
from spatial.filters.terms import Scope
from spatial.filters.walk import condition
from spatial.layers import Layer


@dataclass(frozen=True)
class Filter:
    """A filter of a layer, as it is written. Two of the same text, language and CRS are equal: statements are compiled once.

    Attributes:
        layer: whose properties it names.
        text: what was written.
        language: `cql2-text` or `cql2-json`.
        crs: of the coordinates in it.
    """

    layer: Layer
    text: str
    language: str
    crs: Crs

    def on(self, source: FromClause) -> ColumnElement[bool]:
        """Give the condition on the rows of `source`, which has the columns of the layer. Values are bound.

        Raises:
            FilterSyntaxError: as in `parse_filter`, where that was not done before.
        """
        tree = parse_tree(self.text, self.language)
        try:
            return condition(Scope(self.layer, source, self.crs), tree)
        except RecursionError:
            raise too_deep() from None


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
    found = Filter(layer, text, language, crs)
    found.on(layer.table)
    return found
