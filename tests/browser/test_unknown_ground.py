"""Ground whose planning is not known is hatched; ground that is known to have no zone is plain: never the other way round.

The squares are declared at a place of the sample province that has no parcel and no plan.
"""

import io
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg2
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import Demo, Open, dothi_serving
from tests.browser.visit import PHONE, Visit
from tests.conftest import Database, admin_cursor

LAND = (246, 244, 238)
SQUARES = {
    "full": (105.900, 20.400),
    "partial": (105.906, 20.400),
    "none": (105.912, 20.400),
    "none over full": (105.918, 20.400),
}
BESIDE = (105.909, 20.394)
VIEW = "map=15/20.397/105.909"
_DECLARE = """
    INSERT INTO planning.theme_coverage (code, theme, extent, province_code, valid_from, geom)
    VALUES (%s, 'zoning', %s, '37', '2023-01-01', ST_Multi(ST_MakeEnvelope(%s, %s, %s, %s, 4326)))
"""
_A_ZONE = """
    SELECT ST_X(place), ST_Y(place), map_color FROM (
        SELECT ST_PointOnSurface(zone.geom) AS place, zone.geom, zone.function_code FROM planning.zone
        WHERE zone.valid_to IS NULL AND zone.valid_from > '2025-01-01' AND zone.plan_code LIKE '37QHC%%'
    ) AS zone JOIN planning.zone_function ON zone_function.code = zone.function_code
    WHERE map_color IS NOT NULL ORDER BY ST_Area(zone.geom) DESC LIMIT 1
"""


@pytest.fixture(scope="module")
def declared(demo: Demo, demo_database: Database) -> Iterator[None]:
    """Squares of every extent, 300 m wide."""
    with closing(psycopg2.connect(demo_database.url)) as connection, connection, connection.cursor() as cursor:
        for name, (lon, lat) in SQUARES.items():
            for extent in name.split(" over "):
                box = (lon - 0.0015, lat - 0.0015, lon + 0.0015, lat + 0.0015)
                cursor.execute(_DECLARE, (f"TEST-{name}-{extent}", extent, *box))
    yield
    with admin_cursor(demo_database.url) as cursor:
        cursor.execute("DELETE FROM planning.theme_coverage WHERE code LIKE 'TEST-%'")


Colour = tuple[int, int, int]


def colours(visit: Visit, place: tuple[float, float], size: int = 24) -> Counter[Colour]:
    """The colours of a small part of the page around a place of the map, and how many pixels have each."""
    x, y, _, _ = visit.box_on_screen([list(place)])
    clip = {"x": x - size / 2, "y": y - size / 2, "width": size, "height": size}
    picture = Image.open(io.BytesIO(visit.page.screenshot(clip=clip))).convert("RGB")  # type: ignore[arg-type]
    counted: Any = picture.getcolors(picture.width * picture.height)
    return Counter({colour: count for count, colour in counted})


def is_hatched(seen: Counter[Colour]) -> bool:
    """Whether lines cross the colour of the land."""
    lines = seen.total() - seen[LAND]
    return 0.1 < lines / seen.total() < 0.5


@pytest.mark.usefixtures("declared")
def test_what_is_not_known_is_hatched_and_what_is_known_is_not(open_page: Open) -> None:
    visit = open_page(f"/?{VIEW}", sharp=True).settle()
    assert is_hatched(colours(visit, BESIDE)), "nobody declared anything here"
    assert is_hatched(colours(visit, SQUARES["partial"]))
    assert is_hatched(colours(visit, SQUARES["none"]))
    assert is_hatched(colours(visit, SQUARES["none over full"])), "of two declarations the one that claims less"
    assert set(colours(visit, SQUARES["full"])) == {LAND}, "declared in full, and no zone: plain"


def test_a_zone_lies_over_the_hatching_and_another_day_brings_it_back(
    demo: Demo, demo_database: Database, open_page: Open
) -> None:
    with admin_cursor(demo_database.url) as cursor:
        cursor.execute(_A_ZONE)
        lon, lat, _ = cursor.fetchone() or pytest.fail("the general plan has zones")
    place = f"map=18/{lat}/{lon}&layers=-parcels,-buildings,-green_areas,-water_bodies"
    visit = open_page(f"/?{place}", sharp=True).settle()
    seen = colours(visit, (lon, lat))
    assert LAND not in seen
    assert not is_hatched(seen)
    assert is_hatched(colours(open_page(f"/?{place}&as_of=2025-06-01", sharp=True).settle(), (lon, lat))), (
        "the plan was not in force"
    )


