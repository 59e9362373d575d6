"""The pictures of the README, taken from the demo itself: so they cannot show what the page does not do."""

from pathlib import Path

import pytest

from tests.browser.conftest import Demo, Open
from tests.browser.visit import DESKTOP, PHONE, Visit

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


@pytest.mark.parametrize(("name", "size"), [("page", DESKTOP), ("page-phone", PHONE)])
def test_the_page_with_an_answer(demo: Demo, open_page: Open, pictures: Path, name: str, size: tuple[int, int]) -> None:
    visit = open_page(f"/?parcel={demo.known.code}", size=size).settle()
    visit.answered()
    _keep(visit, pictures / f"{name}.png")


def test_figures_by_tier(open_page: Open, pictures: Path) -> None:
    visit = open_page("/?view=figures&indicator=population&level=province").settle()
    visit.page.locator("table.figures tbody tr").first.wait_for()
    visit.until(lambda: visit.drawn("figures:line"))
    _keep(visit, pictures / "figures.png")
