"""Several legal periods of one code: whatever a file says, they never overlap afterwards; what cannot stand waits."""

import itertools
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from ingest.report import LoadReport
from tests.ingest.files import squares, write_layer
from tests.ingest.world import COMMUNE, WEST, load_one, one, rows

FIRST = date(2020, 1, 1)
Row = tuple[str, str | None, str | None, str]
"""Code, begin, end, content."""


def day(number: int) -> str:
    """Give a day as a file writes it, counted in years from 2020; one far ahead is after the day of the test."""
    return (FIRST.replace(year=FIRST.year + number)).isoformat()


def file_of(folder: Path, layer: str, listed: Sequence[Row]) -> Path:
    """Write rows of a layer with their periods; the content is a building's or an area's name, or a parcel's address."""
    path = folder / f"{layer}.gpkg"
    path.unlink(missing_ok=True)
    columns: dict[str, list[Any]] = {
        "valid_from": [begin for _, begin, _, _ in listed],
        "valid_to": [end for _, _, end, _ in listed],
    }
    content = [text for _, _, _, text in listed]
    if layer == "parcels":
        columns |= {
            "XAID": [COMMUNE] * len(listed), "SHBANDO": ["1"] * len(listed), "SHTHUA": [code for code, *_ in listed],
            "DIACHITHUA": content, "KHLOAIDAT": ["ODT"] * len(listed),
        }  # fmt: skip
        shapes = squares(9, west=539_100.0, south=2_326_500.0)
        return write_layer(path, [shapes[int(code) % 9] for code, *_ in listed], columns)
    columns |= {"code": [code for code, *_ in listed], "name": content}
    if layer == "urban_areas":
        columns["kind"] = ["town"] * len(listed)
    shape = shapely.box(105.37, 21.03, 105.3705, 21.0305)
    return write_layer(path, [shape] * len(listed), columns, crs="EPSG:4326")


TABLES = {
    "urban_areas": ("admin.urban_area", "name", ""),
    "water_bodies": ("landscape.water_body", "name", ""),
    "parcels": ("land.parcel", "address", f"{COMMUNE}.{WEST}.1."),
}
"""One layer whose table has EXCLUDE, one of its kind of layer without, and parcels."""


def state(engine: Engine, layer: str) -> list[tuple[str, date, date | None, str]]:
    table, content, prefix = TABLES[layer]
    found = rows(engine, f"SELECT code, valid_from, valid_to, {content} FROM {table} ORDER BY code, valid_from")
    return [(code.removeprefix(prefix), begin, end, text) for code, begin, end, text in found]


def load_rows(engine: Engine, folder: Path, layer: str, *listed: Row, **options: Any) -> LoadReport:
    if layer == "water_bodies":
        options.setdefault("values", {"kind": "lake"})
    return load_one(engine, layer, file_of(folder, layer, listed), **options)


def reasons(engine: Engine, report: LoadReport) -> dict[int, list[str]]:
    return dict(rows(engine, "SELECT row_no, reasons FROM ingest.quarantine WHERE batch_id = :id", id=report.batch))


LAYERS = pytest.mark.parametrize("layer", list(TABLES))


@LAYERS
def test_periods_that_overlap_in_a_file_are_set_aside_and_the_others_load(town: Engine, tmp_path: Path, layer: str) -> None:
    file: list[Row] = [("1", day(0), None, "a"), ("1", day(2), None, "b"), ("2", day(0), day(2), "c"), ("2", day(2), None, "d")]
    first = load_rows(town, tmp_path, layer, *file)
    assert (first.added, first.quarantined, first.issues["period_overlap"]) == (2, 2, 2)
    assert reasons(town, first) == {1: ["period_overlap"], 2: ["period_overlap"]}
    assert [(code, text) for code, _, _, text in state(town, layer)] == [("2", "c"), ("2", "d")]
    again = load_rows(town, tmp_path, layer, *file)
    assert (again.unchanged, again.quarantined, again.wrote) == (2, 2, False)


@LAYERS
def test_a_period_that_reaches_into_the_next_of_the_table_is_set_aside(town: Engine, tmp_path: Path, layer: str) -> None:
    load_rows(town, tmp_path, layer, ("1", day(2), day(4), "later"))
    before = state(town, layer)
    report = load_rows(town, tmp_path, layer, ("1", day(0), day(3), "too long"), ("2", day(0), day(3), "fits"))
    assert (report.added, report.quarantined, report.issues["period_overlap"]) == (1, 1, 1)
    assert [row for row in state(town, layer) if row[0] == "1"] == before
    stretched = load_rows(town, tmp_path, layer, ("1", day(0), day(2), "fits now"))
    assert (stretched.added, stretched.quarantined) == (1, 0)
    longer = load_rows(town, tmp_path, layer, ("1", day(0), day(3), "fits now"))
    assert longer.issues["period_overlap"] == 1


@LAYERS
def test_one_open_row_is_parted_into_the_periods_of_the_file(town: Engine, tmp_path: Path, layer: str) -> None:
    """The file knows more: what was one row without end is two, each with its own content; none is lost though both fit it."""
    load_rows(town, tmp_path, layer, ("1", day(0), None, "a"))
    file: list[Row] = [("1", day(0), day(2), "a"), ("1", day(2), day(3), "a"), ("1", day(3), None, "b")]
    report = load_rows(town, tmp_path, layer, *file)
    assert (report.changed, report.quarantined) == (3, 0)
    assert [(text, end and end.isoformat()) for _, _, end, text in state(town, layer)] == [
        ("a", day(2)),
        ("a", day(3)),
        ("b", None),
    ]
    assert load_rows(town, tmp_path, layer, *file).unchanged == 3


