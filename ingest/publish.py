"""From staging into a published table, set by set: match by code and period, count, update, end, insert. Never row by row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    MetaData,
    Select,
    Table,
    and_,
    case,
    cast,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import distinct_on

from ingest.stage import AREA, AREA_SRID, ROW_NO, analyze_stage, create_stage, shadow


def match_table(name: str) -> Table:
    """Declare a temporary table of staged rows that are in the target already.

    Its columns say which row, whether it differs, whether a new legal period begins, and whether another staged row comes
    before it within the same row of the table.
    """
    return Table(
        name,
        MetaData(),
        Column(ROW_NO, BigInteger, primary_key=True),
        Column("id", BigInteger, nullable=False),
        Column("old_from", Date),
        Column("old_to", Date),
        Column("differs", Boolean, nullable=False),
        Column("begins_anew", Boolean, nullable=False),
        Column("follows", Boolean, nullable=False),
        prefixes=["TEMPORARY"],
        postgresql_on_commit="DROP",
    )


_KEY = frozenset({"code", "valid_from", "valid_to"})
"""Columns that matching looks at and that are never compared as content."""


FOREVER = cast(literal("infinity"), Date)
"""The end of a period that states none."""


@dataclass(frozen=True)
class Counts:
    """What publishing did to one table."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    ended: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        """Add up the counts of two tables."""
        return Counts(
            self.added + other.added,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            self.ended + other.ended,
        )


@dataclass(frozen=True)
class Publication:
    """One publishing of staged rows into a table.

    Attributes:
        target: the table (its declaration).
        stage: the staging table.
        filled: columns of the table that the load states; all others are left as they are.
        batch_id: the batch of this transaction.
        today: the legal date of rows without a date of their own.
        match: a `match_table` of its own, which this publishing creates and fills.
        where: which staged rows belong to this table.
        by_code_only: whether a code has one row whatever its period, because other rules set the periods (plans).
        states_periods: whether rows of the file state their own begin or end, so that a code may have several.
        derived: columns that follow from others of the row, and are not compared themselves.
    """

    target: Table
    stage: Table
    filled: tuple[str, ...]
    batch_id: int
    today: date
    match: Table
    where: Any = None
    by_code_only: bool = False
    states_periods: bool = False
    derived: frozenset[str] = frozenset()

    @property
    def mine(self) -> Any:
        """The condition that picks this table's rows of the stage."""
        return true() if self.where is None else self.where


def match_rows(connection: Connection, publication: Publication) -> None:
    """Create the match table and find the row of the target that each staged row means; none where the target is empty."""
    create_stage(connection, publication.match)
    if _has_rows(connection, publication):
        _match(connection, publication, shadow(publication.target))


def publish(connection: Connection, publication: Publication) -> Counts:
    """Bring the table to what is staged and matched.

    Returns:
        Counts of staged rows; `changed` are corrections in place and rows that began a new legal period.
    """
    stage, match, table = publication.stage, publication.match, shadow(publication.target)
    staged = connection.scalar(select(func.count()).select_from(stage).where(publication.mine)) or 0
    matched, differing, anew = connection.execute(
        select(func.count(), func.count().filter(match.c.differs), func.count().filter(match.c.begins_anew)).select_from(match)
    ).one()
    if differing > anew:
        _correct(connection, publication, table)
    if anew:
        _end_old_periods(connection, publication, table)
    if anew or staged > matched:
        is_first = not matched and not _has_rows(connection, publication)
        _insert(connection, publication, table, any_matched=matched > 0, is_first=is_first)
    return Counts(added=staged - matched, changed=differing, unchanged=matched - differing)


def _has_rows(connection: Connection, publication: Publication) -> bool:
    return bool(connection.scalar(select(exists(select(shadow(publication.target).c.id)))))


