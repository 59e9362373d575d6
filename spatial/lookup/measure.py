"""Areas of parts and how exact they are: the plane, the tolerance, rounding that adds up. Knows no theme."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from spatial.crs import VN2000_TM3, is_vn2000

TOUCH_M = 0.1
"""A line nearer to the parcel than this touches it: boundary points of urban cadastral maps are surveyed to some centimetres,
and plan and cadastre come from two surveys."""

REACH_M = 100.0
"""A line without a width says nothing about a place farther away than this: no road reserve is twice as wide."""

BOUNDARY_M = 0.05
"""Two surveys draw one boundary up to this far apart, so what is nowhere wider is no part of its own. It is this program's own
constant, not one of the law; every answer states it."""

LEAST_M2 = 0.5
"""A part up to this size, once what is not wider than `BOUNDARY_M` is left away, is within the inaccuracy of the maps."""

MOST_STRANDS = 400
"""So many lines of one kind are looked at around one place, the nearest; where there are more, the answer says so."""

_LEAST_SHOWN_M2 = 0.005
_AREA_STEP = 100
_SHARE_STEP = 1_000_000
_NOISE_M2 = 1e-4
"""Two ways of computing one area in metres differ by less."""


def plane_of(area_srid: int | None, lon: float | None) -> int:
    """Give the EPSG code of the plane to measure in: the parcel's own zone, else the zone whose meridian is nearest."""
    if area_srid is not None and is_vn2000(area_srid):
        return area_srid
    longitude = 105.0 if lon is None else lon
    return min(VN2000_TM3, key=lambda srid: abs(VN2000_TM3[srid] - longitude))


def finite(value: Any) -> float | int | None:
    """Give a number of the data; None for what is none: JSON of the database writes Infinity and NaN as words."""
    return value if isinstance(value, int | float) and math.isfinite(value) else None


def is_shown(area_m2: float) -> bool:
    """Say whether a part is more than what two surfaces have in common that share an edge, which do not concern each other."""
    return area_m2 >= _LEAST_SHOWN_M2


def is_within_inaccuracy(wide_m2: float) -> bool:
    """Say whether a part may be but the difference of two surveys.

    Args:
        wide_m2: its area (m²) without what is not wider than `BOUNDARY_M`, as `planning.wide_area` gives it.
    """
    return wide_m2 <= LEAST_M2


@dataclass(frozen=True)
class Measured:
    """A part as it is shown.

    Attributes:
        area_m2: in steps of 0.01 m².
        share: of the parcel, in steps of a millionth.
    """

    area_m2: float
    share: float


@dataclass(frozen=True)
class Whole:
    """A surface whose parts are measured against it: the parcel, or what a theme takes of it.

    Attributes:
        exact_m2: its area.
        area_steps: its area as it is shown, in steps of 0.01 m².
        share_steps: its share of the parcel as it is shown, in steps of a millionth.
    """

    exact_m2: float
    area_steps: int
    share_steps: int

    @classmethod
    def parcel(cls, area_m2: float) -> "Whole":
        """Give the parcel itself."""
        return cls(area_m2, round(area_m2 * _AREA_STEP), _SHARE_STEP)

    @property
    def measured(self) -> Measured:
        """Give it as it is shown."""
        return Measured(self.area_steps / _AREA_STEP, self.share_steps / _SHARE_STEP)

    def part(self, area_m2: float) -> "Whole":
        """Measure one part of this whole: it is never shown larger than the whole is.

        Raises:
            ArithmeticError: the part is larger than the whole, which no rounding may hide.
        """
        if area_m2 > self.exact_m2 + _NOISE_M2:
            raise ArithmeticError(f"A part of {area_m2} m² is larger than its whole of {self.exact_m2} m².")
        part = min(area_m2, self.exact_m2)
        rest = self.exact_m2 - part
        return Whole(
            part,
            apportion([part, rest], self.exact_m2, self.area_steps)[0],
            apportion([part, rest], self.exact_m2, self.share_steps)[0],
        )


@dataclass(frozen=True)
class Divided:
    """A parcel divided: `parts + uncovered - overlap = the parcel`, exactly, as it is shown."""

    parts: tuple[Measured, ...]
    uncovered: Measured
    overlap: Measured


def divide(parts: Sequence[float], covered_m2: float, total_m2: float) -> Divided:
    """Show the parts of a parcel, what they leave uncovered and what they have in common, so that all add up.

    Args:
        parts: areas in m² of the parts that are shown.
        covered_m2: of the union of these parts.
        total_m2: of the parcel, above 0.
    """
    uncovered = max(total_m2 - covered_m2, 0.0)
    gross = sum(parts) + uncovered
    overlap = max(gross - total_m2, 0.0)
    columns = []
    for step in (_AREA_STEP, _SHARE_STEP / total_m2):
        whole, common = round(total_m2 * step), round(overlap * step)
        columns.append([*apportion([*parts, uncovered], gross, whole + common, most=whole), common])
    shown = [Measured(area / _AREA_STEP, share / _SHARE_STEP) for area, share in zip(*columns, strict=True)]
    return Divided(tuple(shown[:-2]), shown[-2], shown[-1])


def apportion(parts: Sequence[float], total: float, steps: int, *, most: int | None = None) -> list[int]:
    """Round parts that make up a whole to whole steps whose sum is exactly `steps`, by the largest remainders.

    Each is less than one step off, as long as `most` does not stand in the way.

    Args:
        parts: sizes, none negative, whose sum is `total` up to the arithmetic's own error.
        total: the whole; 0 only with parts of 0.
        steps: into how many steps the whole is divided.
        most: no part takes more steps than this; None: no bound.
    """
    if total <= 0:
        return [0 for _ in parts]
    bound = steps if most is None else most
    exact = [part / total * steps for part in parts]
    rounded = [min(int(value), bound) for value in exact]
    missing = steps - sum(rounded)
    by_loss = sorted(range(len(parts)), key=lambda place: (rounded[place] - exact[place], place))
    while missing > 0 and any(rounded[place] < bound for place in by_loss):
        for place in by_loss:
            if missing > 0 and rounded[place] < bound:
                rounded[place] += 1
                missing -= 1
    return rounded


def round_share(share: float, *, is_whole: bool) -> float:
    """Round to a millionth; it is shown as 1 only where the whole is meant."""
    rounded = round(share * _SHARE_STEP) / _SHARE_STEP
    return rounded if is_whole else min(rounded, 1 - 1 / _SHARE_STEP)
