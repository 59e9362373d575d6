"""Takes the sample's content away in every manner there is: no answer may turn into "not affected" by what is missing."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from ingest.rollback import roll_back
from spatial.cluster import Cluster
from spatial.database import open_engine
from spatial.errors import NotFound
from spatial.lookup import Answer, Question, State, Theme, look_up
from tests.conftest import Database, cloned, sqlalchemy_url
from tests.lookup_world import public_connection

DAYS = (date(2026, 11, 21), date(2026, 11, 21), date(2025, 11, 10), date(2023, 6, 1), date(2026, 11, 21))
"""Each probe is asked for one of them; an odd number, so that codes and points meet each."""
PROBES = 96
"""Half parcels, half points; spread over the town, with all that lies in a detailed plan or an annulled part among them."""

PROBED = f"""
    WITH parcel AS (
        SELECT p.code, ST_PointOnSurface(p.geom) AS place FROM land.parcel p WHERE p.valid_to IS NULL
    ),
    special AS (
        SELECT ST_Union(geom) AS geom FROM (
            SELECT geom FROM planning.plan WHERE plan_level = 'detailed'
            UNION ALL SELECT geom FROM planning.plan_event WHERE geom IS NOT NULL) g
    ),
    ranked AS (
        SELECT code, place, ST_Intersects(place, special.geom) AS is_special,
            row_number() OVER (PARTITION BY ST_Intersects(place, special.geom) ORDER BY md5(code)) AS n
        FROM parcel, special
    )
    SELECT code, ST_X(place), ST_Y(place) FROM ranked WHERE n <= {PROBES // 2} ORDER BY n, is_special
"""

Mutation = Callable[[Database], None]


def deleting(*statements: str) -> Mutation:
    """Delete as the loader does, in one transaction with its batch."""

    def run(database: Database) -> None:
        engine = create_engine(sqlalchemy_url(database.url), poolclass=NullPool)
        with engine.begin() as connection:
            connection.execute(text("SET LOCAL ROLE dothi_ingest"))
            connection.execute(text("SELECT ingest.open_batch('load')"))
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()

    return run


def as_superuser(*statements: str) -> Mutation:
    """Do what only an administrator can, past every trigger of the tables."""

    def run(database: Database) -> None:
        engine = create_engine(sqlalchemy_url(database.url), poolclass=NullPool)
        with engine.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()

    return run


def rolling_back(plan: str) -> Mutation:
    """Take the load of a plan's dossier back by the official command."""

    def run(database: Database) -> None:
        engine = open_engine(database.url)
        with engine.connect() as connection:
            batch = connection.scalar(text("SELECT batch_id FROM planning.zone WHERE plan_code = :plan LIMIT 1"), {"plan": plan})
        roll_back(engine, int(batch or 0), accept=lambda found: True)  # as `--yes`: events of other plans may name what goes
        engine.dispose()

    return run


GENERAL, ZONING, DETAILED, REPLACED = "37QHC0010001", "37QPK0010002", "37QCT0010002", "37QCT0010001"
MUTATIONS: dict[str, Mutation] = {
    "zones": deleting("DELETE FROM planning.zone"),
    "lines": deleting("DELETE FROM planning.planning_line"),
    "plans": deleting("DELETE FROM planning.plan"),
    "events": deleting("DELETE FROM planning.plan_event"),
    "zones of the general plan": deleting(f"DELETE FROM planning.zone WHERE plan_code = '{GENERAL}'"),
    "lines of a zoning plan": deleting(f"DELETE FROM planning.planning_line WHERE plan_code = '{ZONING}'"),
    "red lines of a zoning plan": deleting(
        f"DELETE FROM planning.planning_line WHERE plan_code = '{ZONING}' AND kind = 'red_line'"
    ),
    "every tenth line": deleting("DELETE FROM planning.planning_line WHERE id % 10 = 0"),
    "every tenth zone": deleting("DELETE FROM planning.zone WHERE id % 10 = 0"),
    "the general plan": deleting(f"DELETE FROM planning.plan WHERE code = '{GENERAL}'"),
    "a zoning plan": deleting(f"DELETE FROM planning.plan WHERE code = '{ZONING}'"),
    "a plan with all it has": deleting(
        *[
            f"DELETE FROM planning.{table} WHERE plan_code = '{ZONING}'"
            for table in ("zone", "planning_line", "theme_coverage", "plan_event")
        ],
        f"DELETE FROM planning.plan WHERE code = '{ZONING}'",
    ),
    "events of the general plan": deleting(f"DELETE FROM planning.plan_event WHERE plan_code = '{GENERAL}'"),
    "the partial annulment": deleting("DELETE FROM planning.plan_event WHERE kind = 'partly_annulled'"),
    "coverage": deleting("DELETE FROM planning.theme_coverage"),
    "lines given to another plan": deleting(
        f"UPDATE planning.planning_line SET plan_code = '{GENERAL}' WHERE plan_code = '{ZONING}'"
    ),
    "lines called another kind": deleting("UPDATE planning.planning_line SET kind = 'corridor' WHERE kind = 'red_line'"),
    "one event after the other": deleting(
        "DELETE FROM planning.plan_event WHERE kind = 'in_force'", "DELETE FROM planning.plan_event WHERE kind = 'approved'"
    ),
    "zones, past the triggers": as_superuser("DELETE FROM planning.zone"),
    "some lines, past the triggers": as_superuser(
        f"DELETE FROM planning.planning_line WHERE plan_code = '{ZONING}' AND id % 2 = 0"
    ),
    "rows hidden: zone": as_superuser("ALTER TABLE planning.zone ENABLE ROW LEVEL SECURITY"),
    "rows hidden: planning_line": as_superuser("ALTER TABLE planning.planning_line ENABLE ROW LEVEL SECURITY"),
    "rows hidden: plan": as_superuser("ALTER TABLE planning.plan ENABLE ROW LEVEL SECURITY"),
    "rows hidden: plan_event": as_superuser("ALTER TABLE planning.plan_event ENABLE ROW LEVEL SECURITY"),
    "rows hidden: content_gap": as_superuser("ALTER TABLE planning.content_gap ENABLE ROW LEVEL SECURITY"),
    "rollback of the general plan": rolling_back(GENERAL),
    "rollback of a zoning plan": rolling_back(ZONING),
    "rollback of a detailed plan": rolling_back(DETAILED),
    "rollback of a replaced plan": rolling_back(REPLACED),
}


@dataclass(frozen=True)
class Asked:
    probe: tuple[str, float, float]
    by_code: bool
    day: date

    @property
    def question(self) -> Question:
        code, lon, lat = self.probe
        return Question(as_of=self.day, parcel=code) if self.by_code else Question(as_of=self.day, lon=lon, lat=lat)


States = dict[tuple[Asked, Theme], State]


@pytest.fixture(scope="module")
def asked(cluster: Cluster, sample_template: str) -> Sequence[Asked]:
    engine = create_engine(sqlalchemy_url(cluster.url(sample_template)), poolclass=NullPool)
    with engine.connect() as connection:
        probes = [(str(code), float(lon), float(lat)) for code, lon, lat in connection.execute(text(PROBED))]
    engine.dispose()
    assert len(probes) == PROBES
    return [Asked(probe, number % 2 == 0, DAYS[number % len(DAYS)]) for number, probe in enumerate(probes)]


def answer_all(database: Database, asked: Sequence[Asked]) -> States:
    async def asking() -> States:
        connection = await public_connection(database)
        states: States = {}
        for one in asked:
            try:
                answer: Answer = await look_up(connection, one.question)
            except NotFound:
                continue
            states |= {(one, theme.theme): theme.state for theme in answer.themes}
        await connection.close()
        return states

    return asyncio.run(asking())


@pytest.fixture(scope="module")
def before(cluster: Cluster, sample_template: str, asked: Sequence[Asked]) -> Iterator[States]:
    with cloned(cluster, sample_template) as database:
        yield answer_all(database, asked)


def test_the_sample_has_answers_that_could_turn(before: States) -> None:
    found = {state: [key for key, one in before.items() if one is state] for state in State}
    assert all(len(keys) > 15 for keys in found.values()), {state: len(keys) for state, keys in found.items()}
    for theme in (Theme.ZONING, Theme.PLANS, Theme.RED_LINE):
        assert any(key[1] is theme for key in found[State.AFFECTED])


@pytest.mark.parametrize("name", MUTATIONS)
def test_what_is_missing_is_never_told_as_not_affected(
    cluster: Cluster, sample_template: str, asked: Sequence[Asked], before: States, name: str
) -> None:
    with cloned(cluster, sample_template) as database:
        MUTATIONS[name](database)
        after = answer_all(database, asked)
    assert after
    turned = [
        (one.question, theme, before[one, theme])
        for (one, theme), state in after.items()
        if state is State.NOT_AFFECTED and before.get((one, theme)) is not State.NOT_AFFECTED
    ]
    assert turned == []
    assert after != before or name in UNSEEN, "the mutation changed nothing that is asked: it tests nothing"


UNSEEN = {"rows hidden: content_gap"}
"""Mutations that take nothing away from a sample without gaps."""
