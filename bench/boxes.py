"""Random boxes and places of the city, the same for every server; boxes are chosen so that each holds about as many parcels."""

import math
import random
from collections.abc import Sequence

from bench.city import City

Box = tuple[float, float, float, float]


def boxes(city: City, rows_each: int, count: int, seed: int = 1) -> Sequence[Box]:
    """Give boxes in degrees (west, south, east, north) with about `rows_each` parcels each."""
    chance = random.Random(seed)
    side = math.sqrt(min(1.0, rows_each / city.rows))
    found = []
    for _ in range(count):
        across, up = chance.uniform(0, 1 - side), chance.uniform(0, 1 - side)
        west, south = city.degrees_of(across, up)
        east, north = city.degrees_of(across + side, up + side)
        found.append((round(west, 6), round(south, 6), round(east, 6), round(north, 6)))
    return found


def places(city: City, count: int, seed: int = 2) -> Sequence[tuple[float, float]]:
    """Give longitudes and latitudes, most where the parcels are dense."""
    chance = random.Random(seed)
    return [city.degrees_of(chance.random(), chance.random()) for _ in range(count)]
