"""OGC API Coverages of the population grid, by pygeoapi embedded as a library.

pygeoapi answers the coverage itself, through the provider of `api.coverage_provider`. What it does less well is done before:
unknown parameters, boxes and years are checked here, its errors become problem+json, and none of its pages is served.
"""

import json
import re
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from pygeoapi.api import API, APIRequest
from pygeoapi.api.coverages import CONFORMANCE_CLASSES, get_collection_coverage
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api import problems
from api.coverage_provider import CHOSEN, ChosenRaster
from api.etag import is_current, make_etag, not_modified
from api.links import base_url
from api.negotiation import choose_format, parse_language
from api.params import parse_bbox, parse_crs_parameter, parse_datetime, refuse_unknown
from api.services import Shared, lane_of
from spatial.crs import COUNTRY_BBOX, CRS84_URI
from spatial.errors import InvalidInput, NotFound
from spatial.rasters import StoredRaster, list_rasters
from spatial.selection import LegalPeriod, legal_today

COLLECTION = "population_grid"
CONFORMS_TO = tuple(uri for uri in CONFORMANCE_CLASSES if not uri.endswith(("/oas30", "/html")))
"""What the conformance page of the OGC API says of this module."""
FORMATS = {"json": "application/prs.coverage+json", "tiff": "image/tiff; application=geotiff"}
_ALLOWED = {"bbox", "bbox-crs", "datetime", "subset", "properties", "dataset", "f", "lang"}
_SUBSET = re.compile(r"[A-Za-z]{1,8}\([-+.0-9eE]+:[-+.0-9eE]+\)(,[A-Za-z]{1,8}\([-+.0-9eE]+:[-+.0-9eE]+\))?")

router = APIRouter(prefix="/ogc/collections", tags=["coverages"])


@router.get(f"/{COLLECTION}/coverage", summary="The population grid as CoverageJSON or GeoTIFF")
async def read_coverage(request: Request, services: Shared) -> Response:
    """Give the cells of one year's grid that meet the box, whole cells as delivered."""
    query = request.query_params
    refuse_unknown(query, _ALLOWED)
    parse_language(query.get("lang"))
    bbox = parse_bbox(query.get("bbox"), parse_crs_parameter(query.get("bbox-crs")))
    _check_subset(query.get("subset"))
    chosen_format = choose_format(query.get("f"), request.headers.get("accept", ""), FORMATS)
    async with lane_of(request).connection() as connection:
        rasters = await list_rasters(connection)
    if not rasters:
        return Response(status_code=HTTPStatus.NO_CONTENT)
    raster = choose_raster(rasters, query.get("datetime"), query.get("dataset"))
    etag = make_etag("coverage", raster.sha256, chosen_format)
    headers = {"ETag": etag, "Cache-Control": "public, no-cache", "Vary": "Accept"}
    if is_current(request.headers.get("if-none-match"), etag):
        return not_modified(etag, headers)
    content = await services.rasters.read(raster)
    token = CHOSEN.set(ChosenRaster(raster, content, bbox))
    try:
        asked = await APIRequest.from_starlette(_plain(request, chosen_format), ["en"])
        api = _api_for(base_url(request, services.settings))
        theirs, status, body = await run_in_threadpool(get_collection_coverage, api, asked, COLLECTION)
    finally:
        CHOSEN.reset(token)
    if status != HTTPStatus.OK:
        return _refuse(request, status, theirs, body)
    disposition = {"Content-Disposition": theirs["Content-Disposition"]} if "Content-Disposition" in theirs else {}
    return Response(body, headers={**headers, **disposition}, media_type=FORMATS[chosen_format])


def _check_subset(text: str | None) -> None:
    if text is not None and not _SUBSET.fullmatch(text):
        raise InvalidInput(
            "The subset cannot be read. Write it like subset=Lon(105.8:105.9),Lat(20.9:21.0).",
            vi="Không đọc được subset. Hãy viết như subset=Lon(105.8:105.9),Lat(20.9:21.0).",
        )


def choose_raster(rasters: tuple[StoredRaster, ...], datetime: str | None, dataset: str | None) -> StoredRaster:
    """Choose the newest grid of the years asked for.

    Raises:
        NotFound: there is none.
        InvalidInput: several datasets have that year, and the request names none of them.
    """
    period = LegalPeriod() if datetime is None else parse_datetime(datetime, today=legal_today())
    fitting = [
        raster
        for raster in rasters
        if (period.start is None or raster.year >= period.start.year)
        and (period.end is None or raster.year <= period.end.year)
        and dataset in (None, raster.code)
    ]
    if not fitting:
        known = ", ".join(f"{raster.code} {raster.year}" for raster in rasters) or "-"
        raise NotFound(f"There is no such population grid. Stored: {known}.", vi=f"Không có lưới dân số này. Hiện có: {known}.")
    year = fitting[0].year
    newest = [raster for raster in fitting if raster.year == year]
    if len(newest) > 1:
        codes = ", ".join(raster.code for raster in newest)
        raise InvalidInput(
            f"Several grids are of {year}. Add dataset=CODE with one of: {codes}.",
            vi=f"Có nhiều lưới của năm {year}. Hãy thêm dataset=MÃ với một trong: {codes}.",
        )
    return newest[0]


def _plain(request: Request, chosen_format: str) -> Request:
    """Give the request as pygeoapi should see it: the format decided; box, year and language taken care of already."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name in ("subset", "properties")]
    text = urlencode([*kept, ("f", chosen_format)])
    return Request({**request.scope, "query_string": text.encode(), "headers": []}, request.receive)


def _refuse(request: Request, status: int, headers: dict[str, str], body: Any) -> Response:
    """Say pygeoapi's refusal as the house says its own."""
    described = json.loads(body).get("description") if body and "json" in headers.get("Content-Type", "") else None
    if status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND):
        return problems.problem(request, problems.NOT_FOUND, described)
    if status == HTTPStatus.BAD_REQUEST or described:
        return problems.problem(request, problems.INVALID, described)
    return problems.fail(request)


@lru_cache(maxsize=16)
def _api_for(root: str) -> API:
    """Make pygeoapi's API object for one base URL; hosts were checked before, so there are few."""
    return API(_config(root), {})


def _config(root: str) -> dict[str, Any]:
    title, description = "Population grid", "People per cell"
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": 0},
            "url": f"{root}/ogc",
            "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8",
            "languages": ["en-US"],
            "limits": {"default_items": 10, "max_items": 10},
            "map": {"url": "", "attribution": ""},
        },
        "logging": {"level": "CRITICAL"},
        "metadata": {
            "identification": {"title": title, "description": description, "keywords": [], "url": root},
            "license": {"name": "", "url": ""},
            "provider": {"name": "dothi", "url": root},
            "contact": {"name": "", "email": ""},
        },
        "resources": {
            COLLECTION: {
                "type": "collection",
                "title": title,
                "description": description,
                "keywords": [],
                "links": [],
                "extents": {"spatial": {"bbox": list(COUNTRY_BBOX), "crs": CRS84_URI}},
                "providers": [
                    {
                        "type": "coverage",
                        "name": "api.coverage_provider.PopulationCoverage",
                        "data": COLLECTION,
                        "format": {"name": "tiff", "mimetype": FORMATS["tiff"]},
                    }
                ],
            }
        },
    }
