"""Puts one fault after the other into a copy of the project and runs the tests that should notice it.

`make mutants ARGS=WORD` runs those whose file or reason holds the word. What no test notices is printed, and fails.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 600


class Mutant(BaseModel):
    """One fault.

    Attributes:
        file: relative to the project's root.
        find: text that stands in it exactly once.
        replace: what to put in its place.
        tests: arguments of pytest.
        why: what nobody would notice if this survived.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str
    find: str
    replace: str
    tests: tuple[str, ...]
    why: str

    def apply_to(self, folder: Path) -> None:
        """Change the file in a copy of the project."""
        path = folder / self.file
        path.write_text(path.read_text("utf-8").replace(self.find, self.replace), "utf-8")


def read_mutants() -> list[Mutant]:
    """Read the list."""
    listed: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "mutants.yaml").read_text("utf-8"))
    return [Mutant(**one) for one in listed]


def main() -> None:
    """Run the mutants, so many at a time."""
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("word", nargs="?", default="", help="only those whose file or reason holds this")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time")
    asked = parser.parse_args()
    chosen = [one for one in read_mutants() if asked.word in f"{one.file} {one.why}"]
    began = time.monotonic()
    with ThreadPoolExecutor(asked.jobs) as pool:
        survivors = [one for one, is_killed in zip(chosen, pool.map(run, chosen), strict=True) if not is_killed]
    print(f"{len(chosen)} mutants, {len(survivors)} survived, {time.monotonic() - began:.0f} s")
    for one in survivors:
        print(f"survived: {one.file}: {one.find!r} -> {one.replace!r}: {one.why}")
    sys.exit(1 if survivors else 0)


def run(mutant: Mutant) -> bool:
    """Say whether the tests notice the mutant; they must pass without it, which `make test` sees to."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="dothi-mutant-") as name:
        copy = Path(name) / "dothi"
        _copy_project(copy)
        mutant.apply_to(copy)
        command = [str(ROOT / ".venv" / "bin" / "python"), "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *mutant.tests]
        try:
            done = subprocess.run(command, cwd=copy, capture_output=True, text=True, timeout=SECONDS, check=False)
            is_killed = done.returncode == 1  # 0: all passed; others: no tests, broken collection
            if done.returncode not in (0, 1):
                print(done.stdout[-2000:], done.stderr[-2000:], file=sys.stderr)
        except subprocess.TimeoutExpired:
            is_killed = True
    print(f"{'killed  ' if is_killed else 'SURVIVED'} {time.monotonic() - began:4.0f} s  {mutant.file}: {mutant.why}", flush=True)
    return is_killed


def _copy_project(copy: Path) -> None:
    """Copy what git knows, and the built page, which some tests serve."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    for file in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / file).is_file():
            (copy / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / file, copy / file)
    page = ROOT / "api" / "static" / "dist"
    if page.is_dir():
        shutil.copytree(page, copy / "api" / "static" / "dist")


if __name__ == "__main__":
    main()
