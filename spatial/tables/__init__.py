"""All models in one place; `Base.metadata` is complete once this package is imported."""

from spatial.tables.admin import (
    ColumnRule,
    CountryEnvelope,
    EditorTerritory,
    ProvinceZone,
    Unit,
    UnitChange,
    UnitCode,
    UrbanArea,
    UrbanAreaCommune,
)
from spatial.tables.base import Base, LayerRow
from spatial.tables.construction import Building, InvestmentProject, Permit, Violation
from spatial.tables.infrastructure import Facility, Network
from spatial.tables.ingest import Batch, BatchTable, Change, Issue, LayerVersion, Quarantine, Source
from spatial.tables.land import Address, LandUse, Parcel, ParcelLineage, ParcelUse
from spatial.tables.landscape import GreenArea, NaturalArea, UndergroundSpace, WaterBody
from spatial.tables.planning import (
    Document,
    Plan,
    PlanEvent,
    PlanningLine,
    ThemeCoverage,
    Zone,
    ZoneFunction,
    ZoneFunctionAlias,
)
from spatial.tables.population import GridCell, Observation, Raster, UnitCount
from spatial.tables.private import (
    ParcelOwner,
    ParcelRestricted,
    PermitApplicant,
    PrivateChange,
    PrivateHistory,
    QuarantineRow,
)
from spatial.tables.rollup import Dirty, Indicator, State, Value

__all__ = [
    "Address",
    "Base",
    "Batch",
    "BatchTable",
    "Building",
    "Change",
    "ColumnRule",
    "CountryEnvelope",
    "Dirty",
    "Document",
    "EditorTerritory",
    "Facility",
    "GreenArea",
    "GridCell",
    "Indicator",
    "InvestmentProject",
    "Issue",
    "LandUse",
    "LayerRow",
    "LayerVersion",
    "NaturalArea",
    "Network",
    "Observation",
    "Parcel",
    "ParcelLineage",
    "ParcelOwner",
    "ParcelRestricted",
    "ParcelUse",
    "Permit",
    "PermitApplicant",
    "Plan",
    "PlanEvent",
    "PlanningLine",
    "PrivateChange",
    "PrivateHistory",
    "ProvinceZone",
    "Quarantine",
    "QuarantineRow",
    "Raster",
    "Source",
    "State",
    "ThemeCoverage",
    "UndergroundSpace",
    "Unit",
    "UnitChange",
    "UnitCode",
    "UnitCount",
    "UrbanArea",
    "UrbanAreaCommune",
    "Value",
    "Violation",
    "WaterBody",
    "Zone",
    "ZoneFunction",
    "ZoneFunctionAlias",
]
