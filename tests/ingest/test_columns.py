"""The alias table: names of the systems in use, tolerance, personal columns, nothing lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ingest.columns import AliasTable, alias_table, fold_name, map_columns, require_columns
from ingest.issues import IssueCode
from spatial.errors import InvalidInput
from spatial.layers import LAYERS

VILIS = ["ID", "SHBANDO", "SHTHUA", "DIENTICH", "DIENTICHPL", "KHLOAIDAT", "TENCHU", "DIACHI", "XAID", "MSCOLOR"]
VBDLIS = ["thuaDatId", "soHieuToBanDo", "soThuTuThua", "dienTich", "dienTichPhapLy", "loaiMucDichSuDungId", "xaId"]


def test_vilis_names() -> None:
    plan = map_columns("parcels", VILIS)
    assert plan.public == {
        "map_sheet": "SHBANDO",
        "parcel_no": "SHTHUA",
        "area_stated_m2": "DIENTICH",
        "area_official_m2": "DIENTICHPL",
        "land_use_raw": "KHLOAIDAT",
        "commune_code": "XAID",
    }
    assert plan.personal == {"TENCHU": "owner_name", "DIACHI": "owner_address"}
    assert plan.unmapped == ("ID", "MSCOLOR")
    assert not plan.missing


def test_vbdlis_names() -> None:
    plan = map_columns("parcels", VBDLIS)
    assert plan.public["map_sheet"] == "soHieuToBanDo"
    assert plan.public["area_official_m2"] == "dienTichPhapLy"
    assert plan.public["commune_code"] == "xaId"


@pytest.mark.parametrize("name", ["so_to", "Số tờ", "SOTO", "sốTờ", "So To"])
def test_case_and_diacritics_do_not_count(name: str) -> None:
    assert map_columns("parcels", [name]).public == {"map_sheet": name}


def test_name_cut_by_dbf_is_recognised_and_told() -> None:
    plan = map_columns("parcels", ["soHieuToBa", "soThuTuThu", "KYHIEUMUCD"])
    assert plan.public == {"map_sheet": "soHieuToBa", "parcel_no": "soThuTuThu", "land_use_raw": "KYHIEUMUCD"}
    assert {i.code for i in plan.issues} == {IssueCode.COLUMN_TRUNCATED}


def test_first_listed_of_several_is_used_and_the_other_kept() -> None:
    plan = map_columns("parcels", ["Shape_Area", "DIENTICH", "SHBANDO", "SHTHUA"])
    assert plan.public["area_stated_m2"] == "DIENTICH"
    assert plan.unmapped == ("Shape_Area",)
    assert [i.column for i in plan.issues if i.code is IssueCode.COLUMN_SHADOWED] == ["Shape_Area"]


def test_diachi_is_public_only_by_profile() -> None:
    names = ["SHBANDO", "SHTHUA", "DIACHI"]
    assert "DIACHI" in map_columns("parcels", names).personal
    by_profile = map_columns("parcels", names, profile="parcel-address")
    assert by_profile.public["address"] == "DIACHI"
    assert not by_profile.personal


def test_unknown_profile_is_refused() -> None:
    with pytest.raises(InvalidInput, match="parcel-address"):
        map_columns("parcels", ["DIACHI"], profile="nope")


def test_required_columns_are_named() -> None:
    plan = map_columns("parcels", ["TENCHU"])
    with pytest.raises(InvalidInput, match=r"map_sheet and parcel_no.*SHTHUA"):
        require_columns(plan, "a.shp", "parcels")


@given(st.lists(st.sampled_from([*VILIS, *VBDLIS, "HOTEN", "CMND", "CCCD", "lạ", "SDT", "name", "VITRI"]), unique=True))
def test_every_column_goes_to_exactly_one_place(names: list[str]) -> None:
    plan = map_columns("parcels", names)
    places = [*plan.public.values(), *plan.personal, *plan.unmapped]
    assert sorted(places) == sorted(names)


def test_own_names_of_a_table_map_to_themselves() -> None:
    for layer in LAYERS:
        columns = [column.name for column in layer.table.columns]
        plan = map_columns(layer.name, columns, table_columns=columns)
        assert {target: name for target, name in plan.public.items() if target != name} == {}, layer.name
        assert not plan.personal, layer.name


def test_targets_are_columns_of_the_layer() -> None:
    tables = {layer.name: {column.name for column in layer.table.columns} for layer in LAYERS}
    for name, aliases in alias_table().layers.items():
        assert set(aliases.columns) <= tables[name], name
        assert set(aliases.required) <= tables[name], name


def test_alias_table_refuses_unknown_keys() -> None:
    table = alias_table().model_dump() | {"extra": {}}
    with pytest.raises(ValidationError):
        AliasTable.model_validate(table)


def test_fold_name() -> None:
    assert fold_name("Mã định danh thửa đất") == "MADINHDANHTHUADAT"
