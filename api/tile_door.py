"""The short way to a tile that is in memory: a layer before all others, since most requests of a map are for such tiles.

It answers only what needs no second look: GET of a known layer's tile in force today, whose version memory vouches for.
Everything else goes the long way, through the routes, which say the same and say why not.
"""

from collections.abc import Mapping
from datetime import date

from starlette.types import ASGIApp, Receive, Scope, Send

from api.compression import takes_gzip
from api.etag import is_current
from api.metrics import Metrics
from api.middleware import allowed_hosts, host_of, request_id_of, security_headers
from api.tile_cache import CachedTile, Tiles
from spatial.layers import Layer
from spatial.selection import LegalPeriod, legal_today
from spatial.settings import Settings
from spatial.tiles import MEDIA_TYPE

PREFIX = "/ogc/collections/"
_QUERIES = frozenset({b"", b"f=mvt"})
_MATRIX_SET = "WebMercatorQuad"
RawHeaders = tuple[tuple[bytes, bytes], ...]


class TileDoor:
    """Answer tiles from memory; pass everything else on."""

    def __init__(self, app: ASGIApp, tiles: Tiles, layers: Mapping[str, Layer], settings: Settings, metrics: Metrics) -> None:
        self.app = app
        self._tiles = tiles
        self._layers = layers
        self._metrics = metrics
        self._allowed_hosts = allowed_hosts(settings)
        self._any_origin = "*" in settings.cors_origins
        self._fixed = _fixed_headers(settings)
        self._today = (date.min, LegalPeriod())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["path"].startswith(PREFIX) and scope["method"] == "GET":
            entry = self._find(scope)
            if entry is not None:
                answer = self._answer(scope, entry)
                if answer is not None:
                    await send({"type": "http.response.start", "status": answer[0], "headers": answer[1]})
                    await send({"type": "http.response.body", "body": answer[2]})
                    return
        await self.app(scope, receive, send)

    def _find(self, scope: Scope) -> CachedTile | None:
        parts = scope["path"].split("/")
        if len(parts) != 9 or parts[4] != "tiles" or parts[5] != _MATRIX_SET or scope["query_string"] not in _QUERIES:
            return None
        layer = self._layers.get(parts[3])
        if layer is None:
            return None
        if not all(part.isascii() and part.isdecimal() and len(part) < 9 for part in parts[6:]):
            return None
        return self._tiles.cached(layer, (int(parts[6]), int(parts[7]), int(parts[8])), self._in_force_today())

    def _in_force_today(self) -> LegalPeriod:
        today = legal_today()
        if self._today[0] != today:
            self._today = (today, LegalPeriod.on(today))
        return self._today[1]

    def _answer(self, scope: Scope, entry: CachedTile) -> tuple[int, RawHeaders, bytes] | None:
        headers = dict(scope["headers"])
        if not self._may_pass(headers):
            return None
        request_id = request_id_of(headers.get(b"x-request-id", b"").decode("latin-1"))
        own = ((b"etag", entry.etag.encode()), (b"x-request-id", request_id.encode()), *self._fixed)
        if is_current(headers.get(b"if-none-match", b"").decode("latin-1"), entry.etag):
            self._metrics.count_tiles("not_modified")
            return 304, own, b""
        content = entry.drawn.content
        if not content:
            self._metrics.count_tiles("cache")
            return 204, own, b""
        if takes_gzip(headers.get(b"accept-encoding", b"").decode("latin-1")):
            if entry.gzipped is None:
                return None
            content = entry.gzipped
            own = (*own, (b"content-encoding", b"gzip"))
        self._metrics.count_tiles("cache")
        length = str(len(content)).encode()
        return 200, (*own, (b"content-type", MEDIA_TYPE.encode()), (b"content-length", length)), content

    def _may_pass(self, headers: Mapping[bytes, bytes]) -> bool:
        """Whether the layers that are skipped would let the request through with these very headers."""
        if b"origin" in headers and not self._any_origin:
            return False
        return "*" in self._allowed_hosts or host_of(headers.get(b"host", b"").decode("latin-1")) in self._allowed_hosts


def tile_headers() -> dict[str, str]:
    """Give the headers of every tile, short way or long."""
    return {"cache-control": "public, no-cache", "vary": "Accept-Encoding"}


def _fixed_headers(settings: Settings) -> RawHeaders:
    headers = {**tile_headers(), **security_headers(settings)}
    if "*" in settings.cors_origins:
        headers["access-control-allow-origin"] = "*"
    return tuple((name.encode(), value.encode()) for name, value in headers.items())
