"""Requests that mean harm: no stack trace, no SQL, no 500, nothing written, nothing personal."""

import html
import re

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import NullPool, create_engine, text

from api.ogc.ask import parameters_of
from spatial.layers import find_layer
from tests.api.conftest import Write
from tests.api.ogc.conftest import PARCELS
from tests.conftest import Database, sqlalchemy_url

HARM = (
    "'; DROP TABLE land.parcel; --", "1 OR 1=1", "1); SELECT pg_sleep(5); --", "$1", "%(x)s", ":x", "\x00", "a\x00b", "\\", "'",
    '"', "<script>alert(1)</script>", "{{7*7}}", "../../etc/passwd", "\ud7ff\U0001f600", "9" * 400, "-" * 3000, "(" * 3000, "NaN",
    "1e999", "2020-13-45", "0001-01-01", "9999-12-31", "0000-00-00", "../..", "null", "[]", "{}", "true", "\r\nX-Injected: 1",
)  # fmt: skip
LEAKS = re.compile(r"Traceback|asyncpg|sqlalchemy|SELECT |psycopg|site-packages|\.py\b", re.IGNORECASE)
NAMES = sorted(parameters_of(find_layer("parcels")) | {"f", "lang", "nonsense"})


def check(answer: httpx.Response) -> None:
    assert answer.status_code in (200, 304, 400, 404, 406), (answer.request.url, answer.text[:300])
    assert "x-injected" not in answer.headers
    if answer.status_code >= 400 and answer.headers["content-type"].startswith("text/html"):
        assert "f=html" in str(answer.request.url)
        assert "<script" not in answer.text
        assert not LEAKS.search(answer.text.split("<h1>")[1].split("</h1>")[0])
    elif answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert not LEAKS.search(answer.json()["title"] + answer.json()["advice"])


@pytest.mark.parametrize("name", NAMES)
async def test_no_value_of_any_parameter_does_harm(reader: httpx.AsyncClient, name: str) -> None:
    for harm in HARM:
        check(await reader.get(PARCELS, params={name: harm}))
        check(
            await reader.get(
                PARCELS, params={name: harm, "f": "html", "lang": "en"} if name not in ("f", "lang") else {name: harm}
            )
        )


async def test_nothing_was_written(reader: httpx.AsyncClient, quarter_database: Database) -> None:
    for name in NAMES:
        await reader.get(PARCELS, params={name: HARM[0]})
    engine = create_engine(sqlalchemy_url(quarter_database.url), poolclass=NullPool)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM land.parcel")) == 60
    engine.dispose()


@pytest.mark.parametrize(
    "path",
    ["/ogc/collections/{}", "/ogc/collections/{}/items", "/ogc/collections/parcels/items/{}", "/id/parcels/{}", "/id/{}/1",
     "/ogc/{}", "/ogc/collections/parcels/{}"],
)  # fmt: skip
async def test_no_path_does_harm(reader: httpx.AsyncClient, path: str) -> None:
    from urllib.parse import quote

    for harm in HARM:
        answer = await reader.get(path.format(quote(harm, safe="")))
        assert answer.status_code in (303, 307, 400, 404), (path, harm, answer.status_code)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(NAMES), value=st.text(max_size=60))
async def test_no_text_at_all_does_harm(reader: httpx.AsyncClient, name: str, value: str) -> None:
    check(await reader.get(PARCELS, params={name: value}))


@pytest.mark.parametrize(
    "expression",
    ["area_m2 ^ 999 > 1", "1e308 * area_m2 > 1", "area_m2 / 0 = 1", "id = 99999999999999999999",
     "area_m2 % 0 = 1", "area_srid = 9999999999", "valid_from > DATE('0001-01-01')", "(0 - area_m2) ^ 0.5 > 1",
     "address LIKE '%%%%%%%%%%%%%%%%%%%%%%%%x'"],
)  # fmt: skip
async def test_arithmetic_at_its_limits_is_answered(reader: httpx.AsyncClient, expression: str) -> None:
    check(await reader.get(PARCELS, params={"filter": expression}))


@pytest.mark.usefixtures("quarter")
async def test_pages_show_what_is_stored_without_running_it(client: httpx.AsyncClient, write: Write) -> None:
    evil = '<img src=x onerror="alert(1)">&\'{{7*7}}'
    code = "code = replace(code, '.1.1', '.1.' || :evil)"
    write(f"UPDATE land.parcel SET address = :evil, parcel_no = :evil, {code} WHERE parcel_no = '1'", evil=evil)
    page = await client.get(PARCELS, params={"f": "html", "limit": 50, "filter": "parcel_no LIKE '<img%' OR address = '<b>'"})
    assert page.status_code == 200
    assert evil not in page.text
    assert html.escape(evil, quote=True).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in page.text
    item = await client.get(re.findall(rf'href="(http://127.0.0.1{PARCELS}/\d+)\?', page.text)[0], params={"f": "html"})
    assert "<img" not in item.text
    assert "<b>" not in page.text
