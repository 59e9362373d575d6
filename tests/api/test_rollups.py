"""The door of the figures: shapes that others rely on, formats, remainders, bad input."""

import csv
import io
from datetime import date

import httpx
import openpyxl
import pytest
from sqlalchemy import Connection, create_engine, insert, text

from spatial import tables
from spatial.rollup import refresh
from tests.conftest import Database, sqlalchemy_url
from tests.spatial.rollup_world import add_parcels, add_units, state_complete


@pytest.fixture(autouse=True)
def figures(database: Database) -> None:
    """Load a small country and compute its figures."""
    engine = create_engine(sqlalchemy_url(database.url))
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL ROLE dothi_owner"))
        add_units(connection)
        add_parcels(connection, 1)
        _add_people_and_green(connection)
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL ROLE dothi_ingest"))
        refresh(connection)
    engine.dispose()


def _add_people_and_green(connection: Connection) -> None:
    connection.execute(
        insert(tables.UnitCount).values(level="commune", unit_code="37001", year=2025, people=300, method="register")
    )
    connection.execute(
        insert(tables.GreenArea).values(
            code="CX1", kind="public", area_m2=1500, commune_code="37001", province_code="37", valid_from=date(2020, 1, 1),
            geom="SRID=4326;MULTIPOLYGON(((105 20,105.001 20,105.001 20.001,105 20)))",
        )
    )  # fmt: skip
    state_complete(connection, "green_areas", "37001", 1, date(2025, 12, 31))


async def test_the_list_says_what_each_indicator_is(client: httpx.AsyncClient) -> None:
    indicators = {item["code"]: item for item in (await client.get("/rollups")).json()["indicators"]}
    assert {"code", "title", "unit", "kind", "levels", "periods", "formula", "sources"} <= set(indicators["parcel_count"])
    assert indicators["parcel_count"]["title"] == "Số thửa đất"
    assert indicators["parcel_count"]["levels"] == ["nation", "region", "province", "city", "commune"]
    assert indicators["green_per_person_m2"]["kind"] == "ratio"
    english = (await client.get("/rollups?lang=en")).json()["indicators"]
    assert "Number of parcels" in {item["title"] for item in english}


async def test_values_of_a_tier_add_up_remainders_included(client: httpx.AsyncClient) -> None:
    for level in ("region", "province", "city", "commune"):
        answer = (await client.get(f"/rollups/parcel_count?level={level}")).json()
        assert sum(row["value"] or 0 for row in answer["values"]) == 60, level
    assert answer["stale"] is False
    assert answer["computed_at"]


async def test_every_province_is_listed_known_or_not(client: httpx.AsyncClient) -> None:
    rows = (await client.get("/rollups/parcel_count?level=province")).json()["values"]
    by_code = {row["unit"]["code"]: row for row in rows}
    assert len([row for row in rows if row["unit"]["remainder"] is None]) == 34
    assert by_code["79"]["value"] is None
    assert by_code["79"]["coverage"] == 0


async def test_below_a_parent_only_its_own_and_they_add_up_to_it(client: httpx.AsyncClient) -> None:
    province = {
        row["unit"]["code"]: row["value"] for row in (await client.get("/rollups/parcel_count?level=province")).json()["values"]
    }
    rows = (await client.get("/rollups/parcel_count?level=commune&parent=37")).json()["values"]
    assert {row["unit"]["code"] for row in rows} == {"37001", "37002", "37003"}
    assert sum(row["value"] or 0 for row in rows) == province["37"]
    city = (await client.get("/rollups/parcel_count?level=commune&parent=DT37")).json()["values"]
    assert {row["unit"]["code"] for row in city} == {"37001", "37002"}


async def test_a_ratio_names_what_it_divides_and_of_when(client: httpx.AsyncClient) -> None:
    answer = (await client.get("/rollups/green_per_person_m2?level=commune&parent=37")).json()
    row = next(row for row in answer["values"] if row["unit"]["code"] == "37001")
    assert row["value"] == pytest.approx(5)
    assert (row["numerator"], row["denominator"], row["denominator_period"]) == (1500, 300, "2025")
    other = next(row for row in answer["values"] if row["unit"]["code"] == "37002")
    assert other["value"] is None


async def test_remainders_are_named_in_the_language_asked_for(client: httpx.AsyncClient) -> None:
    rows = (await client.get("/rollups/parcel_count?level=city&lang=en")).json()["values"]
    names = {row["unit"]["code"]: row["unit"]["name"] for row in rows}
    assert names["37:rest"] == "Ninh Binh: outside cities"


async def test_csv_opens_in_a_spreadsheet_and_says_the_same(client: httpx.AsyncClient) -> None:
    answer = await client.get("/rollups/parcel_count?level=commune&f=csv&lang=en")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert sum(float(row["value"] or 0) for row in rows) == 60


async def test_xlsx_holds_the_values_and_what_they_mean(client: httpx.AsyncClient) -> None:
    answer = await client.get("/rollups/parcel_count?level=commune&f=xlsx&lang=en")
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    assert rows[0][:3] == ("code", "name", "level")
    assert sum(float(str(row[6] or 0)) for row in rows[1:]) == 60
    assert ("code", "parcel_count") in list(book.worksheets[1].iter_rows(values_only=True))


async def test_geojson_has_the_shape_of_each_unit_that_has_one(client: httpx.AsyncClient) -> None:
    answer = (await client.get("/rollups/parcel_count?level=commune&f=geojson")).json()
    shapes = {feature["id"]: feature["geometry"] for feature in answer["features"]}
    assert shapes["37001"]["type"] == "MultiPolygon"
    assert answer["type"] == "FeatureCollection"


async def test_changed_data_are_said_to_be_stale(client: httpx.AsyncClient, database: Database) -> None:
    engine = create_engine(sqlalchemy_url(database.url))
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM land.parcel WHERE commune_code = '01001'"))
    engine.dispose()
    assert (await client.get("/rollups/parcel_count")).json()["stale"] is True
    assert (await client.get("/rollups/permits_issued")).json()["stale"] is False


@pytest.mark.parametrize(
    ("path", "status", "word"),
    [
        ("/rollups/parcel_cuont", 404, "parcel_count"),
        ("/rollups/parcel_count?level=village", 400, "nation"),
        ("/rollups/parcel_count?period=1900", 400, "Periods: 20"),
        ("/rollups/parcel_count?parent=ZZ", 404, "VN"),
        ("/rollups/parcel_count?levle=city", 400, "level"),
        ("/rollups/parcel_count?f=pdf", 400, "csv"),
        ("/rollups/parcel_count?lang=fr", 400, "lang=vi"),
        ("/rollups/x'%3BDROP%20TABLE%20land.parcel--", 404, "/rollups"),
        ("/rollups/parcel_count?parent='%20OR%201=1--", 404, "VN"),
        ("/rollups/parcel_count?period=%00", 400, "U+0000"),
    ],
)
async def test_bad_input_is_a_sentence(client: httpx.AsyncClient, path: str, status: int, word: str) -> None:
    answer = await client.get(path, headers={"Accept-Language": "en"})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert word in answer.json()["detail"]
