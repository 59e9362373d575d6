"""The embedded server: started by anybody at any time, it is one server, keeps its data and leaves nothing behind."""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from spatial.cluster import Cluster, files
from spatial.cluster import account as accounts
from spatial.cluster.binaries import candidate_folders, find_binaries
from spatial.cluster.credentials import load_or_create
from spatial.cluster.tuning import MIB, as_conf, server_settings
from spatial.errors import SetupError, Unavailable

AS_ROOT = os.geteuid() == 0


@pytest.fixture
def own(state: Path) -> Iterator[Cluster]:
    """A cluster that this test may ruin."""
    cluster = Cluster(state, durable=False)
    yield cluster
    cluster.destroy()
    assert not cluster.home.exists()


def ask(url: str, question: str) -> object:
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(question)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def pid_of(cluster: Cluster) -> int:
    pid = cluster.status().pid
    assert pid is not None
    return pid


# -- life ---------------------------------------------------------------------------------------------------------------------


def test_before_the_first_start_nothing_is_made(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path / "state")
    assert not cluster.status().running
    assert cluster.stop() is False
    assert not cluster.home.exists()


def test_url_of_a_stopped_server_says_how_to_start(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="dothi db start"):
        Cluster(tmp_path / "state").url()


def test_stop_and_start_keep_data_port_and_passwords(own: Cluster) -> None:
    assert own.start() is True
    assert own.ensure_database("dothi") is True
    ask(own.url(), "CREATE TABLE kept AS SELECT 'Đô thị' AS name")
    before, url = own.status(), own.url()

    assert own.stop() is True
    assert own.stop() is False
    stopped = own.status()
    assert (stopped.running, stopped.pid, stopped.port) == (False, None, before.port)

    assert own.start() is True
    assert own.url() == url
    assert own.ensure_database("dothi") is False
    assert ask(own.url(), "SELECT name FROM kept") == "Đô thị"


def test_second_start_changes_nothing(own: Cluster) -> None:
    own.start()
    pid = pid_of(own)
    assert own.start() is False
    assert pid_of(own) == pid


def test_two_processes_that_start_at_once_share_one_server(own: Cluster, state: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from spatial.cluster import Cluster\n"
        "cluster = Cluster(Path(sys.argv[1]), durable=False)\n"
        "print(cluster.start(), cluster.status().pid, cluster.ensure_database('dothi'))"
    )
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(state)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[1],
        )
        for _ in range(3)
    ]
    answers = [run.communicate(timeout=120)[0].split() for run in runs]
    assert sorted(answer[0] for answer in answers) == ["False", "False", "True"]
    assert sorted(answer[2] for answer in answers) == ["False", "False", "True"]
    assert {int(answer[1]) for answer in answers} == {pid_of(own)}


def test_start_after_a_crash_finds_what_was_committed(state: Path) -> None:
    own = Cluster(state, durable=True)
    own.start()
    own.ensure_database("dothi")
    ask(own.url(), "CREATE TABLE kept AS SELECT 1 AS n")
    with closing(psycopg2.connect(own.url())) as busy, busy.cursor() as cursor:
        cursor.execute("SELECT 1")
        killed = pid_of(own)
        os.kill(killed, signal.SIGKILL)
        while own.status().pid == killed:
            time.sleep(0.01)
        assert (own.pgdata / "postmaster.pid").exists()
        assert own.start() is True
    assert pid_of(own) != killed
    assert ask(own.url(), "SELECT n FROM kept") == 1


def test_lock_file_that_names_a_stranger_does_not_block(own: Cluster) -> None:
    """After a reboot the number in postmaster.pid may belong to another program of the same user."""
    own.start()
    left = (own.pgdata / "postmaster.pid").read_text().splitlines()
    own.stop()
    stranger = subprocess.Popen(["sleep", "60"], user="postgres" if AS_ROOT else None)
    try:
        left[0] = str(stranger.pid)
        (own.pgdata / "postmaster.pid").write_text("\n".join(left) + "\n")
        assert not own.status().running
        assert own.start() is True
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_stop_ends_only_the_server_of_its_own_folder(own: Cluster, tmp_path: Path) -> None:
    other = Cluster(tmp_path / "other", durable=False)
    try:
        own.start()
        other.start()
        assert own.status().port != other.status().port
        own.stop()
        assert other.status().running
    finally:
        other.destroy()


def test_port_taken_meanwhile_is_replaced(own: Cluster) -> None:
    own.start()
    port = own.status().port
    own.stop()
    with closing(socket.create_server(("127.0.0.1", port or 0))):
        own.start()
        assert own.status().port != port
    assert ask(own.url("postgres"), "SELECT 1") == 1


