import contextlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams

from api import params
from spatial.crs import EPSG_URI, parse_crs
from spatial.errors import DothiError, InvalidInput, UnknownParameter
from spatial.selection import Bbox, LegalPeriod

TODAY = date(2026, 11, 21)


def test_an_unknown_parameter_names_the_nearest() -> None:
    with pytest.raises(UnknownParameter, match="Did you mean 'bbox'") as caught:
        params.refuse_unknown(QueryParams("bboxx=1"), {"bbox", "limit", "f"})
    assert "Có phải 'bbox'" in str(caught.value.vi)


def test_a_parameter_given_twice_is_refused() -> None:
    with pytest.raises(InvalidInput, match="more than once"):
        params.refuse_unknown(QueryParams("limit=1&limit=2"), {"limit"})


def test_known_parameters_pass() -> None:
    params.refuse_unknown(QueryParams("limit=1&f=json"), {"limit", "f"})


@pytest.mark.parametrize(
    ("text", "limit"), [(None, 10), ("1", 1), ("10000", 10_000), ("10001", 10_000), ("999999999999", 10_000)]
)
def test_limit_is_read_and_capped(text: str | None, limit: int) -> None:
    assert params.parse_limit(text, default=10, maximum=10_000) == limit


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "ten", "", " 3", "1e3", "٣", "9" * 30])
def test_a_limit_that_is_no_count_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="whole number"):
        params.parse_limit(text, default=10, maximum=10_000)


def test_bbox_follows_the_axis_order_of_its_crs() -> None:
    plain = params.parse_bbox("105,20,106,21")
    turned = params.parse_bbox("20,105,21,106", parse_crs(f"{EPSG_URI}4326"))
    assert plain == Bbox(105, 20, 106, 21)
    assert turned is not None
    assert turned.parts() == plain.parts()


def test_heights_of_a_bbox_are_ignored() -> None:
    assert params.parse_bbox("105,20,-5,106,21,500") == Bbox(105, 20, 106, 21)


def test_a_bbox_over_the_180th_meridian_has_two_parts() -> None:
    box = params.parse_bbox("170,-10,-170,10")
    assert box is not None
    assert box.parts() == ((170, -10, 180, 10), (-180, -10, -170, 10))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("1,2,3", "3 numbers"),
        ("1,2,3,4,5", "5 numbers"),
        ("1,2,nan,4", "not finite"),
        ("1,2,inf,4", "not finite"),
        ("a,b,c,d", "not made of numbers"),
        ("", "not made of numbers"),
        ("105,21,106,20", "minimum"),
        ("105,20,106,99", "out of range"),
        ("1,2,3,4;DROP TABLE land.parcel", "not made of numbers"),
    ],
)
def test_a_bad_bbox_says_what_is_wrong(text: str, fault: str) -> None:
    with pytest.raises(InvalidInput, match=fault):
        params.parse_bbox(text)


def test_a_projected_bbox_must_be_in_order() -> None:
    with pytest.raises(InvalidInput, match="minimum"):
        params.parse_bbox("600000,2000000,500000,2100000", parse_crs("EPSG:9210"))


@pytest.mark.parametrize(
    ("text", "period"),
    [
        (None, LegalPeriod.on(TODAY)),
        ("2020-02-29", LegalPeriod.on(date(2020, 2, 29))),
        ("2020-01-01/2020-12-31", LegalPeriod(date(2020, 1, 1), date(2020, 12, 31))),
        ("../2020-12-31", LegalPeriod(None, date(2020, 12, 31))),
        ("2020-01-01/", LegalPeriod(date(2020, 1, 1), None)),
        ("../..", LegalPeriod()),
        ("2026-01-01T16:59:59Z", LegalPeriod.on(date(2026, 1, 1))),
        ("2026-01-01T17:00:00Z", LegalPeriod.on(date(2026, 1, 2))),
        ("2026-01-01T00:00:00+07:00", LegalPeriod.on(date(2026, 1, 1))),
    ],
)
def test_datetime_is_read_as_days_in_vietnam(text: str | None, period: LegalPeriod) -> None:
    assert params.parse_datetime(text, today=TODAY) == period


@pytest.mark.parametrize(
    "text",
    ["", "2020", "2020-13-01", "2020-02-30", "2020-01-01T00:00:00", "a/b", "1/2/3", "2020-W01-1", "20200101",
     "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"],
)  # fmt: skip
def test_a_datetime_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        params.parse_datetime(text, today=TODAY)


def test_dates_out_of_order_are_refused() -> None:
    with pytest.raises(InvalidInput, match="ends before it begins"):
        params.parse_datetime("2021-01-01/2020-01-01", today=TODAY)


@given(st.text(max_size=80))
def test_whatever_is_written_gives_a_value_or_a_sentence(text: str) -> None:
    for read in (
        params.parse_bbox,
        params.parse_crs_parameter,
        lambda given_text: params.parse_datetime(given_text, today=TODAY),
        lambda given_text: params.parse_limit(given_text, default=1, maximum=5),
        lambda given_text: params.parse_date("as_of", given_text),
    ):
        with contextlib.suppress(DothiError):
            read(text)


@given(st.floats(-180, 180), st.floats(-90, 90), st.floats(0, 10), st.floats(0, 10))
def test_a_bbox_survives_being_written_and_read(west: float, south: float, width: float, height: float) -> None:
    east, north = min(west + width, 180), min(south + height, 90)
    assert params.parse_bbox(f"{west},{south},{east},{north}") == Bbox(west, south, east, north)
