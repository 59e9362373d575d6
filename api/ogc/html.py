"""The same documents as pages for people: drawn on the server, working offline, Vietnamese first."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse

from api.ogc.words import WORDS
from api.templating import PAGES

if TYPE_CHECKING:
    from api.ogc.visit import Visit


def answer(asked: "Visit", template: str, document: Mapping[str, Any], headers: Mapping[str, str]) -> HTMLResponse:
    """Draw a document."""
    page = PAGES.get_template(template).render(
        doc=document,
        visit=asked,
        words=WORDS[asked.language],
        lang=asked.language.value,
        links={link["rel"]: link for link in reversed(document.get("links", []))},
    )
    return HTMLResponse(page, headers=dict(headers))
