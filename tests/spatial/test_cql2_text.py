"""Reading CQL2: what each text means, where and how it is refused, that another reader agrees, and that no text takes long."""

import json
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import cql2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.errors import FilterSyntaxError
from spatial.filters import tokens
from spatial.filters.grammar import read_text
from spatial.filters.parse import MAX_BYTES, parse_tree
from spatial.filters.sentences import MAX_DEPTH
from spatial.settings import Settings


def op(name: str, *arguments: Any) -> dict[str, Any]:
    return {"op": name, "args": list(arguments)}


A, B, C = ({"property": name} for name in "abc")


def normal(node: Any) -> Any:
    """Make trees comparable: names of operators in small letters, AND inside AND as one."""
    if isinstance(node, dict):
        if isinstance(moment := node.get("timestamp"), str):
            return {"timestamp": moment.removesuffix("Z")}  # the other reader takes one without an offset for UTC
        found = {name: normal(value.lower() if name == "op" else value) for name, value in node.items()}
        if found.get("op") in ("and", "or"):
            found["args"] = [one for part in found["args"] for one in _parts_of(part, found["op"])]
        return found
    return [normal(one) for one in node] if isinstance(node, list) else node


def _parts_of(part: Any, name: str) -> list[Any]:
    return part["args"] if isinstance(part, dict) and part.get("op") == name else [part]


