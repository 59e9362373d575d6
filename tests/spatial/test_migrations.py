"""The migrations: up, down, up again; what they make is what the models say; they import nothing live."""

import ast
import time
from contextlib import closing
from pathlib import Path
from threading import Thread

import psycopg2
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.exc import IntegrityError

from spatial.database import downgrade, migrate
from spatial.errors import Conflict
from spatial.layers import LAYERS
from spatial.tables import Base
from tests.conftest import Database, sqlalchemy_url

MIGRATIONS = Path(__file__).parents[2] / "migrations"
OWN_SCHEMAS = {table.schema for table in Base.metadata.tables.values()}
LIVE_ROOMS = {"spatial", "ingest", "api", "dothi"}


def test_models_equal_the_migrated_database(connection: Connection) -> None:
    context = MigrationContext.configure(
        connection,
        opts={
            "include_schemas": True,
            "compare_type": True,
            "include_name": lambda name, kind, _: kind != "schema" or name in OWN_SCHEMAS,
        },
    )
    # `history` and `private.history` follow from the tracked tables, see below
    assert [difference for difference in compare_metadata(context, Base.metadata)] == []


def test_check_constraints_equal_those_of_the_models(connection: Connection) -> None:
    inspector = inspect(connection)
    for table in Base.metadata.tables.values():
        declared = {str(item.name) for item in table.constraints if item.__class__.__name__ == "CheckConstraint"}
        found = {item["name"] for item in inspector.get_check_constraints(table.name, table.schema)}
        assert found == declared, table.fullname


def test_each_revision_goes_down_and_up_again(database: Database) -> None:
    before = fingerprint(database)
    for revision in ("-1", "-1", "base"):
        downgrade(database.url, revision)
    assert fingerprint(database) != before
    migrate(database.url)
    assert fingerprint(database) == before


def fingerprint(database: Database) -> list[tuple[str, ...]]:
    """List columns, triggers, functions and grants of the own schemas."""
    engine = create_engine(sqlalchemy_url(database.url))
    with engine.connect() as connection:
        found = connection.execute(
            text(
                """
                SELECT 'column', table_schema || '.' || table_name, column_name, data_type, coalesce(column_default, '')
                FROM information_schema.columns WHERE table_schema = ANY(:schemas)
                UNION ALL
                SELECT 'trigger', event_object_schema || '.' || event_object_table, trigger_name,
                    event_manipulation, action_statement
                FROM information_schema.triggers WHERE trigger_schema = ANY(:schemas)
                UNION ALL
                SELECT 'function', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid), p.prosrc
                FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = ANY(:schemas)
                UNION ALL
                SELECT 'grant', table_schema || '.' || table_name, grantee, privilege_type, is_grantable
                FROM information_schema.table_privileges WHERE table_schema = ANY(:schemas)
                UNION ALL
                SELECT 'owner', n.nspname || '.' || c.relname, pg_get_userbyid(c.relowner), c.relkind::text, ''
                FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY(:schemas)
                ORDER BY 1, 2, 3, 4, 5
                """
            ),
            {"schemas": [*OWN_SCHEMAS, "history", "staging"]},
        )
        rows = [tuple(row) for row in found]
    engine.dispose()
    return rows


