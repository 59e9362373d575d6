"""The cluster itself: made on first use, started, stopped and asked for databases. Holds no table and no layer."""

import fcntl
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg2
import psycopg2.extensions
from psycopg2 import errors as pg_errors
from psycopg2 import sql

from spatial.cluster import credentials
from spatial.cluster.account import server_account, server_home, short_hash
from spatial.cluster.binaries import Binaries, find_binaries
from spatial.cluster.files import make_log, make_private_file, read_plain, rotate_log
from spatial.cluster.port import HOST, choose_port, remember_port, remembered_port
from spatial.cluster.postmaster import Postmaster, clear_leftovers, read_postmaster
from spatial.cluster.tuning import as_conf, machine_memory, server_settings
from spatial.errors import Conflict, SetupError, Unavailable

_SOCKET_PATH_LIMIT = 80  # The kernel allows 104 to 108 bytes, with the file's own name.
_START_SECONDS = 300  # Recovery after a crash in the middle of a load reads gigabytes of WAL.
_STOP_SECONDS = 120
_LOCK_SECONDS = _START_SECONDS + 30
_PORT_ATTEMPTS = 5


@dataclass(frozen=True)
class Status:
    """What an operator wants to see of the embedded server."""

    running: bool
    pid: int | None
    port: int | None
    major: int | None
    pgdata: Path
    log: Path
    socket_folder: Path


