"""Schemas `population` and `survey`: gridded people, counts by unit, figures asked for each year, statements of completeness."""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    Float,
    Identity,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    text,
)
from sqlalchemy.orm import Mapped

from spatial.tables.bands import COUNT, FIGURE, PEOPLE, PEOPLE_OF_CELL, SRID, YEAR
from spatial.tables.base import Base, LayerRow, column, one_of, share

_UNIT_ON = (
    "Mã đơn vị theo địa giới ngày (trống: cuối năm của kỳ)",
    "The unit is meant as it was on this day (empty: at the end of the period's year)",
)
COMPLETE_LAYERS = ("buildings", "permits", "green_areas", "population_grid")
"""Layers whose figures need a statement of completeness."""


class GridCell(LayerRow, Base):
    """One cell of a population grid with people in it (INSPIRE PD); the raster itself is in `population.raster`."""

    __tablename__ = "grid_cell"
    schema = "population"
    comment = "Ô lưới dân số"
    exclusive_periods = False
    layer_constraints = (Index("grid_cell_raster_code_idx", "raster_code"),)

    raster_code: Mapped[str] = column(Text, "Bộ dữ liệu lưới", "Dataset of the grid")
    year: Mapped[int] = column(Integer, "Năm", "Year", band=YEAR)
    population: Mapped[float] = column(Float, "Số dân trong ô", "People in the cell", band=PEOPLE_OF_CELL)


class Raster(Base):
    """A population grid as it was delivered: a GeoTIFF, whole, so that coverages serve exactly what came in."""

    __tablename__ = "raster"
    __table_args__ = (
        Index("raster_code_year_key", "code", "year", unique=True),
        {"schema": "population", "comment": "Lưới dân số dạng ảnh (GeoTIFF)"},
    )

    id: Mapped[int] = column(BigInteger, "Mã số", "Id", Identity(), primary_key=True)
    code: Mapped[str] = column(Text, "Mã bộ dữ liệu", "Dataset")
    year: Mapped[int] = column(Integer, "Năm", "Year", band=YEAR)
    title: Mapped[str | None] = column(Text, "Tên", "Title")
    srid: Mapped[int] = column(Integer, "EPSG", "EPSG code", band=SRID)
    population: Mapped[float] = column(Float, "Tổng số dân", "Sum of people", band=PEOPLE)
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
        Index("unit_count_key", "level", "unit_code", "year", "sex", "age_group", "method", unique=True),
        {"schema": "population", "comment": "Dân số theo đơn vị hành chính"},
    )

    id: Mapped[int] = column(BigInteger, "Mã số", "Id", Identity(), primary_key=True)
    level: Mapped[str] = column(Text, "Cấp", "Tier")
    unit_code: Mapped[str] = column(Text, "Mã đơn vị", "Unit")
    year: Mapped[int] = column(Integer, "Năm", "Year", band=YEAR)
    sex: Mapped[str] = column(Text, "Giới tính", "Sex", server_default=text("'all'"))
    age_group: Mapped[str] = column(Text, "Nhóm tuổi", "Age group", server_default=text("'all'"))
    people: Mapped[int] = column(BigInteger, "Số người", "People", band=PEOPLE)
    method: Mapped[str] = column(Text, "Phương pháp", "Method")
    source_code: Mapped[str | None] = column(Text, "Nguồn", "Source")
    batch_id: Mapped[int] = column(BigInteger, "Lần ghi", "Write", server_default=text("ingest.current_batch()"))
    unit_on: Mapped[date | None] = column(Date, *_UNIT_ON)


class Observation(Base):
    """A figure that is reported, not computed: indicator, unit, period, who entered and who approved it."""

    __tablename__ = "observation"
    __table_args__ = (
        one_of("level", "nation", "region", "province", "city", "commune"),
        *share("coverage"),
        CheckConstraint("period ~ '^[0-9]{4}$'", name="period_is_year"),
        Index("observation_key", "indicator_code", "level", "unit_code", "period", unique=True),
        {"schema": "survey", "comment": "Số liệu báo cáo hằng năm"},
    )

    id: Mapped[int] = column(BigInteger, "Mã số", "Id", Identity(), primary_key=True)
    indicator_code: Mapped[str] = column(Text, "Chỉ tiêu", "Indicator")
    level: Mapped[str] = column(Text, "Cấp", "Tier")
    unit_code: Mapped[str] = column(Text, "Mã đơn vị", "Unit")
    period: Mapped[str] = column(Text, "Kỳ (năm)", "Period (a year)")
    value: Mapped[float] = column(Float, "Giá trị", "Value", band=FIGURE)
    coverage: Mapped[float | None] = column(Float, "Mức độ đầy đủ (0-1)", "Coverage (0-1)")
    note: Mapped[str | None] = column(Text, "Ghi chú", "Note")
    entered_by: Mapped[str] = column(Text, "Đơn vị nhập", "Entered by (an office)", server_default=text("session_user"))
    entered_at: Mapped[datetime] = column(
        DateTime(timezone=True), "Thời điểm nhập", "Entered at", server_default=text("clock_timestamp()")
    )
    approved_by: Mapped[str | None] = column(Text, "Đơn vị duyệt", "Approved by (an office)")
    approved_at: Mapped[datetime | None] = column(DateTime(timezone=True), "Thời điểm duyệt", "Approved at")
    batch_id: Mapped[int] = column(BigInteger, "Lần ghi", "Write", server_default=text("ingest.current_batch()"))
    unit_on: Mapped[date | None] = column(Date, *_UNIT_ON)


class Completeness(Base):
    """A steward's statement that a layer is complete in a commune: so many rows were in force there on a day.

    Only such a statement makes "0" and "all of them" of what is loaded; it holds for as much as the rows loaded for that day
    are of `row_count`. For permits it speaks of those issued from `complete_from` (empty: ever) to `stated_on`.
    """

    __tablename__ = "completeness"
    __table_args__ = (
        one_of("layer", *COMPLETE_LAYERS),
        CheckConstraint("complete_from <= stated_on", name="complete_from_in_order"),
        Index("completeness_key", "layer", "commune_code", "stated_on", unique=True),
        {"schema": "survey", "comment": "Xác nhận dữ liệu của một lớp đã đầy đủ trong một xã"},
    )

    id: Mapped[int] = column(BigInteger, "Mã số", "Id", Identity(), primary_key=True)
    layer: Mapped[str] = column(Text, "Lớp dữ liệu", "Layer")
    commune_code: Mapped[str] = column(String(5), "Mã xã, phường", "Commune")
    stated_on: Mapped[date] = column(Date, "Đầy đủ tính đến ngày", "Complete as of")
    complete_from: Mapped[date | None] = column(Date, "Giấy phép: đầy đủ từ ngày", "Permits: complete since")
    row_count: Mapped[int] = column(BigInteger, "Số đối tượng có trong thực tế", "How many there are", band=COUNT)
    steward: Mapped[str] = column(Text, "Đơn vị xác nhận", "Stated by (an office)")
    note: Mapped[str | None] = column(Text, "Ghi chú", "Note")
    batch_id: Mapped[int] = column(BigInteger, "Lần ghi", "Write", server_default=text("ingest.current_batch()"))
