"""What a map of the layers needs besides their tiles: the rules of each style, official colours included, and where to begin."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Executable, Select, cast, exists, func, select
from sqlalchemy.dialects.postgresql import REGCLASS

from spatial.compiled import AsyncConnection, Statement
from spatial.crs import COUNTRY_BBOX
from spatial.layers import Layer, Rule, Text
from spatial.tables import Batch, Source, Unit


@dataclass(frozen=True)
class Notices:
    """What a map must say about its data."""

    has_sample_data: bool
    has_schematic_boundaries: bool


async def read_rules(connection: AsyncConnection, layer: Layer) -> tuple[Rule, ...]:
    """Give the rules of the layer's style: those written in the declaration, or one per coloured code of its code table."""
    codes = coloured_codes(layer)
    return layer.style.rules if codes is None else rules_of(layer, await Statement.of(codes).fetch(connection))


def coloured_codes(layer: Layer) -> Select[Any] | None:
    """Select the codes that the layer's style takes its colours from; None where the declaration writes the rules."""
    table = layer.colour_codes
    if table is None:
        return None
    coloured = select(table.c.code, table.c.name, table.c.name_en, table.c.map_color)
    return coloured.where(table.c.map_color.is_not(None)).order_by(table.c.code)


def rules_of(layer: Layer, rows: Iterable[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """Make the rules from rows of `coloured_codes`."""
    return tuple(
        Rule(row["code"], Text(row["name"], row["name_en"] or row["name"]), fill=row["map_color"], stroke=layer.style.stroke)
        for row in rows
    )


async def read_notices(connection: AsyncConnection) -> Notices:
    """Look for sample data and schematic boundaries in force."""
    row = await Statement.of(_notices()).fetchrow(connection)
    return Notices(row["has_sample_data"], row["has_schematic_boundaries"])


def _notices() -> Executable:
    # one named column each: `EXISTS (SELECT *)` would need the right to all columns of ingest.batch
    sample = select(Source.code).where(Source.is_sample, Source.code == Batch.source_code, Batch.data_version.is_not(None))
    schematic = select(Unit.id).where(Unit.boundary_quality == "schematic", Unit.valid_to.is_(None))
    return select(exists(sample).label("has_sample_data"), exists(schematic).label("has_schematic_boundaries"))


async def read_extent(connection: AsyncConnection, layer: Layer) -> tuple[float, float, float, float]:
    """Give about where the layer's rows are (west, south, east, north in degrees), from the planner's statistics.

    The whole country where the layer is empty or was never analysed.
    """
    estimated = func.admin.estimated_extent(cast(layer.table_name, REGCLASS)).label("box")
    box = select(estimated).subquery()
    corners = select(*(getattr(func, name)(box.c.box).label(name) for name in ("ST_XMin", "ST_YMin", "ST_XMax", "ST_YMax")))
    row = await Statement.of(corners).fetchrow(connection)
    if row is None or row["ST_XMin"] is None:
        return COUNTRY_BBOX
    return row["ST_XMin"], row["ST_YMin"], row["ST_XMax"], row["ST_YMax"]
