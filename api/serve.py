"""Serving: uvicorn with uvloop and httptools, one process or several, stopping gracefully.

The plain asyncio loop with several workers costs 40 ms per request (Nagle against delayed ACK), hence uvloop, always.
"""

import asyncio
import errno
import os
import resource
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import uvicorn
from uvicorn.supervisors import Multiprocess

from api.logs import log_config
from api.protocol import GuardedHttp, Sockets
from api.unprivileged import serve_unprivileged
from spatial.errors import SetupError
from spatial.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI

GRACE_SECONDS = 10
"""How long requests under way may take once the server was told to stop."""
BACKLOG = 2048
SEND_BUFFER = 128 * 1024
"""Bytes of answers that the system may hold for one client, doubled by it; left to itself it takes megabytes."""
OTHER_FILES = 300
"""Files that a process opens besides the sockets of clients."""
WORKER_SECONDS = 60
"""How long a worker may take to start or to answer; uvicorn's own 5 s would kill workers that a busy machine starts slowly."""


def serve(
    settings: Settings,
    *,
    database_url: str | None = None,
    staff_database_url: str | None = None,
    database_note: Path | None = None,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM; started by root, in a process without its rights.

    Args:
        settings: host, port (0: any free one), number of workers, level of the log.
        database_url: see `create_app`.
        staff_database_url: see `create_app`.
        database_note: file with a sentence on a database that is being started again; `/health` shows it.
        on_ready: called with the server's URL once its socket is bound.

    Raises:
        SetupError: the port is taken, the address is not this machine's, or too few files may be open.
        Unavailable: the server ended by itself.
    """
    _allow_files(settings.max_connections + OTHER_FILES)
    with closing(bind(settings.host, settings.port)) as listening:
        if on_ready:
            on_ready(url_of(listening))
        start = serve_unprivileged if os.geteuid() == 0 else run
        start(
            settings,
            listening,
            database_url=database_url,
            staff_database_url=staff_database_url,
            database_note=None if database_note is None else str(database_note),
        )


def run(
    settings: Settings,
    listening: socket.socket,
    *,
    database_url: str | None = None,
    staff_database_url: str | None = None,
    database_note: str | None = None,
) -> None:
    """Serve on a bound socket in this process (and its workers), as whoever runs it."""
    with _shared_metrics(settings.workers) as metrics_dir:
        config = uvicorn.Config(
            partial(
                _make_app,
                settings,
                database_url=database_url,
                staff_database_url=staff_database_url,
                metrics_dir=metrics_dir,
                database_note=database_note,
            ),
            factory=True,
            workers=settings.workers,
            loop="uvloop",
            http=cast(type[asyncio.Protocol], partial(GuardedHttp, Sockets(settings))),
            ws="none",
            lifespan="on",
            access_log=False,
            server_header=False,
            log_config=log_config(settings.log_level),
            proxy_headers=True,
            forwarded_allow_ips=[str(network) for network in settings.trusted_proxies],
            timeout_graceful_shutdown=GRACE_SECONDS,
            timeout_worker_healthcheck=WORKER_SECONDS,
            timeout_keep_alive=settings.idle_seconds,
            backlog=BACKLOG,
        )
        if settings.workers == 1:
            uvicorn.Server(config).run(sockets=[listening])
        else:
            Multiprocess(config, sockets=[listening]).run()


def _make_app(settings: Settings, *, database_note: str | None, **given: Any) -> "FastAPI":
    from api.app import create_app  # here, so that root's process, which only waits, does not carry the whole application

    app = create_app(settings, **given)
    app.state.database_note = Path(database_note) if database_note else None
    return app


def bind(host: str, port: int) -> socket.socket:
    """Bind the listening socket.

    Raises:
        SetupError: the port is taken, not permitted, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)  # what is accepted has it, too
    try:
        listening.bind((host.strip("[]"), port))
    except OSError as error:
        listening.close()
        raise _bind_error(host, port, error) from error
    listening.listen(BACKLOG)  # whoever comes from now on waits for the application, instead of being refused
    listening.set_inheritable(True)
    return listening


def _allow_files(number: int) -> None:
    """Raise this process's own limit of open files, which its workers inherit, as far as it needs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < number:
        if hard != resource.RLIM_INFINITY and hard < number:
            raise SetupError(
                f"This user may open {hard} files, and the server needs {number}."
                f" Raise the limit (ulimit -n, LimitNOFILE=), or set DOTHI_MAX_CONNECTIONS={max(1, hard - OTHER_FILES)}.",
                vi=f"Người dùng này chỉ được mở {hard} tệp, máy chủ cần {number}."
                f" Hãy nâng giới hạn (ulimit -n, LimitNOFILE=) hoặc đặt DOTHI_MAX_CONNECTIONS={max(1, hard - OTHER_FILES)}.",
            )
        resource.setrlimit(resource.RLIMIT_NOFILE, (number, hard))


def _bind_error(host: str, port: int, error: OSError) -> SetupError:
    if error.errno == errno.EADDRINUSE:
        return SetupError(
            f"Port {port} on {host} is in use by another program, perhaps by another dothi."
            " Choose another one: `--port 8001` or `DOTHI_PORT=8001 make demo`.",
            vi=f"Cổng {port} trên {host} đang được dùng, có thể do một dothi khác."
            " Hãy chọn cổng khác: `--port 8001` hoặc `DOTHI_PORT=8001 make demo`.",
        )
    if error.errno == errno.EACCES:
        return SetupError(
            f"Port {port} may not be opened by this user. Choose one from 1024: `--port 8000` or DOTHI_PORT=8000.",
            vi=f"Người dùng này không được mở cổng {port}. Hãy chọn cổng từ 1024: `--port 8000` hoặc DOTHI_PORT=8000.",
        )
    return SetupError(
        f"Cannot listen on {host}:{port} ({error.strerror}). Check DOTHI_HOST; 127.0.0.1 always exists.",
        vi=f"Không mở được {host}:{port} ({error.strerror}). Hãy kiểm tra DOTHI_HOST; 127.0.0.1 luôn có.",
    )


def url_of(listening: socket.socket) -> str:
    """Give the URL under which a browser on this machine reaches the socket."""
    host, port = listening.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104  (compared, not bound)
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextmanager
def _shared_metrics(workers: int) -> Iterator[Path | None]:
    """Give several workers a folder for their counters; prometheus-client reads its place from the environment."""
    if workers == 1:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="dothi-metrics-"))
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    try:
        yield folder
    finally:
        del os.environ["PROMETHEUS_MULTIPROC_DIR"]
        shutil.rmtree(folder, ignore_errors=True)
