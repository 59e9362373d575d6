"""Installs the programs that dothi is compared with under bench/.peers, apart from the project's own environment."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from spatial.database import ROOT
from spatial.errors import SetupError

PEERS = ROOT / "bench" / ".peers"
LOCK = ROOT / "bench" / "peers.lock"
PEER_PYTHON = PEERS / "venv" / "bin" / "python"
FIND_UV = ROOT / ".ci" / "find-uv"
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


class PeerAway(SetupError):
    """A program that dothi is compared with is not to be had: not installed, not started, or its answers are not believed."""


def install_python_peers(say: Callable[[str], None]) -> None:
    """Install tipg and pygeoapi as pinned; does nothing where that is done.

    Raises:
        PeerAway: they can't be installed here.
    """
    done = PEERS / "venv" / ".lock"
    if done.exists() and done.read_bytes() == LOCK.read_bytes():
        return
    say("installing tipg and pygeoapi under bench/.peers")
    program = run("tipg and pygeoapi", str(FIND_UV), sys.prefix).strip()
    run("tipg and pygeoapi", program, "venv", "-q", "--clear", "--python", sys.executable, str(PEERS / "venv"))
    run("tipg and pygeoapi", program, "pip", "install", "-q", "-p", str(PEER_PYTHON), "-r", str(LOCK))
    done.write_bytes(LOCK.read_bytes())


def install_martin(say: Callable[[str], None]) -> None:
    """Build martin where cargo is; does nothing where that is done.

    Raises:
        PeerAway: there is no cargo, or it can't be built here.
    """
    if MARTIN.exists():
        return
    say(f"building martin {MARTIN_VERSION} under bench/.peers: some fifteen minutes, once")
    # locked: newer versions of its dependencies want a newer compiler than a distribution has; only its PostgreSQL part is used
    pinned = ("--version", MARTIN_VERSION, "--no-default-features", "--features", "postgres", "--locked")
    run("martin", "cargo", "install", "--quiet", "martin", *pinned, "--root", str(MARTIN.parent.parent))


def run(peer: str, *command: str, environment: Mapping[str, str] | None = None) -> str:
    """Run a program that makes a peer ready, and give what it printed.

    Raises:
        PeerAway: it is not on this machine or fails; with the last line of what it said.
    """
    name = Path(command[0]).name
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    except OSError as error:
        raise PeerAway(f"{peer}: {name} does not run here ({error.strerror}).", vi=f"{peer}: không chạy được {name}.") from error
    if done.returncode:
        said = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        last = said[-1].strip()[:300] if said else "nothing"
        raise PeerAway(
            f"{peer}: {name} ended with {done.returncode} and said: {last}",
            vi=f"{peer}: {name} kết thúc với mã {done.returncode}: {last}",
        )
    return done.stdout