@pytest.mark.usefixtures("declared")
@pytest.mark.parametrize("lang", ["vi", "en"])
def test_the_hatching_is_explained_and_goes_with_the_zones(open_page: Open, lang: str) -> None:
    words = {"vi": "Chưa có dữ liệu quy hoạch", "en": "Planning not known"}[lang]
    visit = open_page(f"/?{VIEW}&lang={lang}", sharp=True).settle()
    key = visit.page.locator(".unknown-key")
    expect(key).to_have_text(words)
    visit.page.locator(".layers-button").click()
    expect(visit.page.locator(".legend-ground")).to_have_text(words)
    zones = {"vi": "Ô quy hoạch", "en": "Planning zones"}[lang]
    visit.page.get_by_label(zones, exact=True).uncheck()
    visit.settle()
    expect(visit.page.locator(".legend-ground")).to_have_count(0)
    visit.page.keyboard.press("Escape")
    expect(key).to_have_count(0)
    assert set(colours(visit, BESIDE)) == {LAND}


def test_on_a_phone_the_key_is_in_sight_and_covers_no_notice(open_page: Open) -> None:
    visit = open_page("/", sharp=True, size=PHONE).settle()
    key = visit.page.locator(".unknown-key")
    expect(key).to_be_in_viewport(ratio=1)
    box, notice = key.bounding_box(), visit.page.locator(".notice").bounding_box()
    assert box
    assert notice
    assert notice["y"] + notice["height"] <= box["y"]


def test_the_whole_nation_is_not_hatched_where_no_zone_is_drawn_either(open_page: Open) -> None:
    visit = open_page("/?map=8/20.4/105.9", sharp=True).settle()
    expect(visit.page.locator(".unknown-key")).to_have_count(0)
    assert visit.drawn("unknown:ground") == []


@pytest.mark.usefixtures("declared")
def test_the_layer_of_declared_extents_tells_them_apart(open_page: Open) -> None:
    visit = open_page(f"/?{VIEW}&layers=theme_coverage,-zones", sharp=True).settle()
    visit.page.locator(".layers-button").click()
    expect(visit.page.get_by_label("Phạm vi dữ liệu quy hoạch đã khai báo", exact=True)).to_be_checked()
    for extent in ("Đầy đủ", "Một phần", "Chưa có dữ liệu"):
        expect(visit.page.locator(".legend").get_by_text(extent, exact=True)).to_be_visible()
    visit.page.keyboard.press("Escape")
    drawn = [colours(visit, SQUARES[extent]).most_common(1)[0][0] for extent in ("full", "partial", "none")]
    drawn.append(colours(visit, BESIDE).most_common(1)[0][0])
    for i, one in enumerate(drawn):
        for other in drawn[:i]:
            assert sum(abs(a - b) for a, b in zip(one, other, strict=True)) > 30, drawn


@pytest.mark.usefixtures("declared")
def test_the_hatching_shows_through_a_base_map(demo_database: Database, open_page: Open) -> None:
    flat = io.BytesIO()
    Image.new("RGB", (256, 256), (220, 230, 220)).save(flat, "PNG")
    with dothi_serving("serve", demo_database, BASEMAP_URL="/base/{z}/{x}/{y}.png") as (url, _):
        visit = open_page("/", sharp=True, base=url, complaints_expected=True)
        visit.page.route("**/base/**", lambda route: route.fulfill(body=flat.getvalue(), content_type="image/png"))
        visit.page.goto(f"{url}/?{VIEW}")
        visit.settle()
        known, unknown = (colours(visit, place) for place in (SQUARES["full"], BESIDE))
        visit.close()
    assert len(known) == 1
    darkness = [sum(colour) for colour in unknown]
    assert max(darkness) - min(darkness) > 60, "lines that can be seen"
