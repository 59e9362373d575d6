"""Schema `infrastructure`: networks (lines) and facilities (points) of every sector (INSPIRE US)."""

from sqlalchemy import Float, Text
from sqlalchemy.orm import Mapped

from spatial.tables.bands import CAPACITY, DEPTH_M, DIAMETER_MM, VOLTAGE_KV, WIDTH_M
from spatial.tables.base import Base, LayerRow, column, one_of, rule

SECTORS = ("water_supply", "drainage", "waste", "lighting", "power", "telecom", "transport")


class Network(LayerRow, Base):
    """A stretch of a network: pipe, drain, cable, road centre line."""

    __tablename__ = "network"
    schema = "infrastructure"
    comment = "Mạng lưới hạ tầng kỹ thuật (đường)"
    geometry_type = "MULTILINESTRING"
    exclusive_periods = False
    layer_constraints = (one_of("sector", *SECTORS),)

    sector: Mapped[str] = column(Text, "Lĩnh vực", "Sector")
    kind: Mapped[str | None] = column(Text, "Loại tuyến", "Kind")
    name: Mapped[str | None] = column(Text, "Tên tuyến", "Name")
    material: Mapped[str | None] = column(Text, "Vật liệu", "Material")
    diameter_mm: Mapped[float | None] = column(Float, "Đường kính (mm)", "Diameter (mm)", band=DIAMETER_MM)
    width_m: Mapped[float | None] = column(Float, "Bề rộng (m)", "Width (m)", band=WIDTH_M)
    voltage_kv: Mapped[float | None] = column(Float, "Điện áp (kV)", "Voltage (kV)", band=VOLTAGE_KV)
    depth_m: Mapped[float | None] = column(Float, "Độ sâu (m)", "Depth (m)", band=DEPTH_M)
    status: Mapped[str | None] = column(Text, "Tình trạng", "Status")


class Facility(LayerRow, Base):
    """A facility of a network: pumping station, substation, lamp, transfer point."""

    __tablename__ = "facility"
    schema = "infrastructure"
    comment = "Công trình hạ tầng kỹ thuật (điểm)"
    geometry_type = "POINT"
    exclusive_periods = False
    layer_constraints = (
        one_of("sector", *SECTORS),
        rule("capacity IS NULL OR capacity_unit IS NOT NULL", "capacity_has_unit", "công suất phải kèm đơn vị"),
    )

    sector: Mapped[str] = column(Text, "Lĩnh vực", "Sector")
    kind: Mapped[str | None] = column(Text, "Loại công trình", "Kind")
    name: Mapped[str | None] = column(Text, "Tên công trình", "Name")
    capacity: Mapped[float | None] = column(Float, "Công suất", "Capacity", band=CAPACITY)
    capacity_unit: Mapped[str | None] = column(Text, "Đơn vị công suất", "Unit of the capacity")
    status: Mapped[str | None] = column(Text, "Tình trạng", "Status")
