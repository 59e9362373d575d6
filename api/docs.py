"""The page `/docs` for developers: every door with its parameters, and every kind of problem; plain HTML, drawn here, offline."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from api import problems
from api.negotiation import Language, parse_language
from api.params import refuse_unknown
from api.templating import PAGES

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def read_docs(request: Request) -> HTMLResponse:
    """Draw the page from what the routes and the table of problems declare."""
    refuse_unknown(request.query_params, {"lang"})
    language = parse_language(request.query_params.get("lang"), request.headers.get("accept-language", ""))
    page = PAGES.get_template("docs.html").render(
        lang=language.value,
        other=Language.en.value if language is Language.vi else Language.vi.value,
        words=_WORDS[language],
        doors=_doors(request.app.openapi()),
        kinds=[(kind, kind.title[language], kind.advice[language]) for kind in _kinds()],
    )
    return HTMLResponse(page, headers={"Content-Language": language.value, "Vary": "Accept-Language"})


@router.get("/docs/problems")
async def read_problems() -> RedirectResponse:
    """Lead the `type` of a problem to its explanation; the browser keeps what follows `#`."""
    return RedirectResponse("/docs", 308)


def _doors(description: dict[str, Any]) -> list[dict[str, Any]]:
    """List paths with their summary and parameters, without those of the OGC API, which describes itself."""
    return [
        {
            "path": path,
            "method": method.upper(),
            "summary": operation.get("summary", ""),
            "parameters": [
                {"name": parameter["name"], "description": parameter.get("description", "")}
                for parameter in operation.get("parameters", [])
            ],
        }
        for path, operations in description["paths"].items()
        for method, operation in operations.items()
        if not path.startswith("/ogc")
    ]


def _kinds() -> list[problems.Kind]:
    found = [*problems.KINDS.values(), problems.METHOD, problems.INTERNAL, *problems.AT_THE_SOCKET]
    return sorted({kind.slug: kind for kind in found}.values(), key=lambda kind: (kind.status, kind.slug))


_WORDS = {
    Language.vi: {
        "title": "Tài liệu cho nhà phát triển",
        "map": "Bản đồ",
        "other": "English",
        "standards": "Dữ liệu theo chuẩn OGC API",
        "standards_text": "Danh mục lớp, đối tượng, bộ lọc CQL2, ô ảnh véc-tơ và lưới dân số; mở được bằng QGIS và GDAL.",
        "machine": "Mô tả cho máy",
        "doors": "Các dịch vụ khác",
        "path": "Địa chỉ",
        "parameters": "Tham số",
        "problems": "Các loại lỗi (RFC 9457)",
        "status": "Mã",
        "what": "Nghĩa là gì",
        "advice": "Cần làm gì",
    },
    Language.en: {
        "title": "For developers",
        "map": "Map",
        "other": "Tiếng Việt",
        "standards": "Data by the standards of OGC API",
        "standards_text": "Collections, features, CQL2 filters, vector tiles and the population grid; QGIS and GDAL open them.",
        "machine": "Machine-readable",
        "doors": "Other doors",
        "path": "Address",
        "parameters": "Parameters",
        "problems": "Kinds of problems (RFC 9457)",
        "status": "Status",
        "what": "What it means",
        "advice": "What to do",
    },
}