# -- what a text means ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a = 1 AND b = 2 and c = 3 OR TRUE", op("or", op("and", op("=", A, 1), op("=", B, 2), op("=", C, 3)), True)),
        ("a OR b AND c", op("or", A, op("and", B, C))),
        ("(a OR b) AND c", op("and", op("or", A, B), C)),
        ("a AND (b AND c)", op("and", A, op("and", B, C))),
        ("NOT a = 1 AND b", op("and", op("not", op("=", A, 1)), B)),
        ("not NOT (a OR b)", op("not", op("not", op("or", A, B)))),
        ("a AND NOT b OR c", op("or", op("and", A, op("not", B)), C)),
        ("a + b * c ^ 2 - 1 > 0", op(">", op("-", op("+", A, op("*", B, op("^", C, 2))), 1), 0)),
        ("a - b - c = 1", op("=", op("-", op("-", A, B), C), 1)),
        ("a / b % c Div 2 = 1", op("=", op("div", op("%", op("/", A, B), C), 2), 1)),
        ("-a ^ 2 = - 5", op("=", op("^", op("*", -1, A), 2), -5)),
        ("a-1>-b", op(">", op("-", A, 1), op("*", -1, B))),
        ("a = --1 AND b = +2.50", op("and", op("=", A, 1), op("=", B, 2.5))),
        ("a IN (.5, 1., 1E-3, -2e2, 12345678901234567890)", op("in", A, [0.5, 1.0, 0.001, -200.0, 1.2345678901234567e19])),
        ("a NOT IN ('x', b, CASEI('y'))", op("not", op("in", A, ["x", B, op("CASEI", "y")]))),
        ("a BETWEEN 1 AND b + 1 AND c", op("and", op("between", A, 1, op("+", B, 1)), C)),
        ("a NOT BETWEEN -1 AND 2", op("not", op("between", A, -1, 2))),
        ("a LIKE 'x%' OR b NOT LIKE accenti('y')", op("or", op("like", A, "x%"), op("not", op("like", B, op("accenti", "y"))))),
        ("a IS NULL AND b IS NOT NULL", op("and", op("isNull", A), op("not", op("isNull", B)))),
        ("(a = 1) = true", op("=", op("=", A, 1), True)),
        ("f() = g(a, 'b', 1, (2, 3), ())", op("=", op("f"), op("g", A, "b", 1, [2, 3], []))),
        ("A_CONTAINS(a, ('x', 'y'))", op("A_CONTAINS", A, ["x", "y"])),
        ('"a" = eo:cloud_cover + "in" * d.e', op("=", A, op("+", {"property": "eo:cloud_cover"},
                                                        op("*", {"property": "in"}, {"property": "d.e"})))),
        ("đường = 'Láng'", op("=", {"property": "đường"}, "Láng")),
        ("date >= DATE('2026-01-31')", op(">=", {"property": "date"}, {"date": "2026-01-31"})),
        ("a = timestamp('2026-01-31T00:00:00Z')", op("=", A, {"timestamp": "2026-01-31T00:00:00Z"})),
        ("T_DURING(INTERVAL(a, '..'), interval('2026-01-01', DATE('2026-02-01')))",
         op("T_DURING", {"interval": [A, ".."]}, {"interval": ["2026-01-01", {"date": "2026-02-01"}]})),
        ("S_INTERSECTS(point, POINT(106 -20.5))",
         op("S_INTERSECTS", {"property": "point"}, {"type": "Point", "coordinates": [106, -20.5]})),
        ("f(POINT Z (1 2 3))", op("f", {"type": "Point", "coordinates": [1, 2, 3]})),
        ("f(LineString(1 2, 3 4))", op("f", {"type": "LineString", "coordinates": [[1, 2], [3, 4]]})),
        ("f(MULTIPOINT(1 2, (3 4)))", op("f", {"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]]})),
        ("f(POLYGON((0 0, 1 0, 1 1, 0 0), (0 0, 2 0, 2 2, 0 0)))",
         op("f", {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]], [[0, 0], [2, 0], [2, 2], [0, 0]]]})),
        ("f(MULTILINESTRING((1 2, 3 4), (5 6, 7 8)))",
         op("f", {"type": "MultiLineString", "coordinates": [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]})),
        ("f(MULTIPOLYGON Z (((0 0 1, 1 0 1, 1 1 1, 0 0 1))))",
         op("f", {"type": "MultiPolygon", "coordinates": [[[[0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 0, 1]]]]})),
        ("f(GEOMETRYCOLLECTION(POINT(1 2), LINESTRING(1 2, 3 4)))",
         op("f", {"type": "GeometryCollection", "geometries": [
             {"type": "Point", "coordinates": [1, 2]}, {"type": "LineString", "coordinates": [[1, 2], [3, 4]]}]})),
        ("f(BBOX(-1, +2, 3.5, 4))", op("f", {"bbox": [-1, 2, 3.5, 4]})),
        ("\n\ta\u00a0=\r\n1 ", op("=", A, 1)),
    ],
)  # fmt: skip
def test_a_text_means_a_tree(text: str, tree: Any) -> None:
    assert read_text(text) == tree


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("it''s", "it's"), (r"O\'D", "O'D"), ("''", "'"), (r"\\", "\\"), (r"a\tb\nc\rd", "a\tb\nc\rd"), (r"\a\b\v\f", "\a\b\v\f"),
        (r"100\%", r"100\%"), (r"a\_b", r"a\_b"), (r"\d", r"\d"), (r"C:\\new", r"C:\new"), ("two\nlines", "two\nlines"), ("", ""),
        (r"\\''", "\\'"), (r"\\\'", "\\'"), ("-- no comment /* */", "-- no comment /* */"),
    ],
)  # fmt: skip
def test_an_escape_in_a_text_is_read_as_the_standard_has_it(written: str, meant: str) -> None:
    assert read_text(f"a = '{written}'") == op("=", A, meant)


# -- what is refused, where and how ---------------------------------------------------------------------------------------

