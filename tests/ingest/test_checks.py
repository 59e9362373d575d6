"""Checks of parcels: numbers, duplicates, communes, country, areas."""

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from ingest.areas import check_areas, read_areas, read_number
from ingest.checks import (
    check_communes,
    check_country,
    check_duplicates,
    check_parcel_numbers,
    check_sheet_numbers,
    normalize_numbers,
)
from ingest.issues import Issue, IssueCode

COMMUNE = shapely.box(105.70, 20.98, 105.75, 21.02)


def rows_of(count: int) -> np.ndarray:
    return np.arange(1, count + 1, dtype=np.int64)


def found(issues: list[Issue]) -> list[tuple[int | None, IssueCode]]:
    return [(issue.row, issue.code) for issue in issues]


@pytest.mark.parametrize(
    ("written", "normal", "code"),
    [
        ("12", "12", None),
        (" 012 ", "12", None),
        ("12.0", "12", None),
        ("12A", "12a", None),
        ("12a", "12a", None),
        ("12-1", "12-1", None),
        ("12/3b", "12/3b", None),
        ("", None, IssueCode.PARCEL_NUMBER_MISSING),
        (None, None, IssueCode.PARCEL_NUMBER_MISSING),
        ("0", "0", IssueCode.PARCEL_NUMBER_MISSING),
        ("00", "0", IssueCode.PARCEL_NUMBER_MISSING),
        ("tạm", "tạm", IssueCode.PARCEL_NUMBER_PROVISIONAL),
        ("T5", "t5", IssueCode.PARCEL_NUMBER_PROVISIONAL),
        ("-7", "-7", IssueCode.PARCEL_NUMBER_PROVISIONAL),
    ],
)
def test_parcel_numbers(written: str | None, normal: str | None, code: IssueCode | None) -> None:
    numbers = normalize_numbers(pa.array([written], pa.string()))
    assert numbers.to_pylist() == [normal]
    assert found(check_parcel_numbers(numbers, rows_of(1), "SHTHUA")) == ([(1, code)] if code else [])


def test_numbers_from_number_columns() -> None:
    assert normalize_numbers(pa.array([12, None, 0])).to_pylist() == ["12", None, "0"]
    assert normalize_numbers(pa.array([12.0, 1234567.0])).to_pylist() == ["12", "1234567"]


def test_sheet_numbers() -> None:
    sheets = normalize_numbers(pa.array(["1", "DC-12", "0", "", "tờ", None, "12-I"]))
    assert found(check_sheet_numbers(sheets, rows_of(7), "SHBANDO")) == [
        (row, IssueCode.SHEET_NUMBER_MISSING) for row in (3, 4, 5, 6)
    ]


def test_duplicates() -> None:
    keys = pa.array(["a.1", "a.2", "a.1", "a.3", "a.2", None, None])
    table = pa.table({"n": [1, 2, 1, 3, 9, 0, 0]})
    squares = np.array([shapely.box(0, 0, 1, 1)] * 7, dtype=object)
    issues = check_duplicates(keys, table, squares, rows_of(7))
    assert found(issues) == [(3, IssueCode.DUPLICATE_ROW), (2, IssueCode.DUPLICATE_KEY), (5, IssueCode.DUPLICATE_KEY)]
    squares[2] = shapely.box(0, 0, 1, 2)
    assert (1, IssueCode.DUPLICATE_KEY) in found(check_duplicates(keys, table, squares, rows_of(7)))


def at(lon: float, lat: float, half: float = 0.0001) -> shapely.Polygon:
    return shapely.box(lon - half, lat - half, lon + half, lat + half)


