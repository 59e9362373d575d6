"""What is known of a theme, and the state that follows: the one place where "not affected" may be concluded."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spatial.layers import Text
from spatial.lookup import words
from spatial.lookup.measure import Whole, is_within_inaccuracy, round_share
from spatial.lookup.model import Item, State, Theme

_MOST_REASONS = 4


@dataclass(frozen=True)
class Knowledge:
    """How far a theme is known at the place.

    Attributes:
        share: 0 to 1, of the parcel; for a point 0 or 1.
        is_complete: known all over; what is not is within the inaccuracy of the maps.
        gap: that it is not, in words, for a place where nothing was found; None where it is.
        caveat: the same for a place where something was found.
        why: what is missing and why, as far as the data tell.
        age: that what proves it is older than it should be, in words; None where it is not.
    """

    share: float
    is_complete: bool
    gap: Text | None
    caveat: Text | None = None
    why: Text | None = None
    age: Text | None = None


def knowledge_of(theme: Theme, row: Mapping[str, Any], whole: Whole | None, unprovable: Text | None) -> Knowledge:
    """Read how far a theme is known.

    Args:
        theme: which theme.
        row: the row of the statement `themes`.
        whole: the parcel; None for a point.
        unprovable: why nothing at all can be proven, in words; None where it can.
    """
    if unprovable is None and theme.value in (row["strands_left_out"] or {}):
        unprovable = words.TOO_MANY_LINES
    if unprovable is not None:
        return Knowledge(0.0, False, unprovable, unprovable)
    doubts = [one for one in row["doubts"] or [] if one["theme"] in (None, theme.value)]
    known = (row["known"] or {}).get(theme.value)
    if not known:
        is_partial = any(one["kind"] == "stated_partial" for one in doubts)
        return Knowledge(0.0, False, words.PARTIAL_DATA if is_partial else words.NO_DATA, words.more_possible(0.0), _why(doubts))
    if whole is None:
        return Knowledge(1.0, True, None, age=_age(theme, row))
    is_complete = is_within_inaccuracy(known["unknown_m2"])
    share = round_share(whole.part(known["area_m2"]).exact_m2 / whole.exact_m2, is_whole=is_complete)
    if is_complete:
        return Knowledge(share, True, None, age=_age(theme, row))
    return Knowledge(
        share, False, words.known_in_part(share) if share else words.NO_DATA, words.more_possible(share), _why(doubts)
    )


def _why(doubts: Sequence[Mapping[str, Any]]) -> Text | None:
    """Say each reason once, then what the stewards of the data remark."""
    notes = {
        one["note"].strip().rstrip(".") for one in doubts if one["kind"].startswith("stated_") and (one["note"] or "").strip()
    }
    told = {words.doubt(one["kind"], one["plan"], one["note"]) for one in doubts if not one["kind"].startswith("stated_")}
    reasons = [*sorted(told, key=_vi), *map(words.steward_note, sorted(notes))]
    return words.joined(*reasons[:_MOST_REASONS])


def _vi(text: Text) -> str:
    return text.vi


def _age(theme: Theme, row: Mapping[str, Any]) -> Text | None:
    stale: Iterable[Mapping[str, Any]] = (one for one in row["stale_proofs"] or [] if one["theme"] == theme.value)
    oldest = min(stale, key=lambda one: str(one["stated_on"]), default=None)
    return None if oldest is None else words.stale_proof(oldest["stated_on"], oldest["cycle_days"])


def conclude(items: Sequence[Item], knowledge: Knowledge) -> tuple[State, Text | None]:
    """Give the state of a theme and the reason beside it.

    Something found is something found, however little is known around it. Nothing found, or a touch only, says something
    only where the theme is known completely.
    """
    if any(item.state is State.AFFECTED for item in items):
        if knowledge.is_complete:
            return State.AFFECTED, knowledge.age
        return State.AFFECTED, words.joined(knowledge.caveat, knowledge.why)
    if not knowledge.is_complete or any(item.state is State.UNKNOWN for item in items):
        return State.UNKNOWN, words.joined(knowledge.gap, knowledge.why)
    if any(item.state is State.TOUCHED for item in items):
        return State.TOUCHED, words.joined(words.TOUCHED, knowledge.age)
    return State.NOT_AFFECTED, knowledge.age
