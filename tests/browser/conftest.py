"""A real browser before a real server: `dothi demo` on a database of its own, loaded once for all of these tests."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
from playwright.sync_api import Browser, BrowserType, sync_playwright

from api.page import DIST
from spatial.cluster import Cluster
from tests.browser.visit import DESKTOP, Visit
from tests.conftest import Database, admin_cursor, cloned

CHROMIUM = Path("/usr/bin/chromium")
CHROMIUM_FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

_PARCELS = """
    SELECT parcel.code, parcel.map_sheet, parcel.parcel_no, parcel.commune_code, parcel.province_code,
           ST_X(ST_PointOnSurface(parcel.geom)), ST_Y(ST_PointOnSurface(parcel.geom))
    FROM land.parcel
    WHERE {} EXISTS (
        SELECT FROM planning.theme_coverage AS covered
        WHERE covered.theme = 'red_line' AND covered.extent = 'full' AND covered.valid_to IS NULL
          AND ST_Covers(covered.geom, parcel.geom)
    ) AND parcel.valid_to IS NULL AND parcel.area_m2 BETWEEN 60 AND 400
    ORDER BY parcel.code LIMIT 1
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`pytest tests/browser --pictures` renews the pictures of the README."""
    parser.addoption("--pictures", action="store_true", help="write the page's pictures to docs/img")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them; they share one server, so one worker runs them all (see the scheduler in tests/conftest.py)."""
    here = Path(__file__).parent
    for item in items:
        if item.path.parent == here:
            item.add_marker(pytest.mark.browser)


@dataclass(frozen=True)
class SomeParcel:
    """A parcel of the demo that a test asks about."""

    code: str
    sheet: str
    number: str
    commune: str
    province: str
    lon: float
    lat: float


@dataclass(frozen=True)
class Demo:
    """The served demo: `known` lies where red lines are known in full, `unknown` where they are not."""

    url: str
    known: SomeParcel
    unknown: SomeParcel
    bare: str
    """Query that switches every layer off: for who does not look at the map, which a software renderer draws for seconds."""

    @property
    def near(self) -> str:
        """Path of the page with a view of some streets only: quicker to draw than the town, for who does not ask for the map."""
        return f"/?map=17/{self.known.lat}/{self.known.lon}"

    @property
    def province(self) -> str:
        """Code of the province that holds the sample city."""
        return self.known.province


class Open(Protocol):
    """Opens the page at a path; complaints on the console fail the test unless they are expected."""

    def __call__(
        self,
        path: str,
        *,
        size: tuple[int, int] = DESKTOP,
        complaints_expected: bool = False,
        base: str = "",
        motion: bool = False,
        sharp: bool = False,
    ) -> Visit: ...


@contextmanager
def dothi_serving(command: str, database: Database, **settings: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run `dothi demo` or `dothi serve` on a free port; give its URL once it answers, and the process."""
    environment = {
        **os.environ,
        "DOTHI_DATABASE_URL": database.url,
        "DOTHI_API_DATABASE_URL": database.login("dothi_api"),
        "DOTHI_LOG_LEVEL": "warning",
        "PYTHONUNBUFFERED": "1",
        **{f"DOTHI_{name}": value for name, value in settings.items()},
    }
    arguments = [sys.executable, "-m", "dothi", command]
    with subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield _read_url(process), process
        finally:
            process.terminate()


def _read_url(process: subprocess.Popen[str]) -> str:
    said: list[str] = []
    for line in process.stdout or ():
        said.append(line)
        if line.startswith("dothi: http"):
            return line.removeprefix("dothi: ").strip()
    raise AssertionError(f"the server did not start: {''.join(said)}")


@pytest.fixture(scope="package")
def demo_database(cluster: Cluster, sample_template: str) -> Iterator[Database]:
    """A database for the demo alone, with the sample that `make demo` loads (tests/test_readme.py runs it from nothing)."""
    with cloned(cluster, sample_template) as database:
        yield database


@pytest.fixture(scope="package")
def demo(demo_database: Database) -> Iterator[Demo]:
    """The demo, as a newcomer starts it."""
    if not (DIST / "index.html").is_file():
        pytest.skip("the page is not built: `make web`")
    with dothi_serving("demo", demo_database) as (url, _):
        shown = [layer["name"] for layer in httpx.get(f"{url}/page/config", timeout=30).json()["layers"] if layer["visible"]]
        yield Demo(
            url,
            known=_find_parcel(demo_database, ""),
            unknown=_find_parcel(demo_database, "NOT"),
            bare=f"layers={','.join(f'-{name}' for name in shown)}",
        )


def _find_parcel(database: Database, condition: str) -> SomeParcel:
    with admin_cursor(database.url) as cursor:
        cursor.execute(_PARCELS.format(condition))
        found: tuple[Any, ...] | None = cursor.fetchone()
    assert found, "the sample data has parcels inside and outside of the zoning plans"
    code, sheet, number, commune, province, lon, lat = found
    return SomeParcel(code, sheet, number, commune, province, lon, lat)


@pytest.fixture(scope="package")
def chromium() -> Iterator[BrowserType]:
    """The distribution's Chromium, to be launched."""
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed: `make setup`")
    with sync_playwright() as playwright:
        yield playwright.chromium


@pytest.fixture(scope="package")
def browser(chromium: BrowserType) -> Iterator[Browser]:
    """One browser for all tests; each visit has a context of its own."""
    launched = chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
    yield launched
    launched.close()


@pytest.fixture
def browser_without_webgl(chromium: BrowserType) -> Iterator[Browser]:
    """A browser on a machine that cannot draw the map."""
    launched = chromium.launch(executable_path=CHROMIUM, args=["--headless=new", "--no-sandbox", "--disable-3d-apis"])
    yield launched
    launched.close()


@pytest.fixture
def open_page(demo: Demo, browser: Browser) -> Iterator[Open]:
    """Open pages; at the end of the test none may have complained or asked another server."""
    visits: list[tuple[Visit, bool]] = []

    def open_one(
        path: str,
        *,
        size: tuple[int, int] = DESKTOP,
        complaints_expected: bool = False,
        base: str = "",
        motion: bool = False,
        sharp: bool = False,
    ) -> Visit:
        visit = Visit(browser, base or demo.url, path, size, motion=motion, sharp=sharp)
        visits.append((visit, complaints_expected))
        return visit

    yield open_one
    for visit, complaints_expected in visits:
        visit.close()
        assert visit.foreign_requests == []
        assert complaints_expected or visit.complaints == []


@pytest.fixture
def second_server(demo: Demo, demo_database: Database) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Another server on the demo's data, for the test to stop."""
    with dothi_serving("serve", demo_database) as serving:
        yield serving
