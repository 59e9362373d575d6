import gzip
import json
import logging
from collections.abc import AsyncIterator, Callable

import brotli
import httpx
import pytest
from fastapi import FastAPI
from starlette.responses import Response, StreamingResponse

from api.app import create_app
from api.compression import choose_encoding, takes_gzip
from api.logs import JsonLines, log_config
from api.middleware import host_of
from spatial.settings import Settings
from tests.api.conftest import serving

LINE = "thửa đất số 12, tờ bản đồ 3\n" * 40
NOWHERE = "postgresql://dothi_api:x@127.0.0.1:1/dothi"


@pytest.fixture
def talking(app_without_database: FastAPI) -> FastAPI:
    """An app with answers of several kinds."""

    async def lines() -> AsyncIterator[str]:
        for _ in range(50):
            yield LINE

    async def stream() -> StreamingResponse:
        return StreamingResponse(lines(), media_type="application/geo+json")

    async def announced() -> StreamingResponse:
        return StreamingResponse(lines(), media_type="text/plain", headers={"content-length": str(len(LINE.encode()) * 50)})

    async def short() -> Response:
        return Response("x" * 100, media_type="text/plain")

    async def tile() -> Response:
        return Response(b"\x1a" * 5000, media_type="application/vnd.mapbox-vector-tile")

    async def person(name: str) -> Response:
        return Response(name, media_type="text/plain")

    routes = (
        ("/x/stream", stream),
        ("/x/announced", announced),
        ("/x/short", short),
        ("/x/tile", tile),
        ("/x/person/{name}", person),
    )
    for path, handler in routes:
        app_without_database.add_api_route(path, handler)
    return app_without_database


@pytest.fixture
async def talk(talking: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(talking) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "accepted", "chosen", "unpack"),
    [
        ("/x/stream", "gzip", "gzip", gzip.decompress),
        ("/x/stream", "gzip, br", "gzip", gzip.decompress),
        ("/x/stream", "gzip;q=0.5, br", "gzip", gzip.decompress),
        ("/x/stream", "br", None, bytes),
        ("/x/announced", "gzip, br", "br", brotli.decompress),
    ],
)
async def test_text_is_compressed_as_it_streams(
    talk: httpx.AsyncClient, path: str, accepted: str, chosen: str | None, unpack: Callable[[bytes], bytes]
) -> None:
    async with talk.stream("GET", path, headers={"accept-encoding": accepted}) as answer:
        body = b"".join([chunk async for chunk in answer.aiter_raw()])
    assert answer.headers.get("content-encoding") == chosen
    assert "Accept-Encoding" in answer.headers["vary"]
    assert "content-length" not in answer.headers
    assert unpack(body).decode() == LINE * 50
    assert len(body) < len(LINE.encode()) * (5 if chosen else 51)


@pytest.mark.parametrize("path", ["/x/short", "/x/tile"])
async def test_what_gains_nothing_is_left_alone(talk: httpx.AsyncClient, path: str) -> None:
    answer = await talk.get(path, headers={"accept-encoding": "gzip, br"})
    assert "content-encoding" not in answer.headers
    assert answer.headers["content-length"] == str(len(answer.content))


@pytest.mark.parametrize(
    ("header", "chosen"),
    [("", None), ("identity", None), ("gzip", "gzip"), ("gzip, deflate, br", "br"), ("br;q=0, gzip", "gzip"),
     ("gzip;q=1.0, br;q=0.5", "gzip"), ("*", "gzip"), ("deflate", None)],
)  # fmt: skip
def test_the_encoding_follows_the_clients_weights(header: str, chosen: str | None) -> None:
    assert choose_encoding(header) == chosen


def test_gzip_with_no_weight_is_refused() -> None:
    assert [takes_gzip(header) for header in ("gzip", "br, gzip;q=0.2", "gzip;q=0", "gzip; q=0, br", "br", "")] == [
        True,
        True,
        False,
        False,
        False,
        False,
    ]


async def test_the_host_of_the_public_address_is_answered() -> None:
    settings = Settings(_env_file=None, base_url="https://gis.example.vn/dothi")
    async with serving(create_app(settings, database_url=NOWHERE)) as client:
        answer = await client.get("/health/live", headers={"host": "gis.example.vn"})
    assert answer.status_code == 200
    assert "strict-transport-security" in answer.headers


