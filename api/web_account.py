"""The account that the web server runs under where root starts it, and the program where this account can read it.

Requests are read, files are parsed and drawings made by one process more than any: it gets no right that it does not need.
"""

import fcntl
import grp
import os
import pwd
import shutil
import stat
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from spatial.cluster.account import ROOT_HOME, short_hash
from spatial.database import ROOT

NAME = "dothi-web"
"""The account, where the machine has one of this name."""
_NAMELESS = range(61184, 65520)
"""Numbers that systems keep for services without an account: whoever has one owns no file and shares it with nobody."""
_PROGRAM = ("alembic.ini", "api", "migrations", "spatial")
_KEPT_OUT = frozenset({"site-packages", "dist-packages", "test", "idlelib", "ensurepip", "node_modules"})
_DYNAMIC = Path("/run/systemd/dynamic-uid")


@dataclass(frozen=True)
class WebAccount:
    """User and group of the web server."""

    uid: int
    gid: int

    def can_read(self, *paths: Path) -> bool:
        """Tell whether all these files are open to it, folders above and access lists counted."""
        done = subprocess.run(
            ["/bin/sh", "-c", 'for path; do [ -r "$path" ] || exit 1; done', "sh", *map(str, paths)],
            user=self.uid, group=self.gid, extra_groups=[], cwd="/", env={}, start_new_session=True, check=False,
        )  # fmt: skip
        return done.returncode == 0


@dataclass(frozen=True)
class Program:
    """Where the web server's program can be read: the interpreter, folders to import from, shared libraries."""

    python: Path
    imports: tuple[Path, ...]
    libraries: Path | None


def web_account() -> WebAccount:
    """Choose the account: `dothi-web` where there is one, else a number that nobody has, the same each time."""
    try:
        entry = pwd.getpwnam(NAME)
    except KeyError:
        begin = int(short_hash(ROOT), 16) % len(_NAMELESS)
        free = next(uid for uid in (*_NAMELESS[begin:], *_NAMELESS[:begin]) if not _is_somebody(uid))
        return WebAccount(free, free)
    return WebAccount(entry.pw_uid, entry.pw_gid)


def _is_somebody(number: int) -> bool:
    for look_up in (pwd.getpwuid, grp.getgrgid):
        try:
            look_up(number)
        except KeyError:
            continue
        return True
    return (_DYNAMIC / str(number)).exists()


def remove_copies() -> None:
    """Delete what `readable_program` copied of this checkout."""
    shutil.rmtree(_copies(), ignore_errors=True)


def _copies() -> Path:
    return ROOT_HOME / "app" / short_hash(ROOT)


def readable_program(account: WebAccount) -> Program:
    """Find the program where the account can read it; what lies in private folders is copied beside the server's data first.

    The copies are root's, second names of the files where the disk is the same, and brought up to date each time.
    """
    copies = _copies()
    python = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    stdlib, packages = (Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib"))
    library = Path(sysconfig.get_config_var("LIBDIR") or stdlib.parent) / str(sysconfig.get_config_var("INSTSONAME"))
    libraries = None
    if not account.can_read(python, stdlib / "os.py", *filter(Path.is_file, [library])):
        with _alone(copies):
            bring(python, copies / "bin" / python.name)
            bring_folder(stdlib, copies / stdlib.relative_to(sys.base_prefix))
            if library.is_file():
                bring(library, copies / "lib" / library.name)
        python, libraries = copies / "bin" / python.name, copies / "lib"
    if not account.can_read(packages / "uvicorn" / "__init__.py"):
        with _alone(copies):
            bring_folder(packages, copies / "packages", kept_out=frozenset())
        packages = copies / "packages"
    program = ROOT
    if not account.can_read(*(ROOT / name for name in ("alembic.ini", "api/serve.py", "spatial/crs.py", "migrations/env.py"))):
        program = copies / "program"
        with _alone(copies):
            for name in _PROGRAM:
                (bring_folder if (ROOT / name).is_dir() else bring)(ROOT / name, program / name)
    return Program(python, (program, packages), libraries)


@contextmanager
def _alone(copies: Path) -> Iterator[None]:
    """Let one process at a time bring the copies up to date."""
    _make_folder(copies)
    with os.fdopen(os.open(copies / ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def bring_folder(source: Path, target: Path, kept_out: Iterable[str] = _KEPT_OUT) -> None:
    """Bring a folder up to date: what is there already stays, what is gone goes."""
    for folder, folders, files in os.walk(source):
        folders[:] = sorted(set(folders) - set(kept_out))
        here = target / Path(folder).relative_to(source)
        _make_folder(here)
        for name in files:
            bring(Path(folder, name), here / name)
        for entry in os.scandir(here):
            if entry.name not in files and entry.name not in folders:
                shutil.rmtree(entry) if entry.is_dir(follow_symlinks=False) else Path(entry).unlink()


def bring(source: Path, target: Path) -> None:
    """Bring one file up to date; links to nowhere are left out."""
    try:
        found = source.stat()
    except FileNotFoundError:
        return
    if not stat.S_ISREG(found.st_mode):
        return
    try:
        there = target.lstat()
        if (there.st_size, there.st_mtime_ns) == (found.st_size, found.st_mtime_ns):
            return
    except FileNotFoundError:
        _make_folder(target.parent)
    draft = target.with_name(f".{target.name}.new")
    draft.unlink(missing_ok=True)
    if not _link(source, found, draft):
        shutil.copy2(source, draft)
        os.chown(draft, 0, 0)
        draft.chmod(0o755 if found.st_mode & stat.S_IXUSR else 0o644)
    draft.replace(target)


def _link(source: Path, found: os.stat_result, draft: Path) -> bool:
    """Give a file of root's that all may read a second name, which takes no room; False: it needs a copy."""
    open_to_read = found.st_uid == 0 and found.st_mode & stat.S_IROTH and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if not open_to_read:
        return False
    try:
        os.link(source.resolve(), draft)
    except OSError:  # another disk
        return False
    return True


def _make_folder(path: Path) -> None:
    path.mkdir(mode=0o755, parents=True, exist_ok=True)
    path.chmod(0o755)
