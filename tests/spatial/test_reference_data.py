"""Reference data is written by loader and steward only: every table of it is tried as an editor, so that the next one is too."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg2
import pytest
from psycopg2 import errors

from spatial.cluster import Cluster
from spatial.layers import LAYERS, find_layer
from spatial.qgis_styles import build_qml
from spatial.references import reference_tables
from spatial.users import Role
from tests.conftest import Database, cloned
from tests.spatial.people import HOME, attempt, make_user, owner, session, settle, square

REFERENCE = sorted(reference_tables())
CREEP = "UPDATE admin.unit SET geom = ST_Multi(ST_Union(geom, ST_Translate(geom, 0.00002, 0.00002))) WHERE code = '37001'"
INVENTED = (
    "INSERT INTO admin.unit (code, level, kind, name, province_code, commune_code, geom)"
    " VALUES ('{code}', '{level}', 'Tỉnh', 'Tỉnh Giả', '37', '37001', '" + square(105.01) + "')"
)


@pytest.fixture(scope="module")
def settled(cluster: Cluster, template: str) -> Iterator[Database]:
    with cloned(cluster, template) as database:
        settle(database)
        make_user(database, "lan", Role.EDITOR, HOME)
        make_user(database, "binh", Role.EDITOR, "37")
        yield database


@pytest.fixture(params=["lan", "binh"])
def editor(settled: Database, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A commune's and a province's editor; nothing of theirs stays."""
    login = f"{settled.name}_{request.param}"
    url = settled.cluster.url(settled.name, login, password=settled.made_logins[request.param])
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        yield cursor


@pytest.mark.parametrize(
    "statement",
    [
        CREEP,
        INVENTED.format(code="98", level="province"),
        INVENTED.format(code="98", level="nation"),
        INVENTED.format(code="00004", level="commune"),
        "UPDATE admin.unit SET code = '99901' WHERE code = '37001'",
        "UPDATE admin.unit SET parent_code = '01' WHERE code = '37001'",
        "UPDATE admin.unit SET level = 'province' WHERE code = '37001'",
        "UPDATE admin.unit SET population_official = 99999999 WHERE code = '37001'",
        "DELETE FROM admin.unit WHERE code = '37001'",
        "UPDATE admin.urban_area SET urban_class = 'special'",
    ],
)
def test_no_editor_moves_the_boundaries_that_judge_her(editor: Any, statement: str) -> None:
    assert attempt(editor, statement) is errors.InsufficientPrivilege


@pytest.mark.parametrize("name", REFERENCE)
def test_no_table_of_reference_data_is_written_by_an_editor(editor: Any, name: str) -> None:
    editor.execute(
        "SELECT attname FROM pg_attribute"
        " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''",
        [name],
    )
    columns = [column for (column,) in editor.fetchall()]
    written = [f"UPDATE {name} SET {column} = {column}" for column in columns]
    for statement in (f"INSERT INTO {name} DEFAULT VALUES", f"DELETE FROM {name}", f"TRUNCATE {name}", *written):
        assert attempt(editor, statement) is errors.InsufficientPrivilege, statement


def test_reference_data_is_found_and_no_layer_of_it_is_editable() -> None:
    expected = {
        "admin.unit", "admin.unit_code", "admin.unit_change", "admin.urban_area", "admin.urban_area_commune", "land.land_use",
        "planning.zone_function", "planning.zone_function_alias", "planning.theme_coverage", "rollup.indicator",
    }  # fmt: skip
    assert expected <= set(REFERENCE)
    assert {layer.name for layer in LAYERS if layer.table_name in REFERENCE and layer.editable} == set()


def test_an_editor_writes_the_editable_layers_and_nothing_else(settled: Database) -> None:
    """The rights of the database, columns and sequences included, against the declaration."""
    with session(settled.url) as cursor:
        cursor.execute(
            """
            SELECT format('%I.%I', n.nspname, c.relname), verb
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace,
                unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS verb
            WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
                AND n.nspname NOT LIKE 'pg_toast%'
                AND CASE WHEN verb IN ('DELETE', 'TRUNCATE', 'TRIGGER') THEN has_table_privilege('dothi_editor', c.oid, verb)
                    ELSE has_any_column_privilege('dothi_editor', c.oid, verb) END
            """
        )
        found = set(cursor.fetchall())
    editable = {layer.table_name for layer in LAYERS if layer.editable}
    assert found == {(name, verb) for name in editable for verb in ("INSERT", "UPDATE", "DELETE")}


def test_the_loader_and_the_owner_still_write_them(settled: Database) -> None:
    with owner(settled) as connection:
        for role in ("dothi_ingest", "dothi_owner"):
            connection.exec_driver_sql(f"SET LOCAL ROLE {role}")
            connection.exec_driver_sql("UPDATE admin.unit SET name = name WHERE code = '37001'")
        connection.rollback()


def test_qgis_offers_no_form_for_them() -> None:
    for name in ("admin_units", "urban_areas", "theme_coverage", "population_grid"):
        layer = find_layer(name)
        assert 'editable="1"' not in build_qml(layer, layer.style.rules), name
    assert 'editable="1"' in build_qml(find_layer("green_areas"), ())
