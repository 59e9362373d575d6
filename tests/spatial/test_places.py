"""The names that every map carries: where they are written lies in what is shown, in the country, and has a source."""

import csv
from pathlib import Path

import pytest

from spatial import places
from spatial.crs import COUNTRY_BBOX
from spatial.places import PLACES, Place


def test_the_archipelagos_and_the_sea_are_there() -> None:
    assert [(place.name.vi, place.name.en) for place in PLACES] == [
        ("Quần đảo Hoàng Sa", "Hoang Sa Archipelago"),
        ("Quần đảo Trường Sa", "Truong Sa Archipelago"),
        ("Biển Đông", "East Sea"),
    ]
    belongs = {place.code: place.part_of and place.part_of.vi for place in PLACES}
    assert belongs == {"hoang_sa": "Thành phố Đà Nẵng", "truong_sa": "Tỉnh Khánh Hòa", "bien_dong": None}


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.code)
def test_a_name_is_written_inside_of_what_is_shown_for_it(place: Place) -> None:
    west, south, east, north = place.bbox
    assert west < place.lon < east
    assert south < place.lat < north
    assert COUNTRY_BBOX[0] <= west < east <= COUNTRY_BBOX[2]
    assert COUNTRY_BBOX[1] <= south < north <= COUNTRY_BBOX[3]


def test_every_row_says_where_it_is_from() -> None:
    with Path(places.__file__).with_suffix(".csv").open(encoding="utf-8", newline="") as lines:
        assert all(len(row["source"]) > 20 for row in csv.DictReader(lines))
