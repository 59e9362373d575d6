"""Compression of text on its way out, chunk by chunk: brotli or gzip, whichever the client takes.

Touches nothing that is compressed already (tiles, images, fonts, PDF, archives) and never gathers a whole body. What comes in
parts, of unknown length, is gzipped or left alone: brotli holds back more than a megabyte, for each client that reads slowly.
"""

import zlib
from typing import Protocol

import brotli
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.negotiation import weighted

MINIMUM_BYTES = 600
"""A smaller body fits one packet anyway."""
_OFF_LOOP_BYTES = 64 * 1024
"""From this size on a chunk is compressed in a thread, so that other requests are not held up."""
_BROTLI_QUALITY = 4
_GZIP_LEVEL = 5
_GZIP_WINDOW, _GZIP_MEMORY = 14, 7
"""zlib's window and memory level: 128 kB for an answer on its way, as against 256 by default and 1,500 of brotli."""
_TEXT = (
    "text/",
    "application/json",
    "application/geo+json",
    "application/schema+json",
    "application/problem+json",
    "application/prs.coverage+json",
    "application/vnd.oai.openapi+json",
    "application/javascript",
    "application/xml",
    "image/svg+xml",
)


class _Encoder(Protocol):
    def add(self, chunk: bytes) -> bytes: ...
    def end(self) -> bytes: ...


class _Brotli:
    def __init__(self) -> None:
        self._compressor = brotli.Compressor(quality=_BROTLI_QUALITY)

    def add(self, chunk: bytes) -> bytes:
        return bytes(self._compressor.process(chunk))

    def end(self) -> bytes:
        return bytes(self._compressor.finish())


class _Gzip:
    def __init__(self) -> None:
        self._compressor = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, 16 | _GZIP_WINDOW, _GZIP_MEMORY)

    def add(self, chunk: bytes) -> bytes:
        return self._compressor.compress(chunk)

    def end(self) -> bytes:
        return self._compressor.flush()


_ENCODERS: dict[str, type[_Brotli] | type[_Gzip]] = {"br": _Brotli, "gzip": _Gzip}


def choose_encoding(accept_encoding: str) -> str | None:
    """Choose by the client's weights; brotli where it takes both alike.

    >>> choose_encoding("gzip, deflate, br"), choose_encoding("gzip;q=1, br;q=0.5"), choose_encoding("identity")
    ('br', 'gzip', None)
    """
    wanted = weighted(accept_encoding)
    if "br" in wanted and ";" not in accept_encoding:
        return "br"
    return next(
        (name for name in wanted if name in _ENCODERS),
        "gzip" if "*" in wanted else None,
    )


def takes_gzip(accept_encoding: str) -> bool:
    """Say whether the client takes gzip."""
    return "gzip" in (weighted(accept_encoding) if ";" in accept_encoding else accept_encoding)


class Compress:
    """Compress the answers that gain from it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        accepted = Headers(scope=scope).get("accept-encoding", "")
        name = choose_encoding(accepted)
        of_parts = name if name != "br" else "gzip" if takes_gzip(accepted) else None
        await self.app(scope, receive, _Answer(send, name, of_parts).send)


class _Answer:
    """One answer on its way: its start is held back until the first chunk shows whether compressing pays."""

    def __init__(self, send: Send, name: str | None, name_of_parts: str | None) -> None:
        self._send = send
        self._name = name
        self._name_of_parts = name_of_parts
        self._start: Message | None = None
        self._encoder: _Encoder | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_text(message):
            MutableHeaders(raw=message.setdefault("headers", [])).add_vary_header("Accept-Encoding")
            if self._name:
                self._start = message
                return
        if message["type"] != "http.response.body" or not (self._start or self._encoder):
            await self._send(message)
            return
        await self._send_body(message)

    async def _send_body(self, message: Message) -> None:
        body: bytes = message.get("body", b"")
        more = message.get("more_body", False)
        if self._start is not None:
            start, self._start = self._start, None
            if not more and len(body) < MINIMUM_BYTES:
                await self._send(start)
                await self._send(message)
                return
            headers = MutableHeaders(raw=start["headers"])
            is_endless = more and "content-length" not in headers
            name = self._name_of_parts if is_endless else self._name
            if name is None:
                await self._send(start)
                await self._send(message)
                return
            headers["Content-Encoding"] = name
            del headers["Content-Length"]
            self._encoder = _ENCODERS[name]()
            await self._send(start)
        assert self._encoder
        packed = await self._pack(self._encoder, body, more)
        if packed or not more:
            await self._send({"type": "http.response.body", "body": packed, "more_body": more})

    @staticmethod
    async def _pack(encoder: _Encoder, body: bytes, more: bool) -> bytes:
        def pack() -> bytes:
            return encoder.add(body) + (b"" if more else encoder.end())

        return await run_in_threadpool(pack) if len(body) >= _OFF_LOOP_BYTES else pack()


def _is_text(start: Message) -> bool:
    headers = Headers(raw=start.get("headers", []))
    if start["status"] in (204, 206, 304) or "content-encoding" in headers:
        return False
    return headers.get("content-type", "").startswith(_TEXT) and "no-transform" not in headers.get("cache-control", "")
