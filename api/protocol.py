"""Sockets under watch: what a client may send before it is heard, and how long it may keep the server waiting.

Holds the limits of connections, heads, bodies and unread answers, for uvicorn's httptools protocol; knows no route. Each
process watches its own connections once a second, so that a request costs no timer.
"""

import asyncio
import logging
from collections import Counter
from typing import Any

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from api.addresses import group_of, is_within
from api.metrics import Metrics
from api.refusals import (
    BODY_TOO_LARGE,
    BODY_TOO_SLOW,
    CROWDED,
    FULL,
    HEAD_TOO_LARGE,
    HEAD_TOO_SLOW,
    MALFORMED,
    PIPELINED,
    STALLED,
    UNSENT,
    Refusal,
)
from spatial.settings import Settings

HIGH_WATER = 64 * 1024
"""Bytes of an answer that wait for the client before whoever writes it has to wait, too."""
MOST_HEADERS = 100
MOST_PIPELINED = 16
"""Requests that a client may send before it has the answer to the first."""
LINGER_SECONDS = 2.0
LINGER_BYTES = 1_000_000
"""How much and how long of what a refused client still sends is read and thrown away, so that it gets to see the answer."""
SPARE_CONNECTIONS = 100
"""Connections above the limit that are still told so; beyond these they are closed without a word."""
_WATCH_SECONDS = 1.0
_FORWARDED = (b"x-forwarded-", b"forwarded")
log = logging.getLogger("dothi.sockets")


class Sockets:
    """The connections of one process; made before the workers start, it goes to each of them as a copy."""

    def __init__(self, settings: Settings) -> None:
        self.limits = settings
        self._open: set[GuardedHttp] = set()
        self._of_address: Counter[str] = Counter()
        self._watching = False

    def enter(self, one: "GuardedHttp") -> Refusal | None:
        """Note a new connection; say so where there are too many."""
        address = group_of(one.address)
        self._open.add(one)
        self._of_address[address] += 1
        if not self._watching:
            self._watching = True
            self._watch_later(one)
        over = len(self._open) - self.limits.max_connections
        if over > 0:
            return FULL if over <= SPARE_CONNECTIONS else Refusal(FULL.limit)
        is_crowded = self._of_address[address] > self.limits.connections_per_address
        return CROWDED if is_crowded and not self.trusts(one.address) else None

    def leave(self, one: "GuardedHttp") -> None:
        """Forget a connection that is closed."""
        self._open.discard(one)
        address = group_of(one.address)
        self._of_address[address] -= 1
        if self._of_address[address] <= 0:
            del self._of_address[address]

    def trusts(self, address: str) -> bool:
        """Say whether an address is a trusted proxy's."""
        return is_within(address, self.limits.trusted_proxies)

    def _watch_later(self, one: "GuardedHttp") -> None:
        limits = self.limits
        shortest = min(limits.header_seconds, limits.body_seconds, limits.stall_seconds)
        one.loop.call_later(min(_WATCH_SECONDS, shortest / 4), self._watch, one)

    def _watch(self, one: "GuardedHttp") -> None:
        self._watching = bool(self._open)
        if self._watching:
            self._watch_later(next(iter(self._open)))
        if one.metrics:
            one.metrics.show_sockets(len(self._open))
        now = one.loop.time()
        for each in tuple(self._open):
            each.look_after(now)
        self._bound_memory(now)

    def _bound_memory(self, now: float) -> None:
        """Cut off who has taken nothing for longest, until what waits to be taken fits."""
        over = sum(one.unsent for one in self._open) - self.limits.unsent_mb * 1_000_000
        if over <= 0:
            return
        for one in sorted(self._open, key=lambda one: one.taking_since if one.unsent else now):
            if over <= 0:
                break
            over -= one.unsent
            one.refuse(UNSENT)


