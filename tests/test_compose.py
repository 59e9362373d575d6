"""The containers' description: valid, and no secret where it is not needed. Nothing is built or started."""

import json
import os
import re
import shutil
import ssl
import subprocess
import sys
from contextlib import closing
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import psycopg2
import pytest
import yaml

from spatial.cluster import Cluster
from spatial.cluster.binaries import find_binaries
from spatial.database import migrate
from tests.conftest import admin_cursor

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    described = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    found: dict[str, Any] = described["services"]
    return found


def test_docker_finds_it_valid() -> None:
    if (
        not shutil.which("docker")
        or subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode
    ):
        pytest.skip("docker compose is not on this machine")
    done = subprocess.run(
        ["docker", "compose", "config", "--format", "json"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)["services"]) == {"secrets", "db", "setup", "app"}


def test_nobody_knows_a_password(services: dict[str, Any]) -> None:
    """None is written down or has a default; each service mounts the folder of its own secrets, to read only."""
    text = (ROOT / "docker-compose.yml").read_text()
    assert not re.search(r"PASSWORD(?!_FILE)|://[^@/\s]+:[^@/\s]+@", text), "no password, and none from the environment"
    mounted = {
        name: [volume for volume in service.get("volumes", []) if volume.startswith("secrets-")]
        for name, service in services.items()
        if name != "secrets"
    }
    assert mounted == {name: [f"secrets-{name}:/run/dothi:ro"] for name in ("db", "setup", "app")}


def test_only_setup_knows_the_administrator(services: dict[str, Any]) -> None:
    assert "DOTHI_DATABASE_URL" not in services["app"]["environment"]
    assert services["app"]["environment"]["DOTHI_API_DATABASE_URL"].startswith("postgresql://dothi_api@")
    assert services["setup"]["environment"]["DOTHI_DATABASE_URL"].startswith("postgresql://postgres@")


