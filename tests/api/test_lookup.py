"""`/lookup` as its clients see it: parameters, members, languages, refusals."""

import re
from datetime import date
from typing import Any

import httpx
import pytest

from tests.conftest import Database
from tests.lookup_world import START, World, lonlat, open_world


@pytest.fixture
def world(database: Database) -> World:
    world = open_world(database)
    with world.writing():
        world.execute(
            "INSERT INTO planning.document (plan_code, kind, title, number, issued_on, url, batch_id) "
            "VALUES ('P1', 'decision', 'Quyết định', '1/QĐ', '2024-01-01', 'https://example.vn/p1.pdf', ingest.current_batch())"
        )
        world.parcel((0, 0, 20, 10), "12", "34", area_official_m2=199.5)
        world.plan("P1", (-100, -100, 100, 100), name="Quy hoạch phân khu P1", name_en="Zoning plan P1")
        world.zone("P1", (-50, -50, 50, 50), max_storeys=5, max_coverage_pct=60.5)
        world.coverage("red_line", (-90, -90, 90, 90), plan_code="P1")
        world.present("P1", "red_line")
    return world


@pytest.fixture
def asked(world: World, client: httpx.AsyncClient) -> httpx.AsyncClient:
    return client


async def answer(client: httpx.AsyncClient, **query: Any) -> dict[str, Any]:
    response = await client.get("/lookup", params=query)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def test_the_answer_has_the_members_that_others_rely_on(asked: httpx.AsyncClient) -> None:
    found = await answer(asked, parcel="09706.12.34")
    assert {"query", "as_of", "known_at", "data_version", "parcel", "themes", "disclaimer", "links"} <= found.keys()
    assert found["parcel"]["area_official_m2"] == 199.5
    assert found["parcel"]["land_use"][0]["code"] == "ODT"
    assert found["parcel"]["geometry"]["type"] == "MultiPolygon"
    states = {one["theme"]: one["state"] for one in found["themes"]}
    assert states == {
        "zoning": "affected", "plans": "affected", "red_line": "not_affected", "building_line": "unknown", "corridor": "unknown"
    }  # fmt: skip
    item = found["themes"][0]["items"][0]
    assert (item["area_m2"], item["share"], item["status"]) == (200.0, 1.0, "in_force")
    assert item["parameters"] == {"max_coverage_pct": 60.5, "max_storeys": 5}
    assert item["documents"][0]["number"] == "1/QĐ"
    assert item["zone"]["function_name"] == "Đơn vị ở"
    assert found["query"] == {"lon": None, "lat": None, "parcel": "09706.12.34", "q": None}


async def test_names_and_reasons_come_in_the_language_asked_for(asked: httpx.AsyncClient) -> None:
    vi, en = await answer(asked, parcel="09706.12.34"), await answer(asked, parcel="09706.12.34", lang="en")
    assert vi["themes"][0]["items"][0]["plan"]["name"] == "Quy hoạch phân khu P1"
    assert en["themes"][0]["items"][0]["plan"]["name"] == "Zoning plan P1"
    assert en["themes"][0]["items"][0]["zone"]["function_name"] == "Neighbourhood unit"
    assert "tham khảo" in vi["disclaimer"]
    assert "reference only" in en["disclaimer"]


