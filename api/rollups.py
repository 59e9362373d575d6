"""Figures by tier: the list of indicators, and one indicator's values as JSON, CSV, XLSX or GeoJSON."""

import csv
import io
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from fastapi import APIRouter
from openpyxl import Workbook
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.negotiation import Language, choose_format, parse_language
from api.params import refuse_unknown
from api.services import Shared, lane_of
from spatial.layers import Text
from spatial.rollup import (
    SHOWN,
    Figure,
    FigureTable,
    Indicator,
    best_period,
    list_indicators,
    parse_level,
    read_figures,
    read_shapes,
)
from spatial.selection import legal_today

router = APIRouter(tags=["rollups"])

MEDIA_TYPES = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "geojson": "application/geo+json",
}


@router.get("/rollups", summary="Indicators")
async def list_rollups(request: Request, services: Shared) -> JSONResponse:
    """List the indicators with their tiers, periods, formulas and sources."""
    refuse_unknown(request.query_params, {"lang", "f"})
    choose_format(request.query_params.get("f"), request.headers.get("accept", ""), {"json": MEDIA_TYPES["json"]})
    language = _language(request)
    async with lane_of(request).connection() as connection:
        indicators = await list_indicators(connection, legal_today())
    return JSONResponse({"indicators": [describe(indicator, language) for indicator in indicators]})


@router.get("/rollups/{code}", summary="Values of an indicator")
async def read_rollup(request: Request, services: Shared, code: str) -> Response:
    """Give the values of an indicator for the units of a tier."""
    query = request.query_params
    refuse_unknown(query, {"level", "parent", "period", "f", "lang"})
    wanted = choose_format(query.get("f"), request.headers.get("accept", ""), MEDIA_TYPES)
    language = _language(request)
    level = parse_level(query.get("level"))
    today = legal_today()
    async with lane_of(request).snapshot() as connection:
        table = await read_figures(
            connection, code, level=level, period=query.get("period"), parent=query.get("parent"), legal_date=today
        )
        shapes = await read_shapes(connection, table, today) if wanted == "geojson" else {}
    if wanted == "geojson":
        return _answer(_as_geojson(table, shapes, language), wanted, table)
    return _answer(_WRITERS[wanted](table, language), wanted, table)


def _language(request: Request) -> Language:
    return parse_language(request.query_params.get("lang"), request.headers.get("accept-language", ""))


def describe(indicator: Indicator, language: Language) -> dict[str, Any]:
    """Give an indicator as the list shows it."""
    return {
        "code": indicator.code,
        "title": indicator.title.in_language(language),
        "unit": indicator.unit.in_language(language),
        "kind": indicator.kind,
        "origin": indicator.origin,
        "theme": indicator.theme,
        "levels": list(indicator.levels),
        "periods": list(indicator.periods),
        "default_period": indicator.best_period,
        "tiers": [_tier(indicator, level) for level in indicator.levels],
        "formula": indicator.formula.in_language(language),
        "expression": indicator.expression,
        "numerator": indicator.numerator_code,
        "denominator": indicator.denominator_code,
        "least_share": SHOWN if indicator.kind == "ratio" else None,
        "sources": sorted(indicator.sources),
        "stale": indicator.is_stale,
    }


def _tier(indicator: Indicator, level: str) -> dict[str, Any]:
    known = [one for one in indicator.known if one.level == level]
    return {"level": level, "periods": [one.period for one in known], "default_period": best_period(known)}


