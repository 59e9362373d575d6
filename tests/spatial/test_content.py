"""What the database holds of each plan is counted by itself, and what went missing leaves its ground, whatever is written."""

from collections import Counter
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from spatial.versions import open_batch
from tests.spatial.rollup_world import box

START = date(2024, 1, 1)
PLANS, KINDS, CODES = "PQ", ("red_line", "corridor"), "abc"
LINE = "SRID=4326;MULTILINESTRING((105.001 20.001, 105.002 20.002))"


@pytest.fixture
def loader(connection: Connection) -> Connection:
    """A connection that writes as the loader, in one batch; two plans are there, one a draft."""
    connection.execute(text("SET LOCAL ROLE dothi_ingest"))
    open_batch(connection, "load")
    for code, status in (("P", "in_force"), ("Q", "in_force"), ("DRAFT", "in_preparation")):
        connection.execute(
            text(
                "INSERT INTO planning.plan (code, name, plan_level, plan_kind, status, valid_from, geom)"
                " VALUES (:code, :code, 'zoning', 'urban', :status, :day, :geom)"
            ),
            {"code": code, "status": status, "day": START, "geom": box(105.0, 20.0, 0.05)},
        )
    return connection


def add_zone(loader: Connection, code: str, plan: str, begins: date = START, ends: date | None = None) -> None:
    loader.execute(
        text(
            "INSERT INTO planning.zone (code, plan_code, valid_from, valid_to, geom) VALUES (:code, :plan, :begins, :ends, :geom)"
        ),
        {"code": code, "plan": plan, "begins": begins, "ends": ends, "geom": box(105.0, 20.0, 0.01)},
    )


def add_line(loader: Connection, code: str, plan: str, kind: str) -> None:
    loader.execute(
        text(
            "INSERT INTO planning.planning_line (code, plan_code, kind, side, width_m, valid_from, geom)"
            " VALUES (:code, :plan, :kind, 'left', 5, :day, :geom)"
        ),
        {"code": code, "plan": plan, "kind": kind, "day": START, "geom": LINE},
    )


def counted(loader: Connection) -> dict[tuple[str, str], int]:
    found = loader.execute(text("SELECT plan_code, theme, row_count FROM planning.plan_content WHERE row_count > 0"))
    return {(plan, theme): count for plan, theme, count in found}


def really_there(loader: Connection) -> dict[tuple[str, str], int]:
    found = loader.execute(
        text("SELECT plan_code, 'zoning' FROM planning.zone UNION ALL SELECT plan_code, kind FROM planning.planning_line")
    )
    return dict(Counter((str(plan), str(theme)) for plan, theme in found))


def gaps(loader: Connection) -> list[tuple[Any, ...]]:
    found = loader.execute(text("SELECT plan_code, theme, row_code FROM planning.content_gap ORDER BY 1, 2, 3"))
    return [tuple(row) for row in found]


written = st.one_of(
    st.tuples(st.just("zone"), st.sampled_from(CODES), st.sampled_from(PLANS)),
    st.tuples(st.just("line"), st.sampled_from(CODES), st.sampled_from(PLANS), st.sampled_from(KINDS)),
    st.tuples(st.just("remove"), st.sampled_from(["zone", "planning_line"]), st.sampled_from(CODES)),
    st.tuples(st.just("give"), st.sampled_from(["zone", "planning_line"]), st.sampled_from(CODES), st.sampled_from(PLANS)),
    st.tuples(st.just("call"), st.sampled_from(CODES), st.sampled_from(KINDS)),
    st.tuples(st.just("correct"), st.sampled_from(["zone", "planning_line"]), st.sampled_from(CODES)),
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(written, max_size=12))
def test_counts_are_true_and_every_missing_row_has_its_gap(loader: Connection, steps: list[tuple[Any, ...]]) -> None:
    savepoint = loader.begin_nested()
    seen: set[tuple[str, str, str]] = set()
    for step in steps:
        act(loader, step)
        seen |= present(loader)
        assert counted(loader) == really_there(loader)
    missing = seen - present(loader)
    assert {(plan, theme, code) for plan, theme, code in gaps(loader)} == missing
    savepoint.rollback()


