"""Installs the programs that dothi is compared with under bench/.peers, apart from the project's own environment."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from spatial.database import ROOT
from spatial.errors import SetupError

PEERS = ROOT / "bench" / ".peers"
LOCK = ROOT / "bench" / "peers.lock"
PEER_PYTHON = PEERS / "venv" / "bin" / "python"
MARTIN_VERSION = "1.14.0"
MARTIN = PEERS / "martin" / "bin" / "martin"
_PROGRAMS = {"wrk": "wrk", "pgbench": "postgresql-contrib", "psql": "postgresql-client", "ogr2ogr": "gdal-bin", "curl": "curl"}


def check_programs() -> None:
    """Look for the programs that measure.

    Raises:
        SetupError: some are missing.
    """
    missing = [package for program, package in _PROGRAMS.items() if shutil.which(program) is None]
    if missing:
        raise SetupError(
            f"The bench needs more programs: install the packages {', '.join(missing)}.",
            vi=f"Cần cài thêm các gói: {', '.join(missing)}.",
        )


def install_python_peers(say: Callable[[str], None]) -> None:
    """Install tipg and pygeoapi as pinned; does nothing where that is done."""
    done = PEERS / "venv" / ".lock"
    if done.exists() and done.read_bytes() == LOCK.read_bytes():
        return
    say("installing tipg and pygeoapi under bench/.peers")
    uv = subprocess.run([str(ROOT / ".ci" / "find-uv"), str(Path(sys.prefix))], capture_output=True, text=True, check=True)
    program = uv.stdout.strip()
    subprocess.run([program, "venv", "-q", "--clear", "--python", sys.executable, str(PEERS / "venv")], check=True)
    subprocess.run([program, "pip", "install", "-q", "-p", str(PEER_PYTHON), "-r", str(LOCK)], check=True)
    done.write_bytes(LOCK.read_bytes())


def install_martin(say: Callable[[str], None]) -> bool:
    """Build martin where cargo is; False where it is not."""
    if MARTIN.exists():
        return True
    if shutil.which("cargo") is None:
        return False
    say(f"building martin {MARTIN_VERSION} under bench/.peers: some fifteen minutes, once")
    subprocess.run(
        ["cargo", "install", "--quiet", "martin", "--version", MARTIN_VERSION, "--root", str(PEERS / "martin")], check=True
    )
    return True
