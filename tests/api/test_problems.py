import inspect
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from api import problems
from api.negotiation import Language
from api.pool import Pool
from api.work import Login
from spatial import errors
from tests.api.conftest import serving

TREE = [cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, errors.DothiError)]
SECRET = "SELECT ten_chu FROM private.parcel_owner"


@pytest.fixture
def failing(app_without_database: FastAPI) -> FastAPI:
    """An app with routes that raise."""

    async def fail(name: str) -> None:
        raise {cls.__name__: cls for cls in TREE}[name]("It is wrong.", vi="Sai rồi.")

    async def crash() -> None:
        raise ValueError(SECRET)

    async def count(number: int) -> int:
        return number

    for path, handler in (("/fail/{name}", fail), ("/crash/now", crash), ("/count/{number}", count)):
        app_without_database.add_api_route(path, handler)
    return app_without_database


async def ask(app: FastAPI, url: str, **headers: str) -> httpx.Response:
    async with serving(app) as client:
        return await client.get(url, headers=headers)


@pytest.mark.parametrize("error", TREE, ids=lambda cls: cls.__name__)
def test_every_error_of_the_house_has_a_row(error: type[errors.DothiError]) -> None:
    kind = next((problems.KINDS[cls] for cls in error.__mro__ if cls in problems.KINDS), problems.INTERNAL)
    assert error is errors.DothiError or kind is not problems.INTERNAL
    for language in Language:
        assert kind.title[language]
        assert kind.advice[language].endswith(".")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ("InvalidInput", 400), ("UnknownParameter", 400), ("FilterSyntaxError", 400), ("UnknownCrs", 400),
        ("Forbidden", 403), ("NotFound", 404), ("NotAcceptable", 406), ("Conflict", 409), ("Unavailable", 503),
    ],
)  # fmt: skip
async def test_an_error_becomes_a_problem_in_both_languages(failing: FastAPI, error: str, status: int) -> None:
    vietnamese = await ask(failing, f"/fail/{error}")
    english = await ask(failing, f"/fail/{error}", **{"accept-language": "en"})
    assert vietnamese.status_code == english.status_code == status
    assert vietnamese.headers["content-type"] == "application/problem+json"
    assert vietnamese.headers["content-language"] == "vi"
    body: dict[str, Any] = vietnamese.json()
    assert {"type", "title", "status", "detail", "instance", "request_id"} <= body.keys()
    assert body["detail"] == "Sai rồi."
    assert body["instance"] == f"/fail/{error}"
    assert english.json()["detail"] == "It is wrong."
    assert english.json()["title"] != body["title"]


async def test_what_nobody_expected_shows_nothing_of_itself(failing: FastAPI, caplog: pytest.LogCaptureFixture) -> None:
    answer = await ask(failing, "/crash/now", **{"x-request-id": "my-request-17"})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert SECRET not in answer.text
    assert "Traceback" not in answer.text
    assert answer.json()["request_id"] == "my-request-17"
    logged = next(record for record in caplog.records if record.name == "dothi.api" and record.exc_info)
    assert vars(logged)["request_id"] == "my-request-17"


async def test_a_value_of_the_wrong_type_names_the_parameter(failing: FastAPI) -> None:
    answer = await ask(failing, "/count/many")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == "number"


@pytest.mark.parametrize("url", ["/nothing/here", "/nothing"])
async def test_an_unknown_address_says_where_the_catalogue_is(failing: FastAPI, url: str) -> None:
    answer = await ask(failing, url)
    assert answer.status_code == 404
    assert "/ogc/collections" in answer.json()["advice"]


async def test_a_method_that_is_not_allowed_says_which_are(failing: FastAPI) -> None:
    async with serving(failing) as client:
        answer = await client.post("/health")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


async def test_a_database_that_is_away_is_a_503_that_says_when_to_come_back(lonely_client: httpx.AsyncClient) -> None:
    answer = await lonely_client.get("/page/config")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "127.0.0.1" not in answer.text


async def test_a_statement_that_runs_too_long_is_refused_with_advice(app: FastAPI) -> None:
    pool = Pool(app.state.services.lanes.pools[Login.QUICK].dsn, size=1, statement_timeout_ms=100)
    with pytest.raises(errors.Unavailable, match="smaller area"):
        async with pool.connection() as connection:
            await connection.fetchval("SELECT pg_sleep(2)")
    await pool.stop()
