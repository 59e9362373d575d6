"""A CQL2 filter as a value."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause

from spatial.crs import CRS84, Crs
from spatial.layers import Layer


@dataclass(frozen=True)
class Filter:
    """A filter that fits a layer: hashable by what was written, walked when a statement is drawn."""

    text: str

    def on(self, source: FromClause) -> ColumnElement[Any]:
        """Give the condition on the rows of `source`."""
        raise NotImplementedError


def parse_filter(layer: Layer, text: str, language: str = "cql2-text", crs: Crs = CRS84) -> Filter:
    raise NotImplementedError
