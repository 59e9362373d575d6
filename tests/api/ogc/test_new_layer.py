"""A layer is one declaration and one migration, nothing else: a throwaway one is found at every door."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg2
import pytest
import shapely
from fastapi import FastAPI
from sqlalchemy import Engine, Index, Integer, MetaData, NullPool, Text, create_engine, text
from sqlalchemy.orm import DeclarativeBase, Mapped

from api.app import create_app
from ingest.load import load_files
from ingest.options import LoadOptions
from ingest.report import LoadReport
from ingest.rollback import roll_back
from spatial.layers import LANDSCAPE, LAYERS, Layer, Style, Tiling
from spatial.layers import Text as Words
from spatial.publish import publish_layers
from spatial.settings import Settings
from spatial.tables import Base, LandUse
from spatial.tables.bands import Band
from spatial.tables.base import NAMING, LayerRow, column
from spatial.tiles import Tile
from spatial.users import Role
from tests.api.conftest import serving, writing
from tests.conftest import Database, admin_cursor, sqlalchemy_url
from tests.ingest.files import write_layer
from tests.spatial.people import HOME, make_user, session, settle


class OwnBase(DeclarativeBase):
    """Apart from the project's models, which the migrated database must equal."""

    metadata = MetaData(naming_convention=NAMING)


class Tree(LayerRow, OwnBase):
    """A street tree."""

    __tablename__ = "street_tree"
    schema = "landscape"
    comment = "Cây đường phố"
    geometry_type = "POINT"
    layer_constraints = (Index("street_tree_species_idx", "species"),)

    species: Mapped[str] = column(Text, "Loài cây", "Species")
    girth_cm: Mapped[int | None] = column(
        Integer, "Chu vi thân (cm)", "Girth (cm)", band=Band(0, 5_000, "the thickest tree on earth")
    )
    land_use_code: Mapped[str | None] = column(Text, "Mã loại đất", "Land use", codes=LandUse)


TREES = Layer(
    "street_trees",
    Tree,
    Words("Cây đường phố", "Street trees"),
    Words("Cây xanh dọc đường phố.", "Trees along streets."),
    LANDSCAPE,
    Style(fill="#2E7D32", label_column="species"),
    Tiling(12, ("species", "girth_cm")),
)
PLANT = """
    INSERT INTO landscape.street_tree (code, species, girth_cm, province_code, commune_code, valid_from, geom)
    SELECT 'cay' || n, CASE WHEN n % 2 = 0 THEN 'Xà cừ' ELSE 'Bằng lăng' END, n * 10, '01', '99001', '2020-01-01',
        ST_SetSRID(ST_MakePoint(105.8 + n * 0.0001, 21), 4326) FROM generate_series(1, 5) n"""


