"""Schemas `population` and `survey`: gridded people, counts by unit, and figures that are asked for each year."""

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, Float, Identity, Index, Integer, LargeBinary, Text, text
from sqlalchemy.orm import Mapped

from spatial.tables.base import Base, LayerRow, at_least_zero, column, one_of, share


class GridCell(LayerRow, Base):
    """One cell of a population grid with people in it (INSPIRE PD); the raster itself is in `population.raster`."""

    __tablename__ = "grid_cell"
    schema = "population"
    comment = "Ô lưới dân số"
    exclusive_periods = False
    layer_constraints = (*at_least_zero("population"), Index("grid_cell_raster_code_idx", "raster_code"))

    raster_code: Mapped[str] = column(Text, "Bộ dữ liệu lưới", "Dataset of the grid")
    year: Mapped[int] = column(Integer, "Năm", "Year")
    population: Mapped[float] = column(Float, "Số dân trong ô", "People in the cell")


class Raster(Base):
    """A population grid as it was delivered: a GeoTIFF, whole, so that coverages serve exactly what came in."""

    __tablename__ = "raster"
    __table_args__ = (
        Index("raster_code_year_key", "code", "year", unique=True),
        *at_least_zero("population"),
        {"schema": "population", "comment": "Lưới dân số dạng ảnh (GeoTIFF)"},
    )

    id: Mapped[int] = column(BigInteger, "Mã số", "Id", Identity(), primary_key=True)
    code: Mapped[str] = column(Text, "Mã bộ dữ liệu", "Dataset")
    year: Mapped[int] = column(Integer, "Năm", "Year")
    title: Mapped[str | None] = column(Text, "Tên", "Title")
    srid: Mapped[int] = column(Integer, "EPSG", "EPSG code")
    population: Mapped[float] = column(Float, "Tổng số dân", "Sum of people")
    content: Mapped[bytes] = column(LargeBinary, "Tệp GeoTIFF", "The GeoTIFF")
    sha256: Mapped[str] = column(Text, "Mã băm của tệp", "Hash of the file")
    batch_id: Mapped[int] = column(BigInteger, "Lần ghi", "Write", server_default=text("ingest.current_batch()"))


class UnitCount(Base):
    """People of a unit in a year, by sex and age where known, with method and source."""

    __tablename__ = "unit_count"
    __table_args__ = (
        one_of("level", "nation", "region", "province", "city", "commune"),
        one_of("sex", "all", "female", "male"),
        one_of("method", "census", "register", "estimate", "grid"),
        *at_least_zero("people"),
        Index("unit_count_key", "level", "unit_code", "year", "sex", "age_group", "method", unique=True),
        {"schema": "population", "comment": "Dân số theo đơn vị hành chính"},
    )

    id: Mapped[int] = column(BigInteger, "Mã số", "Id", Identity(), primary_key=True)
    level: Mapped[str] = column(Text, "Cấp", "Tier")
    unit_code: Mapped[str] = column(Text, "Mã đơn vị", "Unit")
    year: Mapped[int] = column(Integer, "Năm", "Year")
    sex: Mapped[str] = column(Text, "Giới tính", "Sex", server_default=text("'all'"))
    age_group: Mapped[str] = column(Text, "Nhóm tuổi", "Age group", server_default=text("'all'"))
    people: Mapped[int] = column(BigInteger, "Số người", "People")
    method: Mapped[str] = column(Text, "Phương pháp", "Method")
    source_code: Mapped[str | None] = column(Text, "Nguồn", "Source")
    batch_id: Mapped[int] = column(BigInteger, "Lần ghi", "Write", server_default=text("ingest.current_batch()"))


class Observation(Base):
    """A figure that is reported, not computed: indicator, unit, period, who entered and who approved it."""

    __tablename__ = "observation"
    __table_args__ = (
        one_of("level", "nation", "region", "province", "city", "commune"),
        *share("coverage"),
        Index("observation_key", "indicator_code", "level", "unit_code", "period", unique=True),
        {"schema": "survey", "comment": "Số liệu báo cáo hằng năm"},
    )

    id: Mapped[int] = column(BigInteger, "Mã số", "Id", Identity(), primary_key=True)
    indicator_code: Mapped[str] = column(Text, "Chỉ tiêu", "Indicator")
    level: Mapped[str] = column(Text, "Cấp", "Tier")
    unit_code: Mapped[str] = column(Text, "Mã đơn vị", "Unit")
    period: Mapped[str] = column(Text, "Kỳ (năm)", "Period (a year)")
    value: Mapped[float] = column(Float, "Giá trị", "Value")
    coverage: Mapped[float | None] = column(Float, "Mức độ đầy đủ (0-1)", "Coverage (0-1)")
    note: Mapped[str | None] = column(Text, "Ghi chú", "Note")
    entered_by: Mapped[str] = column(Text, "Đơn vị nhập", "Entered by (an office)", server_default=text("session_user"))
    entered_at: Mapped[datetime] = column(
        DateTime(timezone=True), "Thời điểm nhập", "Entered at", server_default=text("clock_timestamp()")
    )
    approved_by: Mapped[str | None] = column(Text, "Đơn vị duyệt", "Approved by (an office)")
    approved_at: Mapped[datetime | None] = column(DateTime(timezone=True), "Thời điểm duyệt", "Approved at")
    batch_id: Mapped[int] = column(BigInteger, "Lần ghi", "Write", server_default=text("ingest.current_batch()"))
