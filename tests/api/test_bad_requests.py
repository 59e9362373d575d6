"""Every door, asked badly: each parameter with each bad value; the answer is a result or a sentence, soon, and never a 500."""

import re
import time
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest

from tests.conftest import Database
from tests.lookup_world import World, lonlat, open_world

SLOWEST_S = 10.0
TELLTALE = re.compile(r"Traceback|asyncpg|psycopg|sqlalchemy|SELECT |/site-packages/|postgresql://", re.IGNORECASE)
"""What no answer may show: a stack trace, a statement, the machine."""

TEXTS = (
    "", " ", "%00", "a%00b", "%FF%FE", "%C0%80", "%ED%A0%80", "'", "' OR 1=1--", "'; DROP TABLE land.parcel; --", "%22", "%5C",
    "$1", ":x", "%25s", "%25", "{0}", "{{7*7}}", "../../etc/passwd", "..%2F..%2Fetc%2Fpasswd",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "%0D%0AX-Evil:%201", "%F0%9F%98%80", "%E1%BB%8D" * 50, "A" * 5000, "null", "[]", "%7B%7D",
)  # fmt: skip
NUMBERS = (
    "-1",
    "0",
    "9" * 30,
    "1e999",
    "1e308",
    "-1e308",
    "NaN",
    "inf",
    "-Infinity",
    "0x10",
    "1_0",
    "%D9%A1",
    "%EF%BC%91",
    "1.5",
)
DATES = (
    "2026-02-30", "0000-00-00", "0001-01-01", "9999-12-31", "9999-12-31/..", "../0001-01-01", "2026-01-02/2026-01-01", "infinity",
    "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59Z", "2026-01-01T00:00:00", "..", "../..", "/",
)  # fmt: skip
BOXES = (
    "1,2,3", "nan,nan,nan,nan", "105,20,106,inf", "170,-10,-170,10", "1e300,1e300,1e301,1e301", "106,21,105,20", "1,2,3,4,5,6",
    "105.8,20.9,105.8,20.9", "-181,0,0,0", "a,b,c,d", ",,,",
)  # fmt: skip
BAD = (*TEXTS, *NUMBERS, *DATES, *BOXES, "EPSG:99999", "http://www.opengis.net/def/crs/EPSG/0/1", "geom", "batch_id", "code,code")

FILTERS = (
    "code=", "((((", "code LIKE", "id=99999999999999999999", "id=1e400", "id/0=1", "area_m2 % 0 = 1", "area_m2 div 0 = 1",
    "area_m2 ^ 1000 > 1", "area_m2 > -1e308*1e308", "code IN ()", "NOT " * 3000 + "code='a'",
    "(" * 3000 + "code='a'" + ")" * 3000,
    "code IN (" + ",".join(["'a'"] * 5000) + ")", "code='" + "x" * 20_000 + "'", "code='a\0'", "batch_id=1", "owner_name='a'",
    "pg_sleep(10)=1", "S_INTERSECTS(geom,POINT(NaN NaN))", "S_INTERSECTS(geom,POINT(1e308 1e308))",
    "valid_from>DATE('2026-13-01')",
    "S_INTERSECTS(geom,POLYGON((0 0,1 1,0 1,1 0,0 0)))", "S_INTERSECTS(geom,POLYGON((0 0)))", "S_INTERSECTS(geom,BBOX(1,2,3))",
    "code='a'; DROP TABLE land.parcel", "code='a' -- ", "1=1) OR (1=1", "code BETWEEN 'a'", "code=\N{GRINNING FACE}",
    "\N{BOM}code='a'",
)  # fmt: skip

COLLECTION = "/ogc/collections/parcels"
DOORS: dict[str, tuple[str, ...]] = {
    f"{COLLECTION}/items": (
        "limit", "offset", "bbox", "bbox-crs", "crs", "datetime", "sortby", "cursor", "resulttype", "filter", "filter-lang",
        "filter-crs", "properties", "skipGeometry", "known_at", "f", "lang", "code", "id", "area_m2", "valid_from",
    ),
    f"{COLLECTION}/items/1": ("crs", "known_at", "f"),
    COLLECTION: ("f", "lang"),
    f"{COLLECTION}/queryables": ("f",),
    f"{COLLECTION}/tiles/WebMercatorQuad": ("f",),
    f"{COLLECTION}/tiles/WebMercatorQuad/14/7200/13000": ("datetime", "f"),
    "/ogc/collections/population_grid/coverage": ("bbox", "bbox-crs", "datetime", "subset", "properties", "dataset", "f"),
    "/id/parcels/09706.09706.12.34": ("as_of",),
    "/lookup?lon=105.8&lat=21": ("as_of", "known_at", "lang"),
    "/lookup?lat=21": ("lon",),
    "/lookup?lon=105.8": ("lat",),
    "/lookup": ("parcel", "q"),
    "/lookup/extract.pdf": ("parcel", "q"),
    "/search": ("q",),
    "/search?q=a": ("limit", "lang"),
    "/rollups": ("f", "lang"),
    "/rollups/parcel_count": ("level", "period", "f", "lang"),
    "/rollups/parcel_count?level=commune": ("parent", "period"),
    "/page/config": ("x",),
    "/docs": ("lang",),
}  # fmt: skip
PATHS = (
    f"{COLLECTION}/items/{{}}", "/ogc/collections/{}", "/ogc/collections/{}/items", "/id/parcels/{}", "/id/{}/1", "/rollups/{}",
    f"{COLLECTION}/tiles/{{}}", f"{COLLECTION}/tiles/WebMercatorQuad/{{}}/1/1", f"{COLLECTION}/tiles/WebMercatorQuad/3/{{}}/1",
    f"{COLLECTION}/tiles/WebMercatorQuad/3/1/{{}}", "/ogc/tileMatrixSets/{}", "/assets/{}", "/assets/../{}", "/{}",
)  # fmt: skip


