"""Land that must not be shown, and back again: never in both tables, never an owner or a use without its parcel."""

from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from ingest.options import CompleteFor
from ingest.rollback import roll_back
from spatial.errors import Conflict, InvalidInput, NotFound
from spatial.users import Role
from tests.conftest import Database, admin_cursor
from tests.ingest.files import squares, write_layer
from tests.ingest.world import COMMUNE, load_one, one, parcel_file, rows
from tests.spatial.people import make_user, session

MAY, JUNE = date(2025, 5, 1), date(2025, 6, 1)
OWNERS = "SELECT parcel_id, owner_name FROM private.parcel_owner ORDER BY 1"
SHOWN = "SELECT id, land_use_code, valid_from, valid_to FROM land.parcel ORDER BY code, valid_from"
HIDDEN = "SELECT id, land_use_code, valid_from, valid_to FROM private.parcel_restricted ORDER BY code, valid_from"

NOTHING_MAY_BE = {
    "both shown and hidden": "SELECT code FROM land.parcel INTERSECT SELECT code FROM private.parcel_restricted",
    "an id twice": "SELECT id FROM land.parcel INTERSECT SELECT id FROM private.parcel_restricted",
    "a use of no parcel": "SELECT id FROM land.parcel_use WHERE parcel_id NOT IN (SELECT id FROM land.parcel)",
    "an owner of no parcel": "SELECT id FROM private.parcel_owner WHERE parcel_id NOT IN "
    "(SELECT id FROM land.parcel UNION ALL SELECT id FROM private.parcel_restricted)",
    "two owners' rows of a parcel": "SELECT parcel_id FROM private.parcel_owner GROUP BY 1 HAVING count(*) > 1",
    "a secret use in public": "SELECT id FROM land.parcel WHERE land_use_code IN ('CQP', 'CAN') "
    "UNION ALL SELECT id FROM land.parcel_use WHERE code IN ('CQP', 'CAN')",
    "a secret in the public history": "SELECT id FROM history.land__parcel WHERE land_use_code IN ('CQP', 'CAN') "
    "UNION ALL SELECT id FROM history.land__parcel WHERE code IN (SELECT code FROM private.parcel_restricted)",
    "two periods at once": "SELECT a.code FROM land.parcel a JOIN land.parcel b ON a.code = b.code AND a.id < b.id "
    "AND daterange(a.valid_from, a.valid_to) && daterange(b.valid_from, b.valid_to)",
}


def hold(engine: Engine) -> None:
    """Hold the database against what must never be."""
    for what, statement in NOTHING_MAY_BE.items():
        assert rows(engine, statement) == [], what


def parcels(folder: Path, uses: list[str | None], **columns: Any) -> Path:
    """Write parcels 1, 2, ... with these land uses; the same shapes, owners and areas each time."""
    return parcel_file(folder / "p.shp", range(1, len(uses) + 1), KHLOAIDAT=uses, **columns)


@pytest.mark.parametrize("uses", [["ODT"], ["ONT 60; CLN 40"]])
def test_restricted_and_released_again_it_is_the_same_parcel(town: Engine, tmp_path: Path, uses: list[str | None]) -> None:
    load_one(town, "parcels", parcels(tmp_path, uses))
    before = rows(town, SHOWN), rows(town, OWNERS), one(town, "SELECT count(*) FROM land.parcel_use")
    withdrawn = load_one(town, "parcels", parcels(tmp_path, ["CQP"]))
    assert (withdrawn.added, withdrawn.changed) == (0, 1)
    hold(town)
    assert rows(town, SHOWN) == []
    assert rows(town, OWNERS) == before[1]
    assert one(town, "SELECT count(*) FROM land.parcel_use") == 0
    released = load_one(town, "parcels", parcels(tmp_path, uses))
    assert (released.added, released.changed) == (0, 1)
    hold(town)
    assert (rows(town, SHOWN), rows(town, OWNERS), one(town, "SELECT count(*) FROM land.parcel_use")) == before
    assert rows(town, HIDDEN) == []
    again = load_one(town, "parcels", parcels(tmp_path, uses))
    assert (again.unchanged, again.wrote) == (1, False)


