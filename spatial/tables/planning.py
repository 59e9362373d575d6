"""Schema `planning`: plans and their events, zones, lines with a side, documents, and where each theme is known.

Follows the GIS layout of Circular 16/2025/TT-BXD and INSPIRE PLU (SpatialPlan, ZoningElement, SupplementaryRegulation).
"""

from datetime import date
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import BigInteger, Boolean, Date, Float, Identity, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped

from spatial.tables.bands import COUNT, FAR, HEIGHT_M, PEOPLE, PERCENT, SCALE, SETBACK_M, STOREYS, Band
from spatial.tables.base import UNBOUND, Base, LayerRow, MeasuredArea, column, one_of, rule

PLAN_STATUSES = ("unknown", "in_preparation", "approved", "in_force", "partly_annulled", "annulled", "replaced", "expired")
EVENT_KINDS = ("approved", "in_force", "published", "amended", "partly_annulled", "annulled", "replaced", "expired")
THEMES = ("zoning", "plans", "red_line", "building_line", "corridor")
GAP_REASONS = ("removed", "quarantined")
WIDEST_STRIP_M = 10_000
"""No safety corridor along a line is wider; the lookup relies on it when it looks for lines far away."""
_STRIP_M = Band(0, WIDEST_STRIP_M, "no corridor is wider, and the lookup looks no farther")


class ZoneFunction(Base):
    """A planning function code of Circular 16/2025/TT-BXD, with the colour it is drawn in."""

    __tablename__ = "zone_function"
    __table_args__ = (
        one_of("plan_level", "general", "zoning", "both"),
        {"schema": "planning", "comment": "Danh mục chức năng sử dụng đất quy hoạch (Thông tư 16/2025/TT-BXD)"},
    )

    code: Mapped[str] = column(Text, "Mã chức năng", "Function code", primary_key=True)
    plan_level: Mapped[str] = column(Text, "Cấp quy hoạch", "Plan level")
    section: Mapped[str | None] = column(Text, "Mục", "Section")
    name: Mapped[str] = column(Text, "Tên chức năng", "Name")
    name_en: Mapped[str] = column(Text, "Tên tiếng Anh", "English name")
    map_color: Mapped[str | None] = column(String(7), "Màu bản đồ", "Map colour")
    color_is_official: Mapped[bool] = column(Boolean, "Màu theo thông tư", "Whether the colour is the circular's own")
    source: Mapped[str | None] = column(Text, "Nguồn", "Source")


class ZoneFunctionAlias(Base):
    """Another spelling of a function code in the circular's annexes."""

    __tablename__ = "zone_function_alias"
    __table_args__ = ({"schema": "planning", "comment": "Các cách viết khác của mã chức năng"},)

    alias: Mapped[str] = column(Text, "Cách viết", "Alias", primary_key=True)
    code: Mapped[str] = column(Text, "Mã chức năng", "Function code")


class Plan(LayerRow, Base):
    """A plan (general, zoning, detailed); its status and legal period follow from its events."""

    __tablename__ = "plan"
    schema = "planning"
    comment = "Đồ án quy hoạch"
    layer_constraints = (
        one_of("plan_level", "general", "zoning", "detailed", "detailed_short"),
        one_of("plan_kind", "urban", "rural", "functional_zone", "underground", "infrastructure"),
        one_of("adjustment", "first", "overall", "partial"),
        one_of("status", *PLAN_STATUSES),
        rule("info_code ~ '^[0-9]{12}$'", "info_code_form", "phải gồm đúng 12 chữ số"),
    )

    info_code: Mapped[str | None] = column(Text, "Mã thông tin quy hoạch (12 số)", "maThongTinQH")
    name: Mapped[str] = column(Text, "Tên đồ án", "Name")
    name_en: Mapped[str | None] = column(Text, "Tên tiếng Anh", "English name")
    plan_level: Mapped[str] = column(Text, "Cấp: general, zoning, detailed, detailed_short", "Level")
    plan_kind: Mapped[str] = column(Text, "Loại quy hoạch", "Kind")
    adjustment: Mapped[str | None] = column(Text, "Điều chỉnh: first, overall, partial", "Adjustment")
    scale: Mapped[int | None] = column(Integer, "Mẫu số tỷ lệ bản đồ", "Denominator of the scale", band=SCALE)
    decision_no: Mapped[str | None] = column(Text, "Số quyết định phê duyệt", "Number of the approving decision")
    decided_on: Mapped[date | None] = column(Date, "Ngày quyết định", "Date of the decision")
    authority: Mapped[str | None] = column(Text, "Cơ quan phê duyệt", "Approving authority")
    status: Mapped[str] = column(Text, "Tình trạng pháp lý", "Legal status", server_default=text("'unknown'"))


