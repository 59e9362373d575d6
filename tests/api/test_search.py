"""`/search`: what people type, and what they find."""

from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from spatial.search import fold
from tests.conftest import Database
from tests.lookup_world import START, World, open_world


@pytest.fixture
def world(database: Database) -> World:
    world = open_world(database)
    with world.writing():
        world.parcel((0, 0, 20, 10), "12", "34")
        world.parcel((40, 0, 60, 10), "12", "34", former_commune_code="09703")
        world.parcel((80, 0, 90, 10), "12", "35A")
        world.address("12 Đường Lê Lợi", 5, 5, "09706.09706.12.34")
        world.address("112 Đường Lê Lợi", 50, 5)
        world.address("5 Phố Hàng Đào", 70, 5)
        for code, name, level, box in (
            ("01", "Thành phố Hà Nội", "province", (-5000, -5000, 5000, 5000)),
            ("09706", "Xã Yên Bài", "commune", (-500, -500, 500, 500)),
            ("09703", "Xã Đồng Trúc", "commune", (600, -500, 900, 500)),
        ):
            world._insert(
                "admin.unit", box, code=code, name=name, name_en=f"{name} (en)", level=level, valid_from=START,
                province_code="01", parent_code="01" if level == "commune" else None,
            )  # fmt: skip
    return world


async def found(client: httpx.AsyncClient, typed: str, **query: Any) -> list[dict[str, Any]]:
    response = await client.get("/search", params={"q": typed, **query})
    assert response.status_code == 200, response.text
    results: list[dict[str, Any]] = response.json()["results"]
    return results


@pytest.mark.parametrize(
    "typed",
    [
        "09706.09706.12.34",
        "tờ 12 thửa 34 xã Yên Bài",
        "Thửa đất số 34, tờ bản đồ số 12, Yên Bài",
        "to 12 thua 34 yen bai",
        "09706.12.34",
    ],
)
async def test_a_parcel_is_found_however_it_is_said(world: World, client: httpx.AsyncClient, typed: str) -> None:
    results = await found(client, typed)
    assert "09706.09706.12.34" in [one["code"] for one in results]
    assert {one["kind"] for one in results} == {"parcel"}
    assert results[0]["label"] == "Thửa 34, tờ 12"
    assert "Yên Bài" in results[0]["detail"]
    west, south, east, north = results[0]["bbox"]
    assert west < results[0]["lon"] < east
    assert south < results[0]["lat"] < north


async def test_a_former_commune_finds_its_own_sheets(world: World, client: httpx.AsyncClient) -> None:
    assert [one["code"] for one in await found(client, "tờ 12 thửa 34 xã Đồng Trúc")] == ["09706.09703.12.34"]
    assert len(await found(client, "tờ 12 thửa 34")) == 2
    assert [one["code"] for one in await found(client, "tờ 12, thửa 35a")] == ["09706.09706.12.35A"]
    assert await found(client, "tờ 12 thửa 34 xã Không Có") == []


async def test_addresses_and_units_are_found_without_tones_best_first(world: World, client: httpx.AsyncClient) -> None:
    assert [one["label"] for one in await found(client, "12 le loi")] == ["12 Đường Lê Lợi", "112 Đường Lê Lợi"]
    assert (await found(client, "lê l"))[0]["kind"] == "address"
    for typed in ("yen bai", "Yên Bài", "xã yên bài", "XÃ YÊN BÀI", "ye\u0302n ba\u0300i"):
        assert (await found(client, typed))[0]["code"] == "09706"
    assert (await found(client, "Hà Nội", lang="en"))[0]["label"] == "Thành phố Hà Nội (en)"
    assert (await found(client, "yên bài"))[0]["detail"] == "Thành phố Hà Nội"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("09706/12/34", {"09706.09706.12.34", "09706.09703.12.34"}),
        ("09706/09703/12/34", {"09706.09703.12.34"}),
        ("09706.09703.12.34", {"09706.09703.12.34"}),
        ("09706.09706.12.34", {"09706.09706.12.34"}),
        ("09703/12/34", {"09706.09703.12.34"}),
        ("34/12 yên bài", {"09706.09706.12.34", "09706.09703.12.34"}),
        ("12/34, xã Đồng Trúc", {"09706.09703.12.34"}),
        ("Thửa đất số: 34; Tờ bản đồ số: 12; xã Đồng Trúc", {"09706.09703.12.34"}),
        ("34/12", set()),
        ("09706/12", set()),
        ("09706/12/34/5/6", set()),
        ("9706/12/34", set()),
    ],
)
async def test_codes_are_read_with_slashes_and_name_the_former_commune(
    world: World, client: httpx.AsyncClient, typed: str, code: set[str]
) -> None:
    assert {one["code"] for one in await found(client, typed) if one["kind"] == "parcel"} == code


