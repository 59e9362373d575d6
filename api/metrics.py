"""Counters for Prometheus: requests, bytes, tiles, connections; with several workers, added up over the processes.

prometheus-client decides at its import, by PROMETHEUS_MULTIPROC_DIR, whether values live in files that all workers share;
`api.serve` sets that before it starts workers and hands the same folder here.
"""

import secrets
from ipaddress import ip_address
from pathlib import Path

from fastapi import APIRouter
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

from spatial.errors import Forbidden

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

router = APIRouter()


class Metrics:
    """The counters of one app.

    Args:
        shared_dir: folder in which all worker processes keep their values; None for a single process.
    """

    def __init__(self, shared_dir: Path | None = None) -> None:
        registry = CollectorRegistry()
        self._requests = Histogram(
            "dothi_http_request_seconds",
            "Time from the request to the last byte of the answer.",
            ("method", "route", "status"),
            buckets=_BUCKETS,
            registry=registry,
        )
        self._bytes = Counter(
            "dothi_http_response_bytes",
            "Bytes of bodies sent.",
            ("route",),
            registry=registry,
        )
        self._tiles = Counter(
            "dothi_tiles",
            "Vector tiles answered, by where they came from.",
            ("source",),
            registry=registry,
        )
        self._connections = Gauge(
            "dothi_database_connections",
            "Database connections of the public pool.",
            ("state",),
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._sockets = Gauge(
            "dothi_http_connections",
            "Connections of clients that are open.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._cut_off = Counter(
            "dothi_http_connections_refused",
            "Connections that were refused or cut off, by the limit they broke.",
            ("limit",),
            registry=registry,
        )
        self._registry = registry
        self._shared_dir = shared_dir

    def count(self, method: str, route: str, status: int, seconds: float, sent: int) -> None:
        """Count one answered request; the route is a template, so that the number of series stays bounded."""
        known = method if method in _METHODS else "OTHER"
        self._requests.labels(known, route, str(status)).observe(seconds)
        self._bytes.labels(route).inc(sent)

    def count_tiles(self, source: str, number: int = 1) -> None:
        """Count tiles answered from `cache`, `database` or `not_modified`."""
        self._tiles.labels(source).inc(number)

    def show_connections(self, size: int, idle: int) -> None:
        """Set the numbers of connections of this process."""
        self._connections.labels("idle").set(idle)
        self._connections.labels("busy").set(size - idle)

    def show_sockets(self, number: int) -> None:
        """Set the number of open connections of clients of this process."""
        self._sockets.set(number)

    def count_refused(self, limit: str) -> None:
        """Count a connection that broke a limit of `api.protocol`."""
        self._cut_off.labels(limit).inc()

    def render(self) -> bytes:
        """Write all counters in the text format of Prometheus."""
        if self._shared_dir is None:
            return generate_latest(self._registry)
        merged = CollectorRegistry()
        MultiProcessCollector(merged, path=str(self._shared_dir))  # type: ignore[no-untyped-call]
        return generate_latest(merged)


@router.get("/metrics", include_in_schema=False)
async def read_metrics(request: Request) -> Response:
    """Answer Prometheus: with the token of the settings, or from this machine where there is none."""
    services = request.app.state.services
    if not _may_read(request, services.settings.metrics_token):
        raise Forbidden(
            "The metrics are for the operator: send the token of DOTHI_METRICS_TOKEN (Authorization: Bearer ...); where none is "
            "set, only this machine is answered.",
            vi="Số đo chỉ dành cho người vận hành: hãy gửi mã trong DOTHI_METRICS_TOKEN (Authorization: Bearer ...); nếu chưa "
            "đặt thì chỉ máy này được trả lời.",
        )
    services.metrics.show_connections(services.lanes.size, services.lanes.idle)
    return Response(
        services.metrics.render(),
        media_type=CONTENT_TYPE,
        headers={"Cache-Control": "no-store"},
    )


def _may_read(request: Request, token: str | None) -> bool:
    if token is not None:
        return secrets.compare_digest(request.headers.get("authorization", "").encode(), f"Bearer {token}".encode())
    return request.client is not None and _is_this_machine(request.client.host) and not _came_through_a_proxy(request.headers)


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _came_through_a_proxy(headers: Headers) -> bool:
    return any(name in headers for name in ("forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "via"))
