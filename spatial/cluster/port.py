"""The server's port: any free one at first, then the same again, so that a saved QGIS connection keeps working."""

import json
import socket
from contextlib import closing
from pathlib import Path

HOST = "127.0.0.1"


def choose_port(home: Path, *, again: bool) -> int:
    """Give the port of last time if it is free; with `again` (that one failed), another."""
    remembered = None if again else remembered_port(home)
    return remembered if remembered and _is_free(remembered) else _free_port()


def remembered_port(home: Path) -> int | None:
    """Read the port of the last start."""
    try:
        return int(json.loads((home / "state.json").read_text())["port"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remember_port(home: Path, port: int) -> None:
    """Write the port down for the next start."""
    draft = home / "state.new"
    draft.write_text(json.dumps({"port": port}))
    draft.replace(home / "state.json")


def _is_free(port: int) -> bool:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _free_port() -> int:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