async def test_head_has_the_headers_of_get_and_no_body(talk: httpx.AsyncClient) -> None:
    got, headed = await talk.get("/x/short"), await talk.head("/x/short")
    assert headed.status_code == 200
    assert headed.content == b""
    assert headed.headers["content-length"] == got.headers["content-length"]


async def test_head_of_a_stream_does_not_run_it_to_the_end(app_without_database: FastAPI) -> None:
    made = []

    async def rows() -> AsyncIterator[str]:
        for number in range(10_000):
            made.append(number)
            yield "row\n"

    async def stream() -> StreamingResponse:
        return StreamingResponse(rows(), media_type="text/csv")

    app_without_database.add_api_route("/x/rows", stream)
    async with serving(app_without_database) as client:
        answer = await client.head("/x/rows")
    assert answer.status_code == 200
    assert len(made) < 10


async def test_every_answer_carries_the_security_headers(talk: httpx.AsyncClient) -> None:
    for path in ("/", "/health/live", "/x/short", "/nothing/here"):
        headers = (await talk.get(path)).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "http" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"


async def test_the_base_map_and_nothing_else_widens_the_policy() -> None:
    settings = Settings(_env_file=None, basemap_url="https://maps.example.vn/{z}/{x}/{y}.png")
    async with serving(create_app(settings, database_url=NOWHERE)) as client:
        policy = (await client.get("/health/live")).headers["content-security-policy"]
    assert "img-src 'self' data: blob: https://maps.example.vn;" in policy
    assert "script-src 'self';" in policy


@pytest.mark.parametrize(
    ("host", "status"),
    [("127.0.0.1:8000", 200), ("localhost", 200), ("LOCALHOST:80", 200), ("[::1]:8000", 200), ("evil.example", 400), ("", 400)],
)
async def test_only_our_own_hosts_are_answered(talk: httpx.AsyncClient, host: str, status: int) -> None:
    assert (await talk.get("/health/live", headers={"host": host})).status_code == status


def test_the_host_is_parted_from_its_port() -> None:
    assert [host_of(text) for text in ("a.vn:80", "a.vn", "[::1]:80", "[::1]")] == ["a.vn", "a.vn", "[::1]", "[::1]"]


async def test_other_origins_may_read(talk: httpx.AsyncClient) -> None:
    answer = await talk.get("/health/live", headers={"origin": "https://elsewhere.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "ETag" in answer.headers["access-control-expose-headers"]


async def test_only_named_origins_may_read_where_the_operator_says_so() -> None:
    settings = Settings(_env_file=None, cors_origins=("https://ours.example",))
    async with serving(create_app(settings, database_url=NOWHERE)) as client:
        ours = await client.get("/health/live", headers={"origin": "https://ours.example"})
        theirs = await client.get("/health/live", headers={"origin": "https://theirs.example"})
    assert ours.headers["access-control-allow-origin"] == "https://ours.example"
    assert "access-control-allow-origin" not in theirs.headers


@pytest.mark.parametrize(("given", "kept"), [("abcdef-123456", True), ("x", False), ("bad id\n!", False), ("y" * 100, False)])
async def test_a_sane_request_id_is_kept_and_any_other_replaced(talk: httpx.AsyncClient, given: str, kept: bool) -> None:
    answer = await talk.get("/health/live", headers={"x-request-id": given.encode().decode("latin-1").replace("\n", " ")})
    assert (answer.headers["x-request-id"] == given) is kept
    assert len(answer.headers["x-request-id"]) >= 8


async def test_the_log_tells_the_route_and_neither_query_nor_name(
    talk: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "dothi.access")
    await talk.get("/x/person/Nguyen-Van-Thua?q=12 Hang Bac")
    record = next(record for record in caplog.records if record.name == "dothi.access")
    line = json.loads(JsonLines().format(record))
    assert line["path"] == "/x/person/{name}"
    assert line["status"] == 200
    assert line["request_id"]
    assert line["ms"] >= 0
    assert "Thua" not in json.dumps(line)
    assert "Hang Bac" not in json.dumps(line)


def test_a_log_line_with_a_traceback_is_still_one_line() -> None:
    try:
        raise ValueError("broken")
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("dothi.api", logging.ERROR, __file__, 1, "it broke: %s", ("here",), info)
    written = JsonLines().format(record)
    assert "\n" not in written
    assert json.loads(written)["message"] == "it broke: here"
    assert "ValueError: broken" in json.loads(written)["traceback"]


def test_the_log_of_the_server_has_no_query_strings() -> None:
    assert log_config("info")["loggers"]["uvicorn.access"]["level"] == "CRITICAL"
