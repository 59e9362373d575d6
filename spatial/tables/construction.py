"""Schema `construction`: permits, buildings, violations, investment projects (INSPIRE BU)."""

from datetime import date

from sqlalchemy import BigInteger, Date, Float, Index, Integer, Text
from sqlalchemy.orm import Mapped

from spatial.tables.bands import (
    BASEMENTS,
    BUILT,
    FAR,
    FLOOR_AREA_M2,
    FOOTPRINT_M2,
    HEIGHT_M,
    MONEY_VND,
    PERCENT,
    SETBACK_M,
    STOREYS,
)
from spatial.tables.base import Base, LayerRow, column, one_of


class Permit(LayerRow, Base):
    """A construction permit; code = permit number. The applicant is in `private.permit_applicant`."""

    __tablename__ = "permit"
    schema = "construction"
    comment = "Giấy phép xây dựng"
    geometry_type = "POINT"
    exclusive_periods = False
    layer_constraints = (
        Index("permit_issued_on_idx", "issued_on"),
        one_of("kind", "new", "repair", "relocation", "temporary", "stage", "amendment"),
        one_of("status", "issued", "extended", "revoked", "completed"),
        one_of("conformity", "conform", "contrary", "unknown"),
    )

    kind: Mapped[str] = column(Text, "Loại giấy phép", "Kind")
    issued_on: Mapped[date] = column(Date, "Ngày cấp", "Issued on")
    expires_on: Mapped[date | None] = column(Date, "Ngày hết hạn khởi công", "Expires on")
    status: Mapped[str] = column(Text, "Tình trạng", "Status")
    parcel_code: Mapped[str | None] = column(Text, "Thửa đất", "Parcel")
    purpose: Mapped[str | None] = column(Text, "Mục đích công trình", "Purpose")
    works_class: Mapped[str | None] = column(Text, "Cấp công trình", "Class of works")
    storeys: Mapped[int | None] = column(Integer, "Số tầng", "Storeys", band=STOREYS)
    basements: Mapped[int | None] = column(Integer, "Số tầng hầm", "Basements", band=BASEMENTS)
    height_m: Mapped[float | None] = column(Float, "Chiều cao (m)", "Height (m)", band=HEIGHT_M)
    footprint_m2: Mapped[float | None] = column(Float, "Diện tích xây dựng (m²)", "Footprint (m²)", band=FOOTPRINT_M2)
    floor_area_m2: Mapped[float | None] = column(Float, "Tổng diện tích sàn (m²)", "Floor area (m²)", band=FLOOR_AREA_M2)
    coverage_pct: Mapped[float | None] = column(Float, "Mật độ xây dựng (%)", "Building coverage (%)", band=PERCENT)
    far: Mapped[float | None] = column(Float, "Hệ số sử dụng đất", "FAR", band=FAR)
    setback_m: Mapped[float | None] = column(Float, "Khoảng lùi (m)", "Setback (m)", band=SETBACK_M)
    conformity: Mapped[str | None] = column(Text, "Sự phù hợp quy hoạch: conform, contrary, unknown", "Conformity with the plan")
    conformity_note: Mapped[str | None] = column(Text, "Nội dung chưa phù hợp", "What does not conform")


class Building(LayerRow, Base):
    """A building's footprint with its height and floors."""

    __tablename__ = "building"
    schema = "construction"
    comment = "Công trình xây dựng"
    exclusive_periods = False

    name: Mapped[str | None] = column(Text, "Tên công trình", "Name")
    use: Mapped[str | None] = column(Text, "Công năng", "Use")
    storeys: Mapped[int | None] = column(Integer, "Số tầng", "Storeys", band=STOREYS)
    height_m: Mapped[float | None] = column(Float, "Chiều cao (m)", "Height (m)", band=HEIGHT_M)
    footprint_m2: Mapped[float | None] = column(Float, "Diện tích xây dựng (m²)", "Footprint (m²)", band=FOOTPRINT_M2)
    floor_area_m2: Mapped[float | None] = column(Float, "Tổng diện tích sàn (m²)", "Floor area (m²)", band=FLOOR_AREA_M2)
    built_year: Mapped[int | None] = column(Integer, "Năm xây dựng", "Year built", band=BUILT)
    parcel_code: Mapped[str | None] = column(Text, "Thửa đất", "Parcel")
    permit_code: Mapped[str | None] = column(Text, "Giấy phép xây dựng", "Permit")


class Violation(LayerRow, Base):
    """A recorded violation of construction order; for staff only."""

    __tablename__ = "violation"
    schema = "construction"
    comment = "Vi phạm trật tự xây dựng"
    geometry_type = "POINT"
    exclusive_periods = False
    layer_constraints = (
        one_of("kind", "no_permit", "contrary_to_permit", "contrary_to_design", "contrary_to_plan", "encroachment"),
        one_of("status", "recorded", "stop_work", "fined", "forced_demolition", "resolved"),
    )

    kind: Mapped[str] = column(Text, "Loại vi phạm", "Kind")
    status: Mapped[str] = column(Text, "Tình trạng xử lý", "Status")
    recorded_on: Mapped[date] = column(Date, "Ngày lập biên bản", "Recorded on")
    permit_code: Mapped[str | None] = column(Text, "Giấy phép xây dựng", "Permit")
    parcel_code: Mapped[str | None] = column(Text, "Thửa đất", "Parcel")
    note: Mapped[str | None] = column(Text, "Ghi chú", "Note")


class InvestmentProject(LayerRow, Base):
    """An investment project with its footprint; the investor is an organisation and public."""

    __tablename__ = "investment_project"
    schema = "construction"
    comment = "Dự án đầu tư"
    layer_constraints = (one_of("stage", "proposed", "approved", "under_construction", "completed", "stopped"),)

    name: Mapped[str] = column(Text, "Tên dự án", "Name")
    investor: Mapped[str | None] = column(Text, "Chủ đầu tư (tổ chức)", "Investor (an organisation)")
    stage: Mapped[str] = column(Text, "Giai đoạn", "Stage")
    starts_on: Mapped[date | None] = column(Date, "Ngày khởi công", "Starts on")
    ends_on: Mapped[date | None] = column(Date, "Ngày hoàn thành", "Ends on")
    capital_vnd: Mapped[int | None] = column(BigInteger, "Tổng mức đầu tư (đồng)", "Capital (VND)", band=MONEY_VND)
    decision_no: Mapped[str | None] = column(Text, "Quyết định chủ trương", "Decision")
