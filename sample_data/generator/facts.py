"""The tables of facts that the generator reads from `sample_data/facts`; their sources stand in facts/SOURCES.md."""

import csv
from functools import cache
from pathlib import Path

FACTS = Path(__file__).resolve().parents[1] / "facts"


@cache
def read_facts(name: str) -> tuple[dict[str, str], ...]:
    """Read one table of facts, row by row."""
    with (FACTS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))
