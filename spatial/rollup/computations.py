"""Which statement computes which indicators from which tables, in the order of dependence."""

from dataclasses import dataclass

from sqlalchemy import Table

from spatial import tables
from spatial.tables.base import Base


@dataclass(frozen=True)
class Computation:
    """One statement of `spatial/sql/rollup` that gives commune values.

    Attributes:
        name: file of the statement.
        indicators: codes of the additive indicators it gives; None: all that are reported.
        sources: tables whose changes make a commune dirty for it.
        wide_sources: tables whose changes may touch any commune: all are computed again.
        is_stock: whether the values are the state at the legal date (period = its year) and not a series by year.
    """

    name: str
    indicators: tuple[str, ...] | None
    sources: tuple[type[Base], ...]
    wide_sources: tuple[type[Base], ...] = ()
    is_stock: bool = True


COMPUTATIONS: tuple[Computation, ...] = (
    Computation("area", ("area_m2",), (tables.Unit,)),
    Computation(
        "parcels",
        (
            "parcel_count",
            "parcel_area_m2",
            "land_agricultural_m2",
            "land_non_agricultural_m2",
            "land_unused_m2",
            "land_unknown_m2",
        ),
        (tables.Parcel, tables.ParcelUse, tables.Unit),
    ),
    Computation(
        "buildings", ("building_count", "building_footprint_m2", "building_floor_area_m2"), (tables.Building, tables.Unit)
    ),
    Computation("permits", ("permits_issued", "permits_contrary"), (tables.Permit, tables.Unit), is_stock=False),
    Computation("green", ("public_green_m2",), (tables.GreenArea, tables.Unit)),
    Computation(
        "plans",
        ("planned_area_m2", "detailed_area_m2"),
        (tables.Unit,),
        wide_sources=(tables.Plan, tables.PlanEvent, tables.ThemeCoverage),
    ),
    Computation(
        "population",
        ("population",),
        (tables.GridCell, tables.Unit),
        wide_sources=(tables.UnitCount, tables.UnitChange),
        is_stock=False,
    ),
    Computation(
        "observations",
        None,
        (tables.Unit,),
        wide_sources=(tables.Observation, tables.UnitChange),
        is_stock=False,
    ),
)

TIER_SOURCES: tuple[type[Base], ...] = (tables.UrbanArea, tables.UrbanAreaCommune)
"""Tables that change only how communes are added up."""


def table_of(model: type[Base]) -> Table:
    """Give the table of a model."""
    table = model.__table__
    assert isinstance(table, Table)
    return table


def table_name(model: type[Base]) -> str:
    """Name a model's table as the marks in `rollup.dirty` do: `schema.table`."""
    table = table_of(model)
    return f"{table.schema}.{table.name}"