def test_a_migration_makes_nobody_wait_long_and_tries_again(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads the table queues behind the one who waits to change it, and not for longer than that one waits."""
    monkeypatch.setattr("spatial.database.LOCK_SECONDS", 0.3)
    with closing(psycopg2.connect(database.url)) as editor, editor.cursor() as cursor:
        cursor.execute("SELECT FROM public.layer_styles, land.parcel LIMIT 0; LOCK TABLE public.alembic_version")
        migrating = Thread(target=migrate, args=(database.url,))
        migrating.start()
        time.sleep(2)
        assert migrating.is_alive()
        editor.rollback()
        migrating.join(60)
        assert not migrating.is_alive()

        monkeypatch.setattr("spatial.database.PATIENCE_SECONDS", 0.5)
        cursor.execute("LOCK TABLE public.alembic_version")
        with pytest.raises(Conflict, match="dothi db migrate"):
            migrate(database.url)


def test_everything_belongs_to_the_owner_and_not_to_a_login(connection: Connection) -> None:
    strangers = connection.execute(
        text(
            """
            SELECT n.nspname || '.' || c.relname, pg_get_userbyid(c.relowner)
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = ANY(:schemas) AND pg_get_userbyid(c.relowner) <> 'dothi_owner'
            UNION ALL
            SELECT p.oid::regprocedure::text, pg_get_userbyid(p.proowner)
            FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
            WHERE n.nspname = ANY(:schemas) AND pg_get_userbyid(p.proowner) <> 'dothi_owner'
            """
        ),
        {"schemas": [*OWN_SCHEMAS, "history", "staging"]},
    )
    assert [tuple(row) for row in strangers] == []


def test_a_history_table_has_the_columns_of_its_table(connection: Connection) -> None:
    inspector = inspect(connection)
    histories = inspector.get_table_names("history")
    assert len(histories) > len(LAYERS)
    for name in histories:
        schema, table = name.split("__")
        columns = [(column["name"], str(column["type"])) for column in inspector.get_columns(table, schema)]
        expected = [("batch_from", kind) if column == "batch_id" else (column, kind) for column, kind in columns]
        kept = [(column["name"], str(column["type"])) for column in inspector.get_columns(name, "history")]
        # a column that a later revision adds stands after batch_to; every statement names its columns
        assert sorted(kept) == sorted([*expected, ("batch_to", "BIGINT")]), name


def test_every_layer_is_tracked_indexed_and_commented(connection: Connection) -> None:
    inspector = inspect(connection)
    for layer in LAYERS:
        schema, name = layer.table.schema, layer.table.name
        triggers = set(
            connection.execute(
                text("SELECT tgname FROM pg_trigger WHERE tgrelid = CAST(:table AS regclass) AND NOT tgisinternal"),
                {"table": layer.table_name},
            ).scalars()
        )
        assert {"stamp_row", "refuse_new_id", "refuse_truncate", "record_insert", "record_update", "record_delete"} <= triggers
        assert "guard_territory" in triggers
        indexes = connection.execute(
            text("SELECT indexdef FROM pg_indexes WHERE schemaname = :schema AND tablename = :name"),
            {"schema": schema, "name": name},
        ).scalars()
        assert any("USING gist (geom)" in index for index in indexes), layer.name
        assert inspector.get_pk_constraint(name, schema)["constrained_columns"] == ["id"]
        assert inspector.get_table_comment(name, schema)["text"]
        assert all(column["comment"] for column in inspector.get_columns(name, schema)), layer.name


@pytest.mark.parametrize("path", sorted(MIGRATIONS.rglob("*.py")), ids=lambda path: path.stem)
def test_a_migration_imports_nothing_live(path: Path) -> None:
    imported = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.add(node.module.split(".")[0])
    assert not imported & LIVE_ROOMS


def test_the_pinned_transformation_stands_in_the_database(connection: Connection) -> None:
    from spatial.crs import VN2000_TM3, VN2000_UTM, database_srid, transformer_to_wgs84

    for epsg in (*VN2000_TM3, *VN2000_UTM):
        east, north = (600_000.0, 1_190_000.0) if epsg != 3406 else (400_000.0, 1_190_000.0)
        lon, lat = transformer_to_wgs84(epsg).transform(east, north)
        found = connection.execute(
            text("SELECT ST_X(g), ST_Y(g) FROM ST_Transform(ST_SetSRID(ST_MakePoint(:east, :north), :srid), 4326) AS g"),
            {"east": east, "north": north, "srid": database_srid(epsg)},
        ).one()
        assert tuple(found) == pytest.approx((lon, lat), abs=2e-11 * 5)  # 1e-10 degrees is 0.01 mm


def test_rows_of_before_that_break_a_bound_stay_and_are_listed(database: Database) -> None:
    """The bound holds for what is written from then on; where restricted land is, is not told."""
    downgrade(database.url, "0070")
    engine = create_engine(sqlalchemy_url(database.url))
    shape = "ST_Multi(ST_MakeEnvelope(105, 20, 105.01, 20.01, 4326))"
    parcel = (
        "(code, former_commune_code, map_sheet, parcel_no, area_m2, area_srid, province_code, commune_code, valid_from, geom)"
    )
    with engine.begin() as connection:
        for statement in (
            f"INSERT INTO landscape.green_area (code, kind, area_m2, geom) VALUES ('odd', 'public', 'Infinity', {shape})",
            f"INSERT INTO landscape.green_area (code, kind, valid_from, geom) VALUES ('old', 'public', '0001-01-01', {shape})",
            f"INSERT INTO private.parcel_restricted {parcel}"
            f" VALUES ('37001.1.1.1', '1', '1', '1', 1, 9209, '37', '37001', '0001-01-01', {shape})",
        ):
            connection.execute(text(statement))
    migrate(database.url)
    with engine.begin() as connection:
        told = connection.execute(text("SELECT column_name, value, message FROM ingest.issue ORDER BY message")).all()
        assert [(row.column_name, row.value) for row in told] == [
            ("area_m2", "Infinity"), ("valid_from", "0001-01-01"), ("valid_from", None)
        ]  # fmt: skip
        assert "Bảng private.parcel_restricted: 1 dòng" in told[-1].message
        assert connection.scalar(text("SELECT kind FROM ingest.batch ORDER BY id DESC LIMIT 1")) == "migration"
        unproven = "SELECT conname FROM pg_constraint WHERE contype = 'c' AND NOT convalidated ORDER BY 1"
        assert connection.scalars(text(unproven)).all() == [
            "green_area_area_m2_plausible_check",
            "green_area_valid_from_plausible_check",
            "parcel_restricted_valid_from_plausible_check",
        ]
        assert connection.scalar(text("SELECT count(*) FROM landscape.green_area")) == 2
    with engine.begin() as connection, pytest.raises(IntegrityError):
        connection.execute(text("UPDATE landscape.green_area SET name = 'x' WHERE code = 'odd'"))
    engine.dispose()
