"""The command line as a person uses it: `dothi db ...`, `serve` and `demo` in processes of their own."""

import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

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
        url = dothi("db", "url", *options).stdout.strip()
        with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT current_database(), session_user")
            assert cursor.fetchone() == ("dothi", "postgres")
    assert dothi("db", "url", "--user", "lan").stdout.startswith("postgresql://lan@127.0.0.1:")

    assert "stopped" in dothi("db", "stop").stdout
    assert "was not running" in dothi("db", "stop").stdout
    assert dothi("db", "status").returncode == 3


def test_migrate_starts_the_server_and_may_be_repeated(dothi: Run) -> None:
    for _ in range(2):
        done = dothi("db", "migrate")
        assert done.returncode == 0, done.stderr
    url = dothi("db", "url", "--user", "dothi_api").stdout.strip()
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM land.parcel")
        assert cursor.fetchone() == (0,)
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("SELECT * FROM private.parcel_owner")


def test_own_server_is_neither_started_nor_stopped(dothi: Run, database: Database) -> None:
    for command in ("start", "stop", "status"):
        assert_sentence(dothi("db", command, DATABASE_URL=database.url), "DOTHI_DATABASE_URL")
    assert dothi("db", "migrate", DATABASE_URL=database.url).returncode == 0
    assert dothi("db", "url", DATABASE_URL=database.url).stdout.strip() == database.url
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


def test_serve_leaves_a_database_that_others_use(dothi: Run, state: Path) -> None:
    dothi("db", "migrate")
    dothi("db", "stop")
    with serving(state, "serve") as (process, _), closing(psycopg2.connect(dothi("db", "url").stdout.strip())) as officer:
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
