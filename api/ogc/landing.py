"""The landing page and what the API conforms to."""

from starlette.requests import Request
from starlette.responses import Response

from api import coverages, tiles
from api.links import Link
from api.negotiation import Language
from api.ogc.visit import HTML, JSON, OPENAPI_JSON, visit

TITLE = {Language.vi: "dothi: dữ liệu không gian đô thị", Language.en: "dothi: urban spatial data"}
DESCRIPTION = {
    Language.vi: "Đất đai, quy hoạch, xây dựng, hạ tầng, cảnh quan và dân số của đô thị Việt Nam, theo chuẩn OGC API. "
    "Không có tham số datetime thì trả về những gì đang có hiệu lực hôm nay.",
    Language.en: "Land, planning, construction, infrastructure, landscape and population of Viet Nam's cities, as OGC API. "
    "Without datetime, what is in force today is given.",
}
_FEATURES = "http://www.opengis.net/spec/ogcapi-features"
_CQL2 = "http://www.opengis.net/spec/cql2/1.0/conf"
CONFORMS_TO = (
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/landing-page",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    *(f"{_FEATURES}-1/1.0/conf/{name}" for name in ("core", "oas30", "html", "geojson")),
    f"{_FEATURES}-2/1.0/conf/crs",
    *(f"{_FEATURES}-3/1.0/conf/{name}" for name in ("queryables", "queryables-query-parameters", "filter", "features-filter")),
    *(f"{_FEATURES}-5/1.0/conf/{name}" for name in ("schemas", "core-roles-features", "returnables-and-receivables",
                                                    "queryables", "sortables")),
    *(f"{_CQL2}/{name}" for name in (
        "cql2-text", "cql2-json", "basic-cql2", "advanced-comparison-operators", "case-insensitive-comparison",
        "accent-insensitive-comparison", "basic-spatial-functions", "basic-spatial-functions-plus", "spatial-functions",
        "temporal-functions", "property-property", "arithmetic",
    )),
    *tiles.CONFORMS_TO,
    *coverages.CONFORMS_TO,
)  # fmt: skip


async def read_landing(request: Request) -> Response:
    """Give the landing page."""
    asked = visit(request)
    root = asked.root
    links = [
        *asked.own_links(),
        Link(f"{root}/api?f=json", "service-desc", OPENAPI_JSON, "OpenAPI 3.0"),
        Link(f"{root}/api?f=html", "service-doc", HTML, "OpenAPI 3.0"),
        Link(f"{root}/conformance", "conformance", JSON),
        Link(f"{root}/collections", "data", JSON),
        Link(f"{root}/tileMatrixSets", "http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes", JSON),
    ]
    document = {
        "title": TITLE[asked.language],
        "description": DESCRIPTION[asked.language],
        "links": [link.as_json() for link in links],
    }
    return asked.answer(document, "landing.html")


async def read_conformance(request: Request) -> Response:
    """Name the conformance classes."""
    asked = visit(request)
    document = {"conformsTo": list(CONFORMS_TO), "links": [link.as_json() for link in asked.own_links()]}
    return asked.answer(document, "conformance.html")
