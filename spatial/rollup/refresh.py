"""Bring `rollup.value` up to date: only communes whose tables changed, or whose rows turned with the legal date, are computed.

The first refresh of a year computes everything, since every figure begins a new period; the state of the year before is kept.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache

from sqlalchemy import (
    BigInteger,
    Connection,
    Float,
    Table,
    Text,
    and_,
    case,
    column,
    delete,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB, insert

from spatial.errors import Conflict
from spatial.rollup.computations import (
    COMPUTATIONS,
    REPORT_SOURCES,
    TIER_SOURCES,
    Computation,
    Source,
)
from spatial.rollup.figures import ENOUGH, SHOWN
from spatial.rollup.notes import Told, read_notes
from spatial.rollup.work import EDGES, GIVEN, PLACES, analyze, make
from spatial.statements import read_statement
from spatial.tables import Dirty, Indicator, Note, Report, State, TierUnit, Value
from spatial.tables.bands import FIGURE
from spatial.tables.base import table_of
from spatial.versions import data_version, take_turn, today_vn

_PATIENCE_S = 600
_COMPUTED = ("indicator_code", "unit_code", "parent_code", "period", "value", "coverage", "batch_ids")
"""What every computation's statement gives, in this order."""
_ANYWHERE = ""
"""The commune code of a mark whose row names no commune."""
_TIERS: Mapping[str, tuple[str, ...]] = {
    "city": ("commune",),
    "province": ("commune",),
    "region": ("commune", "city", "province"),
    "nation": ("commune", "city", "province", "region"),
}
"""The tiers that are added up, from below, and those below each that get what is known for it alone.

The tier city gets a province's in its row for what lies outside cities.
"""


@dataclass(frozen=True)
class RefreshReport:
    """What a refresh did.

    Attributes:
        legal_date: the date in Vietnam that the figures are for.
        data_version: the version they are computed from.
        communes: for each computation that ran, how many communes were computed again; None = all.
        values: how many values were written.
        notes: what is not counted as it stands, and why; of this refresh or, where it had nothing to do, of those before.
    """

    legal_date: date
    data_version: int
    communes: dict[str, int | None] = field(default_factory=dict)
    values: int = 0
    notes: tuple[Told, ...] = ()


