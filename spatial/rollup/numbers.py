"""Figures as people read them in a terminal or a document: few digits, but what is not 0 never reads as 0."""

from decimal import Decimal

_SMALL = Decimal("0.1")


def write_number(value: Decimal | float) -> str:
    """Write a number with thousands separated by commas: two decimals, of a small one two significant digits.

    >>> write_number(1234.5), write_number(0.0000461), write_number(0)
    ('1,234.50', '0.000046', '0')
    """
    exact = Decimal(str(value))
    if exact == exact.to_integral_value():
        return f"{exact:,.0f}"
    if abs(exact) >= _SMALL:
        return f"{exact:,.2f}"
    return f"{exact:.{1 - exact.adjusted()}f}"
