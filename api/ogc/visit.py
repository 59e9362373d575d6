"""What every resource under /ogc asks of a request first: known parameters, format, language, where we are."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.links import Link, base_url, with_query
from api.negotiation import Language, choose_format, parse_language
from api.ogc import html
from api.params import refuse_unknown
from api.services import Services, services_of
from spatial.layers import Access, Layer, find_layer

JSON = "application/json"
GEOJSON = "application/geo+json"
SCHEMA_JSON = "application/schema+json"
OPENAPI_JSON = "application/vnd.oai.openapi+json;version=3.0"
HTML = "text/html"
COMMON = frozenset({"f", "lang"})


@dataclass(frozen=True)
class Visit:
    """One request, read as far as all resources have it in common.

    Attributes:
        root: address of the landing page, without a slash at the end.
        format: `json` or `html`.
        media_type: what `json` means for this resource.
    """

    request: Request
    services: Services
    root: str
    language: Language
    format: str
    media_type: str

    @property
    def here(self) -> str:
        """The address of the resource asked for, without its query."""
        return self.root + self.request.url.path.removeprefix("/ogc").rstrip("/")

    def layer(self) -> Layer:
        """Give the layer that the path names.

        Raises:
            NotFound: there is no such public layer.
        """
        return find_layer(self.request.path_params["collection"], public_layers(self.services))

    def own_links(self, **query: object) -> list[Link]:
        """Give the links to this answer and to the same in the other format."""
        kept = {name: value for name, value in self.request.query_params.items() if name != "f"} | query
        other, other_type = ("html", HTML) if self.format == "json" else ("json", self.media_type)
        this_type = self.media_type if self.format == "json" else HTML
        return [
            Link(with_query(self.here, {**kept, "f": self.format}), "self", this_type, hreflang=self.language.value),
            Link(with_query(self.here, {**kept, "f": other}), "alternate", other_type, other.upper()),
        ]

    def in_language(self, language: str) -> str:
        """Give the address of this answer in another language."""
        return with_query(self.here, {**self.request.query_params, "lang": language, "f": "html"})

    def title_of(self, layer: Layer, name: str) -> str:
        """Give the title of a column, for pages."""
        return column_title(layer.table.c[name], self.language)

    def answer(self, document: Mapping[str, Any], template: str, headers: Mapping[str, str] | None = None) -> Response:
        """Give the document as JSON, or drawn by an HTML template."""
        fixed = {"Cache-Control": "public, no-cache", "Vary": "Accept, Accept-Language", "Content-Language": self.language.value}
        all_headers = {**fixed, **(headers or {})}
        if self.format == "html":
            return html.answer(self, template, document, all_headers)
        return JSONResponse(document, headers=all_headers, media_type=self.media_type)


def visit(request: Request, parameters: Collection[str] = (), *, media_type: str = JSON) -> Visit:
    """Read what all resources have in common.

    Raises:
        UnknownParameter: a parameter is not among `parameters`, `f` and `lang`.
        InvalidInput: `f` or `lang` is not offered.
        NotAcceptable: Accept rules out JSON and HTML.
    """
    refuse_unknown(request.query_params, COMMON | set(parameters))
    accept = request.headers.get("accept", "").replace(JSON, media_type.split(";")[0])
    services = services_of(request)
    return Visit(
        request=request,
        services=services,
        root=f"{base_url(request, services.settings)}/ogc",
        language=parse_language(request.query_params.get("lang"), request.headers.get("accept-language", "")),
        format=choose_format(request.query_params.get("f"), accept, {"json": media_type, "html": HTML}),
        media_type=media_type,
    )


def column_title(column: Column[Any], language: Language) -> str:
    """Give the title of a column."""
    return (column.info.get("en") if language is Language.en else column.comment) or column.name


def public_layers(services: Services) -> list[Layer]:
    """Give the layers that anybody may see; to everybody else the others do not exist."""
    return [layer for layer in services.layers if layer.access is Access.PUBLIC]
