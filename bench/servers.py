"""The servers that are compared, each as one process of its own on a free port, reading the same database."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from bench import peers
from bench.peers import PeerAway
from bench.store import FOLDER, Store
from spatial.database import ROOT

_START_SECONDS = 60.0
_STOP_SECONDS = 10.0
_LARGEST_PAGE = 2_000_000
TILE_COLUMNS = {"code": "text", "map_sheet": "text", "parcel_no": "text", "land_use_code": "text", "area_m2": "float8"}


@dataclass(frozen=True)
class Server:
    """A running server."""

    name: str
    url: str
    pid: int

    def memory(self) -> int:
        """Give the bytes it holds in memory now."""
        return _status(self.pid, "VmRSS")

    def peak_memory(self) -> int:
        """Give the most bytes it held since `reset_peak`."""
        return _status(self.pid, "VmHWM")

    def reset_peak(self) -> None:
        """Forget the peak so far."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")


def _status(pid: int, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found, name
    return int(found[1]) * 1024


Say = Callable[[str], None]
Peer = Callable[[Store, Say], AbstractContextManager[Server]]


@contextmanager
def beside(store: Store, say: Say, *started: Peer) -> Iterator[dict[str, Server]]:
    """Start the servers that dothi is compared with; one that is not to be had is left out with a word and ends nothing."""
    with ExitStack() as stack:
        found: dict[str, Server] = {}
        for start in started:
            try:
                server = stack.enter_context(start(store, say))
            except PeerAway as away:
                say(f"left out: {away}")
            else:
                found[server.name] = server
        yield found


@contextmanager
def dothi(store: Store, **settings: object) -> Iterator[Server]:
    """Serve with dothi; settings as in the environment, without the prefix."""
    port = _free_port()
    environment = {
        "DOTHI_DATABASE_URL": store.admin_url(),
        "DOTHI_API_DATABASE_URL": store.api_url(),
        "DOTHI_MAX_LIMIT": str(_LARGEST_PAGE),
        "DOTHI_STATEMENT_TIMEOUT_MS": "300000",
        "DOTHI_LOG_LEVEL": "warning",
        **{f"DOTHI_{name.upper()}": str(value) for name, value in settings.items()},
    }
    command = [str(Path(sys.executable).parent / "dothi"), "serve", "--port", str(port), "--workers", "1"]
    with _running("dothi", command, environment, port, "/health") as server:
        yield server


@contextmanager
def tipg(store: Store, say: Say) -> Iterator[Server]:
    """Serve with tipg."""
    peers.install_python_peers(say)
    port = _free_port()
    environment = {
        "DATABASE_URL": store.admin_url(),  # it makes temporary functions, which the API's login may not
        "TIPG_DB_SCHEMAS": '["land"]',
        "TIPG_DB_TABLES": '["land.parcel"]',
        "TIPG_DB_FUNCTIONS": "[]",
        "TIPG_CATALOG_TTL": "36000",
        "DB_MIN_CONN_SIZE": "4",
    }
    with _running("tipg", [*_uvicorn(port), "tipg.main:app"], environment, port, "/healthz") as server:
        yield server


@contextmanager
def pygeoapi(store: Store, say: Say) -> Iterator[Server]:
    """Serve with pygeoapi and its own PostgreSQL provider."""
    peers.install_python_peers(say)
    port = _free_port()
    folder = FOLDER / "pygeoapi"
    folder.mkdir(parents=True, exist_ok=True)
    config, openapi = folder / "config.yml", folder / "openapi.yml"
    config.write_text(json.dumps(_pygeoapi_config(store, port)))  # JSON is YAML
    environment = {"PYGEOAPI_CONFIG": str(config), "PYGEOAPI_OPENAPI": str(openapi)}
    program = [str(peers.PEER_PYTHON.parent / "pygeoapi"), "openapi", "generate", str(config), "--output-file", str(openapi)]
    peers.run("pygeoapi", *program, environment={**os.environ, **environment})
    with _running("pygeoapi", [*_uvicorn(port), "pygeoapi.starlette_app:APP"], environment, port, "/") as server:
        yield server


@contextmanager
def martin(store: Store, say: Say) -> Iterator[Server]:
    """Serve tiles with martin and its cache."""
    peers.install_martin(say)
    port = _free_port()
    config = FOLDER / "martin.yaml"
    table = {
        "schema": "land", "table": "parcel", "srid": 4326, "geometry_column": "geom", "id_column": "id",
        "minzoom": 0, "maxzoom": 22,
        "extent": 4096, "buffer": 64, "clip_geom": True, "geometry_type": "MULTIPOLYGON", "properties": TILE_COLUMNS,
    }  # fmt: skip
    postgres = {"connection_string": store.api_url(), "pool_size": 8, "auto_publish": False, "tables": {"parcels": table}}
    settings = {"listen_addresses": f"127.0.0.1:{port}", "worker_processes": 1, "cache_size_mb": 512, "postgres": postgres}
    config.write_text(json.dumps(settings))
    with _running("martin", [str(peers.MARTIN), "--config", str(config)], {"RUST_LOG": "warn"}, port, "/health") as server:
        yield server


def _pygeoapi_config(store: Store, port: int) -> Mapping[str, object]:
    login = urlsplit(store.api_url())
    extent = {"spatial": {"bbox": [102, 8, 118, 24], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}}
    provider = {
        "type": "feature", "name": "PostgreSQL", "table": "parcel", "id_field": "id", "geom_field": "geom",
        "data": {
            "host": login.hostname, "port": login.port, "dbname": store.name, "user": login.username,
            "password": login.password, "search_path": ["land", "public"],
        },
    }  # fmt: skip
    text = {"title": "bench", "description": "bench", "keywords": ["bench"]}
    about = {
        "identification": {**text, "terms_of_service": "none", "url": "http://localhost", "keywords_type": "theme"},
        "license": {"name": "none", "url": "http://localhost"},
        "provider": {"name": "bench", "url": "http://localhost"},
        "contact": {"name": "bench"},
    }
    url = f"http://127.0.0.1:{port}"
    limits = {"default_items": 10, "max_items": 10_000, "on_exceed": "error"}
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": port}, "url": url, "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8", "languages": ["en-US"], "limits": limits, "map": {"url": url, "attribution": "none"},
        },
        "logging": {"level": "ERROR"},
        "metadata": about,
        "resources": {"parcels": {"type": "collection", **text, "links": [], "extents": extent, "providers": [provider]}},
    }  # fmt: skip


