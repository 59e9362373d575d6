"""RFC 3339 as every door reads it, filters too: a legal day, or a moment of knowledge. Nobody else parses dates of requests."""

import re
from datetime import UTC, date, datetime, time, timedelta

from spatial.selection import LEGAL_TIME_ZONE

_FULL_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATE_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+ -]([01][0-9]|2[0-3]):[0-9]{2})"
)
"""`date-time`: with its offset, without which a moment is none. In a URL that was not encoded, `+` arrives as a blank."""


def read_day(text: str) -> date:
    """Give a legal day: a date, or a moment as its date in Vietnam.

    Raises:
        ValueError: neither.
    """
    if _FULL_DATE.fullmatch(text):
        return date.fromisoformat(text)
    return _in_zone(_read_date_time(text)).date()


def read_moment(text: str) -> datetime:
    """Give a moment in UTC: a moment with its offset, or the end of a day in Vietnam where only a date is written.

    Raises:
        ValueError: neither.
    """
    if _FULL_DATE.fullmatch(text):
        try:
            following = date.fromisoformat(text) + timedelta(days=1)
        except OverflowError:
            raise ValueError(text) from None
        return datetime.combine(following, time(), LEGAL_TIME_ZONE).astimezone(UTC)
    return _in_zone(_read_date_time(text)).astimezone(UTC)


def _read_date_time(text: str) -> datetime:
    if not _DATE_TIME.fullmatch(text):
        raise ValueError(text)
    return datetime.fromisoformat(text[:10] + "T" + text[11:].upper().replace(" ", "+"))


def _in_zone(moment: datetime) -> datetime:
    try:
        return moment.astimezone(LEGAL_TIME_ZONE)
    except OverflowError:  # within hours of the first or the last day that there is
        raise ValueError(moment) from None
