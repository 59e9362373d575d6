"""The web server as a process without root's rights; root's own process only waits for it, and minds the database.

What it has to know comes through a pipe: passwords stand neither on its command line nor in its environment.
"""

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

from api.web_account import Program, readable_program, web_account
from spatial.errors import SetupError, Unavailable
from spatial.settings import Settings

_PASSED_ON = ("LANG", "LC_", "PATH", "PYTHON", "SSL_CERT_", "TZ")
"""Beginnings of what is passed on of the environment; root's may hold anything."""
_NO_NEW_PRIVILEGES, _SIGNAL_OF_PARENT_S_DEATH = 38, 1


def serve_unprivileged(settings: Settings, listening: socket.socket, **given: str | None) -> None:
    """Serve on a bound socket as the web account, until SIGINT or SIGTERM, which are passed on and then raised again.

    Args:
        settings: the administrator's URL in it stays here.
        listening: the socket, which may be one that only root can open.
        given: arguments of `api.serve.run` besides.

    Raises:
        SetupError: the account cannot be taken on.
        Unavailable: the web server ended by itself.
    """
    account = web_account()
    program = readable_program(account)
    order = {"settings": settings.model_dump(mode="json", exclude={"database_url"}), "given": given}
    try:
        web = subprocess.Popen(
            [str(program.python), "-P", "-s", "-m", "api.unprivileged", str(listening.fileno())],
            stdin=subprocess.PIPE, user=account.uid, group=account.gid, extra_groups=[], umask=0o077, cwd="/",
            env=_environment(program), pass_fds=[listening.fileno()], start_new_session=True, text=True,
        )  # fmt: skip
    except OSError as error:
        raise SetupError(
            f"The web server cannot be started as user number {account.uid} ({error.strerror}). Run dothi as an ordinary user.",
            vi=f"Không chạy được máy chủ web bằng người dùng số {account.uid} ({error.strerror}). Hãy chạy dothi bằng người dùng "
            "thường.",
        ) from error
    with web, _passed_on_to(web) as caught:
        assert web.stdin is not None
        with web.stdin:
            json.dump(order, web.stdin)
        status = web.wait()
    if caught:
        signal.raise_signal(caught[0])
    elif status:
        raise Unavailable(
            f"The web server ended by itself (status {status}); its last lines say why.",
            vi=f"Máy chủ web tự dừng (mã {status}); xem các dòng cuối của nhật ký.",
        )


def _environment(program: Program) -> Mapping[str, str]:
    found = {name: text for name, text in os.environ.items() if name.startswith(_PASSED_ON)}
    imports = [*map(str, program.imports), *filter(None, [os.environ.get("PYTHONPATH")])]
    found |= {"HOME": "/nonexistent", "PYTHONPATH": os.pathsep.join(imports)}
    if program.libraries:
        found["LD_LIBRARY_PATH"] = str(program.libraries)
    return found


@contextmanager
def _passed_on_to(process: "subprocess.Popen[str]") -> Iterator[list[int]]:
    """Pass SIGINT and SIGTERM on, and tell which came."""
    caught: list[int] = []

    def pass_on(number: int, frame: FrameType | None) -> None:
        caught.append(number)
        process.send_signal(number)

    former = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield caught
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _give_up_privileges() -> None:
    """Take no right back by running another program, and end with the parent (Linux)."""
    if sys.platform == "linux":
        kernel = ctypes.CDLL(None, use_errno=True)
        kernel.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        kernel.prctl(_SIGNAL_OF_PARENT_S_DEATH, signal.SIGTERM, 0, 0, 0)


def main() -> None:
    """Be the web server: settings come from stdin, the number of the socket's handle from the command line."""
    from api.serve import run

    _give_up_privileges()
    order = json.load(sys.stdin)
    run(Settings(**order["settings"]), socket.socket(fileno=int(sys.argv[1])), **order["given"])


if __name__ == "__main__":
    main()
