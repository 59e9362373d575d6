"""Schema `admin`: units of every tier with their validity, how they became each other, urban areas, editors' territories."""

from datetime import date, datetime
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    Float,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    func,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped

from spatial.tables.bands import PEOPLE, UNIT_KM2, VERTICES, YEAR
from spatial.tables.base import Base, LayerRow, column, one_of, share


class Unit(LayerRow, Base):
    """A nation, region, province, commune, or a district of old, for one legal period (INSPIRE AU)."""

    __tablename__ = "unit"
    schema = "admin"
    comment = "Đơn vị hành chính và vùng, kèm thời gian hiệu lực"
    layer_constraints = (
        one_of("level", "nation", "region", "province", "district", "commune"),
        one_of("boundary_quality", "surveyed", "official", "generalised", "schematic"),
        Index(
            "unit_folded_idx",
            literal_column("admin.fold(name)").label("folded"),
            postgresql_using="gin",
            postgresql_ops={"folded": "gin_trgm_ops"},
        ),
    )

    level: Mapped[str] = column(Text, "Cấp: nation, region, province, district, commune", "Tier")
    kind: Mapped[str | None] = column(Text, "Loại: tỉnh, thành phố, phường, xã, đặc khu, vùng", "Kind of unit")
    name: Mapped[str] = column(Text, "Tên", "Name")
    name_en: Mapped[str | None] = column(Text, "Tên tiếng Anh", "English name")
    parent_code: Mapped[str | None] = column(Text, "Mã đơn vị cấp trên", "Code of the unit above")
    area_official_km2: Mapped[float | None] = column(Float, "Diện tích theo công bố (km²)", "Official area (km²)", band=UNIT_KM2)
    population_official: Mapped[int | None] = column(BigInteger, "Dân số theo công bố", "Official population", band=PEOPLE)
    population_year: Mapped[int | None] = column(Integer, "Năm của số dân", "Year of the population figure", band=YEAR)
    legal_document: Mapped[str | None] = column(Text, "Căn cứ pháp lý", "Legal document")
    boundary_quality: Mapped[str] = column(
        Text, "Chất lượng ranh giới: surveyed, official, generalised, schematic", "Quality of the boundary",
        server_default=text("'official'"),
    )  # fmt: skip


class UnitChange(Base):
    """One edge of how units became each other: merge, split, transfer, rename (n:m)."""

    __tablename__ = "unit_change"
    __table_args__ = (
        UniqueConstraint("level", "from_code", "to_code", "changed_on"),
        one_of("kind", "merge", "split", "transfer", "rename"),
        *share("area_share", "population_share"),
        {"schema": "admin", "comment": "Biến động đơn vị hành chính: sáp nhập, chia tách, điều chỉnh, đổi tên"},
    )

    id: Mapped[int] = column(BigInteger, "Mã số", "Id", Identity(), primary_key=True)
    level: Mapped[str] = column(Text, "Cấp", "Tier")
    kind: Mapped[str] = column(Text, "Loại biến động", "Kind of change")
    from_code: Mapped[str] = column(Text, "Mã trước", "Code before")
    from_name: Mapped[str | None] = column(Text, "Tên trước", "Name before")
    to_code: Mapped[str] = column(Text, "Mã sau", "Code after")
    changed_on: Mapped[date] = column(Date, "Ngày có hiệu lực", "Effective date")
    area_share: Mapped[float | None] = column(
        Float, "Phần diện tích của đơn vị cũ (0-1)", "Share of the old unit's area that moved (0-1)"
    )
    population_share: Mapped[float | None] = column(
        Float, "Phần dân số của đơn vị cũ (0-1)", "Share of the old unit's people that moved (0-1)"
    )
    legal_document: Mapped[str | None] = column(Text, "Căn cứ pháp lý", "Legal document")
    batch_id: Mapped[int] = column(BigInteger, "Lần ghi", "Write", server_default=text("ingest.current_batch()"))


