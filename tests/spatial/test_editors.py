"""What an editor may save, through real logins: a minimal row of every layer, and each refusal a sentence of her language."""

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from typing import Any

import psycopg2
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg2 import errors, sql
from sqlalchemy import CheckConstraint, Column, Connection, text
from sqlalchemy import insert as insert_row

from ingest.checks import normalize_numbers
from spatial import tables
from spatial.layers import LAYERS, Layer, find_layer
from spatial.tables.bands import Band
from spatial.users import Role
from tests.conftest import Database, cloned
from tests.spatial.every_layer import REQUIRED, draw
from tests.spatial.people import HOME, make_user, owner, session, settle, square

Values = dict[str, Any]
EDITABLE = [layer for layer in LAYERS if layer.editable]
PLAN = {
    "code": "P1", "name": "Đồ án đang lập", "plan_level": "zoning", "plan_kind": "urban", "status": "in_preparation",
    "province_code": "37", "commune_code": HOME, "geom": square(105.02),
}  # fmt: skip
FORMER = ("37101", "37102")
"""Communes that were merged into HOME: the western and the eastern half of its ground."""
ENGLISH = re.compile(
    r"\b(null value|violates|constraint|relation|column|failing|row|duplicate|invalid|must|value|permission|territory|refused|"
    r"the|is|of|not)\b", re.IGNORECASE
)  # fmt: skip
VIETNAMESE = re.compile(r"[àáảãạăắằẳẵặâấầẩẫậđèéẻẽẹêếềểễệìíỉĩịòóỏõọôốồổỗộơớờởỡợùúủũụưứừửữựỳýỷỹỵ]", re.IGNORECASE)


# -- the world -----------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def settled(cluster: Any, template: str) -> Iterator[Database]:
    with cloned(cluster, template) as database:
        settle(database)
        with owner(database) as connection:
            connection.execute(text("SET LOCAL ROLE dothi_owner"))
            for code, west, east in ((FORMER[0], 105.0, 105.05), (FORMER[1], 105.05, 105.1)):
                connection.execute(
                    text(
                        "INSERT INTO admin.unit (code, level, name, province_code, valid_from, valid_to, geom)"
                        " VALUES (:code, 'commune', 'Xã cũ', '37', '2008-01-01', '2025-07-01',"
                        " ST_Multi(ST_MakeEnvelope(:west, 20, :east, 20.1, 4326)))"
                    ),
                    {"code": code, "west": west, "east": east},
                )
                connection.execute(
                    text(
                        "INSERT INTO admin.unit_change (level, kind, from_code, to_code, changed_on)"
                        " VALUES ('commune', 'merge', :code, :home, '2025-07-01')"
                    ),
                    {"code": code, "home": HOME},
                )
            connection.execute(insert_row(tables.Plan).values(PLAN))
        make_user(database, "lan", Role.EDITOR, HOME)
        yield database


@pytest.fixture
def lan(settled: Database) -> Iterator[Any]:
    """The commune's editor; nothing that she does is committed."""
    url = settled.cluster.url(settled.name, f"{settled.name}_lan", password=settled.made_logins["lan"])
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        yield cursor


def minimal(layer: Layer) -> Values:
    """Give what an editor must type for a new row: all that has no default and is not computed, and the commune."""
    derived = {column.name for column in layer.table.columns if "derived" in column.info}
    filled = {column.name for column in layer.table.columns if "filled" in column.info}
    kept = {name: value for name, value in REQUIRED[layer.name].items() if name not in filled}
    code = {} if "code" in derived else {"code": f"{layer.name}-moi"}
    return code | kept | {"commune_code": HOME, "geom": draw(layer.geometry_type, 30)}


def insert(cursor: Any, layer: Layer, values: Values) -> Values:
    """Insert a row and give it back as the database has it."""
    names = sql.SQL(", ").join(map(sql.Identifier, values))
    places = sql.SQL(", ").join(sql.Placeholder() * len(values))
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING *").format(table_of(layer), names, places)
    cursor.execute(statement, list(values.values()))
    return row_of(cursor)


def table_of(layer: Layer) -> sql.Identifier:
    return sql.Identifier(str(layer.table.schema), layer.table.name)


