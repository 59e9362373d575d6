"""The tables that a refresh makes for itself: where units belong, how they became each other, what was reported of them.

They are temporary, so that the loader's role may analyze them: the statements that read them are planned for their true size.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    Float,
    Index,
    MetaData,
    Numeric,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

_MADE = MetaData()


def _table(name: str, *items: Column[object] | Index) -> Table:
    return Table(name, _MADE, *items, prefixes=["TEMPORARY"], postgresql_on_commit="DROP")


PLACES = _table(
    "unit_place",
    Column("level", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("home_code", Text),
    Column("is_in_force", Boolean, nullable=False),
)
"""Every unit that the register knows, of today or of before: its province, where that is in force, and whether it is itself."""

EDGES = _table(
    "unit_edge",
    Column("level", Text, primary_key=True),
    Column("from_code", Text, primary_key=True),
    Column("to_code", Text, primary_key=True),
    Column("changed_on", Date, primary_key=True),
    Column("begins", Date, nullable=False),
    Column("people_share", Float, nullable=False),
    Column("land_share", Float, nullable=False),
    Column("ground_share", Float, nullable=False),
    Column("is_divided", Boolean, nullable=False),
)
"""`admin.unit_change` made whole: the shares of a unit and day add up to 1.

`to_code` '' is the part of which nobody says where it went; `ground_share` the part of the later unit that comes by the edge;
`begins` the unit's change before this one; `is_divided` whether the share is known.
"""

GIVEN = _table(
    "figure_given",
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("indicator_code", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("unit_code", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("value", Numeric, nullable=False),
    Column("coverage", Float, nullable=False),
    Column("since", Date, nullable=False),
    Column("begins", Date, nullable=False),
    Column("by_land", Boolean, nullable=False),
    Column("parent_code", Text),
    Column("batch_ids", JSONB),
    Index("figure_given_unit_idx", "indicator_code", "level", "period", "unit_code"),
)
"""Figures as they were reported, each of a unit as it was on a day (`since`; `begins` is the unit's last change before it)."""

_ANALYZE = {PLACES.name: "ANALYZE unit_place", EDGES.name: "ANALYZE unit_edge", GIVEN.name: "ANALYZE figure_given"}


def make(connection: Connection, table: Table) -> None:
    """Make a table of this transaction, empty, in place of one that an earlier refresh of it left."""
    table.drop(connection, checkfirst=True)
    table.create(connection)


def analyze(connection: Connection, table: Table) -> None:
    """Tell the planner how large a table is."""
    connection.execute(text(_ANALYZE[table.name]))
