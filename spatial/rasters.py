"""The population grids as they were delivered: which there are, and their bytes. What a GeoTIFF is, is the doors' business."""

from dataclasses import dataclass
from functools import cache

from sqlalchemy import BigInteger, bindparam, select

from spatial.compiled import AsyncConnection, Statement
from spatial.tables import Raster


@dataclass(frozen=True)
class StoredRaster:
    """One stored grid.

    Attributes:
        srid: EPSG code of its coordinate system.
        population: sum of people over its cells.
        sha256: hash of the file.
    """

    id: int
    code: str
    year: int
    title: str | None
    srid: int
    population: float
    sha256: str


@cache
def _listing() -> Statement:
    columns = (Raster.id, Raster.code, Raster.year, Raster.title, Raster.srid, Raster.population, Raster.sha256)
    return Statement.of(select(*columns).order_by(Raster.year.desc(), Raster.code))


@cache
def _content() -> Statement:
    return Statement.of(select(Raster.content).where(Raster.id == bindparam("raster", type_=BigInteger)))


async def list_rasters(connection: AsyncConnection) -> tuple[StoredRaster, ...]:
    """List the stored grids without their bytes, the newest year first."""
    return tuple(StoredRaster(**dict(row)) for row in await _listing().fetch(connection))


async def read_raster(connection: AsyncConnection, raster: StoredRaster) -> bytes | None:
    """Give the bytes of the file; None where it is gone meanwhile."""
    row = await _content().fetchrow(connection, raster=raster.id)
    return None if row is None else bytes(row["content"])
