"""What the routes of one app share, made once by `create_app` and carried in its state."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from api.aside import Aside
from api.lanes import Lane, Lanes
from api.layer_facts import LayerFacts
from api.layer_versions import LayerVersions
from api.metrics import Metrics
from api.raster_files import RasterFiles
from api.tile_cache import Tiles
from spatial.layers import Layer
from spatial.settings import Settings


@dataclass(frozen=True)
class Services:
    """The parts that outlive a request.

    Attributes:
        settings: the installation's settings.
        lanes: connections by class of work: public reads as a member of `dothi_public`; where a staff login is
            configured, reads and edits of staff by SET LOCAL ROLE.
        metrics: the counters of this process.
        layers: the published layers, as declared.
        versions: the data version of each table, known without asking.
        tiles: vector tiles, from memory or drawn.
        facts: extent and density of each layer.
        rasters: files of the population grids.
        compiling: the process that reads and compiles long filters.
        drawing: the process that draws documents and tables.
    """

    settings: Settings
    lanes: Lanes
    metrics: Metrics
    layers: tuple[Layer, ...]
    versions: LayerVersions
    tiles: Tiles
    facts: LayerFacts
    rasters: RasterFiles
    compiling: Aside
    drawing: Aside


def services_of(request: Request) -> Services:
    """Give the services of the app that serves the request."""
    services = request.app.state.services
    assert isinstance(services, Services)
    return services


def lane_of(request: Request) -> Lane:
    """Give the connections that the request's class of work may have."""
    return services_of(request).lanes.of(request)


Shared = Annotated[Services, Depends(services_of)]
"""Write `services: Shared` in a route's signature."""