WKT_REFUSALS = [
    ("f(POINT EMPTY)", "column 9 ('EMPTY)'): an empty geometry"),
    ("f(POINT Z EMPTY)", "column 11"),
    ("f(GEOMETRYCOLLECTION EMPTY)", "an empty geometry"),
    ("f(GEOMETRYCOLLECTION(POINT(106 20),POINT EMPTY))", "column 42 ('EMPTY))'): an empty geometry"),
    ("f(MULTIPOLYGON(EMPTY, ((0 0, 1 0, 1 1, 0 0))))", "an empty geometry"),
    ("f(MULTIPOINT(EMPTY, 1 2))", "an empty geometry"),
    ("f(POLYGON((0 0, 1 0, 1 1, 0 0), EMPTY))", "an empty geometry"),
    ("f(POLYGON((0 0, 1 0, 1 1, 0 0), ()))", "column 34 (')))'): a number was expected"),
    ("f(POINT())", "a number was expected"),
    ("f(POINT Z(106 106))", "a position here has 3 numbers, not 2"),
    ("f(POINT M(106 1.))", "measures (M)"),
    ("f(POINT ZM(1 2 3 4))", "measures (M)"),
    ("f(POINT(1))", "a position here has 2 or 3 numbers, not 1"),
    ("f(POINT(1 2 3 4))", "a position here has 2 or 3 numbers, not 4"),
    ("f(LINESTRING(1 2, 3 4 5))", "a position here has 2 numbers, not 3"),
    ("f(POINT(1, 2))", "not 1"),
    ("f(POINT(1 2)", "line 1, column 13 (the end)"),
    ("f(POINT(1 2", "a number or ')'"),
    ("f(GEOMETRYCOLLECTION(GEOMETRYCOLLECTION(POINT(1 2))))", "no collection again"),
    ("f(GEOMETRYCOLLECTION(a))", "no collection again"),
    ("f(BBOX(1 2, 3, 4))", "',' or ')'"),
    ("f(BBOX())", "a number"),
    ("f(BBOX(a, b, c, d))", "a number"),
]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a >", "line 1, column 4 (the end): a property, a value or '(' was expected"),
        ("a > 5\nAND > 2", "line 2, column 5 ('> 2')"),
        ("(a > 5", "line 1, column 7 (the end): an operator, ',' or ')' was expected"),
        ("a = 1)", "column 6 (')'): an operator or the end"),
        ("a b", "column 3 ('b'): an operator or the end"),
        ("a = 1 = 2", "column 7 ('= 2'): an operator or the end"),
        ("NOT a = 1 = 2", "column 11"),
        ("a ^ b ^ c = 1", "column 7"),
        ("a < b BETWEEN 1 AND 2", "column 7"),
        ("1 + NOT a", "column 5 ('NOT a')"),
        ("a NOT = 1", "LIKE, BETWEEN or IN was expected"),
        ("a NOT", "LIKE, BETWEEN or IN was expected"),
        ("a IS 5", "'NULL' was expected"),
        ("a BETWEEN 1 OR 2", "'AND' was expected"),
        ("a IN 5", "'(' was expected"),
        ("a IN ()", "a property, a value"),
        ("a IN (1,)", "a property, a value"),
        ("and = 1", "a property, a value"),
        ("a = + b", "column 5"),
        ("DATE(a) = b", "a text in '...' was expected"),
        ("a = 'x", "column 5 (''x'): the text that begins here has no closing '"),
        ("a = 'x''", "no closing '"),
        (r"a = 'x\'", "no closing '"),
        ('"a = 1', 'no closing "'),
        ('"" = 1', 'no closing "'),
        ("a ! b", "column 3 ('! b'): no part of CQL2 begins with this character"),
        ("a = 1e999", "column 5 ('1e999'): the number is too large"),
        ("a = " + "9" * 400, "too large"),
        ("a = 1\nAND\n\n  b = ?", "line 4, column 7 ('?')"),
        ("a -- b\n> 1 /", "the end"),
        ("", "the end"),
        *WKT_REFUSALS,
    ],
)
def test_a_text_that_cannot_be_read_is_refused_with_its_place(text: str, words: str) -> None:
    with pytest.raises(FilterSyntaxError) as refusal:
        read_text(text)
    assert words in str(refusal.value)
    assert refusal.value.vi
    assert "dòng" in refusal.value.vi


# -- another reader agrees ------------------------------------------------------------------------------------------------

