"""`/lookup/extract.pdf`: the answer of the lookup as a document to print or send; the same question gives the same bytes."""

from urllib.parse import quote

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.extract_page import draw_extract
from api.links import base_url, with_query
from api.lookup import ask, asked_again, parse_question, refuse_ambiguous
from api.services import Shared, lane_of
from spatial.errors import Ambiguous

router = APIRouter(tags=["lookup"])


@router.get("/lookup/extract.pdf", summary="Phiếu tra cứu quy hoạch (PDF) / Planning information as a document")
async def extract(request: Request, services: Shared) -> Response:
    """Answer the same questions as `/lookup`."""
    question, language = parse_question(request, services.settings, with_shapes=True)
    try:
        answer = await ask(lane_of(request), question)
    except Ambiguous as error:
        return refuse_ambiguous(request, error)
    address = with_query(f"{base_url(request, services.settings)}/lookup", asked_again(answer, language))
    content = await services.drawing.run(draw_extract, answer, language, address)
    headers = {
        "Content-Disposition": _file_name(answer.subject.parcel.code if answer.subject.parcel else "diem"),
        "Content-Language": language.value,
        "Cache-Control": "no-cache",
        "Vary": "Accept-Language",
    }
    return Response(content, media_type="application/pdf", headers=headers)


def _file_name(code: str) -> str:
    """Name the file as RFC 6266 has it: in ASCII, and as it is for those who read more (a sheet may be called `12đ`)."""
    whole = "".join(char if char.isalnum() else "-" for char in f"tra-cuu-quy-hoach-{code}")
    plain = "".join(char if char.isascii() else "-" for char in whole)
    return f"inline; filename=\"{plain}.pdf\"; filename*=UTF-8''{quote(whole, safe='')}.pdf"