def test_a_broken_settings_file_is_told_with_the_log(own: Cluster) -> None:
    own.start()
    own.stop()
    with (own.pgdata / "postgresql.conf").open("a") as file:
        file.write("\nno_such_setting = 1\n")
    with pytest.raises(SetupError, match="no_such_setting"):
        own.start()


def test_interrupted_initialisation_is_begun_anew(own: Cluster) -> None:
    own.home.mkdir(parents=True)
    draft = own.home / "pgdata.new"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("half")
    assert own.start() is True
    assert not draft.exists()


# -- who may come in ----------------------------------------------------------------------------------------------------------


def test_never_runs_as_root_and_keeps_its_folder_private(own: Cluster) -> None:
    own.start()
    assert Path(f"/proc/{pid_of(own)}").stat().st_uid != 0
    assert stat.S_IMODE(own.pgdata.stat().st_mode) == 0o700
    if AS_ROOT:
        assert own.home.is_relative_to(accounts.ROOT_HOME)


def test_as_root_without_user_postgres_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def unknown(name: str) -> None:
        raise KeyError(name)

    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("pwd.getpwnam", unknown)
    with pytest.raises(SetupError, match="ordinary user"):
        Cluster(tmp_path)


def test_passwords_are_in_a_file_of_their_owner_only(own: Cluster) -> None:
    own.start()
    path = own.home / "credentials.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    passwords = json.loads(path.read_text())
    assert set(passwords) == {"postgres", "dothi_api", "dothi_staff"}
    assert len(set(passwords.values())) == 3
    assert min(map(len, passwords.values())) >= 24
    assert not list(own.home.glob("*password*"))


# -- as root: what user postgres put there leads nowhere ----------------------------------------------------------------------

as_root_only = pytest.mark.skipif(not AS_ROOT, reason="only root could be led to touch what is not the server's")


def as_postgres(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, user="postgres", group="postgres", extra_groups=[], cwd="/", capture_output=True, text=True)


def older_home(own: Cluster) -> None:
    """Give the folder to user postgres, as it was before root kept it."""
    shutil.chown(own.home, "postgres", "postgres")
    own.home.chmod(0o700)


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    path = tmp_path / "victim"
    path.write_text("root's own")
    path.chmod(0o600)
    return path


@as_root_only
@pytest.mark.parametrize("kind", ["-s", "-f"])
def test_settings_are_not_written_through_a_link_of_user_postgres(own: Cluster, victim: Path, kind: str) -> None:
    own.start()
    own.stop()
    target = own.pgdata / "dothi.conf"
    assert as_postgres("rm", str(target)).returncode == 0
    if kind == "-s":
        assert as_postgres("ln", "-s", str(victim), str(target)).returncode == 0
    else:
        assert as_postgres("mkfifo", str(target)).returncode == 0
        target.unlink()
        os.link(victim, target)  # as where the system does not protect hard links
    with pytest.raises(SetupError, match=r"dothi\.conf cannot be written"):
        own.start()
    assert (victim.read_text(), victim.stat().st_uid) == ("root's own", 0)


@as_root_only
@pytest.mark.parametrize("older", [False, True])
def test_the_socket_s_folder_is_not_given_away_through_a_link(own: Cluster, tmp_path: Path, older: bool) -> None:
    own.start()
    own.stop()
    own.socket_folder.rmdir()
    theirs = tmp_path / "root-folder"
    theirs.mkdir(mode=0o755)
    link = ("ln", "-s", str(theirs), str(own.socket_folder))
    assert as_postgres(*link).returncode != 0, "root's folder takes nothing from user postgres"
    if older:
        older_home(own)
        assert as_postgres(*link).returncode == 0
        with pytest.raises(SetupError, match="link or belongs to somebody else"):
            own.start()
    else:
        own.start()
    assert theirs.stat().st_uid == 0


@as_root_only
@pytest.mark.parametrize("name", ["server.log", "pgdata", "lock", "state.json", "credentials.json"])
def test_a_folder_that_user_postgres_owned_is_taken_back_and_its_links_are_not_followed(
    own: Cluster, victim: Path, name: str
) -> None:
    own.start()
    own.stop()
    older_home(own)
    assert as_postgres("mv", str(own.home / name), str(own.home / "away")).returncode == 0
    assert as_postgres("ln", "-s", str(victim), str(own.home / name)).returncode == 0
    if name in ("lock", "state.json"):
        own.start()
    else:
        with pytest.raises(SetupError):
            own.start()
    assert (victim.read_text(), victim.stat().st_uid) == ("root's own", 0)
    assert own.home.stat().st_uid == 0


@as_root_only
def test_an_older_folder_goes_on(own: Cluster) -> None:
    own.start()
    own.ensure_database("dothi")
    ask(own.url(), "CREATE TABLE kept AS SELECT 1 AS n")
    own.stop()
    older_home(own)
    own.start()
    assert ask(own.url(), "SELECT n FROM kept") == 1
    assert (own.home.stat().st_uid, stat.S_IMODE(own.home.stat().st_mode)) == (0, 0o711)