_WORDS = st.sampled_from(["a", "b", "eo:c", '"in"', "Địa_chỉ", "d.e"])
_SPACES = st.sampled_from(["", " ", "\n  "])
_NUMBER_TEXTS = st.one_of(st.integers(0, 10**9).map(str), st.floats(0, 1e6).map(lambda n: format(n, ".4f")), st.just("1E-3"))
_FUNCTIONS = st.sampled_from(["f", "Buffer"])
_QUOTED = st.text(st.sampled_from("xyz%_ đ(,-"), max_size=5).map(lambda text: f"'{text}'")


def _any_case(*words: str) -> st.SearchStrategy[str]:
    return st.sampled_from([form for word in words for form in (word, word.lower(), word.capitalize())])


@st.composite
def _joined(draw: Any, operand: st.SearchStrategy[str], operators: st.SearchStrategy[str], most: int) -> str:
    parts = draw(st.lists(operand, min_size=2, max_size=most))
    return "".join(part if i == 0 else f" {draw(operators)}{draw(_SPACES)} {part}" for i, part in enumerate(parts))


def _bracketed(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(lambda text, space: f"({space}{text}{space})", inner, _SPACES)


_VALUES = st.recursive(
    st.one_of(_WORDS, _NUMBER_TEXTS),
    lambda inner: st.one_of(
        _bracketed(_joined(inner, st.sampled_from(["+", "-", "*", "/", "%", "div", "DIV"]), 4)),
        _bracketed(_joined(inner, st.just("^"), 2)),
        st.builds(lambda text: f"- {text}", inner),
        st.builds(
            lambda name, parts: f"{name}({','.join(parts)})", st.sampled_from(["f", "Buffer"]), st.lists(inner, max_size=3)
        ),
    ),
    max_leaves=5,
)
_SHAPES = st.sampled_from(
    [
        "POINT(106 20.5)", "point z (1 2 3)", "LINESTRING(0 0,-1 1.5)", "POLYGON((0 0,1 0,1 1,0 0))", "MULTIPOINT((1 2),(3 4))",
        "MULTIPOLYGON(((0 0,1 0,1 1,0 0)))", "GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(0 0,1 1))", "BBOX(1,2,3,4)", "geom",
    ]
)  # fmt: skip
_TIMES = st.sampled_from(
    ["DATE('2026-01-31')", "timestamp('2026-01-31T00:00:00Z')", "INTERVAL(a,'..')", "Interval('..','2026-01-31')", "b"]
)
_LEAVES = st.one_of(
    _joined(_VALUES, st.sampled_from(["=", "<>", "<", ">", "<=", ">="]), 2),
    st.builds(lambda a, no, b: f"{a} {no} LIKE {b}", _WORDS, _any_case("NOT", ""), _QUOTED),
    st.builds(lambda a, no, b, c: f"{a} {no} Between {b} and {c}", _VALUES, _any_case("NOT", ""), _VALUES, _VALUES),
    st.builds(lambda a, no, many: f"{a} {no} in ({', '.join(many)})", _VALUES, _any_case("NOT", ""),
              st.lists(st.one_of(_VALUES, _QUOTED), min_size=1, max_size=3)),
    st.builds(lambda a, no: f"{a} is {no} null", _VALUES, _any_case("NOT", "")),
    st.builds(lambda name, a, b: f"{name}({a},{b})", st.sampled_from(["S_INTERSECTS", "s_within"]), _SHAPES, _SHAPES),
    st.builds(lambda name, a, b: f"{name}({a}, {b})", st.sampled_from(["T_AFTER", "t_finishedBy"]), _TIMES, _TIMES),
    _any_case("TRUE", "FALSE"),
)  # fmt: skip
TEXTS = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        _joined(inner, _any_case("AND", "OR"), 4), _bracketed(inner), st.builds(lambda text: f"NOT {text}", _bracketed(inner))
    ),
    max_leaves=6,
)


