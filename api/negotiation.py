"""Which format and which language a request wants: `f=` and Accept, `lang=` and Accept-Language, Vietnamese first."""

from collections.abc import Mapping
from enum import StrEnum

from starlette.requests import Request

from spatial.errors import InvalidInput, NotAcceptable


class Language(StrEnum):
    """The languages of the house, the first one first."""

    vi = "vi"
    en = "en"


_LANGUAGES = frozenset(language.value for language in Language)


def weighted(header: str) -> list[str]:
    """Read an Accept-like header into its values, most wanted first; `q=0` means refused and drops out."""
    ranked: list[tuple[float, int, str]] = []
    for place, part in enumerate(header.split(",")):
        value, *parameters = (piece.strip() for piece in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    weight = float(parameter[2:])
                except ValueError:
                    weight = 0.0
        if value and 0 < weight <= 1:
            ranked.append((-weight, place, value.lower()))
    return [value for _, _, value in sorted(ranked)]


def language_of(request: Request) -> Language:
    """Give the language wanted, without complaint: for errors, where `lang` itself may be what is wrong."""
    wanted = request.query_params.get("lang", "")
    if wanted in _LANGUAGES:
        return Language(wanted)
    return accepted_language(request.headers.get("accept-language", ""))


def accepted_language(header: str) -> Language:
    """Choose by Accept-Language; Vietnamese where nothing else is asked for."""
    for tag in weighted(header):
        if (primary := tag.split("-")[0]) in _LANGUAGES:
            return Language(primary)
    return Language.vi


def parse_language(text: str | None, header: str = "") -> Language:
    """Read `lang`, else Accept-Language.

    Raises:
        InvalidInput: `lang` names a language that dothi does not speak.
    """
    if text is None:
        return accepted_language(header)
    if text not in _LANGUAGES:
        raise InvalidInput(
            f"lang='{text}' is not offered. Use lang=vi or lang=en.",
            vi=f"Không có ngôn ngữ lang='{text}'. Hãy dùng lang=vi hoặc lang=en.",
        )
    return Language(text)


def choose_format(text: str | None, accept: str, offered: Mapping[str, str]) -> str:
    """Choose one of the offered formats; the first is the default.

    Args:
        text: value of `f`, or None.
        accept: the Accept header, may be empty.
        offered: short name as in `f` -> media type, in the server's order of preference.

    Raises:
        InvalidInput: `f` names a format that is not offered here.
        NotAcceptable: Accept rules out everything offered.
    """
    if text is not None:
        if text not in offered:
            names = ", ".join(offered)
            raise InvalidInput(
                f"f='{text}' is not offered here. Use one of: {names}.",
                vi=f"Ở đây không có định dạng f='{text}'. Hãy dùng một trong: {names}.",
            )
        return text
    wanted = weighted(accept) or ["*/*"]
    for media_range in wanted:
        for name, media_type in offered.items():
            if _matches(media_range, media_type):
                return name
    names = ", ".join(dict.fromkeys(media_type.split(";")[0] for media_type in offered.values()))
    raise NotAcceptable(
        f"Nothing in 'Accept: {accept}' is offered here. Offered: {names}.",
        vi=f"Không có định dạng nào trong 'Accept: {accept}'. Có: {names}.",
    )


def _matches(media_range: str, media_type: str) -> bool:
    essence = media_type.split(";")[0].strip().lower()
    if media_range in ("*/*", essence):
        return True
    return media_range.endswith("/*") and essence.startswith(media_range[:-1])
