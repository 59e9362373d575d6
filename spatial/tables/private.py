"""Schema `private`: all personal data and all land that must not be shown. No grant to the public or to readers.

Law 91/2025/QH15 (personal data), Land Law 31/2024/QH15 art. 166.5, state secrets (facts section 9).
"""

from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import BigInteger, Identity, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from spatial.tables.base import Base, LayerRow, column
from spatial.tables.ingest import ChangeColumns
from spatial.tables.land import PARCEL_COLUMN_CHECKS, ParcelColumns


class ParcelOwner(Base):
    """Who holds a parcel, as the file says it; all personal columns of one row of the file."""

    __tablename__ = "parcel_owner"
    __table_args__ = (
        Index("parcel_owner_parcel_id_key", "parcel_id", unique=True),
        {"schema": "private", "comment": "Người sử dụng đất (dữ liệu cá nhân)"},
    )

    id: Mapped[int] = column(BigInteger, "Mã số", "Id", Identity(), primary_key=True)
    parcel_id: Mapped[int] = column(BigInteger, "Thửa đất", "Parcel (land.parcel or private.parcel_restricted)")
    owner_name: Mapped[str | None] = column(Text, "Tên người sử dụng đất", "Name")
    owner_address: Mapped[str | None] = column(Text, "Địa chỉ", "Address")
    owner_id_number: Mapped[str | None] = column(Text, "Số giấy tờ", "Number of an identity paper")
    other: Mapped[dict[str, Any] | None] = column(JSONB, "Các cột cá nhân khác", "Other personal columns")
    batch_id: Mapped[int] = column(BigInteger, "Lần ghi", "Write", server_default=text("ingest.current_batch()"))


class ParcelRestricted(ParcelColumns, LayerRow, Base):
    """A parcel of national defence or public security; nothing of the public side reads it, so nothing tells that it is there."""

    __tablename__ = "parcel_restricted"
    schema = "private"
    comment = "Thửa đất không được công bố"
    exclusive_periods = False
    layer_constraints = PARCEL_COLUMN_CHECKS


class PermitApplicant(Base):
    """Who applied for a permit."""

    __tablename__ = "permit_applicant"
    __table_args__ = (
        Index("permit_applicant_permit_id_key", "permit_id", unique=True),
        {"schema": "private", "comment": "Chủ đầu tư xin phép (dữ liệu cá nhân)"},
    )

    id: Mapped[int] = column(BigInteger, "Mã số", "Id", Identity(), primary_key=True)
    permit_id: Mapped[int] = column(BigInteger, "Giấy phép", "Permit")
    applicant_name: Mapped[str | None] = column(Text, "Tên", "Name")
    applicant_address: Mapped[str | None] = column(Text, "Địa chỉ", "Address")
    other: Mapped[dict[str, Any] | None] = column(JSONB, "Các cột cá nhân khác", "Other personal columns")
    batch_id: Mapped[int] = column(BigInteger, "Lần ghi", "Write", server_default=text("ingest.current_batch()"))


class QuarantineRow(Base):
    """A row that could not be loaded, as it came, of a layer whose files hold personal columns."""

    __tablename__ = "quarantine_row"
    __table_args__ = (
        Index("quarantine_row_batch_id_idx", "batch_id"),
        {"schema": "private", "comment": "Dòng chưa nạp được, nguyên văn"},
    )

    id: Mapped[int] = column(BigInteger, "Mã số", "Id", Identity(), primary_key=True)
    quarantine_id: Mapped[int] = column(BigInteger, "Dòng trong ingest.quarantine", "Row of ingest.quarantine")
    raw: Mapped[dict[str, Any]] = column(JSONB, "Nội dung nguyên văn", "The row as it came")
    geom: Mapped[Any | None] = column(
        Geometry("GEOMETRY", srid=-1, spatial_index=False), "Hình học nguyên bản (hệ tọa độ của tệp)", "Geometry as it came"
    )
    batch_id: Mapped[int] = column(BigInteger, "Lần ghi", "Write", server_default=text("ingest.current_batch()"))


class PrivateChange(ChangeColumns, Base):
    """One edit of a table of this schema."""

    __tablename__ = "change"
    __table_args__ = (
        Index("private_change_batch_id_idx", "batch_id"),
        {"schema": "private", "comment": "Nhật ký chỉnh sửa dữ liệu cá nhân"},
    )


class PrivateHistory(Base):
    """A superseded or deleted row of a table of this schema, as JSON; `history` holds no personal data."""

    __tablename__ = "history"
    __table_args__ = (
        Index("private_history_table_row_idx", "table_name", "row_id"),
        {"schema": "private", "comment": "Lịch sử dữ liệu cá nhân"},
    )

    id: Mapped[int] = column(BigInteger, "Mã số", "Id", Identity(), primary_key=True)
    table_name: Mapped[str] = column(Text, "Bảng", "Table")
    row_id: Mapped[int] = column(BigInteger, "Dòng", "Row")
    content: Mapped[dict[str, Any]] = column(JSONB, "Nội dung", "Content")
    batch_from: Mapped[int] = column(BigInteger, "Từ lần ghi", "From batch")
    batch_to: Mapped[int] = column(BigInteger, "Đến lần ghi", "To batch")