def row_of(cursor: Any) -> Values:
    ((*values,),) = cursor.fetchall()
    return dict(zip([column.name for column in cursor.description], values, strict=True))


def change(cursor: Any, layer: Layer, key: int, **values: Any) -> Values:
    """Change columns of a row and give it back."""
    assignments = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in values)
    statement = sql.SQL("UPDATE {} SET {} WHERE id = %s RETURNING *").format(table_of(layer), assignments)
    cursor.execute(statement, [*values.values(), key])
    return row_of(cursor)


def refused(cursor: Any, layer: Layer, values: Values, kind: type[psycopg2.Error]) -> Any:
    """Assert that the row is refused in one Vietnamese sentence with a Vietnamese hint; give what the server says."""
    with pytest.raises(kind) as caught:
        insert(cursor, layer, values)
    cursor.connection.rollback()
    return in_vietnamese(caught.value)


def in_vietnamese(error: psycopg2.Error) -> Any:
    said: Any = error.diag
    for words in (said.message_primary, said.message_hint):
        assert VIETNAMESE.search(words or ""), words
        assert not ENGLISH.search(re.sub(r"«[^»]*»|\b[a-z]+(_[a-z]+)+\b|\(bảng [^)]*\)", "", words)), words
    assert said.message_primary.endswith(".")
    assert len(re.findall(r"[.!?](?=\s|$)", said.message_primary)) == 1, said.message_primary
    return said


# -- every layer ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layer", EDITABLE, ids=lambda layer: layer.name)
def test_a_minimal_row_is_saved_and_completed(lan: Any, layer: Layer) -> None:
    row = insert(lan, layer, minimal(layer))
    assert (row["province_code"], row["valid_to"]) == ("37", None)
    lan.execute("SELECT admin.today_vn(), admin.stored_geometry(%s) = %s", [minimal(layer)["geom"], row["geom"]])
    assert lan.fetchall() == [(row["valid_from"], True)]
    if "area_srid" in row:
        lan.execute("SELECT admin.area_srid('37', %(geom)s), admin.area_m2(%(geom)s, %(area_srid)s)", row)
        assert lan.fetchall() == [(row["area_srid"], row["area_m2"])]
        assert row["area_m2"] > 100_000


@pytest.mark.parametrize("layer", EDITABLE, ids=lambda layer: layer.name)
def test_what_is_empty_and_has_a_default_is_filled(lan: Any, layer: Layer) -> None:
    """QGIS sends NULL for a field that was cleared."""
    columns = [column for column in layer.table.columns if column.computed is None and not column.nullable]
    defaults = {column.name for column in columns if column.server_default is not None}
    nothing = dict.fromkeys(defaults - {"id", "batch_id"})
    row = insert(lan, layer, minimal(layer) | nothing)
    assert all(row[name] is not None for name in defaults)


def coded_columns() -> list[Any]:
    found = [(layer, column) for layer in EDITABLE for column in layer.table.columns if "codes" in column.info]
    return [pytest.param(layer, column, id=f"{layer.name}.{column.name}") for layer, column in found]


@pytest.mark.parametrize(("layer", "column"), coded_columns())
def test_a_code_that_its_list_does_not_have_is_refused(lan: Any, layer: Layer, column: Column[Any]) -> None:
    said = refused(lan, layer, minimal(layer) | {column.name: "XXX"}, errors.ForeignKeyViolation)
    assert "không có mã XXX" in said.message_primary
    assert column.info["codes"].__table__.fullname in said.message_hint
    row = insert(lan, layer, minimal(layer))
    with pytest.raises(errors.ForeignKeyViolation) as caught:
        change(lan, layer, row["id"], **{column.name: "odt"})
    in_vietnamese(caught.value)


def required_columns() -> list[Any]:
    found = []
    for layer in EDITABLE:
        for column in layer.table.columns:
            has_default = column.server_default is not None or column.identity is not None or column.computed is not None
            if not column.nullable and not has_default and "filled" not in column.info:
                found.append(pytest.param(layer, column.name, id=f"{layer.name}.{column.name}"))
    return found