@LAYERS
def test_an_end_before_the_day_it_would_begin_is_set_aside(town: Engine, tmp_path: Path, layer: str) -> None:
    report = load_rows(town, tmp_path, layer, ("1", None, day(1), "a"), ("2", None, None, "b"))
    assert (report.added, reasons(town, report)) == (1, {1: ["period_disorder"]})


@LAYERS
def test_the_option_is_for_rows_that_state_no_begin(town: Engine, tmp_path: Path, layer: str) -> None:
    load_rows(town, tmp_path, layer, ("1", day(0), None, "a"), ("2", None, None, "b"), valid_from=date(2021, 5, 1))
    assert [(code, begin.isoformat()) for code, begin, _, _ in state(town, layer)] == [("1", day(0)), ("2", "2021-05-01")]


def test_a_code_of_a_zone_has_one_row_whatever_periods_the_file_states(town: Engine, tmp_path: Path) -> None:
    """The periods of zones follow from their plan's events; two rows with one code cannot both be right."""
    path = write_layer(
        tmp_path / "z.gpkg",
        [shapely.box(105.37, 21.03, 105.3705, 21.0305)] * 3,
        {"code": ["Z1", "Z1", "Z2"], "plan_code": ["P"] * 3, "valid_from": [day(0), day(2), day(0)], "name": ["a", "b", "c"]},
        crs="EPSG:4326",
    )
    for changed in (1, 0):
        report = load_one(town, "zones", path)
        assert (report.added, report.changed, report.issues["duplicate_key"]) == (changed, 0, 2)


def test_a_parcel_keeps_its_owner_in_each_period(town: Engine, tmp_path: Path) -> None:
    path = write_layer(
        tmp_path / "p.gpkg",
        squares(1, west=539_100.0, south=2_326_500.0) * 2,
        {"XAID": [COMMUNE] * 2, "SOTO": ["1"] * 2, "SOTHUA": ["1"] * 2, "HIEULUCTU": ["01/01/2020", "2022-01-01"],
         "HIEULUCDEN": ["01/01/2022", None], "TENCHU": ["Người cũ", "Người mới"], "KHLOAIDAT": ["ODT+CLN", "ODT"]},
    )  # fmt: skip
    assert load_one(town, "parcels", path).added == 2
    owners = (
        "SELECT p.valid_from::text, o.owner_name FROM land.parcel p JOIN private.parcel_owner o ON o.parcel_id = p.id ORDER BY 1"
    )
    assert rows(town, owners) == [("2020-01-01", "Người cũ"), ("2022-01-01", "Người mới")]
    assert one(town, "SELECT count(DISTINCT parcel_id) FROM land.parcel_use") == 1
    assert load_one(town, "parcels", path).wrote is False


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["1", "2"]),
        st.one_of(st.none(), st.integers(0, 5).map(day)),
        st.one_of(st.none(), st.integers(1, 9).map(day)),
        st.sampled_from("ab"),
    ),
    min_size=1,
    max_size=4,
)


def test_a_row_without_a_begin_that_ended_before_today_waits_each_time(town: Engine, tmp_path: Path) -> None:
    load_rows(town, tmp_path, "urban_areas", ("1", "2020-01-01", None, "a"))
    for _ in range(2):
        report = load_rows(town, tmp_path, "urban_areas", ("1", None, "2021-01-01", "a"))
        assert reasons(town, report) == {1: ["period_disorder"]}
        assert state(town, "urban_areas") == [("1", date(2020, 1, 1), None, "a")]


EXAMPLES = itertools.count(100)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=st.lists(ROWS, min_size=1, max_size=3), layer=st.sampled_from(list(TABLES)))
def test_after_any_files_no_two_periods_overlap_and_each_row_is_there_or_waits(
    town: Engine, tmp_path: Path, files: list[list[Row]], layer: str
) -> None:
    today = one(town, "SELECT admin.today_vn()")
    prefix = f"{next(EXAMPLES)}"  # codes of this example, which no other one has written
    for file in files:
        listed = [(f"{prefix}{code}", begin, end, text) for code, begin, end, text in file]
        report = load_rows(town, tmp_path, layer, *listed)
        after = state(town, layer)
        for (code, _, end, _), (other, begin, _, _) in itertools.pairwise(after):
            assert code != other or (end is not None and end <= begin)
        aside = set(reasons(town, report))
        assert len(aside) == report.quarantined
        for number, (code, begins, ends, text) in enumerate(listed, start=1):
            if number not in aside:
                at = date.fromisoformat(begins) if begins else today
                (found,) = [row for row in after if row[0] == code and row[1] <= at and (row[2] is None or row[2] > at)]
                assert found[3] == text
                assert ends is None or found[2] == date.fromisoformat(ends)
        again = load_rows(town, tmp_path, layer, *listed)
        assert (again.added, again.changed, again.quarantined) == (0, 0, report.quarantined), listed
        assert state(town, layer) == after
        keys = Counter((code, begin) for code, begin, _, _ in after)
        assert max(keys.values(), default=1) == 1
