"""What README and quickstart tell a newcomer to type is typed here, line by line, against the demo: nothing there may fail.

A command of a kind that is not known here fails, until it is said how to try it.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from spatial.cluster import Cluster
from spatial.database import ROOT

DOCUMENTS = ("README.md", "docs/quickstart.md")
WRITTEN_URL = "http://127.0.0.1:8000"
PATHS = ("/path/to/folder", "/path/to/shapefiles/")
SECONDS = 200

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(Path(sys.prefix) != ROOT / ".venv", reason="the documents speak of the environment that make sets up"),
]


def commands(document: str) -> list[str]:
    """The commands of a document's blocks, without comments; a line that ends with a backslash goes on."""
    blocks = re.findall(r"^```\n(.*?)^```$", (ROOT / document).read_text("utf-8"), re.DOTALL | re.MULTILINE)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [command for line in lines if (command := re.sub(r"\s+#.*", "", line).strip())]


ALL = [(document, command) for document in DOCUMENTS for command in commands(document)]


@dataclass(frozen=True)
class Newcomer:
    """Somebody at a shell in the checkout, with the demo running beside."""

    url: str
    folder: Path
    environment: dict[str, str]

    def types(self, command: str, *, seconds: float = SECONDS, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command as it is written, but for the port and the file names that stand for the reader's own."""
        meant = command.replace(WRITTEN_URL, self.url)
        for path in PATHS:
            meant = meant.replace(path, str(self.folder / "files"))
        where = ROOT if meant.startswith(("make", ".", "docker")) else self.folder
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", meant],
            cwd=where, env=self.environment, input=given, capture_output=True, text=True, timeout=seconds, check=False,
        )  # fmt: skip


@pytest.fixture(scope="module")
def newcomer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newcomer]:
    """`make demo` itself, on a free port and with data of its own; one folder of shapefiles to load."""
    folder = tmp_path_factory.mktemp("newcomer")
    shutil.copytree(
        ROOT / "sample_data" / "cadastre", folder / "files", ignore=lambda _, names: [n for n in names if "nui_tam" not in n]
    )
    state = folder / "state"
    environment = {
        **os.environ,
        "DOTHI_DATA_DIR": str(state),
        "DOTHI_LOG_LEVEL": "warning",
        "PYTHONUNBUFFERED": "1",
        "PATH": f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}",
    }
    with subprocess.Popen(["make", "demo"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            said: list[str] = []
            for line in process.stdout or ():
                said.append(line)
                if line.startswith("dothi: http"):
                    break
            else:
                raise AssertionError(f"make demo did not serve: {''.join(said)}")
            yield Newcomer(said[-1].split()[-1], folder, environment)
        finally:
            process.terminate()
            process.communicate(timeout=60)
            Cluster(state).destroy()


@pytest.mark.parametrize("path", sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")))
def test_no_document_puts_a_password_on_a_command_line(path: str) -> None:
    """Whoever is on the machine can read the command lines of all others."""
    text = (ROOT / path).read_text("utf-8")
    assert not re.search(r"\$\(dothi db url|--with-password.*\$\(|PG:.*password=|://[^\s/@]+:[^\s/@]+@", text)


def test_the_documents_have_commands() -> None:
    assert len(ALL) > 15
    assert {"curl", "ogr2ogr", "dothi", "make"} <= {command.split()[0] for _, command in ALL}


@pytest.mark.parametrize(("document", "command"), ALL, ids=[f"{Path(document).stem}: {command}" for document, command in ALL])
def test_a_command_does_what_the_document_says(newcomer: Newcomer, document: str, command: str) -> None:
    program = command.split()[0]
    assert program in TRIED, f"{document}: say in {Path(__file__).name} how `{program}` is tried"
    TRIED[program](newcomer, command)


def _succeeds(newcomer: Newcomer, command: str) -> None:
    done = newcomer.types(command)
    assert done.returncode == 0, done.stdout + done.stderr


def _answers(newcomer: Newcomer, command: str) -> None:
    done = newcomer.types(command)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    assert "detail" not in answer, "a refusal, and curl ends well all the same"
    assert answer.get("features") or answer.get("parcel") or answer.get("values"), answer


def _copies(newcomer: Newcomer, command: str) -> None:
    from pyogrio import read_info

    if shutil.which("ogr2ogr") is None:
        pytest.skip("ogr2ogr is not on this machine")
    _succeeds(newcomer, command)
    copy = next(newcomer.folder.glob("*.gpkg"))
    assert read_info(copy)["features"] > 20_000
    copy.unlink()


def _asks_the_database(newcomer: Newcomer, command: str) -> None:
    done = newcomer.types(command, given="SELECT 'parcels: ' || count(*) FROM land.parcel;")
    assert done.returncode == 0, done.stderr
    assert re.search(r"parcels: \d{4}", done.stdout)


def _is_made(newcomer: Newcomer, command: str) -> None:
    """`make demo` serves already; the others would run these very tests: that make knows them must do."""
    if command == "make demo":
        assert newcomer.url.startswith("http")
        return
    done = newcomer.types(command.replace("make ", "make --dry-run "))
    assert done.returncode == 0, done.stderr
    assert "pytest" in done.stdout


def _is_composed(newcomer: Newcomer, command: str) -> None:
    """The images take minutes: what compose reads is checked where docker is (see also test_compose.py)."""
    if shutil.which("docker") is None or newcomer.types("docker compose version").returncode:
        pytest.skip("docker compose is not on this machine")
    assert command == "docker compose up"
    _succeeds(newcomer, "docker compose config --quiet")


def _runs(newcomer: Newcomer, command: str) -> None:
    if command.startswith("dothi serve"):
        _serves(newcomer, command)
    elif command.startswith("dothi psql"):
        _asks_the_database(newcomer, command)
    elif command == "dothi db status":
        assert newcomer.types(command).returncode in (0, 3)
    else:
        _succeeds(newcomer, command)


def _serves(newcomer: Newcomer, command: str) -> None:
    with subprocess.Popen(command.split(), env=newcomer.environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert any(line.startswith("dothi: http") for line in process.stdout or ()), "it serves"
        finally:
            process.terminate()


TRIED = {
    "make": _is_made,
    "curl": _answers,
    "ogr2ogr": _copies,
    "dothi": _runs,
    "docker": _is_composed,
    ".": _succeeds,
}
