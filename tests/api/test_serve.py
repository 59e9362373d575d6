"""The server as a process of its own, on a real socket: several workers, a port in use, stopping gracefully."""

import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from api.serve import bind, url_of
from api.web_account import bring_folder, web_account
from spatial.cluster.account import ROOT_HOME, short_hash
from spatial.errors import SetupError
from tests.conftest import Database

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from api.serve import serve
from spatial.settings import Settings

if __name__ == "__main__":
    serve(
        Settings(port=0, workers=int(sys.argv[2]), log_level="info"),
        database_url=sys.argv[1],
        on_ready=lambda url: print(url, flush=True),
    )
"""


@contextmanager
def served(
    tmp_path: Path, database: Database, workers: int, *, root: Path = ROOT, **settings: object
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Serve on a free port, with settings as in the environment; the process is this test's own and is gone at the end."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, "utf-8")
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, str(program), database.login("dothi_api"), str(workers)],
            cwd=root,
            env={
                **os.environ,
                "PYTHONPATH": str(root),
                "SECRET_OF_ROOT": "for nobody",
                **{f"DOTHI_{name.upper()}": str(value) for name, value in settings.items()},
            },
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            yield _first_line(process), process
        finally:
            process.terminate()
            process.wait(20)
            if process.stdout:
                process.stdout.close()


def _first_line(process: subprocess.Popen[str]) -> str:
    told: queue.Queue[str] = queue.Queue()

    def read() -> None:
        assert process.stdout
        told.put(process.stdout.readline().strip())

    threading.Thread(target=read, daemon=True).start()
    return told.get(timeout=30)


def wait_until_ready(url: str) -> None:
    for _ in range(150):
        try:
            if httpx.get(f"{url}/health", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise AssertionError("the server is not ready")


@pytest.mark.parametrize("workers", [1, 2])
def test_it_serves_counts_over_all_workers_and_stops_when_told(tmp_path: Path, database: Database, workers: int) -> None:
    with served(tmp_path, database, workers) as (url, process):
        wait_until_ready(url)
        with httpx.Client(base_url=url) as client:
            client.get("/health/live")
        for _ in range(19):
            httpx.get(f"{url}/health/live")
        metrics = httpx.get(f"{url}/metrics").text
        process.send_signal(signal.SIGTERM)
        # a single server raises the signal again once it has stopped, so that its parent sees why
        assert process.wait(20) in (0, -signal.SIGTERM)
    assert 'dothi_http_request_seconds_count{method="GET",route="/health/live",status="200"} 20.0' in metrics
    log = (tmp_path / "log").read_text("utf-8")
    assert '"path": "/health/live"' in log
    assert "Traceback" not in log


def test_a_request_under_way_is_answered_before_it_stops(tmp_path: Path, database: Database) -> None:
    with served(tmp_path, database, 1) as (url, process):
        wait_until_ready(url)
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            process.send_signal(signal.SIGTERM)
            connection.settimeout(10)
            answer = connection.recv(65536)
        assert process.wait(20) in (0, -signal.SIGTERM)
    assert answer.startswith(b"HTTP/1.1 200")


as_root_only = pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user has no rights to give up")


def web_process(parent: int) -> Path:
    """Give the /proc folder of the process that root's one waits for."""
    (child,) = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return Path("/proc", child)


@as_root_only
def test_started_by_root_it_serves_without_root_s_rights(tmp_path: Path, database: Database) -> None:
    with served(tmp_path, database, 2) as (url, process):
        wait_until_ready(url)
        web = web_process(process.pid)
        workers = [Path("/proc", pid) for pid in (web / "task" / web.name / "children").read_text().split()]
        assert len(workers) >= 2
        for found in (web, *workers):
            status = dict(line.split(":\t", 1) for line in (found / "status").read_text().splitlines() if ":\t" in line)
            assert "0" not in status["Uid"].split() + status["Gid"].split()
            assert (status["Groups"].strip(), int(status["CapEff"], 16), status["NoNewPrivs"]) == ("", 0, "1")
            assert b"SECRET_OF_ROOT" not in (found / "environ").read_bytes()
            password = urlsplit(database.login("dothi_api")).password
            assert password
            assert password.encode() not in (found / "environ").read_bytes() + (found / "cmdline").read_bytes()
        process.kill()  # nobody passes a signal on: the web server sees by itself that root's process is gone
        process.wait(20)
        for _ in range(100):
            if not web.exists():
                break
            time.sleep(0.2)
        assert not web.exists()


@as_root_only
def test_a_checkout_that_only_root_can_enter_is_served_from_a_copy_of_root_s(tmp_path: Path, database: Database) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    for name in ("api", "spatial", "migrations"):
        shutil.copytree(ROOT / name, private / name)
    shutil.copy(ROOT / "alembic.ini", private)
    copies = ROOT_HOME / "app" / short_hash(private)
    account = web_account()
    assert not account.can_read(private / "api" / "serve.py")
    try:
        with served(tmp_path, database, 1, root=private) as (url, process):
            wait_until_ready(url)
            environment = (web_process(process.pid) / "environ").read_bytes().split(b"\0")
            assert any(entry.startswith(f"PYTHONPATH={copies}/program:".encode()) for entry in environment)
        for path in copies.rglob("*"):
            found = path.lstat()
            assert (found.st_uid, found.st_mode & 0o022) == (0, 0), path
        assert account.can_read(copies / "program" / "api" / "serve.py")
    finally:
        shutil.rmtree(copies)


@as_root_only
def test_a_copy_follows_its_source(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "sub").mkdir(parents=True)
    for name in ("a.py", "b.py", "sub/c.py"):
        (source / name).write_text(name)
    (source / "a.py").chmod(0o600)
    (source / "away").symlink_to(tmp_path / "nowhere")
    bring_folder(source, target)
    (source / "b.py").unlink()
    (source / "a.py").write_text("changed")
    (target / "stranger").mkdir()
    bring_folder(source, target)
    assert {path.relative_to(target).as_posix(): path.stat().st_mode & 0o777 for path in target.rglob("*.py")} == {
        "a.py": 0o644,
        "sub/c.py": 0o644,
    }
    assert (target / "a.py").read_text() == "changed"
    assert not (target / "stranger").exists()


def test_a_connection_goes_on_after_head(tmp_path: Path, database: Database) -> None:
    ask = b"%s /health HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n"
    with served(tmp_path, database, 1) as (url, _):
        wait_until_ready(url)
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(ask % (b"HEAD", b""))
            head = connection.recv(65536)
            connection.sendall(ask % (b"GET", b"Connection: close\r\n"))
            body = b"".join(iter(lambda: connection.recv(65536), b""))
    assert head.startswith(b"HTTP/1.1 200")
    assert head.endswith(b"\r\n\r\n")
    assert body.startswith(b"HTTP/1.1 200")
    log = (tmp_path / "log").read_text("utf-8")
    assert '"method": "HEAD", "path": "/health"' in log
    assert "Traceback" not in log


def test_a_port_in_use_is_named_with_the_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SetupError, match=rf"Port {port} on 127\.0\.0\.1 is in use.*--port") as caught:
            bind("127.0.0.1", port)
    assert "DOTHI_PORT" in str(caught.value.vi)


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(SetupError, match=r"Cannot listen on 192\.0\.2\.1"):
        bind("192.0.2.1", 0)


def test_the_url_is_one_that_a_browser_can_open() -> None:
    with bind("0.0.0.0", 0) as listening:
        assert url_of(listening).startswith("http://127.0.0.1:")