@as_root_only
def test_state_and_passwords_are_root_s(own: Cluster) -> None:
    own.start()
    for name in ("", "credentials.json", "state.json", "lock"):
        assert (own.home / name).stat().st_uid == 0
    assert as_postgres("touch", str(own.home / "mine")).returncode != 0
    assert as_postgres("mv", str(own.pgdata), str(own.home / "other")).returncode != 0
    assert as_postgres("cat", str(own.home / "credentials.json")).returncode != 0


@as_root_only
def test_what_is_run_as_user_postgres_has_no_terminal_of_root_s(own: Cluster) -> None:
    account = accounts.server_account()
    assert account.run("sh", "-c", "ps -o sess= -p $$; echo $$").stdout.split()[0] != str(os.getsid(0))
    assert account.run("cat").stdout == ""


def test_a_pipe_in_the_place_of_a_file_does_not_stop_anybody(own: Cluster) -> None:
    own.start()
    own.stop()
    (own.pgdata / "postmaster.pid").unlink(missing_ok=True)
    os.mkfifo(own.pgdata / "postmaster.pid")
    assert not own.status().running


def test_socket_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "socket").symlink_to(tmp_path / "theirs")
    with pytest.raises(SetupError, match="link or belongs to somebody else"):
        accounts.server_account().make_folder(tmp_path / "socket")


def test_a_long_log_is_kept_once_and_begun_anew(own: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_LOG_BYTES", 2000)
    own.start()
    for number in range(60):
        with pytest.raises(psycopg2.errors.UndefinedTable):
            ask(own.url("postgres"), f"SELECT * FROM nothing_{number}")
    assert own.start() is False
    kept = own.log.with_name("server.log.1")
    assert (own.log.stat().st_size, kept.stat().st_size, stat.S_IMODE(kept.stat().st_mode)) == (0, 2000, 0o600)
    with pytest.raises(psycopg2.errors.UndefinedTable):
        ask(own.url("postgres"), "SELECT * FROM nothing_after")
    assert "nothing_after" in own.log.read_text()
    assert "nothing_59" in kept.read_text()


def test_wrong_password_is_refused_through_both_doors(own: Cluster) -> None:
    own.start()
    for through_socket in (False, True):
        with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
            psycopg2.connect(own.url("postgres", "dothi_api", password="wrong", through_socket=through_socket))
        assert ask(own.url("postgres", "dothi_api", through_socket=through_socket), "SELECT session_user") == "dothi_api"


def test_service_logins_are_no_administrators(own: Cluster) -> None:
    own.start()
    for login in ("dothi_api", "dothi_staff"):
        question = "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls FROM pg_roles WHERE rolname = session_user"
        assert ask(own.url("postgres", login), question) is False


@pytest.mark.parametrize(("login", "roles"), [("dothi_api", {"dothi_public"}), ("dothi_staff", {"dothi_reader", "dothi_editor"})])
def test_service_logins_are_members_of_their_groups_only(own: Cluster, login: str, roles: set[str]) -> None:
    own.start()
    question = "SELECT string_agg(roleid::regrole::text, ' ') FROM pg_auth_members WHERE member = session_user::regrole"
    assert set(str(ask(own.url("postgres", login), question)).split()) == roles
    assert ask(own.url("postgres", "dothi_staff"), "SELECT pg_has_role('dothi_editor', 'USAGE')") is False


def test_lost_password_file_is_told_not_replaced(own: Cluster) -> None:
    own.start()
    own.stop()
    (own.home / "credentials.json").unlink()
    with pytest.raises(SetupError, match="password file"):
        own.start()


def test_unreadable_password_file(tmp_path: Path) -> None:
    path = tmp_path / "credentials.json"
    path.write_text("{")
    with pytest.raises(SetupError, match="cannot be read"):
        load_or_create(path)


def test_listens_on_this_machine_only(own: Cluster) -> None:
    own.start()
    assert ask(own.url("postgres"), "SELECT current_setting('listen_addresses')") == "127.0.0.1"


def test_log_repeats_no_value(own: Cluster) -> None:
    """A failing statement or COPY line may hold an owner's name."""
    own.start()
    url = own.url("postgres")
    ask(url, "CREATE TABLE t (n int, name text CHECK (name <> 'Nguyễn Văn Kín'))")
    with pytest.raises(psycopg2.errors.CheckViolation):
        ask(url, "INSERT INTO t VALUES (1, 'Nguyễn Văn Kín')")
    log = own.log.read_text()
    assert "violates check constraint" in log
    assert "Kín" not in log


# -- what it is ---------------------------------------------------------------------------------------------------------------


def test_text_is_utf8_sorted_by_bytes_and_knows_vietnamese_letters(own: Cluster) -> None:
    own.start()
    own.ensure_database("dothi")
    url = own.url()
    assert ask(url, "SELECT current_setting('server_encoding')") == "UTF8"
    assert ask(url, "SELECT lower('ĐƯỜNG HÒA BÌNH')") == "đường hòa bình"
    assert ask(url, "SELECT 'b' < 'ă'") is True
    assert ask(url, "SELECT 'b' > 'ă' COLLATE \"vi-x-icu\"") is True


def test_copy_of_a_template_holds_its_tables(own: Cluster) -> None:
    own.start()
    own.ensure_database("original")
    ask(own.url("original"), "CREATE TABLE kept AS SELECT 7 AS n")
    assert own.ensure_database('Bản sao "1"', template="original") is True
    assert ask(own.url('Bản sao "1"'), "SELECT n FROM kept") == 7
    own.drop_database('Bản sao "1"')
    own.drop_database('Bản sao "1"')
    with pytest.raises(psycopg2.OperationalError, match="does not exist"):
        psycopg2.connect(own.url('Bản sao "1"'))


def test_long_folder_gets_a_short_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "ROOT_HOME", tmp_path / ("r" * 80))
    cluster = Cluster(tmp_path / ("d" * 80))
    assert len(str(cluster.socket_folder)) < 80
    assert cluster.socket_folder != Cluster(tmp_path / ("e" * 80)).socket_folder