@pytest.fixture
def world(database: Database) -> World:
    world = open_world(database)
    with world.writing():
        world.parcel((0, 0, 20, 10), "12", "34")
        world.plan("P1", (-100, -100, 100, 100))
        world.zone("P1", (-50, -50, 50, 50))
    return world


def questions(door: str) -> Iterator[str]:
    joint = "&" if "?" in door else "?"
    for name in DOORS[door]:
        for value in BAD:
            yield f"{door}{joint}{name}={value}"
    yield f"{door}{joint}{DOORS[door][0]}=a&{DOORS[door][0]}=b"
    yield f"{door}{joint}no_such=1"
    yield f"{door}{joint}%00=1"


async def ask(client: httpx.AsyncClient, url: str, method: str = "GET") -> httpx.Response:
    """Ask, and hold the answer to what all answers promise."""
    begun = time.monotonic()
    answer = await client.request(method, url)
    seconds = time.monotonic() - begun
    shown = url if len(url) < 300 else f"{url[:300]}..."
    assert answer.status_code < 500, f"{method} {shown}: {answer.text[:300]}"
    assert seconds < SLOWEST_S, f"{method} {shown}: {seconds:.1f} s"
    if answer.status_code >= 400 and method != "HEAD":
        assert answer.headers["content-type"] == "application/problem+json", shown
        problem = answer.json()
        assert problem["status"] == answer.status_code
        assert len(problem["detail"]) > 10, shown
        assert not TELLTALE.search(problem["detail"].replace(url, "")), problem
    return answer


@pytest.mark.parametrize("door", DOORS)
async def test_no_parameter_breaks_a_door(world: World, client: httpx.AsyncClient, door: str) -> None:
    statuses = {(await ask(client, url)).status_code for url in questions(door)}
    assert statuses & {400, 404}, "nothing of all this was refused"


async def test_no_filter_breaks_the_server_and_faults_are_named(world: World, client: httpx.AsyncClient) -> None:
    for text in FILTERS:
        for language in ("cql2-text", "cql2-json"):
            await ask(client, f"{COLLECTION}/items?filter-lang={language}&filter={quote(text)}")
    answer = await ask(client, f"{COLLECTION}/items?lang=en&filter={quote('code = ')}")
    assert answer.status_code == 400
    assert re.search(r"\b(column|character|position|line|end)\b", answer.json()["detail"])


async def test_no_injection_changes_what_is_found(world: World, client: httpx.AsyncClient) -> None:
    for text in ("' OR 1=1--", "' OR ''='", "x' UNION SELECT owner_name FROM private.parcel_owner --"):
        answer = await ask(client, f"{COLLECTION}/items?code={quote(text)}")
        assert answer.json()["features"] == []
    assert (await client.get(f"{COLLECTION}/items?resulttype=hits&f=json")).json()["numberMatched"] == 1


@pytest.mark.parametrize("path", PATHS)
async def test_no_path_breaks_the_server(world: World, client: httpx.AsyncClient, path: str) -> None:
    for value in BAD:
        if "?" not in value:
            await ask(client, path.format(value))


@pytest.mark.parametrize(
    "path", ["/assets/..%2f..%2fdothi.py", "/assets/%2e%2e/%2e%2e/app.py", "/..%2fapp.py", "/%2e%2e%2fapp.py"]
)
async def test_no_file_but_the_pages_own_is_given(client: httpx.AsyncClient, path: str) -> None:
    assert (await ask(client, path)).status_code in (400, 404)


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
async def test_other_methods_are_answered_everywhere(world: World, client: httpx.AsyncClient, method: str) -> None:
    for door in DOORS:
        answer = await ask(client, door, method)
        if method not in ("HEAD", "OPTIONS"):
            assert answer.status_code == 405, door
            assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize("accept", ["text/csv;q=x", "a", "*/*;q=0", "application/json;q=9", "\xff", ";;;,", "text/*, " * 500])
@pytest.mark.parametrize("language", ["", "fr;q=zz", "*;q=0", "vi-VN-x-" + "a" * 2000])
async def test_no_header_breaks_a_door(world: World, client: httpx.AsyncClient, accept: str, language: str) -> None:
    headers = [(b"Accept", accept.encode("latin-1")), (b"Accept-Language", language.encode()), (b"If-None-Match", b'"' * 99)]
    for door in DOORS:
        assert (await client.get(door, headers=headers)).status_code < 500, door


async def test_a_full_limit_gives_what_the_server_allows_and_no_more(world: World, client: httpx.AsyncClient) -> None:
    for limit in ("10000", "2147483647", "999999999999"):
        answer = await ask(client, f"{COLLECTION}/items?limit={limit}")
        assert answer.json()["numberReturned"] == 1


@pytest.mark.parametrize(("lon", "lat"), [(2.35, 48.85), (-179.9, -89.9), (105.85, -21.0)])
async def test_a_point_far_outside_the_country_is_404_with_a_sentence(
    world: World, client: httpx.AsyncClient, lon: float, lat: float
) -> None:
    for door in ("/lookup", "/lookup/extract.pdf"):
        assert (await ask(client, f"{door}?lon={lon}&lat={lat}")).status_code == 404


async def test_an_unknown_parcel_is_404_and_a_known_one_is_found(world: World, client: httpx.AsyncClient) -> None:
    assert (await ask(client, "/lookup?parcel=09706.12.999999")).status_code == 404
    assert (await ask(client, "/lookup?parcel=09706.12.34")).status_code == 200
    lon, lat = lonlat(5, 5)
    assert (await ask(client, f"/lookup?lon={lon}&lat={lat}")).status_code == 200
