"""The operating-system account that the server runs under, and the folder that this account can reach."""

import hashlib
import os
import pwd
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from spatial.cluster.files import make_passage, make_private_folder
from spatial.errors import SetupError

ROOT_HOME = Path("/var/lib/dothi")


@dataclass(frozen=True)
class Account:
    """Who runs the server's programs: this user, or user `postgres` when we are root (PostgreSQL refuses to run as root)."""

    uid: int
    gid: int
    switch: bool

    def run(self, *command: str, timeout: float = 120, given: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a program as this account, outside folders that it may not enter; output is captured, its status not checked.

        It has no terminal: what user postgres can reach must not type at root's.
        """
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        return subprocess.run(
            command,
            input=given or "",
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
            cwd="/",
            env=environment,
            start_new_session=True,
            user=self.uid if self.switch else None,
            group=self.gid if self.switch else None,
            extra_groups=[] if self.switch else None,
        )

    def write(self, path: Path, text: str, *, append: bool = False) -> None:
        """Write a file in a folder of this account, with its rights only: a link put there leads no further than it may go.

        Raises:
            SetupError: it may not.
        """
        done = self.run("tee", *(["-a"] if append else []), "--", str(path), given=text)
        if done.returncode != 0:
            raise SetupError(
                f"{path} cannot be written ({done.stderr.strip()}).",
                vi=f"Không ghi được {path} ({done.stderr.strip()}).",
            )

    def make_home(self, path: Path) -> None:
        """Make the folder that all others lie in: private, or root's where the account is another one.

        Raises:
            SetupError: it cannot be made there, or is somebody else's.
        """
        with _told(path):
            if self.switch:
                make_passage(path, self.uid)
            else:
                path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def make_folder(self, path: Path) -> None:
        """Make a private folder of this account.

        Raises:
            SetupError: it cannot be made there, or is a link or somebody else's.
        """
        with _told(path):
            make_private_folder(path, self.uid, self.gid)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SetupError(
            f"The folder {path} cannot be made ({error.strerror}). Choose another: DOTHI_DATA_DIR=/path/to/folder.",
            vi=f"Không tạo được thư mục {path} ({error.strerror}). Hãy chọn nơi khác: DOTHI_DATA_DIR=/đường/dẫn.",
        ) from error


def server_account() -> Account:
    """Choose the account: never root.

    Raises:
        SetupError: we are root and there is no user `postgres`.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), switch=False)
    try:
        entry = pwd.getpwnam("postgres")
    except KeyError:
        raise SetupError(
            "PostgreSQL does not run as root, and this machine has no user postgres: install the distribution's package "
            "postgresql, or run dothi as an ordinary user.",
            vi="PostgreSQL không chạy bằng quyền root và máy không có người dùng postgres: hãy cài gói postgresql, hoặc chạy "
            "dothi bằng người dùng thường.",
        ) from None
    return Account(entry.pw_uid, entry.pw_gid, switch=True)


def server_home(data_dir: Path, account: Account) -> Path:
    """Return the folder of the server's files: `data_dir`, or for root one that user postgres can reach."""
    resolved = data_dir.resolve()
    return ROOT_HOME / short_hash(resolved) if account.switch else resolved


def short_hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