@pytest.mark.parametrize(("layer", "name"), [*required_columns(), pytest.param(find_layer("parcels"), "commune_code")])
def test_a_missing_value_is_named(lan: Any, layer: Layer, name: str) -> None:
    values = {key: value for key, value in minimal(layer).items() if key != name}
    kind = errors.CheckViolation if name == "commune_code" else errors.NotNullViolation
    said = refused(lan, layer, values, kind)
    title = (layer.table.columns[name].comment or "").split(":")[0].split(" (trống")[0]
    assert ("Chưa có hình học" if name == "geom" else f"«{title}»") in said.message_primary
    if name != "geom":
        row = insert(lan, layer, minimal(layer))
        with pytest.raises((errors.NotNullViolation, errors.CheckViolation, errors.InsufficientPrivilege)) as caught:
            change(lan, layer, row["id"], **{name: None})
        in_vietnamese(caught.value)


BROKEN: dict[str, Values] = {
    "period_in_order": {"valid_from": date(2025, 1, 2), "valid_to": date(2025, 1, 2)},
    "code_not_blank": {"code": "  "},
    "storeys_in_order": {"min_storeys": 5, "max_storeys": 3},
    "national_id_form": {"national_id": "12345678901"},
    "info_code_form": {"info_code": "12345678901x"},
    "capacity_has_unit": {"capacity": 5.0},
    "z_in_order": {"z_min_m": 3.0, "z_max_m": -3.0},
    "units_known": {"commune_code": None},
    "code_composed": {"code": f"{HOME}.{HOME}.9.2"},
}
"""For each rule that is not a closed list or a band: values that break it."""


def rules() -> list[Any]:
    """Give each rule of each editable layer with values that break it."""
    found = []
    for layer in EDITABLE:
        derived = {column.name for column in layer.table.columns if "derived" in column.info}
        for constraint in sorted(layer.table.constraints, key=lambda rule: str(rule.name)):
            if not isinstance(constraint, CheckConstraint):
                continue
            name = str(constraint.name).removeprefix(f"{layer.table.name}_").removesuffix("_check")
            bad = breaking(layer, name, constraint)
            if name != "geom_valid" and (name == "code_composed" or not bad.keys() & derived):
                found.append(pytest.param(layer, constraint, bad, id=f"{layer.name}.{name}"))
    return found


def breaking(layer: Layer, name: str, constraint: CheckConstraint) -> Values:
    if bounded := constraint.info.get("column"):
        band: Band[Any] = layer.table.columns[bounded].info["band"]
        beyond = band.largest + (timedelta(days=1) if isinstance(band.largest, date) else 1)
        return {bounded: beyond} | ({"capacity_unit": "m³"} if bounded == "capacity" else {})
    if name.endswith("_known") and name != "units_known":
        return {name.removesuffix("_known"): "khac"}
    return {key: value for key, value in BROKEN.get(name, {}).items() if key in layer.table.columns}


@pytest.mark.parametrize(("layer", "constraint", "bad"), rules())
def test_a_rule_of_the_table_is_told_in_its_own_words(lan: Any, layer: Layer, constraint: CheckConstraint, bad: Values) -> None:
    """A rule without words, or one that this test does not know how to break, fails here."""
    assert constraint.comment, f"say what {constraint.name} asks for: spatial.tables.base.rule"
    assert bad, f"add values that break {constraint.name} to BROKEN"
    said = refused(lan, layer, minimal(layer) | bad, errors.CheckViolation)
    assert said.message_primary.endswith(f"{constraint.comment}.")
    assert "«" in said.message_primary


def test_the_words_of_every_rule_are_in_the_database(connection: Connection) -> None:
    for layer in LAYERS:
        found = connection.execute(
            text(
                "SELECT conname, obj_description(oid, 'pg_constraint') FROM pg_constraint"
                " WHERE contype = 'c' AND conrelid = CAST(:table AS regclass)"
            ),
            {"table": layer.table_name},
        )
        declared = {str(rule.name): rule.comment for rule in layer.table.constraints if isinstance(rule, CheckConstraint)}
        assert {name: words for name, words in found} == declared


