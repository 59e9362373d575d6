"""A population grid as GeoTIFF: kept whole as delivered, and its inhabited cells as features. The sums must agree."""

import hashlib
import io
import time
import unicodedata
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import rasterio
import shapely
from rasterio.errors import RasterioIOError
from sqlalchemy import Connection, Engine, insert, select, update

from ingest.connect import loading, lock_layer
from ingest.crs_detect import read_declaration, transform_to_wgs84
from ingest.given import absent
from ingest.issues import Issue, IssueCode, count_by_code
from ingest.options import LoadOptions
from ingest.places import Places, load_places
from ingest.prepare import geometry_text, strings
from ingest.publish import Counts, Publication, match_rows, match_table, publish
from ingest.quarantine import record_batch, store_issues
from ingest.repair import Kind, to_multi
from ingest.report import LoadReport
from ingest.stage import ROW_NO, Copier, create_stage, layer_stage
from spatial.crs import COUNTRY_BBOX
from spatial.errors import InvalidInput, UnknownCrs, UnreadableFile
from spatial.layers import find_layer
from spatial.tables import Raster
from spatial.tables.bands import PEOPLE_OF_CELL
from spatial.versions import open_batch, today_vn

MAX_BYTES = 200_000_000
MAX_CELLS = 50_000_000
MAX_INHABITED = 2_000_000
_FIRST_YEAR, _LAST_YEAR = 1900, 2100


@dataclass(frozen=True)
class Grid:
    """A population grid in memory.

    Attributes:
        people: (rows, columns), NaN where there is no data.
        corners: function of arrays of row and column numbers -> x, y of the upper-left corner in the raster's CRS.
    """

    content: bytes
    people: npt.NDArray[np.float64]
    transform: rasterio.Affine
    srid: int
    tags: dict[str, str]

    def cells(self, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64]) -> npt.NDArray[np.object_]:
        """Give the cells as polygons in EPSG:4326."""
        t = self.transform
        across = np.stack([columns, columns + 1, columns + 1, columns, columns], axis=1)
        down = np.stack([rows, rows, rows + 1, rows + 1, rows], axis=1)
        corners = np.stack([t.a * across + t.b * down + t.c, t.d * across + t.e * down + t.f], axis=2)
        return transform_to_wgs84(np.asarray(shapely.polygons(corners), dtype=object), self.srid)


def read_grid(path: Path) -> Grid:
    """Read and check a GeoTIFF of people per cell.

    Raises:
        UnreadableFile: no GeoTIFF, too large, several bands, no numbers.
        UnknownCrs: it declares no coordinate system that is known.
        InvalidInput: it lies outside the country.
    """
    if not path.is_file():
        raise absent(path)
    if path.stat().st_size > MAX_BYTES:
        raise UnreadableFile(f"'{path}' is larger than {MAX_BYTES // 1_000_000} MB. Cut it into provinces.")
    content = path.read_bytes()
    try:
        with rasterio.open(io.BytesIO(content)) as raster:
            if raster.driver != "GTiff":
                raise UnreadableFile(f"'{path}' is {raster.driver}, not GeoTIFF.")
            if raster.count != 1:
                raise UnreadableFile(f"'{path}' has {raster.count} bands. Give a grid with one band: people per cell.")
            if raster.width * raster.height > MAX_CELLS:
                raise UnreadableFile(f"'{path}' has more than {MAX_CELLS // 1_000_000} million cells. Cut it into provinces.")
            srid = read_declaration(raster.crs.to_wkt()).srid if raster.crs else None
            if srid is None:
                raise UnknownCrs(f"'{path}' declares no coordinate system that is known. Write it into the GeoTIFF.")
            people = raster.read(1, masked=True).astype(np.float64).filled(np.nan)
            grid = Grid(content, people, raster.transform, srid, {k.lower(): v for k, v in raster.tags().items()})
    except RasterioIOError as error:
        raise UnreadableFile(f"'{path}' cannot be read as a GeoTIFF; it may be cut short. Fetch it again.") from error
    _require_country(grid, path)
    return grid


def _require_country(grid: Grid, path: Path) -> None:
    height, width = grid.people.shape
    rows, columns = np.array([0, 0, height - 1, height - 1]), np.array([0, width - 1, 0, width - 1])
    west, south, east, north = shapely.total_bounds(grid.cells(rows, columns))
    if not (COUNTRY_BBOX[0] <= west and COUNTRY_BBOX[1] <= south and east <= COUNTRY_BBOX[2] and north <= COUNTRY_BBOX[3]):
        raise InvalidInput(f"'{path}' lies at {west:.2f} to {east:.2f} E, {south:.2f} to {north:.2f} N, outside Vietnam.")


