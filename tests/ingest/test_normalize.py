"""Rows of before the stored form: brought up once, as a batch with its history that can be taken back."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from ingest.normalize import normalize
from ingest.rollback import roll_back
from tests.ingest.files import squares
from tests.ingest.test_stored import SOUTH, STORED, WEST, file_of
from tests.ingest.world import load_one, one, rows

OLD = """
    UPDATE {table} SET geom = ST_Multi(ST_ForcePolygonCW(ST_Translate(geom, 3.1e-9, -2.7e-9))), batch_id = ingest.current_batch()
"""
TIMES = "SELECT table_name, data_version FROM ingest.layer_version ORDER BY 1"


def write(engine: Engine, *statements: str) -> None:
    """Run statements as the loader, past its staging tables."""
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL ROLE dothi_ingest"))
        connection.execute(text("SELECT ingest.open_batch('load')"))
        for statement in statements:
            connection.execute(text(statement))


@pytest.fixture
def old_town(town: Engine, tmp_path: Path) -> Engine:
    """A town with parcels, one of them restricted, zones and an event as they were stored before."""
    shapes = squares(3, west=WEST, south=SOUTH)
    load_one(town, "parcels", file_of(tmp_path / "p.gpkg", shapes, "EPSG:5897", KHLOAIDAT=["ODT", "CLN", "CQP"]))
    insert = """
        INSERT INTO planning.zone (code, plan_code, area_m2, commune_code, province_code, valid_from, geom)
        SELECT '{code}', 'P', {area}, commune_code, '{province}', '2020-01-01', geom FROM land.parcel WHERE parcel_no = '1'"""
    write(
        town,
        OLD.format(table="land.parcel"),
        OLD.format(table="private.parcel_restricted"),
        insert.format(code="computed", area="admin.area_m2(geom, 5897)", province="01"),
        insert.format(code="stated", area="4321", province="01"),
        insert.format(code="unknown", area="NULL", province="01"),
        insert.format(code="nowhere", area="NULL", province="00"),
        """
        INSERT INTO planning.zone (code, plan_code, valid_from, geom) VALUES ('crumb', 'P', '2020-01-01',
            ST_Multi(ST_MakeEnvelope(105.1, 21, 105.10000002, 21.00000002, 4326)))
        """,
        "INSERT INTO planning.plan_event (plan_code, kind, effective_on) VALUES ('P', 'approved', '2020-01-01')",
        "INSERT INTO planning.plan_event (plan_code, kind, effective_on, geom) SELECT 'P', 'amended', '2021-01-01', geom"
        " FROM land.parcel WHERE parcel_no = '1'",
    )
    return town


def test_rows_are_brought_into_form_once_and_by_one_batch(old_town: Engine) -> None:
    ids = rows(old_town, "SELECT id, code FROM land.parcel ORDER BY id")
    done = normalize(old_town)
    assert done.batch_id is not None
    assert {"land.parcel": 2, "private.parcel_restricted": 1, "planning.zone": 4, "planning.plan_event": 1}.items() <= (
        done.changed.items()
    )
    assert one(old_town, f"SELECT bool_and({STORED}) FROM land.parcel")
    assert one(old_town, f"SELECT bool_and({STORED}) FROM private.parcel_restricted")
    assert one(old_town, f"SELECT bool_and({STORED}) FROM planning.zone WHERE code <> 'crumb'")
    assert one(old_town, "SELECT bool_and(geom = admin.stored_geometry(geom)) FROM planning.plan_event WHERE geom IS NOT NULL")
    assert rows(old_town, "SELECT id, code FROM land.parcel ORDER BY id") == ids
    assert one(old_town, "SELECT count(*) FROM history.land__parcel WHERE batch_to = :batch", batch=done.batch_id) == 2
    assert rows(old_town, "SELECT kind, changed FROM ingest.batch WHERE id = :batch", batch=done.batch_id) == [
        ("migration", sum(done.changed.values()))
    ]
    versions = rows(old_town, TIMES)
    again = normalize(old_town)
    assert (again.batch_id, again.changed) == (None, {})
    assert rows(old_town, TIMES) == versions


def test_a_stated_area_is_kept_and_planes_are_told(old_town: Engine) -> None:
    normalize(old_town)
    found = rows(old_town, "SELECT code, area_srid, area_stated_m2 FROM planning.zone ORDER BY code")
    assert found == [
        ("computed", 5897, None), ("crumb", None, None), ("nowhere", 4326, None),
        ("stated", 5897, 4321.0), ("unknown", 5897, None),
    ]  # fmt: skip


def test_a_row_of_which_nothing_would_be_left_stays_and_is_named(old_town: Engine) -> None:
    before = rows(old_town, "SELECT id, ST_AsText(geom) FROM planning.zone WHERE code = 'crumb'")
    for _ in range(2):
        assert normalize(old_town).left == {"planning.zone": [before[0][0]]}
    assert rows(old_town, "SELECT id, ST_AsText(geom) FROM planning.zone WHERE code = 'crumb'") == before


def test_the_plane_of_a_file_is_that_of_its_rows(old_town: Engine) -> None:
    with old_town.begin() as connection:
        batches = "SELECT batch_id FROM planning.zone WHERE code IN ('computed', 'stated')"
        connection.execute(text(f"UPDATE ingest.batch SET crs = 'EPSG:9209' WHERE id IN ({batches})"))
    normalize(old_town)
    assert rows(old_town, "SELECT DISTINCT area_srid FROM planning.zone WHERE area_srid <> 4326") == [(9209,)]


def test_it_can_be_taken_back(old_town: Engine) -> None:
    look = "SELECT id, code, ST_AsEWKB(geom), area_m2, area_srid FROM planning.zone ORDER BY id"
    before = rows(old_town, look)
    done = normalize(old_town)
    assert rows(old_town, look) != before
    assert done.batch_id is not None
    roll_back(old_town, done.batch_id)
    assert rows(old_town, look) == before
    assert normalize(old_town).changed["planning.zone"] == 4


def test_an_empty_database_needs_nothing(engine: Engine) -> None:
    assert normalize(engine).batch_id is None
    assert one(engine, "SELECT count(*) FROM ingest.batch") == 0
