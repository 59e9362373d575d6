"""The same documents as pages for people: drawn on the server, working offline, Vietnamese first."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from api.ogc.words import WORDS

if TYPE_CHECKING:
    from api.ogc.visit import Visit

_HERE = Path(__file__).parent
_PAGES = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_PAGES.globals["style"] = (_HERE / "templates" / "style.css").read_text("utf-8")


def answer(asked: "Visit", template: str, document: Mapping[str, Any], headers: Mapping[str, str]) -> HTMLResponse:
    """Draw a document."""
    page = _PAGES.get_template(template).render(
        doc=document,
        visit=asked,
        words=WORDS[asked.language],
        lang=asked.language.value,
        links={link["rel"]: link for link in reversed(document.get("links", []))},
    )
    return HTMLResponse(page, headers=dict(headers))
