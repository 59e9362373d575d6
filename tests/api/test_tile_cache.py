"""The cache of tiles at its edges: midnight in Vietnam, its bound in bytes, clients that leave, tiles of few but huge shapes."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from api.tile_cache import CachedTile, TileCache, layer_etag
from api.tile_door import TileDoor
from api.work import Work
from spatial.layers import find_layer
from spatial.selection import LegalPeriod, legal_today
from spatial.settings import Settings
from spatial.tiles import MAX_BYTES, Detail, DrawnTile, Tile, draw_tile
from tests.api.conftest import PARCEL_GRID, Write

PARCELS = find_layer("parcels")
HERE = Tile.at(18, 105.8002, 21.0002)


# -- what a tile depends on ----------------------------------------------------------------------------------------------------


def test_an_etag_names_layer_version_and_period() -> None:
    periods = [LegalPeriod(), *(LegalPeriod.on(date(2026, 1, day)) for day in (1, 2)), LegalPeriod(date(2026, 1, 1), None),
               LegalPeriod(None, date(2026, 1, 1)), LegalPeriod(date(2026, 1, 1), date(2026, 1, 2))]  # fmt: skip
    etags = {layer_etag(layer, version, period)
             for layer in (PARCELS, find_layer("zones")) for version in (1, 2) for period in periods}  # fmt: skip
    assert len(etags) == 2 * 2 * len(periods)
    assert layer_etag(PARCELS, 1, LegalPeriod.on(date(2026, 1, 1))) == layer_etag(PARCELS, 1, LegalPeriod.on(date(2026, 1, 1)))


class _Clock(datetime):
    """A clock that stands."""

    moment: datetime

    @classmethod
    def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
        return cls.moment.astimezone(tz)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 6, 30, 16, 59, 59, tzinfo=UTC), date(2026, 6, 30)),
        (datetime(2026, 6, 30, 17, 0, 0, tzinfo=UTC), date(2026, 7, 1)),
        (datetime(2026, 12, 31, 17, 30, tzinfo=UTC), date(2027, 1, 1)),
        (datetime(2026, 12, 31, 23, 59, tzinfo=UTC), date(2027, 1, 1)),
        (datetime(2027, 1, 1, 0, 0, tzinfo=UTC), date(2027, 1, 1)),
    ],
)
def test_the_short_way_turns_its_day_at_midnight_in_vietnam(
    app_without_database: FastAPI, monkeypatch: pytest.MonkeyPatch, moment: datetime, day: date
) -> None:
    services = app_without_database.state.services
    door = TileDoor(app_without_database, services.tiles, {}, Settings(_env_file=None), services.metrics)
    clock = type("Clock", (_Clock,), {"moment": moment})
    monkeypatch.setattr("spatial.selection.datetime", clock)
    assert door._in_force_today() == LegalPeriod.on(day) == LegalPeriod.on(legal_today())
    clock.moment = moment + timedelta(days=1)  # type: ignore[attr-defined]
    assert door._in_force_today() == LegalPeriod.on(day + timedelta(days=1))


# -- its bound ------------------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3_000)), max_size=60))
def test_the_cache_knows_its_bytes_whatever_is_put_in_the_place_of_what(puts: list[tuple[int, int]]) -> None:
    cache = TileCache(6_000)
    for version, (column, size) in enumerate(puts):
        drawn = DrawnTile(b"x" * size, 1, Detail.FULL, left_out=False)
        cache.put(("parcels", 18, 0, column, LegalPeriod()), CachedTile(version, "e", drawn))
        assert cache.bytes == sum(entry.weight for entry in cache._entries.values()) <= 6_000


# -- clients that leave ---------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("client")
async def test_who_leaves_does_not_take_the_tile_from_the_others(
    app: FastAPI, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(PARCEL_GRID, side=2)
    drawn: list[Any] = []

    async def slowly(*arguments: Any) -> DrawnTile:
        drawn.append(arguments)
        await asyncio.sleep(0.2)
        return await draw_tile(*arguments)

    monkeypatch.setattr("api.tile_cache.draw_tile", slowly)
    tiles, today = app.state.services.tiles, LegalPeriod.on(legal_today())
    first, second = (asyncio.create_task(tiles.get(PARCELS, HERE, today)) for _ in range(2))
    await asyncio.sleep(0.1)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert (await second).drawn.rows == 4
    assert len(drawn) == 1
    assert tiles.cache.get((PARCELS.name, HERE.zoom, HERE.row, HERE.col, today), (await second).version)


# -- few shapes of many vertices --------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("client")
async def test_a_tile_of_few_huge_shapes_keeps_its_bound_and_says_what_it_left_out(app: FastAPI, write: Write) -> None:
    write(
        """
        INSERT INTO land.parcel (code, former_commune_code, map_sheet, parcel_no, land_use_code, area_m2, area_srid,
                                 province_code, commune_code, valid_from, geom)
        SELECT '99001.99101.1.' || n, '99101', '1', n::text, 'ODT', 110, 9210, '01', '99001', '2020-01-01',
               ST_Multi(ST_Buffer(ST_SetSRID(ST_MakePoint(105.8003 + n * 1e-7, 21.0003), 4326), 0.0005, 4000))
        FROM generate_series(1, 60) n"""
    )
    tile = Tile.at(18, 105.8003, 21.0003)
    async with app.state.services.lanes[Work.TILE].connection() as connection:
        drawn = await draw_tile(connection, PARCELS, tile, LegalPeriod.on(legal_today()))
    assert 0 < drawn.rows < 60
    assert 0 < len(drawn.content) <= MAX_BYTES
    assert drawn.left_out
    assert drawn.detail is not Detail.FULL