class GuardedHttp(HttpToolsProtocol):
    """One connection: uvicorn's protocol, with an eye on its size and its clock."""

    def __init__(
        self,
        sockets: Sockets,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.metrics: Metrics | None = app_state.get("metrics")
        self.address = ""
        self.unsent = 0
        """Bytes of answers that the client has not taken, as last looked at."""
        self.taking_since = 0.0
        """When it last took some, if there are any."""
        self._sockets = sockets
        self._is_trusted = False
        self._awaited: Refusal | None = None
        """What the connection is refused with if the part of a request that is on its way comes too slowly."""
        self._since = 0.0
        self._head_bytes = 0
        self._body_bytes = 0
        self._fault: Refusal | None = None
        self._refused = False

    # -- a connection comes and goes ------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a new connection, unless there are too many."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=HIGH_WATER)
        self.address = self.client[0] if self.client else ""
        self._is_trusted = self._sockets.trusts(self.address)
        self._await(HEAD_TOO_SLOW)
        if refusal := self._sockets.enter(self):
            self.refuse(refusal)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of the connection."""
        self._sockets.leave(self)
        super().connection_lost(exc)

    # -- what the client sends ------------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Read on, within the limits of a head and a body."""
        if self._refused:
            self._waste(data)
            return
        self._unset_keepalive_if_required()
        if self._awaited is None:
            self._await(HEAD_TOO_SLOW)
        self._head_bytes += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # no other protocol is spoken here: the request is answered as it stands
        except httptools.HttpParserError:
            self.refuse(self._fault or MALFORMED)
        else:
            if self._awaited is HEAD_TOO_SLOW and self._has_too_large_a_head(self._head_bytes):
                self.refuse(HEAD_TOO_LARGE)

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        if self._awaited is None:
            self._await(HEAD_TOO_SLOW)

    def on_headers_complete(self) -> None:
        """Take the head of a request; what only proxies may say is dropped from others."""
        if self._has_too_large_a_head(len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)):
            self._stop_parsing(HEAD_TOO_LARGE)
        if any(name == b"content-length" and int(value) > self._sockets.limits.body_bytes for name, value in self.headers):
            self._stop_parsing(BODY_TOO_LARGE)
        if len(self.pipeline) >= MOST_PIPELINED:
            self._stop_parsing(PIPELINED)
        if not self._is_trusted:
            self.headers[:] = [header for header in self.headers if not header[0].startswith(_FORWARDED)]
        super().on_headers_complete()
        self._await(BODY_TOO_SLOW)

    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        self._body_bytes += len(body)
        if self._body_bytes > self._sockets.limits.body_bytes:
            self._stop_parsing(BODY_TOO_LARGE)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request."""
        super().on_message_complete()
        self._awaited = None

    def _await(self, part: Refusal) -> None:
        self._awaited = part
        self._since = self.loop.time()
        self._head_bytes = self._body_bytes = 0

    def _has_too_large_a_head(self, length: int) -> bool:
        return length > self._sockets.limits.header_bytes or len(self.headers or ()) > MOST_HEADERS

    def _stop_parsing(self, fault: Refusal) -> None:
        self._fault = fault
        raise ValueError(fault.limit)  # httptools ends its parsing by it

    def resume_writing(self) -> None:
        """Let whoever writes go on: the client has taken nearly all there was."""
        super().resume_writing()
        self.taking_since = self.loop.time()

    # -- how it ends ----------------------------------------------------------------------------------------------------------

    def look_after(self, now: float) -> None:
        """End the connection if it has kept the server waiting too long."""
        limits = self._sockets.limits
        unsent = self.transport.get_write_buffer_size()
        if unsent < self.unsent or not self.unsent:
            self.taking_since = now
        self.unsent = unsent
        if self._refused:
            if now - self._since > LINGER_SECONDS:
                self.transport.abort()
        elif unsent and now - self.taking_since > limits.stall_seconds:
            self.refuse(STALLED)
        elif self.flow.read_paused or (self._awaited is HEAD_TOO_SLOW and self._answering()):
            self._since = now  # it is the client who waits
        elif self._awaited is HEAD_TOO_SLOW and now - self._since > limits.header_seconds:
            self._give_up_head()
        elif self._awaited is BODY_TOO_SLOW and now - self._since > limits.body_seconds:
            self.refuse(BODY_TOO_SLOW)

    def _give_up_head(self) -> None:
        if self._head_bytes:
            self.refuse(HEAD_TOO_SLOW)
        else:
            self.transport.close()  # browsers open connections that they then do not need

    def refuse(self, refusal: Refusal) -> None:
        """End the connection, with an answer where none is on its way."""
        self._refused = True
        self._since = self.loop.time()
        self._unset_keepalive_if_required()
        log.info("connection refused", extra={"limit": refusal.limit})
        if self.metrics:
            self.metrics.count_refused(refusal.limit)
        answering = self._answering()
        is_answered = self._awaited is BODY_TOO_SLOW and not answering
        is_begun = answering is not None and answering.response_started
        if refusal.kind is None or is_answered or is_begun or self.pipeline or self.transport.is_closing():
            self.transport.abort()
            return
        if answering:
            answering.disconnected = True
            answering.message_event.set()
        self.flow.resume_reading()
        self.transport.write(refusal.answer())
        self.transport.write_eof()

    def _answering(self) -> RequestResponseCycle | None:
        return self.cycle if self.cycle is not None and not self.cycle.response_complete else None

    def _waste(self, data: bytes) -> None:
        self._body_bytes += len(data)
        if self._body_bytes > LINGER_BYTES:
            self.transport.abort()