class UrbanArea(LayerRow, Base):
    """An urban area: class and kind, the chain it belongs to (a new urban area lies below a city)."""

    __tablename__ = "urban_area"
    schema = "admin"
    comment = "Đô thị và khu đô thị"
    layer_constraints = (
        one_of("urban_class", "special", "I", "II", "III", "IV", "V"),
        one_of("kind", "city", "town", "new_urban_area"),
    )

    name: Mapped[str] = column(Text, "Tên đô thị", "Name")
    name_en: Mapped[str | None] = column(Text, "Tên tiếng Anh", "English name")
    kind: Mapped[str] = column(Text, "Loại: city, town, new_urban_area", "Kind")
    urban_class: Mapped[str | None] = column(Text, "Loại đô thị: special, I, II, III (IV, V trước 2026)", "Urban class")
    parent_code: Mapped[str | None] = column(Text, "Đô thị cấp trên", "Urban area above")
    legal_document: Mapped[str | None] = column(Text, "Căn cứ pháp lý", "Legal document")


class UrbanAreaCommune(Base):
    """Which communes make up an urban area, with validity."""

    __tablename__ = "urban_area_commune"
    __table_args__ = (
        ExcludeConstraint(
            (text("urban_area_code"), "="),
            (text("commune_code"), "="),
            (text("daterange(valid_from, valid_to)"), "&&"),
            name="urban_area_commune_period_excl",
            using="gist",
        ),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="period_in_order"),
        {"schema": "admin", "comment": "Các xã, phường thuộc đô thị"},
    )

    id: Mapped[int] = column(BigInteger, "Mã số", "Id", Identity(), primary_key=True)
    urban_area_code: Mapped[str] = column(Text, "Mã đô thị", "Urban area")
    commune_code: Mapped[str] = column(String(5), "Mã xã, phường", "Commune")
    valid_from: Mapped[date] = column(Date, "Có hiệu lực từ ngày", "In force from", server_default=text("admin.today_vn()"))
    valid_to: Mapped[date | None] = column(Date, "Hết hiệu lực từ ngày", "In force until")
    batch_id: Mapped[int] = column(BigInteger, "Lần ghi", "Write", server_default=text("ingest.current_batch()"))


class ProvinceZone(Base):
    """A VN-2000 zone in which files of a province may come; several per province after the mergers of 2025."""

    __tablename__ = "province_zone"
    __table_args__ = ({"schema": "admin", "comment": "Múi chiếu VN-2000 của từng tỉnh (theo các tỉnh cũ)"},)

    province_code: Mapped[str] = column(String(2), "Mã tỉnh hiện nay", "Province of today", primary_key=True)
    former_province_code: Mapped[str] = column(String(2), "Mã tỉnh cũ", "Former province", primary_key=True)
    former_province_name: Mapped[str] = column(Text, "Tên tỉnh cũ", "Name of the former province")
    srid: Mapped[int] = column(Integer, "EPSG của múi chiếu", "EPSG code of the zone")
    doubt: Mapped[str | None] = column(Text, "Điều còn nghi ngờ", "Doubt")


class EditorTerritory(Base):
    """Where an editor's login may write: one row for each unit."""

    __tablename__ = "editor_territory"
    __table_args__ = (
        one_of("level", "province", "commune"),
        {"schema": "admin", "comment": "Địa bàn được phép chỉnh sửa của từng tài khoản"},
    )

    login: Mapped[str] = column(Text, "Tên đăng nhập", "Login", primary_key=True)
    unit_code: Mapped[str] = column(Text, "Mã đơn vị", "Unit code", primary_key=True)
    level: Mapped[str] = column(Text, "Cấp", "Tier")
    frozen_at: Mapped[datetime] = column(
        DateTime(timezone=True), "Thời điểm chốt ranh giới", "When its outline was taken", server_default=func.now()
    )
    frozen_by: Mapped[str] = column(Text, "Người chốt ranh giới", "Who took its outline", server_default=text("SESSION_USER"))


class TerritoryOutline(Base):
    """The ground of a territory as it was granted, or renewed since; kept by a trigger on `editor_territory`."""

    __tablename__ = "territory_outline"
    __table_args__ = (
        ForeignKeyConstraint(
            ["login", "unit_code"], ["admin.editor_territory.login", "admin.editor_territory.unit_code"], ondelete="CASCADE"
        ),
        Index("territory_outline_ground_idx", "login", "geom", postgresql_using="gist"),
        {"schema": "admin", "comment": "Ranh giới địa bàn đã chốt khi giao"},
    )

    login: Mapped[str] = column(Text, "Tên đăng nhập", "Login", primary_key=True)
    unit_code: Mapped[str] = column(Text, "Mã đơn vị được giao", "Unit that was granted", primary_key=True)
    part_code: Mapped[str] = column(
        Text, "Mã đơn vị có ranh giới này: chính nó, hoặc xã của tỉnh được giao",
        "Unit whose outline it is: the granted one, or a commune of the granted province", primary_key=True,
    )  # fmt: skip
    geom: Mapped[Any] = column(
        Geometry("MULTIPOLYGON", srid=4326, spatial_index=False), "Hình học, WGS 84 (EPSG:4326)", "Geometry, WGS 84 (EPSG:4326)",
        nullable=False,
    )  # fmt: skip


