"""`/lookup`: what is planned for a point, a parcel or an address. Reads parameters, writes members; judges nothing."""

import json
import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api import problems
from api.lanes import Lane
from api.links import Link, base_url, with_query
from api.negotiation import Language, language_of, parse_language
from api.params import parse_date, parse_known_at, refuse_unknown
from api.services import Services, Shared, lane_of
from spatial.errors import Ambiguous, InvalidInput
from spatial.layers import Text
from spatial.lookup import (
    BOUNDARY_M,
    LEAST_M2,
    Answer,
    Change,
    Item,
    Parcel,
    Plan,
    Question,
    Remainder,
    Theme,
    ThemeAnswer,
    look_up,
    words,
)
from spatial.selection import legal_today
from spatial.settings import Settings

PARAMETERS = frozenset({"lon", "lat", "parcel", "q", "as_of", "known_at", "lang"})
_LONGEST_TEXT = 200
_FIRST_DAY, _LAST_DAY = date(1800, 1, 1), date(2200, 12, 31)
MOST_ITEMS = 60
"""Items of a theme that an answer lists, the largest; how many more there are is said beside them."""

router = APIRouter(tags=["lookup"])


@router.get("/lookup", summary="Tra cứu quy hoạch / Planning information")
async def lookup(request: Request, services: Shared) -> Response:
    """Answer for one of `lon` and `lat`, `parcel`, or `q` (an address)."""
    question, language = parse_question(request, services.settings)
    try:
        answer = await ask(lane_of(request), question)
    except Ambiguous as error:
        return refuse_ambiguous(request, error)
    headers = {"Content-Language": language.value, "Cache-Control": "no-cache", "Vary": "Accept-Language"}
    return Response(_written(as_json(answer, language, request, services), answer), 200, headers, "application/json")


_GEOMETRY = "\0geometry"
"""Stands for the parcel's geometry until the answer is written; no text of a request or of the database can hold it."""