def test_nothing_that_the_public_may_call_reads_restricted_land(database: Database) -> None:
    with admin_cursor(database.login("dothi_public")) as cursor:
        cursor.execute(
            "SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
            " WHERE has_function_privilege(p.oid, 'EXECUTE') AND has_schema_privilege(n.oid, 'USAGE')"
            " AND p.prosecdef AND p.prosrc LIKE '%private.%' AND p.prorettype <> 'trigger'::regtype"
        )
        assert cursor.fetchall() == []
        cursor.execute("SELECT count(*) FROM pg_proc WHERE proname LIKE 'is_unpublished%'")
        assert cursor.fetchone() == (0,)


def test_with_dates_what_it_was_while_restricted_stays_secret(town: Engine, tmp_path: Path) -> None:
    load_one(town, "parcels", parcels(tmp_path, ["ODT"]), valid_from=date(2024, 1, 1))
    load_one(town, "parcels", parcels(tmp_path, ["CQP"]), valid_from=MAY)
    assert [(use, begin) for _, use, begin, _ in rows(town, HIDDEN)] == [("ODT", date(2024, 1, 1)), ("CQP", MAY)]
    hold(town)
    load_one(town, "parcels", parcels(tmp_path, ["CLN"]), valid_from=JUNE)
    assert [(use, begin, end) for _, use, begin, end in rows(town, SHOWN)] == [("CLN", JUNE, None)]
    assert [name for _, name in rows(town, OWNERS)] == ["Nguyen Van Chu 1"]
    hold(town)


@pytest.mark.parametrize("use", [None, "XYZ", "ODT+XYZ"])
def test_a_file_that_does_not_say_what_the_land_is_for_releases_nothing(town: Engine, tmp_path: Path, use: str | None) -> None:
    load_one(town, "parcels", parcels(tmp_path, ["CQP", "ODT"]))
    load_one(town, "parcels", parcels(tmp_path, [use, use]))
    assert len(rows(town, HIDDEN)) == len(rows(town, SHOWN)) == 1
    hold(town)


@pytest.mark.parametrize("ends", [None, "2022-01-01"])
def test_a_file_that_speaks_of_the_past_releases_nothing(town: Engine, tmp_path: Path, ends: str | None) -> None:
    """Public before it was hidden, or until years ago: neither says that it may be shown today."""
    begins = date(2024, 1, 1) if ends is None else date(2015, 1, 1)
    load_one(town, "parcels", parcels(tmp_path, ["CQP"]), valid_from=begins)
    columns: dict[str, list[Any]] = {
        "XAID": [COMMUNE], "SOTO": ["1"], "SOTHUA": ["1"], "KHLOAIDAT": ["CLN"], "valid_from": ["2020-01-01"], "valid_to": [ends],
    }  # fmt: skip
    path = write_layer(tmp_path / "p.gpkg", squares(1, west=539_100.0, south=2_326_500.0), columns)
    load_one(town, "parcels", path)
    assert rows(town, SHOWN) == []
    assert len(rows(town, HIDDEN)) == 2
    hold(town)
    assert load_one(town, "parcels", path).wrote is False


def test_a_file_without_the_column_releases_nothing(town: Engine, tmp_path: Path) -> None:
    load_one(town, "parcels", parcels(tmp_path, ["CQP", "ODT"]))
    columns = {"XAID": [COMMUNE] * 3, "SHBANDO": ["1"] * 3, "SHTHUA": ["1", "2", "3"]}
    shapes = squares(3, west=539_100.0, south=2_326_500.0)
    report = load_one(town, "parcels", write_layer(tmp_path / "bare.shp", shapes, columns))
    assert (report.unchanged, report.added) == (2, 1)
    assert [use for _, use, _, _ in rows(town, HIDDEN)] == ["CQP"]
    hold(town)


