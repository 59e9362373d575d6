"""Schemas `landscape` and `underground`: green areas, water, natural areas, and space below the ground."""

from sqlalchemy import CheckConstraint, Float, Text
from sqlalchemy.orm import Mapped

from spatial.tables.base import Base, LayerRow, at_least_zero, column, one_of


class GreenArea(LayerRow, Base):
    """A green area; only kind `public` counts as public green per person."""

    __tablename__ = "green_area"
    schema = "landscape"
    comment = "Cây xanh đô thị"
    exclusive_periods = False
    layer_constraints = (one_of("kind", "public", "limited", "specialised"), *at_least_zero("area_m2"))

    name: Mapped[str | None] = column(Text, "Tên", "Name")
    kind: Mapped[str] = column(Text, "Loại: public, limited, specialised", "Kind")
    area_m2: Mapped[float | None] = column(Float, "Diện tích (m²)", "Area (m²)")


class WaterBody(LayerRow, Base):
    """A river, canal, lake or pond."""

    __tablename__ = "water_body"
    schema = "landscape"
    comment = "Mặt nước"
    exclusive_periods = False
    layer_constraints = (one_of("kind", "river", "canal", "lake", "pond", "reservoir", "coastal"), *at_least_zero("area_m2"))

    name: Mapped[str | None] = column(Text, "Tên", "Name")
    kind: Mapped[str] = column(Text, "Loại", "Kind")
    area_m2: Mapped[float | None] = column(Float, "Diện tích (m²)", "Area (m²)")


class NaturalArea(LayerRow, Base):
    """A natural area: forest, wetland, hill, landscape under protection."""

    __tablename__ = "natural_area"
    schema = "landscape"
    comment = "Khu vực tự nhiên, cảnh quan"
    exclusive_periods = False
    layer_constraints = (*at_least_zero("area_m2"),)

    name: Mapped[str | None] = column(Text, "Tên", "Name")
    kind: Mapped[str | None] = column(Text, "Loại", "Kind")
    protection: Mapped[str | None] = column(Text, "Chế độ bảo vệ", "Protection")
    area_m2: Mapped[float | None] = column(Float, "Diện tích (m²)", "Area (m²)")


class UndergroundSpace(LayerRow, Base):
    """A work below the ground: footprint and the heights between which it lies."""

    __tablename__ = "space"
    schema = "underground"
    comment = "Không gian ngầm"
    exclusive_periods = False
    layer_constraints = (CheckConstraint("z_min_m <= z_max_m", name="z_in_order"),)

    name: Mapped[str | None] = column(Text, "Tên", "Name")
    kind: Mapped[str | None] = column(Text, "Loại công trình ngầm", "Kind")
    z_min_m: Mapped[float | None] = column(Float, "Cao độ đáy (m)", "Lowest height (m)")
    z_max_m: Mapped[float | None] = column(Float, "Cao độ đỉnh (m)", "Highest height (m)")
    vertical_datum: Mapped[str | None] = column(Text, "Hệ độ cao (mặc định Hòn Dấu, EPSG:5727)", "Vertical datum")