async def test_a_link_asks_the_same_again(asked: httpx.AsyncClient) -> None:
    lon, lat = lonlat(5, 5)
    found = await answer(asked, lon=lon, lat=lat)
    link = next(one for one in found["links"] if one["rel"] == "self")
    again = (await asked.get(link["href"])).json()
    assert again["themes"] == found["themes"]
    assert again["parcel"]["code"] == found["parcel"]["code"] == "09706.09706.12.34"


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("", "đúng một cách"),
        ("lon=105.8&lat=21&parcel=1", "đúng một cách"),
        ("lon=105.8", "lat"),
        ("lon=nan&lat=21", "lon"),
        ("lon=105&lat=inf", "lat"),
        ("lon=105&lat=100", "lat"),
        ("lon=105&lat=1e309", "lat"),
        ("parcel=", "parcel"),
        ("q=%00", "q"),
        ("q=" + "a" * 300, "200"),
        ("parcel=1&as_of=2020-13-01", "as_of"),
        ("parcel=1&as_of=0001-01-01", "1800"),
        ("parcel=1&as_of=1799-12-31", "1800"),
        ("parcel=1&as_of=2201-01-01", "2200"),
        ("parcel=1&as_of=9999-12-31", "2200"),
        ("parcel=1&known_at=yesterday", "known_at"),
        ("parcel=1&known_at=2026-01-01T00:00:00", "known_at"),
        ("parcel=1&known_at=9999-12-31", "known_at"),
        ("parcel=1&known_at=2999-01-01T00:00:00Z", "known_at"),
        ("parcel=1&lang=fr", "lang"),
        ("parcels=1", "parcel"),
        ("parcel=1&parcel=2", "nhiều lần"),
    ],
)
async def test_what_cannot_be_read_is_refused_with_a_sentence(asked: httpx.AsyncClient, query: str, word: str) -> None:
    response = await asked.get(f"/lookup?{query}")
    assert response.status_code == 400
    assert response.headers["content-type"].startswith("application/problem+json")
    assert word in response.json()["detail"]


@pytest.mark.parametrize(
    "query", ["parcel=09706.9.9", "lon=2.35&lat=48.85", "q=khong+co", "parcel=%27%3B--", "q=%25%25", "q=((((", "q=%5C"]
)
async def test_what_is_not_there_is_404(asked: httpx.AsyncClient, query: str) -> None:
    response = await asked.get(f"/lookup?{query}")
    assert response.status_code == 404, response.text
    assert len(response.json()["detail"]) > 20


async def test_several_parcels_are_offered_as_candidates(world: World, client: httpx.AsyncClient) -> None:
    with world.writing():
        world.parcel((40, 0, 50, 10), "12", "34", former_commune_code="09703")
    response = await client.get("/lookup", params={"parcel": "09706.12.34", "lang": "en"})
    assert response.status_code == 400
    codes = [one["parcel"] for one in response.json()["candidates"]]
    assert codes == ["09706.09703.12.34", "09706.09706.12.34"]
    for code in codes:
        assert (await answer(client, parcel=code))["parcel"]["code"] == code


async def test_as_of_before_the_plan_finds_none(asked: httpx.AsyncClient) -> None:
    for lang, days in (("en", (f"{START}", "2023-12-31")), ("vi", (f"{START:%d/%m/%Y}", "31/12/2023"))):
        response = await asked.get("/lookup", params={"parcel": "09706.12.34", "as_of": "2023-12-31", "lang": lang})
        assert response.status_code == 404
        assert all(day in response.json()["detail"] for day in days)
    assert date.fromisoformat((await answer(asked, parcel="09706.12.34", as_of="2024-06-01"))["as_of"]) == date(2024, 6, 1)


async def test_an_owners_name_is_nowhere_in_the_answer(world: World, client: httpx.AsyncClient) -> None:
    with world.writing():
        world.execute(
            "INSERT INTO private.parcel_owner (parcel_id, owner_name, owner_address, batch_id) "
            "SELECT id, 'Nguyễn Văn Thửa', 'Xóm Bí Mật', ingest.current_batch() FROM land.parcel"
        )
    point = dict(zip(("lon", "lat"), lonlat(5, 5), strict=True))
    for door in ("/lookup", "/lookup/extract.pdf"):
        for query in ({"parcel": "09706.12.34"}, point):
            response = await client.get(door, params=query)
            assert response.status_code == 200
            assert "Văn Thửa" not in response.text
            assert "Bí Mật" not in response.text
    assert (await client.get("/lookup", params={"q": "Nguyễn Văn Thửa"})).status_code == 404
    assert (await client.get("/lookup", params={"q": "Xóm Bí Mật"})).status_code == 404


@pytest.mark.parametrize("day", ["1800-01-01", "2200-12-31"])
async def test_the_first_and_the_last_day_are_answered(world: World, client: httpx.AsyncClient, day: str) -> None:
    lon, lat = lonlat(5, 5)
    found = await answer(client, lon=lon, lat=lat, as_of=day)
    assert "not_affected" not in {one["state"] for one in found["themes"]}