@pytest.mark.parametrize("layer", EDITABLE, ids=lambda layer: layer.name)
@pytest.mark.parametrize(
    ("values", "kind", "words", "hint"),
    [
        ({"commune_code": "99999"}, errors.ForeignKeyViolation, "mang mã 99999", "đơn vị hành chính"),
        ({"commune_code": "37002"}, errors.InsufficientPrivilege, "ngoài địa bàn", "mã xã"),
        ({"province_code": "01"}, errors.CheckViolation, "không thuộc tỉnh 01", "Để trống mã tỉnh"),
        ({"geom": None}, errors.NotNullViolation, "Chưa có hình học", "Vẽ"),
        ({"valid_from": date(2026, 2, 3), "valid_to": date(2026, 2, 2)}, errors.CheckViolation, "= 03/02/2026", "Sửa giá trị"),
    ],
    ids=["commune unknown", "commune of others", "wrong province", "no geometry", "dates"],
)
def test_each_reason_has_a_hint_that_fits(
    lan: Any, layer: Layer, values: Values, kind: type[psycopg2.Error], words: str, hint: str
) -> None:
    said = refused(lan, layer, minimal(layer) | values, kind)
    assert words in said.message_primary
    assert hint in said.message_hint


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ("MULTIPOLYGON(((105.01 20.01,105.02 20.02,105.02 20.01,105.01 20.02,105.01 20.01)))",
         "tự cắt tại 105.015000, 20.015000"),
        ("MULTIPOLYGON(((105.01 20.01,105.01 20.01,105.01 20.01,105.01 20.01)))", "thiếu điểm"),
        ("MULTIPOLYGON(((105.01 20.01,105.02 20.01,105.02 20.02,105.01 20.01)),((105.01 20.01,105.02 20.01,105.02 20.02,105.01"
         " 20.01)))", "tự cắt|chồng lên nhau"),
        ("MULTIPOLYGON(((105.01 20.01,105.02 20.01,105.02 20.02,105.01 20.01),(105.03 20.03,105.04 20.03,105.04 20.04,105.03"
         " 20.03)))", "lỗ nằm ngoài"),
        ("MULTIPOLYGON(((105.01 20.01,105.01000001 20.01,105.01000001 20.01000001,105.01 20.01)))", "nhỏ hoặc hẹp hơn 1 cm"),
        ("MULTIPOLYGON EMPTY", "Chưa có hình học"),
        (square(106.01).removeprefix("SRID=4326;"), "nằm ngoài địa bàn"),
    ],
)  # fmt: skip
def test_a_shape_that_cannot_be_stored_is_told_what_ails_it(lan: Any, shape: str, words: str) -> None:
    layer = find_layer("green_areas")
    said = refused(lan, layer, minimal(layer) | {"geom": f"SRID=4326;{shape}"}, psycopg2.Error)
    assert re.search(words, said.message_primary), said.message_primary


def test_a_coordinate_that_is_no_number_is_refused(lan: Any) -> None:
    layer = find_layer("addresses")
    nowhere = "0101000020E6100000000000000000F87F0000000000003440"  # POINT(NaN 20)
    refused(lan, layer, minimal(layer) | {"geom": nowhere}, psycopg2.Error)


def test_other_refusals_speak_vietnamese_too(settled: Database) -> None:
    statements = (
        "UPDATE landscape.green_area SET id = id + 1 WHERE code = 'home'",
        "UPDATE planning.plan SET valid_from = valid_from - 1",
        "UPDATE landscape.green_area SET batch_id = -999, name = 'x' WHERE code = 'home'",
    )
    with session(settled.url) as cursor:
        cursor.execute(
            "INSERT INTO planning.plan (code, name, plan_level, plan_kind, province_code, commune_code, valid_from, geom)"
            f" VALUES ('QH', 'Đồ án', 'zoning', 'urban', '37', '{HOME}', '2024-01-01', '{square(105.02)}')"
        )
        cursor.execute("INSERT INTO planning.plan_event (plan_code, kind, effective_on) VALUES ('QH', 'in_force', '2024-01-01')")
    url = settled.cluster.url(settled.name, f"{settled.name}_lan", password=settled.made_logins["lan"])
    for statement in statements:
        with pytest.raises(psycopg2.Error) as caught, session(url) as cursor:
            cursor.execute(statement)
        in_vietnamese(caught.value)


