"""Schemas `landscape` and `underground`: green areas, water, natural areas, and space below the ground."""

from sqlalchemy import Float, Text
from sqlalchemy.orm import Mapped

from spatial.tables.bands import LEVEL_M
from spatial.tables.base import Base, LayerRow, MeasuredArea, column, one_of, rule


class GreenArea(MeasuredArea, LayerRow, Base):
    """A green area; only kind `public` counts as public green per person."""

    __tablename__ = "green_area"
    schema = "landscape"
    comment = "Cây xanh đô thị"
    exclusive_periods = False
    layer_constraints = (one_of("kind", "public", "limited", "specialised"),)

    name: Mapped[str | None] = column(Text, "Tên", "Name")
    kind: Mapped[str] = column(Text, "Loại: public, limited, specialised", "Kind")


class WaterBody(MeasuredArea, LayerRow, Base):
    """A river, canal, lake or pond."""

    __tablename__ = "water_body"
    schema = "landscape"
    comment = "Mặt nước"
    exclusive_periods = False
    layer_constraints = (one_of("kind", "river", "canal", "lake", "pond", "reservoir", "coastal"),)

    name: Mapped[str | None] = column(Text, "Tên", "Name")
    kind: Mapped[str] = column(Text, "Loại", "Kind")


class NaturalArea(MeasuredArea, LayerRow, Base):
    """A natural area: forest, wetland, hill, landscape under protection."""

    __tablename__ = "natural_area"
    schema = "landscape"
    comment = "Khu vực tự nhiên, cảnh quan"
    exclusive_periods = False

    name: Mapped[str | None] = column(Text, "Tên", "Name")
    kind: Mapped[str | None] = column(Text, "Loại", "Kind")
    protection: Mapped[str | None] = column(Text, "Chế độ bảo vệ", "Protection")


class UndergroundSpace(LayerRow, Base):
    """A work below the ground: footprint and the heights between which it lies."""

    __tablename__ = "space"
    schema = "underground"
    comment = "Không gian ngầm"
    exclusive_periods = False
    layer_constraints = (rule("z_min_m <= z_max_m", "z_in_order", "cao độ đáy không được cao hơn cao độ đỉnh"),)

    name: Mapped[str | None] = column(Text, "Tên", "Name")
    kind: Mapped[str | None] = column(Text, "Loại công trình ngầm", "Kind")
    z_min_m: Mapped[float | None] = column(Float, "Cao độ đáy (m)", "Lowest height (m)", band=LEVEL_M)
    z_max_m: Mapped[float | None] = column(Float, "Cao độ đỉnh (m)", "Highest height (m)", band=LEVEL_M)
    vertical_datum: Mapped[str | None] = column(Text, "Hệ độ cao (mặc định Hòn Dấu, EPSG:5727)", "Vertical datum")