def test_of_a_file_with_both_states_of_a_parcel_nothing_is_shown(town: Engine, tmp_path: Path) -> None:
    columns: dict[str, list[Any]] = {
        "XAID": [COMMUNE] * 2, "SOTO": ["1"] * 2, "SOTHUA": ["1"] * 2, "KHLOAIDAT": ["CQP", "ODT"],
        "valid_from": ["2020-01-01", "2024-01-01"], "valid_to": ["2024-01-01", None],
    }  # fmt: skip
    path = write_layer(tmp_path / "p.gpkg", squares(1, west=539_100.0, south=2_326_500.0) * 2, columns)
    for added in (2, 0):
        assert load_one(town, "parcels", path).added == added
        assert (len(rows(town, HIDDEN)), rows(town, SHOWN)) == (2, [])
        hold(town)
    later = write_layer(
        tmp_path / "q.gpkg", squares(1, west=539_100.0, south=2_326_500.0), {n: c[1:] for n, c in columns.items()}
    )
    assert load_one(town, "parcels", later).changed == 1
    assert [(use, begin) for _, use, begin, _ in rows(town, SHOWN)] == [("ODT", date(2024, 1, 1))]
    hold(town)


def test_rows_that_wait_neither_hide_nor_release(town: Engine, tmp_path: Path) -> None:
    load_one(town, "parcels", parcels(tmp_path, ["CQP", "ONT 60; CLN 40"]), valid_from=MAY)
    before = rows(town, SHOWN), rows(town, HIDDEN), one(town, "SELECT count(*) FROM land.parcel_use")
    columns = {
        "XAID": [COMMUNE] * 4, "SOTO": ["1"] * 4, "SOTHUA": ["1", "1", "2", "2"], "KHLOAIDAT": ["ODT", "ODT", "CQP", "CQP"],
        "valid_from": ["2026-01-01", "2026-02-01"] * 2,
    }  # fmt: skip
    shapes = [square for square in squares(2, west=539_100.0, south=2_326_500.0) for _ in "ab"]
    report = load_one(town, "parcels", write_layer(tmp_path / "p.gpkg", shapes, columns))
    assert (report.quarantined, report.wrote) == (4, False)
    assert (rows(town, SHOWN), rows(town, HIDDEN), one(town, "SELECT count(*) FROM land.parcel_use")) == before


@pytest.mark.parametrize("steps", [["ODT+CLN", "CQP"], ["CQP", "ODT+CLN"], ["ODT+CLN", "CQP", "CLN"]])
@pytest.mark.parametrize("begins", [None, JUNE])
def test_taken_back_all_is_as_before(town: Engine, tmp_path: Path, steps: list[str | None], begins: date | None) -> None:
    state = "SELECT code, land_use_raw, valid_from, valid_to, ST_AsText(geom, 7) FROM {} ORDER BY 1, 3"
    uses = "SELECT parcel_id, seq, code FROM land.parcel_use ORDER BY 1, 2"
    watched = (state.format("land.parcel"), state.format("private.parcel_restricted"), uses, OWNERS, SHOWN, HIDDEN)
    done = []
    for number, step in enumerate(steps):
        before = [rows(town, statement) for statement in watched]
        report = load_one(town, "parcels", parcels(tmp_path, [step]), valid_from=begins if number else MAY)
        done.append((report.batch or 0, before))
    with pytest.raises(Conflict):
        roll_back(town, done[0][0])
    for batch, before in reversed(done):
        roll_back(town, batch)
        hold(town)
        assert [rows(town, statement) for statement in watched] == before


# -- other doors --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["editor", "administrator"])
def test_uses_and_owners_leave_with_a_parcel_that_somebody_deletes(
    town: Engine, database: Database, tmp_path: Path, who: str
) -> None:
    load_one(town, "parcels", parcels(tmp_path, ["ODT+CLN", "ODT+CLN"]))
    url = make_user(database, "lan", Role.EDITOR, COMMUNE) if who == "editor" else database.url
    with session(url) as cursor:
        cursor.execute("DELETE FROM land.parcel WHERE parcel_no = '1'")
        assert cursor.rowcount == 1
    hold(town)
    assert one(town, "SELECT count(*) FROM land.parcel_use") == 2
    assert one(town, "SELECT count(*) FROM private.parcel_owner") == 1
    assert one(town, "SELECT content ->> 'owner_name' FROM private.history WHERE table_name = 'private.parcel_owner'")
    edit = one(town, "SELECT max(id) FROM ingest.batch WHERE kind = 'edit'")
    roll_back(town, edit)
    assert one(town, "SELECT count(*) FROM land.parcel_use") == 4
    assert one(town, "SELECT count(*) FROM private.parcel_owner") == 2


