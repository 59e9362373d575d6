"""How long to measure: the full run and the quick one."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """How long and how often.

    Attributes:
        rounds: times that every server has its turn.
        seconds: length of a turn.
        say: tells what is being measured.
    """

    rounds: int
    seconds: float
    say: Callable[[str], None]


def full(say: Callable[[str], None]) -> Effort:
    """Measure as for the record."""
    return Effort(3, 3.0, say)


def quick(say: Callable[[str], None]) -> Effort:
    """Measure enough to see an order of magnitude."""
    return Effort(1, 2.0, say)
