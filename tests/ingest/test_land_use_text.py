"""Land use as written: codes, several uses with areas, names, old codes; unknown text is kept."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.issues import IssueCode
from ingest.land_use_text import (
    LandUse,
    LandUseCode,
    LandUseCodes,
    check_use_areas,
    parse_land_use,
    principal_code,
    read_land_uses,
)

CODES = LandUseCodes(
    [
        LandUseCode("ODT", "Đất ở tại đô thị", True),
        LandUseCode("ONT", "Đất ở tại nông thôn", True),
        LandUseCode("CLN", "Đất trồng cây lâu năm", True),
        LandUseCode("HNK", "Đất trồng cây hằng năm khác", True),
        LandUseCode("LNK", "Đất trồng cây lâu năm khác", False, "CLN"),
        LandUseCode("SXN", "Đất sản xuất nông nghiệp", False, "CHN/CLN", doubtful=True),
    ]
)


def uses(text: str | None) -> list[tuple[str | None, float | None]]:
    return [(use.code, use.area_m2) for use in parse_land_use(text, CODES)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ODT", [("ODT", None)]),
        (" ont ", [("ONT", None)]),
        ("ODT+CLN", [("ODT", None), ("CLN", None)]),
        ("ODT + CLN/HNK", [("ODT", None), ("CLN", None), ("HNK", None)]),
        ("ODT, CLN", [("ODT", None), ("CLN", None)]),
        ("ODT và CLN", [("ODT", None), ("CLN", None)]),
        ("ONT 100; CLN 250", [("ONT", 100.0), ("CLN", 250.0)]),
        ("ONT: 100,5 m2; CLN=250.25", [("ONT", 100.5), ("CLN", 250.25)]),
        ("ONT(100)+CLN(1.250,5m²)", [("ONT", 100.0), ("CLN", 1250.5)]),
        ("CLN 0,12 ha", [("CLN", 1200.0)]),
        ("Đất ở tại đô thị", [("ODT", None)]),
        ("dat o tai nong thon", [("ONT", None)]),
        ("LNK", [("CLN", None)]),
        ("XXX", [(None, None)]),
        ("ODT+XXX 20", [("ODT", None), (None, None)]),
        ("", []),
        ("   ", []),
        (None, []),
    ],
)
def test_texts(text: str | None, expected: list[tuple[str | None, float | None]]) -> None:
    assert uses(text) == expected


def test_an_ambiguous_area_is_left_out() -> None:
    assert uses("ONT 1.200; CLN 50") == [("ONT", None), ("CLN", 50.0)]


def test_successor_is_taken_only_where_certain() -> None:
    assert parse_land_use("LNK", CODES) == (LandUse("LNK", "LNK", "CLN", old=True),)
    assert parse_land_use("SXN", CODES) == (LandUse("SXN", "SXN", "SXN", old=True),)


def test_principal_use_is_the_largest_or_the_first() -> None:
    assert principal_code(parse_land_use("ONT 100; CLN 250", CODES)) == "CLN"
    assert principal_code(parse_land_use("ONT; CLN 250", CODES)) == "ONT"
    assert principal_code(parse_land_use("XXX+CLN", CODES)) == "CLN"
    assert principal_code(parse_land_use("XXX", CODES)) is None


@given(st.text(max_size=30))
def test_no_text_is_lost(text: str) -> None:
    parts = parse_land_use(text, CODES)
    assert bool(parts) == bool(text.strip(" +;/&|\n,\t\r\x0b\x0c") and text.strip()) or all(part.raw.strip() for part in parts)
    for use in parts:
        assert use.raw


def test_column() -> None:
    values = pa.array(["ODT", None, "XXX", "LNK", "ODT", "ONT 100; CLN 250", ""])
    rows = np.arange(1, 8)
    column = read_land_uses(values, CODES, rows, "KHLOAIDAT")
    assert column.principal.to_pylist() == ["ODT", None, None, "CLN", "ODT", "CLN", None]
    assert [use.code for use in column.uses_of(5)] == ["ONT", "CLN"]
    assert column.uses_of(1) == ()
    assert [(i.code, i.row, i.value) for i in column.issues] == [
        (IssueCode.LAND_USE_MISSING, 2, None),
        (IssueCode.LAND_USE_MISSING, 7, None),
        (IssueCode.LAND_USE_UNKNOWN, 3, "XXX"),
        (IssueCode.LAND_USE_OLD, 4, "LNK"),
    ]


def test_areas_of_uses_must_add_up() -> None:
    column = read_land_uses(pa.array(["ONT 100; CLN 250", "ONT 100; CLN 250", "ODT"]), CODES, np.array([1, 2, 3]), "K")
    issues = check_use_areas(column, np.array([351.0, 500.0, 80.0]), np.array([1, 2, 3]))
    assert [(i.code, i.row, i.value) for i in issues] == [(IssueCode.LAND_USE_AREAS, 2, "350.0")]
