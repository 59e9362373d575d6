"""Which class of work a request is of, and that every class has its places."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.datastructures import QueryParams

from api.lanes import divide, turns_of
from api.shares import client_of
from api.work import ALLOWANCES, ROUTES, Login, Work, template_of, work_of_items
from spatial.errors import SetupError
from spatial.settings import Settings


def test_every_route_of_the_app_has_its_class(app: FastAPI) -> None:
    routes = {str(route.path) for route in iter_route_contexts(app.routes)}
    assert len(routes) > 30
    assert routes == set(ROUTES), "declare the class of each route in api/work.py, and no other"


def test_an_address_is_found_as_the_app_finds_it(app: FastAPI) -> None:
    for route in iter_route_contexts(app.routes):
        path = str(route.path)
        address = path.replace("{", "").replace("}", "").replace("matrix_set", "WebMercatorQuad")
        assert template_of(address) == path
    assert template_of("/nothing/here/at/all") is None


@pytest.mark.parametrize(
    ("query", "work"),
    [
        ("", Work.READ),
        ("limit=5000", Work.PAGE),
        ("limit=501", Work.PAGE),
        ("limit=5000&filter=a", Work.FILTER),
        ("bbox=1,2,3,4&limit=500&f=json&lang=en&crs=x&cursor=y", Work.READ),
        ("limit=5001", Work.LONG),
        ("limit=99999999999999999999999999", Work.LONG),
        ("limit=x", Work.READ),
        ("limit=5001&filter=a", Work.LONG),
        ("resulttype=hits&limit=5001", Work.FILTER),
        ("filter=a", Work.FILTER),
        ("%66ilter=a", Work.FILTER),
        ("sortby=a", Work.FILTER),
        ("offset=3", Work.FILTER),
        ("known_at=2026-01-01T00:00:00Z", Work.FILTER),
        ("land_use_code=ODT", Work.FILTER),
    ],
)
def test_a_small_page_is_told_from_what_may_look_at_every_row(query: str, work: Work) -> None:
    assert work_of_items(QueryParams(query)) is work


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_all_processes_together_keep_to_the_connections(workers: int) -> None:
    settings = Settings(_env_file=None, workers=workers)
    places = divide(settings, has_staff=True)
    assert all(number >= 1 for number in places.values())
    assert places.keys() == ALLOWANCES.keys()
    own = [work for work in places if not ALLOWANCES[work].is_heavy or work is Work.LONG]
    assert workers * (sum(places[work] for work in own) + turns_of(workers) + 1) <= settings.connections


def test_without_staff_no_connection_is_kept_for_them() -> None:
    assert Login.STAFF not in {ALLOWANCES[work].pool for work in divide(Settings(_env_file=None), has_staff=False)}


def test_too_few_connections_are_refused_with_the_number_it_takes() -> None:
    with pytest.raises(SetupError, match="DOTHI_CONNECTIONS"):
        divide(Settings(_env_file=None, workers=20), has_staff=False)


@pytest.mark.parametrize(
    ("host", "client"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::9", "2001:db8:1:2::/64"),
        ("a.pipe", "a.pipe"),
    ],
)
def test_a_client_is_an_address_and_of_ipv6_a_network(host: str, client: str) -> None:
    assert client_of({"client": (host, 1)}) == client


async def test_heavy_statements_of_all_classes_take_turns_and_small_ones_do_not(app: FastAPI) -> None:
    lanes = app.state.services.lanes
    async with AsyncExitStack() as others:
        for _ in range(turns_of(1)):
            await others.enter_async_context(lanes.turns.taken())
        for work, allowance in ALLOWANCES.items():
            if work is Work.STAFF:
                continue
            try:
                async with asyncio.timeout(0.3 if allowance.is_heavy else 10), lanes[work].connection() as connection:
                    await lanes[work].in_turns(connection).fetchval("SELECT 1")
                waited = False
            except TimeoutError:
                waited = True
            assert waited is allowance.is_heavy, work
    await lanes.stop()
