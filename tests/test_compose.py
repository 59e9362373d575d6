"""The containers' description: valid, and no secret where it is not needed. Nothing is built or started."""

import json
import os
import shutil
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

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
    assert set(json.loads(done.stdout)["services"]) == {"db", "setup", "app"}


def test_only_setup_knows_the_administrator(services: dict[str, Any]) -> None:
    assert "DOTHI_DATABASE_URL" not in services["app"]["environment"]
    assert "postgres:" not in services["app"]["environment"]["DOTHI_API_DATABASE_URL"].replace("postgresql:", "")
    assert "DOTHI_DATABASE_URL" in services["setup"]["environment"]


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


def test_first_start_makes_database_and_login_that_the_migrations_accept(state: Path) -> None:
    cluster = Cluster(state, durable=False)
    try:
        cluster.start()
        with admin_cursor(cluster.url("postgres")) as cursor:
            cursor.execute("DROP ROLE dothi_api")
            cursor.execute("DROP ROLE dothi_public")
        run_init_script(cluster.url("postgres"), DOTHI_API_PASSWORD="it's secret")
        migrate(cluster.url("dothi"))
        with closing(psycopg2.connect(cluster.url("dothi", "dothi_api", password="it's secret"))) as api, api.cursor() as ask:
            ask.execute("SELECT count(*), lower('ĐÔ THỊ') FROM land.parcel")
            assert ask.fetchone() == (0, "đô thị")
    finally:
        cluster.destroy()


def run_init_script(url: str, **environment: str) -> None:
    server = urlsplit(url)
    login = {"PGHOST": server.hostname, "PGPORT": str(server.port), "PGPASSWORD": server.password, "POSTGRES_USER": "postgres"}
    path = f"{find_binaries().folder}:{os.environ['PATH']}"
    everything = os.environ | {name: value or "" for name, value in login.items()} | environment | {"PATH": path}
    subprocess.run(["sh", str(ROOT / "docker/init/20-dothi.sh")], env=everything, check=True, capture_output=True, timeout=60)
