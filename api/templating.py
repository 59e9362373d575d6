"""The one drawer of HTML pages: text is escaped, and what does not exist is an error and never an empty place."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request

from api.negotiation import weighted

_HERE = Path(__file__).parent


class _Members(Environment):
    """Reads `document.name` as the member of that name, before any method that the dict happens to have."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Give the member, else what Jinja gives."""
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


PAGES = _Members(
    loader=FileSystemLoader([_HERE / "templates", _HERE / "ogc" / "templates"]),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
PAGES.globals["style"] = (_HERE / "templates" / "style.css").read_text("utf-8")


def wants_page(request: Request) -> bool:
    """Say whether somebody looks at the answer in a browser: by `f=html`, else by an Accept that names HTML before JSON."""
    asked = request.query_params.get("f")
    if asked is not None:
        return asked == "html"
    wanted = weighted(request.headers.get("accept", ""))
    first = next((kind for kind in wanted if kind in ("text/html", "*/*") or kind.endswith("json")), "")
    return first == "text/html"
