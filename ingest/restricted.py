"""Land that must not be shown, between `land.parcel` and `private.parcel_restricted`: a code is in one of the two, never in both.

A parcel keeps its id, and its owner with it, when it goes from one to the other. What it was while it was restricted is never
published: on release only the row that the file corrects becomes public; earlier and later ones remain in `private.history`.
"""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, exists, func, insert, literal, or_, select, update

from ingest.publish import FOREVER, Publication, begin_of, match_table
from ingest.stage import shadow
from spatial.tables import Parcel, ParcelRestricted
from spatial.tables.base import table_of

IS_RESTRICTED = "is_restricted"
"""Column of the stage: true, false, or null where the file does not say what the land is used for."""


SHOWN, HIDDEN = table_of(Parcel), table_of(ParcelRestricted)
_SHOWN, _HIDDEN = shadow(SHOWN), shadow(HIDDEN)


def is_hidden(stage: Table) -> ColumnElement[bool]:
    """Give the condition of staged rows that must not be shown."""
    return stage.c[IS_RESTRICTED].is_(True)


def is_shown(stage: Table) -> ColumnElement[bool]:
    """Give the condition of staged rows that may be shown."""
    return stage.c[IS_RESTRICTED].is_not(True)


def settle_codes(connection: Connection, publication: Publication) -> None:
    """Decide for each staged code whether it is hidden: as a whole, and in doubt as it was.

    It is hidden if any of its rows in the file is; and it stays hidden where the file does not say what the land is used for,
    or speaks of a time before the hidden rows or before today.
    """
    stage = publication.stage
    hide = update(stage).values({IS_RESTRICTED: True}).where(is_shown(stage))
    if connection.scalar(select(select(stage.c.id).where(is_hidden(stage)).exists())):
        other = stage.alias("other")
        connection.execute(hide.where(stage.c.code.in_(select(other.c.code).where(other.c[IS_RESTRICTED].is_(True)))))
    if connection.scalar(select(exists(select(_HIDDEN.c.id)))):
        latest, ends = func.max(begin_of(publication)), func.max(func.coalesce(stage.c.valid_to, FOREVER))
        file = select(stage.c.code, latest.label("latest"), ends.label("ends")).group_by(stage.c.code).subquery("file")
        outdated = or_(_HIDDEN.c.valid_from > file.c.latest, file.c.ends <= publication.today)
        stays = select(_HIDDEN.c.code).join(file, file.c.code == _HIDDEN.c.code).where(outdated)
        unsaid = and_(stage.c[IS_RESTRICTED].is_(None), stage.c.code.in_(select(_HIDDEN.c.code)))
        connection.execute(hide.where(or_(unsaid, stage.c.code.in_(stays))))


def crossing(publication: Publication) -> Publication:
    """Give the rows of a publishing that are to cross, as if they were published where they are now: for the checks before."""
    source, plain = (HIDDEN, _HIDDEN) if publication.target is SHOWN else (SHOWN, _SHOWN)
    here = publication.stage.c.code.in_(select(plain.c.code))
    match = match_table(f"{publication.match.name}_crossing")
    return replace(publication, target=source, match=match, where=and_(publication.mine, here))


def bring(connection: Connection, publication: Publication) -> list[int]:
    """Move the rows of the staged codes from the other table, to be corrected here; gives their ids."""
    source, target = (_SHOWN, _HIDDEN) if publication.target is HIDDEN else (_HIDDEN, _SHOWN)
    codes = select(publication.stage.c.code).where(publication.mine)
    return _move(connection, source, target, source.c.code.in_(codes), publication.batch_id)


def count_as_changed(connection: Connection, publication: Publication, brought: Sequence[int]) -> None:
    """Let rows that came from the other table count as changed, though the file may say nothing else of them."""
    match = publication.match
    connection.execute(update(match).values(differs=True).where(match.c.id.in_(brought)))


def forget_secrets(connection: Connection, publication: Publication, brought: Sequence[int]) -> None:
    """Remove the released rows that the file did not correct: they tell what the land was while it was hidden."""
    corrected = select(publication.match.c.id).where(publication.match.c.begins_anew.is_(False))
    connection.execute(delete(_SHOWN).where(_SHOWN.c.id.in_(brought), _SHOWN.c.id.not_in(corrected)))


def shown_and_hidden(connection: Connection, batch_id: int) -> list[str]:
    """Give the codes that are in both tables now, where a batch wrote either; there must be none."""
    both = select(_SHOWN.c.code).join(_HIDDEN, _HIDDEN.c.code == _SHOWN.c.code)
    written = or_(_SHOWN.c.batch_id == batch_id, _HIDDEN.c.batch_id == batch_id)
    return list(connection.scalars(both.where(written).distinct()))


def _move(connection: Connection, source: Table, target: Table, wanted: ColumnElement[bool], batch_id: int) -> list[int]:
    """Move rows in one statement, so that what belongs to them sees no moment without them."""
    if not connection.scalar(select(exists(select(source.c.id)))):
        return []
    names = [column.name for column in target.columns if column.name != "batch_id"]
    gone = delete(source).where(wanted).returning(*[source.c[name] for name in names]).cte("gone")
    rows = select(*[gone.c[name] for name in names], literal(batch_id))
    moved = insert(target).from_select([*names, "batch_id"], rows, include_defaults=False).returning(target.c.id)
    return list(connection.scalars(moved))
