"""What a number or a date of a row can be in this country, and why: a table makes a rule (CHECK) of each band. Knows no table.

A band is wide: it keeps out what is no measurement (Infinity, NaN, a slipped unit, a year 1), never what is merely unusual.
For PostgreSQL NaN is above every number, so an upper bound keeps it out, too.
"""

from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

Bound = TypeVar("Bound", int, date)


@dataclass(frozen=True)
class Band(Generic[Bound]):
    """The least and the largest value that a column may have, both allowed.

    Attributes:
        why: what the bounds come from.
    """

    least: Bound
    largest: Bound
    why: str

    def condition(self, column_name: str) -> str:
        """Write the rule in SQL."""
        return f"{column_name} BETWEEN {_literal(self.least)} AND {_literal(self.largest)}"

    @property
    def sentence(self) -> str:
        """What follows the column's name and value where an editor is refused."""
        return f"phải từ {_told(self.least)} đến {_told(self.largest)}"

    @property
    def is_of_days(self) -> bool:
        """Whether it bounds dates."""
        return isinstance(self.least, date)


def _literal(bound: int | date) -> str:
    return f"DATE '{bound.isoformat()}'" if isinstance(bound, date) else f"{bound}"


def _told(bound: int | date) -> str:
    return f"{bound:%d/%m/%Y}" if isinstance(bound, date) else f"{bound:,}".translate(str.maketrans(",.", ".,"))


DAYS = Band(date(1800, 1, 1), date(2200, 12, 31), "no act of today refers to one before 1802; nothing is planned for later")
"""Every date that is stated or follows from an act. An open end is an empty date, not a far one."""
YEAR = Band(1800, 2200, "as the days")
BUILT = Band(500, 2200, "the oldest works that stand are of the sixth century")
AREA_M2 = Band(0, 2_000_000_000_000, "land and sea of the country together have 1.3 million km2")
PARCEL_M2 = Band(0, 10_000_000_000, "the largest land holdings have some 1,000 km2; a province has 1,300 km2 and more")
UNIT_KM2 = Band(0, 2_000_000, "as areas")
PEOPLE = Band(0, 500_000_000, "the country has 102 million people")
PEOPLE_OF_CELL = Band(0, 10_000_000, "a cell of 10 km in the densest city has 4 million")
VERTICES = Band(4, 10_000_000, "a polygon has 4; PostGIS itself takes more than any reader")
COUNT = Band(0, 1_000_000_000, "the country has some 110 million parcels")
CYCLE_DAYS = Band(0, 36_525, "a century: what is never brought up to date has no cycle")
STOREYS = Band(0, 200, "the highest building on earth has 163")
BASEMENTS = Band(0, 30, "the deepest on earth has 15")
HEIGHT_M = Band(0, 1_500, "the highest building on earth has 828 m")
FOOTPRINT_M2 = Band(0, 10_000_000, "the largest building on earth covers 1.7 km2")
FLOOR_AREA_M2 = Band(0, 50_000_000, "the largest building on earth has 6 km2 of floors")
PERCENT = Band(0, 100, "a share of a whole")
FAR = Band(0, 200, "storeys that cover their whole plot")
SETBACK_M = Band(0, 1_000, "QCVN 01:2021 asks for 6 m; a work of its own kind for some hundred")
WIDTH_M = Band(0, 1_000, "the widest road in the country has 140 m, with its strips")
DIAMETER_MM = Band(0, 20_000, "the widest tunnel bored on earth has 17.6 m")
VOLTAGE_KV = Band(0, 1_500, "the highest voltage in use on earth is 1,100 kV")
DEPTH_M = Band(-200, 2_000, "above ground it is negative: a cable on pylons")
LEVEL_M = Band(-12_000, 4_000, "from the deepest sea to above Fansipan (3,143 m)")
CAPACITY = Band(0, 1_000_000_000_000, "of any unit: a bound of sums, not of works")
FIGURE = Band(
    -1_000_000_000_000_000_000, 1_000_000_000_000_000_000, "of any unit: a bound of sums; money has the largest numbers"
)
MONEY_VND = Band(0, 100_000_000_000_000_000, "a year of the country's product is 12 million billion VND")
SCALE = Band(1, 100_000_000, "a drawing 1:1 to a map of the world")
SRID = Band(1_024, 32_767, "the codes that EPSG gives")
