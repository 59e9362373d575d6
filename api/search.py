"""`/search`: parcels, addresses and units for the page's search box."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse

from api.lookup import parse_search_text
from api.negotiation import Language, parse_language
from api.params import parse_limit, refuse_unknown
from api.services import Shared, lane_of
from spatial.errors import InvalidInput
from spatial.search import Result, search
from spatial.selection import legal_today

_PARAMETERS = frozenset({"q", "limit", "lang"})
_MOST = 50

router = APIRouter(tags=["lookup"])


@router.get("/search", summary="Tìm thửa đất, địa chỉ, đơn vị hành chính / Search parcels, addresses, units")
async def find(request: Request, services: Shared) -> JSONResponse:
    """Answer `q`: a parcel code, `tờ 12 thửa 34 xã ...`, an address, or a unit's name."""
    query = request.query_params
    refuse_unknown(query, _PARAMETERS)
    language = parse_language(query.get("lang"), request.headers.get("accept-language", ""))
    limit = parse_limit(query.get("limit"), default=10, maximum=_MOST)
    words = parse_search_text("q", query.get("q"))
    if words is None:
        raise InvalidInput("Write what to search for: q=...", vi="Hãy nhập nội dung cần tìm: q=...")
    async with lane_of(request).connection() as connection:
        results = await search(connection, words, limit=limit, as_of=legal_today())
    headers = {"Content-Language": language.value, "Cache-Control": "no-cache", "Vary": "Accept-Language"}
    return JSONResponse({"results": [_as_json(result, language) for result in results]}, headers=headers)


def _as_json(result: Result, language: Language) -> dict[str, Any]:
    return {
        "kind": result.kind.value,
        "label": result.label.in_language(language.value),
        "detail": result.detail.in_language(language.value) if result.detail else None,
        "code": result.code,
        "level": result.level,
        "lon": round(result.lon, 7),
        "lat": round(result.lat, 7),
        "bbox": [round(number, 7) for number in result.bbox],
    }
