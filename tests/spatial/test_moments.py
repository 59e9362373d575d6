"""One reader of dates for every door and every filter: what each text means as a legal day and as a moment."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from api.params import parse_date, parse_datetime, parse_known_at
from spatial.errors import DothiError
from spatial.filters.terms import read_day as read_day_of_a_filter
from spatial.moments import read_day, read_moment
from spatial.selection import LegalPeriod


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


READ: list[tuple[str, date, datetime]] = [
    ("2026-01-31", date(2026, 1, 31), utc(2026, 1, 31, 17)),
    ("2024-02-29", date(2024, 2, 29), utc(2024, 2, 29, 17)),
    ("2026-01-31T16:59:59Z", date(2026, 1, 31), utc(2026, 1, 31, 16, 59, 59)),
    ("2026-01-31T17:00:00Z", date(2026, 2, 1), utc(2026, 1, 31, 17)),
    ("2026-01-31t17:00:00z", date(2026, 2, 1), utc(2026, 1, 31, 17)),
    ("2026-01-31 17:00:00Z", date(2026, 2, 1), utc(2026, 1, 31, 17)),
    ("2026-02-01T00:00:00+07:00", date(2026, 2, 1), utc(2026, 1, 31, 17)),
    ("2026-02-01T00:00:00 07:00", date(2026, 2, 1), utc(2026, 1, 31, 17)),
    ("2026-01-31T20:30:00.25-05:00", date(2026, 2, 1), utc(2026, 2, 1, 1, 30, 0, 250_000)),
    ("2026-01-31T00:00:00.123456789Z", date(2026, 1, 31), utc(2026, 1, 31, 0, 0, 0, 123_456)),
]
NO_DAY = (
    "", " ", "yesterday", "2026", "2026-01", "2026-02-30", "2025-02-29", "20260131", "2026-W05-6", "2026-031", "31/01/2026",
    "0000-01-01", "2026-01-31T", "2026-01-31Z", "2026-01-31T09:00Z", "2026-01-31T09Z", "2026-01-31T09:00:00",
    "2026-01-31T24:00:00Z", "2026-01-31T23:60:00Z", "2026-01-31T09:00:00+0700", "2026-01-31T09:00:00+24:00",
    "2026-01-31T09:00:00,5Z", "2026-01-31T090000Z", "2026-01-31 ", " 2026-01-31", "2026-01-31\n", "٢٠٢٦-٠١-٣١",
    "2026-01-31T09:00:00Z/..", "infinity", "now", "..", "a\0b", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
    "9999-12-31T23:59:59Z",
)  # fmt: skip


@pytest.mark.parametrize(("text", "day", "moment"), READ)
def test_a_text_is_a_day_and_a_moment_at_every_door(text: str, day: date, moment: datetime) -> None:
    assert read_day(text) == parse_date("as_of", text) == read_day_of_a_filter(text) == day
    assert parse_datetime(text, today=date(2000, 1, 1)) == LegalPeriod.on(day)
    assert parse_datetime(f"{text}/..", today=date(2000, 1, 1)) == LegalPeriod(day, None)
    assert read_moment(text) == parse_known_at(text) == moment


@pytest.mark.parametrize("text", NO_DAY)
def test_what_is_no_date_is_refused_at_every_door(text: str) -> None:
    for read in (read_day, read_moment):
        with pytest.raises(ValueError):
            read(text)
    doors: list[Any] = [lambda: parse_date("as_of", text), lambda: read_day_of_a_filter(text), lambda: parse_known_at(text)]
    if "/" not in text and text not in ("", ".."):
        doors.append(lambda: parse_datetime(text, today=date(2000, 1, 1)))
        doors.append(lambda: parse_datetime(f"../{text}", today=date(2000, 1, 1)))
    for door in doors:
        with pytest.raises(DothiError) as refusal:
            door()
        assert refusal.value.vi


def test_the_last_day_that_there_is_has_no_end_to_be_known_at() -> None:
    assert read_day("9999-12-31") == date.max
    assert read_day("0001-01-01") == date.min
    with pytest.raises(ValueError):
        read_moment("9999-12-31")


def test_known_at_is_optional() -> None:
    assert parse_known_at(None) is None
