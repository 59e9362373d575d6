"""Feature statements: compiled once per shape, values bound, the spatial index used, the plan chosen by the number of rows."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import psycopg2
import pytest

from spatial.area import area_of
from spatial.crs import CRS84, parse_crs
from spatial.errors import InvalidInput
from spatial.features import FeatureQuery, SortKey
from spatial.features.density import CELLS, SORTED_ROWS, Density, read_density
from spatial.features.query import Begin
from spatial.features.statement import count_statement, page_statement
from spatial.filters import parse_filter
from spatial.layers import LAYERS, find_layer
from spatial.selection import Bbox, LegalPeriod
from tests.api.conftest import PARCEL_GRID, writing
from tests.conftest import Database, admin_cursor, cloned

PARCELS = find_layer("parcels")
TODAY = LegalPeriod.on(date(2026, 1, 1))
QUERY = FeatureQuery(PARCELS, TODAY)
SMALL_BOX = Bbox(105.801, 21.001, 105.8012, 21.0012)
SIDE = 120


@pytest.fixture(scope="module")
def city(cluster: Any, template: str) -> Iterator[Database]:
    """14,400 parcels with statistics."""
    with cloned(cluster, template) as database:
        writing(database)(PARCEL_GRID, side=SIDE)
        with admin_cursor(database.url) as cursor:
            cursor.execute("VACUUM ANALYZE land.parcel")
        yield database


def inlined(query: FeatureQuery, **options: Any) -> str:
    """Write the statement with its arguments as literals, for psycopg2."""
    statement, arguments = page_statement(query, **options)

    def literal(found: re.Match[str]) -> str:
        value = arguments[int(found[1]) - 1]
        return str(psycopg2.extensions.adapt(value).getquoted().decode())

    return re.sub(r"\$(\d+)", literal, statement.sql).replace("::VARCHAR", "::text")


def plan(database: Database, query: FeatureQuery, **options: Any) -> str:
    with admin_cursor(database.url) as cursor:
        cursor.execute("EXPLAIN (COSTS OFF) " + inlined(query, **options).replace("%", "%%"), ())
        return "\n".join(row[0] for row in cursor.fetchall())


# -- shapes ---------------------------------------------------------------------------------------------------------------


def test_values_never_make_a_new_statement() -> None:
    shapes = [
        replace(QUERY, bbox=SMALL_BOX, equals=(("land_use_code", "ODT"),), limit=7, offset=3),
        replace(QUERY, bbox=Bbox(1, 2, 3, 4), equals=(("land_use_code", "'; DROP"),), limit=99, offset=1),
    ]
    first, second = (page_statement(query) for query in shapes)
    assert first[0] is second[0]
    assert "'; DROP" in second[1]
    assert "DROP" not in second[0].sql


def test_the_same_filter_is_compiled_once() -> None:
    def statement(text: str) -> Any:
        return page_statement(replace(QUERY, condition=parse_filter(PARCELS, text)))[0]

    assert statement("code = 'a'") is statement("code = 'a'")
    assert statement("code = 'a'") is not statement("code = 'b'")


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_each_layer_in_each_shape_is_sql_that_postgis_takes(city: Database, layer: Any) -> None:
    filtered = parse_filter(layer, "code LIKE 'a%' AND S_INTERSECTS(geom, BBOX(105, 20, 106, 21))")
    shapes: list[dict[str, Any]] = [
        {},
        {"bbox": SMALL_BOX, "crs": parse_crs("EPSG:9210")},
        {"bbox": Bbox(170, 1, -170, 2), "crs": parse_crs("EPSG:4326")},
        {"bbox": Bbox(500_000, 2_300_000, 600_000, 2_400_000, parse_crs("EPSG:9210"))},
        {"condition": filtered, "sort": (SortKey("code", True), SortKey("valid_to"))},
        {"begin": Begin((5,), 1), "as_of": 1},
        {"sort": (SortKey("commune_code"),), "begin": Begin((None, 5), 1), "as_of": 1, "condition": filtered},
        {"sort": (SortKey("commune_code", True),), "begin": Begin(("x", 5), 1), "offset": 2},
        {"columns": (), "with_geometry": False, "period": LegalPeriod(None, date(2020, 1, 1))},
    ]
    for shape in shapes:
        assert plan(city, replace(FeatureQuery(layer, LegalPeriod()), **shape))
        statement, arguments = count_statement(replace(FeatureQuery(layer, LegalPeriod()), **shape))
        assert statement.sql.count("$") >= len(arguments)


# -- plans ----------------------------------------------------------------------------------------------------------------


def test_a_small_box_is_found_by_the_spatial_index(city: Database) -> None:
    found = plan(city, replace(QUERY, bbox=SMALL_BOX), spatial_first=True)
    assert "parcel_geom_idx" in found
    assert found.count("parcel_geom_idx") == 1
    assert "parcel_pkey" not in found


def test_a_box_in_metres_is_found_by_the_spatial_index(city: Database) -> None:
    box = Bbox(583_000, 2_322_100, 583_020, 2_322_120, parse_crs("EPSG:9209"))
    assert "parcel_geom_idx" in plan(city, replace(QUERY, bbox=box), spatial_first=True)


def test_a_box_as_of_a_version_is_found_by_the_spatial_index(city: Database) -> None:
    found = plan(city, replace(QUERY, bbox=SMALL_BOX, as_of=1, begin=Begin((5,), 1)), spatial_first=True)
    assert "parcel_geom_idx" in found


def test_a_spatial_filter_uses_the_index(city: Database) -> None:
    condition = parse_filter(PARCELS, "S_INTERSECTS(geom, BBOX(105.801, 21.001, 105.8012, 21.0012))")
    assert "parcel_geom_idx" in plan(city, replace(QUERY, condition=condition))


def test_a_deep_page_begins_by_the_key(city: Database) -> None:
    found = plan(city, replace(QUERY, begin=Begin((14_000,), 1)))
    assert re.search(r"Index Scan using parcel_pkey.*\n\s*Index Cond: \(id > ", found), found


async def test_the_density_grid_is_near_the_truth(city: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncpg

    monkeypatch.setattr("spatial.features.density._READ", _read_even_small())
    connection = await asyncpg.connect(city.login("dothi_api"))
    density = await read_density(connection, PARCELS)
    await connection.close()
    assert density.rows == SIDE * SIDE
    whole = (105.7, 20.9, 105.9, 21.1)
    assert density.rows_in(whole) == pytest.approx(SIDE * SIDE, rel=0.01)
    quarter = (105.8, 21.0, 105.806, 21.006)
    assert density.rows_in(quarter) == pytest.approx(60 * 60, rel=0.15)
    assert density.rows_in((1.0, 1.0, 2.0, 2.0)) == 0


def _read_even_small() -> str:
    from spatial.features import density

    return density._READ.replace(f"> {density.SMALL_TABLE_ROWS}", "> 0")


def test_the_plan_follows_the_number_of_rows() -> None:
    import numpy as np

    sums = np.outer(np.arange(CELLS + 1), np.arange(CELLS + 1)) / CELLS**2 * 1_000_000
    density = Density(1_000_000, (105.0, 20.0, 106.0, 21.0), sums)
    assert density.prefers_spatial_index(Bbox(105.5, 20.5, 105.51, 20.51))
    assert density.rows_in((105.0, 20.0, 105.5, 20.5)) == pytest.approx(250_000)
    assert SORTED_ROWS < 250_000
    assert not density.prefers_spatial_index(Bbox(105.0, 20.0, 105.5, 20.5))
    assert not density.prefers_spatial_index(None)
    assert Density(100).prefers_spatial_index(Bbox(105.0, 20.0, 106.0, 21.0))


# -- areas ----------------------------------------------------------------------------------------------------------------


def test_a_box_of_a_projection_covers_its_own_corners_in_degrees() -> None:
    zone = parse_crs("EPSG:9210")
    area = area_of(Bbox(500_000, 2_300_000, 510_000, 2_310_000, zone))
    [(west, south, east, north)] = area.boxes
    assert (west, east) == pytest.approx((105.752, 105.848), abs=0.002)
    assert (south, north) == pytest.approx((20.79, 20.89), abs=0.01)
    assert area.outline


def test_a_box_beyond_its_projection_is_refused() -> None:
    with pytest.raises(InvalidInput, match="EPSG:9210"):
        area_of(Bbox(1e300, 1e300, 1e301, 1e301, parse_crs("EPSG:9210")))


def test_a_box_without_width_is_a_point_or_a_line() -> None:
    assert area_of(Bbox(105, 21, 105, 21, CRS84)).outline
    assert area_of(Bbox(105, 21, 106, 21, CRS84)).outline
    assert area_of(Bbox(105, 21, 106, 22, CRS84)).outline is None