def _written(document: Mapping[str, Any], answer: Answer) -> bytes:
    """Write the answer; the geometry is text already, and of many corners: reading it would hold the event loop."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    if answer.subject.parcel is not None:
        text = text.replace(json.dumps(_GEOMETRY), answer.subject.parcel.geometry, 1)
    return text.encode()


async def ask(lane: Lane, question: Question) -> Answer:
    """Answer the question from one snapshot of the database."""
    async with lane.snapshot(question.known_at) as connection:
        # unlike a bbox, a place never changes how these statements are best run, and planning them takes longer than running
        await connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        return await look_up(connection, question)


def refuse_ambiguous(request: Request, error: Ambiguous) -> Response:
    """Answer 400 with the candidates, each with the parameters that ask for it."""
    sentence = error.vi if language_of(request) is Language.vi and error.vi else str(error)
    return problems.problem(request, problems.kind_of(error), sentence, candidates=error.candidates)


# -- the question ---------------------------------------------------------------------------------------------------------------


def parse_question(request: Request, settings: Settings, *, with_shapes: bool = False) -> tuple[Question, Language]:
    """Read the parameters of a lookup.

    Raises:
        UnknownParameter: one that the lookup does not have.
        InvalidInput: none or more than one kind of subject, numbers or dates that cannot be read.
    """
    query = request.query_params
    refuse_unknown(query, PARAMETERS)
    language = parse_language(query.get("lang"), request.headers.get("accept-language", ""))
    has_point = "lon" in query or "lat" in query
    if has_point + ("parcel" in query) + ("q" in query) != 1:
        raise InvalidInput(
            "Ask for exactly one of lon and lat, parcel, or q.",
            vi="Hãy hỏi theo đúng một cách: lon và lat, hoặc parcel, hoặc q.",
        )
    today = legal_today()
    question = Question(
        as_of=_parse_as_of(query["as_of"]) if "as_of" in query else today,
        horizon=today + timedelta(days=settings.lookup_horizon_days),
        lon=_parse_degrees("lon", query.get("lon"), 180.0) if has_point else None,
        lat=_parse_degrees("lat", query.get("lat"), 90.0) if has_point else None,
        parcel=parse_search_text("parcel", query.get("parcel")),
        text=parse_search_text("q", query.get("q")),
        known_at=parse_known_at(query.get("known_at")),
        with_shapes=with_shapes,
    )
    return question, language


def _parse_as_of(text: str) -> date:
    day = parse_date("as_of", text)
    if not _FIRST_DAY <= day <= _LAST_DAY:
        raise InvalidInput(
            f"as_of={day} is beyond the years {_FIRST_DAY.year} to {_LAST_DAY.year}. Give a day within them, like 2026-01-31.",
            vi=f"as_of={day} nằm ngoài các năm {_FIRST_DAY.year} đến {_LAST_DAY.year}. Hãy nhập một ngày trong khoảng đó.",
        )
    return day


def _parse_degrees(name: str, text: str | None, limit: float) -> float:
    try:
        degrees = float(text or "")
    except ValueError:
        degrees = math.nan
    if not math.isfinite(degrees) or abs(degrees) > limit:
        raise InvalidInput(
            f"{name}='{(text or '')[:40]}' is not a number of degrees. Give both, like lon=105.85&lat=21.03.",
            vi=f"{name}='{(text or '')[:40]}' không phải số độ. Hãy đưa đủ hai số, ví dụ lon=105.85&lat=21.03.",
        )
    return degrees


def parse_search_text(name: str, text: str | None) -> str | None:
    """Read a text that somebody typed; None where it is absent."""
    if text is None:
        return None
    if not text.strip() or len(text) > _LONGEST_TEXT or "\0" in text:
        raise InvalidInput(
            f"{name} is empty or longer than {_LONGEST_TEXT} characters. Write a parcel code or an address.",
            vi=f"{name} đang trống hoặc dài hơn {_LONGEST_TEXT} ký tự. Hãy nhập mã thửa đất hoặc địa chỉ.",
        )
    return text.strip()


# -- the answer -----------------------------------------------------------------------------------------------------------------


def as_json(answer: Answer, language: Language, request: Request, services: Services) -> dict[str, Any]:
    """Write the answer in one language."""
    question, subject = answer.question, answer.subject
    return {
        "query": {"lon": question.lon, "lat": question.lat, "parcel": question.parcel, "q": question.text},
        "as_of": question.as_of.isoformat(),
        "known_at": _moment(question.known_at),
        "data_version": answer.data_version,
        "place": {
            "lon": subject.lon,
            "lat": subject.lat,
            "address": subject.address,
            "commune": subject.commune and _unit(subject.commune.code, subject.commune.name, language),
            "boundary_quality": subject.commune and subject.commune.boundary_quality,
            "other_parcels": list(subject.other_parcels),
        },
        "parcel": subject.parcel and _parcel(subject.parcel, language),
        "themes": [_theme(theme, language) for theme in answer.themes],
        "measured_in": {
            "crs": f"http://www.opengis.net/def/crs/EPSG/0/{answer.plane_srid}",
            "tolerance_m2": LEAST_M2 if subject.parcel else None,
            "tolerance_width_m": BOUNDARY_M if subject.parcel else None,
            "tolerance_rule": _say(words.TOLERANCE_RULE, language) if subject.parcel else None,
        },
        "notices": [_say(notice, language) for notice in answer.notices],
        "disclaimer": _say(words.DISCLAIMER, language),
        "links": [link.as_json() for link in _links(answer, language, request, services)],
    }


def _say(text: Text | None, language: Language) -> str | None:
    return None if text is None else text.in_language(language.value)


def _unit(code: str, name: Text | None, language: Language) -> dict[str, Any]:
    return {"code": code, "name": _say(name, language)}


def _parcel(parcel: Parcel, language: Language) -> dict[str, Any]:
    return {
        "code": parcel.code,
        "national_id": parcel.national_id,
        "commune": _unit(parcel.commune.code, parcel.commune.name, language),
        "former_commune_code": parcel.former_commune_code,
        "map_sheet": parcel.map_sheet,
        "parcel_no": parcel.parcel_no,
        "area_m2": parcel.area_m2,
        "area_srid": parcel.area_srid,
        "area_official_m2": parcel.area_official_m2,
        "land_use": [
            {"code": use.code, "name": _say(use.name, language), "text": use.text, "area_m2": use.area_m2}
            for use in parcel.land_use
        ],
        "valid_from": parcel.valid_from,
        "valid_to": parcel.valid_to,
        "geometry": _GEOMETRY,
    }


def _theme(theme: ThemeAnswer, language: Language) -> dict[str, Any]:
    return {
        "theme": theme.theme.value,
        "title": _say(words.TITLES[theme.theme], language),
        "state": theme.state.value,
        "reason": _say(theme.reason, language),
        "known_share": theme.known_share,
        "area_m2": theme.area_m2,
        "share": theme.share,
        "items": [_item(item, language) for item in theme.items[:MOST_ITEMS]],
        "items_omitted": max(len(theme.items) - MOST_ITEMS, 0),
        "remainders": [_remainder(remainder) for remainder in theme.remainders],
        **({"changes": [_change(change, language) for change in theme.changes]} if theme.theme is Theme.PLANS else {}),
    }


def _change(change: Change, language: Language) -> dict[str, Any]:
    return {**vars(change), "relation": change.relation.value, "note": _say(words.change(change), language)}


def _item(item: Item, language: Language) -> dict[str, Any]:
    zone, line = item.zone, item.line
    return {
        "state": item.state.value,
        "plan": _plan(item.plan, language),
        "zone": zone
        and {
            "code": zone.codes[0],
            "codes": list(zone.codes),
            "name": ", ".join(zone.names) or None,
            "function_code": zone.function_code,
            "function_name": _say(zone.function_name, language),
            "color": zone.color,
        },
        "line": line
        and {
            "kind": line.kind,
            "name": line.name,
            "side": line.side,
            "width_m": line.width_m,
            "contact_m": line.contact_m,
            "distance_m": line.distance_m,
        },
        "status": item.plan.status,
        "parameters": dict(item.parameters),
        "area_m2": item.area_m2,
        "share": item.share,
        "note": _say(item.note, language),
        "documents": [vars(document) for document in item.plan.documents],
    }


def _plan(plan: Plan, language: Language) -> dict[str, Any]:
    return {
        "code": plan.code,
        "name": _say(plan.name, language),
        "level": plan.level,
        "kind": plan.kind,
        "adjustment": plan.adjustment,
        "status": plan.status,
        "decision_no": plan.decision_no,
        "decision_date": plan.decision_date,
        "authority": plan.authority,
        "valid_from": plan.valid_from,
        "valid_to": plan.valid_to,
        "upcoming": plan.is_upcoming,
        "changed_in_part": plan.is_changed,
        "doubt": plan.doubt and plan.doubt.value,
    }


def _remainder(remainder: Remainder) -> dict[str, Any]:
    return dict(vars(remainder))


def asked_again(answer: Answer, language: Language) -> Mapping[str, object | None]:
    """Give the parameters that ask the same question again: day and knowledge fixed, so that it gets this answer."""
    question = answer.question
    return {
        "lon": question.lon,
        "lat": question.lat,
        "parcel": question.parcel,
        "q": question.text,
        "as_of": question.as_of.isoformat(),
        "known_at": _moment(question.known_at or answer.known_at),
        "lang": language.value,
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None


def _links(answer: Answer, language: Language, request: Request, services: Services) -> list[Link]:
    root = base_url(request, services.settings)
    same = asked_again(answer, language)
    other = Language.en if language is Language.vi else Language.vi
    return [
        Link(with_query(f"{root}/lookup", same), "self", "application/json", hreflang=language.value),
        Link(with_query(f"{root}/lookup", {**same, "lang": other.value}), "alternate", "application/json", hreflang=other.value),
        Link(with_query(f"{root}/lookup/extract.pdf", same), "alternate", "application/pdf", "PDF", language.value),
    ]
