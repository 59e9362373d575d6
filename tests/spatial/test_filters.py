"""CQL2 filters: what parses, what is refused and where, and that SQL selects what a plain evaluator in Python does."""

import json
import operator
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select, text

from spatial.crs import CRS84, parse_crs
from spatial.errors import FilterSyntaxError
from spatial.filters import parse_filter, spatial, temporal
from spatial.filters.columns import fits
from spatial.layers import find_layer
from tests.api.ogc.conftest import QUARTER

PARCELS = find_layer("parcels")
EXAMPLES = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "cql2_examples"


@pytest.fixture
def rows(connection: Connection) -> list[dict[str, Any]]:
    """The 60 parcels of the quarter, as the connection's transaction sees them."""
    connection.execute(text("SELECT ingest.open_batch('load')"))
    connection.execute(text(QUARTER))
    table = PARCELS.table
    plain = [column for column in table.columns if column.name != "geom"]
    found = connection.execute(select(*plain, text("ST_AsBinary(geom) AS wkb"))).mappings()
    return [{**row, "geom": shapely.from_wkb(bytes(row["wkb"]))} for row in found]


def selected(connection: Connection, filter_text: str, language: str = "cql2-text", crs: str | None = None) -> set[int]:
    parsed = parse_filter(PARCELS, filter_text, language, parse_crs(crs) if crs else CRS84)
    statement = select(PARCELS.table.c.id).where(parsed.on(PARCELS.table))
    return {row.id for row in connection.execute(statement)}


# -- against a plain evaluator --------------------------------------------------------------------------------------------

_COMPARE = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
}  # fmt: skip
Truth = bool | None


def evaluate(node: Any, row: dict[str, Any]) -> Any:
    """Say what a filter is for a row, in the three-valued logic of SQL."""
    if not isinstance(node, dict):
        return node
    if "property" in node:
        return row[node["property"]]
    if "date" in node:
        return date.fromisoformat(node["date"])
    return _EVALUATE[node["op"]](node["args"], row)


def _all(arguments: list[Any], row: dict[str, Any]) -> Truth:
    truths = [evaluate(one, row) for one in arguments]
    return False if False in truths else None if None in truths else True


def _not(arguments: list[Any], row: dict[str, Any]) -> Truth:
    truth = evaluate(arguments[0], row)
    return None if truth is None else not truth


def _any(arguments: list[Any], row: dict[str, Any]) -> Truth:
    truths = [evaluate(one, row) for one in arguments]
    return True if True in truths else None if None in truths else False


def _compared(sign: str) -> Any:
    def compare(arguments: list[Any], row: dict[str, Any]) -> Truth:
        first, second = (evaluate(one, row) for one in arguments)
        return None if first is None or second is None else bool(_COMPARE[sign](first, second))

    return compare


def _like(arguments: list[Any], row: dict[str, Any]) -> Truth:
    value, pattern = (evaluate(one, row) for one in arguments)
    if value is None:
        return None
    wanted = "".join({"%": ".*", "_": "."}.get(char, re.escape(char)) for char in pattern)
    return re.fullmatch(wanted, value, re.DOTALL) is not None


def _between(arguments: list[Any], row: dict[str, Any]) -> Truth:
    value, low, high = (evaluate(one, row) for one in arguments)
    return None if value is None else low <= value <= high


def _in(arguments: list[Any], row: dict[str, Any]) -> Truth:
    value = evaluate(arguments[0], row)
    return None if value is None else value in [evaluate(one, row) for one in arguments[1]]


_EVALUATE: dict[str, Any] = {
    "and": _all,
    "or": _any,
    "not": _not,
    **{sign: _compared(sign) for sign in _COMPARE},
    "like": _like,
    "between": _between,
    "in": _in,
    "isNull": lambda arguments, row: evaluate(arguments[0], row) is None,
}

_TEXTS = st.sampled_from(["ODT", "CLN", "LUC", "Nguyễn Trãi", "Số 1 đường Láng", "'; DROP TABLE x; --", "", "đ"])
_NUMBERS = st.one_of(st.integers(80, 160), st.sampled_from([0, -1, 110.5, 9210, 10**12, 1e300]))
_DATES = st.dates(date(2019, 12, 1), date(2030, 2, 1)).map(lambda day: {"date": day.isoformat()})
_KINDS = [
    (("land_use_code", "address", "parcel_no"), _TEXTS),
    (("area_m2", "area_official_m2", "area_srid"), _NUMBERS),
    (("valid_from", "valid_to"), _DATES),
]


