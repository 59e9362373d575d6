"""The containers' description: valid, and no secret where it is not needed. Nothing is built or started."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

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
