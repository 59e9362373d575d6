"""Figures as people read them in a terminal or a document: few digits, but what is not 0 never reads as 0."""

from decimal import Decimal

_DECIMALS = 2


def write_number(value: Decimal | float, decimals: int = _DECIMALS) -> str:
    """Write a number with thousands separated by commas: at most so many decimals, or two significant digits where that is 0.

    >>> write_number(1234.5), write_number(0.000046), write_number(0)
    ('1,234.50', '0.000046', '0')
    """
    exact = Decimal(str(value))
    if exact == exact.to_integral_value():
        return f"{exact:,.0f}"
    if round(exact, decimals) != 0:
        return f"{exact:,.{decimals}f}"
    return f"{exact:.{1 - exact.adjusted()}f}"
