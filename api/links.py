"""Addresses in answers: the base URL from the settings, else from the request, whose Host has been checked already."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from starlette.requests import Request

from spatial.settings import Settings

_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+){1,8}")


def base_url(request: Request, settings: Settings) -> str:
    """Give the address under which the client reaches `/`, without a slash at the end.

    `X-Forwarded-Prefix` is what a reverse proxy cut off; scheme and host come through uvicorn's proxy headers. Of addresses that
    are not trusted `api.protocol` drops them all.
    """
    if settings.base_url:
        return settings.base_url.rstrip("/")
    prefix = request.headers.get("x-forwarded-prefix", "").rstrip("/")
    if not _PREFIX.fullmatch(prefix):
        prefix = ""
    return f"{request.url.scheme}://{request.url.netloc}{prefix}{request.scope.get('root_path', '')}"


@dataclass(frozen=True)
class Link:
    """One link of an answer, as OGC API and RFC 8288 have it."""

    href: str
    rel: str
    type: str | None = None
    title: str | None = None
    hreflang: str | None = None
    templated: bool = False

    def as_json(self) -> dict[str, object]:
        """Give its members, those that are set."""
        members = {
            "href": self.href,
            "rel": self.rel,
            "type": self.type,
            "title": self.title,
            "hreflang": self.hreflang,
            "templated": self.templated or None,
        }
        return {name: value for name, value in members.items() if value is not None}


def with_query(url: str, query: Mapping[str, object | None]) -> str:
    """Add the parameters that are set; commas and colons stay readable."""
    given = {name: value for name, value in query.items() if value is not None}
    return f"{url}?{urlencode(given, safe=',:/', quote_via=quote)}" if given else url
