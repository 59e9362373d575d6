"""Where a tile lies and how its statement is written; what it draws is tested through the API."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial.crs import COUNTRY_BBOX, WEB_MERCATOR, transformer_to_wgs84
from spatial.errors import NotFound
from spatial.layers import LAYERS, Layer, find_layer
from spatial.selection import LegalPeriod
from spatial.tiles import EXTENT, HALF_WORLD_M, LINEAR_FROM_ZOOM, Detail, Tile, tile_columns, tile_statement, tile_values

WEST, SOUTH, EAST, NORTH = COUNTRY_BBOX
PLACES = {"longitude": st.floats(WEST, EAST), "latitude": st.floats(SOUTH, NORTH), "zoom": st.integers(0, 22)}


@given(**PLACES)
def test_the_tile_at_a_place_holds_it(longitude: float, latitude: float, zoom: int) -> None:
    west, south, east, north = Tile.at(zoom, longitude, latitude).degrees()
    slack = 1e-9
    assert west - slack <= longitude <= east + slack
    assert south - slack <= latitude <= north + slack


@given(**PLACES)
def test_bounds_in_degrees_and_in_metres_are_the_same_place(longitude: float, latitude: float, zoom: int) -> None:
    tile = Tile.at(zoom, longitude, latitude)
    west, south, east, north = tile.mercator()
    to_degrees = transformer_to_wgs84(WEB_MERCATOR)
    assert to_degrees.transform(west, south) == pytest.approx(tile.degrees()[:2], abs=1e-9)
    assert to_degrees.transform(east, north) == pytest.approx(tile.degrees()[2:], abs=1e-9)


@given(longitude=st.floats(WEST, EAST), latitude=st.floats(SOUTH, NORTH), share=st.floats(0, 1))
def test_from_the_linear_zoom_on_straight_latitudes_are_off_by_less_than_a_tenth_of_a_unit(
    longitude: float, latitude: float, share: float
) -> None:
    tile = Tile.at(LINEAR_FROM_ZOOM, longitude, latitude)
    _, south, _, north = tile.degrees()
    _, bottom, _, top = tile.mercator()
    inside = south + share * (north - south)
    northing = 6_378_137 * math.asinh(math.tan(math.radians(inside)))
    assert abs((northing - bottom) / (top - bottom) - share) * EXTENT < 0.1


def test_the_four_children_fill_their_parent() -> None:
    parent = Tile(13, 3600, 6500)
    children = [Tile(14, 7200 + down, 13000 + right).mercator() for down in (0, 1) for right in (0, 1)]
    assert min(child[0] for child in children) == pytest.approx(parent.mercator()[0])
    assert max(child[3] for child in children) == pytest.approx(parent.mercator()[3])
    assert sum((c[2] - c[0]) * (c[3] - c[1]) for c in children) == pytest.approx((2 * HALF_WORLD_M / 2**13) ** 2)


@pytest.mark.parametrize("numbers", [(-1, 0, 0), (23, 0, 0), (3, 8, 0), (3, 0, 8), (3, -1, 0)])
def test_a_tile_that_does_not_exist_is_refused(numbers: tuple[int, int, int]) -> None:
    with pytest.raises(NotFound, match="There is no tile"):
        Tile(*numbers)


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
@pytest.mark.parametrize("zoom", [0, LINEAR_FROM_ZOOM])
@pytest.mark.parametrize("detail", [Detail.FULL, Detail.REDUCED])
def test_every_layer_has_a_statement_whose_parameters_all_have_values(layer: Layer, zoom: int, detail: Detail) -> None:
    statement = tile_statement(layer, zoom, detail)
    arguments = statement.arguments(tile_values(Tile(zoom, 0, 0), LegalPeriod(), 10))
    assert len(arguments) == len(statement.order)
    assert f"${len(arguments)}" in statement.sql
    assert "ST_Transform" in statement.sql or zoom >= LINEAR_FROM_ZOOM


def test_a_tile_carries_the_columns_of_its_declaration_and_no_machinery() -> None:
    for layer in LAYERS:
        names = {column.name for column in tile_columns(layer)}
        assert names == set(layer.tiling.columns)
        assert names.isdisjoint({"batch_id", "folded"})
    assert [column.name for column in tile_columns(find_layer("parcels"), Detail.REDUCED)] == ["land_use_code"]
