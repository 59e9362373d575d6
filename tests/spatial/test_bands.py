"""No number that breaks a sum, no date that is none: asked of the database's own catalog, so that the next column is found."""

from collections.abc import Iterator
from typing import Any

import pytest
from psycopg2 import errors
from sqlalchemy import CheckConstraint, Connection, Date, Float, Integer, Numeric, text

from spatial.layers import LAYERS, Layer, find_layer
from spatial.tables import Base, ParcelRestricted
from spatial.tables.bands import Band
from spatial.tables.base import table_of
from spatial.users import Role
from tests.conftest import Database
from tests.spatial.people import HOME, make_user, session, settle, square

NOT_DATA = {"rollup", "ingest", "audit"}
"""Books that the system keeps itself."""
WITHOUT = {("planning.content_gap", "valid_from"), ("planning.content_gap", "valid_to")}
"""Copies of what another table bounds."""
ODD = {
    "double precision": ("NaN", "Infinity", "-Infinity", "1e300"),
    "numeric": ("NaN", "Infinity", "-Infinity", "1e300"),
    "date": ("infinity", "-infinity", "0001-01-01 BC", "0001-01-01", "1799-12-31", "2201-01-01", "5874897-12-31"),
}


def columns(connection: Connection) -> Iterator[tuple[str, str, str]]:
    """Give table, column and type of all numbers and dates of the tables of data, as the catalog has them."""
    tables = [table.fullname for table in Base.metadata.tables.values() if table.schema not in NOT_DATA]
    found = connection.execute(
        text(
            "SELECT table_schema || '.' || table_name, column_name, data_type FROM information_schema.columns"
            " WHERE (table_schema || '.' || table_name) = ANY (:tables) AND data_type = ANY (:types)"
        ),
        {"tables": tables, "types": list(ODD)},
    )
    yield from ((table, column, kind) for table, column, kind in found)


def test_no_column_of_any_table_of_data_takes_what_breaks_sums(connection: Connection) -> None:
    found = 0
    for table, column, kind in list(columns(connection)):
        if (table, column) in WITHOUT:
            continue
        rules = connection.scalars(
            text(
                "SELECT pg_get_expr(conbin, conrelid) FROM pg_constraint WHERE contype = 'c' AND convalidated"
                " AND conrelid = CAST(:table AS regclass) AND conkey = ARRAY[("
                " SELECT attnum FROM pg_attribute WHERE attrelid = conrelid AND attname = :column)]"
            ),
            {"table": table, "column": column},
        ).all()
        for value in ODD[kind]:
            asked = f"SELECT {' AND '.join(rules) or 'true'} FROM (SELECT CAST('{value}' AS {kind}) AS {column}) AS row"
            assert connection.scalar(text(asked)) is False, f"{table}.{column} takes {value}: give it a band"
        found += 1
    assert found > 90


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_every_number_and_date_of_a_layer_has_a_band_with_its_reason(layer: Layer) -> None:
    for column in layer.table.columns:
        if column.name in ("id", "batch_id") or not isinstance(column.type, Integer | Numeric | Float | Date):
            continue
        band: Band[Any] | None = column.info.get("band")
        assert band, f"{layer.name}.{column.name}: say with band= what it can be (spatial/tables/bands.py)"
        assert band.why
        assert band.least < band.largest


def test_restricted_parcels_have_the_same_bounds_as_those_shown() -> None:
    def bounds(model: type) -> set[str]:
        return {str(rule.sqltext) for rule in table_of(model).constraints if isinstance(rule, CheckConstraint)}

    assert bounds(ParcelRestricted) == bounds(find_layer("parcels").model)


@pytest.fixture
def editor(database: Database) -> str:
    """The login of an editor of one commune."""
    settle(database)
    return make_user(database, "lan", Role.EDITOR, HOME)


def circle(corners: int) -> str:
    """Draw a round lake in the editor's commune."""
    return f"ST_Multi(ST_Segmentize('{square(105.02)}'::geometry, {0.004 / corners}))"


def test_an_editor_is_refused_what_would_break_a_national_figure(editor: str) -> None:
    for name, value in (("area_stated_m2", "'Infinity'"), ("area_stated_m2", "'NaN'"), ("valid_from", "'0001-01-01 BC'")):
        with session(editor) as cursor, pytest.raises(errors.CheckViolation, match="phải từ") as caught:
            cursor.execute(f"UPDATE landscape.green_area SET {name} = {value} WHERE code = 'home'")
        assert "«" in str(caught.value)
    with session(editor) as cursor, pytest.raises(errors.GeneratedAlways):
        cursor.execute("UPDATE landscape.green_area SET area_m2 = 'Infinity' WHERE code = 'home'")


def test_an_editor_is_refused_more_vertices_than_a_row_may_have(database: Database, editor: str) -> None:
    draw = "UPDATE landscape.green_area SET geom = {} WHERE code = 'home'"
    with session(editor) as cursor:
        cursor.execute(draw.format(circle(19_900)))
    with session(editor) as cursor, pytest.raises(errors.CheckViolation, match="nhiều hơn mức tối đa 20000 đỉnh") as caught:
        cursor.execute(draw.format(circle(20_100)))
    assert "Đơn giản hóa" in str(caught.value)
    with session(editor) as cursor, pytest.raises(errors.InsufficientPrivilege):
        cursor.execute("UPDATE admin.vertex_limit SET most_vertices = 1000000")
    with session(database.url) as cursor:
        cursor.execute("UPDATE admin.vertex_limit SET most_vertices = 20200 WHERE table_name = 'landscape.green_area'")
    with session(editor) as cursor:
        cursor.execute(draw.format(circle(20_100)))
    with session(database.url) as cursor:
        cursor.execute("UPDATE admin.vertex_limit SET most_vertices = 100 WHERE table_name = 'landscape.green_area'")
    with session(editor) as cursor:
        cursor.execute("UPDATE landscape.green_area SET valid_to = '2030-01-01' WHERE code = 'home'")


def test_every_layer_but_the_units_has_a_limit(connection: Connection) -> None:
    limits = {name: most for name, most in connection.execute(text("SELECT table_name, most_vertices FROM admin.vertex_limit"))}
    assert limits == {layer.table_name: layer.most_vertices for layer in LAYERS if layer.name != "admin_units"}
    assert find_layer("admin_units").most_vertices is None