def _match(connection: Connection, publication: Publication, table: Table) -> None:
    """Find the row of each staged code that is in force at its date, and give the staged row its id."""
    stage, match = publication.stage, publication.match
    at = func.coalesce(stage.c.valid_from, literal(publication.today, Date))
    same = table.c.code == stage.c.code
    if not publication.by_code_only:
        same = and_(same, table.c.valid_from <= at, or_(table.c.valid_to.is_(None), table.c.valid_to > at))
    differs = or_(*_differences(publication, table))
    found = (
        select(
            stage.c[ROW_NO],
            table.c.id,
            table.c.valid_from,
            table.c.valid_to,
            differs,
            literal(False) if publication.by_code_only else and_(differs, stage.c.valid_from > table.c.valid_from),
        )
        .join(table, same)
        .where(publication.mine)
        .order_by(stage.c[ROW_NO], table.c.valid_from.desc())
        .ext(distinct_on(stage.c[ROW_NO]))
    )
    columns = [ROW_NO, "id", "old_from", "old_to", "differs", "begins_anew", "follows"]
    connection.execute(insert(match).from_select(columns, _in_order(publication, found)))
    analyze_stage(connection, match)
    keeps_id = match.c.begins_anew.is_(False)
    connection.execute(update(stage).values(id=match.c.id).where(stage.c[ROW_NO] == match.c[ROW_NO], keeps_id))


def _in_order(publication: Publication, found: Select[Any]) -> Select[Any]:
    """Let the first of several staged rows within one row of the table have it; the others are new periods after it."""
    inner = found.add_columns(begin_of(publication).label("begins")).subquery()
    row_no, key, old_from, old_to, differs, anew, begins = inner.columns
    follows: Any = literal(False)
    if publication.states_periods:
        follows = func.row_number().over(partition_by=key, order_by=(begins, row_no)) > 1
    return select(
        row_no, key, old_from, old_to,
        or_(func.coalesce(differs, False), follows), or_(func.coalesce(anew, False), follows), follows,
    )  # fmt: skip


def _differences(publication: Publication, table: Table) -> Sequence[Any]:
    """Compare every column that the load states; an end that it does not state is no difference."""
    stage = publication.stage
    compared = [name for name in publication.filled if name not in _KEY and name not in publication.derived]
    conditions = [table.c[name].is_distinct_from(stage.c[name]) for name in compared if not _has_default(publication, name)]
    conditions += [
        and_(stage.c[name].is_not(None), table.c[name].is_distinct_from(stage.c[name]))
        for name in compared
        if _has_default(publication, name)
    ]
    if "valid_to" in publication.filled and not publication.by_code_only:
        conditions.append(and_(stage.c.valid_to.is_not(None), table.c.valid_to.is_distinct_from(stage.c.valid_to)))
    return conditions or [literal(False)]


def _has_default(publication: Publication, name: str) -> bool:
    column = publication.target.columns[name]
    return column.server_default is not None and not column.nullable


def _stated(publication: Publication, table: Table, name: str) -> Any:
    """Give the staged value; where the column may not be empty and the file is silent, the default or what was there."""
    staged = publication.stage.c[name]
    return func.coalesce(staged, table.c[name]) if _has_default(publication, name) else staged


def _correct(connection: Connection, publication: Publication, table: Table) -> None:
    """Correct rows in place: same id, same period unless the file states another end."""
    stage, match = publication.stage, publication.match
    values = {name: _stated(publication, table, name) for name in publication.filled if name not in _KEY}
    if AREA_SRID in publication.filled:
        # a PROJ of another version must not change an area whose shape and plane are the same
        same = and_(*[table.c[name].is_not_distinct_from(stage.c[name]) for name in ("geom", AREA_SRID)])
        values[AREA] = case((same, func.coalesce(table.c[AREA], stage.c[AREA])), else_=stage.c[AREA])
    if "valid_to" in publication.filled and not publication.by_code_only:
        values["valid_to"] = func.coalesce(stage.c.valid_to, table.c.valid_to)
    connection.execute(
        update(table)
        .values(batch_id=publication.batch_id, **values)
        .where(
            table.c.id == match.c.id,
            stage.c[ROW_NO] == match.c[ROW_NO],
            match.c.differs,
            match.c.begins_anew.is_(False),
        )
    )


def _end_old_periods(connection: Connection, publication: Publication, table: Table) -> None:
    stage, match = publication.stage, publication.match
    connection.execute(
        update(table)
        .values(batch_id=publication.batch_id, valid_to=stage.c.valid_from)
        .where(
            table.c.id == match.c.id,
            stage.c[ROW_NO] == match.c[ROW_NO],
            match.c.begins_anew,
            match.c.follows.is_(False),
        )
    )


