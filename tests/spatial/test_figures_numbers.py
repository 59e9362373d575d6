"""Numbers as a terminal shows them: what is not 0 never reads as 0."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial.rollup import write_number


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Decimal(0), "0"),
        (Decimal("0.000000000000"), "0"),
        (Decimal("113571926"), "113,571,926"),
        (Decimal("342.7809"), "342.78"),
        (Decimal("0.000046"), "0.000046"),
        (Decimal("0.0059266"), "0.0059"),
        (Decimal("-0.004"), "-0.0040"),
        (Decimal("-1234.5"), "-1,234.50"),
        (4.6e-5, "0.000046"),
        (Decimal("0.0999"), "0.100"),
        (Decimal("1E+3"), "1,000"),
    ],
)
def test_examples(value: Decimal, written: str) -> None:
    assert write_number(value) == written


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15, places=12))
def test_only_zero_reads_as_zero_and_the_rest_is_near(value: Decimal) -> None:
    read = Decimal(write_number(value).replace(",", ""))
    assert (read == 0) is (value == 0)
    allowed = abs(value) / 10 if abs(value) < Decimal("0.1") else Decimal("0.005")
    assert abs(read - value) <= allowed
