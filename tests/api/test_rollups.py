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


# -- what figures say of themselves -----------------------------------------------------------------------------------------


def _run(database: Database, *statements: str) -> None:
    engine = create_engine(sqlalchemy_url(database.url))
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def _refresh(database: Database) -> None:
    engine = create_engine(sqlalchemy_url(database.url))
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL ROLE dothi_ingest"))
        refresh(connection)
    engine.dispose()


@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO admin.unit_change (level, kind, from_code, to_code, changed_on)"
        " VALUES ('commune', 'rename', '88001', '37001', '2025-07-01')",
        "INSERT INTO admin.urban_area_commune (urban_area_code, commune_code, valid_from) VALUES ('DT37', '37003', '2025-07-01')",
        "INSERT INTO survey.completeness (layer, commune_code, stated_on, row_count, steward)"
        " VALUES ('buildings', '37001', '2026-01-01', 0, 'x')",
        "INSERT INTO population.raster (code, year, srid, population, content, sha256) VALUES ('g', 2025, 4326, 1, '', '0')",
        "UPDATE rollup.state SET legal_date = legal_date - 1",
    ],
)
async def test_a_figure_is_stale_when_any_of_its_sources_changed_or_the_day_turned(
    client: httpx.AsyncClient, database: Database, change: str
) -> None:
    assert (await client.get("/rollups/population")).json()["stale"] is False
    _run(database, change)
    told = {item["code"]: item["stale"] for item in (await client.get("/rollups")).json()["indicators"]}
    assert told["population"] is True
    assert told["population_density_km2"] is True
    assert (await client.get("/rollups/population")).json()["stale"] is True
    _refresh(database)
    assert (await client.get("/rollups/population")).json()["stale"] is False


async def test_units_are_in_the_language_asked_for_and_match_the_values(client: httpx.AsyncClient) -> None:
    for language, people in (("vi", "người"), ("en", "people")):
        indicators = (await client.get(f"/rollups?lang={language}")).json()["indicators"]
        units = {item["code"]: item["unit"] for item in indicators}
        assert units["population"] == people
        assert not [code for code, unit in units.items() if unit == "0-1"]
        assert {code for code, unit in units.items() if unit == "%"} == {code for code in units if code.endswith("_share")}
    table = (await client.get("/rollups/digital_cadastre_share?level=commune&parent=37")).json()
    row = next(row for row in table["values"] if row["unit"]["code"] == "37001")
    assert row["value"] == pytest.approx(100 * row["numerator"] / row["denominator"])
    assert 0 <= row["coverage"] <= 1
    lines = (await client.get("/rollups/digital_cadastre_share?level=commune&parent=37&f=csv&lang=en")).content.decode(
        "utf-8-sig"
    )
    cells = next(line for line in csv.DictReader(io.StringIO(lines)) if line["code"] == "37001")
    assert (float(cells["value"]), cells["unit"]) == (row["value"], "%")


async def test_english_is_english(client: httpx.AsyncClient) -> None:
    for item in (await client.get("/rollups?lang=en")).json()["indicators"]:
        words = f"{item['title']} {item['formula']} {item['unit']}"
        assert " of of " not in words
        assert words.replace("m²", "").replace("m³", "").replace("×", "").isascii(), words


async def test_a_ratio_is_explained_in_words_and_in_codes(client: httpx.AsyncClient) -> None:
    indicators = {item["code"]: item for item in (await client.get("/rollups")).json()["indicators"]}
    density = indicators["population_density_km2"]
    assert density["formula"].startswith("Dân số chia cho")
    assert density["expression"] == "population / area_m2 × 1,000,000"
    assert "population.unit_count" in density["sources"]
    assert "admin.unit" in density["sources"]
    assert density["least_share"] == 0.5
    assert indicators["population"]["expression"] is None


async def test_why_there_is_no_value_is_told(client: httpx.AsyncClient) -> None:
    nation = (await client.get("/rollups/green_per_person_m2?level=nation")).json()["values"][0]
    assert (nation["value"], nation["reason"]) == (None, "too_little_known")
    assert 0 < nation["coverage"] < 0.01
    rows = (await client.get("/rollups/green_per_person_m2?level=commune")).json()["values"]
    reasons = {row["unit"]["code"]: row["reason"] for row in rows}
    assert (reasons["37001"], reasons["37002"]) == (None, "unknown")


async def test_the_period_is_that_of_the_units_asked_for(client: httpx.AsyncClient) -> None:
    assert (await client.get("/rollups/population")).json()["period"] == "2024"
    assert (await client.get("/rollups/population?level=commune&parent=37")).json()["period"] == "2025"
    assert (await client.get("/rollups/population?level=commune&parent=DT37")).json()["period"] == "2025"
    (population,) = [item for item in (await client.get("/rollups")).json()["indicators"] if item["code"] == "population"]
    tiers = {tier["level"]: tier["default_period"] for tier in population["tiers"]}
    assert (tiers["province"], tiers["commune"]) == ("2024", "2025")


async def test_what_is_not_counted_as_it_stands_is_noted(client: httpx.AsyncClient, database: Database) -> None:
    assert (await client.get("/rollups/population")).json()["notes"] == []
    _run(
        database,
        "INSERT INTO population.unit_count (level, unit_code, year, people, method) VALUES ('city', 'DT99', 2025, 8, 'census')",
    )
    _refresh(database)
    (note,) = (await client.get("/rollups/population_density_km2?lang=en")).json()["notes"]
    assert "DT99" in note
    assert (await client.get("/rollups/parcel_count")).json()["notes"] == []
