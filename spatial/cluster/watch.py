"""Minds a running server: started again after a crash, its log kept short. A server that somebody stopped stays stopped."""

import logging
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg2

from spatial.cluster.server import Cluster
from spatial.errors import DothiError

LOOK_SECONDS = 1.0
_TEND_SECONDS = 60.0
_LONGEST_WAIT = 60.0
_STEADY_SECONDS = 60.0
"""A server that lived this long has recovered: the next crash is begun to be counted anew."""
_NOTE_SECONDS = 2 * _LONGEST_WAIT
log = logging.getLogger("dothi.database")


@contextmanager
def watched(cluster: Cluster) -> Iterator[None]:
    """Mind the server for as long as the block lasts."""
    done = threading.Event()
    watch = threading.Thread(target=_watch, args=(cluster, done), name="database-watch", daemon=True)
    cluster.note.unlink(missing_ok=True)
    watch.start()
    try:
        yield
    finally:
        done.set()
        watch.join()
        cluster.note.unlink(missing_ok=True)


def read_note(note: Path) -> str | None:
    """Give the sentence on a server that is being started again, unless whoever wrote it is gone."""
    try:
        if time.time() - note.stat().st_mtime > _NOTE_SECONDS:
            return None
        return note.read_text("utf-8")
    except OSError:
        return None


def _watch(cluster: Cluster, done: threading.Event) -> None:
    attempts, steady_from, tended = 0, time.monotonic(), time.monotonic()
    while not done.wait(LOOK_SECONDS):
        now = time.monotonic()
        if cluster.has_crashed():
            if now - steady_from > _STEADY_SECONDS:
                attempts = 0
            attempts += 1
            _start_again(cluster, attempts, done)
            steady_from = time.monotonic()
        elif now - tended > _TEND_SECONDS:
            tended = now
            cluster.shorten_log()


def _start_again(cluster: Cluster, attempt: int, done: threading.Event) -> None:
    wait = min(_LONGEST_WAIT, 2.0 ** (attempt - 1)) if attempt > 1 else 0.0
    moment = f"{datetime.now(UTC):%H:%M:%S} UTC"
    ended = "The database server ended unexpectedly"
    _say(cluster, f"{ended} and is being started again (attempt {attempt}, {wait:g} s after {moment}).")
    if done.wait(wait):
        return
    try:
        cluster.start()
    except (DothiError, OSError, psycopg2.Error, subprocess.SubprocessError) as error:
        _say(cluster, f"{ended} and could not be started again at {moment}; {cluster.log} says why.")
        log.warning("%s", error)
    else:
        cluster.note.unlink(missing_ok=True)
        log.warning("The database server is back.")


def _say(cluster: Cluster, sentence: str) -> None:
    log.warning("%s", sentence)
    draft = cluster.note.with_suffix(".new")
    draft.write_text(sentence, "utf-8")
    draft.chmod(0o644)  # the web server, which shows it, may run as somebody else
    draft.replace(cluster.note)
