"""Schemas `ingest` and `audit`: sources, batches (every writing transaction has one), issues, quarantine, edits."""

from datetime import datetime
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import BigInteger, Boolean, DateTime, Float, Identity, Index, Integer, String, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from spatial.tables.bands import CYCLE_DAYS
from spatial.tables.base import Base, column, one_of

BATCH_KINDS = ("load", "edit", "api", "rollback", "migration")
DOOR_VI, DOOR_EN = (
    "Cửa vào: vai trò của tài khoản (tên ứng dụng tự khai)",
    "Door: role of the login (application as it calls itself)",
)


class Source(Base):
    """Where data come from: steward, approving tier, licence, update cycle (PROV, so that staleness shows)."""

    __tablename__ = "source"
    __table_args__ = (
        one_of("approving_tier", "nation", "province", "commune"),
        {"schema": "ingest", "comment": "Nguồn dữ liệu"},
    )

    code: Mapped[str] = column(Text, "Mã nguồn", "Code", primary_key=True)
    name: Mapped[str] = column(Text, "Tên nguồn", "Name")
    name_en: Mapped[str | None] = column(Text, "Tên tiếng Anh", "English name")
    steward: Mapped[str | None] = column(Text, "Đơn vị quản lý", "Steward")
    approving_tier: Mapped[str | None] = column(Text, "Cấp phê duyệt", "Approving tier")
    licence: Mapped[str | None] = column(Text, "Giấy phép sử dụng", "Licence")
    update_cycle_days: Mapped[int | None] = column(Integer, "Chu kỳ cập nhật (ngày)", "Update cycle (days)", band=CYCLE_DAYS)
    is_sample: Mapped[bool] = column(Boolean, "Dữ liệu mẫu", "Sample data", server_default=text("false"))
    note: Mapped[str | None] = column(Text, "Ghi chú", "Note")


class Batch(Base):
    """One writing transaction; `data_version` and `committed_at` are given at commit, in the order of commits."""

    __tablename__ = "batch"
    __table_args__ = (
        one_of("kind", *BATCH_KINDS),
        Index("batch_data_version_key", "data_version", unique=True),
        Index("batch_committed_at_idx", "committed_at"),
        Index("batch_layer_file_sha256_idx", "layer", "file_sha256"),
        {"schema": "ingest", "comment": "Mỗi lần ghi dữ liệu"},
    )

    id: Mapped[int] = column(BigInteger, "Mã số", "Id", Identity(), primary_key=True)
    kind: Mapped[str] = column(Text, "Loại: load, edit, api, rollback, migration", "Kind")
    xid: Mapped[str] = column(Text, "Giao dịch", "Transaction", server_default=text("pg_current_xact_id()::text"))
    login: Mapped[str] = column(Text, "Tài khoản", "Login", server_default=text("session_user"))
    actor: Mapped[str | None] = column(Text, "Người dùng của API", "User of the API")
    door: Mapped[str | None] = column(Text, DOOR_VI, DOOR_EN)
    opened_at: Mapped[datetime] = column(
        DateTime(timezone=True), "Bắt đầu", "Opened at", server_default=text("clock_timestamp()")
    )
    data_version: Mapped[int | None] = column(BigInteger, "Phiên bản dữ liệu", "Data version")
    committed_at: Mapped[datetime | None] = column(DateTime(timezone=True), "Hoàn tất", "Committed at")
    layer: Mapped[str | None] = column(Text, "Lớp dữ liệu", "Layer")
    source_code: Mapped[str | None] = column(Text, "Nguồn", "Source")
    file_name: Mapped[str | None] = column(Text, "Tên tệp", "File name")
    file_sha256: Mapped[str | None] = column(String(64), "Mã băm của tệp", "Hash of the file")
    crs: Mapped[str | None] = column(Text, "Hệ tọa độ của tệp", "CRS of the file")
    encoding: Mapped[dict[str, Any] | None] = column(JSONB, "Bảng mã theo cột", "Encoding by column")
    options: Mapped[dict[str, Any] | None] = column(JSONB, "Tùy chọn", "Options")
    rows_in: Mapped[int | None] = column(BigInteger, "Số dòng đọc", "Rows in")
    added: Mapped[int | None] = column(BigInteger, "Thêm mới", "Added")
    changed: Mapped[int | None] = column(BigInteger, "Thay đổi", "Changed")
    unchanged: Mapped[int | None] = column(BigInteger, "Không đổi", "Unchanged")
    ended: Mapped[int | None] = column(BigInteger, "Kết thúc hiệu lực", "Ended")
    quarantined: Mapped[int | None] = column(BigInteger, "Cách ly", "Quarantined")
    repaired: Mapped[int | None] = column(BigInteger, "Đã sửa hình học", "Repaired")
    seconds: Mapped[float | None] = column(Float, "Thời gian (giây)", "Seconds")
    issues: Mapped[dict[str, Any] | None] = column(JSONB, "Số lỗi theo mã", "Issues by code")
    reverts_batch_id: Mapped[int | None] = column(BigInteger, "Hoàn tác lần ghi", "Reverts the batch")


