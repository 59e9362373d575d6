"""The command line as a person uses it: `dothi db ...`, `serve` and `demo` in processes of their own."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest

from spatial.cluster import Cluster
from spatial.settings import Settings
from tests.conftest import Database

ROOT = Path(__file__).parents[1]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def dothi(state: Path) -> Run:
    """Run `dothi` with a data folder of its own; keyword arguments are DOTHI_ settings."""

    def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "dothi.py"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment(state, settings))

    return run


def environment(state: Path, settings: dict[str, str]) -> dict[str, str]:
    return {
        **os.environ,
        "DOTHI_DATA_DIR": str(state),
        "NO_COLOR": "1",
        **{f"DOTHI_{name}": text for name, text in settings.items()},
    }


def assert_sentence(done: subprocess.CompletedProcess[str], *parts: str) -> None:
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    for part in parts:
        assert part in done.stderr


# -- dothi db -----------------------------------------------------------------------------------------------------------------


def test_a_day_of_the_embedded_server(dothi: Run) -> None:
    assert dothi("db", "status").returncode == 3
    assert_sentence(dothi("db", "url"), "dothi db start")

    started = dothi("db", "start")
    assert (started.returncode, "started" in started.stdout) == (0, True)
    again = dothi("db", "start")
    assert (again.returncode, "running" in again.stdout) == (0, True)
    assert dothi("db", "status").returncode == 0

    for options in ((), ("--socket",)):
        for role, login in (("reader", "dothi_api"), ("administrator", "postgres")):
            assert re.match(rf"postgresql://{login}@[^:]*(:\d+)?/dothi", dothi("db", "url", "--role", role, *options).stdout)
            url = dothi("db", "url", "--with-password", "--role", role, *options).stdout.strip()
            with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
                cursor.execute("SELECT current_database(), session_user")
                assert cursor.fetchone() == ("dothi", login)
    assert "dothi_api@" in dothi("db", "url").stdout, "a reader's, unless somebody asks for more"
    assert_sentence(dothi("db", "url", "--role", "king"), "king")
    assert dothi("db", "url", "--user", "lan").stdout.startswith("postgresql://lan@127.0.0.1:")

    assert "stopped" in dothi("db", "stop").stdout
    assert "was not running" in dothi("db", "stop").stdout
    assert dothi("db", "status").returncode == 3


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="looks into /proc")
@pytest.mark.parametrize("role", ["reader", "administrator"])
def test_psql_shows_no_password_to_whoever_lists_the_processes(dothi: Run, state: Path, role: str) -> None:
    assert dothi("db", "start").returncode == 0
    before = set(Path(tempfile.gettempdir()).iterdir())
    command = [sys.executable, str(ROOT / "dothi.py"), "psql", "--role", role, "--", "-X", "-At"]
    ask = ("-c", "SELECT 'I am ' || session_user", "-c", "SELECT pg_sleep(20)")
    with subprocess.Popen([*command, *ask], stdout=subprocess.PIPE, text=True, env=environment(state, {})) as psql:
        try:
            assert psql.stdout is not None
            assert psql.stdout.readline().strip() == f"I am {'postgres' if role == 'administrator' else 'dothi_api'}"
            passwords = json.loads((Cluster(state).home / "credentials.json").read_text()).values()
            seen = [bytes_of(path) for kind in ("cmdline", "environ") for path in Path("/proc").glob(f"[0-9]*/{kind}")]
            assert any(b"psql" in said and b"pg_sleep" in said for said in seen)
            assert not [said for said in seen for password in passwords if password.encode() in said]
            made = set(Path(tempfile.gettempdir()).iterdir()) - before
            assert not [path for path in made if path.is_file() and any(p.encode() in bytes_of(path) for p in passwords)]
        finally:
            psql.kill()


def bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # gone, or not ours
        return b""


def test_psql_ends_as_psql_does(dothi: Run) -> None:
    assert_sentence(dothi("psql"), "dothi db start")
    dothi("db", "start")
    done = dothi("psql", "--", "-X", "-c", "\\conninfo", "-c", "SELECT no_such_column")
    assert done.returncode == 1
    assert "dothi_api" in done.stdout
    assert "no_such_column" in done.stderr
    assert "Traceback" not in done.stderr


def test_migrate_starts_the_server_and_may_be_repeated(dothi: Run) -> None:
    for _ in range(2):
        done = dothi("db", "migrate")
        assert done.returncode == 0, done.stderr
    url = dothi("db", "url", "--with-password").stdout.strip()
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM land.parcel")
        assert cursor.fetchone() == (0,)
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("SELECT * FROM private.parcel_owner")


def test_own_server_is_neither_started_nor_stopped(dothi: Run, database: Database) -> None:
    for command in ("start", "stop", "status"):
        assert_sentence(dothi("db", command, DATABASE_URL=database.url), "DOTHI_DATABASE_URL")
    assert dothi("db", "migrate", DATABASE_URL=database.url).returncode == 0
    administrator = ("db", "url", "--role", "administrator")
    assert dothi(*administrator, "--with-password", DATABASE_URL=database.url).stdout.strip() == database.url
    assert f":{urlsplit(database.url).password}@" not in dothi(*administrator, DATABASE_URL=database.url).stdout
    of_person = dothi("db", "url", "--user", "lan", DATABASE_URL=database.url).stdout.strip()
    assert of_person.startswith("postgresql://lan@")


def test_own_server_that_does_not_answer(dothi: Run) -> None:
    done = dothi("db", "migrate", DATABASE_URL=f"postgresql://me:secret@127.0.0.1:{free_port()}/x")
    assert_sentence(done, "does not answer")
    assert "secret" not in done.stderr


def test_folder_that_cannot_be_made(dothi: Run, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root keeps the server elsewhere and may write everywhere")
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        assert_sentence(dothi("db", "start", DATA_DIR=str(tmp_path / "closed" / "state")), "DOTHI_DATA_DIR")
    finally:
        tmp_path.chmod(stat.S_IRWXU)


# -- what every command promises ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "value"), [("PORT", "eighty"), ("PORT", "70000"), ("CONNECTIONS", "0"), ("WORKERS", "-1")])
def test_wrong_setting_is_named(dothi: Run, name: str, value: str) -> None:
    assert_sentence(dothi("db", "status", **{name: value}), f"DOTHI_{name}", value)


@pytest.mark.parametrize(
    "arguments", [("db", "sttaus"), ("--no-such-option",), ("serve", "--port", "x"), ("serve", "--workers", "0")]
)
def test_usage_errors_exit_with_2(dothi: Run, arguments: tuple[str, ...]) -> None:
    done = dothi(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_help_loads_nothing_heavy() -> None:
    heavy = {"sqlalchemy", "geopandas", "fastapi", "pyogrio", "shapely", "pydantic"}
    program = f"import sys, dothi; sys.exit(sorted({heavy} & set(sys.modules)) or 0)"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT, timeout=60)


# -- serving ------------------------------------------------------------------------------------------------------------------


@contextmanager
def serving(state: Path, *arguments: str, **settings: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a command that serves; gives the process and its URL."""
    command = [sys.executable, str(ROOT / "dothi.py"), *arguments]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment(state, settings)
    )
    impatience = threading.Timer(200, process.kill)
    impatience.start()
    try:
        assert process.stdout is not None
        address = next((line.split()[-1] for line in process.stdout if line.startswith("dothi: http")), None)
        assert address is not None, "ended before it served"
        yield process, address
    finally:
        impatience.cancel()
        process.terminate()
        process.communicate(timeout=60)


