"""Whatever is asked: a page, or 400 with a sentence; never a 500, and a statement that grows as the question does, no faster."""

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spatial.features import FeatureQuery
from spatial.features.statement import page_statement
from spatial.filters import parse_filter
from spatial.filters.sentences import MAX_DEPTH
from spatial.layers import find_layer
from spatial.selection import LegalPeriod
from tests.api.ogc.conftest import PARCELS

LAYER = find_layer("parcels")
FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def check(answer: httpx.Response) -> None:
    assert answer.status_code in (200, 400), (str(answer.request.url), answer.text[:500])
    if answer.status_code == 400:
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem["status"] == 400
        assert problem["type"] in {f"/docs/problems#{kind}" for kind in ("invalid-input", "filter-syntax", "unknown-crs")}
        assert len(problem["detail"]) > 10
    else:
        assert answer.json()["type"] == "FeatureCollection"


# -- filters --------------------------------------------------------------------------------------------------------------

_NAMES = st.sampled_from(
    ["area_m2", "address", "code", "id", "valid_from", "valid_to", "geom", "national_id", "no_such", "area_srid"]
)
_NUMBERS = st.one_of(
    st.integers(), st.floats(allow_nan=False), st.sampled_from([0, -1, 2**31, 2**63, 1e308, -1e308, 1e-320, 0.5])
)
_LITERALS = st.one_of(
    _NUMBERS,
    st.text(max_size=8),
    st.booleans(),
    st.none(),
    st.dates().map(lambda day: {"date": day.isoformat()}),
    st.sampled_from(
        [{"date": "2026-02-30"}, {"timestamp": "9999-12-31T23:59:59-14:00"}, {"timestamp": "x"}, {"date": 5}, [], {}]
    ),
)
_COORDINATES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.lists(st.one_of(st.floats(-200, 200), st.sampled_from([105.8, 21.0, 1e308])), max_size=4),
        st.just([105.8, 21.0]),
        st.none(),
    ),
    lambda inner: st.lists(inner, max_size=5),
    max_leaves=8,
)
_GEOMETRIES = st.recursive(
    st.one_of(
        st.builds(
            lambda kind, coordinates: {"type": kind, "coordinates": coordinates},
            st.sampled_from(["Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "Circle"]),
            _COORDINATES,
        ),
        st.builds(lambda box: {"bbox": box}, st.lists(st.floats(-200, 200), max_size=6)),
    ),
    lambda inner: st.builds(lambda parts: {"type": "GeometryCollection", "geometries": parts}, st.lists(inner, max_size=3)),
    max_leaves=3,
)
_OPERATORS = st.sampled_from(
    ["and", "or", "not", "=", "<>", "<", ">=", "like", "between", "in", "isNull", "casei", "accenti", "+", "-", "*", "/", "%",
     "div", "^", "s_intersects", "s_within", "s_equals", "s_crosses", "t_after", "t_during", "t_meets", "a_equals", "pg_sleep"]
)  # fmt: skip
TREES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(_NAMES.map(lambda name: {"property": name}), _LITERALS, _GEOMETRIES),
    lambda inner: st.one_of(
        st.builds(lambda name, parts: {"op": name, "args": parts}, _OPERATORS, st.lists(inner, max_size=3)),
        st.builds(lambda parts: {"interval": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.lists(inner, max_size=3),
    ),
    max_leaves=10,
)


@FUZZ
@given(tree=TREES, crs=st.sampled_from([None, "EPSG:4326", "EPSG:3857", "EPSG:9210"]))
async def test_no_json_filter_breaks_the_door(reader: httpx.AsyncClient, tree: Any, crs: str | None) -> None:
    given_crs = {"filter-crs": crs} if crs else {}
    check(await reader.get(PARCELS, params={"filter": json.dumps(tree), "filter-lang": "cql2-json", **given_crs}))


_PIECES = st.sampled_from([
    "(", ")", ",", "'", '"', "\\", "AND", "OR", "NOT", "LIKE", "BETWEEN", "IN", "IS", "NULL", "=", "<>", "<", "-", "+",
    "*", "/", "%", "^", "DIV", "CASEI(", "ACCENTI(", "area_m2", "address", "valid_from", "valid_to", "geom", "1", "2.5",
    "1e308", "'x'", "'%\\'", "true", "S_INTERSECTS(", "S_WITHIN(geom,", "T_AFTER(", "INTERVAL(", "DATE('2026-01-31')",
    "DATE('", "TIMESTAMP('2026-01-31T00:00:00Z')", "'..'", "POINT(105.8 21)", "POINT", "Z", "M", "EMPTY", "POLYGON((",
    "105.8 21", "0 0", "MULTIPOINT(", "GEOMETRYCOLLECTION(", "BBOX(105,20,106,21)", "BBOX(", "NaN", "1e999", "é",
    "\U0001f600", "\n", "--",
])  # fmt: skip


@FUZZ
@given(pieces=st.lists(_PIECES, max_size=14))
async def test_no_text_filter_breaks_the_door(reader: httpx.AsyncClient, pieces: list[str]) -> None:
    check(await reader.get(PARCELS, params={"filter": " ".join(pieces)}))


DEEPEST: dict[str, Callable[[int], str]] = {
    "brackets": lambda n: "(" * n + "true" + ")" * n,
    "NOT": lambda n: "NOT " * n + "true",
    "NOT in brackets": lambda n: "NOT (" * (n // 2 - 1) + "area_m2 = 1" + ")" * (n // 2 - 1),
    "minus": lambda n: "- " * (n - 1) + "area_m2 > 1",
    "CASEI": lambda n: "casei(" * (n - 1) + "address" + ")" * (n - 1) + " = 'x'",
    "ACCENTI": lambda n: "accenti(" * (n - 1) + "address" + ")" * (n - 1) + " = 'x'",
    "AND and OR": lambda n: "(true or false and " * (n // 3 - 1) + "area_m2=1" + ")" * (n // 3 - 1),
    "comparisons": lambda n: "(" * (n // 2 - 1) + "true" + " = true)" * (n // 2 - 1),
    **{
        f"chain of {sign}": lambda n, sign=sign: "area_m2" + f" {sign} 2" * (n - 1) + " > 1"  # type: ignore[misc]
        for sign in ("+", "-", "*", "/", "%", "div")
    },
    **{
        f"{sign} in brackets": lambda n, sign=sign: f"1 {sign} (" * (n // 2 - 1) + "area_m2" + ")" * (n // 2 - 1) + " > 1"  # type: ignore[misc]
        for sign in ("+", "-", "*", "/", "%", "div", "^")
    },
}


@pytest.mark.parametrize("nested", DEEPEST.values(), ids=DEEPEST)
async def test_a_filter_as_deep_as_may_be_is_answered(reader: httpx.AsyncClient, nested: Callable[[int], str]) -> None:
    answer = await reader.get(PARCELS, params={"filter": nested(MAX_DEPTH), "lang": "en"})
    assert answer.status_code == 200, answer.text[:300]


@pytest.mark.parametrize("nested", DEEPEST.values(), ids=DEEPEST)
def test_a_statement_grows_in_proportion_to_its_filter(nested: Callable[[int], str]) -> None:
    """An operand that stood twice in what it is computed into would double the statement at each level."""

    def length(text: str) -> int:
        condition = parse_filter(LAYER, text)
        return len(page_statement(FeatureQuery(LAYER, LegalPeriod(), condition=condition))[0].sql)

    least = length("true")
    for levels in (20, 40, MAX_DEPTH):
        assert length(nested(levels)) - least <= 60 * levels + 200


async def test_a_filter_of_as_many_bytes_as_may_be_is_answered(reader: httpx.AsyncClient) -> None:
    for part in (" OR area_m2=1", " OR id IN (1,2,3,4,5,6,7,8,9)", " OR S_INTERSECTS(geom,POINT(1 2))"):
        whole = "true" + part * ((8_000 - 4) // len(part))
        check(await reader.get(PARCELS, params={"filter": whole}))
        assert (await reader.get(PARCELS, params={"filter": whole})).status_code == 200


# -- cursors --------------------------------------------------------------------------------------------------------------


def token(content: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


SORTS = ("", "address", "-area_m2", "area_srid", "valid_from", "code,-address")
_SORT_KINDS: dict[str, list[Any]] = {
    "": [], "address": [""], "-area_m2": [1.0], "area_srid": [1], "valid_from": ["2020-01-01"], "code,-address": ["", ""],
}  # fmt: skip
_MADE_UP = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=5), st.lists(st.integers(), max_size=2),
    st.sampled_from([2**31, 2**31 - 1, -(2**31) - 1, 2**63, 10**400, "\ud800", "a\0b", "2020-01-01", "infinity", ""]),
)  # fmt: skip


@FUZZ
@given(sort=st.sampled_from(SORTS), values=st.lists(_MADE_UP, max_size=3), version=_MADE_UP, day=_MADE_UP)
async def test_no_cursor_breaks_the_door(reader: httpx.AsyncClient, sort: str, values: list[Any], version: Any, day: Any) -> None:
    cursor = token([f"parcels,{sort}" if sort else "parcels", version, day, values])
    check(await reader.get(PARCELS, params={"cursor": cursor, **({"sortby": sort} if sort else {})}))


UNFIT = [2**31, -(2**31) - 1, 2**63, -(2**63) - 1, 10**400, "\ud800", "a\0b", True, [], {}, "x"]


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize(
    "value", [2**31, -(2**31) - 1, 2**63, -(2**63) - 1, 10**400, "\ud800", "a\0b", True, [], {}, "x"], ids=ascii
)
async def test_a_value_that_its_column_cannot_hold_is_refused(reader: httpx.AsyncClient, sort: str, value: Any) -> None:
    kinds = _SORT_KINDS[sort]
    for place in range(len(kinds) + 1):
        values = [*kinds, 1]
        if _fits(values[place], value, is_id=place == len(kinds)):
            continue
        values[place] = value
        cursor = token([f"parcels,{sort}" if sort else "parcels", 1, None, values])
        answer = await reader.get(PARCELS, params={"cursor": cursor, **({"sortby": sort} if sort else {})})
        assert answer.status_code == 400, (values, answer.text[:300])
        assert "cursor" in answer.json()["detail"]


def _fits(kind: Any, value: Any, *, is_id: bool) -> bool:
    if isinstance(value, str):
        return kind == "" and value == "x"
    whole = isinstance(value, int) and not isinstance(value, bool)
    return whole and ((isinstance(kind, float) and abs(value) < 10**300) or (is_id and abs(value) < 2**63))


@pytest.mark.parametrize("text", ["", "é", "====", "AAAA", "bnVsbA", "W10", "W1td", "IiI", "//8", "_w", "W" * 5000])
async def test_what_is_no_cursor_is_refused(reader: httpx.AsyncClient, text: str) -> None:
    assert (await reader.get(PARCELS, params={"cursor": text})).status_code == 400


# -- the other parameters -------------------------------------------------------------------------------------------------

_ODD = st.sampled_from(["", " ", "-", "..", "nan", "inf", "-0", "1e308", "1e309", "1_0", "９", "0x1", "\N{MINUS SIGN}1"])
_BOXES = st.lists(st.one_of(st.floats().map(repr), st.floats(-181, 181).map(repr), _ODD), max_size=7).map(",".join)
_CRS = st.sampled_from(
    [
        "EPSG:4326",
        "EPSG:3857",
        "EPSG:9210",
        "[EPSG:3405]",
        "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
        "EPSG:0",
        "x" * 3000,
        "",
    ]
)
_DATES = st.one_of(
    st.dates().map(str),
    st.datetimes().map(lambda moment: f"{moment.isoformat()}Z"),
    st.sampled_from(["", "..", "2026", "2026-02-30", "2026-01-31T", "2013-04-28T/..", "x"]),
    st.text(max_size=12),
)
_PERIODS = st.lists(_DATES, min_size=1, max_size=3).map("/".join)


@FUZZ
@given(bbox=_BOXES, crs=_CRS, bbox_crs=_CRS, period=_PERIODS, known_at=_DATES)
async def test_no_box_date_or_system_breaks_the_door(
    reader: httpx.AsyncClient, bbox: str, crs: str, bbox_crs: str, period: str, known_at: str
) -> None:
    every = {"bbox": bbox, "crs": crs, "bbox-crs": bbox_crs, "datetime": period, "known_at": known_at}
    check(await reader.get(PARCELS, params={name: value for name, value in every.items() if name != "known_at"}))
    for name, value in every.items():
        check(await reader.get(PARCELS, params={name: value}))
