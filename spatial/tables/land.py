"""Schema `land`: parcels, their uses and lineage, addresses, land-use codes (LADM LA_SpatialUnit, INSPIRE CP)."""

from datetime import date

from sqlalchemy import BigInteger, Boolean, Computed, Date, Float, Identity, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped

from spatial.tables.bands import PARCEL_M2, SRID
from spatial.tables.base import Base, LayerRow, column, one_of, rule


class LandUse(Base):
    """A land-use code of one of the three lists in use since 2007, with its successor and the map colour."""

    __tablename__ = "land_use"
    __table_args__ = (
        one_of("land_group", "agricultural", "non_agricultural", "unused", "coastal", "indicator"),
        {"schema": "land", "comment": "Danh mục mã loại đất"},
    )

    code: Mapped[str] = column(Text, "Mã loại đất", "Land-use code", primary_key=True)
    name: Mapped[str] = column(Text, "Tên loại đất", "Name")
    name_en: Mapped[str] = column(Text, "Tên tiếng Anh", "English name")
    land_group: Mapped[str] = column(Text, "Nhóm đất", "Group")
    parent_code: Mapped[str | None] = column(Text, "Mã cấp trên", "Code above")
    in_force: Mapped[bool] = column(Boolean, "Có trong danh mục hiện hành", "In the list in force")
    successor_code: Mapped[str | None] = column(Text, "Mã thay thế", "Successor")
    successor_doubtful: Mapped[bool] = column(Boolean, "Mã thay thế chưa chắc chắn", "Successor is doubtful")
    is_restricted: Mapped[bool] = column(
        Boolean, "Không được công bố (quốc phòng, an ninh)", "Must not be published (defence, public security)"
    )
    map_color: Mapped[str | None] = column(String(7), "Màu bản đồ hiện trạng", "Colour of the status map")
    source: Mapped[str | None] = column(Text, "Nguồn", "Source")
    note: Mapped[str | None] = column(Text, "Ghi chú", "Note")


PARCEL_COLUMN_CHECKS = (
    rule("national_id ~ '^[0-9]{12}$'", "national_id_form", "phải gồm đúng 12 chữ số"),
    rule("commune_code IS NOT NULL AND province_code IS NOT NULL", "units_known", "phải nhập mã xã, phường, đặc khu"),
    rule(
        "code = commune_code || '.' || former_commune_code || '.' || map_sheet || '.' || parcel_no",
        "code_composed",
        "mã thửa phải gồm mã xã, mã xã đã lập bản đồ, số tờ và số thửa, nối bằng dấu chấm",
    ),
)


class ParcelColumns:
    """What a parcel is, whether it may be shown (`land.parcel`) or not (`private.parcel_restricted`)."""

    national_id: Mapped[str | None] = column(String(12), "Mã định danh thửa đất quốc gia (12 số)", "National parcel identifier")
    former_commune_code: Mapped[str] = column(
        Text, "Mã xã đã lập bản đồ (trước sáp nhập)", "Commune that numbered the sheet (before mergers)", filled=True
    )
    map_sheet: Mapped[str] = column(Text, "Số hiệu tờ bản đồ", "Map sheet")
    parcel_no: Mapped[str] = column(Text, "Số thứ tự thửa", "Parcel number")
    land_use_raw: Mapped[str | None] = column(Text, "Loại đất như trong tệp gốc", "Land use as written in the file")
    land_use_code: Mapped[str | None] = column(
        Text, "Mã loại đất chính (đã chuẩn hóa)", "Principal land-use code, normalised", codes=LandUse
    )
    area_m2: Mapped[float] = column(Float, "Diện tích tính trên bản đồ (m²)", "Computed area (m²)", derived=True, band=PARCEL_M2)
    area_srid: Mapped[int] = column(
        Integer, "EPSG của phép chiếu tính diện tích (4326: trên elipxoit)",
        "EPSG code the area was computed in (4326: on the ellipsoid)", derived=True, band=SRID,
    )  # fmt: skip
    area_stated_m2: Mapped[float | None] = column(
        Float, "Diện tích ghi trong tệp (m²)", "Area stated in the file (m²)", band=PARCEL_M2
    )
    area_official_m2: Mapped[float | None] = column(Float, "Diện tích pháp lý (m²)", "Legal area (m²)", band=PARCEL_M2)
    address: Mapped[str | None] = column(Text, "Địa chỉ thửa đất", "Address of the parcel (never the owner's)")


