"""A program that dothi is compared with and that is not to be had never ends the bench: nothing is built or downloaded here."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench import peers, servers
from bench.effort import Effort
from bench.measure import items, tiles
from bench.peers import PeerAway, install_martin, install_python_peers
from bench.servers import Say, Server
from bench.store import Store
from spatial.errors import DothiError

NO_STORE: Store = None  # type: ignore[assignment]  # nothing is asked of it before a peer runs
PINNED = "install --quiet martin --version 1.14.0 --no-default-features --features postgres --locked --root"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty bench/.peers, and a PATH with nothing in it but what the test puts there."""
    monkeypatch.setattr(peers, "PEERS", tmp_path / "peers")
    monkeypatch.setattr(peers, "MARTIN", tmp_path / "peers" / "martin" / "bin" / "martin")
    monkeypatch.setattr(peers, "PEER_PYTHON", tmp_path / "peers" / "venv" / "bin" / "python")
    monkeypatch.setattr(servers, "FOLDER", tmp_path / "data")
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


def _program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_without_cargo_martin_is_away(folder: Path) -> None:
    with pytest.raises(PeerAway, match="cargo does not run here"):
        install_martin(lambda _: None)


def test_martin_that_does_not_compile_is_away_with_the_compilers_word(folder: Path) -> None:
    _program(folder / "bin" / "cargo", f'echo "$@" > {folder}/asked; echo "error: could not compile \x60home\x60" >&2; exit 101')
    with pytest.raises(PeerAway, match="cargo ended with 101 and said: error: could not compile"):
        install_martin(lambda _: None)
    assert (folder / "asked").read_text().startswith(PINNED)


def test_martin_that_is_there_is_not_built_again(folder: Path) -> None:
    _program(peers.MARTIN, "exit 0")
    install_martin(lambda _: pytest.fail("nothing is to be said"))


@pytest.mark.parametrize("script", ["exit 3", "echo /bin/false"])
def test_python_peers_that_cannot_be_installed_are_away(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    monkeypatch.setattr(peers, "FIND_UV", _program(folder / "find-uv", script))
    with pytest.raises(PeerAway, match="tipg and pygeoapi"):
        install_python_peers(lambda _: None)
    assert not (peers.PEERS / "venv" / ".lock").exists()


def test_what_is_away_is_left_out_with_a_word_and_the_others_run(folder: Path) -> None:
    @contextmanager
    def web(store: Store, say: Say) -> Iterator[Server]:
        port = servers._free_port()
        with servers._running("web", [sys.executable, "-m", "http.server", str(port)], {}, port, "/") as server:
            yield server

    @contextmanager
    def broken(store: Store, say: Say) -> Iterator[Server]:
        with servers._running("broken", [sys.executable, "-c", "raise SystemExit('no such library')"], {}, 1, "/") as server:
            yield server

    said: list[str] = []
    with servers.beside(NO_STORE, said.append, servers.martin, broken, web) as others:
        assert list(others) == ["web"]
    left_out = [sentence for sentence in said if sentence.startswith("left out: ")]
    assert len(left_out) == 2
    assert "martin" in left_out[0]
    assert "no such library" in left_out[1]


def test_the_part_of_a_missing_peer_has_no_figures_and_no_error(folder: Path) -> None:
    said: list[str] = []
    assert list(tiles.measure_warm(NO_STORE, Effort(1, 1.0, said.append))) == []
    assert said[-1].startswith("left out: martin")


def test_figures_are_told_against_those_that_answered() -> None:
    bars = {"tipg": 5.0, "pygeoapi": 20.0, "pgbench": 0.2}
    found = list(items._findings("items", {"dothi": 100.0, "pgbench": 200.0, "tipg": 10.0}, bars))
    assert [(one.what, one.value) for one in found] == [("items, against tipg", 10.0), ("items, against pgbench", 0.5)]


def test_a_peer_whose_answers_are_not_whole_is_not_believed(folder: Path) -> None:
    from bench.clients import Requests

    said: list[str] = []
    nobody = Requests("http://127.0.0.1:1", ["/items"], {})
    assert list(items._believed({"tipg": nobody}, 10, Effort(1, 1.0, said.append))) == []
    assert "tipg" in said[0]
    with pytest.raises(DothiError):
        list(items._believed({"dothi": nobody}, 10, Effort(1, 1.0, said.append)))