@dataclass
class _Refresh:
    """One refresh in its transaction."""

    connection: Connection
    today: date
    version: int
    communes: dict[str, int | None] = field(default_factory=dict)
    values: int = 0
    spans: dict[str, str] = field(default_factory=dict)
    """Indicator -> `now` where only the state of today was computed, else `all`."""

    @property
    def period(self) -> str:
        return str(self.today.year)

    def run(self, name: str, **values: object) -> int:
        """Run a statement with those of the values that it has a place for; give the number of rows written."""
        return self.connection.execute(read_statement(f"rollup/{name}"), self._arguments(name, values)).rowcount

    def _arguments(self, name: str, values: Mapping[str, object]) -> dict[str, object]:
        """Choose from the day, what is enough, the version, and what is given."""
        known = {
            "legal_date": self.today,
            "period": self.period,
            "enough": ENOUGH,
            "shown": SHOWN,
            "data_version": self.version,
            **values,
        }
        return {key: known[key] for key in _places(name)}

    def fill(self, table: Table, name: str) -> None:
        """Make one of the refresh's own tables and run the statement that fills it."""
        make(self.connection, table)
        self.run(name)
        analyze(self.connection, table)

    # -- communes ---------------------------------------------------------------------------------------------------------

    def carry(self) -> None:
        """Carry what was reported, and the state of past years, to the units of today."""
        above = select(Report.indicator_code).where(Report.level != "commune").distinct()
        before = set(self.connection.scalars(above))
        self.connection.execute(delete(Report))
        self._forget_notes("reports")
        self.fill(EDGES, "edges")
        self.fill(GIVEN, "given")
        self.run("reports")
        self.spans |= dict.fromkeys(before | set(self.connection.scalars(above)), "all")

    def compute(self, computation: Computation, communes: set[str] | None) -> None:
        """Compute the values of communes; None = all."""
        indicators = self._indicators_of(computation)
        scope = None if communes is None else sorted(communes)
        self.run("delete_communes", indicators=indicators, communes=scope, spans=computation.spans)
        arguments = self._arguments(computation.statement, {"communes": scope, "indicators": indicators})
        statement = read_statement(f"rollup/{computation.statement}").bindparams(**arguments)
        computed = statement.columns(*(column(name) for name in _COMPUTED)).cte("computed")
        home = select(PLACES).where(PLACES.c.level == "commune", PLACES.c.is_in_force).subquery("home")
        # a value that is no number, from a row written past the rules, makes its own unit unknown and no other
        is_number = computed.c.value.between(FIGURE.least, FIGURE.largest)
        values = select(
            computed.c.indicator_code,
            computed.c.unit_code,
            func.coalesce(home.c.home_code, computed.c.parent_code),
            computed.c.period,
            case((is_number, computed.c.value)),
            case((home.c.code.is_not(None), case((is_number, computed.c.coverage.cast(Float)), else_=0.0))),
            computed.c.batch_ids,
            literal("commune", Text),
            literal(self.version, BigInteger),
        ).select_from(computed.outerjoin(home, home.c.code == computed.c.unit_code))
        written = insert(Value).from_select([*_COMPUTED, "level", "data_version"], values)
        self.values += self.connection.execute(written).rowcount
        self._note_no_numbers(computation.name, indicators)
        self.communes[computation.name] = None if communes is None else len(communes)
        for code in indicators:
            if self.spans.get(code) != "all":
                self.spans[code] = "now" if computation.spans == "now" else "all"

    def _note_no_numbers(self, step: str, indicators: list[str]) -> None:
        """Say which units have no value since a row of theirs holds what is no number; any other without one has no row."""
        self._forget_notes(step)
        kind = (literal(step, Text), literal("no_number", Text))
        found = select(*kind, Value.indicator_code, Value.unit_code, Value.period, literal({}, JSONB)).where(
            Value.level == "commune", Value.value.is_(None), Value.indicator_code.in_(indicators)
        )
        names = ["step", "kind", "indicator_code", "unit_code", "period", "detail"]
        self.connection.execute(insert(Note).from_select(names, found, include_defaults=False))

    def _indicators_of(self, computation: Computation) -> list[str]:
        if computation.indicators is not None:
            return list(computation.indicators)
        reported = select(Indicator.code).where(Indicator.origin == "reported", Indicator.kind == "additive")
        return list(self.connection.scalars(reported))

    # -- the tiers above --------------------------------------------------------------------------------------------------

    def add_up(self) -> None:
        """Add up what was computed, and form the ratios that follow from it."""
        self.connection.execute(delete(TierUnit))
        self._forget_notes("tiers")
        self.run("tier_units")
        for period, indicators in _by_period(self.spans, self.period):
            self.run("delete_tiers", indicators=indicators, period=period)
            for level, below in _TIERS.items():
                self.values += self.run("add_tier", level=level, below=list(below), indicators=indicators, period=period)
            self.values += self.run("rest", indicators=indicators, period=period)
        self._form_ratios()

    def _form_ratios(self) -> None:
        ratios = select(Indicator.code, Indicator.numerator_code, Indicator.denominator_code).where(Indicator.kind == "ratio")
        spans = {
            code: "all" if "all" in sides else "now"
            for code, above, below in self.connection.execute(ratios)
            if (sides := {self.spans[side] for side in (above, below) if side in self.spans})
        }
        for period, codes in _by_period(spans, self.period):
            self.run("delete_tiers", indicators=codes, period=period)
            for level in ("commune", *_TIERS):
                self.values += self.run("ratios", level=level, ratios=codes, period=period)

    def _forget_notes(self, step: str) -> None:
        self.connection.execute(delete(Note).where(Note.step == step))

    def remember(self) -> None:
        """Keep what the figures are for."""
        state = {"legal_date": self.today, "data_version": self.version, "refreshed_at": func.clock_timestamp()}
        self.connection.execute(insert(State).values(id=1, **state).on_conflict_do_update(index_elements=[State.id], set_=state))


