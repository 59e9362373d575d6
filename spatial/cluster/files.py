"""Files and folders that somebody else could have replaced: looked at before they are believed, never followed.

As root the server's files lie in a folder of root's (`make_passage`), so that user postgres, who owns the data, can put nothing
in the place of what root makes, reads or gives away there.
"""

import os
import shutil
import stat
from pathlib import Path

from spatial.errors import SetupError

_LOG_BYTES = 64 * 1024 * 1024
_PRIVATE = 0o600


def read_plain(path: Path) -> str:
    """Read a small text file.

    Raises:
        OSError: it is not there, or is a link, a pipe or anything else but a plain file.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, errors="replace") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(f"{path} is no plain file")
        return file.read()


def make_passage(path: Path, former_owner: int) -> None:
    """Make a folder of root's that others may pass through and not list; one that an older dothi gave away is taken back.

    Raises:
        SetupError: it is somebody else's.
    """
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    above = os.lstat(path.parent)
    _require(path.parent, {0}, above)
    if above.st_mode & stat.S_IWOTH or (above.st_mode & stat.S_IWGRP and above.st_gid != 0):
        raise _not_what_it_should_be(path.parent)
    path.mkdir(mode=0o711, exist_ok=True)
    found = os.lstat(path)
    _require(path, {0, former_owner}, found)
    os.chown(path, 0, 0, follow_symlinks=False)
    path.chmod(0o711)
    if found.st_uid == former_owner:
        _forget_what_is_not_root_s(path)


def _forget_what_is_not_root_s(home: Path) -> None:
    for name in ("lock", "state.json", "state.new", "credentials.json", "credentials.new"):
        try:
            found = os.lstat(home / name)
        except FileNotFoundError:
            continue
        if not (stat.S_ISREG(found.st_mode) and found.st_uid == 0 and found.st_nlink == 1):
            (home / name).unlink()


def make_private_folder(path: Path, owner: int, group: int) -> None:
    """Make a folder that only its owner can enter; one that is there must be that already.

    Raises:
        SetupError: it is a link, a file or somebody else's.
    """
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        _require(path, {owner}, os.lstat(path))
    else:
        os.chown(path, owner, group, follow_symlinks=False)


def make_private_file(path: Path, owner: int, group: int, content: str = "") -> None:
    """Make a file of 0600 with its content and give it away; the folder must be one where only the caller makes files.

    Raises:
        FileExistsError: something is there.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, _PRIVATE)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        os.fchown(handle, owner, group)
        file.write(content)


def make_log(path: Path, owner: int, group: int) -> None:
    """See to it that the log is there and the owner's.

    Raises:
        SetupError: it is a link or somebody else's.
    """
    try:
        make_private_file(path, owner, group)
    except FileExistsError:
        found = os.lstat(path)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != owner or found.st_nlink != 1:
            raise _not_what_it_should_be(path) from None


def rotate_log(path: Path) -> None:
    """Keep the end of a long log under `NAME.1` and begin anew; the server, which appends to it, need not know."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_NOFOLLOW), "rb+") as log:
        if os.fstat(log.fileno()).st_size <= _LOG_BYTES:
            return
        draft = path.with_name(path.name + ".new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "wb") as kept:
            log.seek(-_LOG_BYTES, os.SEEK_END)
            shutil.copyfileobj(log, kept)
        draft.replace(path.with_name(path.name + ".1"))
        log.truncate(0)


def _require(path: Path, owners: set[int], found: os.stat_result) -> None:
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in owners:
        raise _not_what_it_should_be(path)


def _not_what_it_should_be(path: Path) -> SetupError:
    return SetupError(
        f"{path} is a link or belongs to somebody else: dothi touches nothing through it. Find out who put it there, then move "
        "it away.",
        vi=f"{path} là liên kết hoặc thuộc người khác nên dothi không đụng đến. Hãy tìm hiểu ai đã đặt ở đó rồi dời đi.",
    )
