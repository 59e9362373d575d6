"""A small country for the tests of figures: two provinces, five communes, a city, and rows of every layer that counts."""

import random
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, insert, select, text

from spatial import tables
from tests.day import today_is

COMMUNES = {"37001": "37", "37002": "37", "37003": "37", "01001": "01", "01002": "01"}
CITY = {"37001", "37002"}
USES = ("ODT", "LUC", "BCS", "???", None)


@dataclass(frozen=True)
class ParcelFact:
    """What the oracle needs to know of a parcel."""

    commune: str | None
    province: str | None
    use: str | None
    area_m2: float


def box(west: float, south: float, size: float) -> str:
    """Give a square as EWKT."""
    east, north = west + size, south + size
    ring = f"{west} {south},{east} {south},{east} {north},{west} {north},{west} {south}"
    return f"SRID=4326;MULTIPOLYGON((({ring})))"


def corner(commune: str) -> tuple[float, float]:
    """Give the south-west corner of a commune's square of 0.1 degrees."""
    place = list(COMMUNES).index(commune)
    return 105.0 + 0.1 * place, 20.0


def add_units(connection: Connection) -> None:
    """Put the communes and the city in."""
    for code, province in COMMUNES.items():
        west, south = corner(code)
        connection.execute(
            insert(tables.Unit).values(
                code=code, level="commune", kind="Phường", name=f"Phường {code}", parent_code=province, province_code=province,
                commune_code=code, valid_from=date(2025, 7, 1), geom=box(west, south, 0.1), area_official_km2=100,
            )
        )  # fmt: skip
    connection.execute(
        insert(tables.UrbanArea).values(
            code="DT37", name="Đô thị thử", kind="city", urban_class="II", province_code="37", valid_from=date(2025, 7, 1),
            geom=box(105.0, 20.0, 0.2),
        )
    )  # fmt: skip
    for code in CITY:
        connection.execute(
            insert(tables.UrbanAreaCommune).values(urban_area_code="DT37", commune_code=code, valid_from=date(2025, 7, 1))
        )


def add_parcels(connection: Connection, seed: int, count: int = 60) -> list[ParcelFact]:
    """Put random parcels in, some without commune or province, and give what they are."""
    chance = random.Random(seed)
    facts = []
    for number in range(count):
        commune = chance.choice(list(COMMUNES))
        fact = ParcelFact(commune, COMMUNES[commune], chance.choice(USES), round(chance.uniform(1, 5000), 3))
        facts.append(fact)
        west, south = corner(commune)
        connection.execute(
            insert(tables.Parcel).values(
                code=f"{commune}.{commune}.1.{number}", former_commune_code=commune, map_sheet="1", parcel_no=str(number),
                land_use_code=fact.use, land_use_raw=fact.use, area_m2=fact.area_m2, area_srid=5897,
                commune_code=commune, province_code=COMMUNES[commune], valid_from=date(2025, 7, 1),
                geom=box(west + 0.0001 * number, south, 0.0001),
            )
        )  # fmt: skip
    return facts


def moved_to(commune: str) -> dict[str, Any]:
    """Give what changes of a parcel that comes to another commune: its code, too."""
    parcel = tables.Parcel
    numbers = parcel.former_commune_code + "." + parcel.map_sheet + "." + parcel.parcel_no
    return {"commune_code": commune, "code": f"{commune}." + numbers}


def add_permit(
    connection: Connection, code: str, commune: str, issued_on: date, conformity: str | None = None, **values: Any
) -> None:
    """Put a permit in."""
    west, south = corner(commune)
    connection.execute(
        insert(tables.Permit).values(
            code=code, kind="new", status="issued", issued_on=issued_on, conformity=conformity, commune_code=commune,
            province_code=COMMUNES[commune], geom=f"SRID=4326;POINT({west + 0.01} {south + 0.01})",
            **{"valid_from": issued_on, **values},
        )
    )  # fmt: skip


def add_building(connection: Connection, code: str, commune: str, **values: Any) -> None:
    """Put a building of 100 m² and two storeys in."""
    west, south = corner(commune)
    given = {"footprint_m2": 100, "storeys": 2, "valid_from": date(2025, 7, 1), **values}
    connection.execute(
        insert(tables.Building).values(
            code=code, commune_code=commune, province_code=COMMUNES[commune], geom=box(west + 0.02, south, 0.001), **given
        )
    )  # fmt: skip


def add_green(connection: Connection, code: str, commune: str, kind: str = "public", **values: Any) -> None:
    """Put a green area of 1,500 m² in."""
    west, south = corner(commune)
    given = {"area_m2": 1500, "valid_from": date(2025, 7, 1), **values}
    connection.execute(
        insert(tables.GreenArea).values(
            code=code, kind=kind, commune_code=commune, province_code=COMMUNES[commune],
            geom=box(west, south + 0.05, 0.001), **given
        )
    )  # fmt: skip


def add_cell(
    connection: Connection,
    commune: str | None,
    year: int,
    people: float,
    *,
    at: tuple[float, float] | None = None,
    raster: str = "g",
    valid_from: date = date(2015, 1, 1),
) -> None:
    """Put a cell of a population grid in, at the corner of its commune or at a place."""
    west, south = at or corner(commune or "37001")
    number = connection.scalar(select(func.count()).select_from(tables.GridCell))
    connection.execute(
        insert(tables.GridCell).values(
            code=f"{raster}.{year}.{number}", raster_code=raster, year=year, population=people, commune_code=commune,
            province_code=commune and COMMUNES[commune], valid_from=valid_from, geom=box(west, south, 0.001),
        )
    )  # fmt: skip


def state_complete(connection: Connection, layer: str, commune: str, rows: int, on: date, **values: Any) -> None:
    """Let a steward state that so many rows of a layer were in a commune on a day."""
    connection.execute(
        insert(tables.Completeness).values(
            layer=layer, commune_code=commune, row_count=rows, stated_on=on, steward="Phòng QLĐT", **values
        )
    )


def set_today(connection: Connection, day: date) -> None:
    """Turn the legal date of the database to `day`, for this transaction."""
    connection.execute(text(today_is(day)))
