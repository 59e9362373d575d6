"""What `dothi export` writes loads back: into the same database without a change, into an empty one as the same rows."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from sqlalchemy import Boolean, Column, Date, Engine, Float, Integer, Numeric, insert, text

from ingest.export import export_layer
from ingest.report import LoadReport
from spatial.cluster import Cluster
from spatial.database import open_engine
from spatial.layers import HIDDEN_COLUMNS, LAYERS, Layer, find_layer
from spatial.versions import open_batch
from tests.conftest import cloned
from tests.ingest.world import load_one, one, rows
from tests.spatial.every_layer import REQUIRED, draw, named
from tests.spatial.rollup_world import COMMUNES, add_units

FORMATS = (".gpkg", ".geojson", ".fgb", ".parquet", ".csv")
NOTE = ' Dòng 1\nDòng 2:  "đất ở", 5\u2028m²;\thết '
"""Line breaks, quotes, blanks, marks of every CSV: as people write notes."""
VALUES: dict[str, dict[str, Any]] = {
    "admin_units": {"boundary_quality": "surveyed", "parent_code": "37", "population_year": 2024},
    "urban_areas": {"parent_code": "DT37"},
    "parcels": {"national_id": "012345678901", "land_use_code": "ODT", "land_use_raw": "ont 60; CLN 40"},
    "zones": {"function_code": None, "function_raw": "LẠ", "max_coverage_pct": 60.5, "min_storeys": 2, "max_storeys": 5},
    "plans": {"adjustment": "first", "info_code": "123456789012", "status": "in_force"},
    "permits": {"conformity": "conform"},
    "facilities": {"capacity_unit": "MVA"},
}
"""What the rules of a table want of its columns."""


USES = """
    INSERT INTO land.parcel_use (parcel_id, seq, scheme, raw, code, area_m2, commune_code)
    SELECT p.id, u.seq, '2024', u.raw, u.code, u.area_m2, p.commune_code
    FROM land.parcel p, (VALUES (1, 'ont 60', 'ONT', 60.0), (2, 'CLN 40', 'CLN', 40.0)) AS u (seq, raw, code, area_m2)
    WHERE p.land_use_raw LIKE '%;%'
"""

STORED = "UPDATE {table} SET geom = admin.stored_geometry(geom), batch_id = ingest.current_batch()"
AREAS = "UPDATE {table} SET area_srid = 5899, area_m2 = admin.area_m2(geom, 5899), batch_id = ingest.current_batch()"
"""In another plane than the province's: what a row says of its area goes with it."""


def value_of(column: Column[Any]) -> Any:
    """Give a value of the column's kind that is easily lost on the way through a file."""
    least = column.info["band"].least if isinstance(column.type, Integer) and "band" in column.info else 0
    for kind, value in ((Boolean, True), (Integer, least + 7), (Float, 0.1 + 0.2), (Numeric, 12.5), (Date, date(2024, 2, 29))):
        if isinstance(column.type, kind):
            return value
    return NOTE


def closed(layer: Layer, name: str) -> bool:
    """Say whether a rule names the words, or the form, that a text column may hold."""
    return any(name in str(rule.sqltext) for rule in layer.table.constraints if hasattr(rule, "sqltext")) or name.endswith(
        "_code"
    )


def listed(layer: Layer) -> Iterator[dict[str, Any]]:
    """Give rows of a layer: one full, one with what it must have, and an ended period of the first."""
    own = {column.name: column for column in layer.properties}
    full = {
        name: value_of(column)
        for name, column in own.items()
        if column.computed is None and not (isinstance(value_of(column), str) and closed(layer, name))
    }
    common = {"province_code": "37", "commune_code": "37001", **REQUIRED[layer.name]}
    full |= {**common, **VALUES.get(layer.name, {}), "valid_from": date(2024, 1, 1), "valid_to": None}
    yield {**full, **named(layer, "1"), "geom": draw(layer.geometry_type, 1)}
    bare = {**dict.fromkeys(full), **common, "valid_from": date(2020, 1, 1), "valid_to": date(2031, 1, 1)}
    bare |= {name: full[name] for name, column in own.items() if name in full and not column.nullable and name not in bare}
    kept = {"boundary_quality", "status", "area_m2", "parent_code", "land_use_code"} & set(full)  # what a load fills
    bare |= {name: full[name] for name in kept}
    yield {**bare, **named(layer, "2"), "geom": draw(layer.geometry_type, 2)}
    if layer.name not in ("plans", "zones", "planning_lines"):
        yield {**full, **named(layer, "1"), "geom": draw(layer.geometry_type, 3), "valid_from": date(2020, 1, 1),
               "valid_to": date(2024, 1, 1)}  # fmt: skip


