"""CQL2 text cut into words, texts, numbers and signs, each with its place. Every character is looked at once."""

import math
import re
from dataclasses import dataclass
from enum import Enum
from typing import Any

from spatial.errors import FilterSyntaxError
from spatial.filters.sentences import refuse

Sentence = tuple[str, str]
"""A part of a sentence, in English and Vietnamese."""
_START = (
    r":_A-Za-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u1FFE\u200C\u200D\u2070-\u218F\u2C00-\u2FEF"
    r"\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD\U00010000-\U000EFFFF"
)
"""`identifierStart` of the standard's grammar; Vietnamese letters are among them."""
_TOKEN = re.compile(
    rf"""
      (?P<space>\s++)
    | (?P<word>[{_START}][{_START}.0-9\u0300-\u036F\u203F\u2040]*+)
    | (?P<number>(?:[0-9]++(?:\.[0-9]*+)?+|\.[0-9]++)(?:[eE][+-]?+[0-9]++)?+)
    | (?P<text>'(?:[^'\\]|''|\\.)*+')
    | (?P<name>"[^"]++")
    | (?P<sign><>|<=|>=|[-+*/%^=<>(),])
    """,
    re.VERBOSE | re.DOTALL,
)
"""All repetitions are possessive: nothing that was read is given back and read again."""
_ESCAPE = re.compile(r"''|\\[abtnvfr'\\]")
_ESCAPED = {
    "''": "'", r"\'": "'", r"\\": "\\", r"\a": "\a", r"\b": "\b", r"\t": "\t", r"\n": "\n", r"\v": "\v", r"\f": "\f", r"\r": "\r",
}  # fmt: skip
r"""/req/cql2-text/escaping. Before any other character a backslash stays: LIKE takes `\%` and `\_` from there."""
_EXACT_DIGITS = 15
OPERAND: Sentence = ("a property, a value or '('", "một thuộc tính, một giá trị hoặc '('")


class Kind(Enum):
    """What a token is."""

    WORD = "word"
    NAME = "name"
    TEXT = "text"
    NUMBER = "number"
    SIGN = "sign"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """One token.

    Attributes:
        value: of a text, a number, a name (without its quotes) or a word.
        sign: a sign, or a word in capitals; empty for what can be neither an operator nor a keyword.
        place: how many characters of the filter come before it.
    """

    kind: Kind
    value: Any
    sign: str
    place: int


class Tokens:
    """The tokens of a filter, read from left to right and never backwards."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._cut())
        self._next = 0

    def _cut(self) -> list[Token]:
        found = []
        place = 0
        while place < len(self._text):
            match = _TOKEN.match(self._text, place)
            if match is None:
                raise self._unreadable(place)
            if match.lastgroup != "space":
                found.append(self._token(Kind(match.lastgroup), match[0], place))
            place = match.end()
        found.append(Token(Kind.END, None, "", place))
        return found

    def _token(self, kind: Kind, written: str, place: int) -> Token:
        if kind is Kind.NUMBER:
            return Token(kind, self._number(written, place), "", place)
        if kind is Kind.TEXT:
            return Token(kind, _ESCAPE.sub(lambda escape: _ESCAPED[escape[0]], written[1:-1]), "", place)
        if kind is Kind.NAME:
            return Token(kind, written[1:-1], "", place)
        # outside of ASCII capitals are no safe ground: the capital of a dotless i is an I
        return Token(kind, written, written.upper() if written.isascii() else "", place)

    def _number(self, written: str, place: int) -> int | float:
        try:
            return read_number(written)
        except ValueError:
            raise self.fault(place, ("the number is too large", "số quá lớn")) from None

    def _unreadable(self, place: int) -> FilterSyntaxError:
        char = self._text[place]
        if char == "'":
            return self.fault(place, ("the text that begins here has no closing '", "văn bản bắt đầu ở đây thiếu dấu ' đóng"))
        if char == '"':
            return self.fault(place, ('the name that begins here has no closing "', 'tên bắt đầu ở đây thiếu dấu " đóng'))
        return self.fault(place, ("no part of CQL2 begins with this character", "không phần nào của CQL2 bắt đầu bằng ký tự này"))

    @property
    def now(self) -> Token:
        """The next token to be taken."""
        return self._tokens[self._next]

    def advance(self) -> Token:
        """Take the next token; the end stays."""
        token = self._tokens[self._next]
        if token.kind is not Kind.END:
            self._next += 1
        return token

    def take(self, sign: str) -> bool:
        """Take the next token if it is this sign or keyword, and say whether it was."""
        if self.now.sign != sign:
            return False
        self._next += 1
        return True

    def expect(self, sign: str, wanted: Sentence | None = None) -> None:
        """Take this sign or keyword.

        Args:
            sign: what must come.
            wanted: what to say was expected, where more than the sign would do.

        Raises:
            FilterSyntaxError: something else comes.
        """
        if not self.take(sign):
            raise self.unexpected(self.now, wanted or (f"'{sign}'", f"'{sign}'"))

    def take_text(self) -> str:
        """Take a text in quotes.

        Raises:
            FilterSyntaxError: something else comes.
        """
        token = self.advance()
        if token.kind is not Kind.TEXT:
            raise self.unexpected(token, ("a text in '...'", "văn bản trong '...'"))
        return str(token.value)

    def take_number(self) -> int | float:
        """Take a number with its sign, if it has one.

        Raises:
            FilterSyntaxError: something else comes.
        """
        minus = self.take("-") or (self.take("+") and False)
        token = self.advance()
        if token.kind is not Kind.NUMBER:
            raise self.unexpected(token, ("a number", "một số"))
        number: int | float = token.value
        return -number if minus else number

    def unexpected(self, token: Token, wanted: Sentence) -> FilterSyntaxError:
        """Make the error of a token that cannot stand where it does."""
        return self.fault(token.place, (f"{wanted[0]} was expected", f"cần có {wanted[1]}"))

    def fault(self, place: int, what: Sentence) -> FilterSyntaxError:
        """Make the error of a place: its line and column, what is written there, what is wrong."""
        line = self._text.count("\n", 0, place) + 1
        column = place - self._text.rfind("\n", 0, place)
        rest = self._text[place : place + 30].split("\n")[0]
        at, tai = (f"'{rest}'", f"'{rest}'") if rest else ("the end", "cuối bộ lọc")
        return refuse(
            f"The filter cannot be read at line {line}, column {column} ({at}): {what[0]}.",
            f"Bộ lọc không đọc được tại dòng {line}, cột {column} ({tai}): {what[1]}.",
        )


def read_number(written: str) -> int | float:
    """Read a number as both languages write it; whole numbers stay whole as far as a float can hold them.

    Raises:
        ValueError: it is too large for a float.
    """
    if written.lstrip("-").isdigit() and len(written) <= _EXACT_DIGITS:
        return int(written)
    number = float(written)
    if not math.isfinite(number):
        raise ValueError(written)
    return number
