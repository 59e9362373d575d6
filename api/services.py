"""What the routes of one app share, made once by `create_app` and carried in its state."""

from asyncio import Semaphore
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from api.layer_facts import LayerFacts
from api.layer_versions import LayerVersions
from api.metrics import Metrics
from api.pool import Pool
from api.raster_files import RasterFiles
from api.tile_cache import Tiles
from spatial.layers import Layer
from spatial.settings import Settings


@dataclass(frozen=True)
class Services:
    """The parts that outlive a request.

    Attributes:
        settings: the installation's settings.
        pool: public reads, logging in as a member of `dothi_public`.
        staff: reads and edits of staff by SET LOCAL ROLE; None where no staff login is configured.
        metrics: the counters of this process.
        layers: the published layers, as declared.
        versions: the data version of each table, known without asking.
        tiles: vector tiles, from memory or drawn.
        facts: extent and density of each layer.
        long_pages: places for pages that hold a connection as long as the client reads; half the pool stays for others.
        rasters: files of the population grids.
    """

    settings: Settings
    pool: Pool
    staff: Pool | None
    metrics: Metrics
    layers: tuple[Layer, ...]
    versions: LayerVersions
    tiles: Tiles
    facts: LayerFacts
    long_pages: Semaphore
    rasters: RasterFiles


def services_of(request: Request) -> Services:
    """Give the services of the app that serves the request."""
    services = request.app.state.services
    assert isinstance(services, Services)
    return services


Shared = Annotated[Services, Depends(services_of)]
"""Write `services: Shared` in a route's signature."""
