"""From what was typed to a tree that every later step may walk: of bounded size and depth, its texts in Unicode NFC."""

import json
import unicodedata
from typing import Any, NoReturn

from spatial.errors import FilterSyntaxError
from spatial.filters.grammar import read_text
from spatial.filters.sentences import MAX_DEPTH, refuse, too_deep
from spatial.filters.tokens import read_number

MAX_BYTES = 8_000
"""Bytes of a filter in UTF-8, in either language: what reading it, and asking it, may cost at most."""


def parse_tree(text: str, language: str) -> Any:
    """Give the tree of a filter.

    Args:
        text: the filter.
        language: `cql2-text` or `cql2-json`.

    Raises:
        FilterSyntaxError: it does not parse (with line and column), or is too long or too deep.
    """
    check_size(text)
    if not text.strip():
        raise refuse(
            "The filter is empty. Leave it out, or write one like land_use_code = 'ODT'.",
            "Bộ lọc trống. Hãy bỏ tham số filter hoặc viết ví dụ land_use_code = 'ODT'.",
        )
    return _bounded(_read_json(text) if language == "cql2-json" else read_text(text))


def check_size(text: str) -> None:
    """Refuse a filter that is too long to be read.

    Raises:
        FilterSyntaxError: it is.
    """
    size = len(text.encode(errors="surrogatepass"))
    if size > MAX_BYTES:
        raise refuse(
            f"The filter has {size} bytes; {MAX_BYTES} are the most. Make it shorter.",
            f"Bộ lọc dài {size} byte; tối đa là {MAX_BYTES}. Hãy rút gọn.",
        )


def _read_json(text: str) -> Any:
    try:
        return json.loads(text, parse_int=read_number, parse_float=read_number, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise _json_fault(error) from None
    except ValueError:
        raise refuse("A number of the filter is too large.", "Một số trong bộ lọc quá lớn.") from None
    except RecursionError:
        raise too_deep() from None


def _refuse_constant(written: str) -> NoReturn:
    """Refuse NaN and Infinity, which Python's reader would take."""
    raise refuse(f"{written} is no number of JSON.", f"{written} không phải số trong JSON.")


def _json_fault(error: json.JSONDecodeError) -> FilterSyntaxError:
    return refuse(
        f"The filter cannot be read at line {error.lineno}, column {error.colno}: {error.msg}.",
        f"Bộ lọc JSON không đọc được tại dòng {error.lineno}, cột {error.colno}: {error.msg}.",
    )


def _bounded(node: Any, level: int = 0) -> Any:
    """Give the tree with its texts in NFC, as the database holds them.

    Raises:
        FilterSyntaxError: it is too deep, or a text has a character that no text of a database can hold.
    """
    if level > MAX_DEPTH:
        raise too_deep()
    if isinstance(node, dict):
        return {_clean(name): _bounded_members(value, level) for name, value in node.items()}
    return _bounded_members(node, level)


def _bounded_members(node: Any, level: int) -> Any:
    """Go on into what stands in a list: a list and what holds it are one level."""
    if isinstance(node, list):
        return [_bounded(one, level + 1) for one in node]
    if isinstance(node, dict):
        return _bounded(node, level + 1)
    return _clean(node) if isinstance(node, str) else node


def _clean(text: str) -> str:
    if "\0" in text or (not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text)):
        raise refuse(
            "A text of the filter holds the character 0 or half of a pair of surrogates. Leave it out.",
            "Văn bản trong bộ lọc có ký tự 0 hoặc một nửa cặp surrogate. Hãy bỏ đi.",
        )
    return unicodedata.normalize("NFC", text)