def test_communes() -> None:
    geometries = np.array(
        [
            at(105.72, 21.0),
            at(105.75, 21.0),  # half of it
            at(105.7502, 21.0),  # 10 m outside: within the boundary's own accuracy
            at(105.80, 21.0),  # 5 km outside
            at(105.72, 21.0),
            at(105.72, 21.0),
            None,
            at(105.74999, 21.0, half=0.00000999),
        ],
        dtype=object,
    )
    codes = np.array(["1", "1", "1", "1", "2", None, "1", "1"], dtype=object)
    issues = check_communes(geometries, codes, {"1": COMMUNE}, rows_of(8))
    assert sorted(found(issues), key=str) == sorted(
        [
            (6, IssueCode.COMMUNE_MISSING),
            (5, IssueCode.COMMUNE_UNKNOWN),
            (4, IssueCode.OUTSIDE_COMMUNE),
            (2, IssueCode.CROSSES_COMMUNE),
            (3, IssueCode.CROSSES_COMMUNE),
        ],
        key=str,
    )
    assert next(issue.detail for issue in issues if issue.row == 2) == "0.50"


@pytest.mark.parametrize(("metres", "code"), [(45, IssueCode.CROSSES_COMMUNE), (55, IssueCode.OUTSIDE_COMMUNE)])
def test_a_parcel_may_lie_50_m_outside_its_commune(metres: float, code: IssueCode) -> None:
    outside = np.array([at(105.75 + 0.0001 + metres / 111_320, 21.0)], dtype=object)
    assert found(check_communes(outside, np.array(["1"], dtype=object), {"1": COMMUNE}, rows_of(1))) == [(1, code)]


def test_country() -> None:
    geometries = np.array([at(105.7, 21.0), at(0.0, 0.0), at(112.0, 16.5), None, at(139.7, 35.7)], dtype=object)
    assert found(check_country(geometries, rows_of(5))) == [(2, IssueCode.OUTSIDE_COUNTRY), (5, IssueCode.OUTSIDE_COUNTRY)]


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("120", (120.0,)),
        ("120,5", (120.5,)),
        ("1.234,5", (1234.5,)),
        ("1,234.5", (1234.5,)),
        ("1.234.567", (1234567.0,)),
        ("1.234", (1.234, 1234.0)),
        ("0.123", (0.123,)),
        ("1 234,5", (1234.5,)),
        ("12.34.5", ()),
        ("1,23.456,7", ()),
        ("abc", ()),
        ("-5", ()),
        ("", ()),
    ],
)
def test_numbers_in_both_spellings(text: str, readings: tuple[float, ...]) -> None:
    assert read_number(text) == readings


@given(st.decimals(0, 10**7, places=1))
def test_vietnamese_spelling_is_read_back(number: object) -> None:
    english = f"{number:,}"
    vietnamese = english.replace(",", "_").replace(".", ",").replace("_", ".")
    assert read_number(vietnamese) == read_number(english) == (float(str(number)),)


def test_areas_from_text() -> None:
    texts = ["120,5", "1.234", "1.234", "0,05 ha", "0.0120", "abc", None, "", "120,5 m2", "0"]
    computed = np.array([120.0, 1230.0, 500.0, 500.0, 120.0, 9.0, 9.0, 9.0, 120.0, 9.0])
    stated = read_areas(pa.array(texts), computed, rows_of(10), "DIENTICH")
    nan = np.nan
    np.testing.assert_allclose(stated.area_m2, [120.5, 1234.0, nan, 500.0, 120.0, nan, nan, nan, 120.5, nan])
    assert found(stated.issues) == [
        (3, IssueCode.AREA_UNREADABLE),
        (6, IssueCode.AREA_UNREADABLE),
        (5, IssueCode.AREA_IN_HECTARES),
    ]


def test_areas_from_numbers() -> None:
    stated = read_areas(pa.array([100, None, -3]), np.array([100.0, 5.0, 3.0]), rows_of(3), "D")
    np.testing.assert_allclose(stated.area_m2, [100.0, np.nan, np.nan])
    assert found(stated.issues) == [(3, IssueCode.AREA_UNREADABLE)]


def test_area_mismatch() -> None:
    issues = check_areas(np.array([100.0, 106.0, np.nan, 21.0]), np.array([100.0, 100.0, 5.0, 19.5]), rows_of(4), "D")
    assert found(issues) == [(2, IssueCode.AREA_MISMATCH)]
