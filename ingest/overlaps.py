"""Finds parcels that overlap, among a million in seconds: most are cleared by their edges alone. Changes no geometry."""

import numpy as np
import numpy.typing as npt
import shapely

from ingest.issues import Issue, IssueCode
from ingest.source import GeometryArray

OVERLAP_MIN_M2 = 0.1
"""Overlap below the last digit of a cadastral area is rounding."""
SLIVER_WIDTH_M = 0.2
"""An overlap thinner than this is a matter of edge matching, not of two claims to one ground."""

_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0x165667B19E3779F9))
"""Odd 64-bit constants that spread the bits of coordinates over a hash."""


def check_overlaps(geometries: GeometryArray, rows: npt.NDArray[np.int64]) -> list[Issue]:
    """Warn of parcels that overlap, each pair once at its later row.

    Args:
        geometries: valid polygons in a metric CRS, missing ones allowed.
        rows: row numbers.
    """
    present = np.flatnonzero(~(shapely.is_missing(geometries) | shapely.is_empty(geometries)))
    if len(present) < 2:
        return []
    shapes = geometries[present]
    pairs = _overlapping_pairs(shapes)
    common = shapely.intersection(shapes[pairs[:, 0]], shapes[pairs[:, 1]])
    area = shapely.area(common)
    width = 2.0 * area / np.maximum(shapely.length(common), 1e-9)
    return [
        Issue(
            IssueCode.SLIVER if width[i] < SLIVER_WIDTH_M else IssueCode.OVERLAP,
            int(rows[present[pairs[i, 1]]]),
            detail=f"{int(rows[present[pairs[i, 0]]])}: {area[i]:.2f} m²",
        )
        for i in np.flatnonzero(area > OVERLAP_MIN_M2)
    ]


def _overlapping_pairs(shapes: GeometryArray) -> npt.NDArray[np.int64]:
    """Give the pairs (n, 2) that may overlap: who breaks the coverage, with whom their boxes meet.

    A parcel all of whose edges are a neighbour's edges the other way round lies in the mosaic. Only the others, and
    whoever is near them, go through GEOS's coverage check, which costs 7 s per million.
    """
    none = np.empty((0, 2), dtype=np.int64)
    loose = np.flatnonzero(_has_unpaired_edge(shapes))
    if not loose.size:
        return none
    tree = shapely.STRtree(shapes)
    around = np.unique(np.concatenate([loose, tree.query(shapes[loose])[1]]))
    suspects = around[~shapely.is_empty(shapely.coverage_invalid_edges(shapes[around]))]
    if not suspects.size:
        return none
    left, right = tree.query(shapes[suspects], predicate="intersects")
    pairs = np.unique(np.sort(np.column_stack([suspects[left], right]), axis=1), axis=0)
    distinct: npt.NDArray[np.int64] = pairs[pairs[:, 0] != pairs[:, 1]].astype(np.int64)
    return distinct


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
