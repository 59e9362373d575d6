"""Finds parcels that overlap, among a million in seconds: most are cleared by their edges alone. Changes no geometry.

A parcel all of whose edges are a neighbour's edges the other way round lies in a mosaic, in which nothing overlaps. Where two
mosaics lie over each other, the border of one of them crosses the other: from there the search goes on to the neighbours of
what it finds.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from sqlalchemy import Connection

from ingest.drawn import CELL_ROWS, Drawn
from ingest.issues import Issue, IssueCode
from ingest.source import GeometryArray
from spatial.statements import read_statement

OVERLAP_MIN_M2 = 0.1
"""Overlap below the last digit of a cadastral area is rounding."""
SLIVER_WIDTH_M = 0.2
"""An overlap thinner than this is a matter of edge matching, not of two claims to one ground."""
MOST_PAIRS = 100_000
"""After so many overlaps the search ends: the file is not a cadastral map, or was drawn over another."""
_PAIRS_AT_ONCE, _ROWS_AT_ONCE = 20_000, 200
_MANY_VERTICES = 64
_CROWD, _MOST_MEETINGS = 100, 5_000_000
"""Boxes that meet one box, and all boxes of a cell, beyond which shapes are heaped up."""

_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0x165667B19E3779F9))
"""Odd 64-bit constants that spread the bits of coordinates over a hash."""

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Overlaps:
    """Pairs of shapes by position, the smaller first, with the area (m2) and the mean width (m) of what they share."""

    pairs: Positions
    area_m2: npt.NDArray[np.float64]
    width_m: npt.NDArray[np.float64]


def check_overlaps(drawn: Drawn, cell_rows: int = CELL_ROWS) -> list[Issue]:
    """Warn of parcels of a file that overlap while both are in force, each pair once at its later row."""
    found: dict[tuple[int, int], Issue] = {}
    for at in drawn.cells(cell_rows):
        for overlaps in find_overlaps(drawn.metric(at)):
            rows = drawn.rows[at[overlaps.pairs]]
            periods = drawn.periods[at[overlaps.pairs]]
            at_once = periods[:, :, 0].max(axis=1) < periods[:, :, 1].min(axis=1)
            for i in np.flatnonzero(at_once):
                first, later = sorted(rows[i].tolist())
                found[first, later] = overlap_issue(later, str(first), float(overlaps.area_m2[i]), float(overlaps.width_m[i]))
            if len(found) >= MOST_PAIRS:
                return [*found.values(), Issue(IssueCode.OVERLAP_BY_PART, detail=str(len(found)))]
    return list(found.values())


def check_published(connection: Connection, batch_id: int) -> list[Issue]:
    """Warn of parcels that a load has just written and that overlap others which were published before."""
    values = {"batch": batch_id, "least_m2": OVERLAP_MIN_M2, "most": MOST_PAIRS}
    found = connection.execute(read_statement("loading/overlaps"), values).all()
    issues = [overlap_issue(row.row_no, row.code, row.area_m2, row.width_m) for row in found]
    return [*issues, Issue(IssueCode.OVERLAP_BY_PART, detail=str(len(found)))] if len(found) == MOST_PAIRS else issues


def overlap_issue(row: int, other: str, area_m2: float, width_m: float) -> Issue:
    """Tell of an overlap with another parcel, named by its row of the file or by its code."""
    code = IssueCode.SLIVER if width_m < SLIVER_WIDTH_M else IssueCode.OVERLAP
    return Issue(code, row, detail=f"{other}: {area_m2:.2f} m²")


def find_overlaps(shapes: GeometryArray) -> Iterator[Overlaps]:
    """Yield the pairs of shapes that share ground, each once, some thousands at a time.

    Args:
        shapes: valid polygons in metres.
    """
    loose = np.flatnonzero(_has_unpaired_edge(shapes))
    if not loose.size:
        return
    tree = shapely.STRtree(shapes)
    suspects = _suspects(tree, shapes, loose)
    known = np.zeros(len(shapes), dtype=bool)
    known[suspects] = True
    done = np.zeros(len(shapes), dtype=bool)
    while suspects.size:
        met = np.zeros(len(shapes), dtype=bool)
        for some in _split(suspects, _ROWS_AT_ONCE):
            for overlaps in _measured(shapes, _pairs(tree, shapes, some, done)):
                met[overlaps.pairs.ravel()] = True
                yield overlaps
            done[some] = True
        suspects = np.flatnonzero(met & ~known)
        known |= met


def _suspects(tree: shapely.STRtree, shapes: GeometryArray, loose: Positions) -> Positions:
    """Give the shapes that may overlap, by GEOS's check of a coverage, which costs 7 s per million: for who is near loose edges.

    Where shapes are heaped up the check would take for ever; those are suspected without it.
    """
    near, crowded = np.zeros(len(shapes), dtype=bool), np.zeros(len(shapes), dtype=bool)
    crowded[loose] = True
    met = 0
    for some in _split(loose, _ROWS_AT_ONCE):
        left, right = tree.query(shapes[some])
        near[some] = near[right] = True
        crowded[some] = np.bincount(left, minlength=len(some)) > _CROWD
        if (met := met + len(right)) > _MOST_MEETINGS:
            break
    around = np.flatnonzero(near & ~crowded)
    invalid = around[~shapely.is_empty(shapely.coverage_invalid_edges(shapes[around]))]
    return np.concatenate([np.flatnonzero(crowded), invalid])


def _pairs(tree: shapely.STRtree, shapes: GeometryArray, some: Positions, done: npt.NDArray[np.bool_]) -> Positions:
    """Give the pairs (n, 2) of some shapes and whom they meet, but for those that are done."""
    left, right = tree.query(shapes[some], predicate="intersects")
    pairs = np.column_stack([some[left], right])[~done[right]]
    distinct: Positions = np.unique(np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1), axis=0)
    return distinct


def _split(at: Positions, most: int) -> list[Positions]:
    return np.array_split(at, range(most, len(at), most))


def _measured(shapes: GeometryArray, pairs: Positions) -> Iterator[Overlaps]:
    """Keep the pairs that share ground, and measure it."""
    for some in _split(pairs, _PAIRS_AT_ONCE):
        common = _common(shapes[some[:, 0]], shapes[some[:, 1]])
        area = shapely.area(common)
        width = 2.0 * area / np.maximum(shapely.length(common), 1e-9)
        real = area > OVERLAP_MIN_M2
        if real.any():
            yield Overlaps(some[real], area[real], width[real])


def _common(left: GeometryArray, right: GeometryArray) -> GeometryArray:
    """Intersect pairs; where one has many vertices and holds the other, the other is what they share."""
    common = np.empty(len(left), dtype=object)
    rest = np.ones(len(left), dtype=bool)
    for one, other in ((left, right), (right, left)):
        large = np.flatnonzero(rest & (shapely.get_num_coordinates(one) > _MANY_VERTICES))
        shapely.prepare(one[large])
        held = large[shapely.covers(one[large], other[large])]
        common[held], rest[held] = other[held], False
    common[rest] = shapely.intersection(left[rest], right[rest])
    return common


def _has_unpaired_edge(shapes: GeometryArray) -> npt.NDArray[np.bool_]:
    """Say which shapes have an edge that is not met exactly once in the other direction.

    All in flat arrays: a million shapes as rings of their own would take a gigabyte.
    """
    coordinates, ring_start, owner_of_ring, is_hole = _rings(shapes)
    bits = (coordinates + 0.0).view(np.uint64)  # + 0.0 turns -0.0 into 0.0
    with np.errstate(over="ignore"):
        vertex = bits[:, 0] * _MIX[0] ^ (bits[:, 1] * _MIX[1] >> np.uint64(7))
        edge = np.minimum(vertex[:-1], vertex[1:]) * _MIX[2] + np.maximum(vertex[:-1], vertex[1:])
    turned = (_signed_areas(coordinates, ring_start) < 0) ^ is_hole
    ring = np.repeat(np.arange(len(is_hole), dtype=np.int32), np.diff(ring_start))
    inner = ring[1:] == ring[:-1]
    forward = ((vertex[:-1] < vertex[1:]) ^ turned[ring[:-1]])[inner]
    ring, edge = ring[:-1][inner], edge[inner]
    order = np.argsort(edge)
    paired = _pairs_of_opposites(edge[order], forward[order])
    unpaired = np.zeros(len(shapes), dtype=bool)
    unpaired[owner_of_ring[ring[order[~paired]]]] = True
    return unpaired


def _pairs_of_opposites(edge: npt.NDArray[np.uint64], forward: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Say which of the sorted edges occur exactly twice, once each way."""
    same_as_next = np.append(edge[1:] == edge[:-1], False)
    same_as_previous = np.append(False, same_as_next[:-1])
    next_is_last = np.append(~same_as_next[1:], True)
    opposite_next = np.append(forward[1:] != forward[:-1], False)
    first = same_as_next & ~same_as_previous & next_is_last & opposite_next
    both: npt.NDArray[np.bool_] = first | np.append(False, first[:-1])
    return both


