"""`dothi user ...` and `dothi db url --user` as an administrator types them, on a server of one's own."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from spatial.cluster import Cluster
from spatial.users import Role
from spatial.work_login import operator_name
from tests.conftest import Database, cloned
from tests.spatial.people import HOME, make_user, session, settle
from tests.test_cli_db import ROOT, assert_sentence, environment

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def settled(cluster: Cluster, template: str) -> Iterator[Database]:
    with cloned(cluster, template) as database:
        settle(database)
        yield database


@pytest.fixture
def dothi(settled: Database, tmp_path: Path) -> Run:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "dothi.py"), *arguments]
        surroundings = environment(tmp_path, {"DATABASE_URL": settled.url})
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=surroundings)

    return run


def test_a_login_from_its_making_to_its_end(dothi: Run, settled: Database) -> None:
    name = f"{settled.name}_lan"
    made = dothi("user", "add", name, "--role", "editor", "--territory", HOME, "--territory", "37002")
    assert made.returncode == 0, made.stderr
    (password,) = re.findall(r"password: (\S+)", made.stdout)
    settled.made_logins["lan"] = password

    url = dothi("db", "url", "--user", name).stdout.strip()
    assert url.startswith(f"postgresql://{name}@")
    assert password not in url
    with session(url.replace(f"{name}@", f"{name}:{password}@")) as cursor:
        cursor.execute("UPDATE landscape.green_area SET name = 'x'")
        assert cursor.rowcount == 2

    listed = dothi("user", "list").stdout
    assert [line.split() for line in listed.splitlines() if name in line] == [[name, "editor", f"{HOME},", "37002"]]
    assert password not in listed

    assert_sentence(dothi("user", "add", name), f"dothi user drop {name}", "Đã có tài khoản")
    assert f"{name} ({HOME}, 37002)" in dothi("user", "renew", name).stdout
    assert f"{name} ({HOME})" in dothi("user", "renew", name, "--territory", HOME).stdout
    assert_sentence(dothi("user", "renew", name, "--territory", "99999"), "no province", "không phải mã tỉnh")
    assert dothi("user", "drop", name).returncode == 0
    assert_sentence(dothi("user", "renew", name), "dothi user list", "Không có người biên tập")
    assert name not in dothi("user", "list").stdout
    assert_sentence(dothi("user", "drop", name), "dothi user list", "Không có tài khoản")
    with session(settled.url) as cursor:
        cursor.execute("SELECT count(*) FROM audit.change WHERE login = %s", (name,))
        assert cursor.fetchall() == [(2,)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("Lan",), ("chữ thường", "lower-case")),
        (("lan", "--role", "boss"), ("auditor hoặc administrator", "auditor or administrator")),
        (("lan", "--role", "editor"), ("cần địa bàn", "--territory CODE")),
        (("lan", "--territory", HOME), ("Chỉ người biên tập", "Only an editor")),
        (("lan", "--role", "editor", "--territory", "99999"), ("Địa bàn '99999'", "no province")),
    ],
)
def test_what_will_not_do_is_a_sentence_in_both_languages(dothi: Run, arguments: tuple[str, ...], words: tuple[str, str]) -> None:
    assert_sentence(dothi("user", "add", *arguments), *words)


def test_a_login_is_locked_in_the_middle_of_an_edit_and_let_in_again(dothi: Run, settled: Database) -> None:
    name = f"{settled.name}_khoa"
    (password,) = re.findall(r"password: (\S+)", dothi("user", "add", name, "--role", "editor", "--territory", HOME).stdout)
    settled.made_logins["khoa"] = password
    url = settled.cluster.url(settled.name, name, password=password)
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE landscape.green_area SET name = 'not saved' WHERE code = 'home'")
        locked = dothi("user", "lock", name)
        assert (locked.returncode, "1 sessions ended" in locked.stdout) == (0, True), locked.stderr
        with pytest.raises(psycopg2.OperationalError):
            cursor.execute("COMMIT")
    assert "locked" in next(line for line in dothi("user", "list").stdout.splitlines() if name in line)
    assert dothi("user", "unlock", name).returncode == 0
    (renewed,) = re.findall(r"password: (\S+)", dothi("user", "password", name).stdout)
    assert renewed != password
    with session(settled.cluster.url(settled.name, name, password=renewed)):
        pass
    assert dothi("user", "drop", name).returncode == 0
    for act in ("lock", "unlock", "password", "drop"):
        assert_sentence(dothi("user", act, name), "dothi user list", "Không có tài khoản")


def test_who_made_something_by_hand_is_dropped_all_the_same(dothi: Run, settled: Database) -> None:
    name = f"{settled.name}_tay"
    assert dothi("user", "add", name).returncode == 0
    with session(settled.url) as cursor:
        cursor.execute(f"GRANT SELECT ON landscape.green_area TO {name}")
        cursor.execute(f"CREATE TABLE staging.of_{name} (n int)")
        cursor.execute(f"ALTER TABLE staging.of_{name} OWNER TO {name}")
    done = dothi("user", "drop", name)
    assert done.returncode == 0, done.stderr


def test_commands_work_as_the_person_who_is_named(settled: Database, tmp_path: Path) -> None:
    """With a person's login in DOTHI_DATABASE_URL an administrator keeps logins, a loader loads; neither does the other's."""
    urls = {role: make_user(settled, f"cli_{role}", role) for role in (Role.ADMINISTRATOR, Role.LOADER)}

    def dothi(role: Role, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "dothi.py"), *arguments]
        surroundings = environment(tmp_path, {"DATABASE_URL": urls[role]})
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=surroundings)

    name = f"{settled.name}_nguoi"
    assert dothi(Role.ADMINISTRATOR, "user", "add", name).returncode == 0
    assert_sentence(dothi(Role.LOADER, "user", "add", f"{name}2"), "may not do this", "không có quyền")
    assert dothi(Role.ADMINISTRATOR, "user", "drop", name).returncode == 0
    with session(settled.url) as cursor:
        cursor.execute("SELECT login, operation FROM audit.administration WHERE subject = %s ORDER BY id", (name,))
        who = f"{settled.name}_cli_administrator"
        assert cursor.fetchall() == [(who, "add"), (who, "lock"), (who, "end sessions"), (who, "drop")]

    greens = tmp_path / "greens.geojson"
    ring = [[105.04, 20.01], [105.041, 20.01], [105.041, 20.011], [105.04, 20.011], [105.04, 20.01]]
    feature = {
        "type": "Feature", "properties": {"code": "loaded", "kind": "public", "commune_code": HOME},
        "geometry": {"type": "MultiPolygon", "coordinates": [[ring]]},
    }  # fmt: skip
    greens.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    loaded = dothi(Role.LOADER, "load", "green_areas", str(greens))
    assert loaded.returncode == 0, loaded.stdout + loaded.stderr
    assert dothi(Role.LOADER, "rollup", "refresh").returncode == 0
    with session(settled.url) as cursor:
        cursor.execute("SELECT kind, login, door FROM ingest.batch ORDER BY id DESC LIMIT 1")
        ((kind, login, door),) = cursor.fetchall()
    assert (kind, login, door.split()[0]) == ("load", f"{settled.name}_cli_loader", "loader")
    for command in (("batches",), ("gaps",), ("rollup", "show"), ("export", "green_areas", str(tmp_path / "out.geojson"))):
        done = dothi(Role.LOADER, *command)
        assert done.returncode == 0, done.stderr
    (batch,) = re.findall(r"^ *(\d+)", dothi(Role.LOADER, "batches", "--limit", "1").stdout)
    assert dothi(Role.LOADER, "rollback", batch, "--yes").returncode == 0
    assert_sentence(dothi(Role.ADMINISTRATOR, "load", "green_areas", str(greens)), "may not do this")


def test_commands_on_the_embedded_server_work_as_whoever_sits_there(state: Path, tmp_path: Path) -> None:
    """`dothi db migrate` makes her a loader's login without asking; the superuser sets up and migrates only."""

    def dothi(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "dothi.py"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment(state, {}))

    for _ in range(2):
        assert dothi("db", "migrate").returncode == 0
    name = operator_name()
    assert [line.split()[:2] for line in dothi("user", "list").stdout.splitlines()] == [[name, "loader"]]
    kept = Cluster(state).home / "credentials.json"
    assert kept.stat().st_mode & 0o077 == 0

    file = tmp_path / "sources.csv"
    file.write_text("code,name\na,Nguồn A\n")
    loaded = dothi("load", "sources", str(file))
    assert loaded.returncode == 0, loaded.stdout + loaded.stderr
    with session(Cluster(state).url()) as cursor:
        cursor.execute("SELECT DISTINCT login FROM ingest.batch WHERE kind = 'load'")
        assert cursor.fetchall() == [(name,)]
    assert dothi("user", "lock", name).returncode == 0
    assert_sentence(dothi("batches"), "refuses this login", "từ chối tài khoản")  # whoever is locked out is out here, too
    assert dothi("user", "drop", name).returncode == 0
    assert dothi("db", "migrate").returncode == 0
    assert dothi("batches").returncode == 0
