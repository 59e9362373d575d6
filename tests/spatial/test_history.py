"""History: main table and history together give back every earlier state, for any sequence of writes (hypothesis)."""

import itertools
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spatial.cluster import Cluster
from tests.conftest import Database, cloned
from tests.spatial.people import HOME, session, settle, square

KEYS = ("a", "b", "c")
STEP = st.tuples(st.sampled_from(("insert", "update", "delete", "update all")), st.sampled_from(KEYS), st.integers(0, 9))
BATCHES = st.lists(st.lists(STEP, min_size=1, max_size=5), min_size=1, max_size=6)
_examples = itertools.count()

AS_OF = """
    WITH known AS (SELECT id, data_version FROM ingest.batch WHERE data_version <= %(version)s)
    SELECT code, name FROM landscape.green_area g JOIN known ON known.id = g.batch_id WHERE code LIKE %(codes)s
    UNION ALL
    SELECT h.code, h.name FROM history.landscape__green_area h JOIN known ON known.id = h.batch_from
    WHERE h.code LIKE %(codes)s AND h.batch_to NOT IN (SELECT id FROM known)
    ORDER BY 1
"""


@pytest.fixture(scope="module")
def settled(cluster: Cluster, template: str) -> Iterator[Database]:
    with cloned(cluster, template) as database:
        settle(database)
        yield database


def write(cursor: Any, prefix: str, step: tuple[str, str, int], model: dict[str, str]) -> None:
    """Do a step to the table and to the model."""
    kind, key, value = step
    code, name = f"{prefix}{key}", str(value)
    if kind == "insert" and code not in model:
        cursor.execute(
            "INSERT INTO landscape.green_area (code, kind, province_code, commune_code, name, geom)"
            f" VALUES (%s, 'public', '37', '{HOME}', %s, '{square(105.03)}')",
            (code, name),
        )
        model[code] = name
    elif kind == "update":
        cursor.execute("UPDATE landscape.green_area SET name = %s WHERE code = %s", (name, code))
        model.update({code: name} if code in model else {})
    elif kind == "update all":
        cursor.execute("UPDATE landscape.green_area SET name = %s WHERE code LIKE %s", (name, f"{prefix}%"))
        model.update(dict.fromkeys(model, name))
    elif kind == "delete":
        cursor.execute("DELETE FROM landscape.green_area WHERE code = %s", (code,))
        model.pop(code, None)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=BATCHES)
def test_every_earlier_state_can_be_read_again(settled: Database, batches: list[list[tuple[str, str, int]]]) -> None:
    prefix = f"e{next(_examples)}."
    model: dict[str, str] = {}
    states: dict[int, dict[str, str]] = {}
    with closing(psycopg2.connect(settled.url)) as connection:
        for steps in batches:
            with connection, connection.cursor() as cursor:
                for step in steps:
                    write(cursor, prefix, step, model)
            with connection, connection.cursor() as cursor:
                cursor.execute("SELECT max(data_version) FROM ingest.batch")
                (version,) = cursor.fetchone() or (0,)
            states[version] = dict(model)
        with connection, connection.cursor() as cursor:
            for version, state in states.items():
                cursor.execute(AS_OF, {"version": version, "codes": f"{prefix}%"})
                assert cursor.fetchall() == sorted(state.items())


def test_a_row_keeps_its_id_and_a_deleted_id_never_returns(settled: Database) -> None:
    ids: list[int] = []
    for _ in range(2):
        with session(settled.url) as cursor:
            cursor.execute(
                "INSERT INTO landscape.green_area (code, kind, province_code, commune_code, geom)"
                f" VALUES ('again', 'public', '37', '{HOME}', '{square(105.03)}') RETURNING id"
            )
            ids += cursor.fetchone() or ()
        with session(settled.url) as cursor:
            cursor.execute("UPDATE landscape.green_area SET name = 'x' WHERE code = 'again' RETURNING id")
            assert cursor.fetchone() == (ids[-1],)
        with session(settled.url) as cursor:
            cursor.execute("DELETE FROM landscape.green_area WHERE code = 'again'")
    assert ids[1] > ids[0]


def test_what_one_batch_made_and_undid_leaves_no_trace_in_history(settled: Database) -> None:
    with session(settled.url) as cursor:
        cursor.execute(
            "INSERT INTO landscape.green_area (code, kind, province_code, commune_code, geom)"
            f" VALUES ('brief', 'public', '37', '{HOME}', '{square(105.03)}')"
        )
        cursor.execute("UPDATE landscape.green_area SET name = 'x' WHERE code = 'brief'")
        cursor.execute("DELETE FROM landscape.green_area WHERE code = 'brief'")
    with session(settled.url) as cursor:
        cursor.execute("SELECT count(*) FROM history.landscape__green_area WHERE code = 'brief'")
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize("clause", ["DO UPDATE SET name = 'merged'", "DO NOTHING"])
def test_an_upsert_keeps_what_it_replaced(settled: Database, clause: str) -> None:
    insert = (
        "INSERT INTO land.address (code, address, province_code, commune_code, valid_from, geom)"
        f" VALUES ('{clause[:5]}', 'Số 1', '37', '{HOME}', '2020-01-01', 'SRID=4326;POINT(105.01 20.01)')"
    )
    clause = clause.replace("name = 'merged'", "address = 'Số 2'")
    for _ in range(2):
        with session(settled.url) as cursor:
            cursor.execute(f"{insert} ON CONFLICT (code, valid_from) {clause}")
    with session(settled.url) as cursor:
        cursor.execute("SELECT address FROM history.land__address WHERE code = %s", (clause[:5],))
        assert cursor.fetchall() == ([("Số 1",)] if "UPDATE" in clause else [])