def _rings(
    shapes: GeometryArray,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Give all vertices, where each ring starts (and the end), the shape that owns each ring, and which rings are holes."""
    kind, coordinates, offsets = shapely.to_ragged_array(shapes, include_z=False)
    ring_start, polygon_start = (np.asarray(offset, dtype=np.int64) for offset in offsets[:2])
    owner = np.arange(len(polygon_start) - 1)
    if kind is shapely.GeometryType.MULTIPOLYGON:
        owner = np.repeat(np.arange(len(shapes)), np.diff(offsets[2]))
    is_hole = np.ones(len(ring_start) - 1, dtype=bool)
    is_hole[polygon_start[:-1]] = False
    return coordinates, ring_start, np.repeat(owner, np.diff(polygon_start)), is_hole


def _signed_areas(coordinates: npt.NDArray[np.float64], ring_start: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Give twice the area of each ring, positive where it runs counter-clockwise."""
    x, y = (coordinates - coordinates.mean(axis=0)).T
    cross = np.zeros(len(x))
    cross[:-1] = x[:-1] * y[1:] - x[1:] * y[:-1]
    cross[ring_start[1:] - 1] = 0.0  # from a ring's last vertex to the next ring is no edge
    areas: npt.NDArray[np.float64] = np.add.reduceat(cross, ring_start[:-1])
    return areas
