"""CQL2 text to the tree of CQL2 JSON, by precedence climbing: each token is taken once, nothing is tried and taken back.

The grammar is that of the standard (OGC 21-065, annex B), where NOT may repeat and brackets may stand around any operand.
"""

from collections.abc import Callable, Mapping
from typing import Any

from spatial.filters.sentences import MAX_DEPTH, too_deep
from spatial.filters.tokens import OPERAND, Kind, Sentence, Token, Tokens
from spatial.filters.wkt import begins_geometry, read_bbox, read_geometry

_OR, _AND, _NOT, _COMPARISON, _SUM, _PRODUCT, _POWER = range(1, 8)
_STRENGTH: Mapping[str, int] = {
    "OR": _OR,
    "AND": _AND,
    **dict.fromkeys(("=", "<>", "<", ">", "<=", ">=", "NOT", "LIKE", "BETWEEN", "IN", "IS"), _COMPARISON),
    **dict.fromkeys("+-", _SUM),
    **dict.fromkeys(("*", "/", "%", "DIV"), _PRODUCT),
    "^": _POWER,
}
"""How strongly an operator between two operands holds them."""
_ONCE = frozenset({_COMPARISON, _POWER})
"""`a < b < c` and `a ^ b ^ c` mean nothing: of these strengths there is one operator without brackets."""
_RESERVED = frozenset({"AND", "OR", "NOT", "LIKE", "BETWEEN", "IN", "IS", "NULL", "DIV"})
_OPERATOR: Sentence = ("an operator or the end", "một phép toán hoặc kết thúc")
_CLOSING: Sentence = ("an operator, ',' or ')'", "một phép toán, ',' hoặc ')'")


def read_text(text: str) -> Any:
    """Give the tree of a filter.

    Raises:
        FilterSyntaxError: it does not parse (with line and column), or is nested deeper than MAX_DEPTH.
    """
    return _Reader(Tokens(text)).read()


class _Reader:
    """Reads one filter."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._depth = 0

    def read(self) -> Any:
        tree = self._expression(_OR)
        if self._tokens.now.kind is not Kind.END:
            raise self._tokens.unexpected(self._tokens.now, _OPERATOR)
        return tree

    def _expression(self, least: int) -> Any:
        """Read operands and the operators between them that hold at least as strongly as `least`."""
        if self._depth > MAX_DEPTH:
            raise too_deep()
        self._depth += 1
        if least <= _NOT and self._tokens.take("NOT"):
            tree, most = _op("not", self._expression(_NOT)), _AND
        else:
            tree, most = self._operand(), _POWER
        joined = ""
        while least <= (strength := _STRENGTH.get(self._tokens.now.sign, 0)) <= most:
            operator = self._tokens.advance().sign
            if strength <= _AND:
                tree = _join(tree, operator, self._expression(strength + 1), is_longer=operator == joined)
                joined = operator
            else:
                tree = self._operation(tree, operator, strength)
            most = strength - (strength in _ONCE)
        self._depth -= 1
        return tree

    def _operation(self, left: Any, operator: str, strength: int) -> Any:
        if operator == "NOT":
            return _op("not", self._predicate(left, self._tokens.advance()))
        if operator in _PREDICATES:
            return _PREDICATES[operator](self, left)
        return _op(operator.lower(), left, self._expression(strength + 1))

    def _predicate(self, left: Any, token: Token) -> Any:
        if token.sign not in ("LIKE", "BETWEEN", "IN"):
            raise self._tokens.unexpected(token, ("LIKE, BETWEEN or IN", "LIKE, BETWEEN hoặc IN"))
        return _PREDICATES[token.sign](self, left)

    def _like(self, left: Any) -> Any:
        return _op("like", left, self._expression(_SUM))

    def _between(self, left: Any) -> Any:
        low = self._expression(_SUM)
        self._tokens.expect("AND")
        return _op("between", left, low, self._expression(_SUM))

    def _in(self, left: Any) -> Any:
        self._tokens.expect("(")
        return _op("in", left, self._list(self._expression(_OR)))

    def _is_null(self, left: Any) -> Any:
        negated = self._tokens.take("NOT")
        self._tokens.expect("NULL")
        tree = _op("isNull", left)
        return _op("not", tree) if negated else tree

    def _operand(self) -> Any:
        token = self._tokens.advance()
        if token.kind in (Kind.TEXT, Kind.NUMBER):
            return token.value
        if token.kind is Kind.NAME:
            return {"property": token.value}
        if token.kind is Kind.WORD:
            return self._word(token)
        if token.sign == "(":
            return self._bracketed()
        if token.sign == "-":
            return self._negative()
        if token.sign == "+" and self._tokens.now.kind is Kind.NUMBER:
            return self._tokens.take_number()
        raise self._tokens.unexpected(token, OPERAND)

    def _bracketed(self) -> Any:
        """Read what stands in brackets: one expression, or an array of any length but one."""
        if self._tokens.take(")"):
            return []
        first = self._expression(_OR)
        if self._tokens.now.sign == ",":
            return self._list(first)
        self._tokens.expect(")", _CLOSING)
        return first

    def _list(self, first: Any) -> list[Any]:
        found = [first]
        while self._tokens.take(","):
            found.append(self._expression(_OR))
        self._tokens.expect(")", _CLOSING)
        return found

    def _negative(self) -> Any:
        signs = 1
        while self._tokens.take("-"):
            signs += 1
        tree = self._operand()
        if isinstance(tree, int | float) and not isinstance(tree, bool):
            return -tree if signs % 2 else tree
        for _ in range(signs):
            tree = _op("*", -1, tree)
        return tree

    def _word(self, token: Token) -> Any:
        if token.sign in ("TRUE", "FALSE"):
            return token.sign == "TRUE"
        if token.sign in _RESERVED:
            raise self._tokens.unexpected(token, OPERAND)
        if begins_geometry(token, self._tokens.now):
            return read_geometry(self._tokens, token.sign)
        if self._tokens.take("("):
            return self._call(token)
        return {"property": token.value}

    def _call(self, token: Token) -> Any:
        if token.sign == "BBOX":
            return read_bbox(self._tokens)
        if token.sign in ("DATE", "TIMESTAMP"):
            written = self._tokens.take_text()
            self._tokens.expect(")")
            return {token.sign.lower(): written}
        arguments = [] if self._tokens.take(")") else self._list(self._expression(_OR))
        return {"interval": arguments} if token.sign == "INTERVAL" else _op(token.value, *arguments)


_PREDICATES: Mapping[str, Callable[[_Reader, Any], Any]] = {
    "LIKE": _Reader._like,
    "BETWEEN": _Reader._between,
    "IN": _Reader._in,
    "IS": _Reader._is_null,
}


def _op(name: str, *arguments: Any) -> dict[str, Any]:
    return {"op": name, "args": list(arguments)}


def _join(tree: Any, operator: str, other: Any, *, is_longer: bool) -> Any:
    """Join by AND or OR; a third operand lengthens the list of the first two."""
    if is_longer:
        tree["args"].append(other)
        return tree
    return _op(operator.lower(), tree, other)
