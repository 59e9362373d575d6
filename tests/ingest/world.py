"""A small world to load into: one province's commune of today, made of two former ones, and the ways to look at the outcome."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from sqlalchemy import Connection, Engine, text

from ingest.crs_detect import transform_to_wgs84
from ingest.door import load
from ingest.options import LoadOptions
from ingest.report import LoadReport
from tests.ingest.files import squares, write_layer

COMMUNE = "09706"
WEST, EAST = "09706", "09709"
"""Former communes that became COMMUNE: the western half kept the code."""
GROUND = (539_000.0, 2_326_000.0, 541_000.0, 2_328_000.0)
MERGED_ON = date(2025, 7, 1)
SRID = 5897


def found_commune(engine: Engine, folder: Path) -> None:
    """Load the commune, its two predecessors and how they merged, through the same door as everything else."""
    west, south, east, north = GROUND
    middle = (west + east) / 2
    shapes = [shapely.box(*GROUND), shapely.box(west, south, middle, north), shapely.box(middle, south, east, north)]
    units = write_layer(
        folder / "units.gpkg",
        list(transform_to_wgs84(np.array(shapes, dtype=object), SRID)),
        {
            "code": [COMMUNE, WEST, EAST],
            "level": ["commune"] * 3,
            "name": ["Yên Bài", "Yên Bài", "Vân Hòa"],
            "province_code": ["01"] * 3,
            "parent_code": ["01"] * 3,
            "boundary_quality": ["surveyed"] * 3,
            "valid_from": ["2025-07-01", "2008-08-01", "2008-08-01"],
            "valid_to": [None, "2025-07-01", "2025-07-01"],
        },
        crs="EPSG:4326",
    )
    load_one(engine, "admin_units", units)
    changes = folder / "unit_changes.csv"
    changes.write_text(
        "level,kind,from_code,to_code,changed_on,area_share\n"
        f"commune,merge,{WEST},{COMMUNE},2025-07-01,1.0\ncommune,merge,{EAST},{COMMUNE},2025-07-01,1.0\n",
        encoding="utf-8",
    )
    load_one(engine, "unit_changes", changes)


def load_one(engine: Engine, layer: str, path: Path, **options: Any) -> LoadReport:
    """Load one file and give its report."""
    (report,) = load(engine, layer, [path], LoadOptions(**options))
    return report


def parcel_file(path: Path, numbers: Sequence[Any], *, size: float = 10.0, **columns: Sequence[Any]) -> Path:
    """Write parcels in a row within the commune, on sheet 1, with the columns given or ordinary ones."""
    count = len(numbers)
    return write_layer(
        path,
        squares(count, west=539_100.0, south=2_326_500.0, size=size),
        {
            "XAID": [COMMUNE] * count,
            "SHBANDO": ["1"] * count,
            "SHTHUA": [str(number) for number in numbers],
            "DIENTICH": [size * size] * count,
            "KHLOAIDAT": ["ODT"] * count,
            "TENCHU": [f"Nguyen Van Chu {number}" for number in numbers],
            **columns,
        },
    )


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Give a connection to look with."""
    with engine.connect() as connection:
        yield connection


def rows(engine: Engine, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """Give the rows of a statement."""
    with reading(engine) as connection:
        return [tuple(row) for row in connection.execute(text(statement), values)]


def one(engine: Engine, statement: str, **values: Any) -> Any:
    """Give the single value of a statement."""
    ((value,),) = rows(engine, statement, **values)
    return value


def parcels(engine: Engine) -> dict[str, tuple[int, date, date | None]]:
    """Give code and begin of each parcel row -> id, begin, end."""
    found = rows(engine, "SELECT code, id, valid_from, valid_to FROM land.parcel ORDER BY code, valid_from")
    return {f"{code} {begin}": (key, begin, end) for code, key, begin, end in found}


def schemas_that_hold(engine: Engine, needle: str) -> set[str]:
    """Search every row of every table, as text, and give the schemas that hold the needle."""
    tables = rows(
        engine,
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind IN ('r', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')",
    )
    found = set()
    with reading(engine) as connection:
        quote = connection.dialect.identifier_preparer.quote
        for schema, name in tables:
            statement = f"SELECT EXISTS (SELECT FROM {quote(schema)}.{quote(name)} t WHERE t::text LIKE :needle)"
            if connection.scalar(text(statement), {"needle": f"%{needle}%"}):
                found.add(schema)
    return found