class ColumnRule(Base):
    """What a layer's declaration says of a column, for the trigger that checks edits; written by `publish_layers`."""

    __tablename__ = "column_rule"
    __table_args__ = ({"schema": "admin", "comment": "Quy tắc của cột theo khai báo của lớp dữ liệu"},)

    table_name: Mapped[str] = column(Text, "Bảng", "Table (schema.table)", primary_key=True)
    column_name: Mapped[str] = column(Text, "Cột", "Column", primary_key=True)
    code_table: Mapped[str | None] = column(Text, "Danh mục mã của cột", "Code table (schema.table) of the column")
    is_derived: Mapped[bool] = column(Boolean, "Do hệ thống tính", "Computed by the database")


class VertexLimit(Base):
    """How many corners a row of a layer may have; an administrator may raise it, a layer without a row has no limit."""

    __tablename__ = "vertex_limit"
    __table_args__ = ({"schema": "admin", "comment": "Số đỉnh tối đa của một đối tượng theo lớp dữ liệu"},)

    table_name: Mapped[str] = column(Text, "Bảng", "Table (schema.table)", primary_key=True)
    most_vertices: Mapped[int] = column(Integer, "Số đỉnh tối đa", "Most vertices of a row", band=VERTICES)


class CountryEnvelope(Base):
    """The area beyond which a point is certainly not in Vietnam; inside it near a schematic boundary nothing is certain."""

    __tablename__ = "country_envelope"
    __table_args__ = (
        CheckConstraint("id = 1", name="single_row"),
        {"schema": "admin", "comment": "Phạm vi ngoài cùng của lãnh thổ dùng để từ chối điểm ở ngoài"},
    )

    id: Mapped[int] = column(Integer, "Mã số", "Id", primary_key=True, autoincrement=False)
    geom: Mapped[Any] = column(Geometry("POLYGON", srid=4326, spatial_index=False), "Hình học", "Geometry", nullable=False)
    has_precise_boundary: Mapped[bool] = column(Boolean, "Ranh giới chính xác", "Precise", server_default=text("false"))


class UnitCode(Base):
    """The register of codes: nation, regions, provinces, of today and before July 2025, with or without a boundary loaded."""

    __tablename__ = "unit_code"
    __table_args__ = (
        one_of("level", "nation", "region", "province"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="period_in_order"),
        {"schema": "admin", "comment": "Danh mục mã cả nước, vùng, tỉnh qua các thời kỳ"},
    )

    code: Mapped[str] = column(Text, "Mã", "Code", primary_key=True)
    valid_from: Mapped[date] = column(Date, "Có hiệu lực từ ngày", "In force from", primary_key=True)
    valid_to: Mapped[date | None] = column(Date, "Hết hiệu lực từ ngày", "In force until")
    level: Mapped[str] = column(Text, "Cấp", "Tier")
    kind: Mapped[str | None] = column(Text, "Loại", "Kind")
    name: Mapped[str] = column(Text, "Tên", "Name")
    name_en: Mapped[str | None] = column(Text, "Tên tiếng Anh", "English name")
    parent_code: Mapped[str | None] = column(Text, "Mã đơn vị cấp trên", "Code of the unit above")
    successor_code: Mapped[str | None] = column(Text, "Mã sau sáp nhập", "Code after the merger")
    area_official_km2: Mapped[float | None] = column(Float, "Diện tích công bố (km²)", "Official area (km²)", band=UNIT_KM2)
    population_official: Mapped[int | None] = column(BigInteger, "Dân số công bố", "Official population", band=PEOPLE)
    source: Mapped[str | None] = column(Text, "Nguồn, độ tin cậy", "Source and how sure")
