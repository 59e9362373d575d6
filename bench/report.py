"""What was measured against its bar: one line of the table each, printed as it comes and written as Markdown at the end."""

import operator
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from spatial.cluster.tuning import machine_memory

_COMPARE = {"<=": operator.le, ">=": operator.ge}


@dataclass(frozen=True)
class Bar:
    """What a figure must not exceed or fall below."""

    sign: str
    limit: float

    def holds(self, value: float) -> bool:
        """Say whether the value is on the right side."""
        return bool(_COMPARE[self.sign](value, self.limit))

    def __str__(self) -> str:
        return f"{'≤' if self.sign == '<=' else '≥'} {self.limit:g}"


@dataclass(frozen=True)
class Finding:
    """One figure: a ratio or an amount, its bar (None: only told), and the figures behind it."""

    what: str
    value: float
    bar: Bar | None
    behind: str
    unit: str = "x"

    @property
    def verdict(self) -> str:
        """Say whether the bar is met, and by how much it is missed."""
        if self.bar is None:
            return "-"
        if self.bar.holds(self.value):
            return "met"
        off = abs(self.value - self.bar.limit) / self.bar.limit if self.bar.limit else 1
        return f"missed by {off:.0%}"

    def cells(self) -> tuple[str, ...]:
        """Give the line of the table."""
        bar = f"{self.bar} {self.unit}" if self.bar else ""
        return self.what, f"{self.value:.3g} {self.unit}", bar, self.verdict, self.behind


def at_least(limit: float) -> Bar:
    """Make a lower bar."""
    return Bar(">=", limit)


def at_most(limit: float) -> Bar:
    """Make an upper bar."""
    return Bar("<=", limit)


HEAD = ("what", "measured", "bar", "", "figures behind it")


def as_markdown(findings: Sequence[Finding]) -> str:
    """Write the table."""
    rows = [HEAD, tuple("---" for _ in HEAD), *(finding.cells() for finding in findings)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def describe_machine() -> str:
    """Say what the figures were measured on."""
    cores = len(os.sched_getaffinity(0))
    memory = f"{machine_memory() / 2**30:.0f} GB"
    return f"{cores} cores ({_processor()}), {memory}, {platform.system()}, Python {platform.python_version()}"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def now() -> str:
    """Give the time of the run."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