def _number(value: Decimal | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value == int(value) else float(value)


def _reason(figure: Figure, indicator: Indicator) -> str | None:
    """Say why there is no value: nothing is known, or, of a ratio, too little (the coverage says how much)."""
    if figure.value is not None:
        return None
    return "too_little_known" if indicator.kind == "ratio" and figure.coverage else "unknown"


def _value(figure: Figure, table: FigureTable, language: Language) -> dict[str, Any]:
    return {
        "unit": {
            "code": figure.code,
            "name": figure.name.in_language(language),
            "level": table.level.value,
            "parent": figure.parent_code,
            "remainder": figure.remainder,
        },
        "value": _number(figure.value),
        "numerator": _number(figure.numerator),
        "denominator": _number(figure.denominator),
        "denominator_period": figure.denominator_period,
        "coverage": figure.coverage,
        "reason": _reason(figure, table.indicator),
        "computed_at": figure.computed_at.isoformat() if figure.computed_at else None,
    }


def _head(table: FigureTable, language: Language) -> dict[str, Any]:
    return {
        "indicator": describe(table.indicator, language),
        "level": table.level.value,
        "period": table.period,
        "parent": table.parent,
        "computed_at": table.computed_at,
        "stale": table.indicator.is_stale,
        "notes": [note.in_language(language) for note in table.notes],
    }


def _as_json(table: FigureTable, language: Language) -> bytes:
    content = {**_head(table, language), "values": [_value(figure, table, language) for figure in table.figures]}
    return json.dumps(content, ensure_ascii=False).encode()


def _as_geojson(table: FigureTable, shapes: dict[str, tuple[str, str]], language: Language) -> bytes:
    features = []
    for figure in table.figures:
        shape, quality = shapes.get(figure.code, (None, None))
        value = _value(figure, table, language)
        unit = value.pop("unit")
        features.append(
            {
                "type": "Feature",
                "id": figure.code,
                "geometry": json.loads(shape) if shape else None,
                "properties": {**unit, **value, "boundary_quality": quality},
            }
        )
    return json.dumps({"type": "FeatureCollection", **_head(table, language), "features": features}, ensure_ascii=False).encode()


_COLUMNS = (
    Text("mã", "code"),
    Text("tên", "name"),
    Text("cấp", "level"),
    Text("thuộc", "parent"),
    Text("phần dư", "remainder"),
    Text("kỳ", "period"),
    Text("giá trị", "value"),
    Text("đơn vị tính", "unit"),
    Text("tử số", "numerator"),
    Text("mẫu số", "denominator"),
    Text("kỳ mẫu số", "denominator_period"),
    Text("mức phủ (0-1)", "coverage"),
    Text("lý do", "reason"),
    Text("tính lúc", "computed_at"),
)


def _rows(table: FigureTable, language: Language) -> list[list[Any]]:
    rows: list[list[Any]] = [[column.in_language(language) for column in _COLUMNS]]
    for figure in table.figures:
        rows.append(
            [
                figure.code,
                figure.name.in_language(language),
                table.level.value,
                figure.parent_code,
                figure.remainder,
                table.period,
                _number(figure.value),
                table.indicator.unit.in_language(language),
                _number(figure.numerator),
                _number(figure.denominator),
                figure.denominator_period,
                figure.coverage,
                _reason(figure, table.indicator),
                figure.computed_at.isoformat() if figure.computed_at else None,
            ]
        )
    return rows


def _as_csv(table: FigureTable, language: Language) -> bytes:
    """Write UTF-8 with a byte order mark, since spreadsheets take it for another encoding without."""
    out = io.StringIO()
    csv.writer(out).writerows([[_not_a_formula(cell) for cell in row] for row in _rows(table, language)])
    return out.getvalue().encode("utf-8-sig")


def _as_xlsx(table: FigureTable, language: Language) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet(table.indicator.code[:31])
    for row in _rows(table, language):
        sheet.append([_not_a_formula(cell) for cell in row])
    about = book.create_sheet("about")
    for key, value in describe(table.indicator, language).items():
        if key != "tiers":
            about.append([key, _not_a_formula(", ".join(value) if isinstance(value, list) else value)])
    for note in table.notes:
        about.append(["note", _not_a_formula(note.in_language(language))])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _not_a_formula(cell: Any) -> Any:
    """Keep a spreadsheet from running a name as a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@\t\r" and cell else cell


_WRITERS: dict[str, Callable[[FigureTable, Language], bytes]] = {"json": _as_json, "csv": _as_csv, "xlsx": _as_xlsx}


def _answer(body: bytes, wanted: str, table: FigureTable) -> Response:
    headers = {"Cache-Control": "no-cache"}
    if wanted in ("csv", "xlsx"):
        name = f"{table.indicator.code}_{table.level.value}_{table.period or 'none'}_{legal_today():%Y%m%d}.{wanted}"
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return Response(body, media_type=MEDIA_TYPES[wanted], headers=headers)
