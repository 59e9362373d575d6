"""Which coordinate system a file is in: what it declares, held against the communes it names, and all VN-2000 zones tried.

Easting alone cannot tell a zone, as all have the same false easting; only where the parcels fall can. Coordinates are
x east, y north unless an evidence says swapped; communes come in EPSG:4326.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError
from shapely.geometry.base import BaseGeometry

from ingest.columns import fold_name
from ingest.issues import Issue, IssueCode
from ingest.local_fit import transform_points
from ingest.source import GeometryArray
from spatial.crs import COUNTRY_BBOX, VN2000_GEOGRAPHIC, VN2000_TM3, VN2000_UTM, WGS84, is_vn2000, transformer_to_wgs84
from spatial.errors import UnknownCrs

SAMPLE_ROWS = 2_000
FITS_SHARE = 0.8
"""A system fits when this share of sampled rows falls into the communes they name; the rest may be edge or error."""
DECLARED_SHARE = 0.5
"""A declared system is believed from this share on; single rows outside are found later, row by row."""
LEAD = 0.2
SHIFT_GAIN = 0.02
"""A shift of 225 m moves this share of a commune's parcels across its boundary, or more."""
_WGS84_TWIN = {WGS84: VN2000_GEOGRAPHIC, 32648: 3405, 32649: 3406}
"""WGS 84 system -> VN-2000 system with the same coordinates but for the 225 m of the datum."""
_SAME_MERIDIAN = {3405: 5897}
"""UTM zone -> 3-degree zone of the same meridian; they differ by 0.03 % in scale: some 700 m of northing."""
_SCALE_DIGITS = 6
_MERIDIAN_TOLERANCE_DEG = 1e-6

Points = npt.NDArray[np.float64]


@dataclass(frozen=True)
class CrsEvidence:
    """How well one system explains the file: the share of the sampled rows that fall where they say they are."""

    srid: int
    swapped: bool
    share: float

    def __str__(self) -> str:
        """Say it in a few signs: "EPSG:5897 1.00", "EPSG:5897 swapped 0.02"."""
        return f"EPSG:{self.srid}{' swapped' if self.swapped else ''} {self.share:.2f}"


@dataclass(frozen=True)
class DetectedCrs:
    """The system a file is in.

    Attributes:
        srid: EPSG code.
        swap_axes: whether x and y must change places first.
        declared: whether the file said so itself, or the caller.
        sampled: how many rows the evidence rests on.
        evidence: all systems that were tried, best first.
        issues: what to tell.
    """

    srid: int
    swap_axes: bool
    declared: bool
    sampled: int
    evidence: tuple[CrsEvidence, ...]
    issues: tuple[Issue, ...]


@dataclass(frozen=True)
class Declaration:
    """What a .prj or another declaration comes down to; `srid` is None where it says nothing usable."""

    srid: int | None
    issues: tuple[Issue, ...] = ()


def detect_crs(
    geometries: GeometryArray,
    *,
    declared: str | None,
    communes: Mapping[str, BaseGeometry],
    stated_communes: Sequence[str | None] | None = None,
    given_srid: int | None = None,
) -> DetectedCrs:
    """Find the system of a layer's geometries.

    Args:
        geometries: shapely geometries in the file's coordinates, missing ones allowed.
        declared: WKT or authority code from the file, or None.
        communes: code -> polygon in EPSG:4326.
        stated_communes: the commune each row names, if it does; else any of `communes` will do.
        given_srid: EPSG code the person gave by hand; it goes before what the file declares.

    Raises:
        UnknownCrs: nothing fits, several fit, or the declared one does not while another does. Says what was tried.
    """
    trial = _Trial(geometries, communes, stated_communes)
    declaration = Declaration(given_srid) if given_srid is not None else read_declaration(declared)
    if trial.count == 0:
        return _take_untested(declaration)
    if declaration.srid is not None:
        return _check_declared(declaration, declaration.srid, trial, by_hand=given_srid is not None)
    return _search(declaration, trial)


def _take_untested(declaration: Declaration) -> DetectedCrs:
    if declaration.srid is None:
        raise UnknownCrs("The file has no row with a geometry and declares no coordinate system. Give it with --crs EPSG:CODE.")
    return DetectedCrs(declaration.srid, swap_axes=False, declared=True, sampled=0, evidence=(), issues=declaration.issues)


