"""What happens around every request, as plain ASGI layers: id and log, hosts, headers, HEAD, compression.

None of them holds a body in memory, and none writes a query string or an address of a person to the log.
"""

import logging
import re
import time
from typing import TypeVar
from uuid import uuid4

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.metrics import Metrics
from api.negotiation import Language, language_of
from spatial.settings import Settings

access = logging.getLogger("dothi.access")
log = logging.getLogger("dothi.api")
_Endpoint = TypeVar("_Endpoint")
_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class Observe:
    """Give each request an id, answer what nobody caught with a plain 500, write one log line, count it."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = request_id_of(Headers(scope=scope).get("x-request-id", ""))
        scope["request_id"] = request_id
        method = scope["method"]
        begun = time.perf_counter()
        status = 0
        sent = 0

        async def send_observed(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message.get("headers", []),
                    (b"x-request-id", request_id.encode()),
                ]
            elif message["type"] == "http.response.body":
                sent += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive, send_observed)
        except Exception:
            log.exception("unexpected error", extra={"request_id": request_id})
            if status:
                raise
            await problems.fail(Request(scope))(scope, receive, send_observed)
        finally:
            seconds = time.perf_counter() - begun
            route = _route_of(scope)
            self.metrics.count(method, route, status, seconds, sent)
            access.info(
                "request",
                extra={
                    "request_id": request_id,
                    "method": method,
                    "path": route,
                    "status": status,
                    "ms": round(seconds * 1000, 1),
                    "bytes": sent,
                },
            )


def request_id_of(given: str) -> str:
    """Give the id that a proxy sent, if it is a sane one, or a new one."""
    return given if _GIVEN_ID.fullmatch(given) else uuid4().hex


def named(template: str, endpoint: _Endpoint) -> _Endpoint:
    """Let the layers around know a plain route by its template; FastAPI says so of its own routes only."""
    endpoint.__dict__["route_template"] = template
    return endpoint


def _route_of(scope: Scope) -> str:
    """Give the route's template: `/id/{layer}/{code}` and no parcel's code; what matched nothing is named so."""
    template = getattr(scope.get("route"), "path_format", None) or getattr(scope.get("endpoint"), "route_template", None)
    template = template or scope.get("template")  # refused before any route was asked
    return str(template) if template else "(none)"


class CheckHost:
    """Refuse requests for host names that are not ours, so that no link in an answer can be forged."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.allowed = allowed_hosts(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request if its Host is allowed."""
        if scope["type"] != "http" or "*" in self.allowed or host_of(Headers(scope=scope).get("host", "")) in self.allowed:
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        english = "This server does not answer to the Host of the request. The operator can add it to DOTHI_ALLOWED_HOSTS."
        vietnamese = "Máy chủ không phục vụ tên miền (Host) này. Người vận hành có thể thêm vào DOTHI_ALLOWED_HOSTS."
        detail = english if language_of(request) is Language.en else vietnamese
        await problems.problem(request, problems.INVALID, detail)(scope, receive, send)


def allowed_hosts(settings: Settings) -> frozenset[str]:
    """Give the hosts that are answered: those named, and that of the public address."""
    own = {host_of(settings.base_url.split("://", 1)[-1].split("/", 1)[0])} if settings.base_url else set()
    return frozenset({name.lower() for name in settings.allowed_hosts} | own)


def host_of(authority: str) -> str:
    """Give the host of `host:port`, in small letters."""
    host = authority.lower()
    if host.startswith("["):
        return host.split("]", 1)[0] + "]"
    return host.rsplit(":", 1)[0] if ":" in host else host


class SecurityHeaders:
    """Say to browsers what the answers may do: nothing leaves the server but what the operator's base map needs."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.headers = tuple((name.encode(), value.encode()) for name, value in security_headers(settings).items())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *self.headers]
            await send(message)

        await self.app(scope, receive, send_guarded)


def security_headers(settings: Settings) -> dict[str, str]:
    """Give the headers that every answer carries."""
    basemap = " " + "/".join(settings.basemap_url.split("/")[:3]) if settings.basemap_url else ""
    policy = {
        "default-src": "'self'",
        "script-src": "'self'",
        "worker-src": "'self' blob:",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": f"'self' data: blob:{basemap}",
        "connect-src": f"'self'{basemap}",
        "font-src": "'self'",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'self'",
    }
    headers = {
        "content-security-policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "x-frame-options": "SAMEORIGIN",
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": "camera=(), microphone=(), geolocation=(self)",
    }
    if settings.base_url and settings.base_url.startswith("https://"):
        headers["strict-transport-security"] = "max-age=31536000"
    return headers


class _HeadAnsweredError(OSError):
    """The headers are out and nothing more is wanted; an OSError, as a client that went away would raise."""


class AnswerHead:
    """Answer HEAD by the handler of GET, stopped as soon as the headers are known."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return
        answered = False

        async def send_head(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                answered = True
            elif message.get("more_body"):
                raise _HeadAnsweredError

        async def receive_head() -> Message:
            return {"type": "http.disconnect"} if answered else await receive()

        asked = {**scope, "method": "GET"}  # a copy: the server must know its HEAD, else it waits for the body that was announced
        try:
            await self.app(asked, receive_head, send_head)
        except Exception:
            if not answered:
                raise
        finally:
            scope.update({**asked, "method": "HEAD"})  # the route that was found is written down by the layers around