class PlanEvent(Base):
    """Something that happened to a plan, for all or a part of its territory; applying it sets status and validity."""

    __tablename__ = "plan_event"
    __table_args__ = (
        one_of("kind", *EVENT_KINDS),
        Index("plan_event_key", "plan_code", "kind", "effective_on", unique=True),
        {"schema": "planning", "comment": "Sự kiện pháp lý của đồ án quy hoạch"},
    )

    id: Mapped[int] = column(BigInteger, "Mã số", "Id", Identity(), primary_key=True)
    plan_code: Mapped[str] = column(Text, "Mã hồ sơ quy hoạch", "Plan")
    kind: Mapped[str] = column(Text, "Loại sự kiện", "Kind")
    effective_on: Mapped[date] = column(Date, "Ngày có hiệu lực", "Effective date")
    decision_no: Mapped[str | None] = column(Text, "Số quyết định", "Decision")
    other_plan_code: Mapped[str | None] = column(Text, "Đồ án liên quan", "The other plan (replaced by, amended by)")
    note: Mapped[str | None] = column(Text, "Ghi chú", "Note")
    geom: Mapped[Any | None] = column(
        Geometry("MULTIPOLYGON", srid=4326, spatial_index=False), "Phần lãnh thổ (trống: toàn bộ)", "Part (empty: all)"
    )
    batch_id: Mapped[int] = column(BigInteger, "Lần ghi", "Write", server_default=text("ingest.current_batch()"))


class Zone(MeasuredArea, LayerRow, Base):
    """A zone of a plan with its function and parameters."""

    __tablename__ = "zone"
    schema = "planning"
    comment = "Ô quy hoạch, khu chức năng"
    exclusive_periods = False
    layer_constraints = (
        Index("zone_plan_code_idx", "plan_code"),
        rule("min_storeys <= max_storeys", "storeys_in_order", "số tầng tối thiểu không được lớn hơn số tầng tối đa"),
    )

    plan_code: Mapped[str] = column(Text, "Mã hồ sơ quy hoạch", "Plan")
    name: Mapped[str | None] = column(Text, "Tên ô", "Name")
    function_code: Mapped[str | None] = column(Text, "Mã chức năng", "Function code", codes=ZoneFunction)
    function_raw: Mapped[str | None] = column(Text, "Phân loại như trong hồ sơ", "Function as written")
    max_coverage_pct: Mapped[float | None] = column(
        Float, "Mật độ xây dựng tối đa (%)", "Maximum building coverage (%)", band=PERCENT
    )
    max_far: Mapped[float | None] = column(Float, "Hệ số sử dụng đất tối đa", "Maximum FAR", band=FAR)
    min_storeys: Mapped[int | None] = column(Integer, "Số tầng tối thiểu", "Minimum storeys", band=STOREYS)
    max_storeys: Mapped[int | None] = column(Integer, "Số tầng tối đa", "Maximum storeys", band=STOREYS)
    max_height_m: Mapped[float | None] = column(Float, "Chiều cao tối đa (m)", "Maximum height (m)", band=HEIGHT_M)
    population: Mapped[int | None] = column(Integer, "Dân số quy hoạch", "Planned population", band=PEOPLE)
    setback_m: Mapped[float | None] = column(Float, "Khoảng lùi (m)", "Setback (m)", band=SETBACK_M)
    note: Mapped[str | None] = column(Text, "Ghi chú", "Note")


class PlanningLine(LayerRow, Base):
    """A red line, building line or safety corridor: a line whose `side` (seen along its direction) is restricted."""

    __tablename__ = "planning_line"
    schema = "planning"
    comment = "Chỉ giới đường đỏ, chỉ giới xây dựng, hành lang an toàn"
    geometry_type = "MULTILINESTRING"
    exclusive_periods = False
    layer_constraints = (
        Index("planning_line_plan_code_idx", "plan_code"),
        Index("planning_line_wide_idx", "geom", postgresql_using="gist", postgresql_where=text("width_m > 100")),
        one_of("kind", "red_line", "building_line", "corridor"),
        one_of("side", "left", "right", "both"),
    )

    plan_code: Mapped[str] = column(Text, "Mã hồ sơ quy hoạch", "Plan")
    kind: Mapped[str] = column(Text, "Loại chỉ giới", "Kind")
    name: Mapped[str | None] = column(Text, "Tên đường, công trình", "Road or work")
    side: Mapped[str] = column(
        Text, "Phía bị giới hạn theo chiều vẽ: left, right, both", "Restricted side along the line's direction"
    )
    width_m: Mapped[float | None] = column(
        Float,
        "Bề rộng dải bị giới hạn tính từ đường (m)",
        "Width of the restricted strip from the line (m)",
        band=_STRIP_M,
    )
    note: Mapped[str | None] = column(Text, "Ghi chú", "Note")


