"""Which columns name rows of other tables by their code, once for all: there are no foreign keys, as codes outlive periods."""

from collections.abc import Mapping
from functools import cache

from spatial.tables import Base

NAMED: Mapping[str, str] = {
    "commune_code": "admin.unit",
    "former_commune_code": "admin.unit",
    "province_code": "admin.unit",
    "unit_code": "admin.unit",
    "urban_area_code": "admin.urban_area",
    "plan_code": "planning.plan",
    "other_plan_code": "planning.plan",
    "parcel_code": "land.parcel",
    "permit_code": "construction.permit",
    "raster_code": "population.raster",
}
"""Column of any table -> the table whose `code` it holds."""

NAMED_IN: Mapping[str, Mapping[str, str]] = {
    "admin.unit": {"parent_code": "admin.unit"},
    "admin.urban_area": {"parent_code": "admin.urban_area"},
    "admin.unit_change": {"from_code": "admin.unit", "to_code": "admin.unit"},
    "land.parcel_lineage": {"from_code": "land.parcel", "to_code": "land.parcel"},
}
"""The same for columns whose name says something else elsewhere."""

LISTED = frozenset({"info_code", "land_use_code", "function_code", "source_code", "indicator_code"})
"""Columns that name an entry of a code list, which no batch writes."""

DERIVED = frozenset({"audit", "history", "ingest", "rollup"})
"""Schemas whose tables follow from others, or are the books about them."""

BOOKS = frozenset({"planning.plan_content", "planning.content_gap", "admin.territory_outline"})
"""Tables of other schemas that are: what is, or went missing, of plans, and what was granted; they may well name what is gone."""


@cache
def references_of(table_name: str) -> Mapping[str, str]:
    """Give column -> table that it names, for a table as `schema.table`."""
    columns = Base.metadata.tables[table_name].columns
    named = {column.name: NAMED[column.name] for column in columns if column.name in NAMED}
    return {**named, **NAMED_IN.get(table_name, {})}


@cache
def tables_that_name(target: str) -> Mapping[str, tuple[str, ...]]:
    """Give the tables with columns that hold codes of `target` (`schema.table`): table -> its columns."""
    found = {}
    for name, table in Base.metadata.tables.items():
        columns = tuple(column for column, named in references_of(name).items() if named == target)
        if columns and table.schema not in DERIVED and name not in BOOKS:
            found[name] = columns
    return found


@cache
def reference_tables() -> frozenset[str]:
    """Give the tables of reference data: by their rows others are judged, named, proven or counted.

    They are all of schema `admin`, the code lists (which no batch writes), the indicators, and where a theme is known. Loader and
    steward write them, no editor does.
    """
    tables = [table for table in Base.metadata.tables.values() if table.schema not in {*DERIVED, "private"}]
    found = {table.fullname for table in tables if table.schema == "admin" or "batch_id" not in table.columns}
    return frozenset(found | {"planning.theme_coverage", "rollup.indicator"})
