"""A small planned world for the tests of the lookup, drawn in metres of a VN-2000 plane around a corner in Hà Nội."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import asyncpg
import shapely
import sqlalchemy
from shapely.affinity import translate
from shapely.geometry.base import BaseGeometry
from sqlalchemy import text

from api.pool import Pool
from spatial.crs import database_srid, transformer_to_wgs84
from spatial.lookup import Answer, Question, Theme, ThemeAnswer, look_up
from spatial.versions import open_batch
from tests.conftest import Database, sqlalchemy_url

PLANE = 5897
CORNER = (587_000.0, 2_325_000.0)
COMMUNE = "09706"
START = date(2024, 1, 1)

Ask = Callable[..., Awaitable[Answer]]
Shape = BaseGeometry | tuple[float, float, float, float] | Sequence[tuple[float, float]]


def as_geometry(shape: Shape) -> BaseGeometry:
    """Read a box (west, south, east, north), a line of points, or a geometry; in metres from the corner."""
    if isinstance(shape, BaseGeometry):
        return shape
    if isinstance(shape[0], int | float):
        return shapely.box(*shape)
    return shapely.LineString(shape)


def lonlat(x: float, y: float) -> tuple[float, float]:
    """Give longitude and latitude of a place in metres from the corner."""
    lon, lat = transformer_to_wgs84(PLANE).transform(CORNER[0] + x, CORNER[1] + y)
    return lon, lat


@dataclass
class World:
    """A database that tests draw parcels and plans into; each `writing` block is one batch."""

    database: Database
    engine: sqlalchemy.Engine
    _connection: sqlalchemy.Connection | None = None
    _batch: int = 0
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @contextmanager
    def writing(self) -> Iterator["World"]:
        """Write in one transaction as the loader does."""
        with self.engine.begin() as connection:
            connection.execute(text("SET LOCAL ROLE dothi_ingest"))
            self._connection, self._batch = connection, open_batch(connection, "load")
            yield self
        self._connection = None

    def execute(self, statement: str, **values: Any) -> None:
        """Run a statement of this transaction."""
        assert self._connection is not None
        self._connection.execute(text(statement), values)

    def _insert(self, table: str, shape: Shape | None, multi: bool = True, **values: Any) -> None:
        row = {**values, "batch_id": self._batch}
        names, marks = list(row), [f":{name}" for name in row]
        if shape is not None:
            placed = translate(as_geometry(shape), *CORNER)
            row |= {"shape": shapely.to_wkb(placed), "plane": database_srid(PLANE)}
            drawn = "ST_Transform(ST_GeomFromWKB(:shape, :plane), 4326)"
            names.append("geom")
            marks.append(f"ST_Multi({drawn})" if multi else drawn)
        self.execute(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(marks)})", **row)

    def parcel(
        self, shape: Shape, sheet: str = "1", number: str | None = None, *, table: str = "land.parcel", **values: Any
    ) -> str:
        """Draw a parcel and give its code."""
        row: dict[str, Any] = {
            "commune_code": COMMUNE, "former_commune_code": COMMUNE, "map_sheet": sheet,
            "parcel_no": number or str(next(self._numbers)),
            "province_code": "01", "area_m2": as_geometry(shape).area, "area_srid": PLANE, "land_use_code": "ODT",
            "valid_from": START, **values,
        }  # fmt: skip
        row.setdefault("code", ".".join(row[name] for name in ("commune_code", "former_commune_code", "map_sheet", "parcel_no")))
        self._insert(table, shape, **row)
        return str(row["code"])

    def plan(
        self,
        code: str,
        shape: Shape,
        level: str = "zoning",
        events: Sequence[tuple[str, date]] = (("approved", START), ("in_force", START)),
        **values: Any,
    ) -> str:
        """Draw a plan with its events."""
        row = {
            "code": code, "name": f"Đồ án {code}", "plan_level": level, "plan_kind": "urban", "decision_no": f"{code}/QĐ-UBND",
            "decided_on": events[0][1] if events else None, "authority": "UBND thành phố", "valid_from": START, **values,
        }  # fmt: skip
        self._insert("planning.plan", shape, **row)
        for kind, day in events:
            self.event(code, kind, day)
        return code

    def event(self, plan: str, kind: str, day: date, part: Shape | None = None) -> None:
        """Let something happen to a plan, or to a part of its territory."""
        self._insert("planning.plan_event", part, plan_code=plan, kind=kind, effective_on=day)

    def zone(self, plan: str, shape: Shape, function: str | None = "DAT_DD_DONVIO", **values: Any) -> str:
        """Draw a zone and give its code."""
        code = values.pop("code", f"{plan}.Z{next(self._numbers)}")
        row = {"code": code, "plan_code": plan, "function_code": function, "valid_from": START, **values}
        self._insert("planning.zone", shape, **row)
        return str(code)

    def line(
        self, plan: str, shape: Shape, kind: str = "red_line", side: str = "left", width_m: float | None = None, **values: Any
    ) -> str:
        """Draw a line whose side is restricted."""
        code = values.pop("code", f"{plan}.L{next(self._numbers)}")
        row = {"code": code, "plan_code": plan, "kind": kind, "side": side, "width_m": width_m, "valid_from": START, **values}
        self._insert("planning.planning_line", shape, **row)
        return str(code)

    def coverage(self, theme: str, shape: Shape, extent: str = "full", **values: Any) -> None:
        """Say where a theme is known."""
        row = {"code": f"C{next(self._numbers)}", "theme": theme, "extent": extent, "valid_from": START, **values}
        self._insert("planning.theme_coverage", shape, **row)

    def gap(self, shape: Shape, theme: str | None = None, **values: Any) -> None:
        """Say that content went missing on some ground."""
        row = {
            "reason": "removed",
            "theme": theme,
            "table_name": "planning.zone",
            "row_code": f"G{next(self._numbers)}",
            **values,
        }
        self._insert("planning.content_gap", shape, **row)

    def present(self, plan: str, theme: str) -> None:
        """Say that a plan's class came with no row in it, as the loader does; an absent class would prove nothing."""
        self.execute(
            "INSERT INTO planning.plan_content (plan_code, theme, row_count, batch_id) VALUES (:plan, :theme, 0, :batch)"
            " ON CONFLICT DO NOTHING",
            plan=plan, theme=theme, batch=self._batch,
        )  # fmt: skip

    def address(self, words: str, x: float, y: float, parcel_code: str | None = None, **columns: str) -> None:
        """Put an address point."""
        self._insert(
            "land.address", shapely.Point(x, y), multi=False, code=f"A{next(self._numbers)}", address=words,
            parcel_code=parcel_code, commune_code=COMMUNE, valid_from=START, **columns,
        )  # fmt: skip

    def version(self) -> int:
        """Give the newest data version."""
        with self.engine.begin() as connection:
            return int(connection.execute(text("SELECT max(data_version) FROM ingest.batch")).scalar_one())


def open_world(database: Database) -> World:
    """Give a world on a database."""
    return World(database, sqlalchemy.create_engine(sqlalchemy_url(database.url), poolclass=sqlalchemy.NullPool))


async def public_connection(database: Database) -> asyncpg.Connection:
    """Connect as the API's public login does."""
    pool = Pool(database.login("dothi_api"), size=1, statement_timeout_ms=60_000)
    connection = await asyncpg.connect(pool.dsn, server_settings=pool._settings)
    await pool._prepare(connection)
    return connection


@asynccontextmanager
async def asking(database: Database, day: date) -> AsyncIterator[Ask]:
    """Give what asks the lookup as the public does, for the day where a question states none."""
    connection = await public_connection(database)

    async def ask(**question: Any) -> Answer:
        return await look_up(connection, Question(**{"as_of": day, **question}))

    try:
        yield ask
    finally:
        await connection.close()


def theme(answer: Answer, wanted: Theme) -> ThemeAnswer:
    """Give what an answer says of one theme."""
    return next(one for one in answer.themes if one.theme is wanted)
