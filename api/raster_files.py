"""The files of stored grids, kept in memory for the next request, bounded by bytes."""

from collections import OrderedDict

from api.lanes import Lane
from spatial.errors import Conflict
from spatial.rasters import StoredRaster, read_raster

KEPT_BYTES = 128_000_000


class RasterFiles:
    """The bytes of the grids last asked for; the least recently used go."""

    def __init__(self, lane: Lane, max_bytes: int = KEPT_BYTES) -> None:
        self._lane = lane
        self._max_bytes = max_bytes
        self._files: OrderedDict[str, bytes] = OrderedDict()

    async def read(self, raster: StoredRaster) -> bytes:
        """Give the bytes of a grid.

        Raises:
            Conflict: it was replaced meanwhile.
        """
        if raster.sha256 in self._files:
            self._files.move_to_end(raster.sha256)
            return self._files[raster.sha256]
        async with self._lane.connection() as connection:
            content = await read_raster(connection, raster)
        if content is None:
            raise Conflict("The grid was replaced while it was read. Ask again.", vi="Lưới vừa được thay thế. Hãy hỏi lại.")
        self._files[raster.sha256] = content
        while sum(map(len, self._files.values())) > self._max_bytes:
            self._files.popitem(last=False)
        return content
