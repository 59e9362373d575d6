"""The question a reader asks of a layer, as a value: what to select, in which order, from where on, in which CRS.

Knows layers and columns; neither how a request writes it nor how SQL says it.
"""

from dataclasses import dataclass
from typing import Any

from spatial.crs import CRS84, Crs
from spatial.filters import Filter
from spatial.layers import Layer
from spatial.selection import Bbox, LegalPeriod


@dataclass(frozen=True)
class SortKey:
    """One column to sort by; rows without a value come last in both directions."""

    column: str
    descending: bool = False


@dataclass(frozen=True)
class Begin:
    """Where a page begins: after a row of an earlier page, in the state of the data that the first page saw.

    Attributes:
        values: the earlier page's last row: its sort values, then its id.
        version: data version of the layer when the first page was read.
    """

    values: tuple[Any, ...]
    version: int


@dataclass(frozen=True)
class FeatureQuery:
    """Which features of a layer, in which order and form.

    Attributes:
        period: legal time; rows whose validity meets it.
        limit: rows of the page, at least 1.
        bbox: box that the geometry meets.
        equals: column and value pairs that all hold.
        condition: a CQL2 filter, checked against the layer.
        sort: order; the id always decides last.
        offset: rows left out at the beginning. Costly: they are read.
        begin: where to begin; with it no row is lost or doubled, whatever was written since the first page.
        as_of: data version to answer from; None: what is believed now.
        crs: system of the coordinates in the answer.
        columns: public columns wanted, in the order of the table; None: all.
        with_geometry: whether features have their geometry.
    """

    layer: Layer
    period: LegalPeriod
    limit: int = 10
    bbox: Bbox | None = None
    equals: tuple[tuple[str, Any], ...] = ()
    condition: Filter | None = None
    sort: tuple[SortKey, ...] = ()
    offset: int = 0
    begin: Begin | None = None
    as_of: int | None = None
    crs: Crs = CRS84
    columns: tuple[str, ...] | None = None
    with_geometry: bool = True