def _uvicorn(port: int) -> list[str]:
    program = str(peers.PEER_PYTHON.parent / "uvicorn")
    return [program, "--port", str(port), "--log-level", "warning", "--no-access-log", "--loop", "uvloop", "--http", "httptools"]


@contextmanager
def _running(name: str, command: list[str], environment: Mapping[str, str], port: int, health: str) -> Iterator[Server]:
    log = FOLDER / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("DOTHI_")}
    with log.open("wb") as output:
        try:
            process = subprocess.Popen(
                command,
                env={**inherited, **environment},
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                start_new_session=True,
            )
        except OSError as error:
            raise PeerAway(f"{name} does not start ({error.strerror}).", vi=f"{name} không khởi động được.") from error
        try:
            server = Server(name, f"http://127.0.0.1:{port}", process.pid)
            _wait(process, f"{server.url}{health}", log)
            yield replace(server, pid=_serving(process.pid))
        finally:
            _stop(process)


def _serving(pid: int) -> int:
    """Give the process that serves: started by root, dothi's own one only waits for it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[0]) if children else pid


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310 (this machine)
                if response.status == 200:
                    return
        except (OSError, urllib.error.URLError):
            time.sleep(0.2)
    said = log.read_text(errors="replace")[-2000:]
    raise PeerAway(f"{url} does not answer; {log} says: {said}", vi=f"{url} không trả lời; {log}: {said}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
