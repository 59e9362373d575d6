"""Legal periods of one code, held against each other before anything is written: among the staged rows and with the table's.

Large tables have no EXCLUDE for it, and where there is one it would refuse the whole file. Knows no layer.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, SelectBase, Subquery, and_, case, func, null, or_, select, union_all

from ingest.issues import Issue, IssueCode
from ingest.publish import FOREVER, Publication, begin_of, end_of
from ingest.stage import ROW_NO, shadow

_SHOWN = 200
"""Characters of the periods that an issue names."""


def check_periods(connection: Connection, publication: Publication) -> list[Issue]:
    """Find the staged rows after whose publishing two periods of a code would overlap, or one would end before it begins.

    All staged rows of such a code are set aside: none of them can be judged without the others.

    Args:
        connection: in the load's transaction; the rows are matched (`match_rows`).
        publication: what is about to be published, into a table whose periods the file may state.
    """
    stage, match, table = publication.stage, publication.match, shadow(publication.target)
    # without a begin a row speaks of today: one that ended before cannot, and loaded again would meet no row in force
    is_past = and_(stage.c.valid_from.is_(None), stage.c.valid_to <= publication.today)
    in_place = and_(match.c.id.is_not(None), match.c.begins_anew.is_(False))
    staged = (
        select(
            stage.c.code,
            stage.c[ROW_NO],
            case((and_(in_place, is_past.is_not(True)), match.c.old_from), else_=begin_of(publication)).label("begins"),
            end_of(publication, table).label("ends"),
        )
        .select_from(stage.outerjoin(match, match.c[ROW_NO] == stage.c[ROW_NO]))
        .where(publication.mine)
    )
    cut = (
        select(match.c.id, begin_of(publication).label("at"))
        .join(stage, stage.c[ROW_NO] == match.c[ROW_NO])
        .where(match.c.begins_anew, match.c.follows.is_(False))
        .subquery("cut")
    )
    kept = (
        select(table.c.code, null(), table.c.valid_from, func.coalesce(cut.c.at, table.c.valid_to))
        .select_from(table.outerjoin(cut, cut.c.id == table.c.id))
        .where(
            table.c.code.in_(select(stage.c.code).where(publication.mine)),
            table.c.id.not_in(select(match.c.id).where(match.c.begins_anew.is_(False))),
        )
    )
    return find_overlaps(connection, union_all(staged, kept), ("code",))


def find_overlaps(connection: Connection, periods: SelectBase, key: Sequence[str]) -> list[Issue]:
    """Find the rows of the file whose key has periods that overlap.

    Args:
        connection: may read what `periods` selects from.
        periods: rows as they will be: the key's columns, row number (null for a row that is not of the file), `begins`, `ends`.
        key: names of the columns that must not have two periods at once.
    """
    row: Subquery[Any] = periods.subquery("period")
    same = [row.c[name] for name in key]
    end = func.coalesce(row.c.ends, FOREVER)
    order = (row.c.begins, row.c[ROW_NO])
    ends_of_file = func.max(case((row.c[ROW_NO].is_not(None), end)))
    placed = select(
        *row.c,
        func.max(end).over(partition_by=same, order_by=order, rows=(None, -1)).label("taken_until"),
        ends_of_file.over(partition_by=same, order_by=order, rows=(None, -1)).label("taken_by_file_until"),
    ).subquery("placed")
    is_of_file = placed.c[ROW_NO].is_not(None)
    disorder = and_(is_of_file, placed.c.ends <= placed.c.begins)
    overlap = or_(and_(is_of_file, placed.c.taken_until > placed.c.begins), placed.c.taken_by_file_until > placed.c.begins)
    named = func.concat(placed.c.begins, "/", func.coalesce(func.concat(placed.c.ends), ".."))
    found = (
        select(
            func.concat_ws(", ", *[placed.c[name] for name in key]),
            func.array_agg(placed.c[ROW_NO]).filter(is_of_file),
            func.coalesce(func.array_agg(placed.c[ROW_NO]).filter(disorder), []),
            func.string_agg(named, ", "),
        )
        .group_by(*[placed.c[name] for name in key])
        .having(func.bool_or(or_(disorder, overlap)))
    )
    return [
        Issue(
            IssueCode.PERIOD_DISORDER if number in disordered else IssueCode.PERIOD_OVERLAP,
            number,
            value=code,
            detail=periods_named[:_SHOWN],
        )
        for code, rows, disordered, periods_named in connection.execute(found)
        for number in sorted(rows)
    ]