@pytest.fixture
def migrated(database: Database) -> Database:
    """The database after the layer's migration (table, tracking) and `dothi db migrate` (rights, style)."""
    engine = create_engine(sqlalchemy_url(database.url), poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL ROLE dothi_owner"))
        OwnBase.metadata.create_all(connection)
        connection.execute(text("SELECT ingest.track_table('landscape.street_tree')"))
        publish_layers(connection, (*LAYERS, TREES))
    engine.dispose()
    return database


@pytest.fixture
def app(migrated: Database, settings: Settings) -> FastAPI:
    return create_app(settings, database_url=migrated.login("dothi_api"), layers=(*LAYERS, TREES))


@pytest.fixture
async def client(app: FastAPI, migrated: Database) -> AsyncIterator[httpx.AsyncClient]:
    writing(migrated)(PLANT)
    async with serving(app) as asking:
        yield asking


async def test_items_filters_and_order(client: httpx.AsyncClient) -> None:
    async def species(**asked: Any) -> list[str]:
        page = (await client.get("/ogc/collections/street_trees/items", params=asked)).json()
        return [feature["properties"]["species"] for feature in page["features"]]

    assert len(await species()) == 5
    assert await species(species="Xà cừ", sortby="-girth_cm") == ["Xà cừ", "Xà cừ"]
    assert await species(filter="accenti(species) LIKE 'Bang%' AND girth_cm > 10") == ["Bằng lăng", "Bằng lăng"]
    assert await species(bbox="105.80005,20.9,105.80015,21.1") == ["Bằng lăng"]


async def test_collection_queryables_schema_and_openapi(client: httpx.AsyncClient) -> None:
    listed = (await client.get("/ogc/collections")).json()["collections"]
    assert listed[-1]["id"] == "street_trees"
    queryables = (await client.get("/ogc/collections/street_trees/queryables")).json()["properties"]
    assert queryables["girth_cm"] == {"title": "Chu vi thân (cm)", "type": "integer"}
    assert queryables["geom"]["format"] == "geometry-point"
    schema = (await client.get("/ogc/collections/street_trees/schema?lang=en")).json()["properties"]
    assert schema["species"]["title"] == "Species"
    assert "/collections/street_trees/items" in (await client.get("/ogc/api")).json()["paths"]


async def test_tiles(client: httpx.AsyncClient) -> None:
    tile = Tile.at(16, 105.8003, 21.0)
    answer = await client.get(f"/ogc/collections/street_trees/tiles/WebMercatorQuad/16/{tile.row}/{tile.col}")
    assert answer.status_code == 200
    assert "Xà cừ".encode() in answer.content


async def test_its_stable_address(client: httpx.AsyncClient) -> None:
    answer = await client.get("/id/street_trees/cay3")
    assert answer.status_code == 303
    assert (await client.get(answer.headers["location"])).json()["properties"]["code"] == "cay3"


def test_grants(migrated: Database) -> None:
    with admin_cursor(migrated.login("dothi_public")) as cursor:
        cursor.execute("SELECT count(*) FROM landscape.street_tree")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("DELETE FROM landscape.street_tree")
    with admin_cursor(migrated.url) as cursor:
        cursor.execute("SELECT has_table_privilege('dothi_editor', 'landscape.street_tree', 'INSERT, UPDATE, DELETE')")
        assert cursor.fetchone() == (True,)


def test_a_file_loads_and_bad_rows_wait(migrated: Database, tmp_path: Path) -> None:
    path = write_layer(
        tmp_path / "trees.gpkg",
        [shapely.Point(105.8, 21.0), shapely.Point(105.8001, 21.0)],
        {"code": ["a", "b"], "species": ["Xà cừ", "Sấu"], "girth_cm": [90, -1], "valid_from": ["2020-01-01"] * 2},
        crs="EPSG:4326",
        geometry_type="Point",
    )
    engine = create_engine(sqlalchemy_url(migrated.url), poolclass=NullPool)
    (first,) = load_files(engine, TREES, [path], LoadOptions())
    (again,) = load_files(engine, TREES, [path], LoadOptions())
    engine.dispose()
    assert (first.added, first.quarantined, first.issues["value_implausible"]) == (1, 1, 1)
    assert (again.added, again.unchanged, again.wrote) == (0, 1, False)


def test_history(migrated: Database) -> None:
    write = writing(migrated)
    write(PLANT)
    write("UPDATE landscape.street_tree SET girth_cm = 99 WHERE code = 'cay1'")
    with admin_cursor(migrated.url) as cursor:
        cursor.execute("SELECT girth_cm, batch_to > batch_from FROM history.landscape__street_tree")
        assert cursor.fetchall() == [(10, True)]
        cursor.execute("SELECT count(*) FROM ingest.layer_version WHERE table_name = 'landscape.street_tree'")
        assert cursor.fetchone() == (1,)


def test_qgis_style(migrated: Database) -> None:
    with admin_cursor(migrated.login("dothi_reader")) as cursor:
        cursor.execute(
            "SELECT f_geometry_column, useasdefault, styleqml::text FROM public.layer_styles"
            " WHERE f_table_schema = 'landscape' AND f_table_name = 'street_tree'"
        )
        [(geometry, is_default, style)] = cursor.fetchall()
    assert (geometry, is_default) == ("geom", True)
    assert "46,125,50" in style


# -- files and edits ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def town(migrated: Database) -> Iterator[Engine]:
    """The database with communes, and the layer among those that the project knows, as its declaration would make it."""
    settle(migrated)
    declared = TREES.table.to_metadata(Base.metadata)
    engine = create_engine(sqlalchemy_url(migrated.url), poolclass=NullPool)
    yield engine
    engine.dispose()
    Base.metadata.remove(declared)


def load_trees(engine: Engine, path: Path) -> LoadReport:
    (report,) = load_files(engine, TREES, [path], LoadOptions())
    return report


@pytest.fixture
def trees(tmp_path: Path) -> Path:
    """Three trees of the commune HOME, one of them of no species."""
    places = [shapely.Point(105.01 + n * 0.00012345678, 20.01) for n in range(3)]
    columns: dict[str, list[Any]] = {
        "code": ["t1", "t2", "t3"],
        "species": ["Xà cừ", "Bằng lăng", None],
        "girth_cm": [90, 120, 60],
    }
    return write_layer(tmp_path / "trees.gpkg", places, columns, crs="EPSG:4326", geometry_type="Point")


async def test_a_file_is_loaded_served_edited_and_taken_back(
    town: Engine, migrated: Database, settings: Settings, trees: Path
) -> None:
    report = load_trees(town, trees)
    assert (report.rows_in, report.added, report.quarantined) == (3, 2, 1)
    assert report.issues["value_missing"] == 1
    again = load_trees(town, trees)
    assert (again.unchanged, again.quarantined, again.wrote) == (2, 1, False)

    async with serving(create_app(settings, database_url=migrated.login("dothi_api"), layers=(*LAYERS, TREES))) as client:
        page = (await client.get("/ogc/collections/street_trees/items")).json()
        found = {feature["properties"]["code"]: feature for feature in page["features"]}
        assert found.keys() == {"t1", "t2"}
        assert found["t2"]["properties"]["commune_code"] == HOME
        assert found["t2"]["geometry"]["coordinates"] == [105.0101235, 20.01]
        point = shapely.from_geojson(str(found["t2"]["geometry"]).replace("'", '"')).wkt
        asked = {"filter": f"S_EQUALS(geom, {point})"}
        same = (await client.get("/ogc/collections/street_trees/items", params=asked)).json()
        assert [feature["properties"]["code"] for feature in same["features"]] == ["t2"]
        tile = Tile.at(16, 105.0101, 20.01)
        answer = await client.get(f"/ogc/collections/street_trees/tiles/WebMercatorQuad/16/{tile.row}/{tile.col}")
        assert "Bằng lăng".encode() in answer.content
        assert (await client.get("/id/street_trees/t1")).status_code == 303

    with session(make_user(migrated, "lan", Role.EDITOR, HOME)) as cursor:
        cursor.execute(
            "INSERT INTO landscape.street_tree (code, species, commune_code, geom)"
            f" VALUES ('t4', 'Sấu', '{HOME}', 'SRID=4326;POINT(105.0212345678 20.01)') RETURNING province_code, ST_X(geom)"
        )
        assert cursor.fetchall() == [("37", 105.0212346)]
        for change, words in (
            ("land_use_code = 'XXX'", "không có mã XXX"),
            ("girth_cm = -1", "«Chu vi thân (cm)» = -1: phải từ 0 đến 5.000"),
            ("species = NULL", "Chưa nhập «Loài cây»"),
            ("geom = ST_Translate(geom, 1, 0)", "ngoài địa bàn"),
        ):
            cursor.execute("SAVEPOINT before")
            with pytest.raises(psycopg2.Error, match=words.replace("(", r"\(").replace(")", r"\)")):
                cursor.execute(f"UPDATE landscape.street_tree SET {change} WHERE code = 't4'")
            cursor.execute("ROLLBACK TO before")

    assert report.batch is not None
    assert roll_back(town, report.batch).removed == 2
    with session(migrated.url) as cursor:
        cursor.execute("SELECT code FROM landscape.street_tree")
        assert cursor.fetchall() == [("t4",)]
        cursor.execute("SELECT code FROM history.landscape__street_tree ORDER BY code")
        assert cursor.fetchall() == [("t1",), ("t2",)]
