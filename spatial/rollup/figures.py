"""What a reader of figures gets: indicators, and tables of values with their period, coverage and age. Pure values, no SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from spatial.errors import InvalidInput
from spatial.layers import Text


class Level(StrEnum):
    """The tiers, from above."""

    NATION = "nation"
    REGION = "region"
    PROVINCE = "province"
    CITY = "city"
    COMMUNE = "commune"


def parse_level(text: str | None) -> Level:
    """Read a tier; provinces where none is named.

    Raises:
        InvalidInput: not a tier.
    """
    if text is None:
        return Level.PROVINCE
    try:
        return Level(text)
    except ValueError:
        words = ", ".join(Level)
        raise InvalidInput(
            f"level='{text[:40]}' is not a tier. Use one of {words}.",
            vi=f"level='{text[:40]}' không phải là một cấp. Hãy dùng một trong: {words}.",
        ) from None


REMAINDERS = {
    "outside_cities": Text("{name}: ngoài đô thị", "{name}: outside cities"),
    "not_broken_down": Text("{name}: chưa phân theo cấp dưới", "{name}: not broken down"),
    "not_assigned": Text("{name}: chưa gắn với xã", "{name}: not assigned to a commune"),
    "unit_unknown": Text("{name}: đơn vị chưa có trong danh mục", "{name}: unit not in the register"),
}
"""Rows that are no units but make a tier add up, and what they are called."""


@dataclass(frozen=True)
class Indicator:
    """An indicator with the tiers and periods for which there is a value.

    Attributes:
        best_period: shown unless another is asked for.
        is_stale: a table it comes from changed since the last refresh.
    """

    code: str
    title: Text
    unit: str
    kind: str
    origin: str
    numerator_code: str | None
    denominator_code: str | None
    factor: float
    formula: Text
    tables: tuple[str, ...]
    theme: str | None
    levels: tuple[str, ...]
    periods: tuple[str, ...]
    best_period: str | None
    is_stale: bool

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Indicator":
        """Make one from a row of `rollup/indicators`."""
        return cls(
            code=row["code"],
            title=Text(row["title"], row["title_en"]),
            unit=row["unit"],
            kind=row["kind"],
            origin=row["origin"],
            numerator_code=row["numerator_code"],
            denominator_code=row["denominator_code"],
            factor=row["factor"],
            formula=Text(row["formula"], row["formula_en"]),
            tables=tuple(row["tables"]),
            theme=row["theme"],
            levels=tuple(level for level in Level if level in row["levels"]),
            periods=tuple(row["periods"]),
            best_period=row["best_period"],
            is_stale=row["is_stale"],
        )


@dataclass(frozen=True)
class Figure:
    """The value of a unit, or of a remainder.

    Attributes:
        remainder: None for a unit, else a key of `REMAINDERS`.
        value: None = unknown.
        numerator: of a ratio: the additive figure above the line; its `period` is the table's.
        denominator: of a ratio: the one below, of `denominator_period`, which may be earlier.
        coverage: share of the unit's area that had data, 0-1; None for a remainder.
    """

    code: str
    name: Text
    parent_code: str | None
    remainder: str | None
    value: Decimal | float | None
    coverage: float | None
    computed_at: datetime | None
    data_version: int | None
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    denominator_period: str | None = None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Figure":
        """Make one from a row of `rollup/units`."""
        name = Text(row["name"], row["name_en"] or row["name"])
        if row["remainder"] is not None:
            pattern = REMAINDERS[row["remainder"]]
            name = Text(pattern.vi.format(name=name.vi), pattern.en.format(name=name.en))
        return cls(
            code=row["code"],
            name=name,
            parent_code=row["parent_code"],
            remainder=row["remainder"],
            value=row["value"],
            coverage=row["coverage"],
            computed_at=row["computed_at"],
            data_version=row["data_version"],
        )


def divide(numerators: Sequence[Figure], denominators: Mapping[str, tuple[Figure, str | None]], factor: float) -> list[Figure]:
    """Form the ratio for each unit: unknown where either is unknown or the denominator is 0. Remainders have no ratio.

    Args:
        numerators: the units of a tier.
        denominators: unit code -> figure and its period.
        factor: multiplies the quotient.
    """
    units = [figure for figure in numerators if not figure.remainder]
    return [_ratio(unit, denominators.get(unit.code, (None, None)), factor) for unit in units]


def _ratio(above: Figure, denominator: tuple[Figure | None, str | None], factor: float) -> Figure:
    below, period = denominator
    bottom = None if below is None else below.value
    known = isinstance(above.value, Decimal) and isinstance(bottom, Decimal) and bottom != 0
    return Figure(
        code=above.code,
        name=above.name,
        parent_code=above.parent_code,
        remainder=None,
        value=float(above.value) / float(bottom) * factor if known and above.value is not None and bottom else None,
        coverage=min(above.coverage or 0.0, (below.coverage or 0.0) if below else 0.0),
        computed_at=above.computed_at,
        data_version=above.data_version,
        numerator=above.value if isinstance(above.value, Decimal) else None,
        denominator=bottom if isinstance(bottom, Decimal) else None,
        denominator_period=period,
    )
