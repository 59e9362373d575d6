"""The parcels as a data officer would get them: one old shapefile for each former commune, in two habits.

Set 1 (south bank, mapped in the former Nam Định): ViLIS names, TCVN3, VN-2000 105-30 (EPSG:9209), no .prj and no .cpg, former
commune codes; DIACHI is the parcel's address. Set 2 (north bank): FAMIS-like names, VNI Windows, VN-2000 105-00 (EPSG:5897) with
.prj, today's commune codes with the former ones beside; DIACHI is the holder's address and DIACHITHUA the parcel's; areas as text
with decimal commas, uses with areas, some in small letters.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.enums import WktVersion

from sample_data.generator.addresses import Addresses
from sample_data.generator.encodings import to_tcvn3, to_vni
from sample_data.generator.faults import Fault, Row, put_faults
from sample_data.generator.frame import CITY_EPSG, city_to_legacy, stream
from sample_data.generator.names import holder, home
from sample_data.generator.parcels import Parcels
from sample_data.generator.shapefile import Field, write_shapefile

_WRITTEN_ON = date(2024, 5, 17)


@dataclass(frozen=True)
class Habit:
    """How one office wrote its files: fields, the values of a row in their order, encoding, zone.

    `profile` is the alias profile that the loader needs to know that DIACHI is the parcel's address.
    """

    name: str
    fields: tuple[Field, ...]
    values: Callable[[int, Row], tuple[Any, ...]]
    encode: Callable[[str], bytes]
    encoding: str
    epsg: int
    has_prj: bool
    communes_of_today: bool
    profile: str | None = None


def _set_1(number: int, row: Row) -> tuple[Any, ...]:
    return (
        number,
        row["commune"],
        row["sheet"],
        row["number"],
        row["area"],
        row["legal_area"],
        row["use"],
        row["holder"],
        row["place"],
    )


def _set_2(number: int, row: Row) -> tuple[Any, ...]:
    area = row["area"] if isinstance(row["area"], str) else f"{row['area']:.1f}".replace(".", ",")
    own = (row["holder"], row["home"], row["place"])
    return (row["sheet"], row["number"], area, row["use"], *own, row["commune"], row["former"])


HABITS = (
    Habit(
        "bo1",
        (
            Field("THUAID", "N", 9),
            Field("XAID", "C", 5),
            Field("SHBANDO", "C", 4),
            Field("SHTHUA", "C", 6),
            Field("DIENTICH", "C", 12),
            Field("DIENTICHPL", "N", 12, 1),
            Field("KHLOAIDAT", "C", 12),
            Field("TENCHU", "C", 40),
            Field("DIACHI", "C", 60),
        ),
        _set_1,
        to_tcvn3,
        "tcvn3",
        9209,
        False,
        False,
        "parcel-address",
    ),
    Habit(
        "bo2",
        (
            Field("SOTO", "C", 4),
            Field("SOTHUA", "C", 6),
            Field("DTICH", "C", 14),
            Field("LOAIDAT", "C", 20),
            Field("CHUSUDUNG", "C", 60),
            Field("DIACHI", "C", 60),
            Field("DIACHITHUA", "C", 80),
            Field("MAXA", "C", 5),
            Field("MAXACU", "C", 5),
        ),
        _set_2,
        to_vni,
        "vni",
        CITY_EPSG,
        True,
        True,
    ),
)


@dataclass(frozen=True)
class Delivery:
    """One former commune's file: habit, name, the faults put in, and a .cpg that lies where there is one."""

    habit: int
    former: str
    stem: str
    faults: tuple[str, ...]
    cpg: str | None = None


