"""How the database goes about a second load of many parcels, half of which wait: nothing is read whole again for each row."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from tests.ingest.world import load_one, parcel_file

COUNT = 4_000
STAGED = ("load_row", "load_personal", "load_use", "load_match")
Plan = dict[str, Any]


@pytest.fixture
def plans(engine: Engine) -> Iterator[list[tuple[str, Plan]]]:
    """Collect the plan of every statement over staged rows, as it is about to run."""
    found: list[tuple[str, Plan]] = []

    def explain(connection: Connection, cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        verb = statement.lstrip().split(None, 1)[0]
        if verb in ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH") and any(name in statement for name in STAGED) and not many:
            cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
            (answer,) = cursor.fetchone()
            found.append((statement, (answer if isinstance(answer, list) else json.loads(answer))[0]["Plan"]))

    event.listen(engine, "before_cursor_execute", explain)
    yield found
    event.remove(engine, "before_cursor_execute", explain)


def nodes(plan: Plan) -> Iterator[Plan]:
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes(below)


def rescans(plan: Plan) -> Iterator[str]:
    """Name what is read whole again for each of many rows: the inner side of a loop, and what a filter asks row by row."""
    for node in nodes(plan):
        below = node.get("Plans", [])
        again = [
            part
            for part in below
            if part.get("Parent Relationship") == "SubPlan" and f"hashed {part['Subplan Name']}" not in str(node)
        ]
        if node["Node Type"] == "Nested Loop" and below[0]["Plan Rows"] > 10:
            again.append(below[1])
        for part in again:
            for read in nodes(part):
                if read["Node Type"] in ("Seq Scan", "CTE Scan", "Subquery Scan", "WindowAgg"):
                    yield f"{node['Node Type']}: {read['Node Type']} on {read.get('Relation Name') or read.get('CTE Name')}"


@pytest.mark.parametrize("columns", [{}, {"HIEULUCTU": ["2020-01-01"] * COUNT, "HIEULUCDEN": ["2030-01-01"] * COUNT}])
@pytest.mark.parametrize("uses", [["ODT", "ONT+CLN"], ["ODT", "ONT+CLN", "CQP"]])
def test_half_of_a_second_load_in_quarantine(
    town: Engine, tmp_path: Path, plans: list[tuple[str, Plan]], columns: dict[str, Any], uses: list[str]
) -> None:
    listed = {
        "SHBANDO": [str(1 + at // 500) for at in range(COUNT)],
        "KHLOAIDAT": [uses[at % len(uses)] for at in range(COUNT)],
        **columns,
    }
    numbers = [1 + at % 500 for at in range(COUNT)]
    load_one(town, "parcels", parcel_file(tmp_path / "a.shp", numbers, size=0.4, **listed))
    plans.clear()
    bad = [number if at % 2 else "tam" for at, number in enumerate(numbers)]
    owners = [f"Chu moi {at % 3}" for at in range(COUNT)]
    report = load_one(town, "parcels", parcel_file(tmp_path / "b.shp", bad, size=0.4, **{**listed, "TENCHU": owners}))
    assert (report.quarantined, report.changed) == (COUNT // 2, COUNT // 2)
    assert len(plans) > 10
    assert {statement: list(rescans(plan)) for statement, plan in plans if list(rescans(plan))} == {}