def test_serve_starts_the_database_and_stops_it_in_the_end(dothi: Run, state: Path) -> None:
    dothi("db", "migrate")
    dothi("db", "stop")
    with serving(state, "serve") as (process, url):
        assert dothi("db", "status").returncode == 0
        with urllib.request.urlopen(f"{url}/health") as answer:  # noqa: S310
            assert answer.status == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
    assert dothi("db", "status").returncode == 3


def officer_at(dothi: Run) -> AbstractContextManager[psycopg2.extensions.connection]:
    return closing(psycopg2.connect(dothi("db", "url", "--with-password").stdout.strip()))


def test_serve_leaves_a_database_that_others_use(dothi: Run, state: Path) -> None:
    dothi("db", "migrate")
    dothi("db", "stop")
    with serving(state, "serve") as (process, _), officer_at(dothi) as officer:
        process.terminate()
        said, _ = process.communicate(timeout=60)
        assert "stays up" in said
        with officer.cursor() as cursor:
            cursor.execute("SELECT 1")
    assert dothi("db", "status").returncode == 0


def test_serve_leaves_a_database_that_ran_before(dothi: Run, state: Path) -> None:
    dothi("db", "migrate")
    with serving(state, "serve"):
        pass
    assert dothi("db", "status").returncode == 0


