"""Answers a question: finds the place, asks the themes about it in one statement, judges what comes back."""

import struct
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

from spatial.compiled import AsyncConnection
from spatial.crs import WGS84, database_srid
from spatial.layers import Text
from spatial.lookup import words
from spatial.lookup.measure import BOUNDARY_M, LEAST_M2, MOST_STRANDS, REACH_M, TOUCH_M, plane_of
from spatial.lookup.model import Answer, Question, State, Subject, ThemeAnswer
from spatial.lookup.sources import statement
from spatial.lookup.subject import find_subject
from spatial.lookup.themes import judge, read_findings
from spatial.selection import LEGAL_TIME_ZONE, legal_today

_EWKB_POINT_WITH_SRID = 0x20000001
THEMES = ("near", "surfaces", "lines", "known", "themes")
"""The pieces of the statement that asks the themes."""


async def look_up(connection: AsyncConnection, question: Question) -> Answer:
    """Say what is planned for the place that the question means.

    Args:
        connection: of a role that may read the public layers; in one snapshot, so that place and themes agree, and taken when
            every version up to `known_at` was settled; json columns arrive as Python values.
        question: what is asked.

    Raises:
        NotFound: no such parcel or address, not in force on the day, or a point beyond the country.
        Ambiguous: several parcels or addresses fit.
    """
    version = await _version(connection, question)
    subject, known = await find_subject(connection, question, version)
    plane = plane_of(subject.parcel.area_srid if subject.parcel else None, subject.lon)
    row = await statement(*THEMES, then=version is not None).fetchrow(
        connection, **parameters(question, subject.parcel.shape if subject.parcel else _point(subject), plane, version)
    )
    is_beyond_horizon = question.horizon is not None and question.as_of > question.horizon
    themes = judge(read_findings(row, is_beyond_horizon=is_beyond_horizon))
    return Answer(
        question,
        subject,
        known.version,
        known.at,
        tuple(_with_place(theme, subject) for theme in themes),
        plane,
        tuple(_notices(subject, themes, is_beyond_horizon)),
        shape=row["plane"],
    )


def parameters(question: Question, shape: bytes, plane: int, version: int | None) -> dict[str, Any]:
    """Give what the statement of the themes is asked with.

    Args:
        question: for its days and whether shapes are wanted.
        shape: EWKB in EPSG:4326, a point or a surface.
        plane: EPSG code of the VN-2000 zone to measure in.
        version: data version to answer from; None: what is believed now.
    """
    return {
        "shape": shape,
        "srid": database_srid(plane),
        "as_of": question.as_of,
        "today": _day_of_asking(question),
        "touch_m": TOUCH_M,
        "reach_m": REACH_M,
        "boundary_m": BOUNDARY_M,
        "least_m2": LEAST_M2,
        "most_strands": MOST_STRANDS,
        "with_shapes": question.with_shapes,
        "version": version,
    }


def _day_of_asking(question: Question) -> date:
    return question.known_at.astimezone(LEGAL_TIME_ZONE).date() if question.known_at else legal_today()


async def _version(connection: AsyncConnection, question: Question) -> int | None:
    if question.known_at is None:
        return None
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
    return replace(theme, reason=words.joined(theme.reason, words.OUTSIDE_KNOWN_UNITS))


def _notices(subject: Subject, themes: Iterable[ThemeAnswer], is_beyond_horizon: bool) -> Iterable[Text]:
    plans = (item.plan for theme in themes for item in theme.items)
    if (subject.parcel and subject.parcel.is_sample) or any(plan.is_sample for plan in plans):
        yield words.SAMPLE_DATA
    if is_beyond_horizon:
        yield words.BEYOND_HORIZON
    if subject.other_parcels:
        yield words.OVERLAPPING_PARCELS
