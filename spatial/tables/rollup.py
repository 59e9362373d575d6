"""Schema `rollup`: indicators, their values by tier and period, what carries and adds them up, what is out of date."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Date, DateTime, Float, Identity, Integer, Numeric, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from spatial.tables.base import Base, column, one_of, share

LEVELS = ("nation", "region", "province", "city", "commune")


class Indicator(Base):
    """A figure that dothi computes or collects; `kind` ratio has a numerator and a denominator that are additive.

    `ratio_over` says what a ratio is formed over: the ground where both figures are `known`, or the `whole` unit, where the
    ratio itself says how much of it has data.
    """

    __tablename__ = "indicator"
    __table_args__ = (
        one_of("kind", "additive", "ratio"),
        one_of("origin", "computed", "reported"),
        one_of("ratio_over", "known", "whole"),
        {"schema": "rollup", "comment": "Chỉ tiêu tổng hợp"},
    )

    code: Mapped[str] = column(Text, "Mã chỉ tiêu", "Code", primary_key=True)
    title: Mapped[str] = column(Text, "Tên chỉ tiêu", "Title")
    title_en: Mapped[str] = column(Text, "Tên tiếng Anh", "English title")
    unit: Mapped[str] = column(Text, "Đơn vị tính", "Unit")
    unit_en: Mapped[str] = column(Text, "Đơn vị tính (tiếng Anh)", "Unit in English")
    kind: Mapped[str] = column(Text, "Loại: additive, ratio", "Kind")
    origin: Mapped[str] = column(Text, "Cách có: computed, reported", "Origin", server_default=text("'computed'"))
    numerator_code: Mapped[str | None] = column(Text, "Chỉ tiêu tử số", "Numerator")
    denominator_code: Mapped[str | None] = column(Text, "Chỉ tiêu mẫu số", "Denominator")
    factor: Mapped[float] = column(Float, "Hệ số nhân", "Factor of a ratio", server_default=text("1"))
    ratio_over: Mapped[str | None] = column(Text, "Tỷ lệ tính trên: known (phần đã biết), whole (toàn bộ)", "Ground of a ratio")
    formula: Mapped[str] = column(Text, "Cách tính", "Formula")
    formula_en: Mapped[str] = column(Text, "Cách tính (tiếng Anh)", "Formula in English")
    theme: Mapped[str | None] = column(Text, "Nhóm", "Group")


class Value(Base):
    """The value of an indicator for a unit and a period.

    A remainder of an additive one is a row of its own, `unit_code` = the unit above + a suffix: `:rest` (outside the cities of
    the province), `:unbroken` (known for the unit above only), `:undivided` (of a unit of before that was split by unknown
    shares), `:unassigned` (rows that name no commune). A ratio's numerator and denominator are those of the ground where both
    are known; `coverage` is that ground's share of the unit, and the value is empty where it is too small.
    """

    __tablename__ = "value"
    __table_args__ = (
        one_of("level", *LEVELS),
        *share("coverage"),
        {"schema": "rollup", "comment": "Giá trị chỉ tiêu theo cấp"},
    )

    indicator_code: Mapped[str] = column(Text, "Chỉ tiêu", "Indicator", primary_key=True)
    level: Mapped[str] = column(Text, "Cấp", "Tier", primary_key=True)
    unit_code: Mapped[str] = column(Text, "Mã đơn vị", "Unit", primary_key=True)
    period: Mapped[str] = column(Text, "Kỳ", "Period", primary_key=True)
    parent_code: Mapped[str | None] = column(Text, "Mã đơn vị cấp trên", "Unit above")
    value: Mapped[Any | None] = column(Numeric, "Giá trị (trống: chưa biết)", "Value (empty: unknown)")
    coverage: Mapped[float | None] = column(Float, "Phần đã có dữ liệu (0-1)", "Share with data (0-1)")
    numerator: Mapped[Any | None] = column(Numeric, "Tử số (trên phần đã biết)", "Numerator (where known)")
    denominator: Mapped[Any | None] = column(Numeric, "Mẫu số (trên phần đã biết)", "Denominator (where known)")
    denominator_period: Mapped[str | None] = column(Text, "Kỳ của mẫu số", "Period of the denominator")
    batch_ids: Mapped[list[int] | None] = column(JSONB, "Các lần ghi nguồn", "Source batches")
    data_version: Mapped[int] = column(BigInteger, "Phiên bản dữ liệu", "Data version")
    computed_at: Mapped[datetime] = column(
        DateTime(timezone=True), "Thời điểm tính", "Computed at", server_default=text("clock_timestamp()")
    )


class Dirty(Base):
    """A mark that a table changed in a commune. Marks are only added, so that a refresh cannot take away one it did not see."""

    __tablename__ = "dirty"
    __table_args__ = ({"schema": "rollup", "comment": "Đơn vị cần tính lại"},)

    id: Mapped[int] = column(BigInteger, "Mã số", "Id", Identity(), primary_key=True)
    table_name: Mapped[str] = column(Text, "Bảng", "Table (schema.table)")
    commune_code: Mapped[str] = column(Text, "Mã xã (trống: không rõ)", "Commune ('' = unknown)")
    since: Mapped[datetime] = column(DateTime(timezone=True), "Từ thời điểm", "Since", server_default=text("clock_timestamp()"))


class State(Base):
    """The legal date and data version of the last refresh; validity turns at midnight without a write."""

    __tablename__ = "state"
    __table_args__ = (
        CheckConstraint("id = 1", name="single_row"),
        {"schema": "rollup", "comment": "Lần tổng hợp gần nhất"},
    )

    id: Mapped[int] = column(Integer, "Mã số", "Id", primary_key=True, autoincrement=False)
    legal_date: Mapped[date] = column(Date, "Ngày pháp lý", "Legal date")
    data_version: Mapped[int] = column(BigInteger, "Phiên bản dữ liệu", "Data version")
    refreshed_at: Mapped[datetime] = column(DateTime(timezone=True), "Thời điểm", "At", server_default=text("clock_timestamp()"))


class Past(Base):
    """Commune values of the state's figures as last computed in a year that is over, for the units of then."""

    __tablename__ = "past"
    __table_args__ = (*share("coverage"), {"schema": "rollup", "comment": "Số liệu hiện trạng của các năm đã qua"})

    indicator_code: Mapped[str] = column(Text, "Chỉ tiêu", "Indicator", primary_key=True)
    unit_code: Mapped[str] = column(Text, "Mã đơn vị", "Unit", primary_key=True)
    period: Mapped[str] = column(Text, "Kỳ", "Period", primary_key=True)
    parent_code: Mapped[str | None] = column(Text, "Mã đơn vị cấp trên", "Unit above")
    value: Mapped[Any | None] = column(Numeric, "Giá trị (trống: chưa biết)", "Value (empty: unknown)")
    coverage: Mapped[float | None] = column(Float, "Phần đã có dữ liệu (0-1)", "Share with data (0-1)")
    batch_ids: Mapped[list[int] | None] = column(JSONB, "Các lần ghi nguồn", "Source batches")
    as_of: Mapped[date] = column(Date, "Tính cho ngày", "Computed for")


