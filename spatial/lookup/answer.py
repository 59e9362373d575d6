"""Answers a question: finds the place, asks the themes about it in one statement, judges what comes back."""

import struct
from collections.abc import Iterable
from datetime import UTC, datetime

from spatial.compiled import AsyncConnection
from spatial.crs import WGS84, database_srid
from spatial.errors import InvalidInput
from spatial.layers import Text
from spatial.lookup import words
from spatial.lookup.measure import REACH_M, TOUCH_M, plane_of, tolerance_m2
from spatial.lookup.model import Answer, Question, State, Subject, ThemeAnswer
from spatial.lookup.sources import statement
from spatial.lookup.subject import find_subject
from spatial.lookup.themes import judge, read_findings, unpublished

_EWKB_POINT_WITH_SRID = 0x20000001


async def look_up(connection: AsyncConnection, question: Question) -> Answer:
    """Say what is planned for the place that the question means.

    Args:
        connection: of a role that may read the public layers; in one snapshot, so that place and themes agree; json columns
            arrive as Python values.
        question: what is asked.

    Raises:
        NotFound: no such parcel or address, not in force on the day, or a point beyond the country.
        Ambiguous: several parcels or addresses fit.
        InvalidInput: `known_at` is still to come.
    """
    version = await _version(connection, question)
    subject, data_version = await find_subject(connection, question, version)
    plane = plane_of(subject.parcel.area_srid if subject.parcel else None, subject.lon)
    if subject.is_unpublished:
        return Answer(question, subject, data_version, unpublished(), plane, None)
    row = await statement("themes", then=version is not None).fetchrow(
        connection,
        shape=subject.parcel.shape if subject.parcel else _point(subject),
        srid=database_srid(plane),
        as_of=question.as_of,
        touch_m=TOUCH_M,
        reach_m=REACH_M,
        with_shapes=question.with_shapes,
        version=version,
    )
    tolerance = None if row["area_m2"] is None else tolerance_m2(row["area_m2"])
    themes = judge(read_findings(row, tolerance))
    return Answer(
        question,
        subject,
        data_version,
        tuple(_with_place(theme, subject) for theme in themes),
        plane,
        tolerance,
        tuple(_notices(subject, themes)),
        shape=row["plane"],
    )


async def _version(connection: AsyncConnection, question: Question) -> int | None:
    if question.known_at is None:
        return None
    if question.known_at > datetime.now(UTC):
        raise InvalidInput(
            "known_at is still to come. Leave it out to ask what is known now.",
            vi="known_at là thời điểm chưa đến. Hãy bỏ tham số này để hỏi theo dữ liệu hiện nay.",
        )
    row = await statement("version_at").fetchrow(connection, moment=question.known_at)
    return int(row["version"])


def _point(subject: Subject) -> bytes:
    assert subject.lon is not None
    assert subject.lat is not None
    return struct.pack("<BIIdd", 1, _EWKB_POINT_WITH_SRID, WGS84, subject.lon, subject.lat)


def _with_place(theme: ThemeAnswer, subject: Subject) -> ThemeAnswer:
    """Add, where nothing is known at a point, that no commune is known there either."""
    if theme.state is not State.UNKNOWN or subject.parcel or subject.commune:
        return theme
    return ThemeAnswer(
        theme.theme, theme.state, words.joined(theme.reason, words.OUTSIDE_KNOWN_UNITS), theme.known_share, theme.items
    )


def _notices(subject: Subject, themes: Iterable[ThemeAnswer]) -> Iterable[Text]:
    plans = (item.plan for theme in themes for item in theme.items)
    if (subject.parcel and subject.parcel.is_sample) or any(plan.is_sample for plan in plans):
        yield words.SAMPLE_DATA
    if subject.other_parcels:
        yield words.OVERLAPPING_PARCELS
