"""What no rule lets in any more, read all the same: rows written past the rules stop no page, no document and no figure."""

from datetime import date
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from api.ogc.cursor import _day
from tests.api.conftest import serving
from tests.api.ogc.conftest import read_pages
from tests.conftest import Database, admin_cursor
from tests.lookup_world import World, lonlat, open_world

DAYS = ("-infinity", "4713-01-01 BC", "0001-01-01 BC", "0001-01-01", "2020-01-01", "9999-12-31", "5874897-12-31", "infinity")


@pytest.fixture
def world(database: Database) -> World:
    world = open_world(database)
    with admin_cursor(database.url) as cursor:
        cursor.execute(
            "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint"
            " WHERE contype = 'c' AND conname LIKE '%plausible_check'"
        )
        for (statement,) in cursor.fetchall():
            cursor.execute(statement)
    with world.writing():
        world.parcel((0, 0, 20, 10), "12", "34", area_official_m2=float("nan"), area_m2=float("inf"))
        world.plan("P1", (-100, -100, 100, 100), decided_on=date(1, 1, 1))
        world.zone("P1", (-50, -50, 50, 50), max_far=float("inf"), max_height_m=float("nan"), max_storeys=5)
        for number, day in enumerate(DAYS):
            world._insert("landscape.green_area", (number * 10, 200, number * 10 + 5, 205), code=f"g{number}", kind="public",
                          commune_code="09706", province_code="01", valid_from=day, area_m2=float("inf"))  # fmt: skip
        world.execute("UPDATE planning.plan_event SET effective_on = '0001-01-01 BC' WHERE kind = 'approved'")
    return world


async def test_the_lookup_and_its_document_leave_out_what_is_no_number(world: World, client: httpx.AsyncClient) -> None:
    found = (await client.get("/lookup", params={"parcel": "09706.12.34"})).json()
    assert (found["parcel"]["area_m2"], found["parcel"]["area_official_m2"]) == (None, None)
    assert found["themes"][0]["items"][0]["parameters"] == {"max_storeys": 5}
    lon, lat = lonlat(5, 5)
    for query in ({"parcel": "09706.12.34"}, {"lon": str(lon), "lat": str(lat)}):
        assert (await client.get("/lookup/extract.pdf", params=query)).status_code == 200


async def test_items_sorted_by_any_day_come_once_each(world: World, client: httpx.AsyncClient) -> None:
    items = "/ogc/collections/green_areas/items"
    for sortby, expected in (("valid_from", DAYS), ("-valid_from", DAYS[::-1])):
        for limit in (1, 3, 100):
            pages = await read_pages(client, items, sortby=sortby, limit=limit, datetime="../..")
            assert [feature["properties"]["valid_from"] for feature in pages] == list(expected)
    assert len(await read_pages(client, items, sortby="area_m2", limit=2, datetime="../..")) == len(DAYS)


@pytest.mark.parametrize(
    "text", ["2025-02-29", "0000-01-01", "2025-13-01", "5874898-01-01", "4714-01-01 BC", "infinite", "2025-1-1", ""]
)
def test_a_cursor_names_only_days_that_there_are(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        _day(text)
    assert caught.value


@pytest.mark.parametrize("text", [*DAYS, "2024-02-29", "0005-02-29 BC", "10000-02-29"])
def test_every_day_of_the_database_is_a_day(text: str) -> None:
    assert _day(text) == text


async def test_a_figure_that_is_no_number_is_unknown_at_every_tier(database: Database, app: FastAPI) -> None:
    with admin_cursor(database.url) as cursor:
        for level, code, value in (("nation", "VN", "Infinity"), ("province", "01", "NaN"), ("region", "V1", "-Infinity")):
            cursor.execute(
                "INSERT INTO rollup.value (indicator_code, level, unit_code, period, value, coverage, data_version)"
                " VALUES ('public_green_m2', %s, %s, '2026', %s, 1, 1)", (level, code, value),
            )  # fmt: skip
        cursor.execute("INSERT INTO rollup.note (step, kind, indicator_code, unit_code, period, detail)"
                       " VALUES ('green', 'no_number', 'public_green_m2', '00004', '2026', '{}')")  # fmt: skip
    async with serving(app) as client:
        for level in ("nation", "province", "region"):
            for f in ("json", "csv", "xlsx", "geojson"):
                answer = await client.get("/rollups/public_green_m2", params={"level": level, "f": f})
                assert answer.status_code == 200, (level, f)
            told: dict[str, Any] = (await client.get("/rollups/public_green_m2", params={"level": level})).json()
            assert [row["value"] for row in told["values"] if row["unit"]["code"] in ("VN", "01", "V1")] == [None]
            assert any("00004" in note for note in told["notes"])
