"""Bring `rollup.value` up to date: only communes whose tables changed, or whose rows turned with the legal date, are computed."""

from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import (
    BigInteger,
    Connection,
    Select,
    Table,
    Text,
    TextClause,
    and_,
    column,
    delete,
    func,
    literal,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import insert

from spatial.rollup.computations import COMPUTATIONS, TIER_SOURCES, Computation, table_name, table_of
from spatial.statements import read_statement
from spatial.tables import Dirty, Indicator, State, Value
from spatial.versions import data_version, today_vn

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('dothi.rollup', 0))"
_COMPUTED = ("indicator_code", "unit_code", "parent_code", "period", "value", "coverage", "batch_ids")
"""What every computation's statement gives, in this order."""
_ANYWHERE = ""
"""The commune code of a mark whose row names no commune."""


@dataclass(frozen=True)
class RefreshReport:
    """What a refresh did.

    Attributes:
        legal_date: the date in Vietnam that the figures are for.
        data_version: the version they are computed from.
        communes: for each computation that ran, how many communes were computed again; None = all.
        values: how many values were written.
    """

    legal_date: date
    data_version: int
    communes: dict[str, int | None] = field(default_factory=dict)
    values: int = 0


def refresh(connection: Connection, *, everything: bool = False) -> RefreshReport:
    """Compute what is dirty, or everything, and add up the upper tiers.

    Args:
        connection: in a transaction (READ COMMITTED), as dothi_ingest or dothi_owner. A second refresh waits for the first.
        everything: compute all communes, marked or not.
    """
    connection.execute(text(_LOCK))
    today = today_vn(connection)
    version = data_version(connection)
    last = connection.execute(select(State.legal_date)).scalar()
    marks = _take_marks(connection)
    if last is not None and last < today:
        _add_turned(connection, marks, last, today)
    report = RefreshReport(today, version)
    computed: list[str] = []
    written = 0
    for computation in COMPUTATIONS:
        communes = None if everything or last is None else _dirty_communes(computation, marks)
        if communes is not None and not communes:
            continue
        indicators = _indicators_of(connection, computation)
        written += _compute_communes(connection, computation, indicators, communes, today, version)
        report.communes[computation.name] = None if communes is None else len(communes)
        computed += indicators
    if any(marks.get(table_name(model)) for model in TIER_SOURCES):
        computed = [code for item in COMPUTATIONS for code in _indicators_of(connection, item)]
    if computed:
        written += _add_up(connection, computed, today, version)
    _remember(connection, today, version)
    return RefreshReport(today, version, report.communes, written)


def _take_marks(connection: Connection) -> dict[str, set[str]]:
    """Remove the marks that are visible now and give them as table -> commune codes; later ones stay for the next refresh."""
    marks: dict[str, set[str]] = {}
    for name, commune in connection.execute(delete(Dirty).returning(Dirty.table_name, Dirty.commune_code)):
        marks.setdefault(name, set()).add(commune)
    return marks


def _add_turned(connection: Connection, marks: dict[str, set[str]], since: date, until: date) -> None:
    """Mark communes where rows came into force or ended since the last refresh, though nobody wrote."""
    models = {model for item in COMPUTATIONS for model in (*item.sources, *item.wide_sources)} | set(TIER_SOURCES)
    for model in models:
        table = table_of(model)
        if "valid_from" in table.c:
            turned = connection.execute(_turned(table, since, until)).scalars().all()
            marks.setdefault(table_name(model), set()).update(turned)


def _turned(table: Table, since: date, until: date) -> Select[str]:
    commune = table.c.commune_code
    return (
        select(func.coalesce(commune, _ANYWHERE))
        .where(
            or_(
                and_(table.c.valid_from > since, table.c.valid_from <= until),
                and_(table.c.valid_to > since, table.c.valid_to <= until),
            )
        )
        .distinct()
    )


def _dirty_communes(computation: Computation, marks: dict[str, set[str]]) -> set[str] | None:
    """Give the communes that a computation must do again; None where it cannot be told, so all."""
    if any(marks.get(table_name(model)) for model in computation.wide_sources):
        return None
    communes: set[str] = set()
    for model in computation.sources:
        communes |= marks.get(table_name(model), set())
    return None if _ANYWHERE in communes else communes


def _indicators_of(connection: Connection, computation: Computation) -> list[str]:
    if computation.indicators is not None:
        return list(computation.indicators)
    reported = select(Indicator.code).where(Indicator.origin == "reported", Indicator.kind == "additive")
    return list(connection.execute(reported).scalars())


def _compute_communes(
    connection: Connection,
    computation: Computation,
    indicators: list[str],
    communes: set[str] | None,
    today: date,
    version: int,
) -> int:
    period = str(today.year)
    scope = None if communes is None else sorted(communes)
    connection.execute(
        read_statement("rollup/delete_communes"),
        {"indicators": indicators, "communes": scope, "period": period if computation.is_stock else None},
    )
    statement = _bound(f"rollup/{computation.name}", {"communes": scope, "legal_date": today, "period": period})
    computed = statement.columns(*(column(name) for name in _COMPUTED)).cte("computed")
    values = select(*computed.c, literal("commune", Text), literal(version, BigInteger))
    return connection.execute(insert(Value).from_select([*_COMPUTED, "level", "data_version"], values)).rowcount


def _bound(name: str, given: dict[str, object]) -> TextClause:
    """Bind those of the given values that the statement has a place for."""
    statement = read_statement(name)
    return statement.bindparams(**{key: given[key] for key in statement.compile().params})


def _add_up(connection: Connection, indicators: list[str], today: date, version: int) -> int:
    connection.execute(read_statement("rollup/delete_upper_tiers"), {"indicators": indicators})
    written = connection.execute(
        read_statement("rollup/upper_tiers"),
        {"indicators": indicators, "legal_date": today, "period": str(today.year), "data_version": version},
    )
    return written.rowcount


def _remember(connection: Connection, today: date, version: int) -> None:
    state = {"legal_date": today, "data_version": version, "refreshed_at": func.clock_timestamp()}
    connection.execute(insert(State).values(id=1, **state).on_conflict_do_update(index_elements=[State.id], set_=state))
