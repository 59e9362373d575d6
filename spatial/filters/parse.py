"""From what was typed to the tree of CQL2 JSON, by the package `cql2`; a fault is told with its place."""

import json
import re
from typing import Any

import cql2

from spatial.errors import FilterSyntaxError

MAX_LENGTH = 20_000
"""Characters of a filter."""
MAX_BRACKETS = 60
"""Brackets inside one another. The parser is recursive: two thousand of them end the process."""
MAX_OPERATORS = 1500
"""Signs and NOTs, which nest as well. Texts count along: what looks like a text to us need not to the parser."""
MAX_LEVELS = 50
"""Levels of the tree, so that no later walk of it is too deep either."""
_NOT = re.compile(r"\bnot\b", re.IGNORECASE)
_PLACE = re.compile(r"--> (\d+):(\d+)")
_EXPECTED = re.compile(r"= expected (.+)", re.DOTALL)
_JSON_PLACE = re.compile(r"line (\d+) column (\d+)")
_READABLE = {
    "EOI": ("the end", "kết thúc"),
    "Eq": ("=", "="),
    "NotEq": ("<>", "<>"),
    "Gt": (">", ">"),
    "GtEq": (">=", ">="),
    "Lt": ("<", "<"),
    "LtEq": ("<=", "<="),
    "And": ("AND", "AND"),
    "Or": ("OR", "OR"),
    "NotFlag": ("NOT", "NOT"),
    "IsNullPostfix": ("IS NULL", "IS NULL"),
    "Identifier": ("a property", "một thuộc tính"),
    "SingleQuotedString": ("a text in '...'", "văn bản trong '...'"),
    "DECIMAL": ("a number", "một số"),
    "ExpressionInParentheses": ("(", "("),
    "GEOMETRY": ("a geometry", "một hình học"),
}
"""What the parser's grammar calls a thing, in words of both languages."""


def parse_tree(text: str, language: str) -> Any:
    """Give the tree of a filter.

    Args:
        text: the filter.
        language: `cql2-text` or `cql2-json`.

    Raises:
        FilterSyntaxError: it does not parse (with line and column), or is too long or too deep.
    """
    if len(text) > MAX_LENGTH:
        raise FilterSyntaxError(
            f"The filter has {len(text)} characters; {MAX_LENGTH} are the most. Make it shorter.",
            vi=f"Bộ lọc dài {len(text)} ký tự; tối đa là {MAX_LENGTH}. Hãy rút gọn.",
        )
    if not text.strip():
        raise FilterSyntaxError(
            "The filter is empty. Leave it out, or write one like land_use_code = 'ODT'.",
            vi="Bộ lọc trống. Hãy bỏ tham số filter hoặc viết ví dụ land_use_code = 'ODT'.",
        )
    _check_depth(text)
    tree = _parse_json(text) if language == "cql2-json" else _parse_text(text)
    _check_levels(tree)
    return tree


def _check_depth(text: str) -> None:
    depth = 0
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        if depth > MAX_BRACKETS:
            raise _too_deep()
    if sum(text.count(sign) for sign in "+-*/%^=<>") + len(_NOT.findall(text)) > MAX_OPERATORS:
        raise _too_deep()


def _check_levels(tree: Any) -> None:
    level = [tree]
    for _ in range(MAX_LEVELS):
        level = [child for node in level for child in _children(node)]
        if not level:
            return
    raise _too_deep()


def _children(node: Any) -> list[Any]:
    if isinstance(node, dict) and "op" in node:
        arguments = node.get("args")
        return arguments if isinstance(arguments, list) else []
    return []


def _too_deep() -> FilterSyntaxError:
    return FilterSyntaxError(
        f"The filter is nested too deeply; {MAX_BRACKETS} brackets and {MAX_LEVELS} levels are the most.",
        vi=f"Bộ lọc lồng nhau quá sâu; tối đa {MAX_BRACKETS} cấp ngoặc và {MAX_LEVELS} cấp phép toán.",
    )


def _parse_text(text: str) -> Any:
    try:
        return cql2.parse_text(text).to_json()
    except cql2.ParseError as error:
        raise _text_fault(text, str(error)) from None
    except RecursionError:
        raise _too_deep() from None


def _text_fault(text: str, report: str) -> FilterSyntaxError:
    found = _PLACE.search(report)
    line, column = (int(found[1]), int(found[2])) if found else (1, 1)
    lines = text.split("\n")
    rest = lines[line - 1][column - 1 :] if line <= len(lines) else ""
    at = f"'{rest[:30]}'" if rest else "the end"
    tai = f"'{rest[:30]}'" if rest else "cuối bộ lọc"
    expected = _EXPECTED.search(report)
    wanted, can = _readable(expected[1]) if expected else ("something else", "nội dung khác")
    return FilterSyntaxError(
        f"The filter cannot be read at line {line}, column {column} ({at}): {wanted} was expected.",
        vi=f"Bộ lọc không đọc được tại dòng {line}, cột {column} ({tai}): cần có {can}.",
    )


def _readable(names: str) -> tuple[str, str]:
    words = [word.strip().removeprefix("or ") for word in names.replace(" or ", ", ").split(",")]
    shown = [_READABLE[word] for word in words if word in _READABLE] or [(word, word) for word in words if word]
    english, vietnamese = (", ".join(dict.fromkeys(pair[side] for pair in shown)) for side in (0, 1))
    return english, vietnamese


def _parse_json(text: str) -> Any:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise _json_fault(error.lineno, error.colno, error.msg) from None
    except RecursionError:
        raise _too_deep() from None
    try:
        return cql2.parse_json(text).to_json()
    except cql2.ParseError as error:
        found = _JSON_PLACE.search(str(error))
        line, column = (int(found[1]), int(found[2])) if found else (1, 1)
        raise _json_fault(line, column, "this is not an expression of CQL2 JSON") from None


def _json_fault(line: int, column: int, fault: str) -> FilterSyntaxError:
    return FilterSyntaxError(
        f"The filter cannot be read at line {line}, column {column}: {fault}.",
        vi=f"Bộ lọc JSON không đọc được tại dòng {line}, cột {column}: {fault}.",
    )
