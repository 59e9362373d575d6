"""What costs the processor leaves the event loop: long filters and documents, in processes that can be killed."""

import asyncio
import gc
import os
import signal
import time
import tracemalloc
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from api.aside import Aside
from api.ogc.ask import INLINE_CHARACTERS
from spatial.crs import CRS84
from spatial.errors import FilterSyntaxError, Unavailable
from spatial.features import FeatureQuery
from spatial.features.statement import Statements, compile_shape, shapes_of
from spatial.filters import Filter, parse_filter
from spatial.filters.parse import MAX_BYTES
from spatial.layers import find_layer
from spatial.selection import LegalPeriod
from tests.api.conftest import PARCEL_GRID, Write, serving

PARCELS = "/ogc/collections/parcels/items"
LAYER = find_layer("parcels")


def long_filter(number: int, size: int = MAX_BYTES) -> str:
    """Give a filter of about so many bytes that no other number gives."""
    part = f"ACCENTI(CASEI(address)) = 'x{number:04d}' OR "
    return part * ((size - 30) // len(part)) + "area_m2 > 0"


def is_alive(process: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False


async def test_what_takes_too_long_is_killed_and_the_next_is_done() -> None:
    process = await Aside(60).run(os.getpid)
    with pytest.raises(Unavailable, match="more work"):
        await Aside(0.5).run(time.sleep, 60)
    assert not is_alive(process)
    assert await Aside(60).run(abs, -2) == 2


async def test_what_nobody_waits_for_is_killed() -> None:
    process = await Aside(60).run(os.getpid)
    asked = asyncio.create_task(Aside(60).run(time.sleep, 60))
    await asyncio.sleep(0.3)
    assert is_alive(process)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert not is_alive(process)


async def test_a_process_that_died_idle_is_begun_again() -> None:
    process = await Aside(60).run(os.getpid)
    os.kill(process, signal.SIGKILL)
    assert await Aside(60).run(abs, -2) == 2


async def test_a_fault_comes_back_with_its_sentences() -> None:
    shape = next(iter(shapes_of(FeatureQuery(LAYER, LegalPeriod(), condition=Filter(LAYER, "area_m2 >", "cql2-text", CRS84)))))
    with pytest.raises(FilterSyntaxError, match="line 1, column 10") as caught:
        await Aside(60).run(compile_shape, shape)
    assert "cột 10" in str(caught.value.vi)


async def test_a_statement_compiled_aside_is_that_compiled_here() -> None:
    condition = parse_filter(LAYER, long_filter(1, 900))
    shape = next(iter(shapes_of(FeatureQuery(LAYER, LegalPeriod(), condition=condition))))
    assert await Aside(60).run(compile_shape, shape) == compile_shape(shape)


async def test_long_filters_answer_as_short_ones_and_are_refused_alike(client: httpx.AsyncClient, write: Write) -> None:
    write(PARCEL_GRID, side=5)
    text = " OR ".join(f"parcel_no = '{i}-1'" for i in range(30))
    assert len(text) > INLINE_CHARACTERS
    for extra in ({}, {"resulttype": "hits"}):
        answer = (await client.get(PARCELS, params={"filter": text, **extra})).json()
        assert answer["numberMatched"] == 5
    for wrong, said in ((text + " OR", "line 1"), (text + " OR nothing = 1", "nothing"), (text * 40, "bytes")):
        answer_to_wrong = await client.get(PARCELS, params={"filter": wrong, "lang": "en"})
        assert (answer_to_wrong.status_code, said in answer_to_wrong.json()["detail"]) == (400, True)


async def test_the_loop_goes_on_while_filters_are_compiled(app: FastAPI) -> None:
    async with serving(app) as client:
        await client.get(PARCELS, params={"filter": long_filter(0)})  # the process is begun
        lags: list[float] = []
        asking = [asyncio.create_task(client.get(PARCELS, params={"filter": long_filter(n)})) for n in range(1, 5)]
        while not all(task.done() for task in asking):
            begun = time.perf_counter()
            await asyncio.sleep(0.001)
            lags.append(time.perf_counter() - begun)
    assert {task.result().status_code for task in asking} == {200}
    assert len(lags) > 20
    assert sorted(lags)[int(len(lags) * 0.95)] < 0.02


def test_filters_of_all_kinds_are_kept_within_their_bytes() -> None:
    statements = Statements(most := 300_000)

    def compile_one(number: int) -> None:
        condition = Filter(LAYER, long_filter(number), "cql2-text", CRS84)
        statements.get(next(iter(shapes_of(FeatureQuery(LAYER, LegalPeriod(), condition=condition)))))

    compile_one(99)  # what SQLAlchemy keeps for itself
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(30):
            compile_one(number)
        gc.collect()
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 100_000 < statements.bytes <= most
    assert held < 4 * most
