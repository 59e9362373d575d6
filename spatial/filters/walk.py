"""Walks the tree of a filter into one bound condition: logic, comparison, text functions, arithmetic."""

import operator as op
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Float, Text, and_, cast, func, not_, or_

from spatial.filters import spatial, temporal
from spatial.filters.sentences import refuse
from spatial.filters.terms import Kind, Scope, Term, expect, literal_term, matched, property_term
from spatial.text_order import in_order

Condition: TypeAlias = ColumnElement[bool]
_COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": op.eq, "<>": op.ne, "<": op.lt, ">": op.gt, "<=": op.le, ">=": op.ge,
}  # fmt: skip
_ORDERING = frozenset({"<", ">", "<=", ">="})
_ARITHMETIC = ("+", "-", "*", "/", "%", "div", "^")
OFFERED = (
    "AND, OR, NOT, = <> < > <= >=, LIKE, BETWEEN, IN, IS NULL, CASEI, ACCENTI, + - * / % DIV ^, the S_ and T_ operators of CQL2"
)


def condition(scope: Scope, node: Any) -> Condition:
    """Walk a node that must be true or false.

    Raises:
        FilterSyntaxError: an operator or a function is not offered, or its arguments do not fit.
    """
    if isinstance(node, dict) and "op" in node:
        name, arguments = _operation(node)
        walker = _CONDITIONS.get(name)
        if walker:
            return walker(scope, name, arguments)
    return expect(term(scope, node), Kind.BOOL, "A condition").sql


def _operation(node: Mapping[str, Any]) -> tuple[str, list[Any]]:
    arguments = node.get("args")
    if not isinstance(node["op"], str) or not isinstance(arguments, list):
        raise refuse("An operation of the filter lacks its 'op' or 'args'.", "Một phép toán trong bộ lọc thiếu 'op' hoặc 'args'.")
    return node["op"].lower(), arguments


def _count(name: str, arguments: list[Any], wanted: int) -> None:
    if len(arguments) != wanted:
        raise refuse(
            f"{name.upper()} has {len(arguments)} arguments; it takes {wanted}.",
            f"{name.upper()} có {len(arguments)} đối số; cần {wanted}.",
        )


def _logic(scope: Scope, name: str, arguments: list[Any]) -> Condition:
    if not arguments:
        raise refuse(f"{name.upper()} joins no conditions.", f"{name.upper()} không có điều kiện nào để nối.")
    join = and_ if name == "and" else or_
    return join(*(condition(scope, argument) for argument in arguments))


def _not(scope: Scope, name: str, arguments: list[Any]) -> Condition:
    _count(name, arguments, 1)
    return not_(condition(scope, arguments[0]))


def _comparison(scope: Scope, name: str, arguments: list[Any]) -> Condition:
    _count(name, arguments, 2)
    first, second = matched(term(scope, arguments[0]), term(scope, arguments[1]))
    if first.kind is Kind.GEOMETRY:
        raise refuse(
            "Geometries are compared by S_EQUALS and the other S_ operators.",
            "Hình học được so sánh bằng S_EQUALS và các phép S_.",
        )
    collation = (first.collation or second.collation) if name in _ORDERING else None
    compared: Condition = _COMPARISONS[name](in_order(first.sql, collation), in_order(second.sql, collation))
    return compared


def _like(scope: Scope, name: str, arguments: list[Any]) -> Condition:
    _count(name, arguments, 2)
    value = expect(term(scope, arguments[0]), Kind.TEXT, "LIKE")
    pattern = expect(term(scope, arguments[1]), Kind.TEXT, "LIKE")
    return value.sql.like(_check_pattern(pattern).sql)


def _check_pattern(pattern: Term) -> Term:
    if not pattern.is_literal:
        raise refuse("The pattern of LIKE is a text written in the filter.", "Mẫu của LIKE phải là văn bản viết trong bộ lọc.")
    text = pattern.text or ""
    if (len(text) - len(text.rstrip("\\"))) % 2:
        raise refuse(
            "The pattern of LIKE ends with a single backslash. Double it, or put the character it protects after it.",
            "Mẫu của LIKE kết thúc bằng một dấu \\ đơn. Hãy viết hai dấu, hoặc thêm ký tự cần bảo vệ.",
        )
    return pattern


def _between(scope: Scope, name: str, arguments: list[Any]) -> Condition:
    _count(name, arguments, 3)
    value, low, high = (term(scope, argument) for argument in arguments)
    if value.kind not in (Kind.NUMBER, Kind.DATE):
        raise refuse("BETWEEN takes numbers or dates.", "BETWEEN nhận số hoặc ngày.")
    return value.sql.between(matched(value, low)[1].sql, matched(value, high)[1].sql)


