"""Reads what a PostgreSQL server leaves in its data folder, and tells a living server from a crashed one's leftovers."""

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from spatial.cluster.files import read_plain
from spatial.errors import Conflict

_PROC = Path("/proc")
_ORPHANS_LEAVE_SECONDS = 15


@dataclass(frozen=True)
class Postmaster:
    """What `postmaster.pid` says."""

    pid: int
    port: int
    ready: bool


def read_postmaster(pgdata: Path) -> Postmaster | None:
    """Return the server that lives on this data folder, or None; a stale file is not believed."""
    found = _read_pid_file(pgdata)
    return found if found and is_postmaster_of(found.pid, pgdata) else None


def _read_pid_file(pgdata: Path) -> Postmaster | None:
    """Lines: pid, data folder, start time, port, socket folder, address, shared memory, status."""
    try:
        lines = read_plain(pgdata / "postmaster.pid").splitlines()
        return Postmaster(
            pid=int(lines[0]),
            port=int(lines[3]) if len(lines) > 3 else 0,
            ready=len(lines) > 7 and lines[7].strip() == "ready",
        )
    except (OSError, ValueError, IndexError):
        return None


def is_postmaster_of(pid: int, pgdata: Path) -> bool:
    """Tell whether this process is a server on this data folder; a number alone may long belong to another program."""
    if _PROC.joinpath("self").exists():
        return _works_in(_PROC / str(pid), pgdata)
    shown = subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return "postgres" in shown.stdout and str(pgdata) in shown.stdout


def clear_leftovers(pgdata: Path, socket_folder: Path) -> None:
    """Make room for a start after a crash.

    Waits for the crashed server's own children: they may still be writing. A lock file that names a dead process is
    PostgreSQL's to judge; one that names a stranger (the number was given away again) would block it for ever and goes.

    Raises:
        Conflict: children of the crashed server do not end.
    """
    _await_orphans(pgdata)
    for lock_file in (pgdata / "postmaster.pid", *socket_folder.glob(".s.PGSQL.*.lock")):
        pid = _first_number(lock_file)
        if pid is not None and _is_alive(pid):
            lock_file.unlink(missing_ok=True)


def _await_orphans(pgdata: Path) -> None:
    deadline = time.monotonic() + _ORPHANS_LEAVE_SECONDS
    while orphans := _processes_in(pgdata):
        if time.monotonic() > deadline:
            numbers = ", ".join(map(str, orphans))
            raise Conflict(
                f"Processes of a crashed server still use {pgdata}: {numbers}. End them, then start again.",
                vi=f"Tiến trình của máy chủ cũ còn dùng {pgdata}: {numbers}. Hãy kết thúc chúng rồi khởi động lại.",
            )
        time.sleep(0.1)


def _processes_in(pgdata: Path) -> list[int]:
    """PostgreSQL's processes work inside their data folder; nobody else has business there."""
    if not _PROC.joinpath("self").exists():
        return []
    return [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit() and _works_in(entry, pgdata)]


def _works_in(process: Path, pgdata: Path) -> bool:
    try:
        return process.joinpath("cwd").readlink() == pgdata and process.joinpath("exe").readlink().name.startswith("postgres")
    except OSError:
        return False


def _first_number(path: Path) -> int | None:
    try:
        return int(read_plain(path).splitlines()[0])
    except (OSError, ValueError, IndexError):
        return None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
