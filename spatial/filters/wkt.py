"""The geometries of CQL2 text, well-known text and BBOX, as GeoJSON."""

from typing import Any

from spatial.filters.tokens import Kind, Sentence, Token, Tokens

_TYPES = {
    "POINT": ("Point", 0),
    "LINESTRING": ("LineString", 1),
    "POLYGON": ("Polygon", 2),
    "MULTIPOINT": ("MultiPoint", 1),
    "MULTILINESTRING": ("MultiLineString", 2),
    "MULTIPOLYGON": ("MultiPolygon", 3),
    "GEOMETRYCOLLECTION": ("GeometryCollection", 0),
}
"""Tag -> GeoJSON type, brackets around its positions."""
_FLAT, _HIGH = 2, 3
_EMPTY: Sentence = (
    "an empty geometry meets nothing; write one with coordinates",
    "hình học rỗng không giao với gì; hãy viết hình học có tọa độ",
)
_MEASURED: Sentence = ("measures (M) are not offered; leave them out", "không hỗ trợ giá trị đo (M); hãy bỏ đi")


def begins_geometry(token: Token, following: Token) -> bool:
    """Say whether two tokens begin a geometry; a property may be called `point`, too."""
    return token.sign in _TYPES and following.sign in ("(", "Z", "M", "ZM", "EMPTY")


def read_geometry(tokens: Tokens, tag: str) -> dict[str, Any]:
    """Read a geometry whose tag was taken.

    Raises:
        FilterSyntaxError: it is empty, has measures, or positions of different length.
    """
    kind, brackets = _TYPES[tag]
    _refuse_empty(tokens)
    if tokens.now.sign in ("M", "ZM"):
        raise tokens.fault(tokens.now.place, _MEASURED)
    length = _Length(_HIGH if tokens.take("Z") else None)
    _refuse_empty(tokens)
    if tag == "GEOMETRYCOLLECTION":
        return {"type": kind, "geometries": _parts(tokens)}
    if tag == "POINT":
        return {"type": kind, "coordinates": _point(tokens, length)}
    return {"type": kind, "coordinates": _bracketed(tokens, brackets, length, is_points=tag == "MULTIPOINT")}


def read_bbox(tokens: Tokens) -> dict[str, list[int | float]]:
    """Read the numbers of a BBOX whose bracket was taken."""
    numbers = [tokens.take_number()]
    while tokens.take(","):
        numbers.append(tokens.take_number())
    tokens.expect(")", ("',' or ')'", "',' hoặc ')'"))
    return {"bbox": numbers}


class _Length:
    """How many numbers the positions of one geometry have; the first says it where no Z does."""

    def __init__(self, numbers: int | None) -> None:
        self._numbers = numbers

    def check(self, tokens: Tokens, place: int, position: list[int | float]) -> None:
        """See that a position is as long as the others.

        Raises:
            FilterSyntaxError: it is not, or no position at all.
        """
        if self._numbers is None and len(position) in (_FLAT, _HIGH):
            self._numbers = len(position)
        if len(position) != self._numbers:
            wanted = self._numbers or f"{_FLAT} or {_HIGH}"
            can = self._numbers or f"{_FLAT} hoặc {_HIGH}"
            raise tokens.fault(
                place,
                (f"a position here has {wanted} numbers, not {len(position)}",
                 f"vị trí ở đây có {can} số, không phải {len(position)}"),
            )  # fmt: skip


def _refuse_empty(tokens: Tokens) -> None:
    if tokens.now.sign == "EMPTY":
        raise tokens.fault(tokens.now.place, _EMPTY)


def _parts(tokens: Tokens) -> list[dict[str, Any]]:
    tokens.expect("(")
    found = [_part(tokens)]
    while tokens.take(","):
        found.append(_part(tokens))
    tokens.expect(")", ("',' or ')'", "',' hoặc ')'"))
    return found


def _part(tokens: Tokens) -> dict[str, Any]:
    token = tokens.advance()
    if token.sign not in _TYPES or token.sign == "GEOMETRYCOLLECTION":
        raise tokens.unexpected(token, ("a geometry, and no collection again,", "một hình học không phải tập hợp"))
    return read_geometry(tokens, token.sign)


def _bracketed(tokens: Tokens, brackets: int, length: _Length, *, is_points: bool = False) -> Any:
    _refuse_empty(tokens)
    if brackets == 0:
        return _point(tokens, length) if is_points and tokens.now.sign in ("(", "EMPTY") else _position(tokens, length)
    tokens.expect("(")
    found = [_bracketed(tokens, brackets - 1, length, is_points=is_points)]
    while tokens.take(","):
        found.append(_bracketed(tokens, brackets - 1, length, is_points=is_points))
    tokens.expect(")", ("a number, ',' or ')'", "một số, ',' hoặc ')'"))
    return found


def _point(tokens: Tokens, length: _Length) -> list[int | float]:
    tokens.expect("(")
    position = _position(tokens, length)
    tokens.expect(")", ("a number or ')'", "một số hoặc ')'"))
    return position


def _position(tokens: Tokens, length: _Length) -> list[int | float]:
    place = tokens.now.place
    position = [tokens.take_number()]
    while tokens.now.kind is Kind.NUMBER or tokens.now.sign in ("-", "+"):
        position.append(tokens.take_number())
    length.check(tokens, place, position)
    return position
