"""The shipped configurations of reverse proxies: started as they stand but for names, ports and paths, and asked through."""

import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.api.test_serve import ROOT, served
from tests.api.test_sockets import Away, wait_until_alive

FOLDER = ROOT / "docker" / "proxy"
FORGED = {
    "X-Forwarded-For": "192.0.2.1",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Prefix": "/evil",
    "Forwarded": "for=192.0.2.1",
}


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def certificate(folder: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", "privkey.pem", "-out", "fullchain.pem"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip


def replaced(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert old in text, f"the configuration has no {old} any more"
        text = text.replace(old, new)
    return text


def nginx(folder: Path, upstream: str, port: int) -> list[str]:
    temporary = "".join(
        f"    {kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    text = replaced(
        (FOLDER / "nginx.conf").read_text("utf-8"),
        ("/run/nginx.pid", f"{folder}/pid"),
        ("/var/log/nginx", str(folder)),
        ("/etc/nginx/tls", str(folder)),
        ("listen 80 default_server", f"listen 127.0.0.1:{free_port()} default_server"),
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("gis.example.vn;\n", "localhost;\n"),
        ("127.0.0.1:8000", upstream),
        ("http {\n", "http {\n" + temporary),
    )
    (folder / "nginx.conf").write_text(text, "utf-8")
    return ["nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder), "-e", str(folder / "error.log"), "-g", "daemon off;"]


def caddy(folder: Path, upstream: str, port: int) -> list[str]:
    text = replaced(
        (FOLDER / "Caddyfile").read_text("utf-8"),
        ("{\n\tservers", "{\n\tadmin off\n\tauto_https disable_redirects\n\tservers"),
        ("\ngis.example.vn {\n", f"\nhttps://localhost:{port} {{\n\ttls {folder}/fullchain.pem {folder}/privkey.pem\n"),
        ("127.0.0.1:8000", upstream),
    )
    (folder / "Caddyfile").write_text(text, "utf-8")
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


@contextmanager
def proxied(folder: Path, program: Callable[[Path, str, int], list[str]]) -> Iterator[httpx.Client]:
    """Run dothi and the proxy before it; give a client that trusts the proxy's certificate."""
    for needed in (program.__name__, "openssl"):
        if not shutil.which(needed):
            pytest.skip(f"{needed} is not on this machine")
    certificate(folder)
    port = free_port()
    with served(folder, Away(), 1) as (url, _):
        wait_until_alive(url)
        with (folder / "proxy.log").open("w") as log:
            process = subprocess.Popen(
                program(folder, url.removeprefix("http://"), port), stdout=log, stderr=log,
                env={"PATH": "/usr/sbin:/usr/bin:/bin", "HOME": str(folder)},
            )  # fmt: skip
            try:
                trusting = ssl.create_default_context(cafile=str(folder / "fullchain.pem"))
                with httpx.Client(base_url=f"https://localhost:{port}", verify=trusting, timeout=15) as client:
                    wait_for(client, folder)
                    yield client
            finally:
                process.terminate()
                process.wait(20)


def wait_for(client: httpx.Client, folder: Path) -> None:
    for _ in range(100):
        try:
            client.get("/health/live")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError((folder / "proxy.log").read_text("utf-8"))


@pytest.mark.parametrize("program", [nginx, caddy])
def test_it_says_who_asks_and_how_and_keeps_to_the_limits(tmp_path: Path, program: Callable[[Path, str, int], list[str]]) -> None:
    with proxied(tmp_path, program) as client:
        answer = client.get("/ogc?f=json", headers=FORGED)
        assert answer.status_code == 200
        links = [link["href"] for link in answer.json()["links"]]
        assert all(link.startswith(f"https://localhost:{client.base_url.port}/ogc") or "/ogc" not in link for link in links), (
            links
        )
        assert client.get("/health/live", headers={"x-fill": "y" * 40_000}).status_code in (400, 431)
        assert client.post("/ogc", content=b"z" * 1_100_000).status_code == 413
        assert client.get("/metrics").status_code == 403, "the metrics are not for whom the public door serves"
    written = "".join(path.read_text("utf-8", "replace") for path in tmp_path.glob("*.log"))
    assert "192.0.2.1" not in written
    assert "f=json" not in written


def test_nginx_bounds_the_requests_of_a_client(tmp_path: Path) -> None:
    with proxied(tmp_path, nginx) as client:
        found = [client.get("/health/live").status_code for _ in range(400)]
    assert found[:200] == [200] * 200
    assert found.count(429) > 50