async def test_houses_come_in_the_order_of_their_numbers_after_their_street(
    database: Database, client: httpx.AsyncClient
) -> None:
    world = open_world(database)
    with world.writing():
        for x, (number, street) in enumerate(
            [
                ("12", "Hàng Bạc"),
                ("100", "Hàng Bạc"),
                ("5", "Hàng Bạc"),
                ("9A", "Hàng Bạc"),
                ("3", "Ngõ 10 Hàng Bạc"),
                ("1", "Ngõ 9 Hàng Bạc"),
            ]
        ):
            world.address(f"Số {number} {street}", 10 * x, 5, house_number=number, street=street)
    results = [(one["kind"], one["label"]) for one in await found(client, "hàng bạc")]
    assert results == [
        ("street", "Hàng Bạc"),
        ("street", "Ngõ 9 Hàng Bạc"),
        ("street", "Ngõ 10 Hàng Bạc"),
        ("address", "Số 5 Hàng Bạc"),
        ("address", "Số 9A Hàng Bạc"),
        ("address", "Số 12 Hàng Bạc"),
        ("address", "Số 100 Hàng Bạc"),
        ("address", "Số 1 Ngõ 9 Hàng Bạc"),
        ("address", "Số 3 Ngõ 10 Hàng Bạc"),
    ]
    for typed in ("số 12 đường hàng bạc", "so nha 12 hang bac", "12 Đ. Hàng Bạc", "12 hàng b"):
        assert (await found(client, typed))[0]["label"] == "Số 12 Hàng Bạc"
    whole = (await found(client, "đường hàng bạc"))[0]
    west, _, east, _ = whole["bbox"]
    assert (whole["kind"], whole["code"]) == ("street", None)
    assert east > west, "as long as its houses"


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Hoàng Sa", "Quần đảo Hoàng Sa"),
        ("quan dao truong sa", "Quần đảo Trường Sa"),
        ("đặc khu Trường Sa", "Quần đảo Trường Sa"),
        ("Spratly", "Quần đảo Trường Sa"),
        ("biển đông", "Biển Đông"),
        ("East Sea", "Biển Đông"),
    ],
)
async def test_the_archipelagos_and_the_sea_are_found_whatever_is_loaded(
    client: httpx.AsyncClient, typed: str, name: str
) -> None:
    first = (await found(client, typed))[0]
    assert (first["kind"], first["label"], first["code"]) == ("place", name, None)
    west, south, east, north = first["bbox"]
    assert 109 <= west < east <= 118
    assert 6 <= south < north <= 21


async def test_a_few_letters_mean_no_place(client: httpx.AsyncClient) -> None:
    assert await found(client, "sa") == []
    assert await found(client, "hoàng long") == []


async def test_the_examples_to_type_are_found(world: World, client: httpx.AsyncClient) -> None:
    with world.writing():
        world.address("7 Phố Huế", 90, 5, house_number="7", street="Phố Huế")
    examples = (await client.get("/page/config")).json()["examples"]
    assert examples == {"parcel": "09706/12/34", "address": "7 Phố Huế"}
    for example in examples.values():
        assert await found(client, example)


async def test_without_data_there_is_no_example(client: httpx.AsyncClient) -> None:
    assert (await client.get("/page/config")).json()["examples"] == {"parcel": None, "address": None}


async def test_the_limit_holds(world: World, client: httpx.AsyncClient) -> None:
    assert len(await found(client, "le loi", limit=1)) == 1
    assert len(await found(client, "tờ 12 thửa 34", limit=1)) == 1


@pytest.mark.parametrize(
    "typed", ["%", "_", "''", "\\", "((", "[a-", "+++", "đ", "x" * 200, "1" * 200, "tờ ( thửa )", "$1", ":words"]
)
async def test_whatever_is_typed_is_answered(world: World, client: httpx.AsyncClient, typed: str) -> None:
    assert isinstance(await found(client, typed), list)


@pytest.mark.parametrize("query", ["", "q=", "q=a&limit=0", "q=a&limits=3", "q=a&lang=fr", "q=%00"])
async def test_what_cannot_be_read_is_refused(client: httpx.AsyncClient, query: str) -> None:
    assert (await client.get(f"/search?{query}")).status_code == 400


async def test_persons_are_not_found(world: World, client: httpx.AsyncClient) -> None:
    with world.writing():
        world.execute(
            "INSERT INTO private.parcel_owner (parcel_id, owner_name, owner_address, batch_id) "
            "SELECT id, 'Nguyễn Văn Thửa', 'Xóm Bí Mật', ingest.current_batch() FROM land.parcel"
        )
        world.parcel((200, 0, 220, 10), "12", "99", table="private.parcel_restricted")
    for typed in ("Nguyễn Văn Thửa", "Xóm Bí Mật", "tờ 12 thửa 99"):
        assert await found(client, typed) == []


@settings(deadline=None)
@given(words=st.text("aăâbcdđeêghiklmnoôơpqrstuưvxyáàảãạấầẩẫậéèẻẽẹíìỉĩịóòỏõọốồổỗộúùủũụứừửữựýỳỷỹỵ ", max_size=20))
def test_the_program_folds_as_the_database_does(folding: Connection, words: str) -> None:
    in_database = folding.execute(text("SELECT admin.fold(:words)"), {"words": words}).scalar_one()
    assert " ".join(fold(words).split()) == in_database


@pytest.fixture(scope="module")
def folding(_shared_engine: Any) -> Any:
    with _shared_engine.connect() as connection:
        yield connection