def refresh(connection: Connection, *, everything: bool = False) -> RefreshReport:
    """Compute what is dirty, or everything, and add up the upper tiers.

    Args:
        connection: in a transaction (READ COMMITTED), as dothi_ingest or dothi_owner. A second refresh waits for the first.
        everything: compute all communes, marked or not.

    Raises:
        Conflict: another refresh is at work for too long.
    """
    if not take_turn(connection, table_of(Value).fullname, patience_s=_PATIENCE_S):
        raise Conflict(
            f"Another refresh of the figures has been at work for {_PATIENCE_S // 60} minutes. Wait for it and try again.",
            vi="Một lần tính số liệu khác vẫn đang chạy. Hãy đợi rồi thử lại.",
        )
    work = _Refresh(connection, today_vn(connection), data_version(connection))
    last = connection.scalar(select(State.legal_date))
    marks = _take_marks(connection)
    if last is None or last.year != work.today.year or last > work.today:
        everything = True
    elif last < work.today:
        _add_turned(connection, marks, last, work.today)
    if last is not None and last.year < work.today.year:
        work.run("keep_past", indicators=_state_indicators(), last_date=last)
    work.fill(PLACES, "places")
    if everything or _dirty_communes(REPORT_SOURCES, marks) is None:
        work.carry()
    for item in COMPUTATIONS:
        is_whole = everything or (item.follows_day and last != work.today)
        communes = None if is_whole else _dirty_communes(item.sources, marks)
        if communes != set():
            work.compute(item, communes)
    if _dirty_communes(TIER_SOURCES, marks) is None:
        work.spans = dict.fromkeys(connection.scalars(select(Indicator.code).where(Indicator.kind == "additive")), "all")
    if work.spans:
        work.add_up()
    work.remember()
    return RefreshReport(work.today, work.version, work.communes, work.values, tuple(read_notes(connection)))


def _take_marks(connection: Connection) -> dict[str, set[str]]:
    """Remove the marks that are visible now and give them as table -> commune codes; later ones stay for the next refresh."""
    marks: dict[str, set[str]] = {}
    for name, commune in connection.execute(delete(Dirty).returning(Dirty.table_name, Dirty.commune_code)):
        marks.setdefault(name, set()).add(commune)
    return marks


def _add_turned(connection: Connection, marks: dict[str, set[str]], since: date, until: date) -> None:
    """Mark communes where rows came into force, ended or began to count since the last refresh, though nobody wrote."""
    dates: dict[str, set[str]] = {}
    sources = [*TIER_SOURCES, *(source for item in COMPUTATIONS for source in item.sources)]
    for source in sources:
        dates.setdefault(source.name, set()).update(source.turns_on)
    for source in {source.name: source for source in sources}.values():
        columns = [source.table.c[name] for name in sorted(dates[source.name])]
        if columns:
            commune = source.table.c.get("commune_code")
            mark = literal(_ANYWHERE) if commune is None else func.coalesce(commune, _ANYWHERE)
            passed = or_(*[and_(day > since, day <= until) for day in columns])
            marks.setdefault(source.name, set()).update(connection.scalars(select(mark).where(passed).distinct()))


def _dirty_communes(sources: Iterable[Source], marks: Mapping[str, set[str]]) -> set[str] | None:
    """Give the communes that must be done again; None where it cannot be told, so all."""
    communes: set[str] = set()
    for source in sources:
        marked = marks.get(source.name, set())
        if marked and (source.is_wide or _ANYWHERE in marked):
            return None
        communes |= marked
    return communes


def _state_indicators() -> list[str]:
    return [code for item in COMPUTATIONS if item.spans == "now" for code in item.indicators or ()]


def _by_period(spans: Mapping[str, str], period: str) -> list[tuple[str | None, list[str]]]:
    """Group indicators by what is to be written of them: the present period, or every one (None)."""
    groups = ((period, "now"), (None, "all"))
    return [(of, found) for of, span in groups if (found := sorted(code for code, one in spans.items() if one == span))]


@cache
def _places(name: str) -> tuple[str, ...]:
    """Name the parameters of a statement."""
    return tuple(read_statement(f"rollup/{name}").compile().params)