class BatchTable(Base):
    """A table that a batch wrote to."""

    __tablename__ = "batch_table"
    __table_args__ = ({"schema": "ingest", "comment": "Các bảng mà một lần ghi đã thay đổi"},)

    batch_id: Mapped[int] = column(BigInteger, "Lần ghi", "Batch", primary_key=True, autoincrement=False)
    table_name: Mapped[str] = column(Text, "Bảng", "Table (schema.table)", primary_key=True)


class LayerVersion(Base):
    """The data version at which a table last changed: what ETags and tile caches compare."""

    __tablename__ = "layer_version"
    __table_args__ = ({"schema": "ingest", "comment": "Phiên bản mới nhất của từng bảng"},)

    table_name: Mapped[str] = column(Text, "Bảng", "Table (schema.table)", primary_key=True)
    data_version: Mapped[int] = column(BigInteger, "Phiên bản dữ liệu", "Data version")
    changed_at: Mapped[datetime] = column(DateTime(timezone=True), "Thời điểm", "At")


VERSION_TURN = Table(
    "version_turn", Base.metadata, schema="ingest", comment="Lượt cấp phiên bản dữ liệu: luôn trống, chỉ để khóa"
)
"""Empty, and granted to nobody: each commit locks it while it is given its version (`ingest.take_version_turn`)."""


class LoadTurn(Base):
    """What one load at a time may write: a row is locked while it does (`ingest.take_load_turn`); granted to nobody."""

    __tablename__ = "load_turn"
    __table_args__ = ({"schema": "ingest", "comment": "Lượt nạp của từng bảng: mỗi dòng chỉ để khóa"},)

    table_name: Mapped[str] = column(Text, "Bảng", "Table (schema.table)", primary_key=True)
    scope: Mapped[str] = column(Text, "Phần của bảng (trống: cả bảng)", "Part of the table (empty: all of it)", primary_key=True)


class DroppedIndex(Base):
    """An index that a first load does without until its rows are in (`ingest.drop_indexes`); empty between transactions."""

    __tablename__ = "dropped_index"
    __table_args__ = ({"schema": "ingest", "comment": "Chỉ mục tạm bỏ trong lần nạp đầu: trống khi không có lần nạp nào"},)

    table_name: Mapped[str] = column(Text, "Bảng", "Table (schema.table)", primary_key=True)
    definition: Mapped[str] = column(Text, "Câu lệnh tạo lại", "Statement that builds it", primary_key=True)


class Issue(Base):
    """Something noticed about a file or a row of it; never holds a personal value."""

    __tablename__ = "issue"
    __table_args__ = (
        one_of("severity", "error", "warning", "info"),
        Index("issue_batch_id_idx", "batch_id"),
        {"schema": "ingest", "comment": "Vấn đề phát hiện khi nạp dữ liệu (ISO 19157)"},
    )

    id: Mapped[int] = column(BigInteger, "Mã số", "Id", Identity(), primary_key=True)
    batch_id: Mapped[int] = column(BigInteger, "Lần ghi", "Batch")
    row_no: Mapped[int | None] = column(BigInteger, "Số dòng trong tệp (từ 1)", "Row of the file (from 1)")
    severity: Mapped[str] = column(Text, "Mức độ", "Severity")
    code: Mapped[str] = column(Text, "Mã vấn đề", "Code")
    column_name: Mapped[str | None] = column(Text, "Cột", "Column")
    value: Mapped[str | None] = column(Text, "Giá trị (không cá nhân)", "Value (not personal)")
    message: Mapped[str] = column(Text, "Nội dung", "Message")
    geom: Mapped[Any | None] = column(Geometry("POINT", srid=4326, spatial_index=False), "Vị trí", "Where")


