"""Text with its letters and marks apart finds what composed text does, at every door that takes text."""

import json
import unicodedata
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse

from api.composed import compose_query
from spatial.filters import is_queryable
from spatial.layers import find_layer
from tests.api.conftest import serving
from tests.conftest import Database
from tests.lookup_world import World, open_world

PARCEL = "09706.09706.12ế.34ộ"
STREET = "Phố Cửa Đông"
AT_STREET = {"op": "=", "args": [{"property": "address"}, STREET]}
ITEMS = "/ogc/collections/parcels/items"
ADDRESSES = "/ogc/collections/addresses/items"


def apart(text: str) -> str:
    return unicodedata.normalize("NFD", text)


@pytest.fixture
def world(database: Database) -> World:
    world = open_world(database)
    with world.writing():
        world.parcel((0, 0, 20, 10), "12ế", "34ộ", address=STREET, land_use_raw="đất ở", national_id="012345678901")
        world.address(f"5 {STREET}", 5, 5, PARCEL)
        world.execute("UPDATE land.address SET street = :street, house_number = '5ộ'", street=STREET)
    return world


QUESTIONS: list[tuple[str, dict[str, str]]] = [
    (ITEMS, {"filter": f"address = '{STREET}'"}),
    (ITEMS, {"filter": f"address LIKE '%{STREET[4:]}%' AND CASEI(address) = CASEI('{STREET.upper()}')"}),
    (ITEMS, {"filter": f"address IN ('x', '{STREET}')"}),
    (ITEMS, {"filter": json.dumps(AT_STREET, ensure_ascii=False), "filter-lang": "cql2-json"}),
    *[(ITEMS, {name: value}) for name, value in
      {"address": STREET, "code": PARCEL, "map_sheet": "12ế", "parcel_no": "34ộ", "land_use_raw": "đất ở"}.items()],
    (ADDRESSES, {"street": STREET}),
    (ADDRESSES, {"house_number": "5ộ"}),
    (ADDRESSES, {"address": f"5 {STREET}"}),
    (ADDRESSES, {"parcel_code": PARCEL}),
    ("/search", {"q": STREET}),
    ("/search", {"q": PARCEL}),
    ("/lookup", {"parcel": PARCEL}),
    ("/lookup", {"q": f"5 {STREET}"}),
    ("/lookup/extract.pdf", {"parcel": PARCEL}),
    (f"/id/parcels/{PARCEL}", {}),
]  # fmt: skip


@pytest.mark.parametrize(("path", "query"), QUESTIONS, ids=str)
async def test_decomposed_text_finds_what_composed_text_does(
    world: World, client: httpx.AsyncClient, path: str, query: dict[str, str]
) -> None:
    composed = await client.get(path, params=query)
    decomposed = await client.get(quote(apart(path)), params={name: apart(value) for name, value in query.items()})
    assert composed.status_code == decomposed.status_code, decomposed.text
    if composed.status_code == 303:
        assert composed.headers["location"] == decomposed.headers["location"]
        return
    assert composed.status_code == 200, composed.text
    if path.endswith(".pdf"):
        assert composed.headers["content-disposition"] == decomposed.headers["content-disposition"]
        return
    found, again = (_without_time(answer.json()) for answer in (composed, decomposed))
    assert found == again
    if "features" in found:
        assert len(found["features"]) == 1


def _without_time(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "timeStamp"}


async def test_letters_and_marks_apart_inside_the_escapes_of_json_too(world: World, client: httpx.AsyncClient) -> None:
    tree = json.dumps({"op": "=", "args": [{"property": "address"}, apart(STREET)]}, ensure_ascii=True)
    answer = await client.get(ITEMS, params={"filter": tree, "filter-lang": "cql2-json"})
    assert answer.json()["numberReturned"] == 1


def test_every_text_that_items_take_is_asked_above() -> None:
    """A new text column of these layers belongs into QUESTIONS; codes of units are digits."""
    for collection in ("parcels", "addresses"):
        layer = find_layer(collection)
        texts = {c.name for c in layer.table.columns if c.type.python_type is str and is_queryable(layer, c.name)}
        asked = {name for path, query in QUESTIONS for name in query if collection in path}
        digits = {"national_id", "former_commune_code", "province_code", "commune_code", "land_use_code"}
        assert texts - digits - asked == ({"code"} if collection == "addresses" else set())


async def test_no_door_sees_text_that_is_not_composed(app: FastAPI) -> None:
    """The layer stands around every route, also one that comes later."""

    async def echo(request: Request) -> JSONResponse:
        return JSONResponse([request.path_params["text"], *request.query_params.multi_items()])

    app.router.routes.insert(0, type(app.router.routes[0])("/echo/{text}", echo))  # type: ignore[call-arg]
    async with serving(app) as client:
        answer = await client.get(f"/echo/{quote(apart(STREET))}", params={apart("ế"): apart("ộ"), "b": "+ &=%"})
        assert answer.json() == [STREET, ["ế", "ộ"], ["b", "+ &=%"]]


def test_bytes_that_a_url_must_not_have_are_read_as_the_text_that_was_meant() -> None:
    """As curl sends them from a terminal."""
    assert QueryParams(compose_query(f"q={STREET}&r={apart(STREET)}".encode())).multi_items() == [("q", STREET), ("r", STREET)]


@given(st.lists(st.tuples(st.text(max_size=6), st.text(max_size=6)), max_size=4))
def test_a_query_means_what_it_meant_but_composed(pairs: list[tuple[str, str]]) -> None:
    query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs).encode()
    before, after = (QueryParams(one).multi_items() for one in (query, compose_query(query)))
    assert after == [tuple(unicodedata.normalize("NFC", text) for text in pair) for pair in before]


@pytest.mark.parametrize(
    "query", [b"", b"a=1&b=x+y", b"a=%2B%26", b"a=%C4%90%C3%A0", b"%ff=%fe", b"\xff\xfe", b"a&&=b&=", b"bbox=1,2,3,4"]
)
def test_a_query_that_is_composed_or_no_text_at_all_is_left_alone(query: bytes) -> None:
    assert compose_query(query) == query
