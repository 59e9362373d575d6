"""Areas as files state them: numbers or text, comma or dot, square metres or hectares, held against the computed area."""

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ingest.issues import Issue, IssueCode

Floats = npt.NDArray[np.float64]

M2_PER_HECTARE = 10_000.0
MISMATCH_SHARE = 0.05
MISMATCH_M2 = 2.0
"""Stated and computed area may differ by 5 % or 2 m2, whichever is more, before it is worth a warning."""
_UNIT = re.compile(r"\s*(m2|m²|met vuong|mét vuông|ha|hecta|héc-ta)\.?$", re.IGNORECASE)
_HECTARES = ("ha", "hecta", "héc-ta")
_AGREES = 0.05
"""A reading of an ambiguous number agrees with the computed area within this share."""


@dataclass(frozen=True)
class StatedAreas:
    """Areas in square metres, NaN where there is none; and what was found."""

    area_m2: Floats
    issues: list[Issue]


def read_number(text: str) -> tuple[float, ...]:
    """Read a decimal number in Vietnamese or English spelling; two readings where "1.234" may mean both, none where neither.

    "1.234,5" and "1,234.5" are 1234.5; "1234,5" is 1234.5; "1.234" is 1234 or 1.234.
    """
    compact = text.replace(" ", "").replace("\xa0", "")
    if not re.fullmatch(r"\d+([.,]\d+)*", compact):
        return ()
    marks = [char for char in compact if char in ".,"]
    if not marks:
        return (float(compact),)
    decimal = marks[-1]
    grouped = all(len(group) == 3 for group in re.split(r"[.,]", compact)[1:])
    if len(marks) == 1:
        as_decimal = float(compact.replace(",", "."))
        whole = float(re.sub(r"[.,]", "", compact))
        return (as_decimal, whole) if grouped and not compact.startswith("0") else (as_decimal,)
    if len(set(marks)) == 1:
        return (float(re.sub(r"[.,]", "", compact)),) if grouped else ()
    if marks.count(decimal) > 1 or len(set(marks[:-1])) > 1:
        return ()
    whole_part, fraction = compact.rsplit(decimal, 1)
    groups = re.split(r"[.,]", whole_part)
    return (float(f"{''.join(groups)}.{fraction}"),) if all(len(group) == 3 for group in groups[1:]) else ()


def read_areas(values: pa.Array, computed_m2: Floats, rows: npt.NDArray[np.int64], column: str) -> StatedAreas:
    """Read a column of areas; hectares and ambiguous numbers are settled by the computed area or left empty with an issue.

    Args:
        values: Arrow numbers or text.
        computed_m2: area of each row's geometry, NaN where there is none.
        rows: row numbers.
        column: name of the column in the file.
    """
    issues: list[Issue] = []
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        stated = _read_texts(values, computed_m2, rows, column, issues)
    else:
        stated = pc.fill_null(values.cast(pa.float64(), safe=False), float("nan")).to_numpy(zero_copy_only=False).copy()
    refused = stated < 0
    issues += [Issue(IssueCode.AREA_UNREADABLE, int(rows[i]), column, f"{stated[i]:g}") for i in np.flatnonzero(refused)]
    stated[refused] = np.nan
    stated[stated == 0] = np.nan  # "no area known", the habit of every cadastral program
    return StatedAreas(_turn_hectares(stated, computed_m2, rows, column, issues), issues)


def _read_texts(values: pa.Array, computed_m2: Floats, rows: npt.NDArray[np.int64], column: str, issues: list[Issue]) -> Floats:
    coded = pc.dictionary_encode(values)
    codes = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False)
    stated = np.full(len(values), np.nan)
    readings = [_read_text(text or "") for text in coded.dictionary.to_pylist()]
    first = np.array([reading[0] if len(reading) == 1 else np.nan for reading in readings] + [np.nan])
    stated[:] = first[codes]
    unsettled = np.array([reading is not None and len(reading) != 1 for reading in readings] + [False])
    for index in np.flatnonzero(unsettled[codes]):
        text = coded.dictionary[int(codes[index])].as_py()
        if not text.strip():
            continue
        agreeing = [area for area in readings[codes[index]] if _agrees(area, computed_m2[index])]
        if len(agreeing) == 1:
            stated[index] = agreeing[0]
        else:
            issues.append(Issue(IssueCode.AREA_UNREADABLE, int(rows[index]), column, text))
    return stated


def _read_text(text: str) -> tuple[float, ...]:
    """Give the possible areas in square metres."""
    stripped = text.strip()
    unit = _UNIT.search(stripped)
    numbers = read_number(_UNIT.sub("", stripped))
    factor = M2_PER_HECTARE if unit and unit[1].lower() in _HECTARES else 1.0
    return tuple(number * factor for number in numbers)


def _agrees(area: float, computed: float) -> bool:
    return bool(np.isfinite(computed)) and abs(area - computed) <= _AGREES * computed


def _turn_hectares(stated: Floats, computed_m2: Floats, rows: npt.NDArray[np.int64], column: str, issues: list[Issue]) -> Floats:
    """Turn numbers that are ten thousand times too small into square metres: only hectares make that very ratio."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = stated * M2_PER_HECTARE / computed_m2
        in_hectares = np.abs(ratio - 1.0) <= _AGREES
    at = np.flatnonzero(in_hectares)
    issues += [Issue(IssueCode.AREA_IN_HECTARES, int(rows[i]), column, f"{stated[i]:g}") for i in at]
    result = stated.copy()
    result[at] *= M2_PER_HECTARE
    return result


def check_areas(stated_m2: Floats, computed_m2: Floats, rows: npt.NDArray[np.int64], column: str) -> list[Issue]:
    """Warn where stated and computed area differ by more than the tolerance. A legal area may rightly differ."""
    with np.errstate(invalid="ignore"):
        difference = np.abs(stated_m2 - computed_m2)
        off = difference > np.maximum(MISMATCH_M2, MISMATCH_SHARE * computed_m2)
    return [
        Issue(IssueCode.AREA_MISMATCH, int(rows[i]), column, f"{stated_m2[i]:.1f}", f"{computed_m2[i]:.1f} m²")
        for i in np.flatnonzero(off)
    ]
