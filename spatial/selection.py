"""The values by which every door selects rows: a box in space and a period of legal time. No SQL, no HTTP."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from spatial.crs import CRS84, Crs

LEGAL_TIME_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
"""Legal dates turn at midnight here."""


def legal_today() -> date:
    """Give the date in Vietnam: what is in force without `datetime` follows it."""
    return datetime.now(LEGAL_TIME_ZONE).date()


@dataclass(frozen=True)
class Bbox:
    """A box with x east and y north, in the units of `crs`, whatever order its URI has the axes in.

    A geographic box with west > east crosses the 180th meridian, as OGC API has it.
    """

    west: float
    south: float
    east: float
    north: float
    crs: Crs = CRS84

    def parts(self) -> tuple[tuple[float, float, float, float], ...]:
        """Give the box as one west-south-east-north tuple, or two where it crosses the 180th meridian."""
        if self.west <= self.east:
            return ((self.west, self.south, self.east, self.north),)
        return ((self.west, self.south, 180.0, self.north), (-180.0, self.south, self.east, self.north))


@dataclass(frozen=True)
class LegalPeriod:
    """Legal time asked for: rows whose half-open validity meets it. Both ends belong to it; None is open.

    `LegalPeriod(d, d)` is what is in force on d; `LegalPeriod()` is all periods.
    """

    start: date | None = None
    end: date | None = None

    @classmethod
    def on(cls, day: date) -> "LegalPeriod":
        """Give the period of one day."""
        return cls(day, day)

    @property
    def is_everything(self) -> bool:
        """Whether it selects by nothing."""
        return self.start is None and self.end is None