def _property(name: str) -> dict[str, str]:
    return {"property": name}


def _leaf(names: tuple[str, ...], values: Any) -> Any:
    prop = st.sampled_from(names).map(_property)
    ordered = st.sampled_from(["=", "<>"] if names[0] == "land_use_code" else list(_COMPARE))
    leaves = [
        st.builds(lambda sign, a, b: {"op": sign, "args": [a, b]}, ordered, prop, st.one_of(values, prop)),
        st.builds(lambda a, many: {"op": "in", "args": [a, many]}, prop, st.lists(values, min_size=1, max_size=4)),
        st.builds(lambda a: {"op": "isNull", "args": [a]}, prop),
    ]
    if names[0] == "land_use_code":
        patterns = st.text("%_NnốLODT áđ1", max_size=6)
        leaves.append(st.builds(lambda a, pattern: {"op": "like", "args": [a, pattern]}, prop, patterns))
    else:
        leaves.append(st.builds(lambda a, low, high: {"op": "between", "args": [a, low, high]}, prop, values, values))
    return st.one_of(leaves)


FILTERS = st.recursive(
    st.one_of([_leaf(names, values) for names, values in _KINDS]),
    lambda inner: st.one_of(
        st.builds(
            lambda name, parts: {"op": name, "args": parts},
            st.sampled_from(["and", "or"]),
            st.lists(inner, min_size=2, max_size=3),
        ),
        st.builds(lambda part: {"op": "not", "args": [part]}, inner),
    ),
    max_leaves=6,
)


def test_sql_selects_what_the_evaluator_does(connection: Connection, rows: list[dict[str, Any]]) -> None:
    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(FILTERS)
    def check(tree: Any) -> None:
        wanted = {row["id"] for row in rows if evaluate(tree, row) is True}
        assert selected(connection, json.dumps(tree), "cql2-json") == wanted

    check()