def test_the_applicant_leaves_with_the_permit(town: Engine, database: Database, tmp_path: Path) -> None:
    columns = {
        "SOGPXD": ["1", "2"],
        "kind": ["new"] * 2,
        "NGAYCAP": ["2025-01-01"] * 2,
        "status": ["issued"] * 2,
        "CHUDAUTU": ["A", "B"],
    }
    shapes = [square.centroid for square in squares(2, west=539_100.0, south=2_326_500.0)]
    load_one(town, "permits", write_layer(tmp_path / "g.gpkg", shapes, columns, geometry_type="Point"))
    with admin_cursor(database.url) as cursor:
        cursor.execute("DELETE FROM construction.permit WHERE code = '1'")
    assert rows(town, "SELECT applicant_name FROM private.permit_applicant") == [("B",)]


@pytest.mark.parametrize("statement", ["INSERT", "UPDATE"])
def test_an_editor_cannot_draw_a_hidden_parcel_anew(town: Engine, database: Database, tmp_path: Path, statement: str) -> None:
    load_one(town, "parcels", parcels(tmp_path, ["CQP", "ODT"]))
    same = "former_commune_code, map_sheet, area_m2, area_srid, commune_code, province_code, geom"
    copy = f"INSERT INTO land.parcel (code, parcel_no, {same}) SELECT replace(code, '.1.2', '.1.1'), '1', {same} FROM land.parcel"
    rename = "UPDATE land.parcel SET parcel_no = '1' WHERE parcel_no = '2'"
    with session(make_user(database, "lan", Role.EDITOR, COMMUNE)) as cursor, pytest.raises(Exception, match="không công bố"):
        cursor.execute(copy if statement == "INSERT" else rename)
    hold(town)


# -- any sequence ----------------------------------------------------------------------------------------------------------------

USES = st.sampled_from(["ODT", "CLN", "ONT 60; CLN 40", "ODT+LUC", "CQP", "CAN+ODT", None, "XYZ"])
STEP = st.one_of(
    st.tuples(
        st.just("load"),
        st.lists(USES, min_size=1, max_size=3),
        st.sampled_from([None, None, MAY, JUNE]),
        st.sampled_from([None, None, CompleteFor.SHEET]),
        st.booleans(),
    ),
    st.tuples(st.just("rollback"), st.integers(1, 4)),
    st.tuples(st.just("delete"), st.sampled_from("123")),
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, min_size=3, max_size=7))
def test_after_any_sequence_of_loads_edits_and_rollbacks(
    town: Engine, database: Database, tmp_path: Path, steps: list[tuple[Any, ...]]
) -> None:
    with admin_cursor(database.url) as cursor:
        cursor.execute("DELETE FROM land.parcel; DELETE FROM private.parcel_restricted")
    first = one(town, "SELECT max(id) FROM ingest.batch")
    for step in steps:
        if step[0] == "load":
            _, uses, begins, complete, with_owner = step
            owner = {} if with_owner else {"TENCHU": [None] * len(uses)}
            load_one(town, "parcels", parcels(tmp_path, uses, **owner), valid_from=begins, complete_for=complete)
        elif step[0] == "rollback":
            newest = rows(town, "SELECT id FROM ingest.batch WHERE id > :first ORDER BY id DESC LIMIT 4", first=first)
            with suppress(Conflict, InvalidInput, NotFound):
                roll_back(town, newest[min(step[1], len(newest)) - 1][0] if newest else 0)
        else:
            with admin_cursor(database.url) as cursor:
                cursor.execute("DELETE FROM land.parcel WHERE parcel_no = %s", (step[1],))
        hold(town)
