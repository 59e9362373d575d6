"""What is known of a theme, and the state that follows: the one place where "not affected" may be concluded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spatial.layers import Text
from spatial.lookup import words
from spatial.lookup.measure import round_share
from spatial.lookup.model import Item, State, Theme


@dataclass(frozen=True)
class Knowledge:
    """How far a theme is known at the place.

    Attributes:
        share: 0 to 1, of the parcel; for a point 0 or 1.
        is_complete: known all over, within the tolerance.
        gap: why it is not, in words; None where it is.
    """

    share: float
    is_complete: bool
    gap: Text | None


def knowledge_of(theme: Theme, row: Mapping[str, Any], tolerance: float | None) -> Knowledge:
    """Read how far a theme is known.

    Args:
        theme: which theme.
        row: the row of the statement `themes`.
        tolerance: m²; None for a point.
    """
    known = (row["known"] or {}).get(theme.value)
    rows = [one for one in row["coverage"] or [] if one["theme"] == theme.value]
    if known and known["everywhere"]:
        return Knowledge(1.0, True, None)
    if not known or tolerance is None:
        return Knowledge(0.0, False, _gap(rows, 0.0))
    area, total = known["area_m2"] or 0.0, row["area_m2"]
    if total - area <= tolerance:
        return Knowledge(min(round_share(area / total), 1.0), True, None)
    share = min(max(area / total, 0.0), 1.0)
    return Knowledge(round_share(share), False, _gap(rows, share))


def _gap(rows: Sequence[Mapping[str, Any]], share: float) -> Text:
    notes = sorted(
        {one["reason"].strip().rstrip(".") for one in rows if one["extent"] != "full" and (one["reason"] or "").strip()}
    )
    if share > 0:
        gap = words.known_in_part(share)
    elif any(one["extent"] == "partial" for one in rows):
        gap = words.PARTIAL_DATA
    else:
        gap = words.NO_DATA
    joined = words.joined(gap, *map(words.steward_note, notes))
    assert joined is not None
    return joined


def conclude(items: Sequence[Item], knowledge: Knowledge) -> tuple[State, Text | None]:
    """Give the state of a theme and the reason beside it.

    Something found is something found, however little is known around it. Nothing found, or a touch only, says something
    only where the theme is known completely.
    """
    if any(item.state is State.AFFECTED for item in items):
        return State.AFFECTED, None if knowledge.is_complete else words.more_possible(knowledge.share)
    if not knowledge.is_complete:
        return State.UNKNOWN, knowledge.gap
    if any(item.state is State.TOUCHED for item in items):
        return State.TOUCHED, words.TOUCHED
    return State.NOT_AFFECTED, None
