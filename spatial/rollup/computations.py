"""Which statements compute which indicators from which tables, in the order of dependence.

This is the one declaration that says what a change touches: what is computed again, what is stale, what turns with the day.
A test reads the statements and fails where one names a table that is not declared.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Table

from spatial import tables
from spatial.tables.base import Base, table_of


@dataclass(frozen=True)
class Source:
    """A table that a computation reads.

    Attributes:
        model: the table.
        is_wide: a change of it may touch any commune, so all are computed again; else those that the changed rows name.
        turns_on: dates of a row that the legal date may pass, so that it counts, or ceases to, though nobody wrote.
    """

    model: type[Base]
    is_wide: bool = False
    turns_on: tuple[str, ...] = ("valid_from", "valid_to")

    @property
    def table(self) -> Table:
        """The table."""
        return table_of(self.model)

    @property
    def name(self) -> str:
        """`schema.table`, as the marks in `rollup.dirty` name it."""
        return f"{self.table.schema}.{self.table.name}"


def _wide(model: type[Base], *turns_on: str) -> Source:
    return Source(model, is_wide=True, turns_on=turns_on)


@dataclass(frozen=True)
class Computation:
    """One statement of `spatial/sql/rollup` that gives commune values.

    Attributes:
        name: what the report of a refresh calls it.
        statement: file of the statement.
        indicators: codes of the additive indicators it gives; None: all that are reported.
        sources: the tables that it reads.
        spans: which periods it gives: `now` (the state at the legal date: its year), `past` (the state in years that are
            over) or `all` (a series by year).
        follows_day: whether its values differ from one day to the next though no row turned: all communes are done again.
    """

    name: str
    statement: str
    indicators: tuple[str, ...] | None
    sources: tuple[Source, ...]
    spans: str = "now"
    follows_day: bool = False


_UNIT = Source(tables.Unit)
_LEGAL = ("valid_from", "valid_to")
_STATEMENTS_OF_STEWARDS = Source(tables.Completeness, turns_on=("stated_on",))
_WAYS_OF_UNITS: tuple[Source, ...] = (
    _wide(tables.Unit, *_LEGAL),
    _wide(tables.UnitCode, *_LEGAL),
    _wide(tables.UnitChange, "changed_on"),
    _wide(tables.UrbanArea, *_LEGAL),
)
"""What carries a figure from a unit to its successors."""

_AREA = Computation("area", "area", ("area_m2",), (_UNIT,))
_PARCELS = Computation(
    "parcels",
    "parcels",
    (
        "parcel_count",
        "parcel_area_m2",
        "land_agricultural_m2",
        "land_non_agricultural_m2",
        "land_unused_m2",
        "land_unknown_m2",
    ),
    (Source(tables.Parcel), Source(tables.ParcelUse, turns_on=()), _wide(tables.LandUse), _UNIT),
)
_BUILDINGS = Computation(
    "buildings",
    "buildings",
    ("building_count", "building_footprint_m2", "building_floor_area_m2"),
    (Source(tables.Building), _STATEMENTS_OF_STEWARDS, _UNIT),
)
_GREEN = Computation("green", "green", ("public_green_m2",), (Source(tables.GreenArea), _STATEMENTS_OF_STEWARDS, _UNIT))
_PLANS = Computation(
    "plans",
    "plans",
    ("planned_area_m2", "detailed_area_m2"),
    (
        _UNIT,
        _wide(tables.Plan, *_LEGAL),
        _wide(tables.PlanEvent, "effective_on"),
        _wide(tables.ThemeCoverage, *_LEGAL),
        _wide(tables.ContentGap, *_LEGAL),
    ),
)
_STATE = (_AREA, _PARCELS, _BUILDINGS, _GREEN, _PLANS)

COMPUTATIONS: tuple[Computation, ...] = (
    *_STATE,
    Computation(
        "permits",
        "permits",
        ("permits_issued", "permits_contrary"),
        (Source(tables.Permit, turns_on=("issued_on", *_LEGAL)), _STATEMENTS_OF_STEWARDS, _UNIT),
        spans="all",
        follows_day=True,
    ),
    Computation(
        "population",
        "population",
        ("population",),
        (
            Source(tables.GridCell),
            _wide(tables.Raster),
            _wide(tables.UnitCount),
            _STATEMENTS_OF_STEWARDS,
            *_WAYS_OF_UNITS,
        ),
        spans="all",
    ),
    Computation(
        "observations",
        "carried",
        None,
        (_wide(tables.Observation), *_WAYS_OF_UNITS),
        spans="all",
    ),
    Computation(
        "past",
        "carried",
        tuple(code for computation in _STATE for code in computation.indicators or ()),
        _WAYS_OF_UNITS,
        spans="past",
    ),
)

REPORT_STATEMENTS = ("places", "edges", "given", "reports")
"""What fills `rollup.report` by way of the refresh's own tables, in this order."""

REPORT_SOURCES: tuple[Source, ...] = (_wide(tables.UnitCount), _wide(tables.Observation), *_WAYS_OF_UNITS)
"""What they read: all of it is a source of `population` or `observations`."""

TIER_STATEMENTS = ("tier_units", "add_tier", "rest", "ratios")
"""What adds communes up; they read figures, and who counts for whom."""

TIER_SOURCES: tuple[Source, ...] = (
    _wide(tables.UrbanArea, *_LEGAL),
    _wide(tables.UrbanAreaCommune, *_LEGAL),
    _wide(tables.UnitCode, *_LEGAL),
    _wide(tables.Unit, *_LEGAL),
)
"""Tables that change how communes are added up, for every indicator."""

BOOKS = frozenset({"rollup.value", "rollup.report", "rollup.past", "rollup.tier_unit", "rollup.note", "rollup.indicator"})
"""Tables that the figures keep themselves."""


def sources_of(indicator: str, *, is_reported: bool) -> frozenset[str]:
    """Name the tables that an additive indicator comes from, as the marks do.

    Args:
        indicator: its code.
        is_reported: whether its origin is `reported`.
    """
    own = (item for item in COMPUTATIONS if (is_reported if item.indicators is None else indicator in item.indicators))
    return names(source for item in own for source in item.sources) | names(TIER_SOURCES)


def names(sources: Iterable[Source]) -> frozenset[str]:
    """Name the tables of sources."""
    return frozenset(source.name for source in sources)