def health(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=120) as answer:  # noqa: S310
            return answer.status, ""
    except urllib.error.HTTPError as refusal:
        return refusal.code, str(json.loads(refusal.read())["checks"]["database"]["detail"])


def wait_for(condition: Callable[[], bool], seconds: float = 150) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_serve_starts_a_crashed_database_again_and_leaves_a_stopped_one(dothi: Run, state: Path) -> None:
    dothi("db", "migrate")
    cluster = Cluster(state)
    with serving(state, "serve") as (_, url):
        assert health(url) == (200, "")
        conf = cluster.pgdata / "postgresql.conf"
        whole = conf.read_text()
        conf.write_text(f"{whole}\nno_such_setting = 1\n")  # so that it can't come back yet
        killed = cluster.status().pid
        assert killed
        os.kill(killed, signal.SIGKILL)
        assert wait_for(lambda: "started again" in health(url)[1]), health(url)
        conf.write_text(whole)
        assert wait_for(lambda: health(url)[0] == 200)
        assert cluster.status().pid not in (None, killed)
        assert wait_for(lambda: not cluster.note.exists())

        assert dothi("db", "stop").returncode == 0
        assert not wait_for(lambda: cluster.status().running, seconds=3)
        assert "dothi db" in health(url)[1]


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_port_in_use_is_told_before_anything_is_loaded(dothi: Run, command: str) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        done = dothi(command, "--port", str(port))
    assert_sentence(done, f"Port {port}", "DOTHI_PORT")
    assert dothi("db", "status").returncode == 3


@pytest.mark.skipif(Path(sys.prefix) != ROOT / ".venv", reason="make would set up an environment of its own")
def test_make_demo_beside_another_one_says_so_and_does_nothing(state: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            ["make", "demo"], cwd=ROOT, env=environment(state, {"PORT": str(port)}), capture_output=True, text=True, check=False
        )
    assert done.returncode != 0
    assert f"Port {port} on 127.0.0.1 is in use by another program, perhaps by another dothi." in done.stderr
    assert f"Cổng {port}" in done.stderr
    assert "DOTHI_PORT=8001 make demo" in done.stderr
    assert "Traceback" not in done.stderr
    assert not Cluster(state).status().pgdata.exists()


def test_no_test_takes_a_port_of_its_own() -> None:
    """A demo may be running on 8000: what is started gets any free port, from the environment that every child inherits."""
    assert Settings().port == 0
    others = [path for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__)]
    for path in others:
        source = path.read_text("utf-8")
        fixed = re.search(r'"--port", "(?!0"|99999")|create_server\(\("[^"]*", (?!0\))\d|\bport=(?!0\b)\d', source)
        assert fixed is None, f"{path}: {fixed}"
        assert 'not name.startswith("DOTHI_")' not in source, f"{path}: children inherit the environment as it is"


def test_serve_on_an_own_server_needs_a_login_for_the_api(dothi: Run, database: Database) -> None:
    assert_sentence(dothi("serve", DATABASE_URL=database.url), "DOTHI_API_DATABASE_URL")


def test_serve_on_an_own_server_needs_no_administrator(state: Path, database: Database) -> None:
    with serving(state, "serve", API_DATABASE_URL=database.login("dothi_api")) as (_, url):
        with urllib.request.urlopen(f"{url}/health") as answer:  # noqa: S310
            assert answer.status == 200
        assert not Cluster(state).status().pgdata.exists()


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        return int(probe.getsockname()[1])