def test_durable_unless_told_otherwise(tmp_path: Path) -> None:
    memory = 8192 * MIB
    durable, throwaway = server_settings(memory, durable=True), server_settings(memory, durable=False)
    assert "fsync" not in durable
    assert "synchronous_commit" not in durable
    assert throwaway["fsync"] == "off"


@pytest.mark.parametrize(
    ("gibibytes", "shared", "work"),
    [(0.25, "128MB", "8MB"), (8, "1024MB", "16MB"), (64, "4096MB", "64MB"), (512, "4096MB", "64MB")],
)
def test_memory_is_fit_to_the_machine_within_bounds(gibibytes: float, shared: str, work: str) -> None:
    settings = server_settings(int(gibibytes * 1024) * MIB, durable=True)
    assert (settings["shared_buffers"], settings["work_mem"]) == (shared, work)


def test_settings_are_quoted() -> None:
    assert "unix_socket_directories = '/tmp/it''s'" in as_conf({"unix_socket_directories": "/tmp/it's"})


# -- programs -----------------------------------------------------------------------------------------------------------------


def test_nothing_installed_says_what_to_install() -> None:
    with pytest.raises(SetupError, match=r"apt install postgresql postgresql-postgis.*DOTHI_DATABASE_URL"):
        find_binaries(folders=[])


def test_postgresql_without_postgis_names_the_package(tmp_path: Path) -> None:
    folder = fake_postgres(tmp_path / "bin", major=99)
    with pytest.raises(SetupError, match="postgresql-99-postgis-3"):
        find_binaries(folders=[folder])


def test_too_old_is_as_good_as_none(tmp_path: Path) -> None:
    folder = fake_postgres(tmp_path / "bin", major=13)
    (tmp_path / "share/extension").mkdir(parents=True)
    (tmp_path / "share/extension/postgis.control").touch()
    with pytest.raises(SetupError, match="version 15 or newer"):
        find_binaries(folders=[folder])


def test_newest_with_postgis_is_taken_and_data_keep_their_version(tmp_path: Path) -> None:
    folders = []
    for major in (16, 98, 99):
        folders.append(fake_postgres(tmp_path / str(major) / "bin", major=major))
        if major != 99:
            (tmp_path / str(major) / "share/extension").mkdir(parents=True)
            (tmp_path / str(major) / "share/extension/postgis.control").touch()
    assert find_binaries(folders=folders).major == 98
    assert find_binaries(16, folders=folders).folder == folders[0]
    with pytest.raises(SetupError, match="made by PostgreSQL 97"):
        find_binaries(97, folders=folders)


def test_this_machine_has_its_programs() -> None:
    assert find_binaries().folder in list(candidate_folders())


def fake_postgres(folder: Path, *, major: int) -> Path:
    """Programs that only know their version: what another installation looks like from outside."""
    folder.mkdir(parents=True)
    for name in ("initdb", "pg_ctl", "postgres"):
        (folder / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {major}.1'\n")
        (folder / name).chmod(0o755)
    return folder


def test_server_keeps_running_when_its_starter_ends(own: Cluster, state: Path) -> None:
    program = "import sys, pathlib, spatial.cluster as c; c.Cluster(pathlib.Path(sys.argv[1]), durable=False).start()"
    command = [sys.executable, "-c", program, str(state)]
    subprocess.run(command, check=True, cwd=Path(__file__).parents[1], timeout=120)
    assert own.status().running
