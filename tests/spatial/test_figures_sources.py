"""One declaration says what a computation reads: it is all that its statement names, and what makes a figure stale."""

import re
from datetime import date

import pytest
from sqlalchemy import Connection, insert, select, text, update

from spatial import tables
from spatial.rollup import refresh
from spatial.rollup.computations import (
    BOOKS,
    COMPUTATIONS,
    REPORT_SOURCES,
    REPORT_STATEMENTS,
    TIER_SOURCES,
    TIER_STATEMENTS,
    Source,
    names,
    sources_of,
)
from spatial.rollup.figures import Freshness
from spatial.statements import FOLDER
from spatial.tables import Base, Dirty
from tests.spatial.rollup_world import add_parcels, add_units, set_today

TODAY = date(2026, 11, 21)
STATEMENTS = {*REPORT_STATEMENTS, *TIER_STATEMENTS, *(item.statement for item in COMPUTATIONS)}
READING = {"units", "periods", "parent", "shapes", "indicators", "freshness", "notes"}
"""Statements that readers run."""
KEEPING = {"delete_communes", "delete_tiers", "keep_past"}
"""Statements that only move what the figures keep themselves."""


def tables_named_in(statement: str) -> set[str]:
    """Give the tables that a statement names; schemas and tables are those of the models."""
    sql = re.sub(r"--.*", "", (FOLDER / "rollup" / f"{statement}.sql").read_text("utf-8"))
    known = {f"{table.schema}.{table.name}" for table in Base.metadata.tables.values()}
    named = set(re.findall(r"\b[a-z]+\.[a-z_]+\b(?!\s*\()", sql))
    return named & known


def test_every_statement_is_declared() -> None:
    there = {path.stem for path in (FOLDER / "rollup").glob("*.sql")}
    assert there == STATEMENTS | READING | KEEPING


@pytest.mark.parametrize("item", COMPUTATIONS, ids=lambda item: item.name)
def test_a_computation_declares_every_table_that_it_reads(item: object) -> None:
    assert hasattr(item, "statement")
    assert tables_named_in(item.statement) - BOOKS <= names(item.sources)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("statements", "sources"), [(REPORT_STATEMENTS, REPORT_SOURCES), (TIER_STATEMENTS, TIER_SOURCES)], ids=["reports", "tiers"]
)
def test_what_the_computations_share_declares_every_table_that_it_reads(
    statements: tuple[str, ...], sources: tuple[Source, ...]
) -> None:
    for statement in statements:
        assert tables_named_in(statement) - BOOKS <= names(sources), statement


def test_what_a_computation_reads_through_reports_is_among_its_sources() -> None:
    through_reports = {item.name for item in COMPUTATIONS if "rollup.report" in tables_named_in(item.statement)}
    assert through_reports == {"population", "observations", "past"}
    reported = names(REPORT_SOURCES) - {"population.unit_count", "survey.observation"}
    for item in COMPUTATIONS:
        if item.name in through_reports:
            assert reported <= names(item.sources), item.name


def test_every_date_of_validity_turns_the_figures() -> None:
    for source in [*TIER_SOURCES, *REPORT_SOURCES, *(source for item in COMPUTATIONS for source in item.sources)]:
        dates = {column.name for column in source.table.columns if column.name in ("valid_from", "valid_to")}
        read = [item for item in COMPUTATIONS if source in item.sources]
        if dates and read:
            assert dates <= set(source.turns_on), source.name


@pytest.mark.parametrize(
    ("table", "indicator"),
    [
        (tables.ParcelUse, "land_agricultural_m2"),
        (tables.UnitChange, "population"),
        (tables.UnitChange, "parcel_count"),
        (tables.UrbanAreaCommune, "building_count"),
        (tables.PlanEvent, "planned_area_m2"),
        (tables.Completeness, "public_green_m2"),
        (tables.Raster, "population"),
        (tables.Observation, "solid_waste_t"),
    ],
)
def test_a_figure_comes_from_every_table_of_its_way(table: type[Base], indicator: str) -> None:
    reported = indicator == "solid_waste_t"
    assert Source(table).name in sources_of(indicator, is_reported=reported)


def test_a_figure_does_not_come_from_tables_of_others() -> None:
    assert Source(tables.Parcel).name not in sources_of("population", is_reported=False)
    assert Source(tables.Observation).name not in sources_of("parcel_count", is_reported=False)
    assert Source(tables.GridCell).name not in sources_of("solid_waste_t", is_reported=True)


@pytest.mark.parametrize(
    ("changed", "legal_date", "is_stale"),
    [
        (set(), TODAY, False),
        ({"land.parcel"}, TODAY, True),
        ({"land.address"}, TODAY, False),
        (set(), date(2026, 11, 20), True),
        (set(), None, True),
    ],
)
def test_figures_are_stale_when_a_source_changed_or_the_day_turned(
    changed: set[str], legal_date: date | None, is_stale: bool
) -> None:
    freshness = Freshness(frozenset(changed), legal_date)
    assert freshness.is_stale(frozenset({"land.parcel"}), TODAY) is is_stale


def test_every_tracked_table_of_a_figure_leaves_a_mark(connection: Connection) -> None:
    """A table without marks would never make a figure stale: only code tables, which migrations change, have none."""
    sources = [*TIER_SOURCES, *REPORT_SOURCES, *(source for item in COMPUTATIONS for source in item.sources)]
    triggers = text(
        "SELECT event_object_schema || '.' || event_object_table FROM information_schema.triggers"
        " WHERE trigger_name = 'record_insert'"
    )
    tracked = set(connection.scalars(triggers))
    assert names(sources) - tracked == {"land.land_use", "admin.unit_code"}


def test_a_refresh_takes_the_marks_that_it_saw_and_those_only(connection: Connection) -> None:
    set_today(connection, TODAY)
    add_units(connection)
    add_parcels(connection, 1, count=5)
    refresh(connection)
    assert connection.scalar(select(Dirty.id)) is None
    connection.execute(update(tables.Parcel).values(land_use_code="LUC"))
    connection.execute(
        insert(tables.UnitChange).values(level="commune", kind="rename", from_code="88001", to_code="37001", changed_on=TODAY)
    )
    assert set(connection.scalars(select(Dirty.table_name))) == {"land.parcel", "admin.unit_change"}
