"""Checks of parcels, whole arrays at a time: numbers, duplicates, the commune, the country, overlaps. Changes no geometry.

Decisions: "12a" is a legal sub-number and kept; "tạm" (provisional), empty and 0 name no parcel that anybody could cite
or match again, so they wait in quarantine. Rows that repeat another exactly are set aside but for the first; different
rows with one key are all set aside, since nobody can know which is right.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from shapely.geometry.base import BaseGeometry

from ingest.issues import Issue, IssueCode
from ingest.source import GeometryArray
from spatial.crs import COUNTRY_BBOX

Rows = npt.NDArray[np.int64]

DEFINITE_NUMBER = r"^[1-9][0-9]*[a-zđ]?([-/.][0-9]+[a-zđ]?)*$"
SHEET_NUMBER = r"^[0-9a-zđ][0-9a-zđ ./()-]*$"
_LEADING_ZEROS = r"^0+([0-9])"
_WHOLE_FLOAT = r"^([0-9]+)\.0+$"

BOUNDARY_TOLERANCE_M = 50.0
"""Commune boundaries are drawn at small scale (simplified to some 11 m); a parcel this near is not called outside."""
CROSSING_SHARE = 0.05
_METRES_PER_DEGREE = 111_320.0


def normalize_numbers(values: pa.Array) -> pa.Array:
    """Write sheet or parcel numbers one way: text, small letters, no spaces, no leading zeros, 12.0 as 12; empty as null."""
    text = values if pa.types.is_string(values.type) else values.cast(pa.string())
    text = pc.utf8_lower(pc.replace_substring_regex(text, r"\s+", ""))
    text = pc.replace_substring_regex(text, _WHOLE_FLOAT, r"\1")
    text = pc.replace_substring_regex(text, _LEADING_ZEROS, r"\1")
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def check_parcel_numbers(numbers: pa.Array, rows: Rows, column: str) -> list[Issue]:
    """Set aside rows whose number, normalised, identifies no parcel."""
    missing = _mask(pc.or_kleene(pc.is_null(numbers), pc.equal(numbers, "0")))
    definite = _mask(pc.match_substring_regex(numbers, DEFINITE_NUMBER))
    issues = [Issue(IssueCode.PARCEL_NUMBER_MISSING, int(rows[i]), column, numbers[i].as_py()) for i in np.flatnonzero(missing)]
    provisional = np.flatnonzero(~missing & ~definite)
    return issues + [
        Issue(IssueCode.PARCEL_NUMBER_PROVISIONAL, int(rows[i]), column, numbers[int(i)].as_py()) for i in provisional
    ]


def check_sheet_numbers(numbers: pa.Array, rows: Rows, column: str) -> list[Issue]:
    """Set aside rows without a map sheet. Sheets may be named ("dc-12", "12-i"), but must hold a digit other than 0."""
    named = _mask(pc.match_substring_regex(numbers, SHEET_NUMBER)) & _mask(pc.match_substring_regex(numbers, "[1-9]"))
    return [Issue(IssueCode.SHEET_NUMBER_MISSING, int(rows[i]), column, numbers[int(i)].as_py()) for i in np.flatnonzero(~named)]


def _mask(values: pa.Array) -> npt.NDArray[np.bool_]:
    filled: npt.NDArray[np.bool_] = pc.fill_null(values, False).to_numpy(zero_copy_only=False)
    return filled


def check_duplicates(keys: pa.Array, attributes: pa.Table, geometries: GeometryArray, rows: Rows) -> list[Issue]:
    """Set aside rows that share a key.

    Args:
        keys: natural key per row, null for rows that other checks have set aside.
        attributes: the columns that mean something (those of the plan's `public` and `personal`), by which exact repetition
            is judged together with the geometry; a program's own row number would make every copy look different.
        geometries: shapely geometries of the rows.
        rows: row numbers.
    """
    coded = pc.dictionary_encode(keys)
    codes = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False)
    repeated = np.flatnonzero(np.bincount(codes[codes >= 0], minlength=len(coded.dictionary)) > 1)
    at = np.flatnonzero(np.isin(codes, repeated))
    if not at.size:
        return []
    content = attributes.take(pa.array(at)).to_pylist()
    shapes = shapely.to_wkb(shapely.normalize(geometries[at]))
    groups: dict[int, list[int]] = {}
    for position, index in enumerate(at):
        groups.setdefault(int(codes[index]), []).append(position)
    issues: list[Issue] = []
    for code, positions in groups.items():
        numbers = [int(rows[at[position]]) for position in positions]
        same = all(content[p] == content[positions[0]] and shapes[p] == shapes[positions[0]] for p in positions)
        kind, aside = (IssueCode.DUPLICATE_ROW, numbers[1:]) if same else (IssueCode.DUPLICATE_KEY, numbers)
        key, others = coded.dictionary[code].as_py(), ", ".join(map(str, numbers[:10]))
        issues += [Issue(kind, number, value=key, detail=others) for number in aside]
    return issues


def check_country(geometries: GeometryArray, rows: Rows) -> list[Issue]:
    """Set aside rows that reach beyond the country's envelope; geometries in EPSG:4326."""
    west, south, east, north = COUNTRY_BBOX
    bounds = shapely.bounds(geometries)
    with np.errstate(invalid="ignore"):
        outside = (bounds[:, 0] < west) | (bounds[:, 1] < south) | (bounds[:, 2] > east) | (bounds[:, 3] > north)
    return [
        Issue(IssueCode.OUTSIDE_COUNTRY, int(rows[i]), detail=f"{bounds[i, 0]:.5f} {bounds[i, 1]:.5f}")
        for i in np.flatnonzero(outside)
    ]


def check_communes(
    geometries: GeometryArray,
    codes: npt.NDArray[np.object_],
    communes: Mapping[str, BaseGeometry],
    rows: Rows,
    *,
    tolerance_m: float = BOUNDARY_TOLERANCE_M,
) -> list[Issue]:
    """Hold each parcel against the commune it names: unknown code, wholly outside (set aside), crossing (warning).

    Args:
        geometries: in EPSG:4326, missing ones allowed.
        codes: commune code per row, None where it names none.
        communes: code -> polygon in EPSG:4326; a schematic boundary must not be given here.
        rows: row numbers.
        tolerance_m: how far outside a parcel may lie before it is set aside.
    """
    issues = [Issue(IssueCode.COMMUNE_MISSING, int(rows[i])) for i in np.flatnonzero(codes == None)]  # noqa: E711 - elementwise
    stated, inverse = np.unique(np.where(codes == None, "", codes).astype(str), return_inverse=True)  # noqa: E711
    for position, code in enumerate(stated):
        at = np.flatnonzero(inverse == position)
        if code and code not in communes:
            issues += [Issue(IssueCode.COMMUNE_UNKNOWN, int(rows[i]), value=code) for i in at]
        elif code:
            issues += _check_commune(geometries[at], communes[code], code, rows[at], tolerance_m)
    return issues


def _check_commune(geometries: GeometryArray, commune: BaseGeometry, code: str, rows: Rows, tolerance_m: float) -> list[Issue]:
    near = _near_boundary(geometries, commune)
    bounds = shapely.bounds(geometries)
    shapely.prepare(commune)
    corner_inside = shapely.contains_xy(commune, bounds[:, 0], bounds[:, 1])
    doubtful = np.flatnonzero((near | ~corner_inside) & ~shapely.is_missing(geometries))
    doubtful = doubtful[~shapely.covers(commune, geometries[doubtful])]
    if not doubtful.size:
        return []
    suspects = geometries[doubtful]
    area = shapely.area(suspects)
    inside = shapely.area(shapely.intersection(suspects, commune))
    share = np.where(area > 0, inside / np.where(area > 0, area, 1.0), shapely.intersects(suspects, commune))
    apart = shapely.distance(suspects, commune) * _METRES_PER_DEGREE > tolerance_m
    issues = [Issue(IssueCode.OUTSIDE_COMMUNE, int(rows[doubtful[i]]), value=code) for i in np.flatnonzero((share <= 0) & apart)]
    crossing = np.flatnonzero((share < 1 - CROSSING_SHARE) & ~((share <= 0) & apart))
    details = [
        Issue(IssueCode.CROSSES_COMMUNE, int(rows[doubtful[i]]), value=code, detail=f"{1 - share[i]:.2f}") for i in crossing
    ]
    return issues + details


def _near_boundary(geometries: GeometryArray, commune: BaseGeometry) -> npt.NDArray[np.bool_]:
    """Say whose box meets a stretch of the boundary; any other box lies wholly inside or wholly outside."""
    near = np.zeros(len(geometries), dtype=bool)
    lines = shapely.get_parts(shapely.boundary(commune))
    coordinates, index = shapely.get_coordinates(lines, return_index=True)
    inner = index[1:] == index[:-1]
    pairs = np.stack([coordinates[:-1][inner], coordinates[1:][inner]], axis=1)
    segments = np.asarray(shapely.linestrings(pairs), dtype=object)
    near[np.unique(shapely.STRtree(segments).query(geometries)[0])] = True
    return near
