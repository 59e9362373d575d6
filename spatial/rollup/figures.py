"""What a reader of figures gets: indicators, and values with their period, coverage and age. Pure values, no SQL."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from spatial.errors import InvalidInput
from spatial.layers import Text
from spatial.rollup.computations import sources_of

ENOUGH = 0.95
"""Of a unit: from this share on a report or a figure speaks for the whole of it."""
SHOWN = 0.5
"""A ratio has a value where the ground on which both its figures are known is at least this share of the unit."""


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
    "not_divided": Text("{name}: đơn vị cũ chưa chia được", "{name}: of former units, not divided"),
    "not_assigned": Text("{name}: chưa gắn với xã", "{name}: not assigned to a commune"),
    "unit_unknown": Text("{name}: đơn vị chưa có trong danh mục", "{name}: unit not in the register"),
}
"""Rows that are no units but make a tier add up, and what they are called."""


@dataclass(frozen=True)
class Known:
    """How well a period is known in a tier: how many units have a value, and the sum of their coverage."""

    level: str
    period: str
    units: int
    coverage: float


def best_period(known: Sequence[Known]) -> str | None:
    """Give the latest period that is nearly as well known as the best one, by coverage and then by the number of units."""
    if not known:
        return None
    most_covered = max(one.coverage for one in known)
    covered = [one for one in known if one.coverage >= ENOUGH * most_covered]
    most_units = max(one.units for one in covered)
    return max(one.period for one in covered if one.units >= ENOUGH * most_units)


@dataclass(frozen=True)
class Freshness:
    """What the figures may not hold yet.

    Attributes:
        changed: tables that changed since the last refresh.
        legal_date: the day that the last refresh was for; None: there was none.
    """

    changed: frozenset[str]
    legal_date: date | None

    def is_stale(self, sources: frozenset[str], today: date) -> bool:
        """Tell whether figures from these tables may be out of date: one changed, or the legal day turned."""
        return self.legal_date != today or bool(sources & self.changed)


@dataclass(frozen=True)
class Indicator:
    """An indicator with the tiers and periods for which there is a value.

    Attributes:
        unit: of its values, as people write it: a share is in percent, 0 to 100.
        sources: the tables that it comes from.
        known: how well each period is known, by tier.
        is_stale: a source changed since the last refresh, or the legal day turned.
    """

    code: str
    title: Text
    unit: Text
    kind: str
    origin: str
    numerator_code: str | None
    denominator_code: str | None
    factor: float
    formula: Text
    sources: frozenset[str]
    theme: str | None
    known: tuple[Known, ...]
    is_stale: bool

    @property
    def levels(self) -> tuple[str, ...]:
        """The tiers that have a value in some period, from above."""
        return tuple(level for level in Level if any(one.level == level for one in self.known))

    @property
    def periods(self) -> tuple[str, ...]:
        """The periods that have a value in some tier, from the first."""
        return tuple(sorted({one.period for one in self.known}))

    @property
    def best_period(self) -> str | None:
        """The nation's, shown unless another is asked for."""
        return best_period([one for one in self.known if one.level == Level.NATION])

    @property
    def expression(self) -> str | None:
        """The formula of a ratio in codes."""
        if self.numerator_code is None or self.denominator_code is None:
            return None
        times = "" if self.factor == 1 else f" × {self.factor:,.0f}"
        return f"{self.numerator_code} / {self.denominator_code}{times}"

    @classmethod
    def from_row(cls, row: Mapping[str, Any], freshness: Freshness, today: date) -> "Indicator":
        """Make one from a row of `rollup/indicators`."""
        sources = sources_of(row["numerator_code"] or row["code"], is_reported=row["numerator_origin"] == "reported")
        if row["denominator_code"] is not None:
            sources |= sources_of(row["denominator_code"], is_reported=row["denominator_origin"] == "reported")
        return cls(
            code=row["code"],
            title=Text(row["title"], row["title_en"]),
            unit=Text(row["unit"], row["unit_en"]),
            kind=row["kind"],
            origin=row["origin"],
            numerator_code=row["numerator_code"],
            denominator_code=row["denominator_code"],
            factor=row["factor"],
            formula=Text(row["formula"], row["formula_en"]),
            sources=sources,
            theme=row["theme"],
            known=tuple(Known(*one) for one in json.loads(row["known"])),
            is_stale=freshness.is_stale(sources, today),
        )


def _finite(value: Decimal | None) -> Decimal | None:
    """Give a number, None for what is none: it says nothing of the unit, and no reader could write it."""
    return value if value is not None and value.is_finite() else None


@dataclass(frozen=True)
class Figure:
    """The value of a unit, or of a remainder.

    Attributes:
        remainder: None for a unit, else a key of `REMAINDERS`.
        value: None = unknown; of a ratio also: known on too little of the unit (`SHOWN`).
        coverage: share of the unit's area for which data are known to be complete, 0-1; of a ratio: on which both its figures
            are known; None for a remainder.
        numerator: of a ratio: the additive figure above the line, of that ground; its period is the table's.
        denominator: of a ratio: the one below, of `denominator_period`, which may be another, or `first/last` of several.
    """

    code: str
    name: Text
    parent_code: str | None
    remainder: str | None
    value: Decimal | None
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
            value=_finite(row["value"]),
            coverage=row["coverage"],
            computed_at=row["computed_at"],
            data_version=row["data_version"],
            numerator=_finite(row["numerator"]),
            denominator=_finite(row["denominator"]),
            denominator_period=row["denominator_period"],
        )
