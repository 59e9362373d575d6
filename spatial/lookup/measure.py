"""Areas of parts and how exact they are: the plane, the tolerance, rounding that adds up. Knows no theme."""

from collections.abc import Sequence

from spatial.crs import VN2000_TM3, is_vn2000

TOUCH_M = 0.1
"""A line nearer to the parcel than this touches it: boundary points of urban cadastral maps are surveyed to some centimetres,
and plan and cadastre come from two surveys."""

REACH_M = 100.0
"""A line without a width says nothing about a place farther away than this: no road reserve is twice as wide."""

_TOLERANCE_FLOOR_M2 = 0.5
_TOLERANCE_SHARE = 0.001
_AREA_STEP = 100
_SHARE_STEP = 1_000_000


def tolerance_m2(area_m2: float) -> float:
    """Give the overlap in m² up to which two surveys of one boundary differ, so that a part this small counts as touched only.

    0.5 m² is a boundary of 10 m drawn 5 cm off; 0.1 % keeps the same meaning for large parcels. It is this program's
    own constant, not one of the law; every answer states it.
    """
    return max(_TOLERANCE_FLOOR_M2, _TOLERANCE_SHARE * area_m2)


def plane_of(area_srid: int | None, lon: float | None) -> int:
    """Give the EPSG code of the plane to measure in: the parcel's own zone, else the zone whose meridian is nearest."""
    if area_srid is not None and is_vn2000(area_srid):
        return area_srid
    longitude = 105.0 if lon is None else lon
    return min(VN2000_TM3, key=lambda srid: abs(VN2000_TM3[srid] - longitude))


def round_area(area_m2: float) -> float:
    """Round to the square centimetres shown: 0.01 m²."""
    return round(area_m2 * _AREA_STEP) / _AREA_STEP


def round_share(share: float) -> float:
    """Round to a millionth."""
    return round(share * _SHARE_STEP) / _SHARE_STEP


def apportion(parts: Sequence[float], total: float, steps: int) -> list[int]:
    """Round parts that make up a whole to whole steps whose sum is exactly `steps`, each less than one step off.

    Args:
        parts: sizes, none negative, whose sum is `total` up to the arithmetic's own error.
        total: the whole, above 0.
        steps: into how many steps the whole is divided.
    """
    exact = [part / total * steps for part in parts]
    rounded = [int(value) for value in exact]
    missing = steps - sum(rounded)
    by_loss = sorted(range(len(parts)), key=lambda place: (rounded[place] - exact[place], place))
    for turn in range(max(missing, 0)):
        rounded[by_loss[turn % len(parts)]] += 1
    return rounded


def share_out(parts: Sequence[float], total: float) -> tuple[list[float], list[float]]:
    """Give areas (m², steps of 0.01) and shares (steps of a millionth) of parts that make up the whole; both add up exactly."""
    area_steps = apportion(parts, total, round(total * _AREA_STEP)) if total * _AREA_STEP >= 1 else [0 for _ in parts]
    shares = apportion(parts, total, _SHARE_STEP)
    return [step / _AREA_STEP for step in area_steps], [step / _SHARE_STEP for step in shares]
