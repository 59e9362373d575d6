"""How a filter is refused: the one error of filters, and the sentences that several of its readers say."""

from spatial.errors import FilterSyntaxError

MAX_DEPTH = 60
"""Brackets, functions and operators inside one another, in text and in JSON: every later walk of the tree is as deep."""


def refuse(message: str, vi: str) -> FilterSyntaxError:
    """Make the error of a filter that cannot be read or cannot be asked."""
    return FilterSyntaxError(message, vi=vi)


def too_deep() -> FilterSyntaxError:
    """Make the error of a filter whose parts are too far inside one another."""
    return refuse(
        f"The filter is nested too deeply; {MAX_DEPTH} brackets, functions and operators inside one another are the most.",
        f"Bộ lọc lồng nhau quá sâu; tối đa {MAX_DEPTH} cấp ngoặc, hàm và phép toán.",
    )