def present(loader: Connection) -> set[tuple[str, str, str]]:
    found = loader.execute(
        text(
            "SELECT plan_code, 'zoning', code FROM planning.zone"
            " UNION ALL SELECT plan_code, kind, code FROM planning.planning_line"
        )
    )
    return {(str(plan), str(theme), str(code)) for plan, theme, code in found}


def act(loader: Connection, step: tuple[Any, ...]) -> None:
    """Write one step, where it can be written."""
    match step:
        case ("zone", code, plan):
            if not loader.scalar(text("SELECT 1 FROM planning.zone WHERE code = :code"), {"code": code}):
                add_zone(loader, code, plan)
        case ("line", code, plan, kind):
            if not loader.scalar(text("SELECT 1 FROM planning.planning_line WHERE code = :code"), {"code": code}):
                add_line(loader, code, plan, kind)
        case ("remove", table, code):
            loader.execute(text(f"DELETE FROM planning.{table} WHERE code = :code"), {"code": code})
        case ("give", table, code, plan):
            loader.execute(
                text(f"UPDATE planning.{table} SET plan_code = :plan WHERE code = :code"), {"code": code, "plan": plan}
            )
        case ("call", code, kind):
            loader.execute(
                text("UPDATE planning.planning_line SET kind = :kind WHERE code = :code"), {"code": code, "kind": kind}
            )
        case ("correct", table, code):
            loader.execute(text(f"UPDATE planning.{table} SET note = 'x' WHERE code = :code"), {"code": code})


def test_a_gap_closes_only_when_the_row_returns_for_all_the_days_it_was_in_force(loader: Connection) -> None:
    add_zone(loader, "z", "P", START, date(2026, 1, 1))
    loader.execute(text("DELETE FROM planning.zone WHERE code = 'z'"))
    add_zone(loader, "z", "P", date(2025, 1, 1))
    assert gaps(loader) == [("P", "zoning", "z")]
    loader.execute(text("UPDATE planning.zone SET valid_from = :day WHERE code = 'z'"), {"day": START})
    assert gaps(loader) == []


def test_a_draft_leaves_no_gap(loader: Connection) -> None:
    add_zone(loader, "z", "DRAFT")
    loader.execute(text("DELETE FROM planning.zone WHERE code = 'z'"))
    loader.execute(text("DELETE FROM planning.plan WHERE code = 'DRAFT'"))
    assert gaps(loader) == []


def test_without_its_plan_or_an_event_everything_there_is_open(loader: Connection) -> None:
    loader.execute(text("INSERT INTO planning.plan_event (plan_code, kind, effective_on) VALUES ('P', 'approved', '2024-01-01')"))
    loader.execute(text("DELETE FROM planning.plan_event"))
    loader.execute(text("DELETE FROM planning.plan WHERE code = 'P'"))
    assert gaps(loader) == [("P", None, "P"), ("P", None, "approved 2024-01-01")]
    assert loader.scalar(text("SELECT status FROM planning.plan WHERE code = 'Q'")) == "in_force"


def test_the_ground_of_a_line_reaches_as_far_as_its_strip(loader: Connection) -> None:
    reach = text(
        "SELECT ST_Distance(l, ST_Boundary(planning.ground_of_line(l, :width))) * 100000"  # of a degree: at least a metre each
        " FROM (SELECT CAST(:line AS geometry)) AS g (l)"
    )
    for width, least in ((5.0, 5.0), (2_000.0, 2_000.0), (None, 100.0), (0.0, 1.0)):
        found = loader.scalar(reach, {"line": LINE, "width": width})
        assert least <= found <= 1.06 * least