def load_raster(engine: Engine, path: Path, options: LoadOptions) -> LoadReport:
    """Load a population grid in one transaction: the file into `population.raster`, its cells into the layer.

    The year comes from `--set year=`, else from the file's tag `year`; the dataset's code from `--set raster_code=`, else
    the file's name.
    """
    started = time.monotonic()
    grid = read_grid(path)
    year, code = _year(grid, options), options.values.get("raster_code") or unicodedata.normalize("NFC", path.stem)
    most = PEOPLE_OF_CELL.largest
    rows, columns = np.nonzero((grid.people > 0) & (grid.people <= most))
    bad = np.argwhere((grid.people < 0) | (grid.people > most))
    if len(rows) > MAX_INHABITED:
        raise InvalidInput(
            f"'{path}' has {len(rows):,} inhabited cells; up to {MAX_INHABITED:,} are taken. Cut it into provinces."
        )
    width = grid.people.shape[1]
    issues = [
        Issue(_fault(grid.people[row, column]), int(row * width + column + 1), value=f"{grid.people[row, column]:g}")
        for row, column in bad
    ]
    if not len(rows) and not len(bad):
        issues.append(Issue(IssueCode.NO_ROWS))
    layer = find_layer("population_grid")
    with loading(engine, dry_run=options.dry_run) as connection:
        lock_layer(connection, layer.table_name)
        today = today_vn(connection)
        places = load_places(connection, today, None)
        stage = layer_stage(layer.table)
        create_stage(connection, stage)
        staged = _staged(grid, rows, columns, places, code, year, options)
        with Copier(connection) as copier:
            copier.add(stage, staged)
            copier.finish()
        batch_id = open_batch(connection, "load")
        filled = tuple(name for name in staged.column_names if name != ROW_NO)
        counts = Counts()
        if len(rows):
            publication = Publication(layer.table, stage, filled, batch_id, today, match_table("load_match"))
            match_rows(connection, publication)
            counts = publish(connection, publication)
        people = float(grid.people[rows, columns].sum())
        _store_raster(connection, grid, code, year, people, batch_id, options)
        _store_bad(connection, batch_id, bad, grid, issues)
        store_issues(connection, batch_id, issues)
        report = LoadReport(
            batch=None if options.dry_run else batch_id,
            layer=layer.name,
            file=unicodedata.normalize("NFC", str(path)),
            sha256=hashlib.sha256(grid.content).hexdigest(),
            crs=f"EPSG:{grid.srid}",
            encoding=None,
            rows_in=len(rows) + len(bad),
            added=counts.added,
            changed=counts.changed,
            unchanged=counts.unchanged,
            quarantined=len(bad),
            seconds=time.monotonic() - started,
            issues=count_by_code(issues),
            notes=tuple(issue for issue in issues if issue.row is None),
        )
        record_batch(connection, batch_id, report, options, {})
        return report


def _year(grid: Grid, options: LoadOptions) -> int:
    text = options.values.get("year") or grid.tags.get("year") or ""
    if not text.isdigit() or not _FIRST_YEAR <= int(text) <= _LAST_YEAR:
        raise InvalidInput(f"The grid's year is not known ('{text}'). Give it with --set year=2025.")
    return int(text)


def _staged(
    grid: Grid,
    rows: npt.NDArray[np.int64],
    columns: npt.NDArray[np.int64],
    places: Places,
    code: str,
    year: int,
    options: LoadOptions,
) -> pa.Table:
    cells = grid.cells(rows, columns) if len(rows) else np.empty(0, dtype=object)
    communes = places.locate(cells)
    begins = options.valid_from or date(year, 1, 1)
    count = len(rows)
    return pa.table(
        {
            ROW_NO: pa.array(rows * grid.people.shape[1] + columns + 1, pa.int64()),
            "code": pa.array([f"{code}.{year}.{row}.{column}" for row, column in zip(rows, columns, strict=True)], pa.string()),
            "raster_code": pa.array([code] * count, pa.string()),
            "year": pa.array([year] * count, pa.int64()),
            "population": pa.array(grid.people[rows, columns], pa.float64()),
            "commune_code": strings(communes),
            "province_code": strings(np.array([places.province_of.get(commune) for commune in communes], dtype=object)),
            "valid_from": pa.array([begins] * count, pa.date32()),
            "geom": geometry_text(to_multi(cells, Kind.POLYGON)) if count else pa.array([], pa.string()),
        }
    )


def _store_raster(
    connection: Connection, grid: Grid, code: str, year: int, people: float, batch_id: int, options: LoadOptions
) -> None:
    sha256 = hashlib.sha256(grid.content).hexdigest()
    values: dict[str, Any] = {
        "title": options.values.get("title") or grid.tags.get("title"),
        "srid": grid.srid,
        "population": people,
        "content": grid.content,
        "sha256": sha256,
        "batch_id": batch_id,
    }
    found = connection.execute(select(Raster.id, Raster.sha256).where(Raster.code == code, Raster.year == year)).one_or_none()
    if found is None:
        connection.execute(insert(Raster).values(code=code, year=year, **values))
    elif found.sha256 != sha256:
        connection.execute(update(Raster).where(Raster.id == found.id).values(**values))


def _fault(people: float) -> IssueCode:
    return IssueCode.CELL_NEGATIVE if people < 0 else IssueCode.VALUE_IMPLAUSIBLE


def _store_bad(connection: Connection, batch_id: int, bad: npt.NDArray[np.int64], grid: Grid, issues: list[Issue]) -> None:
    from spatial.tables import Quarantine

    if len(bad):
        connection.execute(
            insert(Quarantine),
            [
                {
                    "batch_id": batch_id,
                    "layer": "population_grid",
                    "row_no": issue.row,
                    "reasons": [issue.code.value],
                    "public_values": {
                        "row": int(row),
                        "column": int(column),
                        "population": issue.value,
                    },
                }
                for (row, column), issue in zip(bad, issues, strict=False)
            ],
        )