async def test_the_largest_items_are_listed_and_the_others_counted(world: World, client: httpx.AsyncClient) -> None:
    with world.writing():
        code = world.parcel((200, 0, 300, 10), "77", "1")
        world.plan("P9", (150, -50, 350, 50))
        for number in range(70):
            world.zone("P9", (200 + number, -5, 201 + number, 15), max_storeys=number + 1)
    zoning = (await answer(client, parcel=code))["themes"][0]
    assert (len(zoning["items"]), zoning["items_omitted"]) == (60, 10)
    assert (await answer(client, parcel="09706.12.34"))["themes"][0]["items_omitted"] == 0


async def test_an_address_that_fits_two_places_is_ambiguous_however_well_it_fits_one(
    world: World, client: httpx.AsyncClient
) -> None:
    with world.writing():
        world.address("12 Lê Lợi", 5, 5)
        world.address("Số 12 Lê Lợi, Phường Lụa Đông", 90, 5)
    response = await client.get("/lookup", params={"q": "12 Lê Lợi"})
    assert (response.status_code, response.json()["type"]) == (400, "/docs/problems#ambiguous")
    assert {one["label"] for one in response.json()["candidates"]} == {"12 Lê Lợi", "Số 12 Lê Lợi, Phường Lụa Đông"}
    assert (await answer(client, q="Số 12 Lê Lợi, Phường Lụa Đông"))["place"]["address"] == "Số 12 Lê Lợi, Phường Lụa Đông"


async def test_what_an_event_took_away_is_told_with_its_relation_to_the_parcel(world: World, client: httpx.AsyncClient) -> None:
    with world.writing():
        world.event("P1", "partly_annulled", date(2025, 6, 1), (-50, -50, 5, 50))
    plans = (await answer(client, parcel="09706.12.34", lang="en"))["themes"][1]
    (change,) = plans["changes"]
    assert (change["relation"], change["area_m2"], change["share"]) == ("across", 50.0, 0.25)
    assert "50.00 m² of the parcel lie in that part" in change["note"]
    assert plans["items"][0]["plan"]["changed_in_part"] is True


async def test_land_that_must_not_be_shown_cannot_be_told_from_what_is_not_there(asked: httpx.AsyncClient, world: World) -> None:
    """By code, by point, by address, as an item, by its address in `/id/`, in the search: byte for byte, but what was asked."""
    lon, lat = lonlat(40, 40)
    doors = {
        "lookup": ("/lookup", {"parcel": "{code}"}),
        "short": ("/lookup", {"parcel": "09706.77.{number}"}),
        "point": ("/lookup", {"lon": str(lon), "lat": str(lat)}),
        "text": ("/lookup", {"q": "09706/77/{number}"}),
        "items": ("/ogc/collections/parcels/items", {"code": "{code}"}),
        "box": ("/ogc/collections/parcels/items", {"bbox": f"{lon - 1e-5},{lat - 1e-5},{lon + 1e-5},{lat + 1e-5}"}),
        "id": ("/id/parcels/{code}", {}),
        "search": ("/search", {"q": "tờ 77 thửa {number}"}),
    }

    async def ask(number: str) -> dict[str, tuple[int, str]]:
        found = {}
        for name, (path, query) in doors.items():
            words = {"code": f"09706.09706.77.{number}", "number": number}
            answer = await asked.get(path.format(**words), params={key: text.format(**words) for key, text in query.items()})
            plain = re.sub(r'known_at=[^&"]*|"(data_version|timeStamp|request_id)":\s*("[^"]*"|\d+)', "", answer.text)
            found[name] = answer.status_code, re.sub(rf"77([./]|%2F){number}|th%E1%BB%ADa.{number}|thửa {number}", "", plain)
        return found

    empty = await ask("5")
    with world.writing():
        world.parcel((30, 30, 50, 50), "77", "5", table="private.parcel_restricted")
    assert await ask("5") == await ask("6") == empty
    assert (empty["lookup"][0], empty["point"][0], empty["id"][0]) == (404, 200, 404)
