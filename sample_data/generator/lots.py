"""Division of blocks into lots: rows of narrow houses, irregular old lots, village gardens, strips of fields."""

from itertools import pairwise

import numpy as np
import shapely
from shapely import affinity
from shapely.geometry import LineString, Polygon, box
from shapely.geometry.base import BaseGeometry
from shapely.ops import split

from sample_data.generator.frame import polygons_of, rectangle_corners

Lots = list[Polygon]


def divide(block: Polygon, use: str, rng: np.random.Generator) -> Lots:
    """Divide a block in the way of the district's use; the lots cover the block."""
    if use in ("urban", "new"):
        return _rows_of_houses(block, 6.3 if use == "urban" else 6.6, rng)
    target = {"old": 145.0, "village": 520.0, "field": 3000.0, "industry": 9000.0, "hill": 26_000.0}.get(use)
    return [block] if target is None else _halves(block, target, rng)


def _long_axis(shape: Polygon) -> tuple[float, float, float]:
    """Give the angle (degrees) of the longer side of the smallest rectangle around a shape, and both its sides."""
    sides = np.diff(rectangle_corners(shape)[:3], axis=0)
    lengths = np.hypot(sides[:, 0], sides[:, 1])
    longest = int(np.argmax(lengths))
    angle = float(np.degrees(np.arctan2(sides[longest, 1], sides[longest, 0])))
    return angle, float(lengths[longest]), float(lengths[1 - longest])


def _halves(shape: Polygon, target_m2: float, rng: np.random.Generator) -> Lots:
    """Cut a shape across its longer axis again and again, until its parts are near the target."""
    if shape.area < target_m2 * rng.uniform(1.05, 1.9) or shape.area < 40:
        return [shape]
    angle, length, width = _long_axis(shape)
    middle = shape.centroid
    at = (rng.uniform(0.42, 0.58) - 0.5) * length
    cut = affinity.rotate(LineString([(at, -length - width), (at, length + width)]), angle + rng.uniform(-3, 3), origin=(0, 0))
    parts = polygons_of(split(shape, affinity.translate(cut, middle.x, middle.y)))
    if len(parts) < 2:
        return [shape]
    return [lot for part in parts for lot in _halves(part, target_m2, rng)]


def _rows_of_houses(block: Polygon, frontage_m: float, rng: np.random.Generator) -> Lots:
    """Cut a block along its middle into two rows and each row into narrow lots; a corner lot may be wider."""
    angle, length, width = _long_axis(block)
    if length < 12 or block.area < 60:
        return [block]
    middle = block.centroid
    level = affinity.rotate(block, -angle, origin=middle)
    west, south, east, north = level.bounds
    rows = max(1, round(width / 22))
    edges = np.linspace(south, north, rows + 1)
    edges[0], edges[-1] = south - 1, north + 1
    strips = []
    for low, high in pairwise(edges):
        widths = rng.choice([0.85, 1.0, 1.0, 1.25, 1.8], size=int(length / frontage_m) + 4, p=[0.25, 0.4, 0.2, 0.1, 0.05])
        cuts = west - 1 + np.cumsum(widths * frontage_m * 1.02)
        cuts = np.concatenate([[west - 1], cuts[cuts < east - frontage_m * 0.7], [east + 1]])
        strips += [box(a, low, b, high) for a, b in pairwise(cuts)]
    pieces = [part for piece in shapely.intersection(level, np.array(strips)) for part in polygons_of(piece)]
    return [affinity.rotate(piece, angle, origin=middle) for piece in _joined(pieces, 28.0)]


def _joined(pieces: Lots, smallest_m2: float) -> Lots:
    """Give each crumb to the neighbour with which it shares the longest side."""
    large = [piece for piece in pieces if piece.area >= smallest_m2]
    for crumb in (piece for piece in pieces if piece.area < smallest_m2):
        shared = [shapely.intersection(crumb.buffer(0.01), lot).area for lot in large]
        best = int(np.argmax(shared)) if large else -1
        union: BaseGeometry = shapely.union(large[best], crumb, grid_size=1e-6) if large else crumb
        if large and isinstance(union, Polygon):
            large[best] = union
        else:
            large.append(crumb)
    return large
