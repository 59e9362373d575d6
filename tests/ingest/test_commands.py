"""`dothi load` and its sisters on the terminal: what a slip costs, what is asked, what is said."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from ingest.given import read_date
from tests.ingest.terminal import Run, refusal
from tests.ingest.world import one, parcel_file

HEAVY = ("numpy", "pandas", "pyarrow", "rasterio", "shapely", "geopandas", "pyogrio", "sqlalchemy")


@pytest.mark.parametrize("item", ["absent.shp", "absent/", "absent*.gpkg", "a/**/*.shp"])
def test_a_path_that_is_not_there_is_told_before_anything_heavy_is_imported(tmp_path: Path, item: str) -> None:
    code = (
        "import sys, dothi\n"
        "try:\n    dothi.app(['load', 'parcels', sys.argv[1]])\n"
        f"finally:\n    print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / item)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout.strip() == "[]"
    vi, en = done.stderr.strip().splitlines()
    assert vi.startswith("Không có")
    assert "does not exist" in en or "No file fits" in en


@pytest.mark.parametrize(
    ("text", "says"), [("2025-12-31", False), ("31/12/2025", True), ("1.2.2025", True), ("31-12-2025", True)]
)
def test_a_date_is_written_either_way(run: Run, town: Engine, tmp_path: Path, text: str, says: bool) -> None:
    result = run("load", "parcels", parcel_file(tmp_path / "p.shp", [1]), "--valid-from", text)
    assert result.exit_code == 0, result.output
    begins = one(town, "SELECT valid_from FROM land.parcel")
    assert begins == (date(2025, 2, 1) if text == "1.2.2025" else date(2025, 12, 31))
    assert (f"in force from: {begins}" in result.stderr) is says


@pytest.mark.parametrize("text", ["31/02/2025", "12/31/2025", "2025", "hôm nay", "", "2025-12-31T00:00", "31/12/25"])
def test_what_is_no_date_gets_a_sentence(run: Run, tmp_path: Path, text: str) -> None:
    vi, en = refusal(run("load", "parcels", parcel_file(tmp_path / "p.shp", [1]), "--valid-from", text))
    assert "không phải là ngày" in vi
    assert "31/12/2025" in en


@given(st.dates(date(1900, 1, 1), date(2200, 12, 31)))
def test_both_ways_of_writing_mean_the_same_day(day: date) -> None:
    assert read_date(day.isoformat()) == read_date(f"{day:%d/%m/%Y}") == read_date(f"{day.day}.{day.month}.{day.year}") == day