class Cluster:
    """A private PostgreSQL server whose files lie under one data folder.

    Args:
        data_dir: Folder of dothi's local state. As root the server's files lie under /var/lib/dothi instead, since
            user postgres cannot enter a private clone.
        durable: False lets the server lose data when the machine crashes; only for tests.
    """

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        self._durable = durable
        self._account = server_account()
        self.home = server_home(data_dir, self._account)
        self.pgdata = self.home / "pgdata"
        self.log = self.home / "server.log"
        self.note = self.home / "restarting.txt"
        self.socket_folder = _short_socket_folder(self.home)

    # -- life ---------------------------------------------------------------------------------------------------------

    def start(self) -> bool:
        """Start the server unless it runs; True if this call started it. Any number of callers may do so at once.

        Raises:
            SetupError: PostgreSQL or PostGIS is missing, or the server refuses to start.
            Conflict: somebody else holds the cluster for too long.
        """
        with self._lock():
            make_log(self.log, self._account.uid, self._account.gid)
            rotate_log(self.log)
            if self._postmaster():
                return False
            binaries = find_binaries(self._data_major())
            passwords = self._passwords()
            if not self.pgdata.exists():
                self._initialise(binaries, passwords[credentials.ADMIN])
            self._account.make_folder(self.pgdata)  # it is there: it must be a folder of this account's
            self._account.make_folder(self.socket_folder)
            clear_leftovers(self.pgdata, self.socket_folder)
            self._launch(binaries)
            self._create_logins(passwords)
            return True

    def stop(self) -> bool:
        """Stop the server of this data folder; True if it ran. Open transactions are rolled back, clients cut off."""
        if not self.pgdata.exists():
            return False
        with self._lock():
            if not self._postmaster():
                return False
            binaries = find_binaries(self._data_major())
            done = self._account.run(
                binaries.path("pg_ctl"), "stop", "-D", str(self.pgdata), "-m", "fast", "-w", "-t", str(_STOP_SECONDS),
                timeout=_STOP_SECONDS + 10,
            )  # fmt: skip
            if done.returncode != 0:
                raise Conflict(
                    f"The server did not stop ({done.stderr.strip()}); see {self.log}.",
                    vi=f"Máy chủ cơ sở dữ liệu không dừng ({done.stderr.strip()}); xem {self.log}.",
                )
            return True

    def has_crashed(self) -> bool:
        """Tell whether the server is gone without having been stopped: then its pid file is still there."""
        return os.path.lexists(self.pgdata / "postmaster.pid") and self._postmaster() is None

    def shorten_log(self) -> None:
        """Keep the end of a long log beside it and begin anew."""
        with self._lock():
            rotate_log(self.log)

    def destroy(self) -> None:
        """Stop the server and delete all its files, the data too."""
        self.stop()
        shutil.rmtree(self.socket_folder, ignore_errors=True)
        shutil.rmtree(self.home, ignore_errors=True)

    def status(self) -> Status:
        """Look, without touching anything."""
        postmaster = self._postmaster()
        return Status(
            running=postmaster is not None and postmaster.ready,
            pid=postmaster.pid if postmaster else None,
            port=postmaster.port if postmaster else remembered_port(self.home),
            major=self._data_major(),
            pgdata=self.pgdata,
            log=self.log,
            socket_folder=self.socket_folder,
        )

    def count_clients(self) -> int:
        """Count the connections of others; 0 where the server does not run."""
        if not self._postmaster():
            return 0
        with self._admin() as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
            (count,) = cursor.fetchone() or (0,)
            return int(count)

    # -- databases ----------------------------------------------------------------------------------------------------

    def url(
        self, database: str = "dothi", user: str = credentials.ADMIN, *, password: str | None = None, through_socket: bool = False
    ) -> str:
        """Return a libpq URL (postgresql://...) of the running server; `password` is needed for logins that users made.

        Raises:
            Unavailable: the server does not run.
        """
        postmaster = self._postmaster()
        if postmaster is None:
            raise Unavailable(
                "The embedded database server does not run. Start it with `dothi db start`.",
                vi="Máy chủ cơ sở dữ liệu đi kèm chưa chạy. Hãy khởi động bằng `dothi db start`.",
            )
        known = password if password is not None else self._passwords().get(user)
        login = quote(user, safe="") + (f":{quote(known, safe='')}" if known is not None else "")
        name = quote(database, safe="")
        if through_socket:
            return f"postgresql://{login}@/{name}?host={quote(str(self.socket_folder), safe='')}&port={postmaster.port}"
        return f"postgresql://{login}@{HOST}:{postmaster.port}/{name}"

    def ensure_database(self, name: str, *, template: str | None = None) -> bool:
        """Create a database (UTF-8) unless it is there; True if it was created now.

        With `template` it is a copy of that database, made file by file: 7 ms, where writing each page to the WAL takes 100.
        """
        create = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template is not None:
            create += sql.SQL(" TEMPLATE {} STRATEGY FILE_COPY").format(sql.Identifier(template))
        with self._admin() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
            if cursor.fetchone():
                return False
            try:
                cursor.execute(create)
            except (pg_errors.DuplicateDatabase, pg_errors.UniqueViolation):  # another process was faster
                return False
            return True

    def drop_database(self, name: str) -> None:
        """Drop a database if it is there, cutting off whoever uses it."""
        with self._admin() as connection, connection.cursor() as cursor:
            cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    # -- inside -------------------------------------------------------------------------------------------------------

    def _postmaster(self) -> Postmaster | None:
        return read_postmaster(self.pgdata)

    @contextmanager
    def _admin(self) -> Iterator[psycopg2.extensions.connection]:
        with closing(psycopg2.connect(self.url("postgres"), connect_timeout=20)) as connection:
            connection.autocommit = True
            yield connection

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Let one process at a time start, stop or make the cluster."""
        self._account.make_home(self.home)
        with os.fdopen(os.open(self.home / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "r+") as file:
            deadline = time.monotonic() + _LOCK_SECONDS
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise Conflict(
                            f"Another process has been starting or stopping the server in {self.home} for {_LOCK_SECONDS} s; "
                            f"see {self.log}.",
                            vi=f"Tiến trình khác đang khởi động hoặc dừng máy chủ trong {self.home} đã {_LOCK_SECONDS} giây; "
                            f"xem {self.log}.",
                        ) from None
                    time.sleep(0.05)
            yield

    def _passwords(self) -> dict[str, str]:
        path = self.home / "credentials.json"
        if self.pgdata.exists() and not path.exists():
            raise SetupError(
                f"The data in {self.pgdata} is there, but its password file {path} is not: put it back from a backup, or move "
                "the folder away to begin anew.",
                vi=f"Còn dữ liệu trong {self.pgdata} nhưng mất tệp mật khẩu {path}: hãy khôi phục từ bản sao lưu, hoặc dời thư "
                "mục đi để làm lại từ đầu.",
            )
        return credentials.load_or_create(path)

    def _data_major(self) -> int | None:
        try:
            return int(read_plain(self.pgdata / "PG_VERSION"))
        except (OSError, ValueError):
            return None

    def _initialise(self, binaries: Binaries, password: str) -> None:
        """Make the data folder under another name and rename it, so that a broken attempt leaves nothing half-made."""
        draft = self.home / "pgdata.new"
        shutil.rmtree(draft, ignore_errors=True)
        self._account.make_folder(draft)
        password_file = self.home / "initdb.password"
        password_file.unlink(missing_ok=True)
        make_private_file(password_file, self._account.uid, self._account.gid, password)
        try:
            done = self._account.run(
                binaries.path("initdb"), "-D", str(draft), "--username", credentials.ADMIN, "--pwfile", str(password_file),
                "--auth", "scram-sha-256", "--encoding", "UTF8", *_locale_options(), *([] if self._durable else ["--no-sync"]),
            )  # fmt: skip
        finally:
            password_file.unlink(missing_ok=True)
        if done.returncode != 0:
            raise SetupError(
                f"The database cluster cannot be made in {draft}: {done.stderr.strip()}",
                vi=f"Không tạo được cụm cơ sở dữ liệu trong {draft}: {done.stderr.strip()}",
            )
        self._account.write(draft / "postgresql.conf", "\ninclude 'dothi.conf'\n", append=True)
        draft.rename(self.pgdata)

    def _launch(self, binaries: Binaries) -> None:
        for attempt in range(_PORT_ATTEMPTS):
            port = choose_port(self.home, again=attempt > 0)
            self._write_settings(port)
            log_begin = self.log.stat().st_size if self.log.exists() else 0
            done = self._account.run(
                binaries.path("pg_ctl"), "start", "-D", str(self.pgdata), "-l", str(self.log), "-w", "-t", str(_START_SECONDS),
                timeout=_START_SECONDS + 20,
            )  # fmt: skip
            if done.returncode == 0:
                remember_port(self.home, port)
                return
            said = self._log_since(log_begin)
            if "could not create any TCP/IP sockets" not in said:
                break  # only a port that somebody took between our look and the start is worth another try
        raise SetupError(
            f"The database server did not start. {self.log} says: {said}",
            vi=f"Máy chủ cơ sở dữ liệu không khởi động được. Xem {self.log}.",
        )

    def _log_since(self, begin: int) -> str:
        try:
            with self.log.open("rb") as file:
                file.seek(begin)
                return file.read()[-2000:].decode(errors="replace").strip() or "nothing"
        except OSError:
            return "nothing"

    def _write_settings(self, port: int) -> None:
        settings = server_settings(machine_memory(), durable=self._durable)
        settings |= {"port": str(port), "unix_socket_directories": str(self.socket_folder)}
        self._account.write(self.pgdata / "dothi.conf", as_conf(settings))

    def _create_logins(self, passwords: dict[str, str]) -> None:
        """Make the service logins and their group roles, which the migrations then find.

        NOINHERIT: the staff login has no right of its own; for each request it takes the role of the person behind it.
        """
        with self._admin() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT rolname FROM pg_roles")
            known = {name for (name,) in cursor.fetchall()}
            for login, groups in credentials.SERVICE_LOGINS.items():
                for group in groups:
                    if group not in known:
                        cursor.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(group)))
                if login not in known:
                    create = sql.SQL("CREATE ROLE {} LOGIN {} PASSWORD {}").format(
                        sql.Identifier(login),
                        sql.SQL("INHERIT" if len(groups) == 1 else "NOINHERIT"),
                        sql.Literal(passwords[login]),
                    )
                    cursor.execute(create)
                    members = sql.SQL(", ").join(map(sql.Identifier, groups))
                    cursor.execute(sql.SQL("GRANT {} TO {}").format(members, sql.Identifier(login)))


def _short_socket_folder(home: Path) -> Path:
    own = home / "socket"
    if len(os.fsencode(own)) <= _SOCKET_PATH_LIMIT:
        return own
    return Path(tempfile.gettempdir()) / f"dothi-{os.geteuid()}-{short_hash(home)}"


def _locale_options() -> list[str]:
    """Bytes decide the order, Unicode decides what a letter is.

    Collation C: indexes serve LIKE 'prefix%' and keyset paging, sorting is fastest, and no upgrade of the system's locale
    can silently break an index. The character type knows Vietnamese letters (lower('Đ') = 'đ'). Where people read a sorted
    list, the query says COLLATE "vi-x-icu".
    """
    letters = "C.UTF-8" if sys.platform == "linux" else "en_US.UTF-8"
    return ["--lc-collate=C", f"--lc-ctype={letters}", "--lc-messages=C", "--lc-monetary=C", "--lc-numeric=C", "--lc-time=C"]
