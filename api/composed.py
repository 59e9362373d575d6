"""Text as the database holds it: whatever a client writes in a path or a query comes composed (Unicode NFC) to every door.

macOS and older Vietnamese keyboards send a letter and its marks one by one; equal to the eye, they are equal to no stored text.
"""

import unicodedata
from urllib.parse import quote, unquote_plus

from starlette.types import ASGIApp, Receive, Scope, Send


class ComposeText:
    """Bring path and query to NFC before anything reads them."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            scope["path"] = unicodedata.normalize("NFC", scope["path"])
            scope["query_string"] = compose_query(scope["query_string"])
        await self.app(scope, receive, send)


def compose_query(query: bytes) -> bytes:
    """Give a query string whose names and values are composed; the very same bytes where they were.

    Bytes beyond ASCII, which a URL must not have and programs send all the same, are read as UTF-8.
    """
    if query.isascii() and (b"%" not in query or unicodedata.is_normalized("NFC", unquote_plus(query.decode()))):
        return query
    try:
        written = query.decode()
    except UnicodeDecodeError:
        return query
    return "&".join("=".join(_composed(part) for part in pair.split("=", 1)) for pair in written.split("&")).encode()


def _composed(part: str) -> str:
    return quote(unicodedata.normalize("NFC", unquote_plus(part)), safe=",:/")