@settings(max_examples=250, deadline=None)
@given(TEXTS)
def test_a_random_text_is_read_as_another_reader_does(text: str) -> None:
    assert normal(read_text(text)) == normal(cql2.parse_text(text).to_json())


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_what_another_writer_makes_of_a_tree_is_read_back(text: str) -> None:
    # the other writer puts no quotes around names, takes DIV for a function, and writes no brackets inside powers
    tree = read_text(re.sub(r"\bdiv\b|\^", "/", text.replace('"in"', "e"), flags=re.IGNORECASE))
    assert normal(read_text(cql2.Expr(tree).to_text())) == normal(cql2.Expr(tree).to_json())


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.data())
def test_a_text_with_a_hole_is_refused_or_read_as_another_reader_does(text: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(text) - 1))
    broken = text[:place] + text[place + 1 :]
    with suppress(
        FilterSyntaxError, cql2.ParseError
    ):  # not the same texts are refused: keywords as names, names that begin with _
        assert normal(read_text(broken)) == normal(cql2.parse_text(broken).to_json())


EXAMPLES = (
    Settings(_env_file=None).trial_data or Path(__file__).resolve().parents[2].parent / "shared" / "data"
) / "cql2_examples"
EXAMPLE_TEXTS = sorted((EXAMPLES / "text").glob("*.txt"))
EXAMPLE_JSONS = sorted((EXAMPLES / "json").glob("*.json"))


@pytest.mark.trial
@pytest.mark.skipif(not EXAMPLE_TEXTS, reason=f"the examples of the CQL2 standard are not in {EXAMPLES}")
def test_the_standards_examples_mean_the_same_in_text_in_json_and_to_another_reader() -> None:
    pairs = 0
    for path in EXAMPLE_TEXTS:
        tree = read_text(path.read_text("utf-8"))
        assert _alike(tree) == _alike(cql2.parse_text(path.read_text("utf-8")).to_json()), path.name
        twin = EXAMPLES / "json" / f"{path.stem}.json"
        if twin.exists():
            pairs += 1
            assert _alike(tree) == _alike(parse_tree(twin.read_text("utf-8"), "cql2-json")), path.name
    for path in EXAMPLE_JSONS:
        text = path.read_text("utf-8")
        assert _alike(parse_tree(text, "cql2-json")) == _alike(cql2.parse_json(text).to_json()), path.name
    assert pairs == len(EXAMPLE_JSONS)
    assert len(EXAMPLE_TEXTS) + len(EXAMPLE_JSONS) == 229


def _alike(node: Any) -> Any:
    """Make trees comparable whose texts are composed or not, and whose moments have parts of a second or not."""
    composed = unicodedata.normalize("NFC", json.dumps(normal(node), ensure_ascii=False)).replace(".000000", "")
    return json.loads(composed)


# -- how much work a text makes -------------------------------------------------------------------------------------------


