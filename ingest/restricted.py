"""Land that must not be shown, between `land.parcel` and `private.parcel_restricted`: a code is in one of the two, never in both.

A parcel keeps its id, and its owner with it, when it goes from one to the other. What it was while it was restricted is never
published: on release only the row that the file corrects becomes public; earlier and later ones remain in `private.history`.
"""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, exists, insert, literal, select, update

from ingest.publish import Publication, begin_of, match_table
from ingest.stage import shadow
from spatial.tables import Parcel, ParcelRestricted

IS_RESTRICTED = "is_restricted"
"""Column of the stage: true, false, or null where the file does not say what the land is used for."""


def _table(model: type[Parcel | ParcelRestricted]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table


SHOWN, HIDDEN = _table(Parcel), _table(ParcelRestricted)
_SHOWN, _HIDDEN = shadow(SHOWN), shadow(HIDDEN)


def is_hidden(stage: Table) -> ColumnElement[bool]:
    """Give the condition of staged rows that must not be shown."""
    return stage.c[IS_RESTRICTED].is_(True)


def is_shown(stage: Table) -> ColumnElement[bool]:
    """Give the condition of staged rows that may be shown."""
    return stage.c[IS_RESTRICTED].is_not(True)


def settle_codes(connection: Connection, stage: Table) -> None:
    """Decide per code: restricted if any of its rows is, and as it was where the file does not say.

    A file without land uses releases nothing.
    """
    hidden = select(stage.c.code).where(is_hidden(stage))
    if connection.scalar(select(hidden.exists())):
        other = stage.alias("other")
        of_file = stage.c.code.in_(select(other.c.code).where(other.c[IS_RESTRICTED].is_(True)))
        connection.execute(update(stage).values({IS_RESTRICTED: True}).where(is_shown(stage), of_file))
    if connection.scalar(select(exists(select(_HIDDEN.c.id)))):
        as_before = stage.c.code.in_(select(_HIDDEN.c.code))
        connection.execute(update(stage).values({IS_RESTRICTED: True}).where(stage.c[IS_RESTRICTED].is_(None), as_before))


def crossing(publication: Publication) -> Publication:
    """Give the rows of a publishing that are to cross, as if they were published where they are now: for the checks before."""
    source, plain = (HIDDEN, _HIDDEN) if publication.target is SHOWN else (SHOWN, _SHOWN)
    here = publication.stage.c.code.in_(select(plain.c.code))
    match = match_table(f"{publication.match.name}_crossing")
    return replace(publication, target=source, match=match, where=and_(publication.mine, here))


def bring(connection: Connection, publication: Publication) -> list[int]:
    """Move the rows of the staged codes from the other table, to be corrected here; gives their ids.

    Hidden land takes all its periods out of sight. Of land that is released, periods that begin later than the file says
    are not brought.
    """
    stage, target = publication.stage, publication.target
    if target is HIDDEN:
        return _move(
            connection, _SHOWN, _HIDDEN, _SHOWN.c.code.in_(select(stage.c.code).where(publication.mine)), publication.batch_id
        )
    begun = select(literal(1)).where(
        publication.mine, stage.c.code == _HIDDEN.c.code, _HIDDEN.c.valid_from <= begin_of(publication)
    )
    return _move(connection, _HIDDEN, _SHOWN, begun.exists(), publication.batch_id)


def count_as_changed(connection: Connection, publication: Publication, brought: Sequence[int]) -> None:
    """Let rows that came from the other table count as changed, though the file may say nothing else of them."""
    match = publication.match
    connection.execute(update(match).values(differs=True).where(match.c.id.in_(brought)))


def forget_secrets(connection: Connection, publication: Publication, brought: Sequence[int]) -> None:
    """Remove what is left of released land but for the rows that the file corrected: it tells what the land was before."""
    stage, match = publication.stage, publication.match
    corrected = select(match.c.id).where(match.c.begins_anew.is_(False))
    connection.execute(delete(_SHOWN).where(_SHOWN.c.id.in_(brought), _SHOWN.c.id.not_in(corrected)))
    connection.execute(delete(_HIDDEN).where(_HIDDEN.c.code.in_(select(stage.c.code).where(publication.mine))))


def _move(connection: Connection, source: Table, target: Table, wanted: ColumnElement[bool], batch_id: int) -> list[int]:
    """Move rows in one statement, so that what belongs to them sees no moment without them."""
    if not connection.scalar(select(exists(select(source.c.id).where(wanted)))):
        return []
    names = [column.name for column in target.columns if column.name != "batch_id"]
    gone = delete(source).where(wanted).returning(*[source.c[name] for name in names]).cte("gone")
    rows = select(*[gone.c[name] for name in names], literal(batch_id))
    moved = insert(target).from_select([*names, "batch_id"], rows, include_defaults=False).returning(target.c.id)
    return list(connection.scalars(moved))
