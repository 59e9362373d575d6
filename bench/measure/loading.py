"""Loading a shapefile, checked and published, against ogr2ogr with COPY and the same indexes."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import psycopg2
import pyogrio.raw
import shapely

from bench.city import PLANE, City
from bench.effort import Effort
from bench.report import Finding, at_most
from bench.store import FOLDER, Store

_DATABASE = "bench_load"
_INDEXES = (
    # those of land.parcel; ogr2ogr itself makes the primary key
    "CREATE INDEX ON ogr_parcel USING gist (geom)",
    "CREATE UNIQUE INDEX ON ogr_parcel (maxa, shbando, shthua)",
    "CREATE INDEX ON ogr_parcel (shbando, shthua, maxa)",
    "CREATE INDEX ON ogr_parcel (maxa)",
    "ANALYZE ogr_parcel",
)


@dataclass(frozen=True)
class Run:
    """How long a program took and the most memory it held."""

    seconds: float
    peak_bytes: int


def measure(store: Store, effort: Effort) -> Iterator[Finding]:
    """Compare the time, each into a fresh database that knows the communes."""
    file = write_shapefile(store.city, effort)
    ours: list[Run] = []
    theirs: list[Run] = []
    for number in range(max(1, effort.rounds - 1)):
        effort.say(f"loading {store.city.rows:,} parcels, round {number + 1}")
        with store.copy_of_places(_DATABASE) as url:
            ours.append(_load(url, file, store.city.rows))
        with store.copy_of_places(_DATABASE) as url:
            theirs.append(_ogr2ogr(url, file, store.city.rows))
    fastest, other = min(run.seconds for run in ours), min(run.seconds for run in theirs)
    behind = f"{fastest:.1f} s against {other:.1f} s"
    yield Finding(f"load of {store.city.rows:,} parcels, time against ogr2ogr", fastest / other, at_most(1.5), behind)
    peak = max(run.peak_bytes for run in ours) / 1e9
    yield Finding("load: most memory", peak, at_most(1.5), f"ogr2ogr {max(run.peak_bytes for run in theirs) / 1e9:.2f} GB", "GB")


def write_shapefile(city: City, effort: Effort) -> Path:
    """Write the parcels as a land office delivers them (ViLIS names, VN-2000); does nothing where that is done."""
    file = FOLDER / f"parcels_{city.rows}.shp"
    if file.exists():
        return file
    effort.say(f"writing {file.name}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    drawn = [commune.parcels() for commune in city.communes()]
    fields = {
        "MAXA": np.concatenate([np.full(len(one.area_m2), one.commune_code, object) for one in drawn]),
        "SHBANDO": np.concatenate([one.map_sheet for one in drawn]).astype(np.int32),
        "SHTHUA": np.concatenate([one.parcel_no for one in drawn]).astype(np.int32),
        "DIENTICH": np.round(np.concatenate([one.area_m2 for one in drawn]), 1),
        "KHLOAIDAT": np.concatenate([one.land_use.astype(object) for one in drawn]),
    }
    draft = FOLDER / "draft.shp"
    pyogrio.raw.write(
        draft,
        geometry=shapely.to_wkb(np.concatenate([one.plane for one in drawn])),
        field_data=list(fields.values()),
        fields=list(fields),
        geometry_type="Polygon",
        crs=f"EPSG:{PLANE}",
        encoding="UTF-8",
    )
    for part in FOLDER.glob("draft.*"):  # the .shp comes last, so that one that is there is whole
        if part.suffix != ".shp":
            part.rename(file.with_suffix(part.suffix))
    draft.rename(file)
    return file


def _load(url: str, file: Path, rows: int) -> Run:
    program = str(Path(sys.executable).parent / "dothi")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("DOTHI_")}
    run, output = _timed([program, "load", "parcels", str(file), "--json"], {**environment, "DOTHI_DATABASE_URL": url})
    report = json.loads(output)
    report = report[0] if isinstance(report, list) else report
    if report["added"] != rows:
        raise RuntimeError(f"of {rows} parcels {report['added']} were loaded: {report['issues']}")
    return run


def _ogr2ogr(url: str, file: Path, rows: int) -> Run:
    login = urlsplit(url)
    target = f"PG:host={login.hostname} port={login.port} dbname={login.path[1:]} user={login.username}"
    command = ["ogr2ogr", "-f", "PostgreSQL", target, str(file), "-nln", "ogr_parcel", "-nlt", "PROMOTE_TO_MULTI"]
    command += [
        "-t_srs",
        "EPSG:4326",
        "-lco",
        "GEOMETRY_NAME=geom",
        "-lco",
        "SPATIAL_INDEX=NONE",
        "--config",
        "PG_USE_COPY",
        "YES",
    ]
    run, _ = _timed(command, {**os.environ, "PGPASSWORD": unquote(login.password or "")})
    begin = time.monotonic()
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '512MB'")
        for statement in _INDEXES:
            cursor.execute(statement)
        cursor.execute("SELECT count(*) FROM ogr_parcel")
        found = cursor.fetchone()
    connection.close()
    if found != (rows,):
        raise RuntimeError(f"ogr2ogr loaded {found} of {rows} rows")
    return Run(run.seconds + time.monotonic() - begin, run.peak_bytes)


def _timed(command: list[str], environment: dict[str, str]) -> tuple[Run, bytes]:
    """Run a program to its end; the kernel tells its peak memory."""
    with (FOLDER / "load.out").open("w+b") as output, (FOLDER / "load.err").open("w+b") as errors:
        begin = time.monotonic()
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            raise RuntimeError(f"{command[0]}: {errors.read()[-2000:].decode(errors='replace')}")
        output.seek(0)
        return Run(seconds, usage.ru_maxrss * 1024), output.read()