class Quarantine(Base):
    """A row that could not be loaded, with its reasons; personal columns and the raw row are in `private.quarantine_row`."""

    __tablename__ = "quarantine"
    __table_args__ = (
        Index("quarantine_batch_id_idx", "batch_id"),
        {"schema": "ingest", "comment": "Dòng chưa nạp được và lý do"},
    )

    id: Mapped[int] = column(BigInteger, "Mã số", "Id", Identity(), primary_key=True)
    batch_id: Mapped[int] = column(BigInteger, "Lần ghi", "Batch", server_default=text("ingest.current_batch()"))
    layer: Mapped[str] = column(Text, "Lớp dữ liệu", "Layer")
    row_no: Mapped[int] = column(BigInteger, "Số dòng trong tệp (từ 1)", "Row of the file (from 1)")
    reasons: Mapped[list[str]] = column(JSONB, "Các mã lý do", "Codes of the reasons")
    public_values: Mapped[dict[str, Any]] = column(JSONB, "Các cột không cá nhân", "Columns that are not personal")


class ChangeColumns:
    """What one edit was: who, when, through which door, the row before and after."""

    id: Mapped[int] = column(BigInteger, "Mã số", "Id", Identity(), primary_key=True)
    changed_at: Mapped[datetime] = column(DateTime(timezone=True), "Thời điểm", "At", server_default=text("clock_timestamp()"))
    batch_id: Mapped[int] = column(BigInteger, "Lần ghi", "Batch")
    login: Mapped[str] = column(Text, "Tài khoản", "Who", server_default=text("session_user"))
    actor: Mapped[str | None] = column(Text, "Người dùng của API", "User of the API")
    door: Mapped[str | None] = column(Text, DOOR_VI, DOOR_EN)
    table_name: Mapped[str] = column(Text, "Bảng", "Table")
    row_id: Mapped[int | None] = column(BigInteger, "Dòng", "Row")
    operation: Mapped[str] = column(Text, "Thao tác", "Operation")
    before: Mapped[dict[str, Any] | None] = column(JSONB, "Trước", "Before")
    after: Mapped[dict[str, Any] | None] = column(JSONB, "Sau", "After")


class Change(ChangeColumns, Base):
    """One edit made through QGIS, the API or psql (loads are audited by their batch and the history)."""

    __tablename__ = "change"
    __table_args__ = (
        Index("change_batch_id_idx", "batch_id"),
        Index("change_table_name_row_id_idx", "table_name", "row_id"),
        {"schema": "audit", "comment": "Nhật ký chỉnh sửa"},
    )


class Administration(Base):
    """Something done to a person's login or territory; written by the functions of `admin` and a trigger."""

    __tablename__ = "administration"
    __table_args__ = (
        Index("administration_subject_idx", "subject"),
        {"schema": "audit", "comment": "Nhật ký quản trị: tài khoản và địa bàn"},
    )

    id: Mapped[int] = column(BigInteger, "Mã số", "Id", Identity(), primary_key=True)
    changed_at: Mapped[datetime] = column(DateTime(timezone=True), "Thời điểm", "At", server_default=text("clock_timestamp()"))
    login: Mapped[str] = column(Text, "Người thực hiện", "Who", server_default=text("session_user"))
    operation: Mapped[str] = column(Text, "Thao tác", "Operation")
    subject: Mapped[str] = column(Text, "Tài khoản bị tác động", "The login concerned")
    detail: Mapped[dict[str, Any] | None] = column(JSONB, "Chi tiết", "Details")
