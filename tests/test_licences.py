"""Whoever gets dothi may know what it is licensed under, and whose work comes with it."""

import json
import re
import tomllib
from typing import Any

import pytest

from api.page import DIST
from spatial.database import ROOT

HELPER = "vite"
"""The one tool of the build that leaves lines of its own in the page."""
NOTICES = (ROOT / "THIRD_PARTY_NOTICES.md").read_text("utf-8")
_NODE_MODULES = re.compile(r".*node_modules/")


def _shipped() -> dict[str, dict[str, Any]]:
    """The packages whose code can be in the page, by name: what the lock has for more than development."""
    lock = json.loads((ROOT / "web" / "package-lock.json").read_text("utf-8"))
    named = {_NODE_MODULES.sub("", path): about for path, about in lock["packages"].items() if path}
    return {name: about for name, about in named.items() if not about.get("dev") or name == HELPER}


def _noticed() -> dict[str, str]:
    table = NOTICES.split("## In the built page")[1].split("## In the sources")[0]
    return dict(re.findall(r"^\| ([^|]+?) \| ([^|]+?) \| [^|]+ \|$", table, re.MULTILINE)[1:])


def test_the_licence_is_named_wherever_one_looks() -> None:
    licence = (ROOT / "LICENSE").read_text("utf-8")
    assert "Apache License" in licence
    assert "END OF TERMS AND CONDITIONS" in licence
    assert len(licence) > 11_000, "the whole text"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["license"] == "Apache-2.0"
    assert all((ROOT / name).is_file() for name in project["license-files"])
    assert "[Apache License 2.0](LICENSE)" in (ROOT / "README.md").read_text("utf-8")


def test_every_package_of_the_page_is_in_the_notices_and_no_other() -> None:
    shipped = {name: about["license"] for name, about in _shipped().items()}
    assert len(shipped) > 20
    assert _noticed() == shipped


def test_what_the_page_imports_is_a_package_that_it_ships() -> None:
    """So that the lock's list is whole: nothing of a development package gets in, but for the maps of file names to addresses."""
    declared = json.loads((ROOT / "web" / "package.json").read_text("utf-8"))["dependencies"]
    sources = [path for path in (ROOT / "web" / "src").rglob("*") if path.suffix in {".ts", ".tsx"}]
    imported = {name for path in sources for name in re.findall(r'(?:from|import) "([^".][^"]*)"', path.read_text("utf-8"))}
    packages = {"/".join(name.split("/")[: 2 if name.startswith("@") else 1]) for name in imported}
    assert packages <= set(declared), packages - set(declared)
    assert set(declared) <= set(_shipped())


def test_the_built_page_carries_the_texts() -> None:
    if not (DIST / "index.html").is_file():
        pytest.skip("the page is not built: `make web`")
    texts = (DIST / "licenses.txt").read_text("utf-8")
    heads = re.findall(r"^(\S+) (\S+) \((.+)\)\n=+$", texts, re.MULTILINE)
    assert {name: licence for name, _, licence in heads} == {name: about["license"] for name, about in _shipped().items()}
    assert texts.count("OPEN FONT LICENSE") >= 1
    assert texts.count("Redistribution and use in source and binary forms") >= 4
    assert "undefined" not in texts


def test_every_file_of_data_in_the_sources_is_in_the_notices() -> None:
    rows = NOTICES.split("## In the sources")[1]
    files = [path for room in ("api", "ingest", "migrations", "spatial") for path in (ROOT / room).rglob("*.csv")]
    assert len(files) > 8
    for path in files:
        assert path.name in rows, path
    for font in (ROOT / "api" / "fonts").glob("*.ttf"):
        assert "api/fonts/" in rows, font


def test_where_to_report_and_how_versions_are_made_is_said() -> None:
    security = (ROOT / "SECURITY.md").read_text("utf-8")
    assert "private" in security
    assert "working days" in security
    contributing = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert "v0.1.0" in contributing
    for linked in re.findall(r"\]\(([^)#:]+)\)", security + contributing + NOTICES):
        assert (ROOT / linked).exists(), linked