def _insert(connection: Connection, publication: Publication, table: Table, *, any_matched: bool, is_first: bool) -> None:
    """Insert new codes, and the new periods of changed ones with what the file does not state taken from the old row."""
    stage, match = publication.stage, publication.match
    source: Any = stage
    wanted = [publication.mine]
    kept: dict[str, Any] = {}
    if any_matched:
        old = table.alias("old")
        source = stage.outerjoin(match, match.c[ROW_NO] == stage.c[ROW_NO])
        source = source.outerjoin(old, and_(old.c.id == match.c.id, match.c.begins_anew))
        wanted.append(or_(match.c[ROW_NO].is_(None), match.c.begins_anew))
        kept = {name: _with_default(publication, name, old.c[name]) for name in _left_out(publication)}
    ends = stage.c.valid_to if is_first else end_of(publication, table) if any_matched else _open_end(publication, table)
    rows = {
        "id": stage.c.id,
        "code": stage.c.code,
        "valid_from": begin_of(publication),
        "valid_to": ends,
        "batch_id": literal(publication.batch_id, BigInteger),
        **{name: _with_default(publication, name, stage.c[name]) for name in publication.filled if name not in _KEY},
        **kept,
    }
    if AREA_SRID in publication.filled:
        rows[AREA] = stage.c[AREA]
    statement = select(*rows.values()).select_from(source).where(*wanted)
    connection.execute(insert(table).from_select(list(rows), statement, include_defaults=False))


def begin_of(publication: Publication) -> Any:
    """Give the legal begin of a staged row: the one it states, else today."""
    return func.coalesce(publication.stage.c.valid_from, literal(publication.today, Date))


def end_of(publication: Publication, table: Table) -> Any:
    """Give the legal end that a staged row will have, where `match` is joined to the stage: stated, else as the old row's."""
    match = publication.match
    return func.coalesce(
        publication.stage.c.valid_to, case((match.c.id.is_not(None), match.c.old_to), else_=_open_end(publication, table))
    )


def _open_end(publication: Publication, table: Table) -> Any:
    """Give the end of a row whose code has no row at its begin: the one it states, else where the next period begins."""
    if publication.by_code_only:
        return publication.stage.c.valid_to
    later = table.alias("later")
    after = and_(later.c.code == publication.stage.c.code, later.c.valid_from > begin_of(publication))
    return func.coalesce(publication.stage.c.valid_to, select(func.min(later.c.valid_from)).where(after).scalar_subquery())


def _left_out(publication: Publication) -> list[str]:
    """Name the columns that the load does not state and that a new period takes from the old row."""
    columns = [column for column in publication.target.columns if column.computed is None]
    return [column.name for column in columns if column.name not in (*publication.filled, *_KEY, "id", "batch_id")]


def _with_default(publication: Publication, name: str, value: Any) -> Any:
    default = getattr(publication.target.columns[name].server_default, "arg", None)
    return func.coalesce(value, default) if default is not None else value


def end_missing(
    connection: Connection, publication: Publication, stage: Table, scope: Sequence[str], ends: date, spared: Sequence[str]
) -> int:
    """End the rows in force at `ends` that lie in a scope the file covers and that the file lacks.

    Args:
        connection: in the load's transaction.
        publication: what was published.
        stage: all rows of the file, whichever table they went to.
        scope: columns that name what the file is complete for (commune, former commune, sheet).
        ends: the first day on which they are no longer in force.
        spared: codes of rows that are in the file, but in quarantine.

    Returns:
        How many ended.
    """
    table = shadow(publication.target)
    covered = select(*[stage.c[name] for name in scope]).distinct().subquery()
    in_scope = and_(*[table.c[name] == covered.c[name] for name in scope])
    missing = and_(
        table.c.valid_from < ends,
        or_(table.c.valid_to.is_(None), table.c.valid_to > ends),
        exists(select(literal(1)).select_from(covered).where(in_scope)),
        ~exists(select(stage.c.code).where(stage.c.code == table.c.code)),
        table.c.code.not_in(spared) if spared else true(),
    )
    gone = connection.scalars(select(table.c.id).where(missing)).all()
    if gone:
        connection.execute(update(table).values(batch_id=publication.batch_id, valid_to=ends).where(table.c.id.in_(gone)))
    return len(gone)


__all__ = ["FOREVER", "Counts", "Publication", "begin_of", "end_missing", "end_of", "match_rows", "match_table", "publish"]