class ThemeCoverage(LayerRow, Base):
    """Where a theme is known: full (complete), partial or none. Only `full` proves that a parcel is not affected."""

    __tablename__ = "theme_coverage"
    schema = "planning"
    comment = "Phạm vi đã có dữ liệu của từng chủ đề"
    exclusive_periods = False
    layer_constraints = (one_of("theme", *THEMES), one_of("extent", "full", "partial", "none"))

    theme: Mapped[str] = column(Text, "Chủ đề", "Theme")
    extent: Mapped[str] = column(Text, "Mức độ: full, partial, none", "Extent")
    plan_code: Mapped[str | None] = column(Text, "Mã hồ sơ quy hoạch", "Plan")
    reason: Mapped[str | None] = column(Text, "Lý do", "Reason")


class Document(Base):
    """A document of a plan: decision, drawing, report, rules."""

    __tablename__ = "document"
    __table_args__ = (
        one_of("kind", "decision", "drawing", "report", "rules"),
        Index("document_key", "plan_code", "kind", "title", unique=True),
        {"schema": "planning", "comment": "Tài liệu của đồ án quy hoạch"},
    )

    id: Mapped[int] = column(BigInteger, "Mã số", "Id", Identity(), primary_key=True)
    plan_code: Mapped[str] = column(Text, "Mã hồ sơ quy hoạch", "Plan")
    kind: Mapped[str] = column(Text, "Loại tài liệu", "Kind")
    title: Mapped[str] = column(Text, "Tên tài liệu", "Title")
    number: Mapped[str | None] = column(Text, "Số hiệu", "Number")
    issued_on: Mapped[date | None] = column(Date, "Ngày ban hành", "Date")
    url: Mapped[str | None] = column(Text, "Đường dẫn", "Link")
    batch_id: Mapped[int] = column(BigInteger, "Lần ghi", "Write", server_default=text("ingest.current_batch()"))


class PlanContent(Base):
    """How many rows of a theme the database holds of a plan: kept by triggers, so that a proof can be held against its content.

    A theme without a row was never present: nothing is known of it, which differs from a class that came with no row in it.
    """

    __tablename__ = "plan_content"
    __table_args__ = (
        one_of("theme", *THEMES),
        Index("plan_content_key", "plan_code", "theme", unique=True),
        {
            "schema": "planning",
            "comment": "Số đối tượng đang có của từng đồ án theo chủ đề",
            "info": {"kept_by_triggers": True},  # a rollback lets them count, too
        },
    )

    id: Mapped[int] = column(BigInteger, "Mã số", "Id", Identity(), primary_key=True)
    plan_code: Mapped[str] = column(Text, "Mã hồ sơ quy hoạch", "Plan")
    theme: Mapped[str] = column(Text, "Chủ đề", "Theme")
    row_count: Mapped[int] = column(BigInteger, "Số đối tượng", "Rows held", server_default=text("0"), band=COUNT)
    batch_id: Mapped[int] = column(BigInteger, "Lần ghi", "Write", server_default=text("ingest.current_batch()"))


class ContentGap(Base):
    """Ground on which content is missing: a row was removed, or could not be loaded. Nothing is proven there until it returns."""

    __tablename__ = "content_gap"
    __table_args__ = (
        one_of("theme", *THEMES),
        one_of("reason", *GAP_REASONS),
        rule("plan_code IS NOT NULL OR geom IS NOT NULL", "somewhere", "phải có đồ án hoặc phần đất"),
        Index("content_gap_geom_idx", "geom", postgresql_using="gist"),
        Index("content_gap_plan_code_idx", "plan_code"),
        Index("content_gap_row_idx", "table_name", "row_code"),
        {"schema": "planning", "comment": "Phần nội dung quy hoạch còn thiếu: đã bị gỡ hoặc chưa nạp được"},
    )

    id: Mapped[int] = column(BigInteger, "Mã số", "Id", Identity(), primary_key=True)
    reason: Mapped[str] = column(Text, "Lý do: removed, quarantined", "Reason")
    plan_code: Mapped[str | None] = column(Text, "Mã hồ sơ quy hoạch", "Plan")
    theme: Mapped[str | None] = column(Text, "Chủ đề (trống: mọi chủ đề)", "Theme (empty: all)")
    table_name: Mapped[str] = column(Text, "Bảng", "Table (schema.table)")
    row_code: Mapped[str | None] = column(Text, "Mã đối tượng", "Code of the row")
    valid_from: Mapped[date | None] = column(Date, "Có hiệu lực từ ngày", "In force from", band=UNBOUND)
    valid_to: Mapped[date | None] = column(Date, "Hết hiệu lực từ ngày", "In force until (exclusive)", band=UNBOUND)
    batch_id: Mapped[int] = column(BigInteger, "Lần ghi", "Write", server_default=text("ingest.current_batch()"))
    geom: Mapped[Any | None] = column(
        Geometry("MULTIPOLYGON", srid=4326, spatial_index=False),
        "Phần đất liên quan (trống: cả đồ án)",
        "Ground (empty: the whole plan)",
    )
