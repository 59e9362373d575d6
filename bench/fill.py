"""Writes the made-up city into a migrated database: units, parcels by COPY, plans with their events. Knows no files."""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, Table, insert, text

from bench import plans
from bench.city import PLANE, PROVINCE, City, Commune
from ingest.indexes import without_indexes
from ingest.stage import to_csv
from spatial import tables
from spatial.crs import WGS84
from spatial.database import open_engine
from spatial.versions import open_batch

_COPY = "COPY {table} ({columns}) FROM STDIN (FORMAT csv)"


def add_units(url: str, city: City) -> None:
    """Write the communes."""
    with open_engine(url).begin() as connection:
        batch = _begin(connection)
        _write_units(connection, city, batch)


def fill(url: str, city: City) -> None:
    """Write everything."""
    with open_engine(url).begin() as connection:
        batch = _begin(connection)
        _write_units(connection, city, batch)
        parcel = tables.Parcel.__table__
        assert isinstance(parcel, Table)
        with without_indexes(connection, parcel, city.rows):
            for commune in city.communes():
                _copy(connection, "land.parcel", _parcel_rows(commune, batch))
        for commune in city.communes():
            _write_plan(connection, commune, batch)


def _begin(connection: Connection) -> int:
    connection.execute(text("SET LOCAL ROLE dothi_ingest"))
    return open_batch(connection, "load")


def _write_units(connection: Connection, city: City, batch: int) -> None:
    rows = [
        {
            "code": commune.code, "level": "commune", "kind": "Phường", "name": f"Phường {commune.number}",
            "parent_code": PROVINCE, "province_code": PROVINCE, "commune_code": commune.code, "valid_from": plans.SINCE,
            "batch_id": batch, "geom": _ewkt(commune.boundary()),
        }
        for commune in city.communes()
    ]  # fmt: skip
    connection.execute(insert(tables.Unit), rows)


def _parcel_rows(commune: Commune, batch: int) -> pa.Table:
    parcels = commune.parcels()
    count = len(parcels.area_m2)
    sheet, number = parcels.map_sheet.astype(str), parcels.parcel_no.astype(str)
    code = np.char.add(np.char.add(np.char.add(f"{commune.code}.{commune.code}.", sheet), "."), number)
    return pa.table(
        {
            "code": code,
            "commune_code": [commune.code] * count,
            "former_commune_code": [commune.code] * count,
            "province_code": [PROVINCE] * count,
            "map_sheet": sheet,
            "parcel_no": number,
            "land_use_raw": parcels.land_use,
            "land_use_code": parcels.land_use,
            "area_m2": parcels.area_m2,
            "area_srid": [PLANE] * count,
            "valid_from": [plans.SINCE] * count,
            "batch_id": [batch] * count,
            "geom": hex_multi(parcels.degrees),
        }
    )


def hex_multi(polygons: npt.NDArray[np.object_]) -> Any:
    """Give polygons as hexadecimal EWKB of one-part multipolygons in EPSG:4326."""
    many = shapely.multipolygons(polygons, indices=np.arange(len(polygons)))
    return shapely.to_wkb(shapely.set_srid(many, WGS84), hex=True, include_srid=True)


def _copy(connection: Connection, table: str, rows: pa.Table) -> None:
    raw = connection.connection.driver_connection
    assert raw is not None
    with raw.cursor() as cursor:
        statement = _COPY.format(table=table, columns=", ".join(rows.column_names))
        cursor.copy_expert(statement, io.BytesIO(to_csv(rows)), size=1 << 20)


def _write_plan(connection: Connection, commune: Commune, batch: int) -> None:
    plan = plans.plan_code(commune)
    place = {"province_code": PROVINCE, "commune_code": commune.code, "valid_from": plans.SINCE, "batch_id": batch}
    ground = _ewkt(commune.boundary())
    _add(
        connection,
        tables.Plan,
        [
            place
            | {
                "code": plan, "name": f"Quy hoạch phân khu {commune.number}", "plan_level": "zoning", "plan_kind": "urban",
                "decision_no": f"{commune.number}/QĐ-UBND", "decided_on": plans.SINCE, "geom": ground,
            }
        ],
    )  # fmt: skip
    zones = [
        place
        | {
            "code": zone.code, "plan_code": plan, "function_code": zone.function_code, "max_coverage_pct": 60,
            "max_storeys": zone.max_storeys, "geom": _ewkt(zone.shape),
        }
        for zone in plans.zones(commune)
    ]  # fmt: skip
    _add(connection, tables.Zone, zones)
    lines = [
        place | {"code": line.code, "plan_code": plan, "kind": line.kind, "side": "right", "geom": _ewkt(line.shape)}
        for line in plans.lines(commune)
    ]
    _add(connection, tables.PlanningLine, lines)
    known = [
        place | {"code": f"{plan}.{theme}", "theme": theme, "extent": "full", "plan_code": plan, "geom": ground}
        for theme in plans.THEMES
    ]
    _add(connection, tables.ThemeCoverage, known)
    events = [
        {"plan_code": plan, "kind": kind, "effective_on": plans.SINCE, "batch_id": batch} for kind in ("approved", "in_force")
    ]
    _add(connection, tables.PlanEvent, events)


def _add(connection: Connection, model: Any, rows: Sequence[dict[str, Any]]) -> None:
    connection.execute(insert(model), list(rows))


def _ewkt(shape: BaseGeometry) -> str:
    return f"SRID={WGS84};{shape.wkt}"
