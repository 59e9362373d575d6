"""The communes that a file may name: those of today, the former ones, what became of them, and where they lie.

Codes mean different ground before and after a merger; a former code leads to today's by `admin.unit_change` and, where one
former commune was split, by the place. Schematic boundaries prove nothing and are never held against a parcel.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, column, func, or_, select, table

from ingest.source import GeometryArray
from spatial.crs import WGS84
from spatial.tables import Unit, UnitChange

Codes = npt.NDArray[np.object_]
_SCHEMATIC = "schematic"
_AREA_ZONE = table("area_zone", *map(column, ("province_code", "srid", "west", "east")), schema="admin")


@dataclass(frozen=True)
class Places:
    """Communes as the database knows them at a legal date.

    Attributes:
        province_of: commune of today -> its province.
        successors: former code -> codes of today, where they are known; a code may be both former and of today.
        current: polygons of today's communes that were asked for, EPSG:4326; none for schematic ones.
        former: polygons of former communes that were asked for.
        zones: province -> the VN-2000 zones its areas are computed in: west (inclusive), east in degrees, EPSG code.
    """

    province_of: Mapping[str, str | None]
    successors: Mapping[str, tuple[str, ...]]
    current: Mapping[str, BaseGeometry]
    former: Mapping[str, BaseGeometry]
    zones: Mapping[str, tuple[tuple[float, float, int], ...]]

    def targets(self, code: str) -> tuple[str, ...]:
        """Give the communes of today on the ground of the code as a file may mean it."""
        found = dict.fromkeys(self.successors.get(code, ()))
        if code in self.province_of and not found:
            found[code] = None
        return tuple(found)

    def polygon_of(self, code: str) -> BaseGeometry | None:
        """Give the ground that a code may mean: the communes of today that it leads to, with the former one."""
        parts = [self.current[target] for target in self.targets(code) if target in self.current]
        parts += [polygons[code] for polygons in (self.former, self.current) if code in polygons]
        return shapely.union_all(parts) if parts else None

    def resolve(self, stated: Codes, geometries: GeometryArray) -> Codes:
        """Turn stated codes into those of today; a code that leads nowhere stays as it is, None stays None.

        Args:
            stated: code per row or None.
            geometries: in EPSG:4326; they decide where a former commune was split.
        """
        today = stated.copy()
        for code in _distinct(stated):
            targets = self.targets(code)
            at = np.flatnonzero(stated == code)
            if len(targets) == 1:
                today[at] = targets[0]
            elif targets:
                today[at] = _nearest(geometries[at], {target: self.current.get(target) for target in targets}, targets[0])
        return today

    def former_of(self, stated: Codes, today: Codes, geometries: GeometryArray) -> Codes:
        """Say which commune numbered the sheets: the former code stated, or the one of today's predecessors that lies there.

        Where no former boundary is known, the code stated.
        """
        former = stated.copy()
        predecessors: dict[str, list[str]] = {}
        for old, targets in self.successors.items():
            for target in targets:
                predecessors.setdefault(target, []).append(old)
        for code in _distinct(stated):
            candidates = [old for old in predecessors.get(code, []) if old in self.former]
            if code not in self.province_of or len(candidates) < 2:
                continue
            at = np.flatnonzero((stated == code) & (today == code))
            former[at] = _nearest(geometries[at], {old: self.former[old] for old in candidates}, code)
        return former

    def locate(self, geometries: GeometryArray) -> Codes:
        """Find today's commune of each geometry by a point on it; None where no known commune lies there."""
        found = np.full(len(geometries), None, dtype=object)
        if not self.current:
            return found
        names = np.array(list(self.current), dtype=object)
        present = np.flatnonzero(~shapely.is_missing(geometries))
        points = shapely.point_on_surface(geometries[present])
        rows, units = shapely.STRtree(list(self.current.values())).query(points, predicate="intersects")
        found[present[rows[::-1]]] = names[units[::-1]]  # reversed: of several, the first wins
        return found

    def zones_at(self, provinces: Codes, lons: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        """Give the zone in which areas are computed, by province and longitude in degrees, as `admin.area_srid` does.

        4326, the ellipsoid, where the province has no zone that holds there.
        """
        found = np.full(len(lons), WGS84, dtype=np.int64)
        for province in _distinct(provinces):
            for west, east, srid in self.zones.get(province, ()):
                found[(provinces == province) & (lons >= west) & (lons < east)] = srid
        return found


def _distinct(codes: Codes) -> list[str]:
    return sorted({code for code in codes if code is not None})


def _nearest(geometries: GeometryArray, polygons: Mapping[str, BaseGeometry | None], otherwise: str) -> Codes:
    """Give the polygon that holds a point of each geometry, else the nearest."""
    names = [name for name, polygon in polygons.items() if polygon is not None]
    result = np.full(len(geometries), otherwise, dtype=object)
    if not names:
        return result
    present = np.flatnonzero(~shapely.is_missing(geometries))
    points = shapely.point_on_surface(geometries[present])
    apart = np.stack([shapely.distance(points, polygons[name]) for name in names])
    result[present] = np.array(names, dtype=object)[np.argmin(apart, axis=0)]
    return result


def load_places(connection: Connection, today: date, codes: Iterable[str] | None) -> Places:
    """Read the communes.

    Args:
        connection: may read `admin`.
        today: the legal date.
        codes: codes whose polygons are wanted, as files state them; None: all of today's.
    """
    in_force = (Unit.valid_from <= today) & (or_(Unit.valid_to.is_(None), Unit.valid_to > today))
    rows = connection.execute(select(Unit.code, Unit.parent_code, Unit.province_code).where(Unit.level == "commune", in_force))
    province_of = {code: province or parent for code, parent, province in rows}
    successors: dict[str, tuple[str, ...]] = {}
    changes = select(UnitChange.from_code, UnitChange.to_code).where(
        UnitChange.level == "commune", UnitChange.changed_on <= today
    )
    for old, new in connection.execute(changes.order_by(UnitChange.changed_on, UnitChange.area_share.desc())):
        successors[old] = (*successors.get(old, ()), new)
    wanted = None
    if codes is not None:
        wanted = set(codes) | {new for code in codes for new in successors.get(code, ())}
        wanted |= {old for old, targets in successors.items() if wanted & set(targets)}
    zones: dict[str, tuple[tuple[float, float, int], ...]] = {}
    for province, srid, west, east in connection.execute(select(*_AREA_ZONE.columns)):
        zones[province] = (*zones.get(province, ()), (west, east, srid))
    return Places(
        province_of,
        successors,
        _polygons(connection, in_force, wanted),
        _polygons(connection, Unit.valid_to <= today, wanted) if wanted else {},
        zones,
    )


def _polygons(connection: Connection, period: object, wanted: set[str] | None) -> dict[str, BaseGeometry]:
    statement = select(Unit.code, func.ST_AsBinary(Unit.geom)).where(
        Unit.level == "commune",
        period,  # type: ignore[arg-type]
        Unit.boundary_quality != _SCHEMATIC,
    )
    if wanted is not None:
        statement = statement.where(Unit.code.in_(wanted))
    rows = connection.execute(statement.order_by(Unit.valid_from)).all()
    shapes = shapely.from_wkb([bytes(wkb) for _, wkb in rows])
    return {code: shape for (code, _), shape in zip(rows, shapes, strict=True)}
