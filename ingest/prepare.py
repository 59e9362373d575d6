"""What every layer's rows go through between a file and staging: geometry, commune, code. Parcels add steps of their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from pyproj import CRS, Geod

from ingest.columns import ColumnPlan
from ingest.content import FileContent
from ingest.crs_detect import DetectedCrs, transform_to_wgs84
from ingest.issues import Issue, IssueCode, rows_in_quarantine
from ingest.land_use_text import LandUseCodes
from ingest.options import LoadOptions
from ingest.places import Places
from ingest.repair import Kind, repair_geometries, to_multi
from ingest.source import GeometryArray, SourceBatch, read_geometries
from ingest.stage import AREA_SRID, ROW_NO
from ingest.values import convert_column
from spatial.crs import VN2000_TM3, VN2000_UTM, WGS84, transformer_to_wgs84
from spatial.layers import GeometryKind, Layer

Mask = npt.NDArray[np.bool_]
Columns = Mapping[str, pa.Array]
_PLANNED_BY_EVENTS = frozenset({"plans", "zones", "planning_lines"})
_PERIOD = frozenset({"valid_from", "valid_to"})
_METRES_PER_DEGREE = 111_320.0
_ELLIPSOID = Geod(ellps="WGS84")
_KINDS = {GeometryKind.POINT: Kind.POINT, GeometryKind.LINE: Kind.LINE, GeometryKind.POLYGON: Kind.POLYGON}


@dataclass(frozen=True)
class CodeLists:
    """The code tables that reading needs.

    Attributes:
        land_uses: the land-use codes, ready for parsing.
        restricted_uses: codes of land that must not be shown.
        zone_functions: folded code or alias -> planning function code.
        unit_parents: code of a province -> code of its region today.
    """

    land_uses: LandUseCodes
    restricted_uses: frozenset[str]
    zone_functions: Mapping[str, str]
    unit_parents: Mapping[str, str]


@dataclass(frozen=True)
class LoadContext:
    """All that is known about a load before its rows are worked on.

    Attributes:
        most_vertices: how many vertices a row may have; None: any number.
    """

    layer: Layer
    content: FileContent
    plan: ColumnPlan
    crs: DetectedCrs
    places: Places
    lists: CodeLists
    options: LoadOptions
    today: date
    most_vertices: int | None = None

    @property
    def table_columns(self) -> Mapping[str, Any]:
        """The columns of the layer's table by name."""
        return dict(self.layer.table.columns.items())

    @property
    def by_code_only(self) -> bool:
        """Whether a code has one row whatever its period, because events set the periods."""
        return self.layer.name in _PLANNED_BY_EVENTS

    @property
    def states_periods(self) -> bool:
        """Whether the file's rows state their own legal periods, so that a code may have several."""
        stated = self.plan.public.keys() | self.options.values.keys()
        return not self.by_code_only and bool(_PERIOD & stated)

    @property
    def kind(self) -> Kind:
        """What the layer stores."""
        return _KINDS[self.layer.geometry_kind]


@dataclass(frozen=True)
class PreparedRows:
    """One batch, ready for staging.

    Attributes:
        public: row number, columns of the table, `geom` as hex EWKB; rows set aside are not in it.
        personal: row number and the personal and unknown columns p0, p1, ... as text; None where the file has none.
        uses: row number and columns of `USE_STAGE`, for parcels with several uses; None where there are none.
        rows: row numbers of all rows of the batch.
        keys: natural key of each of `rows`, null where it was set aside.
        spared: codes of rows that were set aside: they are in the file, so they do not end.
        issues: all that was found.
        repaired: how many geometries were mended.
        drawn: the shapes in the file's system, to be held against each other; None where a layer's rows may overlap.
    """

    public: pa.Table
    personal: pa.Table | None
    uses: pa.Table | None
    rows: npt.NDArray[np.int64]
    keys: pa.Array
    spared: list[str]
    issues: list[Issue]
    repaired: int
    drawn: GeometryArray | None = None


