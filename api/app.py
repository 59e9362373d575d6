"""The web application, composed of its rooms; it keeps no state outside the object it returns."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route

from api import coverages, docs, extract, health, lookup, metrics, ogc, page, page_config, problems, rollups, search, tiles
from api.aside import Aside
from api.composed import ComposeText
from api.compression import Compress
from api.etag import release
from api.lanes import Lanes
from api.layer_facts import LayerFacts
from api.layer_versions import LayerVersions
from api.middleware import AnswerHead, CheckHost, Observe, SecurityHeaders, named
from api.raster_files import RasterFiles
from api.services import Services
from api.shares import Admit, Shares
from api.tile_cache import Tiles
from api.tile_door import TileDoor
from api.work import Work
from spatial.errors import SetupError
from spatial.layers import LAYERS, Access, Layer
from spatial.settings import Settings

_ASIDE_SECONDS = 20.0
"""Longest work beside the event loop; most of it is done in a hundredth of that."""
_EXPOSED = [
    "ETag",
    "Link",
    "Content-Crs",
    "Content-Language",
    "X-Request-Id",
    "OGC-NumberMatched",
    "OGC-NumberReturned",
]


def create_app(
    settings: Settings,
    *,
    database_url: str | None = None,
    staff_database_url: str | None = None,
    metrics_dir: Path | None = None,
    layers: tuple[Layer, ...] = LAYERS,
) -> FastAPI:
    """Build the application.

    Args:
        settings: the installation's settings.
        database_url: URL of a login that is a member of `dothi_public` only; default `settings.api_database_url`.
        staff_database_url: URL of the login for staff doors; None: they are closed.
        metrics_dir: folder of the counters that several workers share; see `api.metrics`.
        layers: what is published.

    Raises:
        SetupError: no database is named.
    """
    url = database_url or settings.api_database_url
    if url is None:
        raise SetupError("No database is named for the API. Set DOTHI_API_DATABASE_URL, or start it by `dothi serve`.")
    services = _make_services(settings, url, staff_database_url, metrics_dir, layers)
    app = FastAPI(
        title="dothi",
        version=release(),
        summary="Nền tảng dữ liệu không gian đô thị / urban spatial data platform",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        lifespan=_lifespan,
        middleware=_layers(settings, services),
    )
    app.state.services = services
    problems.register(app)
    for router in (
        ogc.router,  # first, since routes are tried in order
        health.router,
        metrics.router,
        tiles.router,
        coverages.router,
        page_config.router,
        rollups.router,
        lookup.router,
        search.router,
        docs.router,
        extract.router,
        page.router,
    ):
        app.include_router(router)
    page.mount_assets(app)
    for route in app.routes:
        if isinstance(route, Route):  # FastAPI's own /openapi.json
            named(route.path, route.endpoint)
    return app


def _make_services(
    settings: Settings, url: str, staff_url: str | None, metrics_dir: Path | None, layers: tuple[Layer, ...]
) -> Services:
    counters = metrics.Metrics(metrics_dir)
    lanes = Lanes(settings, url, staff_url)
    versions = LayerVersions(lanes[Work.READ])
    return Services(
        settings=settings,
        lanes=lanes,
        metrics=counters,
        layers=layers,
        versions=versions,
        facts=LayerFacts(lanes[Work.READ], lanes[Work.COUNT], versions),
        tiles=Tiles(lanes[Work.TILE], versions, counters, max_bytes=settings.tile_cache_mb * 1_000_000),
        rasters=RasterFiles(lanes[Work.RASTER]),
        compiling=Aside(_ASIDE_SECONDS / 2),
        drawing=Aside(_ASIDE_SECONDS),
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[dict[str, object]]:
    services: Services = app.state.services
    await services.lanes.start()
    await services.versions.start()
    yield {"metrics": services.metrics}  # for `api.protocol`, which meets requests before the application does
    await services.facts.stop()
    await services.versions.stop()
    await services.lanes.stop()


def _layers(settings: Settings, services: Services) -> list[Middleware]:
    """Name the layers around every request, the outermost first."""
    public = {layer.name: layer for layer in services.layers if layer.access is Access.PUBLIC}
    return [
        Middleware(TileDoor, tiles=services.tiles, layers=public, settings=settings, metrics=services.metrics),
        Middleware(Observe, metrics=services.metrics),
        Middleware(SecurityHeaders, settings=settings),
        Middleware(CheckHost, settings=settings),
        Middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=("GET", "HEAD", "POST", "OPTIONS"),
            allow_headers=("*",),
            expose_headers=_EXPOSED,
            max_age=86_400,
        ),
        Middleware(ComposeText),
        Middleware(Compress),
        Middleware(AnswerHead),
        Middleware(Admit, shares=Shares(settings)),
    ]