@pytest.fixture(scope="module")
def filled(cluster: Cluster, template: str) -> Iterator[Engine]:
    """Every layer with rows that an editor may have written."""
    with cloned(cluster, template) as database:
        engine = open_engine(database.url)
        with engine.begin() as connection:
            connection.execute(text("SET LOCAL ROLE dothi_ingest"))
            open_batch(connection, "load")
            add_units(connection)
            connection.execute(text("UPDATE admin.unit SET boundary_quality = 'surveyed'"))
            for layer in LAYERS:
                for row in listed(layer):
                    connection.execute(insert(layer.table), [row])
                connection.execute(text(STORED.format(table=layer.table_name)))
                if "area_srid" in layer.table.columns:
                    connection.execute(text(AREAS.format(table=layer.table_name)))
            connection.execute(text(USES))
        yield engine
        engine.dispose()


def exported(engine: Engine, layer: Layer, path: Path, *, all_periods: bool = True) -> int:
    with engine.connect() as connection:
        return export_layer(connection, layer, path, all_periods=all_periods)


def unchanged(report: LoadReport, count: int) -> None:
    """Hold a report against what it must be; the issues say what went wrong."""
    seen = (report.added, report.changed, report.unchanged, report.quarantined, report.ended)
    assert seen == (0, 0, count, 0, 0), dict(report.issues)
    assert not {"column_unmapped", "column_personal"} & set(report.issues)


@pytest.mark.parametrize(
    ("layer", "suffix"),
    [  # every layer in one format, one of each kind in every format; into an empty database all go in all, below
        pytest.param(layer, suffix, id=f"{layer.name}-{suffix}")
        for layer in LAYERS
        for suffix in (FORMATS if layer.name in {"parcels", "addresses", "planning_lines", "zones"} else FORMATS[:1])
    ],
)
def test_an_export_of_all_periods_loads_back_unchanged(filled: Engine, tmp_path: Path, layer: Layer, suffix: str) -> None:
    path = tmp_path / f"{layer.name}{suffix}"
    count = exported(filled, layer, path)
    assert count >= 2
    before = contents(filled, layer)
    unchanged(load_one(filled, layer.name, path), count)
    assert contents(filled, layer) == before


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_an_export_of_today_loads_back_unchanged(filled: Engine, tmp_path: Path, layer: Layer) -> None:
    path = tmp_path / f"{layer.name}.gpkg"
    count = exported(filled, layer, path, all_periods=False)
    unchanged(load_one(filled, layer.name, path), count)


def contents(engine: Engine, layer: Layer) -> list[tuple[Any, ...]]:
    """Give the rows of a layer but for id and batch, and those of its uses and owners that only `private` has."""
    names = [column.name for column in layer.table.columns if column.name not in {"id", "geom", *HIDDEN_COLUMNS}]
    return rows(engine, f"SELECT {', '.join(names)}, ST_AsEWKB(geom)::text FROM {layer.table_name} ORDER BY code, valid_from")


@pytest.mark.parametrize("suffix", FORMATS)
def test_exports_make_an_empty_database_the_same(
    filled: Engine, cluster: Cluster, template: str, tmp_path: Path, suffix: str
) -> None:
    with cloned(cluster, template) as database:
        empty = open_engine(database.url)
        for layer in LAYERS:
            path = tmp_path / f"{layer.name}{suffix}"
            count = exported(filled, layer, path)
            report = load_one(empty, layer.name, path)
            assert (report.added, report.quarantined) == (count, 0), (layer.name, dict(report.issues))
        for layer in LAYERS:
            ours, theirs = contents(empty, layer), contents(filled, layer)
            assert ours == theirs, layer.name
        assert one(empty, "SELECT count(*) FROM land.parcel_use") == 4
        assert one(empty, "SELECT count(*) FROM private.parcel_owner") == 0
        empty.dispose()


def test_the_id_is_known_for_what_it_is_and_kept_nowhere(filled: Engine, tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    exported(filled, find_layer("parcels"), path)
    assert "id" in pq.read_schema(path).names
    report = load_one(filled, "parcels", path)
    assert {note.column for note in report.notes if note.code.value == "column_computed"} == {"id", "province_code", "area_m2"}
    assert one(filled, "SELECT count(*) FROM private.parcel_owner") == 0


def test_a_code_that_was_changed_in_an_export_is_set_aside_and_not_taken(filled: Engine, tmp_path: Path) -> None:
    path = tmp_path / "parcels.csv"
    count = exported(filled, find_layer("parcels"), path)
    content = path.read_text("utf-8")
    assert content.count("37001.37001.9.2") == 1
    path.write_text(content.replace("37001.37001.9.2", "00004.00004.1.1"), "utf-8")
    report = load_one(filled, "parcels", path)
    assert (report.unchanged, report.quarantined, report.issues["parcel_code_disagrees"]) == (count - 1, 1, 1)
    assert one(filled, "SELECT count(*) FROM land.parcel WHERE code LIKE '00004%'") == 0


def test_the_world_is_what_it_should_be() -> None:
    assert set(REQUIRED) == {layer.name for layer in LAYERS}
    assert "37001" in COMMUNES
