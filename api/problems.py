"""Errors on HTTP: one table from the tree of `spatial.errors` to RFC 9457 problem+json, in Vietnamese and English.

Every answer says what is wrong and what to do; none shows a stack trace, SQL or a path of the machine.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from api.negotiation import Language, language_of
from api.templating import PAGES, wants_page
from spatial import errors

MEDIA_TYPE = "application/problem+json"
log = logging.getLogger("dothi.api")


@dataclass(frozen=True)
class Kind:
    """One kind of problem: its status, its name in `type`, and per language a title and what to do."""

    status: int
    slug: str
    title: Mapping[Language, str]
    advice: Mapping[Language, str]


def _kind(status: int, slug: str, vi: tuple[str, str], en: tuple[str, str]) -> Kind:
    return Kind(
        status,
        slug,
        {Language.vi: vi[0], Language.en: en[0]},
        {Language.vi: vi[1], Language.en: en[1]},
    )


INTERNAL = _kind(
    500,
    "internal",
    (
        "Lỗi của máy chủ",
        "Hãy thử lại; nếu vẫn lỗi, hãy gửi mã yêu cầu (request_id) cho người vận hành.",
    ),
    ("Server error", "Try again; if it stays so, send the request_id to the operator."),
)
INVALID = _kind(
    400,
    "invalid-input",
    ("Yêu cầu không hợp lệ", "Hãy sửa tham số được nêu rồi gửi lại."),
    ("Invalid request", "Correct the parameter named and send it again."),
)
NOT_FOUND = _kind(
    404,
    "not-found",
    ("Không tìm thấy", "Hãy kiểm tra địa chỉ hoặc mã; danh mục ở /ogc/collections."),
    (
        "Not found",
        "Check the address or the code; the catalogue is at /ogc/collections.",
    ),
)
METHOD = _kind(
    405,
    "method-not-allowed",
    ("Phương thức không được hỗ trợ", "Hãy dùng một phương thức nêu ở tiêu đề Allow."),
    ("Method not allowed", "Use one of the methods in the Allow header."),
)
FORBIDDEN = _kind(
    403,
    "forbidden",
    ("Không có quyền", "Hãy liên hệ đơn vị quản lý dữ liệu để được cấp quyền."),
    ("Forbidden", "Ask the steward of the data for access."),
)
UNAVAILABLE = _kind(
    503,
    "unavailable",
    ("Tạm thời chưa phục vụ được", "Hãy thử lại sau ít phút."),
    ("Temporarily unavailable", "Try again in a few minutes."),
)

KINDS: Mapping[type[errors.DothiError], Kind] = {
    errors.UnknownParameter: _kind(
        400,
        "unknown-parameter",
        ("Tham số không có", "Hãy bỏ tham số này hoặc dùng tên được gợi ý."),
        ("Unknown parameter", "Leave the parameter out or use the name suggested."),
    ),
    errors.FilterSyntaxError: _kind(
        400,
        "filter-syntax",
        ("Bộ lọc không đọc được", "Hãy sửa bộ lọc CQL2 tại chỗ được nêu."),
        ("Filter cannot be read", "Correct the CQL2 filter at the place named."),
    ),
    errors.UnknownCrs: _kind(
        400,
        "unknown-crs",
        (
            "Hệ tọa độ không được hỗ trợ",
            "Hãy dùng một hệ tọa độ nêu trong mô tả của lớp dữ liệu.",
        ),
        (
            "Coordinate system not offered",
            "Use one of the systems listed in the collection's description.",
        ),
    ),
    errors.Ambiguous: _kind(
        400,
        "ambiguous",
        ("Có nhiều kết quả", "Hãy chọn một trong các kết quả được nêu."),
        ("Several results fit", "Ask for one of the candidates."),
    ),
    errors.InvalidInput: INVALID,
    errors.NotFound: NOT_FOUND,
    errors.NotAcceptable: _kind(
        406,
        "not-acceptable",
        (
            "Không có định dạng này",
            "Hãy chọn một định dạng khác bằng f= hoặc tiêu đề Accept.",
        ),
        ("Format not offered", "Choose another format by f= or the Accept header."),
    ),
    errors.Forbidden: FORBIDDEN,
    errors.Conflict: _kind(
        409,
        "conflict",
        ("Xung đột", "Hãy đọc lại trạng thái hiện tại rồi thử lại."),
        ("Conflict", "Read the present state and try again."),
    ),
    errors.TooManyRequests: _kind(
        429,
        "too-many-requests",
        ("Quá nhiều yêu cầu", "Hãy gửi lại sau số giây nêu ở tiêu đề Retry-After."),
        ("Too many requests", "Send it again after the seconds in the Retry-After header."),
    ),
    errors.Unavailable: UNAVAILABLE,
    errors.SetupError: UNAVAILABLE,
}
"""The table. An error that is not in it takes the row of its nearest ancestor; without one it is a server error."""

HEAD_TOO_LARGE = _kind(
    431,
    "head-too-large",
    (
        "Phần đầu yêu cầu quá dài",
        "Hãy rút ngắn địa chỉ và các tiêu đề của yêu cầu, ví dụ dùng bộ lọc ngắn hơn.",
    ),
    ("Head of the request too large", "Shorten the address and the headers of the request, for example the filter."),
)
BODY_TOO_LARGE = _kind(
    413,
    "body-too-large",
    ("Nội dung yêu cầu quá lớn", "Hãy chia nhỏ nội dung gửi lên."),
    ("Body of the request too large", "Send less at a time."),
)
TOO_SLOW = _kind(
    408,
    "too-slow",
    ("Yêu cầu đến quá chậm", "Hãy gửi lại yêu cầu trọn vẹn trên một kết nối mới."),
    ("The request came too slowly", "Send the whole request again on a new connection."),
)
CROWDED = _kind(
    503,
    "too-many-connections",
    (
        "Quá nhiều kết nối",
        "Hãy đóng bớt kết nối rồi thử lại sau ít phút.",
    ),
    ("Too many connections", "Close some of your connections and try again in a minute."),
)
AT_THE_SOCKET = (HEAD_TOO_LARGE, BODY_TOO_LARGE, TOO_SLOW, CROWDED)
"""Kinds that are answered before a request is whole, by `api.protocol`."""

_BY_STATUS = {
    400: INVALID,
    403: FORBIDDEN,
    404: NOT_FOUND,
    405: METHOD,
    500: INTERNAL,
    503: UNAVAILABLE,
}


def kind_of(error: errors.DothiError) -> Kind:
    """Look the error's kind up by its class or the nearest ancestor's."""
    return next((KINDS[cls] for cls in type(error).__mro__ if cls in KINDS), INTERNAL)


def problem(
    request: Request,
    kind: Kind,
    detail: str | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    **members: Any,
) -> Response:
    """Build the answer, a page for whoever looks at it in a browser.

    Its `detail` is the given sentence, or what to do about this kind of problem.
    """
    language = language_of(request)
    advice = kind.advice[language]
    body = {
        "type": f"/docs/problems#{kind.slug}",
        "title": kind.title[language],
        "status": kind.status,
        "detail": detail or advice,
        "instance": request.scope.get("root_path", "") + request.url.path,
        "advice": advice,
        "request_id": request.scope.get("request_id"),
        **members,
    }
    extra = {
        "Content-Language": language.value,
        "Cache-Control": "no-store",
        **(headers or {}),
    }
    if kind.status == HTTPStatus.SERVICE_UNAVAILABLE:
        extra.setdefault("Retry-After", "30")
    if wants_page(request):
        page = PAGES.get_template("problem.html").render(problem=body, lang=language.value)
        return HTMLResponse(page, kind.status, {**extra, "Vary": "Accept, Accept-Language"})
    return JSONResponse(body, kind.status, extra, MEDIA_TYPE)


def refuse(request: Request, error: errors.DothiError) -> Response:
    """Answer an error of the house with its own sentence."""
    kind = kind_of(error)
    if kind.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning(
            "refused",
            exc_info=error if kind is INTERNAL else None,
            extra={"problem": kind.slug, "error": str(error)},
        )
    if kind is INTERNAL:
        return problem(request, kind)
    sentence = error.vi if language_of(request) is Language.vi and error.vi else str(error)
    headers = {"Retry-After": str(error.seconds)} if isinstance(error, errors.TooManyRequests) else None
    return problem(request, kind, sentence, headers=headers)


def fail(request: Request) -> Response:
    """Answer an error that nobody expected; the log has the rest under the request's id."""
    return problem(request, INTERNAL)


async def _on_dothi_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.DothiError)
    return refuse(request, error)


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    kind = _BY_STATUS.get(error.status_code)
    if kind is None:
        phrase = HTTPStatus(error.status_code).phrase
        kind = _kind(
            error.status_code,
            f"http-{error.status_code}",
            (phrase, phrase),
            (phrase, phrase),
        )
    generic = error.detail == HTTPStatus(error.status_code).phrase
    return problem(request, kind, None if generic else error.detail, headers=error.headers)


async def _on_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = [
        {
            "parameter": ".".join(str(part) for part in fault["loc"][1:]),
            "message": fault["msg"],
        }
        for fault in error.errors()
    ]
    named = "; ".join(f"{fault['parameter'] or 'body'}: {fault['message']}" for fault in faults)
    return problem(request, INVALID, named, errors=faults)


def register(app: FastAPI) -> None:
    """Make the app answer all its errors by this table."""
    app.add_exception_handler(errors.DothiError, _on_dothi_error)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
