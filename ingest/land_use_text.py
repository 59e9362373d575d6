"""Land use as files write it ("ODT+CLN", "ONT 100; CLN 250", "ont", old codes) into single uses. The text is always kept."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ingest.areas import M2_PER_HECTARE, read_number
from ingest.issues import Issue, IssueCode

_PART = re.compile(r"\s*(?:[+;/&|\n]|,(?!\d)|\bvà\b)\s*", re.IGNORECASE)
_USE = re.compile(r"(?P<code>[^\W\d_]{2,5})\s*[:=(-]?\s*(?:(?P<area>\d[\d., ]*?)\s*(?P<unit>m2|m²|ha)?)?\s*\)?\.?", re.IGNORECASE)
_SUM_SHARE, _SUM_M2 = 0.05, 2.0


@dataclass(frozen=True)
class LandUseCode:
    """A row of the code table, as far as reading needs it."""

    code: str
    name: str
    in_force: bool
    successor: str | None = None
    doubtful: bool = False


@dataclass(frozen=True)
class LandUse:
    """One use of a parcel.

    Attributes:
        raw: the part of the text that says it.
        written: the code as written, in capitals, or None where the text is no code of any list.
        code: normalised code: the one written, or its successor where that is certain; None: unknown.
        area_m2: the area stated for this use.
        old: whether the code written is not in the list in force.
    """

    raw: str
    written: str | None
    code: str | None
    area_m2: float | None = None
    old: bool = False


class LandUseCodes:
    """The code table, ready for reading: by code and by folded Vietnamese name."""

    def __init__(self, codes: Iterable[LandUseCode]) -> None:
        self._by_code: Mapping[str, LandUseCode] = {entry.code.upper(): entry for entry in codes}
        self._by_name = {_fold(entry.name): entry for entry in self._by_code.values() if entry.in_force}

    def find(self, text: str) -> LandUseCode | None:
        """Find a code, or the full name of a use in force, in any case and with or without diacritics for names."""
        return self._by_code.get(text.strip().upper()) or self._by_name.get(_fold(text))


def parse_land_use(text: str | None, codes: LandUseCodes) -> tuple[LandUse, ...]:
    """Parse one text into its uses, in the order written; nothing for an empty one."""
    if text is None or not text.strip():
        return ()
    whole = unicodedata.normalize("NFC", text.strip())
    if (entry := codes.find(whole)) is not None:
        return (_use(whole, entry, None),)
    return tuple(_parse_part(part, codes) for part in _PART.split(whole) if part.strip())


def _parse_part(part: str, codes: LandUseCodes) -> LandUse:
    if (entry := codes.find(part)) is not None:
        return _use(part, entry, None)
    match = _USE.fullmatch(part)
    entry = codes.find(match["code"]) if match else None
    if match is None or entry is None:
        return LandUse(part, None, None)
    return _use(part, entry, _area(match["area"], match["unit"]))


def _use(raw: str, entry: LandUseCode, area_m2: float | None) -> LandUse:
    certain = entry.successor if entry.successor and not entry.doubtful else entry.code
    return LandUse(raw, entry.code, entry.code if entry.in_force else certain, area_m2, old=not entry.in_force)


def _area(number: str | None, unit: str | None) -> float | None:
    readings = read_number(number) if number else ()
    if len(readings) != 1:
        return None
    return readings[0] * (M2_PER_HECTARE if unit and unit.lower() == "ha" else 1.0)


def principal_code(uses: tuple[LandUse, ...]) -> str | None:
    """Give the code of the use with the largest stated area, or of the first known one where areas are not all stated."""
    known = [use for use in uses if use.code is not None]
    if not known:
        return None
    if all(use.area_m2 is not None for use in uses):
        return max(known, key=lambda use: use.area_m2 or 0.0).code
    return known[0].code


@dataclass(frozen=True)
class LandUseColumn:
    """A column of land-use texts, read once per distinct text.

    Attributes:
        principal: normalised principal code per row, null where unknown.
        parsed: the uses of each distinct text.
        codes: per row the position of its text in `parsed`, -1 for null.
        issues: missing, unknown and old uses, by row.
    """

    principal: pa.Array
    parsed: list[tuple[LandUse, ...]]
    codes: npt.NDArray[np.int32]
    issues: list[Issue]

    def uses_of(self, index: int) -> tuple[LandUse, ...]:
        """Give the uses of one row."""
        return self.parsed[self.codes[index]] if self.codes[index] >= 0 else ()


def read_land_uses(values: pa.Array, codes: LandUseCodes, rows: npt.NDArray[np.int64], column: str) -> LandUseColumn:
    """Read a whole column; distinct texts are parsed once."""
    coded = pc.dictionary_encode(values)
    texts = coded.dictionary.to_pylist()
    parsed = [parse_land_use(text, codes) for text in texts]
    index = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int32)
    principal = pa.array([principal_code(uses) for uses in parsed] + [None], pa.string())
    taken = principal.take(pa.array(np.where(index < 0, len(parsed), index)))
    return LandUseColumn(taken, parsed, index, _issues(texts, parsed, index, rows, column))


def _issues(
    texts: list[str], parsed: list[tuple[LandUse, ...]], index: npt.NDArray[np.int32], rows: npt.NDArray[np.int64], column: str
) -> list[Issue]:
    unknown = np.array([any(use.code is None for use in uses) for uses in parsed] + [False])
    empty = np.array([not uses for uses in parsed] + [True])
    issues = [Issue(IssueCode.LAND_USE_MISSING, int(rows[i]), column) for i in np.flatnonzero(empty[index])]
    issues += [Issue(IssueCode.LAND_USE_UNKNOWN, int(rows[i]), column, texts[index[i]]) for i in np.flatnonzero(unknown[index])]
    old = np.array([any(use.old for use in uses) for uses in parsed] + [False])
    changes = [", ".join(f"{use.written} -> {use.code}" for use in uses if use.old) for uses in parsed]
    issues += [
        Issue(IssueCode.LAND_USE_OLD, int(rows[i]), column, texts[index[i]], changes[index[i]])
        for i in np.flatnonzero(old[index])
    ]
    return issues


def check_use_areas(column: LandUseColumn, computed_m2: npt.NDArray[np.float64], rows: npt.NDArray[np.int64]) -> list[Issue]:
    """Warn where all uses of a parcel state an area and the sum is not the parcel's."""
    sums = np.array([_sum(uses) for uses in column.parsed] + [np.nan])[column.codes]
    with np.errstate(invalid="ignore"):
        off = np.abs(sums - computed_m2) > np.maximum(_SUM_M2, _SUM_SHARE * computed_m2)
    return [
        Issue(IssueCode.LAND_USE_AREAS, int(rows[i]), value=f"{sums[i]:.1f}", detail=f"{computed_m2[i]:.1f} m²")
        for i in np.flatnonzero(off)
    ]


def _sum(uses: tuple[LandUse, ...]) -> float:
    areas = [use.area_m2 for use in uses]
    return float(sum(area for area in areas if area is not None)) if uses and None not in areas else float("nan")


def _fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.strip().lower().replace("đ", "d"))
    return " ".join("".join(char for char in decomposed if not unicodedata.combining(char)).split())
