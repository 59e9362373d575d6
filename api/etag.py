"""Validators of answers: what a layer's answer depends on, named by one weak ETag, and the 304 that reads no table.

An answer depends on the layer's data version, on the legal date (in force today turns at midnight without a write), on
the release of dothi, and on what the request asks for beyond its URL (language, format).
"""

from collections.abc import Mapping
from functools import cache
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version

from starlette.responses import Response


@cache
def release() -> str:
    """Give the version of dothi that runs; `0` from an unpacked source."""
    try:
        return version("dothi")
    except PackageNotFoundError:
        return "0"


def make_etag(*parts: object) -> str:
    """Name the answer by what it depends on, e.g. `make_etag("parcels", data_version, legal_day, "json", "vi")`.

    The tag is weak: compression may change the bytes and not the meaning.
    """
    digest = blake2b("\x1f".join(str(part) for part in (release(), *parts)).encode(), digest_size=12)
    return f'W/"{digest.hexdigest()}"'


def is_current(if_none_match: str | None, etag: str) -> bool:
    """Say whether the client's copy still holds (weak comparison of RFC 9110)."""
    if not if_none_match:
        return False
    if if_none_match.strip() == "*":
        return True
    opaque = etag.removeprefix("W/")
    return any(tag.strip().removeprefix("W/") == opaque for tag in if_none_match.split(","))


def not_modified(etag: str, headers: Mapping[str, str] | None = None) -> Response:
    """Answer that the client's copy holds; the headers are those the full answer would have."""
    return Response(status_code=304, headers={"ETag": etag, **(headers or {})})