class Report(Base):
    """A figure that was reported, or computed in a year that is over, carried to the units of today.

    An empty value says that the unit's figure is within one that could not be divided.
    """

    __tablename__ = "report"
    __table_args__ = (
        one_of("level", *LEVELS),
        *share("coverage"),
        {"schema": "rollup", "comment": "Số liệu báo cáo đã chuyển về đơn vị hiện nay"},
    )

    indicator_code: Mapped[str] = column(Text, "Chỉ tiêu", "Indicator", primary_key=True)
    level: Mapped[str] = column(Text, "Cấp", "Tier", primary_key=True)
    unit_code: Mapped[str] = column(Text, "Mã đơn vị", "Unit", primary_key=True)
    period: Mapped[str] = column(Text, "Kỳ", "Period", primary_key=True)
    parent_code: Mapped[str | None] = column(Text, "Mã đơn vị cấp trên", "Unit above")
    value: Mapped[Any | None] = column(Numeric, "Giá trị (trống: chưa biết)", "Value (empty: unknown)")
    coverage: Mapped[float | None] = column(Float, "Phần đã có dữ liệu (0-1)", "Share with data (0-1)")
    batch_ids: Mapped[list[int] | None] = column(JSONB, "Các lần ghi nguồn", "Source batches")


class TierUnit(Base):
    """The units in force at the last refresh and the one unit that each counts for in the tier above; codes repeat over tiers."""

    __tablename__ = "tier_unit"
    __table_args__ = (one_of("level", *LEVELS), {"schema": "rollup", "comment": "Cây đơn vị dùng để cộng số liệu"})

    level: Mapped[str] = column(Text, "Cấp", "Tier", primary_key=True)
    code: Mapped[str] = column(Text, "Mã đơn vị", "Unit", primary_key=True)
    parent_level: Mapped[str | None] = column(Text, "Cấp trên", "Tier above")
    parent_code: Mapped[str | None] = column(Text, "Mã đơn vị cấp trên", "Unit above")
    area_m2: Mapped[float | None] = column(Float, "Diện tích (m²)", "Area (m²)")


class Note(Base):
    """What the last refresh did not count as it stands, and why: told to whoever reads the figures."""

    __tablename__ = "note"
    __table_args__ = ({"schema": "rollup", "comment": "Ghi chú của lần tổng hợp gần nhất"},)

    id: Mapped[int] = column(BigInteger, "Mã số", "Id", Identity(), primary_key=True)
    step: Mapped[str] = column(Text, "Bước", "Step that wrote it")
    kind: Mapped[str] = column(Text, "Loại ghi chú", "Kind")
    indicator_code: Mapped[str | None] = column(Text, "Chỉ tiêu (trống: mọi chỉ tiêu)", "Indicator (empty: all)")
    unit_code: Mapped[str] = column(Text, "Mã đơn vị", "Unit")
    period: Mapped[str | None] = column(Text, "Kỳ", "Period")
    detail: Mapped[dict[str, Any]] = column(JSONB, "Chi tiết", "Detail")
