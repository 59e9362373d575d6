"""The list of mutants in `mutants.yaml`: what is put in place of what, why it matters, and which tests must notice."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

ROOT = Path(__file__).resolve().parents[2]


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
