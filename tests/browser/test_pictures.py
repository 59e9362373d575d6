"""The pictures of the README, taken from the demo itself: so they cannot show what the page does not do."""

from pathlib import Path

import httpx
import pytest

from tests.browser.conftest import Demo, Open
from tests.browser.visit import DESKTOP, PHONE, Visit
from tests.conftest import Database, admin_cursor

_BESIDE_BUILDING_LINES = """
    SELECT DISTINCT parcel.code FROM land.parcel
    JOIN planning.planning_line AS line ON line.kind = 'building_line' AND ST_DWithin(line.geom, parcel.geom, 0.00004)
    WHERE parcel.area_m2 BETWEEN 90 AND 500 AND parcel.land_use_code IN ('ODT', 'TMD') AND parcel.valid_to IS NULL
    ORDER BY parcel.code LIMIT 60
"""
ROOT = Path(__file__).parents[2]


@pytest.fixture
def pictures(pytestconfig: pytest.Config) -> Path:
    """Where the pictures go: beside the docs only when asked for, so that a test run leaves the checkout as it was."""
    folder = ROOT / "docs" / "img" if pytestconfig.getoption("--pictures", False) else ROOT / "tests" / ".artifacts"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _keep(visit: Visit, file: Path) -> None:
    visit.settle()
    visit.page.mouse.move(1, 1)
    visit.page.wait_for_timeout(400)
    picture = visit.page.screenshot(animations="disabled")
    assert len(picture) > 40_000, "more than an empty frame"
    file.write_bytes(picture)


def _telling_parcel(demo: Demo, database: Database) -> str:
    """A parcel beside a building line whose answer has the most different states: a picture that shows what there is."""
    with admin_cursor(database.url) as cursor:
        cursor.execute(_BESIDE_BUILDING_LINES)
        codes: list[str] = [code for (code,) in cursor.fetchall()]
    return max(codes, key=lambda code: len(_states(demo, code)))


def _states(demo: Demo, code: str) -> set[str]:
    told = httpx.get(f"{demo.url}/lookup", params={"parcel": code}, timeout=30).json()
    return {theme["state"] for theme in told["themes"]}


@pytest.mark.parametrize(("name", "size"), [("page", DESKTOP), ("page-phone", PHONE)])
def test_the_page_with_an_answer(
    demo: Demo, demo_database: Database, open_page: Open, pictures: Path, name: str, size: tuple[int, int]
) -> None:
    visit = open_page(f"/?parcel={_telling_parcel(demo, demo_database)}", sharp=True, size=size).settle()
    visit.answered()
    _keep(visit, pictures / f"{name}.png")


def test_figures_by_tier(open_page: Open, pictures: Path) -> None:
    visit = open_page("/?view=figures&indicator=population&level=province", sharp=True).settle()
    visit.page.locator("table.figures tbody tr").first.wait_for()
    visit.until(lambda: visit.drawn("figures:line"))
    _keep(visit, pictures / "figures.png")
