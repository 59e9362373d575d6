"""What every table shares: the metadata, the columns of a layer row and their constraints. Knows no single table."""

import re
from datetime import date
from typing import Any, ClassVar

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    Float,
    Identity,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column
from sqlalchemy.sql.schema import SchemaItem

from spatial.tables.bands import AREA_M2, DAYS, SRID, Band

NAMING = {
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "fk": "%(table_name)s_%(column_0_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}


class Base(DeclarativeBase):
    """Root of all models; `Base.metadata` is what the migrated database must equal."""

    metadata = MetaData(naming_convention=NAMING)


UNBOUND = Band(0, 0, "a copy of what another table bounds: what is there must remain writable")
"""Of a date that a trigger copies: a bound would keep the row that it comes from from being mended."""


def column(
    kind: Any,
    vi: str,
    en: str,
    *args: Any,
    codes: type[DeclarativeBase] | None = None,
    derived: bool = False,
    filled: bool = False,
    band: Band[Any] | None = None,
    **options: Any,
) -> Any:
    """Declare a column with its Vietnamese comment (shown by QGIS) and its English title (`info["en"]`).

    Args:
        kind: its type.
        vi: comment.
        en: title.
        args: passed on, as `options`.
        codes: the code table (`code`, `name`) whose codes the column holds; editors can write no other.
        derived: whether the database computes it from the rest of the row; nobody writes it.
        filled: whether the database finds it where an editor leaves it empty, so that her form need not ask for it.
        band: what its values can be at all; of dates `DAYS`, unless it is `UNBOUND`. The table makes a rule of it.
        options: passed on.
    """
    band = band or (DAYS if kind is Date else None)
    facts = {"en": en, "codes": codes, "derived": derived, "filled": filled or derived, "band": band is not UNBOUND and band}
    return mapped_column(kind, *args, comment=vi, info={name: fact for name, fact in facts.items() if fact}, **options)


def rule(condition: str, name: str, vi: str) -> CheckConstraint:
    """Constrain a row; `vi` ends the sentence with which an editor is refused: "Số tầng tối thiểu ..." + "không được âm"."""
    constraint = CheckConstraint(condition, name=name)
    constraint.comment = vi
    return constraint


@event.listens_for(Table, "after_parent_attach")
def _bound_columns(table: Table, _: MetaData) -> None:
    """Give a table a rule for each column that has a band."""
    for one in table.columns:
        if band := one.info.get("band"):
            bounds = rule(band.condition(one.name), f"{one.name}_plausible", band.sentence)
            bounds.info["column"] = one.name
            table.append_constraint(bounds)


def table_of(model: type[Any]) -> Table:
    """Give the table of a mapped class, with its schema."""
    table = model.__table__
    assert isinstance(table, Table)
    return table


def one_of(column_name: str, *words: str) -> CheckConstraint:
    """Constrain a text column to a closed list of words."""
    if not all(re.fullmatch(r"[A-Za-z0-9_ .-]+", word) for word in words):
        raise ValueError(f"Words of a closed list are plain identifiers, got {words}.")
    listing = ", ".join(f"'{word}'" for word in words)
    return rule(f"{column_name} IN ({listing})", f"{column_name}_known", f"chỉ nhận một trong: {', '.join(words)}")


def share(*column_names: str) -> list[CheckConstraint]:
    """Constrain columns to 0-1."""
    return [rule(f"{name} BETWEEN 0 AND 1", f"{name}_share", "phải từ 0 đến 1") for name in column_names]


class LayerRow:
    """The columns of every published layer: identity, unit of today, legal time, the write that made the row, geometry.

    Class attributes:
        geometry_type: OGC type of `geom`; storage is EPSG:4326, longitude first.
        exclusive_periods: whether EXCLUDE keeps legal periods of one code apart (small tables) or a unique
            (code, valid_from) with a set-based check at publishing does (large ones).
        layer_constraints: further constraints and indexes of the table.
    """

    __tablename__: str
    geometry_type: ClassVar[str] = "MULTIPOLYGON"
    exclusive_periods: ClassVar[bool] = True
    layer_constraints: ClassVar[tuple[SchemaItem, ...]] = ()
    schema: ClassVar[str]
    comment: ClassVar[str]

    id: Mapped[int] = column(
        BigInteger, "Mã số nội bộ, không bao giờ dùng lại", "Internal id, never used again", Identity(), primary_key=True,
        sort_order=-10,
    )  # fmt: skip
    code: Mapped[str] = column(Text, "Mã công khai, ổn định", "Public natural key", sort_order=-9)
    province_code: Mapped[str | None] = column(String(2), "Mã tỉnh, thành phố hiện nay", "Province code of today", sort_order=80)
    commune_code: Mapped[str | None] = column(
        String(5), "Mã xã, phường, đặc khu hiện nay", "Commune code of today", sort_order=81
    )
    valid_from: Mapped[date] = column(
        Date, "Có hiệu lực từ ngày", "In force from (inclusive)", server_default=text("admin.today_vn()"), sort_order=82
    )
    valid_to: Mapped[date | None] = column(
        Date, "Hết hiệu lực từ ngày (trống: còn hiệu lực)", "In force until (exclusive); empty: open", sort_order=83
    )
    batch_id: Mapped[int] = column(
        BigInteger, "Lần ghi đã tạo ra dòng này", "The write that made this row",
        server_default=text("ingest.current_batch()"), sort_order=84,
    )  # fmt: skip

    @declared_attr
    def geom(cls) -> Mapped[Any]:  # noqa: N805 - SQLAlchemy hands over the class
        """Geometry in EPSG:4326, valid and not empty."""
        geometry: Mapped[Any] = column(
            Geometry(cls.geometry_type, srid=4326, spatial_index=False), "Hình học, WGS 84 (EPSG:4326)",
            "Geometry, WGS 84 (EPSG:4326)", nullable=False, sort_order=90,
        )  # fmt: skip
        return geometry

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:  # noqa: N805
        name = cls.__tablename__
        periods: SchemaItem = (
            ExcludeConstraint(
                (text("code"), "="),
                (text("daterange(valid_from, valid_to)"), "&&"),
                name=f"{name}_code_period_excl",
                using="gist",
            )
            if cls.exclusive_periods
            else Index(f"{name}_code_valid_from_key", "code", "valid_from", unique=True)
        )
        return (
            periods,
            Index(f"{name}_geom_idx", "geom", postgresql_using="gist"),
            Index(f"{name}_commune_code_idx", "commune_code"),
            rule("valid_to IS NULL OR valid_to > valid_from", "period_in_order", "ngày hết hiệu lực phải sau ngày có hiệu lực"),
            rule("btrim(code) <> ''", "code_not_blank", "không được để trống"),
            rule("ST_IsValid(geom) AND NOT ST_IsEmpty(geom)", "geom_valid", "phải hợp lệ và không rỗng"),
            *map(_own_copy, cls.layer_constraints),
            {"schema": cls.schema, "comment": cls.comment},
        )


def _own_copy(item: SchemaItem) -> SchemaItem:
    """Copy a constraint, since each belongs to one table and two tables may declare the same."""
    if not isinstance(item, CheckConstraint):
        return item
    copy = CheckConstraint(item.sqltext, name=item.name)
    copy.comment = item.comment
    return copy


class MeasuredArea:
    """How large a polygon is: as the database computes it from the stored geometry, and as the file states it."""

    area_m2: Mapped[float | None] = column(
        Float, "Diện tích tính trên bản đồ (m²)", "Computed area (m²)", derived=True, band=AREA_M2, sort_order=70
    )
    area_srid: Mapped[int | None] = column(
        Integer, "EPSG của phép chiếu tính diện tích (4326: trên elipxoit)",
        "EPSG code the area was computed in (4326: on the ellipsoid)", derived=True, band=SRID, sort_order=71,
    )  # fmt: skip
    area_stated_m2: Mapped[float | None] = column(
        Float, "Diện tích ghi trong tệp (m²)", "Area stated in the file (m²)", band=AREA_M2, sort_order=72
    )
