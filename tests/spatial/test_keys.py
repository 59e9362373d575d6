"""Public keys belong to their place: a parcel's code is made of its parts, and what an editor writes names no other place."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg2 import errors, sql
from sqlalchemy import Connection, text

from spatial.cluster import Cluster
from spatial.layers import LAYERS, Layer, find_layer
from spatial.users import Role
from tests.conftest import Database, cloned
from tests.spatial.every_layer import REQUIRED, draw
from tests.spatial.people import HOME, attempt, make_user, owner, session, settle, square
from tests.spatial.rollup_world import COMMUNES

EDITABLE = [layer for layer in LAYERS if layer.editable]
OWN_CODE = [layer for layer in EDITABLE if "derived" not in layer.table.columns["code"].info]
NAMING = [
    (layer, name) for layer in EDITABLE for name in ("parcel_code", "permit_code") if name in layer.table.columns
]  # fmt: skip
PARCELS = find_layer("parcels")
OLD = "37101"
"""A commune that was merged into HOME."""
PARCEL = (
    "INSERT INTO land.parcel (code, former_commune_code, map_sheet, parcel_no, province_code, commune_code, geom)"
    f" VALUES ({{code}}, {{former}}, '5', '12', '37', '{HOME}', '{square(105.01)}')"
)


@pytest.fixture(scope="module")
def settled(cluster: Cluster, template: str) -> Iterator[Database]:
    with cloned(cluster, template) as database:
        settle(database)
        with owner(database) as connection:
            connection.execute(text("SET LOCAL ROLE dothi_owner"))
            connection.execute(
                text(
                    "INSERT INTO admin.unit_change (level, kind, from_code, to_code, changed_on)"
                    f" VALUES ('commune', 'merge', '{OLD}', '{HOME}', '2025-07-01')"
                )
            )
            connection.execute(
                text(
                    "INSERT INTO planning.plan (code, name, plan_level, plan_kind, status, province_code, commune_code, geom)"
                    f" VALUES ('P1', 'Đồ án', 'zoning', 'urban', 'in_preparation', '37', '{HOME}', '{square(105.02)}')"
                )
            )
        make_user(database, "lan", Role.EDITOR, HOME)
        make_user(database, "binh", Role.EDITOR, "37")
        yield database


def session_of(database: Database, name: str) -> Any:
    url = database.cluster.url(database.name, f"{database.name}_{name}", password=database.made_logins[name])
    return closing(psycopg2.connect(url))


@pytest.fixture
def lan(settled: Database) -> Iterator[Any]:
    with session_of(settled, "lan") as connection, connection.cursor() as cursor:
        yield cursor


@pytest.fixture
def binh(settled: Database) -> Iterator[Any]:
    with session_of(settled, "binh") as connection, connection.cursor() as cursor:
        yield cursor


def insert(cursor: Any, layer: Layer, **given: Any) -> dict[str, Any]:
    """Insert a row as an editor types it and give it back."""
    filled = {column.name for column in layer.table.columns if "filled" in column.info}
    typed = {name: value for name, value in REQUIRED[layer.name].items() if name not in filled}
    code = {} if layer is PARCELS else {"code": "moi"}
    values = code | typed | {"commune_code": HOME, "geom": draw(layer.geometry_type, 30)} | given
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING *").format(
        sql.Identifier(str(layer.table.schema), layer.table.name),
        sql.SQL(", ").join(map(sql.Identifier, values)),
        sql.SQL(", ").join(sql.Placeholder() * len(values)),
    )
    cursor.execute(statement, list(values.values()))
    ((*row,),) = cursor.fetchall()
    return dict(zip([column.name for column in cursor.description], row, strict=True))


def refused(cursor: Any, layer: Layer, words: str, **given: Any) -> None:
    cursor.execute("SAVEPOINT before")
    with pytest.raises(errors.CheckViolation, match=words):
        insert(cursor, layer, **given)
    cursor.execute("ROLLBACK TO before")


# -- parcels --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        "00004.00004.1.1",
        "01001.01001.5.12",
        f"{HOME}.{HOME}.5.13",
        f"{HOME}.{HOME}.6.12",
        f"{HOME}.{OLD}.5.12",
        "37001.5.12",
        "x",
    ],
)
def test_a_parcel_s_code_that_disagrees_with_its_parts_is_refused_at_every_door(settled: Database, lan: Any, code: str) -> None:
    statement = PARCEL.format(code=f"'{code}'", former=f"'{HOME}'")
    with pytest.raises(errors.CheckViolation, match="mã thửa phải gồm mã xã"):
        lan.execute(statement)
    loaded = statement.replace("INSERT INTO land.parcel (", "INSERT INTO land.parcel (area_m2, area_srid, ")
    loaded = loaded.replace("VALUES (", "VALUES (1, 9209, ")
    for role in ("dothi_ingest", "dothi_owner"):
        with session(settled.url) as cursor:
            cursor.execute(f"SET LOCAL ROLE {role}")
            assert attempt(cursor, loaded) is errors.CheckViolation
            assert attempt(cursor, loaded.replace("land.parcel", "private.parcel_restricted")) is errors.CheckViolation


def test_an_empty_code_is_composed_and_a_changed_one_is_refused(lan: Any) -> None:
    lan.execute(PARCEL.format(code="NULL", former="NULL") + " RETURNING id, code")
    ((key, code),) = lan.fetchall()
    assert code == f"{HOME}.{HOME}.5.12"
    for wrong in ("00004.00004.1.2", f"{HOME}.{HOME}.5.13", "  "):
        assert attempt(lan, f"UPDATE land.parcel SET code = '{wrong}' WHERE id = {key}") is errors.GeneratedAlways
    lan.execute(f"UPDATE land.parcel SET parcel_no = '13' WHERE id = {key} RETURNING code")
    assert lan.fetchall() == [(f"{HOME}.{HOME}.5.13",)]


def test_the_code_of_the_parcel_that_a_row_was_copied_from_gives_way(lan: Any) -> None:
    first = insert(lan, PARCELS)
    copy = insert(lan, PARCELS, code=first["code"], parcel_no="77", geom=draw("MULTIPOLYGON", 31))
    assert copy["code"] == f"{HOME}.{HOME}.9.77"


def test_a_former_commune_is_one_that_became_this(lan: Any) -> None:
    assert insert(lan, PARCELS, former_commune_code=OLD)["code"] == f"{HOME}.{OLD}.9.1"
    for former in ("01001", "37002"):
        refused(lan, PARCELS, "chưa từng nhập vào xã 37001", former_commune_code=former)


# -- every layer ----------------------------------------------------------------------------------------------------------------


def foreign_codes() -> list[str]:
    others = [code for code in COMMUNES if code != HOME]
    shapes = ("{}.1", "{}-vuon", "{}/2", "{}", "{}.{}.1.1", "DC-{}.{}.1.1")
    return [shape.format(code, code) for code in others for shape in shapes] + ["01QPK0010001", "38QHC0000001", "48DAN-1"]


@pytest.mark.parametrize("layer", OWN_CODE, ids=lambda layer: layer.name)
def test_no_code_of_another_place_is_written_in_any_layer(lan: Any, layer: Layer) -> None:
    for code in foreign_codes():
        refused(lan, layer, "của địa phương khác", code=code)
    row = insert(lan, layer, code="moi-1")
    for code in foreign_codes()[:3]:
        change = sql.SQL("UPDATE {} SET code = %s WHERE id = %s").format(
            sql.Identifier(str(layer.table.schema), layer.table.name)
        )
        lan.execute("SAVEPOINT before")
        with pytest.raises(errors.CheckViolation, match="của địa phương khác"):
            lan.execute(change, [code, row["id"]])
        lan.execute("ROLLBACK TO before")


@pytest.mark.parametrize("layer", OWN_CODE, ids=lambda layer: layer.name)
@pytest.mark.parametrize(
    "code",
    [f"{HOME}.1", f"{OLD}-7", f"DC-{HOME}.{OLD}.1.2", "37QPK0010001", "12", "12-a", "99999", "CT-01001", "123456", "Vườn 01"],
)
def test_a_code_that_names_no_other_place_is_hers(lan: Any, layer: Layer, code: str) -> None:
    assert insert(lan, layer, code=code)["code"] == code


@pytest.mark.parametrize(("layer", "name"), NAMING, ids=lambda item: getattr(item, "name", item))
def test_no_parcel_or_permit_of_another_place_is_named(lan: Any, layer: Layer, name: str) -> None:
    for code in ("01001.01001.1.1", "37002.37002.1.1"):
        refused(lan, layer, "của địa phương khác", **{name: code})
    assert insert(lan, layer, **{name: f"{HOME}.{OLD}.1.1"})[name] == f"{HOME}.{OLD}.1.1"


def test_a_province_s_editor_writes_codes_of_the_row_s_commune_only(binh: Any) -> None:
    layer = find_layer("green_areas")
    refused(binh, layer, "mang mã 37002 của địa phương khác", code="37002.1")
    assert insert(binh, layer, commune_code=None, province_code="37", code="37002.1")["code"] == "37002.1"
    refused(binh, layer, "mang mã 01001 của địa phương khác", commune_code=None, province_code="37", code="01001.1")
    row = insert(binh, layer, code=f"{HOME}.2")
    binh.execute("SAVEPOINT before")
    with pytest.raises(errors.CheckViolation, match="của địa phương khác"):
        binh.execute(
            f"UPDATE landscape.green_area SET commune_code = '37002', geom = '{square(105.13)}' WHERE id = %s", [row["id"]]
        )


def test_a_row_that_was_loaded_under_another_s_code_may_still_be_edited(settled: Database, lan: Any) -> None:
    with session(settled.url) as cursor:
        cursor.execute(
            "INSERT INTO landscape.green_area (code, kind, province_code, commune_code, geom)"
            f" VALUES ('37002.loaded', 'public', '37', '{HOME}', '{square(105.04)}')"
        )
    lan.execute("UPDATE landscape.green_area SET name = 'Vườn' WHERE code = '37002.loaded'")
    assert lan.rowcount == 1


PLACES = st.sampled_from([*COMMUNES, OLD, "37", "01", "48", "99999", "12345"])
PARTS = st.lists(st.one_of(PLACES, st.sampled_from([".", "-", "/", "DC-", "QPK001", "1", " ", "a", "Đ"])), min_size=1, max_size=6)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PARTS)
def test_whatever_is_typed_no_code_begins_with_another_s_commune(lan: Any, parts: list[str]) -> None:
    """An oracle without regular expressions."""
    code = "".join(parts)
    digits = code[: len(code) - len(code.lstrip("0123456789"))]
    begins_elsewhere = len(digits) == 5 and digits in COMMUNES and digits != HOME
    lan.execute("SELECT admin.foreign_place(%s, '37', %s)", [code, HOME])
    ((place,),) = lan.fetchall()
    assert place is not None or not begins_elsewhere
    if place is not None:
        assert place in code
        assert place not in {HOME, OLD, "37"}


def test_the_rule_holds_for_every_row_where_none_of_before_disagrees(connection: Connection) -> None:
    for table in ("land.parcel", "private.parcel_restricted"):
        found = connection.execute(
            text(
                "SELECT convalidated FROM pg_constraint"
                " WHERE conrelid = CAST(:table AS regclass) AND conname LIKE '%code_composed%'"
            ),
            {"table": table},
        )
        assert found.scalars().all() == [True]
