"""What this process knows of each layer besides its version: where it lies, how dense it is, how many features are in force."""

import asyncio
import logging
import time
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from api.lanes import Lane
from api.layer_versions import LayerVersions
from spatial.errors import DothiError
from spatial.features import FeatureQuery, count_features
from spatial.features.density import Density, read_density
from spatial.features.extent import Extent, read_extent
from spatial.features.page import read_layer_version
from spatial.layers import Layer
from spatial.selection import LegalPeriod

DENSITY_SECONDS = 600.0
"""Densities only choose between two plans, so they may be old."""
COUNT_WAIT_SECONDS = 1.0
"""So long does an answer wait for a count under way; after that it goes without, and a later one has it."""
COUNT_SHARE = 0.05
"""Most of the time that may be spent on counting one layer: one of a hundred million rows is not counted after every edit."""
COUNTS_AT_ONCE = 2
log = logging.getLogger("dothi.api")
_Dated: TypeAlias = tuple[float, Density]


@dataclass(frozen=True)
class _Count:
    """Features of a layer in force on a day, in a version of it."""

    version: int
    day: date
    number: int


class LayerFacts:
    """Extents by the version of the layer, densities by their age, counts by version and legal day."""

    def __init__(self, lane: Lane, counting: Lane, versions: LayerVersions) -> None:
        self._lane = lane
        self._counter = counting
        self._versions = versions
        self._extents: dict[str, tuple[int, Extent]] = {}
        self._densities: dict[str, _Dated] = {}
        self._counts: dict[str, _Count] = {}
        self._counting: dict[str, asyncio.Task[None]] = {}
        self._count_again_at: dict[str, float] = {}
        self._places = asyncio.Semaphore(COUNTS_AT_ONCE)

    async def stop(self) -> None:
        """Stop counting."""
        tasks = list(self._counting.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def extent(self, layer: Layer) -> Extent:
        """Give the layer's extent as of its version.

        Raises:
            Unavailable: the database does not answer.
        """
        version = await self._versions.read(layer.table_name)
        known = self._extents.get(layer.table_name)
        if known is None or known[0] != version:
            async with self._lane.connection() as connection:
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
            async with self._lane.connection() as connection:
                known = (time.monotonic(), await read_density(connection, layer))
            self._densities[layer.table_name] = known
        return known[1]

    async def count(self, layer: Layer, day: date, version: int | None = None) -> int | None:
        """Give the number of features in force on a day, counted once for each version and day.

        Args:
            layer: the layer.
            day: legal day.
            version: the layer's version that is asked about; None: the present one.

        Returns:
            None where it is not known in time, or was counted too recently for its cost.

        Raises:
            Unavailable: the database does not answer.
        """
        asked = await self._versions.read(layer.table_name) if version is None else version
        name = layer.table_name
        if self.known_count(layer, day, asked) is None and (name in self._counting or self._may_count(name)):
            if name not in self._counting:
                self._counting[name] = asyncio.create_task(self._count(layer, day), name=f"count {name}")
            await asyncio.wait({self._counting[name]}, timeout=COUNT_WAIT_SECONDS)
        return self.known_count(layer, day, asked)

    def known_count(self, layer: Layer, day: date, version: int) -> int | None:
        """Give the number of features in force on a day in a version of the layer, if it was counted."""
        known = self._counts.get(layer.table_name)
        return known.number if known and (known.version, known.day) == (version, day) else None

    def _may_count(self, name: str) -> bool:
        return time.monotonic() >= self._count_again_at.get(name, 0.0)

    async def _count(self, layer: Layer, day: date) -> None:
        name = layer.table_name
        begun = time.monotonic()
        try:
            async with self._places, self._counter.snapshot() as connection:
                begun = time.monotonic()
                number = await count_features(connection, FeatureQuery(layer, LegalPeriod.on(day)))
                self._counts[name] = _Count(await read_layer_version(connection, layer), day, number)
        except DothiError as error:
            log.warning("not counted", extra={"table": name, "error": str(error)})
        finally:
            ended = time.monotonic()
            self._count_again_at[name] = ended + (ended - begun) * (1 / COUNT_SHARE - 1)
            del self._counting[name]
