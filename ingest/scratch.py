"""Private folders for what is unpacked, which may name people: gone with the block, and after a kill with the next start.

A folder is locked for as long as its program lives, by the kernel, which forgets nobody's death.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "dothi-files-"


@contextmanager
def private_folder() -> Iterator[Path]:
    """Give an empty folder that only this user can enter and that is removed when the block ends."""
    remove_abandoned()
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))  # mode 0700
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def remove_abandoned() -> None:
    """Remove the folders of programs that were killed. An empty one is left alone: its owner may be about to lock it."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):  # somebody else's, or just gone
            if folder.is_symlink() or folder.stat().st_uid != os.getuid() or not any(folder.iterdir()):
                continue
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)
