"""Texts are sorted as a Vietnamese reader looks for them, codes as their indexes hold them; pages in any order add up."""

import random
from typing import Any

import httpx
import psycopg2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.work import Work
from spatial.features import FeatureQuery, SortKey
from spatial.features.query import Begin
from spatial.features.statement import page_statement
from spatial.layers import LAYERS, find_layer
from spatial.selection import LegalPeriod
from spatial.text_order import VIETNAMESE, collation_of
from tests.api.conftest import Write
from tests.api.ogc.conftest import PARCELS, read_pages
from tests.conftest import Database

PROVINCES = (
    "An Giang", "Bắc Ninh", "Cà Mau", "Cao Bằng", "Cần Thơ", "Đà Nẵng", "Đắk Lắk", "Điện Biên", "Đồng Nai", "Đồng Tháp",
    "Gia Lai", "Hà Nội", "Hà Tĩnh", "Hải Phòng", "Huế", "Hưng Yên", "Khánh Hòa", "Lai Châu", "Lạng Sơn", "Lào Cai",
    "Lâm Đồng", "Nghệ An", "Ninh Bình", "Phú Thọ", "Quảng Ngãi", "Quảng Ninh", "Quảng Trị", "Sơn La", "Tây Ninh",
    "Thái Nguyên", "Thanh Hóa", "Thành phố Hồ Chí Minh", "Tuyên Quang", "Vĩnh Long",
)  # fmt: skip
TONES = ("ma", "mà", "mả", "mã", "má", "mạ", "mă", "mâ", "mb", "md", "mđ", "me", "mê", "mo", "mô", "mơ", "mu", "mư", "my")
ADD = """
    INSERT INTO land.parcel (code, former_commune_code, map_sheet, parcel_no, area_m2, area_srid, address, province_code,
                             commune_code, valid_from, geom)
    SELECT '99001.99101.1.' || place, '99101', '1', place::text, 100, 9210, word, '01', '99001', '2020-01-01',
           ST_Multi(ST_MakeEnvelope(105.8, 21, 105.801, 21.001, 4326))
    FROM unnest(cast(:words AS text[])) WITH ORDINALITY AS given(word, place)"""


def texts(features: list[dict[str, Any]]) -> list[Any]:
    return [feature["properties"]["address"] for feature in features]


@pytest.mark.parametrize("words", [PROVINCES, TONES], ids=["provinces", "tones"])
async def test_names_come_in_vietnamese_order(client: httpx.AsyncClient, write: Write, words: tuple[str, ...]) -> None:
    write(ADD, words=random.Random(7).sample(words, len(words)))
    for limit in (1, 5, 100):
        assert texts(await read_pages(client, PARCELS, sortby="address", limit=limit)) == list(words)
        assert texts(await read_pages(client, PARCELS, sortby="-address", limit=limit)) == list(reversed(words))


async def test_equality_knows_no_order(client: httpx.AsyncClient, write: Write) -> None:
    write(ADD, words=["Hòa", "Hoà", "HÒA", "hòa", "Hòa "])
    for word in ("Hòa", "Hoà", "HÒA"):
        assert texts(await read_pages(client, PARCELS, address=word)) == [word]
        assert texts(await read_pages(client, PARCELS, filter=f"address = '{word}'")) == [word]
        assert texts(await read_pages(client, PARCELS, filter=f"address >= '{word}' AND address <= '{word}'")) == [word]


_WORDS = st.lists(
    st.none() | st.text(st.sampled_from("aAăâÂdDđĐeê oơ àảãáạ1.-\u0301\u0323"), max_size=4), min_size=1, max_size=14
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(words=_WORDS, more=_WORDS, limit=st.integers(1, 5), down=st.booleans(), by_code=st.booleans())
async def test_pages_in_order_add_up_to_the_whole_whatever_is_written(
    client: httpx.AsyncClient,
    database: Database,
    write: Write,
    words: list[Any],
    more: list[Any],
    limit: int,
    down: bool,
    by_code: bool,
) -> None:
    write("DELETE FROM land.parcel", ADD, words=words)
    sortby = ",".join(filter(None, (f"{'-' if down else ''}address", "code" if by_code else "")))
    wanted = await read_pages(client, PARCELS, sortby=sortby, limit=100)
    assert [one["id"] for one in wanted] == _in_order_of_the_database(database, down=down, by_code=by_code)
    first = (await client.get(PARCELS, params={"sortby": sortby, "limit": limit})).json()
    write(
        "UPDATE land.parcel SET address = reverse(address) WHERE parcel_no::int % 2 = 0",
        "DELETE FROM land.parcel WHERE parcel_no::int % 3 = 0",
        ADD.replace("99101.1.", "99101.2.").replace("'99101', '1'", "'99101', '2'"),
        words=more,
    )
    found, page = first["features"], first
    while following := next((link["href"] for link in page["links"] if link["rel"] == "next"), None):
        page = (await client.get(following)).json()
        found += page["features"]
    assert found == wanted


def _in_order_of_the_database(database: Database, *, down: bool, by_code: bool) -> list[int]:
    order = f'address COLLATE "{VIETNAMESE}" {"DESC" if down else "ASC"} NULLS LAST'
    with psycopg2.connect(database.url) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM land.parcel ORDER BY {order}, {'code,' if by_code else ''} id")
        found = [row[0] for row in cursor.fetchall()]
    connection.close()
    return found


def test_codes_keep_the_order_of_their_indexes() -> None:
    for layer in LAYERS:
        for column in layer.table.columns:
            if column.name == "code" or column.name.endswith("_code") or column.name in ("national_id", "map_sheet"):
                assert collation_of(column) is None, column
            elif column.name in ("name", "address", "street", "note", "authority", "investor"):
                assert collation_of(column) == VIETNAMESE, column
    query = FeatureQuery(find_layer("parcels"), LegalPeriod(), sort=(SortKey("code"),), begin=Begin(("a", 1), 1))
    assert "COLLATE" not in page_statement(query)[0].sql
    named = FeatureQuery(find_layer("parcels"), LegalPeriod(), sort=(SortKey("address"),), begin=Begin(("a", 1), 1))
    assert page_statement(named)[0].sql.count(f'COLLATE "{VIETNAMESE}"') == 2


async def test_a_page_sorted_by_code_walks_the_index(client: httpx.AsyncClient, app: Any, write: Write) -> None:
    write(ADD, words=[str(number) for number in range(3000)])
    statement, arguments = page_statement(FeatureQuery(find_layer("parcels"), LegalPeriod(), sort=(SortKey("code"),)))
    async with app.state.services.lanes[Work.READ].connection() as connection:
        plan = await connection.fetch("EXPLAIN " + statement.sql, *arguments)
    assert "parcel_code_valid_from_key" in "\n".join(row[0] for row in plan)