@dataclass(frozen=True)
class Placed:
    """Geometries of a batch.

    Attributes:
        drawn: in the file's CRS (axes put right), valid; None where set aside.
        wgs84: in EPSG:4326, valid, multi where the table is; None where set aside.
    """

    drawn: GeometryArray
    wgs84: GeometryArray
    issues: list[Issue]
    repaired: int


def place_geometries(context: LoadContext, batch: SourceBatch) -> Placed:
    """Read, mend and transform a batch's geometries; what has too many vertices is not even mended."""
    crs, kind = context.crs, context.kind
    geometries, issues = read_geometries(batch)
    issues += drop_too_detailed(geometries, batch.rows, context.most_vertices)
    if crs.swap_axes:
        geometries = transform_to_wgs84(geometries, WGS84, swap_axes=True)  # the same coordinates, turned
    told = {issue.row for issue in issues if issue.row is not None and issue.code.quarantines}
    mended = repair_geometries(
        geometries, batch.rows, kind, metres_per_unit=_METRES_PER_DEGREE if is_geographic(crs.srid) else 1.0
    )
    issues += [
        issue for issue in mended.issues if not (issue.code is IssueCode.GEOMETRY_MISSING and issue.row in told)
    ]  # fmt: skip
    wgs84 = _keep_valid(transform_to_wgs84(mended.geometries, crs.srid), kind)
    lost = shapely.is_missing(wgs84) & ~shapely.is_missing(mended.geometries)
    issues += [Issue(IssueCode.GEOMETRY_REPAIR_TOO_LARGE, int(row)) for row in batch.rows[lost]]
    return Placed(mended.geometries, to_multi(wgs84, kind), issues, int(mended.repaired.sum()))


def drop_too_detailed(geometries: GeometryArray, rows: npt.NDArray[np.int64], most: int | None) -> list[Issue]:
    """Set aside rows with more vertices than a row may have; their place in the array becomes None."""
    counts = shapely.get_num_coordinates(geometries)
    at = np.flatnonzero(counts > most) if most is not None else np.empty(0, dtype=np.intp)
    geometries[at] = None
    return [Issue(IssueCode.TOO_MANY_VERTICES, int(rows[i]), detail=f"{counts[i]:,} > {most:,}") for i in at]


def is_geographic(srid: int) -> bool:
    """Say whether coordinates are degrees."""
    return bool(CRS.from_epsg(srid).is_geographic)


def _keep_valid(geometries: GeometryArray, kind: Kind) -> GeometryArray:
    """Mend what the last digits of a transformation made invalid: spikes thinner than a tenth of a millimetre."""
    if kind is not Kind.POLYGON:
        return geometries
    broken = np.flatnonzero(~shapely.is_valid(geometries) & ~shapely.is_missing(geometries))
    if broken.size:
        mended = shapely.make_valid(geometries[broken], method="structure", keep_collapsed=False)
        good = np.isin(shapely.get_type_id(mended), kind.value) & ~shapely.is_empty(mended)
        mended[~good] = None
        geometries[broken] = mended
    return geometries


def is_metric(srid: int) -> bool:
    """Say whether a system is a VN-2000 zone, in which areas are those of the cadastre."""
    return srid in VN2000_TM3 or srid in VN2000_UTM


def area_srids(
    context: LoadContext, placed: Placed, provinces: npt.NDArray[np.object_], columns: Columns
) -> npt.NDArray[np.int64]:
    """Say in which plane each row's area is computed: the file's VN-2000 zone, else the one the row states, else its province's.

    Args:
        context: the load.
        placed: the geometries.
        provinces: province code of each row, or None.
        columns: of the file; our own exports state the plane of each row.
    """
    if is_metric(context.crs.srid):
        return np.full(len(placed.wgs84), context.crs.srid, dtype=np.int64)
    bounds = shapely.bounds(placed.wgs84)
    found = context.places.zones_at(provinces, (bounds[:, 0] + bounds[:, 2]) / 2)
    name = context.plan.public.get(AREA_SRID)
    if name is None:
        return found
    values, _ = convert_column(columns[name], context.table_columns[AREA_SRID], np.arange(len(found), dtype=np.int64), name)
    stated = np.asarray(pc.fill_null(values, 0).to_numpy(zero_copy_only=False), dtype=np.int64)
    return np.where(np.isin(stated, [*VN2000_TM3, *VN2000_UTM, WGS84]), stated, found)