def _in(scope: Scope, name: str, arguments: list[Any]) -> Condition:
    _count(name, arguments, 2)
    if not isinstance(arguments[1], list) or not arguments[1]:
        raise refuse("IN needs a list with at least one value.", "IN cần một danh sách có ít nhất một giá trị.")
    value = term(scope, arguments[0])
    if value.kind is Kind.GEOMETRY:
        raise refuse("IN takes texts, numbers or dates.", "IN nhận văn bản, số hoặc ngày.")
    return value.sql.in_([matched(value, term(scope, one))[1].sql for one in arguments[1]])


def _is_null(scope: Scope, name: str, arguments: list[Any]) -> Condition:
    _count(name, arguments, 1)
    return term(scope, arguments[0]).sql.is_(None)


def _spatial(scope: Scope, name: str, arguments: list[Any]) -> Condition:
    _count(name, arguments, 2)
    first, second = (expect(term(scope, argument), Kind.GEOMETRY, name.upper()) for argument in arguments)
    return spatial.compare(name, first, second)


def _temporal(scope: Scope, name: str, arguments: list[Any]) -> Condition:
    _count(name, arguments, 2)
    first, second = (_span(scope, argument) for argument in arguments)
    return temporal.compare(name, first, second)


def _span(scope: Scope, node: Any) -> temporal.Span:
    if isinstance(node, dict) and "interval" in node:
        return temporal.interval(scope, node["interval"])
    return temporal.instant(term(scope, node))


_CONDITIONS: Mapping[str, Callable[[Scope, str, list[Any]], Condition]] = {
    "and": _logic,
    "or": _logic,
    "not": _not,
    **dict.fromkeys(_COMPARISONS, _comparison),
    "like": _like,
    "between": _between,
    "in": _in,
    "isnull": _is_null,
    **dict.fromkeys(spatial.OPERATORS, _spatial),
    **dict.fromkeys(temporal.OPERATORS, _temporal),
}


def term(scope: Scope, node: Any) -> Term:
    """Walk a node that is a value.

    Raises:
        FilterSyntaxError: as in `condition`.
    """
    found = literal_term(node)
    if found:
        return found
    if isinstance(node, dict):
        if isinstance(node.get("property"), str):
            return property_term(scope, node["property"])
        if "op" in node:
            return _computed(scope, *_operation(node))
        if "bbox" in node or "type" in node:
            return spatial.geometry_term(scope, node)
    raise refuse(
        "Lists, intervals and empty values stand only where IN and the T_ operators take them; arrays are not offered.",
        "Danh sách, khoảng thời gian và giá trị rỗng chỉ dùng được với IN và các phép T_; mảng không được hỗ trợ.",
    )


def _computed(scope: Scope, name: str, arguments: list[Any]) -> Term:
    if name in _CONDITIONS:
        return Term(Kind.BOOL, _CONDITIONS[name](scope, name, arguments))
    if name in ("casei", "accenti"):
        return _folded(scope, name, arguments)
    if name in _ARITHMETIC:
        return _arithmetic(scope, name, arguments)
    raise refuse(
        f"The filter uses '{name[:40]}', which is not offered. Offered: {OFFERED}.",
        f"Bộ lọc dùng '{name[:40]}', hiện không hỗ trợ. Hỗ trợ: {OFFERED}.",
    )


def _folded(scope: Scope, name: str, arguments: list[Any]) -> Term:
    _count(name, arguments, 1)
    value = expect(term(scope, arguments[0]), Kind.TEXT, name.upper())
    folded = func.lower(value.sql) if name == "casei" else func.admin.without_marks(value.sql)
    return Term(Kind.TEXT, cast(folded, Text), value.is_literal, value.text, value.collation)


def _arithmetic(scope: Scope, name: str, arguments: list[Any]) -> Term:
    """Compute in double precision; a division by zero and a power out of range give no value, hence no match.

    Each operand stands once in what is computed: operators may be many levels inside one another.
    """
    _count(name, arguments, 2)
    first, second = (_as_double(expect(term(scope, one), Kind.NUMBER, name).sql) for one in arguments)
    computed: Mapping[str, Callable[[], ColumnElement[Any]]] = {
        "+": lambda: first + second,
        "-": lambda: first - second,
        "*": lambda: first * second,
        "/": lambda: first.op("/")(func.nullif(second, 0.0)),
        "div": lambda: func.admin.quotient_of(first, second, type_=Float),
        "%": lambda: func.admin.remainder_of(first, second, type_=Float),
        "^": lambda: func.admin.power_of(first, second, type_=Float),
    }
    return Term(Kind.NUMBER, computed[name]())


def _as_double(value: ColumnElement[Any]) -> ColumnElement[Any]:
    return value if isinstance(value.type, Float) else cast(value, Float)