def test_every_service_is_hardened_and_bounded(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["mem_limit"], name
        assert service["pids_limit"], name
        assert service.get("cap_add", []) == (["CHOWN"] if name == "secrets" else [])
        assert service.get("user") == {"secrets": "root", "db": "postgres"}.get(name), "ours say it in the Dockerfile"
        assert "privileged" not in service
    assert services["secrets"]["network_mode"] == "none"


def test_images_may_be_named_by_digest(services: dict[str, Any]) -> None:
    for name in ("db", "secrets"):
        assert services[name]["image"] == "${DOTHI_DB_IMAGE:-postgis/postgis:17-3.5}"
    arguments = services["app"]["build"]["args"]
    for line in (ROOT / "Dockerfile").read_text().splitlines():
        if line.startswith("FROM"):
            (argument,) = re.findall(r"\$\{(\w+)\}", line)
            assert arguments[argument].startswith(f"${{DOTHI_{argument}:-")


def test_passwords_are_drawn_once_each_for_its_reader(tmp_path: Path) -> None:
    me = str(os.getuid())
    for name in ("db", "setup", "app"):
        (tmp_path / name).mkdir()
    draw = ["sh", str(ROOT / "docker/secrets.sh"), str(tmp_path), me, me]
    subprocess.run(draw, check=True, capture_output=True, timeout=60)
    first = {path.relative_to(tmp_path).as_posix(): path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    assert set(first) == {"db/postgres", "db/dothi_api", "setup/pgpass", "app/pgpass"}
    administrator, api = first["db/postgres"].strip(), first["db/dothi_api"].strip()
    assert administrator != api
    assert min(len(administrator), len(api)) == 48
    assert first["setup/pgpass"] == f"*:*:*:postgres:{administrator}\n"
    assert first["app/pgpass"] == f"*:*:*:dothi_api:{api}\n"
    assert all((tmp_path / name).stat().st_mode & 0o777 == 0o600 for name in first)
    subprocess.run(draw, check=True, capture_output=True, timeout=60)
    assert {name: (tmp_path / name).read_text() for name in first} == first


def test_ports_are_this_machine_s_only(services: dict[str, Any]) -> None:
    for service in services.values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_data_lie_in_a_named_volume_and_health_is_checked(services: dict[str, Any]) -> None:
    assert "database:/var/lib/postgresql/data" in services["db"]["volumes"]
    assert "healthcheck" in services["db"]
    assert "healthcheck" in services["app"]
    assert services["app"]["depends_on"]["db"] == {"condition": "service_healthy"}


def test_the_app_runs_without_rights() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    user = [line.split()[1] for line in lines if line.startswith("USER")]
    assert user == ["dothi"]
    assert lines.index("USER dothi") < next(number for number, line in enumerate(lines) if line.startswith("ENTRYPOINT"))


def test_every_copied_file_is_there_and_not_ignored() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for line in (ROOT / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY") and "--from" not in line:
            for source in line.split()[1:-1]:
                assert (ROOT / source).exists(), source
                assert source.split("/")[0] in allowed, source


async def test_first_start_makes_database_and_login_that_the_migrations_accept(state: Path, tmp_path: Path) -> None:
    cluster = Cluster(state, durable=False)
    try:
        cluster.start()
        with admin_cursor(cluster.url("postgres")) as cursor:
            cursor.execute("DROP ROLE dothi_api")
            cursor.execute("DROP ROLE dothi_public")
        (tmp_path / "password").write_text("it's secret\n")
        run_init_script(cluster.url("postgres"), DOTHI_API_PASSWORD_FILE=str(tmp_path / "password"))
        migrate(cluster.url("dothi"))
        with closing(psycopg2.connect(cluster.url("dothi", "dothi_api", password="it's secret"))) as api, api.cursor() as ask:
            ask.execute("SELECT count(*), lower('ĐÔ THỊ') FROM land.parcel")
            assert ask.fetchone() == (0, "đô thị")
        await both_drivers_take_the_passfile(cluster.url("dothi", "dothi_api", password=""), tmp_path / "pgpass")
    finally:
        cluster.destroy()


async def both_drivers_take_the_passfile(url: str, passfile: Path) -> None:
    passfile.write_text("*:*:*:dothi_api:it's secret\n")
    passfile.chmod(0o600)
    asked = f"{url.replace(':@', '@')}?passfile={passfile}"
    with closing(psycopg2.connect(asked)):
        pass
    connection = await asyncpg.connect(asked)
    await connection.close()


def run_init_script(url: str, **environment: str) -> None:
    server = urlsplit(url)
    login = {"PGHOST": server.hostname, "PGPORT": str(server.port), "PGPASSWORD": server.password, "POSTGRES_USER": "postgres"}
    path = f"{find_binaries().folder}:{os.environ['PATH']}"
    everything = os.environ | {name: value or "" for name, value in login.items()} | environment | {"PATH": path}
    subprocess.run(["sh", str(ROOT / "docker/init/20-dothi.sh")], env=everything, check=True, capture_output=True, timeout=60)


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-run.lock", "requirements-node.lock", "requirements-uv.lock"])
def test_every_pinned_package_has_its_hashes_and_no_index_is_named(name: str) -> None:
    text = (ROOT / name).read_text()
    entries = re.findall(r"^([\w.-]+)(?:\[[\w,]+\])?==\S+(.*(?:\n    --hash=.*)*)", text, re.MULTILINE)
    assert entries
    assert all("--hash=sha256:" in rest for _, rest in entries), [package for package, rest in entries if "sha256" not in rest]
    assert not re.search(r"--(extra-)?index-url|--find-links|https?://", text)


def test_what_runs_is_pinned_as_what_is_tested() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^[\w.-]+==[^\s;]+", (ROOT / name).read_text(), re.MULTILINE))

    run = pins("requirements-run.lock")
    assert run < pins("requirements.lock")
    assert not {pin for pin in run if pin.startswith(("pytest", "ruff", "mypy", "playwright"))}


def test_a_certificate_that_is_not_trusted_is_told_with_what_to_set(tmp_path: Path) -> None:
    """A real server with a certificate of its own, as a proxy that inspects TLS shows it."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
        cwd=tmp_path, check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    server = ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        index = f"https://127.0.0.1:{server.server_address[1]}/simple"
        uv = [
            "uv",
            "pip",
            "install",
            "--no-config",
            "--no-cache",
            "--target",
            str(tmp_path / "there"),
            "--index-url",
            index,
            "nothing",
        ]
        environment = {**os.environ, "PATH": f"{Path(sys.prefix) / 'bin'}:{os.environ['PATH']}", "UV_HTTP_RETRIES": "0"}
        done = subprocess.run(
            [str(ROOT / ".ci/fetch"), *uv], capture_output=True, text=True, env=environment, timeout=120, check=False
        )
    finally:
        server.shutdown()
        server.server_close()
    assert done.returncode not in (0, 127), done.stderr
    assert "SSL_CERT_FILE=" in done.stderr
    assert "UV_SYSTEM_CERTS=1" in done.stderr


def test_a_failure_of_another_kind_keeps_its_status_and_says_no_more() -> None:
    done = subprocess.run(
        [str(ROOT / ".ci/fetch"), "sh", "-c", "echo out; echo err >&2; exit 7"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (7, "out\n", "err\n")