@given(
    box=st.tuples(*[st.floats(-0.002, 0.01)] * 4), name=st.sampled_from(["s_intersects", "s_within", "s_disjoint", "s_contains"])
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_spatial_operators_select_what_shapely_does(
    box: tuple[float, float, float, float], name: str, connection: Connection, request: pytest.FixtureRequest
) -> None:
    if not hasattr(request.node, "quarter"):
        request.node.quarter = request.getfixturevalue("rows")
    west, east = sorted((105.8 + box[0], 105.8 + box[1] + 1e-6))
    south, north = sorted((21 + box[2], 21 + box[3] + 1e-6))
    shape = shapely.box(west, south, east, north)
    predicate = getattr(shapely, {"s_intersects": "intersects"}.get(name, name.removeprefix("s_")))
    wanted = {row["id"] for row in request.node.quarter if predicate(row["geom"], shape)}
    assert selected(connection, f"{name}(geom, BBOX({west!r}, {south!r}, {east!r}, {north!r}))") == wanted


# -- time against days one by one -------------------------------------------------------------------------------------------

Days = tuple[float, float]
"""First and last day that belong to a span, as ordinals."""
ENDLESS = float("inf")
_RELATIONS: dict[str, Any] = {
    "t_after": lambda a, b: a[0] > b[1],
    "t_before": lambda a, b: a[1] < b[0],
    "t_contains": lambda a, b: a[0] < b[0] and b[1] < a[1],
    "t_disjoint": lambda a, b: a[1] < b[0] or b[1] < a[0],
    "t_during": lambda a, b: b[0] < a[0] and a[1] < b[1],
    "t_equals": lambda a, b: a == b,
    "t_finishedby": lambda a, b: a[0] < b[0] and a[1] == b[1],
    "t_finishes": lambda a, b: b[0] < a[0] and a[1] == b[1],
    "t_intersects": lambda a, b: a[0] <= b[1] and b[0] <= a[1],
    "t_meets": lambda a, b: a[1] == b[0],
    "t_metby": lambda a, b: a[0] == b[1],
    "t_overlappedby": lambda a, b: b[0] < a[0] < b[1] < a[1],
    "t_overlaps": lambda a, b: a[0] < b[0] < a[1] < b[1],
    "t_startedby": lambda a, b: a[0] == b[0] and b[1] < a[1],
    "t_starts": lambda a, b: a[0] == b[0] and a[1] < b[1],
}
_NEAR_A_TURN = st.sampled_from(
    [turn + timedelta(days) for turn in (date(2020, 1, 9), date(2024, 1, 1), date(2030, 1, 1)) for days in (-1, 0, 1, 20)]
)
_PERIODS = st.one_of(
    st.tuples(_NEAR_A_TURN, _NEAR_A_TURN).map(lambda period: (min(period), max(period))),
    st.tuples(st.none(), st.none() | _NEAR_A_TURN),
    st.tuples(_NEAR_A_TURN, st.none()),
)


def _validity(row: dict[str, Any]) -> Days:
    """Give the days on which a row holds: `valid_to` is the first on which it does not."""
    return row["valid_from"].toordinal(), row["valid_to"].toordinal() - 1 if row["valid_to"] else ENDLESS


def test_the_temporal_operators_take_validity_as_half_open(connection: Connection, rows: list[dict[str, Any]]) -> None:
    assert set(_RELATIONS) == set(temporal.OPERATORS)

    @settings(max_examples=400, deadline=None)
    @given(st.sampled_from(sorted(_RELATIONS)), _PERIODS, st.booleans())
    def check(name: str, period: tuple[date | None, date | None], validity_first: bool) -> None:
        asked: Days = (period[0].toordinal() if period[0] else -ENDLESS, period[1].toordinal() if period[1] else ENDLESS)
        start, end = (f"'{day or '..'}'" for day in period)
        spans = ["INTERVAL(valid_from, valid_to)", f"INTERVAL({start}, {end})"]
        related = _RELATIONS[name]
        wanted = {
            row["id"] for row in rows if (related(_validity(row), asked) if validity_first else related(asked, _validity(row)))
        }
        assert selected(connection, f"{name}({', '.join(spans if validity_first else reversed(spans))})") == wanted

    check()


def test_what_is_in_force_on_a_day_is_the_same_by_a_filter_and_by_datetime(
    connection: Connection, rows: list[dict[str, Any]]
) -> None:
    for day in (date(2020, 1, 9), date(2023, 12, 31), date(2024, 1, 1), date(2029, 12, 31), date(2030, 1, 1)):
        in_force = {row["id"] for row in rows if _validity(row)[0] <= day.toordinal() <= _validity(row)[1]}
        assert selected(connection, f"T_INTERSECTS(INTERVAL(valid_from, valid_to), DATE('{day}'))") == in_force


# -- one by one -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("filter_text", "wanted"),
    [
        ("casei(address) LIKE casei('%đường láng%')", lambda n: n % 5 in (1, 2)),
        ("address LIKE '%đường Láng%'", lambda n: n % 5 == 1),
        ("accenti(casei(address)) LIKE '%duong lang%'", lambda n: n % 5 in (1, 2)),
        ("accenti(address) = accenti('Nguyên Trai')", lambda n: n % 5 == 4),
        (r"address LIKE '100\%%'", lambda n: n % 5 == 3),
        ("area_m2 * 2 = 274", lambda n: 100 + (n * 37) % 50 == 137),
        ("area_m2 % 2 = 1 AND area_m2 DIV 10 = 13", lambda n: (a := 100 + (n * 37) % 50) % 2 == 1 and a // 10 == 13),
        ("area_m2 / (area_srid - 9210) > 0", lambda n: False),
        ("-area_m2 < -120", lambda n: 100 + (n * 37) % 50 > 120),
        ("area_m2 ^ 2 > 14400", lambda n: 100 + (n * 37) % 50 > 120),
        ("area_m2 ^ 200 > 1 OR area_m2 ^ 200 <= 1", lambda n: False),
        ("area_m2 ^ -200 < 1e-300 AND (0 - area_m2) ^ 2 > 0 AND (0 - area_m2) ^ 3 < 0", lambda n: True),
        ("(0 - area_m2) ^ 0.5 > 1 OR (area_m2 - area_m2) ^ -1 > 1 OR area_m2 % 0 = 0 OR area_m2 DIV 0 = 0", lambda n: False),
        ("-area_m2 % 7 = -(area_m2 % 7) AND -7 DIV 2 = -3 AND 7.5 % 2 = 1.5 AND 0 ^ 0 = 1 AND 4 ^ 0.5 = 2", lambda n: True),
        ("area_official_m2 > area_m2", lambda n: n % 4 > 0 and 90 + (n * 7) % 20 > 100 + (n * 37) % 50),
        ("valid_from = '2020-01-13'", lambda n: n == 12),
        ("valid_from = TIMESTAMP('2020-01-12T17:00:00Z')", lambda n: n == 12),
        ("t_before(valid_from, DATE('2020-01-05'))", lambda n: n < 4),
        ("t_after(INTERVAL(valid_from, valid_to), DATE('2029-01-01'))", lambda n: n % 10 == 9),
        ("t_intersects(INTERVAL(valid_from, valid_to), INTERVAL('2023-12-31', '..'))", lambda n: True),
        ("t_intersects(INTERVAL(valid_from, valid_to), DATE('2023-12-31'))", lambda n: n % 10 != 9),
        ("t_intersects(INTERVAL(valid_from, valid_to), DATE('2024-01-01'))", lambda n: n % 10 not in (8, 9)),
        ("t_during(valid_from, INTERVAL('2020-01-01', '2020-01-04'))", lambda n: n in (1, 2)),
        ("t_meets(INTERVAL(valid_from, valid_to), INTERVAL('2023-12-31', '2025-01-01'))", lambda n: n % 10 == 8),
        ("valid_to = DATE('2024-01-01') AND T_BEFORE(INTERVAL(valid_from, valid_to), valid_to)", lambda n: n % 10 == 8),
        ("true", lambda n: True),
        ("NOT (TRUE = FALSE) AND geometry IS NOT NULL", lambda n: True),
        ("parcel_no IN ('1', '2''', '3')", lambda n: n in (1, 3)),
        ("area_m2 NOT BETWEEN 100 AND 140 AND valid_to IS NULL", lambda n: (n * 37) % 50 > 40 and n % 10 != 8),
        ("s_intersects(geom, POINT(105.8004 21.0004))", lambda n: n == 0),
        ("s_equals(geom, BBOX(105.8, 21, 105.8008, 21.0008))", lambda n: n == 0),
        ("s_touches(geom, POINT(105.8 21))", lambda n: n == 0),
        ("s_crosses(LINESTRING(105.7 21.0004, 105.8004 21.0004), geom)", lambda n: n == 0),
        ("s_intersects(geom, GEOMETRYCOLLECTION(POINT(105.8004 21.0004), POINT(105.8014 21.0004)))", lambda n: n in (0, 1)),
        ("s_intersects(geom, POLYGON Z ((105.8 21 5, 105.8001 21 5, 105.8 21.0001 5, 105.8 21 5)))", lambda n: n == 0),
    ],
)
def test_an_operator_selects(connection: Connection, rows: list[dict[str, Any]], filter_text: str, wanted: Any) -> None:
    found = selected(connection, filter_text)
    assert {int(row["parcel_no"]) for row in rows if row["id"] in found} == {n for n in range(60) if wanted(n)}


@pytest.mark.parametrize(
    ("crs", "point"), [("EPSG:4326", "21.0004 105.8004"), ("EPSG:3857", "11777646.7 2391923.9"), ("EPSG:4326", None)]
)
def test_filter_crs_is_of_the_coordinates_in_the_filter(
    connection: Connection, rows: list[dict[str, Any]], crs: str, point: str | None
) -> None:
    if point is None:
        assert selected(connection, "s_intersects(geom, BBOX(21.0, 105.8, 21.0001, 105.8001))", crs=crs)
        return
    found = selected(connection, f"s_intersects(geom, POINT({point}))", crs=crs)
    assert [row["parcel_no"] for row in rows if row["id"] in found] == ["0"]


@pytest.mark.parametrize(
    ("filter_text", "words"),
    [
        ("aera_m2 > 5", "Did you mean 'area_m2'"),
        ("batch_id = 1", "batch_id"),
        ("folded = 'x'", "folded"),
        ("owner = 'x'", "owner"),
        ("area_m2 = 'big'", "a number with a text"),
        ("code = 5", "a text with a number"),
        ("code IN ('a', 5)", "a text with a number"),
        ("valid_from > 'soon'", "neither a date nor a moment"),
        ("valid_from > DATE('2020-13-01')", "neither a date nor a moment"),
        ("code", "A condition needs true or false"),
        ("code AND area_m2 > 1", "A condition needs true or false"),
        ("NOT area_m2", "A condition needs true or false"),
        ("pg_sleep(10) = 1", "'pg_sleep'"),
        ("a_contains(code, ('x'))", "'a_contains'"),
        ("s_within(geom, buffer(geom, 10))", "'buffer'"),
        ("s_intersects(geom, code)", "S_INTERSECTS needs a geometry"),
        ("s_intersects(geom, POINT(500 1))", "out of the range"),
        ("s_intersects(geom, POLYGON((0 0, 1 1, 1 0, 0 1, 0 0)))", "not valid"),
        ("s_touches(geom, GEOMETRYCOLLECTION(POINT(1 1), LINESTRING(2 2, 3 3)))", "GEOMETRYCOLLECTION"),
        ("s_within(GEOMETRYCOLLECTION(POINT(1 1), LINESTRING(2 2, 3 3)), geom)", "GEOMETRYCOLLECTION"),
        ("s_intersects(geom, BBOX(1, 3, 3, 1))", "a minimum is above its maximum"),
        ("s_intersects(geom, BBOX(1, 3, 181, 4))", "degrees are out of range"),
        ("s_intersects(geom, BBOX(1, 2, 3))", "4 or 6 numbers"),
        ("s_intersects(geom, LINESTRING(1 1))", "two positions"),
        ("s_intersects(geom, POLYGON((1 1, 2 2, 1 1)))", "not valid"),
        ("s_intersects(geom, POLYGON((1 1, 2 2)))", "a ring four"),
        ("t_after(INTERVAL('2026-02-01', '2026-01-31'), valid_from)", "ends (2026-01-31) before it begins (2026-02-01)"),
        ("t_after(INTERVAL(1, 2), valid_from)", "neither a date nor a moment"),
        ("t_after(INTERVAL(valid_from, '..', '..'), valid_from)", "two ends"),
        ("t_after(INTERVAL(code, '..'), valid_from)", "needs a date"),
        ("date(code) = valid_from", "a text in '...'"),
        ("geom = geom", "S_EQUALS"),
        ("code LIKE area_m2", "LIKE needs a text"),
        ("code LIKE code", "written in the filter"),
        ("code LIKE 'x\\\\'", "backslash"),
        ("code LIKE 'x\\\\\\\\\\\\'", "backslash"),
        ("casei(area_m2) = 'x'", "CASEI needs a text"),
        ("code BETWEEN 'a' AND 'b'", "BETWEEN takes numbers or dates"),
        ("code + 1 = 2", "needs a number"),
        ("t_after(code, DATE('2020-01-01'))", "needs a date"),
        ("", "empty"),
        ("   ", "empty"),
        ("area_m2 = 1" + "+1" * 200, "nested too deeply"),
        ("code = '" + "x" * 30_000 + "'", "bytes"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_sentence(filter_text: str, words: str) -> None:
    with pytest.raises(FilterSyntaxError, match=re.escape(words)) as refusal:
        parse_filter(PARCELS, filter_text)
    assert refusal.value.vi


@pytest.mark.parametrize("backslashes", range(8))
def test_a_pattern_may_end_with_backslashes_two_by_two(connection: Connection, backslashes: int) -> None:
    tree = {"op": "like", "args": [{"property": "code"}, "x" + "\\" * backslashes]}
    if backslashes % 2:
        with pytest.raises(FilterSyntaxError, match="backslash"):
            parse_filter(PARCELS, json.dumps(tree), "cql2-json")
    else:
        assert selected(connection, json.dumps(tree), "cql2-json") == set()


@pytest.mark.parametrize(
    "tree",
    [
        [], {}, None, "x", 5, {"op": "="}, {"op": "=", "args": []}, {"op": "=", "args": [1]}, {"op": 5, "args": []},
        {"op": "and", "args": []}, {"op": "not", "args": [True, False]}, {"op": "in", "args": [{"property": "code"}, []]},
        {"op": "in", "args": [{"property": "code"}, "x"]}, {"property": "code"}, {"op": "=", "args": [{"property": 5}, 1]},
        {"op": "=", "args": [{"property": "code"}, None]}, {"op": "=", "args": [{"property": "code"}, "a\0b"]},
        {"op": "s_intersects", "args": [{"property": "geom"}, {"type": "Point"}]},
        {"op": "s_intersects", "args": [{"property": "geom"}, {"type": "Point", "coordinates": ["a", "b"]}]},
        {"op": "s_intersects", "args": [{"property": "geom"}, {"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}]},
        {"op": "-", "args": [{"property": "area_m2"}]}, {"op": "and", "args": {}}, {"interval": ["..", ".."]},
        {"op": "s_intersects", "args": [{"property": "geom"}, {"bbox": [1, 2, 3]}]},
        {"op": "t_after", "args": [{"interval": ["x"]}, {"date": "2020-01-01"}]},
        {"op": "t_after", "args": [{"interval": [1, 2]}, {"date": "2020-01-01"}]},
        {"op": "=", "args": [{"property": "valid_from"}, {"date": 5}]},
    ],
    ids=str,
)  # fmt: skip
def test_json_that_is_no_filter_is_refused(tree: Any) -> None:
    with pytest.raises(FilterSyntaxError):
        parse_filter(PARCELS, json.dumps(tree), "cql2-json")


@given(st.text(max_size=200))
def test_no_text_breaks_the_parser(filter_text: str) -> None:
    for language in ("cql2-text", "cql2-json"):
        try:
            parse_filter(PARCELS, filter_text, language)
        except FilterSyntaxError:
            continue


BOW_TIE = [[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]
RING = [[105.8, 21.0], [105.81, 21.0], [105.81, 21.01], [105.8, 21.0]]


@pytest.mark.parametrize(
    ("geometry", "words"),
    [
        ({"type": "Polygon", "coordinates": [RING, []]}, "it is empty, or a part of it is"),
        ({"type": "Polygon", "coordinates": []}, "it is empty"),
        ({"type": "Point", "coordinates": []}, "it is empty"),
        ({"type": "MultiPolygon", "coordinates": [[]]}, "it is empty"),
        ({"type": "MultiPolygon", "coordinates": [[RING], [[]]]}, "it is empty"),
        ({"type": "GeometryCollection", "geometries": []}, "empty collection"),
        ({"type": "GeometryCollection"}, "empty collection"),
        ({"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": []}]}, "it is empty"),
        ({"type": "GeometryCollection", "geometries": [{"type": "GeometryCollection", "geometries": []}]}, "plain geometries"),
        ({"type": "GeometryCollection", "geometries": ["x"]}, "plain geometries"),
        ({"type": "GeometryCollection", "geometries": [{"type": "Polygon", "coordinates": [BOW_TIE]}]}, "not valid"),
        ({"type": "Point", "coordinates": [1]}, "two numbers"),
        ({"type": "Point", "coordinates": [1, 2, 3, 4]}, "two numbers"),
        ({"type": "Point", "coordinates": [1, True]}, "two numbers"),
        ({"type": "Point", "coordinates": [1, None]}, "two numbers"),
        ({"type": "Point", "coordinates": {"x": 1}}, "no lists of numbers"),
        ({"type": "Point", "coordinates": [[1, 2]]}, "two numbers"),
        ({"type": "LineString", "coordinates": [1, 2]}, "no lists of numbers"),
        ({"type": "LineString", "coordinates": [[1, 2]]}, "two positions"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 0]]]}, "not valid"),
        ({"type": "Feature", "geometry": None}, "not a GeoJSON geometry"),
        ({"type": ["Point"], "coordinates": [1, 2]}, "not a GeoJSON geometry"),
        ({"type": "Point", "coordinates": [1, 91]}, "out of the range"),
        ({"bbox": [1, 2, 3, True]}, "4 or 6 numbers"),
        ({"bbox": [1, 2, 3, 4, 5]}, "4 or 6 numbers"),
        ({"bbox": "1,2,3,4"}, "4 or 6 numbers"),
    ],
    ids=str,
)  # fmt: skip
def test_a_geometry_that_is_none_is_refused_with_a_sentence(geometry: Any, words: str) -> None:
    tree = {"op": "s_intersects", "args": [{"property": "geom"}, geometry]}
    with pytest.raises(FilterSyntaxError, match=re.escape(words)) as refusal:
        parse_filter(PARCELS, json.dumps(tree), "cql2-json")
    assert refusal.value.vi


@pytest.mark.parametrize("name", sorted(spatial.OPERATORS))
@pytest.mark.parametrize(
    ("collection", "same"),
    [
        ("GEOMETRYCOLLECTION(POINT(105.8004 21.0004), POINT(105.8014 21.0004))",
         "MULTIPOINT(105.8004 21.0004, 105.8014 21.0004)"),
        ("GEOMETRYCOLLECTION(POLYGON((105.8 21, 105.8008 21, 105.8008 21.0008, 105.8 21.0008, 105.8 21)))",
         "BBOX(105.8, 21, 105.8008, 21.0008)"),
        ("GEOMETRYCOLLECTION(POLYGON((105.8 21, 105.81 21, 105.81 21.01, 105.8 21)), POINT(105.805 21.001))",
         "POLYGON((105.8 21, 105.81 21, 105.81 21.01, 105.8 21))"),
        ("GEOMETRYCOLLECTION(LINESTRING Z (105.7 21.0004 1, 105.8004 21.0004 2), LINESTRING(105.7 21.0004, 105.6 21))",
         "MULTILINESTRING((105.7 21.0004, 105.8004 21.0004), (105.7 21.0004, 105.6 21))"),
    ],
)  # fmt: skip
def test_a_collection_of_one_dimension_is_taken_by_every_operator(
    connection: Connection, rows: list[dict[str, Any]], name: str, collection: str, same: str
) -> None:
    assert selected(connection, f"{name}(geom, {collection})") == selected(connection, f"{name}(geom, {same})")
    assert selected(connection, f"{name}({collection}, geom)") == selected(connection, f"{name}({same}, geom)")


@pytest.mark.parametrize(
    ("box", "wanted"),
    [
        ("105.8, 21.0004, 105.8, 21.0006", {0}),
        ("105.8004, 21.0004, 105.8004, 21.0004", {0}),
        ("105.8, 21, 105.8, 21", {0}),
        ("105.8004, 21.0004, 105.8014, 21.0004", {0, 1}),
        ("105.8009, 21.0004, 105.8009, 21.0004", set()),
        ("170, 20, 105.8, 21", {0, *range(0)}),
        ("105.806, 20, -170, 21.0001", {6, 7}),
        ("180, 20, 105.8, 22", {n for n in range(60) if n % 8 == 0}),
        ("105.8004, 21.0004, 1, 105.8004, 21.0004, 2", {0}),
    ],
)
def test_a_box_without_width_and_one_across_the_180th_meridian_meet_what_bbox_does(
    connection: Connection, rows: list[dict[str, Any]], box: str, wanted: set[int]
) -> None:
    found = selected(connection, f"S_INTERSECTS(geom, BBOX({box}))")
    assert {int(row["parcel_no"]) for row in rows if row["id"] in found} == wanted
    assert len(rows) - len(found) == len(selected(connection, f"S_DISJOINT(geom, BBOX({box}))"))


def test_texts_are_compared_in_the_order_they_are_sorted_in(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Đ comes after D and before E: as code points it would come after everything."""
    addressed = {row["id"] for row in rows if row["address"]}
    after = selected(connection, "address > 'Đa' AND address < 'E'")
    assert after == set()
    assert selected(connection, "address > 'Đ'") | selected(connection, "address < 'Đ'") == addressed
    assert {row["address"][:2] for row in rows if row["id"] in selected(connection, "address < 'Đ'")} == {"10"}
    assert {row["address"][:2] for row in rows if row["id"] in selected(connection, "'Đ' <= address")} == {"Số", "ng", "Ng"}
    assert selected(connection, "code > '99002.99101.6.58' AND code <= '99002.99101.6.59'")


@pytest.mark.parametrize(("value", "held"), [(2**31 - 1, True), (2**31, False), (-(2**31), True), (-(2**31) - 1, False)])
def test_a_whole_number_fits_its_column_or_does_not(value: int, held: bool) -> None:
    assert fits(find_layer("zones").table.columns["max_storeys"], value) is held