DELIVERIES = (
    Delivery(
        0, "99001", "thua_dat_cho_lua", ("number_empty", "number_word", "number_letter", "ring_tail", "use_old_bhk", "area_wrong")
    ),
    Delivery(0, "99004", "thua_dat_cua_dong", ("ring_crossing", "geometry_null", "vertex_twice", "sliver", "use_unknown")),
    Delivery(0, "99007", "thua_dat_pho_cu", ("number_zero", "overlap", "ring_tail", "area_words", "commune_empty", "use_empty")),
    Delivery(0, "99010", "thua_dat_nui_tam", ("use_old_lnk", "sheet_empty", "commune_unknown", "area_hectares")),
    Delivery(1, "99013", "thuadat_benngu", ("number_word", "use_lower", "area_words", "ring_crossing", "use_old_tsn", "sliver")),
    Delivery(1, "99016", "thuadat_luathuong", ("area_hectares", "use_old_lnk", "use_lower", "vertex_twice", "number_letter")),
    Delivery(1, "99019", "thuadat_dongdau", ("ring_tail", "geometry_null", "use_old_tsn", "number_empty", "use_unknown")),
    Delivery(
        1, "99022", "thuadat_baidau", ("overlap", "area_wrong", "area_unit", "use_lower", "use_old_bhk", "number_zero"), "UTF-8"
    ),
)


@dataclass(frozen=True)
class CadastralFile:
    """A shapefile in memory: its parts by suffix, the rows in it and the faults of the rows."""

    delivery: Delivery
    habit: Habit
    parts: dict[str, bytes]
    rows: int
    faults: list[Fault]


def build_cadastre(parcels: Parcels, addresses: Addresses) -> list[CadastralFile]:
    """Write the eight files of the two sets."""
    rng = stream("holders")
    holders = np.array([holder(str(use), rng) for use in parcels.use], dtype=object)
    return [_file(delivery, parcels, addresses, holders) for delivery in DELIVERIES]


def _file(delivery: Delivery, parcels: Parcels, addresses: Addresses, holders: NDArray[np.object_]) -> CadastralFile:
    habit = HABITS[delivery.habit]
    rng = stream(delivery.stem)
    here = np.flatnonzero(parcels.former == delivery.former)
    ground = parcels.geometry[here] if habit.epsg == CITY_EPSG else city_to_legacy(parcels.geometry[here])
    rows: list[Row] = []
    for index, shape in zip(here, ground, strict=True):
        area = round(float(parcels.geometry[index].area), 1)
        rows.append(
            {
                "commune": parcels.commune[index] if habit.communes_of_today else parcels.former[index],
                "former": parcels.former[index],
                "sheet": str(parcels.sheet[index]),
                "number": str(parcels.number[index]),
                "area": area,
                "legal_area": area if rng.random() > 0.03 else round(area * rng.uniform(0.98, 1.02), 1),
                "kind": parcels.kind[index],
                "use": _use_text(str(parcels.use[index]), area, habit, rng),
                "holder": holders[index],
                "home": home(rng),
                "place": addresses.text[index] or "",
                "geometry": shape,
            }
        )
    faults = put_faults(delivery.stem, rows, delivery.faults, rng)
    values = [tuple(habit.encode(str(value)) for value in habit.values(number, row)) for number, row in enumerate(rows, start=1)]
    parts = write_shapefile(habit.fields, values, [row["geometry"] for row in rows], _WRITTEN_ON)
    if habit.has_prj:
        parts[".prj"] = CRS.from_epsg(habit.epsg).to_wkt(WktVersion.WKT1_ESRI).encode("ascii")
    if delivery.cpg:
        parts[".cpg"] = delivery.cpg.encode("ascii")
    return CadastralFile(delivery, habit, parts, len(rows), faults)


def _use_text(use: str, area: float, habit: Habit, rng: np.random.Generator) -> str:
    """Write a use as the office does: set 2 tells the area of each of several uses and writes some codes small."""
    if not habit.communes_of_today:
        return use
    if "+" in use:
        home, garden = use.split("+")
        part = min(120.0, round(area / 2, 0))
        use = f"{home} {part:.0f}; {garden} {area - part:.1f}".replace(".", ",")
    return use.lower() if rng.random() < 0.05 else use