# -- what is computed -----------------------------------------------------------------------------------------------------------

MEASURED = [layer for layer in EDITABLE if "area_srid" in layer.table.columns]


@pytest.mark.parametrize("layer", MEASURED, ids=lambda layer: layer.name)
def test_an_area_follows_its_shape_and_is_never_typed(lan: Any, layer: Layer) -> None:
    pasted = {"area_m2": 1.0, "area_srid": 3405}  # a pasted row brings those of the row it was copied from
    row = insert(lan, layer, minimal(layer) | pasted)
    assert (row["area_m2"] > 100_000, row["area_srid"]) == (True, 5897)
    lan.execute("SAVEPOINT before")
    for name, value in (("area_m2", 1.0), ("area_m2", None), ("area_srid", 9209)):
        with pytest.raises(errors.GeneratedAlways, match="do hệ thống tính") as caught:
            change(lan, layer, row["id"], **{name: value})
        in_vietnamese(caught.value)
        lan.execute("ROLLBACK TO before")
    lan.execute(
        sql.SQL("UPDATE {} SET geom = ST_Multi(ST_Buffer(geom, -0.0005)) WHERE id = %s RETURNING *").format(table_of(layer)),
        [row["id"]],
    )
    smaller = row_of(lan)
    lan.execute("SELECT admin.area_m2(%s, 5897), %s = admin.stored_geometry(%s)", [smaller["geom"]] * 3)
    assert lan.fetchall() == [(smaller["area_m2"], True)]
    assert smaller["area_m2"] < row["area_m2"]


@pytest.mark.parametrize("layer", MEASURED, ids=lambda layer: layer.name)
def test_an_area_stays_while_the_shape_does(settled: Database, lan: Any, layer: Layer) -> None:
    """The plane of the file it was loaded in stays the row's own, whatever its province's would be."""
    values = minimal(layer) | {"province_code": "37", "area_m2": 123.0, "area_srid": 9209}
    if layer.name == "parcels":
        values |= {"code": f"{HOME}.{FORMER[0]}.9.1", "former_commune_code": FORMER[0]}
    else:
        values |= {"code": f"{layer.name}.loaded"}
    with session(settled.url) as cursor:
        row = insert(cursor, layer, values)
    noted = {"address": "Ngõ 1"} if layer.name == "parcels" else {"name": "Tên mới"}
    again = change(lan, layer, row["id"], **noted)
    assert (again["area_m2"], again["area_srid"], again["code"]) == (123.0, 9209, row["code"])
    moved = change(lan, layer, row["id"], geom=draw(layer.geometry_type, 31))
    lan.execute("SELECT admin.area_m2(%s, 9209)", [moved["geom"]])
    assert (moved["area_srid"], lan.fetchall()) == (9209, [(moved["area_m2"],)])
    lan.connection.rollback()
    with session(settled.url) as cursor:
        cursor.execute(sql.SQL("DELETE FROM {} WHERE id = %s").format(table_of(layer)), [row["id"]])


# -- parcels --------------------------------------------------------------------------------------------------------------------

PARCELS = find_layer("parcels")


def parcel(west: float = 105.01, **values: Any) -> Values:
    return {"commune_code": HOME, "map_sheet": "5", "parcel_no": "12", "geom": square(west)} | values


def test_a_parcel_needs_no_more_than_commune_sheet_number_and_shape(lan: Any) -> None:
    row = insert(lan, PARCELS, parcel())
    assert row["code"] == f"{HOME}.{FORMER[0]}.5.12"
    assert row["former_commune_code"] == FORMER[0]
    eastern = insert(lan, PARCELS, parcel(105.08))
    assert eastern["code"] == f"{HOME}.{FORMER[1]}.5.12"


def test_numbers_are_written_as_the_loader_writes_them(lan: Any) -> None:
    row = insert(lan, PARCELS, parcel(map_sheet=" DC-012 ", parcel_no="0012 A", code="  "))
    assert (row["map_sheet"], row["parcel_no"]) == ("dc-012", "12a")
    assert row["code"] == f"{HOME}.{FORMER[0]}.dc-012.12a"


