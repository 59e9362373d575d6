"""What this process knows of each layer besides its version: where it lies, how dense it is. Read when first asked for."""

import time
from typing import TypeAlias

from api.layer_versions import LayerVersions
from api.pool import Pool
from spatial.features.density import Density, read_density
from spatial.features.extent import Extent, read_extent
from spatial.layers import Layer

DENSITY_SECONDS = 600.0
"""Densities only choose between two plans, so they may be old."""
_Dated: TypeAlias = tuple[float, Density]


class LayerFacts:
    """Extents by the version of the layer, densities by their age."""

    def __init__(self, pool: Pool, versions: LayerVersions) -> None:
        self._pool = pool
        self._versions = versions
        self._extents: dict[str, tuple[int, Extent]] = {}
        self._densities: dict[str, _Dated] = {}

    async def extent(self, layer: Layer) -> Extent:
        """Give the layer's extent as of its version.

        Raises:
            Unavailable: the database does not answer.
        """
        version = await self._versions.read(layer.table_name)
        known = self._extents.get(layer.table_name)
        if known is None or known[0] != version:
            async with self._pool.connection() as connection:
                known = (version, await read_extent(connection, layer))
            self._extents[layer.table_name] = known
        return known[1]

    async def density(self, layer: Layer) -> Density:
        """Give the layer's density, at most ten minutes old.

        Raises:
            Unavailable: the database does not answer.
        """
        known = self._densities.get(layer.table_name)
        if known is None or time.monotonic() - known[0] > DENSITY_SECONDS:
            async with self._pool.connection() as connection:
                known = (time.monotonic(), await read_density(connection, layer))
            self._densities[layer.table_name] = known
        return known[1]
