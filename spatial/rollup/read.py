"""Read figures on an asyncpg connection: the indicators, and one indicator's values for the units of a tier."""

from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any

from spatial.compiled import AsyncConnection
from spatial.errors import InvalidInput, NotFound
from spatial.rollup.figures import Figure, Indicator, Level, divide
from spatial.statements import read_async_statement


@dataclass(frozen=True)
class FigureTable:
    """One indicator for the units of one tier and one period."""

    indicator: Indicator
    level: Level
    period: str | None
    parent: str | None
    figures: tuple[Figure, ...]

    @property
    def computed_at(self) -> str | None:
        """When the oldest of the values was computed, ISO 8601 in UTC."""
        times = [figure.computed_at for figure in self.figures if figure.computed_at]
        return min(times).isoformat() if times else None


async def list_indicators(reader: AsyncConnection) -> list[Indicator]:
    """Give all indicators."""
    rows = await read_async_statement("rollup/indicators").fetch(reader)
    return [Indicator.from_row(row) for row in rows]


async def read_figures(
    reader: AsyncConnection, code: str, *, level: Level, period: str | None, parent: str | None, legal_date: date
) -> FigureTable:
    """Give the values of an indicator for every unit of a tier, units without a value included.

    Args:
        reader: a connection whose statements see one state.
        code: the indicator.
        level: the tier.
        period: a year; None: the best covered.
        parent: only units below this nation, region, province or city; None: all.
        legal_date: the units in force on this date.

    Raises:
        NotFound: no such indicator, or no such parent.
        InvalidInput: the indicator has no value for the period.
    """
    indicators = {indicator.code: indicator for indicator in await list_indicators(reader)}
    indicator = _find(code, indicators)
    chosen = _choose_period(indicator, period)
    await _check_parent(reader, parent)
    if chosen is None:
        return FigureTable(indicator, level, None, parent, ())
    wanted = {"level": level.value, "period": chosen, "parent": parent, "legal_date": legal_date}
    above = await _units(reader, {**wanted, "indicator": indicator.numerator_code or code, "any_period": False})
    figures = [figure for figure, _ in above]
    if indicator.denominator_code:
        below = await _units(reader, {**wanted, "indicator": indicator.denominator_code, "any_period": True})
        figures = divide(figures, {figure.code: (figure, when) for figure, when in below}, indicator.factor)
    return FigureTable(indicator, level, chosen, parent, tuple(figures))


async def read_shapes(reader: AsyncConnection, table: FigureTable, legal_date: date) -> dict[str, tuple[str, str]]:
    """Give the geometry of the table's units as code -> (GeoJSON text, boundary quality); units without one are left out."""
    codes = [figure.code for figure in table.figures if not figure.remainder]
    shapes = read_async_statement("rollup/shapes")
    rows = await shapes.fetch(reader, level=table.level.value, codes=codes, legal_date=legal_date)
    return {row["code"]: (row["geojson"], row["boundary_quality"]) for row in rows}


async def _units(reader: AsyncConnection, parameters: dict[str, Any]) -> list[tuple[Figure, str | None]]:
    rows = await read_async_statement("rollup/units").fetch(reader, **parameters)
    return [(Figure.from_row(row), row["period"]) for row in rows]


def _find(code: str, indicators: dict[str, Indicator]) -> Indicator:
    if code in indicators:
        return indicators[code]
    near = get_close_matches(code, indicators, n=1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    goi_y = f" Có phải '{near[0]}'?" if near else ""
    raise NotFound(
        f"There is no indicator '{code[:80]}'.{hint} GET /rollups lists all.",
        vi=f"Không có chỉ tiêu '{code[:80]}'.{goi_y} Xem danh sách tại /rollups.",
    )


def _choose_period(indicator: Indicator, period: str | None) -> str | None:
    if period is None:
        return indicator.best_period
    if period not in indicator.periods:
        known = ", ".join(indicator.periods) or "-"
        raise InvalidInput(
            f"Indicator '{indicator.code}' has no value for period '{period[:20]}'. Periods: {known}.",
            vi=f"Chỉ tiêu '{indicator.code}' không có số liệu cho kỳ '{period[:20]}'. Các kỳ hiện có: {known}.",
        )
    return period


async def _check_parent(reader: AsyncConnection, parent: str | None) -> None:
    if parent is None:
        return
    found = await read_async_statement("rollup/parent").fetchrow(reader, parent=parent)
    if not found["is_known"]:
        raise NotFound(
            f"There is no unit '{parent[:40]}'. Use VN, a region (V1..V6), a province or a city code.",
            vi=f"Không có đơn vị '{parent[:40]}'. Hãy dùng VN, mã vùng (V1..V6), mã tỉnh hoặc mã đô thị.",
        )