def drawn_areas(context: LoadContext, placed: Placed, srids: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Measure the shapes as the file draws them, in m2 (NaN where there is none), to hold what it states against them.

    What is stored is computed from the stored geometry, by the database (`admin.area_m2`).
    """
    if is_metric(context.crs.srid):
        return np.asarray(shapely.area(placed.drawn))
    areas = np.full(len(placed.wgs84), np.nan)
    for srid in np.unique(srids).tolist():
        at = np.flatnonzero((srids == srid) & ~shapely.is_missing(placed.wgs84))
        shapes = placed.wgs84[at]
        if srid == WGS84:
            areas[at] = [abs(_ELLIPSOID.geometry_area_perimeter(shape)[0]) for shape in shapes]
            continue
        lon, lat = shapely.get_coordinates(shapes).T
        x, y = transformer_to_wgs84(srid).transform(lon, lat, direction="INVERSE")
        areas[at] = shapely.area(shapely.set_coordinates(shapes.copy(), np.column_stack([x, y])))
    return areas


def geometry_text(geometries: GeometryArray) -> pa.Array:
    """Write geometries in EPSG:4326 as PostGIS reads them, null where missing.

    The SRID stands before the WKB: setting it on each geometry would copy them all.
    """
    wkb = pa.array(shapely.to_wkb(geometries, hex=True), pa.string())
    return pc.binary_join_element_wise(f"SRID={WGS84};", wkb, "", null_handling="emit_null")


def kept_rows(rows: npt.NDArray[np.int64], issues: list[Issue]) -> Mask:
    """Say which rows no error sets aside."""
    aside = rows_in_quarantine(issues)
    return ~np.isin(rows, np.fromiter(aside, dtype=np.int64, count=len(aside))) if aside else np.ones(len(rows), dtype=bool)


def objects(values: pa.Array) -> npt.NDArray[np.object_]:
    """Give an Arrow array as Python objects, None for null."""
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=object)


def strings(values: npt.NDArray[np.object_]) -> pa.Array:
    """Give objects as an Arrow text array."""
    return pa.array(values, pa.string(), from_pandas=True)


def period_keys(context: LoadContext, staged: Mapping[str, pa.Array]) -> pa.Array:
    """Give what must be unique in a file: the code, with the begin where rows state one; null where there is no code."""
    if not context.states_periods or "valid_from" not in staged:
        return staged["code"]
    begins = pc.fill_null(staged["valid_from"].cast(pa.string()), "")
    return pc.binary_join_element_wise(staged["code"], begins, "|", null_handling="emit_null")


def personal_names(plan: ColumnPlan) -> tuple[str, ...]:
    """Name the columns of the file that are kept apart, in the order of p0, p1, ..."""
    return (*plan.personal, *plan.unmapped)


def personal_rows(plan: ColumnPlan, columns: Mapping[str, pa.Array], rows: npt.NDArray[np.int64], kept: Mask) -> pa.Table | None:
    """Give the personal and unknown columns of the kept rows as text."""
    names = personal_names(plan)
    if not names:
        return None
    mask = pa.array(kept)
    fields: dict[str, pa.Array] = {ROW_NO: pa.array(rows).filter(mask)}
    for position, name in enumerate(names):
        fields[f"p{position}"] = columns[name].cast(pa.string(), safe=False).filter(mask)
    return pa.table(fields)