class Parcel(ParcelColumns, LayerRow, Base):
    """A parcel for one legal period."""

    __tablename__ = "parcel"
    schema = "land"
    comment = "Thửa đất"
    exclusive_periods = False
    layer_constraints = (
        *PARCEL_COLUMN_CHECKS,
        Index("parcel_sheet_idx", "map_sheet", "parcel_no", "commune_code"),
        Index("parcel_national_id_idx", "national_id", postgresql_where=text("national_id IS NOT NULL")),
    )

    code: Mapped[str] = column(
        Text, "Mã công khai, ổn định: xã.xã lập bản đồ.tờ.thửa", "Public natural key: commune.former commune.sheet.number",
        sort_order=-9, derived=True,
    )  # fmt: skip


class ParcelUse(Base):
    """One of several uses of a parcel; a parcel with a single use has none here, its row says all."""

    __tablename__ = "parcel_use"
    __table_args__ = (
        Index("parcel_use_parcel_id_seq_key", "parcel_id", "seq", unique=True),
        Index("parcel_use_commune_code_idx", "commune_code"),
        {"schema": "land", "comment": "Các mục đích sử dụng của thửa đất có nhiều mục đích"},
    )

    id: Mapped[int] = column(BigInteger, "Mã số", "Id", Identity(), primary_key=True)
    parcel_id: Mapped[int] = column(BigInteger, "Thửa đất", "Parcel")
    seq: Mapped[int] = column(Integer, "Thứ tự", "Order")
    scheme: Mapped[str | None] = column(Text, "Bộ mã của tệp gốc", "Scheme of the raw code")
    raw: Mapped[str] = column(Text, "Nguyên văn", "As written")
    code: Mapped[str | None] = column(Text, "Mã loại đất chuẩn hóa", "Normalised code")
    area_m2: Mapped[float | None] = column(Float, "Diện tích (m²)", "Area (m²)", band=PARCEL_M2)
    commune_code: Mapped[str | None] = column(String(5), "Mã xã", "Commune")
    batch_id: Mapped[int] = column(BigInteger, "Lần ghi", "Write", server_default=text("ingest.current_batch()"))


class ParcelLineage(Base):
    """One edge of how parcels became each other."""

    __tablename__ = "parcel_lineage"
    __table_args__ = (
        one_of("kind", "split", "merged", "renumbered"),
        Index("parcel_lineage_from_code_idx", "from_code"),
        Index("parcel_lineage_to_code_idx", "to_code"),
        {"schema": "land", "comment": "Biến động thửa đất: tách, hợp, đánh số lại"},
    )

    id: Mapped[int] = column(BigInteger, "Mã số", "Id", Identity(), primary_key=True)
    kind: Mapped[str] = column(Text, "Loại biến động", "Kind")
    from_code: Mapped[str] = column(Text, "Thửa trước", "Parcel before")
    to_code: Mapped[str] = column(Text, "Thửa sau", "Parcel after")
    changed_on: Mapped[date | None] = column(Date, "Ngày biến động", "Date")
    batch_id: Mapped[int] = column(BigInteger, "Lần ghi", "Write", server_default=text("ingest.current_batch()"))


class Address(LayerRow, Base):
    """An address point, searchable by folded text (no tones, lower case)."""

    __tablename__ = "address"
    schema = "land"
    comment = "Địa chỉ"
    geometry_type = "POINT"
    exclusive_periods = False
    layer_constraints = (
        Index("address_folded_idx", "folded", postgresql_using="gin", postgresql_ops={"folded": "gin_trgm_ops"}),
    )

    address: Mapped[str] = column(Text, "Địa chỉ", "Address")
    house_number: Mapped[str | None] = column(Text, "Số nhà", "House number")
    street: Mapped[str | None] = column(Text, "Đường, phố, thôn", "Street or hamlet")
    folded: Mapped[str] = column(
        Text, "Địa chỉ bỏ dấu để tìm kiếm", "Folded text for search", Computed("admin.fold(address)", persisted=True)
    )
    parcel_code: Mapped[str | None] = column(Text, "Thửa đất", "Parcel")
