"""Read figures on an asyncpg connection: the indicators, and one indicator's values for the units of a tier."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any

from spatial.compiled import AsyncConnection
from spatial.errors import InvalidInput, NotFound
from spatial.layers import Text
from spatial.rollup.figures import Figure, Freshness, Indicator, Known, Level, best_period
from spatial.rollup.notes import tell
from spatial.statements import read_async_statement


@dataclass(frozen=True)
class FigureTable:
    """One indicator for the units of one tier and one period.

    Attributes:
        notes: what is not counted as it stands, in words.
    """

    indicator: Indicator
    level: Level
    period: str | None
    parent: str | None
    figures: tuple[Figure, ...]
    notes: tuple[Text, ...] = ()

    @property
    def computed_at(self) -> str | None:
        """When the oldest of the values was computed, ISO 8601 in UTC."""
        times = [figure.computed_at for figure in self.figures if figure.computed_at]
        return min(times).isoformat() if times else None


async def list_indicators(reader: AsyncConnection, today: date, code: str | None = None) -> list[Indicator]:
    """Give all indicators, or the one of a code.

    Args:
        reader: a connection whose statements see one state.
        today: the legal date; figures of another day are stale.
        code: None: all.
    """
    row = await read_async_statement("rollup/freshness").fetchrow(reader)
    freshness = Freshness(frozenset(row["changed"] or ()), row["legal_date"])
    rows = await read_async_statement("rollup/indicators").fetch(reader, indicator=code)
    return [Indicator.from_row(row, freshness, today) for row in rows]


async def read_figures(
    reader: AsyncConnection, code: str, *, level: Level, period: str | None, parent: str | None, legal_date: date
) -> FigureTable:
    """Give the values of an indicator for every unit of a tier, units without a value included.

    Args:
        reader: a connection whose statements see one state.
        code: the indicator.
        level: the tier.
        period: a year; None: the one that is best known of the units asked for.
        parent: only units below this nation, region, province or city; None: all.
        legal_date: the units in force on this date.

    Raises:
        NotFound: no such indicator, or no such parent.
        InvalidInput: the indicator has no value for the period.
    """
    indicator = await _find(reader, code, legal_date)
    _check_period(indicator, period)
    await _check_parent(reader, parent)
    asked = {"indicator": code, "level": level.value, "parent": parent, "legal_date": legal_date}
    chosen = period or await _best_period(reader, indicator, asked)
    notes = await _read_notes(reader, indicator)
    if chosen is None:
        return FigureTable(indicator, level, None, parent, (), notes)
    rows = await read_async_statement("rollup/units").fetch(reader, **asked, period=chosen)
    return FigureTable(indicator, level, chosen, parent, tuple(Figure.from_row(row) for row in rows), notes)


async def read_shapes(reader: AsyncConnection, table: FigureTable, legal_date: date) -> dict[str, tuple[str, str]]:
    """Give the geometry of the table's units as code -> (GeoJSON text, boundary quality); units without one are left out."""
    codes = [figure.code for figure in table.figures if not figure.remainder]
    shapes = read_async_statement("rollup/shapes")
    rows = await shapes.fetch(reader, level=table.level.value, codes=codes, legal_date=legal_date)
    return {row["code"]: (row["geojson"], row["boundary_quality"]) for row in rows}


async def _find(reader: AsyncConnection, code: str, today: date) -> Indicator:
    found = await list_indicators(reader, today, code) if code.isascii() and code.isprintable() else []
    if found:
        return found[0]
    near = get_close_matches(code, [indicator.code for indicator in await list_indicators(reader, today)], n=1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    goi_y = f" Có phải '{near[0]}'?" if near else ""
    raise NotFound(
        f"There is no indicator '{code[:80]}'.{hint} GET /rollups lists all.",
        vi=f"Không có chỉ tiêu '{code[:80]}'.{goi_y} Xem danh sách tại /rollups.",
    )


def _check_period(indicator: Indicator, period: str | None) -> None:
    if period is not None and period not in indicator.periods:
        known = ", ".join(indicator.periods) or "-"
        raise InvalidInput(
            f"Indicator '{indicator.code}' has no value for period '{period[:20]}'. Periods: {known}.",
            vi=f"Chỉ tiêu '{indicator.code}' không có số liệu cho kỳ '{period[:20]}'. Các kỳ hiện có: {known}.",
        )


async def _best_period(reader: AsyncConnection, indicator: Indicator, asked: Mapping[str, Any]) -> str | None:
    rows = await read_async_statement("rollup/periods").fetch(reader, **asked)
    known = [Known(asked["level"], row["period"], row["units"], row["coverage"]) for row in rows]
    return best_period(known) or indicator.best_period


async def _read_notes(reader: AsyncConnection, indicator: Indicator) -> tuple[Text, ...]:
    codes = [code for code in (indicator.code, indicator.numerator_code, indicator.denominator_code) if code]
    rows = await read_async_statement("rollup/notes").fetch(reader, indicators=codes)
    return tuple(
        tell(row["kind"], row["indicator_code"], row["unit_code"], row["period"], json.loads(row["detail"])).sentence
        for row in rows
    )


async def _check_parent(reader: AsyncConnection, parent: str | None) -> None:
    if parent is None:
        return
    found = await read_async_statement("rollup/parent").fetchrow(reader, parent=parent)
    if not found["is_known"]:
        raise NotFound(
            f"There is no unit '{parent[:40]}'. Use VN, a region (V1..V6), a province or a city code.",
            vi=f"Không có đơn vị '{parent[:40]}'. Hãy dùng VN, mã vùng (V1..V6), mã tỉnh hoặc mã đô thị.",
        )