class _Trial:
    """Sampled points of a file, and the question where a system puts them."""

    def __init__(
        self, geometries: GeometryArray, communes: Mapping[str, BaseGeometry], stated: Sequence[str | None] | None
    ) -> None:
        present = np.flatnonzero(~(shapely.is_missing(geometries) | shapely.is_empty(geometries)))
        rows = present[:: max(1, len(present) // SAMPLE_ROWS)]
        points = shapely.get_coordinates(shapely.centroid(geometries[rows]))
        finite = np.isfinite(points).all(axis=1) & (len(points) == len(rows))
        self.points: Points = points[finite]
        self.count = len(self.points)
        self._communes = communes
        self._tree: shapely.STRtree | None = None
        codes = np.array([stated[row] or "" for row in rows[finite]], dtype=object) if stated is not None else None
        known = np.isin(codes, list(communes)) if codes is not None else None
        self._codes = codes if known is not None and known.sum() >= DECLARED_SHARE * max(1, len(known)) else None

    @property
    def by_row(self) -> bool:
        """Whether each row is held against the commune that it names itself."""
        return self._codes is not None

    @property
    def place(self) -> str:
        """Say what the points were held against."""
        return "the communes that the rows name" if self.by_row else "the known communes" if self._communes else "the country"

    def weigh(self, srid: int, *, swapped: bool = False) -> CrsEvidence:
        """Give the share of the points that the system puts where they belong."""
        x, y = (self.points[:, 1], self.points[:, 0]) if swapped else (self.points[:, 0], self.points[:, 1])
        lon, lat = transformer_to_wgs84(srid).transform(x, y)
        lon, lat = np.asarray(lon), np.asarray(lat)
        west, south, east, north = COUNTRY_BBOX
        plausible = (lon > west) & (lon < east) & (lat > south) & (lat < north)
        inside = self._inside(np.where(plausible, lon, 0.0), np.where(plausible, lat, 0.0)) if plausible.any() else plausible
        return CrsEvidence(srid, swapped, float((inside & plausible).mean()))

    def _inside(self, lon: Points, lat: Points) -> npt.NDArray[np.bool_]:
        inside = np.ones(len(lon), dtype=bool)
        if self._codes is not None:
            inside[:] = False
            for code in set(self._codes) & set(self._communes):
                at = self._codes == code
                shapely.prepare(self._communes[code])
                inside[at] = shapely.contains_xy(self._communes[code], lon[at], lat[at])
        elif self._communes:
            self._tree = self._tree or shapely.STRtree(list(self._communes.values()))
            inside[:] = False
            inside[np.unique(self._tree.query(shapely.points(lon, lat), predicate="intersects")[0])] = True
        return inside


def _check_declared(declaration: Declaration, srid: int, trial: _Trial, *, by_hand: bool) -> DetectedCrs:
    own = trial.weigh(srid)
    issues = list(declaration.issues)
    evidence: tuple[CrsEvidence, ...] = (own,)
    if own.share < DECLARED_SHARE:
        rivals = _fitting(_weigh_all(trial))
        swapped = trial.weigh(srid, swapped=True)
        if swapped.share >= FITS_SHARE:
            issues.append(Issue(IssueCode.AXES_SWAPPED, detail=str(swapped)))
            return DetectedCrs(srid, True, True, trial.count, (swapped, own), tuple(issues))
        raise _declared_does_not_fit(own, rivals, trial, by_hand=by_hand)
    if not trial.by_row:
        issues.append(Issue(IssueCode.CRS_NOT_VERIFIED, detail=str(own)))
    twin = _WGS84_TWIN.get(srid) or {v: k for k, v in _WGS84_TWIN.items()}.get(srid)
    if twin is not None and trial.by_row:
        shifted = trial.weigh(twin)
        evidence = (own, shifted)
        if shifted.share >= own.share + SHIFT_GAIN:
            issues.append(Issue(IssueCode.CRS_SHIFT_SUSPECTED, detail=f"{own}, {shifted}"))
    return DetectedCrs(srid, False, True, trial.count, evidence, tuple(issues))


def _declared_does_not_fit(own: CrsEvidence, rivals: Sequence[CrsEvidence], trial: _Trial, *, by_hand: bool) -> UnknownCrs:
    who = "given" if by_hand else "declared (.prj)"
    start = f"The {who} system EPSG:{own.srid} puts {own.share:.0%} of {trial.count} sampled rows into {trial.place}."
    if rivals:
        listing = ", ".join(str(e) for e in rivals)
        return UnknownCrs(f"{start} These fit: {listing}. If that is right, load again with --crs EPSG:{rivals[0].srid}.")
    return UnknownCrs(f"{start} No VN-2000 zone fits either. Check the commune codes and the origin of the file, or give --crs.")


def _search(declaration: Declaration, trial: _Trial) -> DetectedCrs:
    evidence = _weigh_all(trial)
    fitting = _fitting(evidence)
    listing = ", ".join(str(e) for e in evidence[:5])
    if not fitting:
        raise UnknownCrs(
            f"The file declares no usable coordinate system, and none of {len(evidence)} tried puts its rows into {trial.place}. "
            f"Best: {listing} (share of {trial.count} sampled rows). Give it with --crs EPSG:CODE, or name the right --commune."
        )
    best, rivals = fitting[0], [e for e in fitting[1:] if e.share > fitting[0].share - LEAD]
    issues = [*declaration.issues]
    if rivals:
        best, issue = _settle(fitting[0], rivals, trial)
        issues.append(issue)
    issues.append(Issue(IssueCode.CRS_DETECTED, detail=f"{best} of {trial.count}"))
    if best.swapped:
        issues.append(Issue(IssueCode.AXES_SWAPPED, detail=str(best)))
    return DetectedCrs(best.srid, best.swapped, False, trial.count, evidence, tuple(issues))


def _settle(best: CrsEvidence, rivals: Sequence[CrsEvidence], trial: _Trial) -> tuple[CrsEvidence, Issue]:
    """Settle the one tie that has a rule: cadastral maps are drawn in 3-degree zones, not in UTM of the same meridian."""
    both = [best, *rivals]
    cadastral = [e for e in both if e.srid in VN2000_TM3]
    others = [e for e in both if e.srid not in VN2000_TM3]
    if len(cadastral) != 1 or any(_SAME_MERIDIAN.get(e.srid) != cadastral[0].srid for e in others):
        listing = ", ".join(str(e) for e in both)
        raise UnknownCrs(
            f"The file declares no coordinate system, and several put its {trial.count} rows into {trial.place}: {listing}. "
            "Name the commune with --commune, or give the system with --crs EPSG:CODE."
        )
    chosen = cadastral[0] if cadastral[0].share > best.share - SHIFT_GAIN else best
    return chosen, Issue(IssueCode.CRS_CADASTRAL_PREFERRED, detail=", ".join(str(e) for e in both))


def _weigh_all(trial: _Trial) -> tuple[CrsEvidence, ...]:
    """Weigh all provincial zones, both UTM zones and longitude/latitude, with the axes both ways; best first."""
    evidence = [trial.weigh(srid, swapped=swapped) for srid in (*VN2000_TM3, *VN2000_UTM, WGS84) for swapped in (False, True)]
    return tuple(sorted(evidence, key=lambda e: e.share, reverse=True))


def _fitting(evidence: Sequence[CrsEvidence]) -> list[CrsEvidence]:
    return [e for e in evidence if e.share >= FITS_SHARE]


def read_declaration(text: str | None) -> Declaration:
    """Turn a declared system, in whatever spelling, into an EPSG code; what cannot be understood becomes an issue."""
    if not text:
        return Declaration(None)
    unreadable = Declaration(None, (Issue(IssueCode.CRS_DECLARATION_UNREADABLE, value=text[:80]),))
    try:
        crs = CRS.from_user_input(text)
    except CRSError:
        return unreadable
    zone = _zone_by_parameters(crs)
    if zone is not None and is_vn2000(zone):
        issues = () if _on_vn2000(crs) else (Issue(IssueCode.CRS_DATUM_ASSUMED, value=crs.name, detail=f"EPSG:{zone}"),)
        return Declaration(zone, issues)
    if _on_vn2000(crs):
        return Declaration(VN2000_GEOGRAPHIC) if crs.is_geographic else unreadable
    if crs.is_geographic and crs.name in ("WGS 84", "WGS 84 (CRS84)", "GCS_WGS_1984"):
        return Declaration(WGS84)
    epsg = crs.to_epsg(min_confidence=70)
    return Declaration(epsg) if epsg is not None else unreadable


def _on_vn2000(crs: CRS) -> bool:
    """Judge by the datum, not by the projection's name: people name a WGS 84 projection "VN2000" too."""
    geodetic = crs.geodetic_crs
    if geodetic is None:
        return False
    folded = fold_name(f"{geodetic.name} {geodetic.datum.name if geodetic.datum else ''}")
    return "VN2000" in folded or "VIETNAM2000" in folded


def _zone_by_parameters(crs: CRS) -> int | None:
    """Find the VN-2000 zone by meridian and scale. Names vary and false origins are misprinted; these two do not lie.

    UTM parameters on the WGS 84 datum are WGS 84 / UTM; 3-degree parameters with k 0.9999 exist in VN-2000 only.
    """
    operation = crs.coordinate_operation
    if not crs.is_projected or operation is None or "Transverse Mercator" not in operation.method_name:
        return None
    parameters = {parameter.name: float(parameter.value) for parameter in operation.params}
    meridian = parameters.get("Longitude of natural origin", 0.0)
    scale = round(parameters.get("Scale factor at natural origin", 1.0), _SCALE_DIGITS)
    zones = {0.9999: VN2000_TM3, 0.9996: VN2000_UTM if _on_vn2000(crs) else {}}.get(scale, {})
    matches = [srid for srid, value in zones.items() if abs(value - meridian) < _MERIDIAN_TOLERANCE_DEG]
    return matches[0] if matches else None


def transform_to_wgs84(geometries: GeometryArray, srid: int, *, swap_axes: bool = False) -> GeometryArray:
    """Give the geometries in longitude, latitude by the pinned transformation; missing ones stay missing.

    Raises:
        UnknownCrs: PROJ does not know the code.
    """
    coordinates = shapely.get_coordinates(geometries)
    x, y = (coordinates[:, 1], coordinates[:, 0]) if swap_axes else (coordinates[:, 0], coordinates[:, 1])
    if srid != WGS84:
        x, y = transform_points(transformer_to_wgs84(srid), x, y)
    return np.asarray(shapely.set_coordinates(geometries.copy(), np.column_stack([x, y])), dtype=object)
