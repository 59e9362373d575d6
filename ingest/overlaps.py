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
    present = np.flatnonzero(~shapely.is_missing(geometries))
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
    """Say which shapes have an edge that is not met exactly once in the other direction."""
    rings, ring_owner = _rings(shapes)
    coordinates, ring = shapely.get_coordinates(rings, return_index=True)
    bits = (coordinates + 0.0).view(np.uint64)  # + 0.0 turns -0.0 into 0.0
    with np.errstate(over="ignore"):
        vertex = bits[:, 0] * _MIX[0] ^ (bits[:, 1] * _MIX[1] >> np.uint64(7))
        start, end = vertex[:-1], vertex[1:]
        edge = np.minimum(start, end) * _MIX[2] + np.maximum(start, end)
    inner = np.flatnonzero(ring[1:] == ring[:-1])
    owner = ring_owner[ring[:-1][inner]]
    edge, forward = edge[inner], (start < end)[inner]
    order = np.argsort(edge)
    edge, forward, owner = edge[order], forward[order], owner[order]
    unpaired = np.zeros(len(shapes), dtype=bool)
    same_as_next = np.append(edge[1:] == edge[:-1], False)
    same_as_previous = np.append(False, same_as_next[:-1])
    opposite_next = np.append(forward[1:] != forward[:-1], False)
    third = same_as_previous & same_as_next
    first_of_pair = same_as_next & ~same_as_previous & opposite_next & ~np.append(third[1:], False)
    second_of_pair = np.append(False, first_of_pair[:-1])
    unpaired[owner[~(first_of_pair | second_of_pair)]] = True
    return unpaired


def _rings(shapes: GeometryArray) -> tuple[GeometryArray, npt.NDArray[np.int64]]:
    """Give all rings, outer ones turned one way and holes the other, with the position of the shape that owns each."""
    polygons, polygon_owner = shapely.get_parts(shapely.orient_polygons(shapes), return_index=True)
    rings, polygon = shapely.get_rings(polygons, return_index=True)
    return rings, polygon_owner[polygon]