def steps(text: str) -> int:
    """Count every call that reading a text makes, of Python and of C."""
    count = 0

    def see(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(see)
    try:
        read_text(text)
    except FilterSyntaxError:
        pass
    finally:
        sys.setprofile(None)
    return count


STEPS_A_CHARACTER = 25
"""`(a)` is the dearest: an expression, an operand and three tokens for one of its characters."""
DEEP = MAX_DEPTH - 2
SHAPES: dict[str, Callable[[int], str]] = {
    "brackets, never closed": lambda n: "(" * n,
    "brackets, never closed, an operand": lambda n: "(" * (n - 1) + "a",
    "brackets, balanced": lambda n: "(" * (n // 2) + "a" + ")" * (n // 2),
    "brackets, never opened": lambda n: "a" + ")" * n,
    "brackets, the fault innermost": lambda n: "(" * (n // 2) + "a..b c" + ")" * (n // 2),
    "brackets one after the other": lambda n: "(a)" + " AND (a)" * (n // 8),
    "groups as deep as may be": lambda n: " AND ".join(["(" * DEEP + "a" + ")" * DEEP] * (n // (2 * DEEP + 6))),
    "groups as deep as may be, the last unfinished": lambda n: "(" * DEEP + " + ".join(["a"] * (n // 4)) + " b",
    "sums in brackets": lambda n: "1 + (" * (n // 10) + "1" + ")" * (n // 10),
    "NOT": lambda n: "NOT " * (n // 4) + "a",
    "NOT, the fault innermost": lambda n: "NOT " * (n // 4) + "(",
    "minus": lambda n: "a = " + "-" * n,
    "minus, apart": lambda n: "a = " + "- " * (n // 2) + "1",
    "functions": lambda n: "f(" * (n // 3) + "1" + ")" * (n // 3),
    "functions, never closed": lambda n: "f(" * (n // 2),
    "CASEI": lambda n: "casei(" * (n // 7) + "a" + ")" * (n // 7),
    "IN": lambda n: "a IN (" * (n // 6),
    "IN with many": lambda n: "a IN (" + "1," * (n // 2) + "1)",
    "arrays": lambda n: "f((" + "(1,2)," * (n // 6) + "1))",
    "arrays inside arrays": lambda n: "(1," * (n // 3),
    "AND": lambda n: "a=1" + " AND a=1" * (n // 8),
    "AND and OR in turns": lambda n: "a" + " AND a OR a" * (n // 11),
    "a chain of sums": lambda n: "a = 1" + "+1" * (n // 2),
    "a chain of comparisons": lambda n: "a" + "=a" * (n // 2),
    "BETWEEN": lambda n: "a BETWEEN 1 AND " * (n // 16),
    "positions": lambda n: "f(MULTIPOINT(" + "1 2," * (n // 4) + "1 2))",
    "numbers of one position": lambda n: "f(POINT(" + "1 " * (n // 2),
    "rings": lambda n: "f(POLYGON(" + "(0 0,1 0,0 0)," * (n // 14),
    "brackets of a geometry": lambda n: "f(MULTIPOLYGON" + "(" * n,
    "geometry collections": lambda n: "GEOMETRYCOLLECTION(" * (n // 19),
    "a long collection": lambda n: "f(GEOMETRYCOLLECTION(" + "POINT(1 2)," * (n // 11) + "POINT(1 2)))",
    "one text": lambda n: "a = '" + "x" * n + "'",
    "one text, never closed": lambda n: "a = '" + "x" * n,
    "quotes": lambda n: "'" * n,
    "quotes and blanks": lambda n: "' " * (n // 2),
    "backslashes": lambda n: "'" + "\\" * n,
    "escapes": lambda n: "a = '" + "\\'" * (n // 2),
    "names, never closed": lambda n: '"' * n,
    "one name": lambda n: "a" * n,
    "one number": lambda n: "1" * n,
    "points": lambda n: "1." * (n // 2),
    "exponents": lambda n: "1e" * (n // 2),
    "blanks": lambda n: " " * n + "!",
    "two signs": lambda n: "<>" * (n // 2),
    "commas": lambda n: "f(" + "," * n,
    "dashes, which are no comment": lambda n: "a = 1 " + "-- x\n" * (n // 5),
    "a comment of another language": lambda n: "a = 1 /*" + "*" * n,
    "words": lambda n: "a " * (n // 2),
    "POINT": lambda n: "POINT " * (n // 6),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_reading_takes_steps_in_proportion_to_the_length(shape: Callable[[int], str]) -> None:
    for length in (200, 2_000, 20_000):
        text = shape(length)
        assert len(text) <= length * 1.2 + 200
        assert steps(text) <= STEPS_A_CHARACTER * len(text) + 200


def test_the_regular_expressions_of_tokens_give_nothing_back() -> None:
    """Steps inside one match are not counted above: each repetition in it is possessive, so nothing is read twice."""

    def repetitions(node: Any) -> Iterator[str]:
        if isinstance(node, tuple | list | re._parser.SubPattern):  # type: ignore[attr-defined]
            for one in node:
                yield from repetitions(one)
        elif str(node).endswith("_REPEAT"):
            yield str(node)

    for pattern in (tokens._TOKEN, tokens._ESCAPE):
        found = set(repetitions(re._parser.parse(pattern.pattern, pattern.flags)))  # type: ignore[attr-defined]
        assert found <= {"POSSESSIVE_REPEAT"}
    assert found == set()


# -- how deep and how long ------------------------------------------------------------------------------------------------

NESTINGS: dict[str, Callable[[int], str]] = {
    "brackets": lambda n: "(" * n + "true" + ")" * n,
    "NOT": lambda n: "NOT " * n + "true",
    "functions": lambda n: "f(" * n + "1" + ")" * n,
    "minus": lambda n: "- " * n + "a",
    "a chain of sums": lambda n: "a" + "+a" * n,
}


def test_the_bounds_are_those_that_are_documented() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "ogc-api.md").read_text("utf-8")
    assert f"{MAX_BYTES:,} bytes" in page
    assert f"{MAX_DEPTH} brackets, functions and operators inside one another" in page


@pytest.mark.parametrize("nested", NESTINGS.values(), ids=NESTINGS)
def test_a_filter_may_be_nested_so_deep_and_no_deeper(nested: Callable[[int], str]) -> None:
    assert parse_tree(nested(MAX_DEPTH), "cql2-text") is not None
    for levels in (MAX_DEPTH + 1, 3_000):
        with pytest.raises(FilterSyntaxError, match="nested too deeply"):
            parse_tree(nested(levels)[:MAX_BYTES], "cql2-text")


@pytest.mark.parametrize(
    "nested",
    [
        lambda n: '{"op":"not","args":[' * n + "true" + "]}" * n,
        lambda n: "[" * n + "]" * n,
        lambda n: '{"a":' * n + "1" + "}" * n,
    ],
    ids=["not", "lists", "members"],
)
def test_json_may_be_nested_as_deep_and_no_deeper(nested: Callable[[int], str]) -> None:
    assert parse_tree(nested(MAX_DEPTH), "cql2-json") is not None
    for levels in (MAX_DEPTH + 2, 300):
        with pytest.raises(FilterSyntaxError, match="nested too deeply"):
            parse_tree(nested(levels), "cql2-json")


@pytest.mark.parametrize("language", ["cql2-text", "cql2-json"])
def test_a_filter_may_be_so_long_and_no_longer(language: str) -> None:
    def filled(size: int, char: str = "x") -> str:
        head, tail = ("a = '", "'") if language == "cql2-text" else ('{"op":"=","args":[{"property":"a"},"', '"]}')
        return head + char * (size - len(head) - len(tail)) + tail

    assert parse_tree(filled(MAX_BYTES), language)
    for text in (filled(MAX_BYTES + 1), filled(3_000, "ễ"), "(" * 100_000):
        with pytest.raises(FilterSyntaxError, match=f"{len(text.encode())} bytes; 8000 are the most"):
            parse_tree(text, language)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"op": "=",\n "args": [', "line 2, column"),
        ("a > 5", "line 1, column 1"),
        ('{"op":"=","args":[1,1e999]}', "too large"),
        ('{"op":"=","args":[1,' + "9" * 5000 + "]}", "too large"),
        ('{"op":"=","args":[1,NaN]}', "NaN"),
        ('{"op":"=","args":[1,-Infinity]}', "Infinity"),
        (r'{"op":"=","args":["\ud800",1]}', "surrogates"),
        (r'{"op":"=","args":["a\u0000",1]}', "character 0"),
        (r'{"\udfff":1}', "surrogates"),
    ],
)
def test_json_that_no_database_can_take_is_refused(text: str, words: str) -> None:
    with pytest.raises(FilterSyntaxError, match=words) as refusal:
        parse_tree(text, "cql2-json")
    assert refusal.value.vi


def test_texts_of_both_languages_are_composed() -> None:
    composed, apart = "Phố Cũ", "Pho\u0302\u0301 Cu\u0303"
    assert parse_tree(f"a = '{apart}'", "cql2-text") == op("=", A, composed)
    assert parse_tree(json.dumps(op("in", A, [apart])), "cql2-json") == op("in", A, [composed])
    assert parse_tree(json.dumps(op("in", A, [apart]), ensure_ascii=False), "cql2-json") == op("in", A, [composed])