def test_the_code_follows_its_parts_and_is_never_typed(lan: Any) -> None:
    row = insert(lan, PARCELS, parcel())
    lan.execute("SAVEPOINT before")
    with pytest.raises(errors.GeneratedAlways, match="«Mã công khai, ổn định» do hệ thống tính"):
        change(lan, PARCELS, row["id"], code="x.y.z")
    lan.execute("ROLLBACK TO before")
    assert change(lan, PARCELS, row["id"], parcel_no="013")["code"] == f"{HOME}.{FORMER[0]}.5.13"
    with pytest.raises(errors.ExclusionViolation, match=r"đã có ở dòng \d+ trong thời gian từ \d\d/\d\d/\d{4} đến nay"):
        insert(lan, PARCELS, parcel(parcel_no="13"))


@pytest.mark.parametrize(
    ("values", "kind", "words"),
    [
        ({"parcel_no": "tạm"}, errors.CheckViolation, "Số thửa tạm"),
        ({"parcel_no": "000"}, errors.CheckViolation, "Số thửa 0"),
        ({"parcel_no": "  "}, errors.NotNullViolation, "«Số thứ tự thửa»"),
        ({"map_sheet": "0"}, errors.CheckViolation, "tờ bản đồ 0"),
        ({"former_commune_code": "00000"}, errors.ForeignKeyViolation, "mang mã 00000"),
        ({"former_commune_code": "37002"}, errors.CheckViolation, "chưa từng nhập vào xã"),
        ({"land_use_code": "CQP"}, errors.CheckViolation, "CQP không được công bố"),
        ({"map_sheet": None, "parcel_no": None}, errors.NotNullViolation, "«Số hiệu tờ bản đồ», «Số thứ tự thửa»"),
    ],
)
def test_what_names_no_parcel_or_must_not_be_shown(lan: Any, values: Values, kind: type[psycopg2.Error], words: str) -> None:
    assert words in refused(lan, PARCELS, parcel(**values), kind).message_primary


def test_a_former_commune_is_told_only_where_it_is_known(settled: Database, lan: Any) -> None:
    """Where a commune was made of several and no former ground holds the parcel, she must say."""
    with session(settled.url) as cursor:
        cursor.execute("UPDATE admin.unit SET boundary_quality = 'schematic' WHERE code = %s", [FORMER[1]])
    try:
        assert insert(lan, PARCELS, parcel(105.01))["former_commune_code"] == FORMER[0]
        said = refused(lan, PARCELS, parcel(105.08), errors.NotNullViolation)
        assert "«Mã xã đã lập bản đồ (trước sáp nhập)»" in said.message_primary
        assert insert(lan, PARCELS, parcel(105.08, former_commune_code=FORMER[1]))["code"] == f"{HOME}.{FORMER[1]}.5.12"
    finally:
        lan.connection.rollback()
        with session(settled.url) as cursor:
            cursor.execute("UPDATE admin.unit SET boundary_quality = 'official' WHERE code = %s", [FORMER[1]])


def test_a_former_commune_without_any_loaded_boundary_hinders_no_edit(settled: Database, lan: Any) -> None:
    code = f"{HOME}.12345.5.12"
    with session(settled.url) as cursor:
        values = parcel(province_code="37", former_commune_code="12345", code=code, area_m2=1, area_srid=5897)
        row = insert(cursor, PARCELS, values)
    assert change(lan, PARCELS, row["id"], address="Ngõ 2")["code"] == code
    lan.connection.rollback()
    with session(settled.url) as cursor:
        cursor.execute("DELETE FROM land.parcel WHERE id = %s", [row["id"]])


NUMBERS = st.text(st.sampled_from(list("0012 9aAđĐ.-/\t\n\u00a0x")), max_size=8)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(NUMBERS)
def test_database_and_loader_write_a_number_alike(connection: Connection, written: str) -> None:
    ours = normalize_numbers(pa.array([written], pa.string()))[0].as_py()
    assert connection.execute(text("SELECT land.normalized_number(:written)"), {"written": written}).scalar() == ours
