"""`dothi user ...` and `dothi db url --user` as an administrator types them, on a server of one's own."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spatial.cluster import Cluster
from tests.conftest import Database, cloned
from tests.spatial.people import HOME, session, settle
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
        (("lan", "--role", "boss"), ("reader hoặc editor", "reader or editor")),
        (("lan", "--role", "editor"), ("cần địa bàn", "--territory CODE")),
        (("lan", "--territory", HOME), ("Người đọc", "reader changes nothing")),
        (("lan", "--role", "editor", "--territory", "99999"), ("Địa bàn '99999'", "no province")),
    ],
)
def test_what_will_not_do_is_a_sentence_in_both_languages(dothi: Run, arguments: tuple[str, ...], words: tuple[str, str]) -> None:
    assert_sentence(dothi("user", "add", *arguments), *words)
