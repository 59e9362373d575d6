"""Each published layer, declared once: name, table, titles, licence, style, who may read, how it is tiled.

OGC collections, queryables, schemas, tiles, grants, `layer_styles` and docs derive from these and from the tables' columns.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any

from sqlalchemy import Column, Table

from spatial import tables
from spatial.errors import NotFound
from spatial.tables import LayerRow
from spatial.tables.base import table_of

GEOMETRY_COLUMN = "geom"
KEY_COLUMN = "id"
HIDDEN_COLUMNS = frozenset({"batch_id", "folded"})
"""Columns of the machinery: in the database, at no public door."""


@dataclass(frozen=True)
class Text:
    """A text in both languages."""

    vi: str
    en: str

    def in_language(self, lang: str) -> str:
        """Give the text in `lang` (`vi` or `en`)."""
        return self.en if lang == "en" else self.vi


class Access(Enum):
    """Who may read a layer."""

    PUBLIC = "public"
    STAFF = "staff"


class GeometryKind(Enum):
    """The shape a layer is drawn with."""

    POINT = "point"
    LINE = "line"
    POLYGON = "polygon"


@dataclass(frozen=True)
class Rule:
    """How rows with one value of the style's column are drawn. Colours are #RRGGBB, widths in pixels of a 96 dpi screen."""

    value: str
    label: Text
    fill: str | None = None
    stroke: str | None = None
    width: float | None = None
    dash: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Style:
    """The default style: rules by the value of `column`, written here or read from a code table, else one drawing for all.

    Attributes:
        column: column the rules look at; None: one drawing for all.
        rules: rules written here; none where the column has a code table with colours of its own (`Layer.colour_codes`).
        label_column: column written on the map when zoomed in.
    """

    fill: str | None = None
    stroke: str = "#5B6770"
    width: float = 0.6
    opacity: float = 1.0
    column: str | None = None
    rules: tuple[Rule, ...] = ()
    label_column: str | None = None


@dataclass(frozen=True)
class Tiling:
    """What vector tiles carry: the zooms and the columns besides the id."""

    minzoom: int
    columns: tuple[str, ...]
    maxzoom: int = 22


@dataclass(frozen=True)
class Layer:
    """One published layer.

    Attributes:
        name: the public name, the same in OGC API, tiles, QGIS and docs.
        model: the mapped table; its columns and their comments are the schema of the layer.
        access: who may read it.
        editable: whether editors write it in their territory; never what is reference data (`spatial.references`), which loader
            and steward write.
        group: heading in the page's list of layers.
        shown: whether the page draws it at first.
        most_vertices: how many corners a row may have, for readers' sake, unless an administrator sets another limit
            (`admin.vertex_limit`); None: any number, of units, whose coasts nobody may simplify.
    """

    name: str
    model: type[LayerRow]
    title: Text
    description: Text
    group: Text
    style: Style
    tiling: Tiling
    licence: str = "CC-BY-4.0"
    access: Access = Access.PUBLIC
    editable: bool = True
    shown: bool = False
    most_vertices: int | None = 20_000
    keywords: tuple[str, ...] = field(default=())

    def __reduce__(self) -> tuple[Any, ...]:
        """Go to another process by name: layers are declared there, too."""
        return find_layer, (self.name,)

    @cached_property
    def table(self) -> Table:
        """The table, with its schema."""
        return table_of(self.model)

    @property
    def table_name(self) -> str:
        """`schema.table`, as `ingest.layer_version` and triggers write it."""
        return f"{self.table.schema}.{self.table.name}"

    @cached_property
    def properties(self) -> tuple[Column[Any], ...]:
        """The public columns other than key and geometry, in the order of the table."""
        return tuple(column for column in self.table.columns if column.name not in {KEY_COLUMN, GEOMETRY_COLUMN, *HIDDEN_COLUMNS})

    @property
    def colour_codes(self) -> Table | None:
        """The code table (`code`, `name`, `name_en`, `map_color`) whose official colours make the style's rules."""
        styled = self.table.columns.get(self.style.column or "")
        codes = styled.info.get("codes") if styled is not None else None
        return codes.__table__ if codes is not None and "map_color" in codes.__table__.columns else None

    @property
    def geometry_type(self) -> str:
        """OGC geometry type of the column, e.g. `MULTIPOLYGON`."""
        return self.model.geometry_type

    @property
    def geometry_kind(self) -> GeometryKind:
        """Point, line or polygon."""
        if "POINT" in self.geometry_type:
            return GeometryKind.POINT
        return GeometryKind.LINE if "LINE" in self.geometry_type else GeometryKind.POLYGON


ADMIN = Text("Đơn vị hành chính", "Administrative units")
LAND = Text("Đất đai", "Land")
PLANNING = Text("Quy hoạch", "Planning")
CONSTRUCTION = Text("Xây dựng", "Construction")
INFRASTRUCTURE = Text("Hạ tầng kỹ thuật", "Infrastructure")
LANDSCAPE = Text("Cảnh quan, không gian ngầm", "Landscape, underground")
POPULATION = Text("Dân số", "Population")

_SECTOR_RULES = (
    Rule("water_supply", Text("Cấp nước", "Water supply"), fill="#1E88E5", stroke="#1E88E5", width=1.6),
    Rule("drainage", Text("Thoát nước", "Drainage"), fill="#6D4C41", stroke="#6D4C41", width=1.6),
    Rule("waste", Text("Chất thải rắn", "Waste"), fill="#7CB342", stroke="#7CB342", width=1.4),
    Rule("lighting", Text("Chiếu sáng", "Lighting"), fill="#F9A825", stroke="#F9A825", width=1.2),
    Rule("power", Text("Cấp điện", "Power"), fill="#E53935", stroke="#E53935", width=1.4),
    Rule("telecom", Text("Viễn thông", "Telecom"), fill="#8E24AA", stroke="#8E24AA", width=1.2),
    Rule("transport", Text("Giao thông", "Transport"), fill="#546E7A", stroke="#546E7A", width=1.8),
)

_WIDE = 100_000
"""Corners of what may be as wide as a province: its rivers, the edge of its plan."""

LAYERS: tuple[Layer, ...] = (
    Layer(
        "admin_units",
        tables.Unit,
        Text("Đơn vị hành chính", "Administrative units"),
        Text(
            "Cả nước, vùng, tỉnh, xã với thời gian hiệu lực; ranh giới ghi 'schematic' chỉ là sơ đồ.",
            "Nation, regions, provinces and communes with their validity; a boundary marked 'schematic' is an outline only.",
        ),
        ADMIN,
        Style(
            fill=None,
            stroke="#5E4B8B",
            width=0.8,
            column="level",
            rules=(
                Rule("nation", Text("Cả nước", "Nation"), stroke="#3F2E6B", width=2.2),
                Rule("region", Text("Vùng", "Region"), stroke="#4F3E7B", width=1.8),
                Rule("province", Text("Tỉnh, thành phố", "Province"), stroke="#5E4B8B", width=1.4),
                Rule("district", Text("Huyện (trước 7/2025)", "District (before July 2025)"), stroke="#8F80B5", width=0.8),
                Rule("commune", Text("Xã, phường, đặc khu", "Commune"), stroke="#8F80B5", width=0.8, dash=(4, 2)),
            ),
            label_column="name",
        ),
        Tiling(0, ("code", "level", "name", "boundary_quality")),
        editable=False,
        shown=True,
        most_vertices=None,
        keywords=("AdministrativeUnit", "ranh giới"),
    ),
    Layer(
        "urban_areas",
        tables.UrbanArea,
        Text("Đô thị", "Urban areas"),
        Text("Đô thị và khu đô thị mới, kèm loại đô thị.", "Urban areas and new urban areas with their class."),
        ADMIN,
        Style(fill="#F2C4CE", stroke="#C2185B", width=1.2, opacity=0.35, label_column="name"),
        Tiling(4, ("code", "name", "urban_class", "kind")),
        editable=False,
        most_vertices=_WIDE,
    ),
    Layer(
        "parcels",
        tables.Parcel,
        Text("Thửa đất", "Parcels"),
        Text(
            "Thửa đất theo bản đồ địa chính; không kèm người sử dụng đất, đất quốc phòng và an ninh.",
            "Cadastral parcels; without land users, defence and public-security land.",
        ),
        LAND,
        Style(stroke="#6B5B3E", width=0.4, column="land_use_code", label_column="parcel_no"),
        Tiling(13, ("code", "map_sheet", "parcel_no", "land_use_code", "area_m2")),
        shown=True,
        keywords=("CadastralParcel", "LA_SpatialUnit", "địa chính"),
    ),
    Layer(
        "addresses",
        tables.Address,
        Text("Địa chỉ", "Addresses"),
        Text("Điểm địa chỉ.", "Address points."),
        LAND,
        Style(fill="#37474F", stroke="#FFFFFF", width=0.4, label_column="house_number"),
        Tiling(16, ("house_number", "street")),
    ),
    Layer(
        "zones",
        tables.Zone,
        Text("Ô quy hoạch", "Planning zones"),
        Text(
            "Ô quy hoạch, khu chức năng với chỉ tiêu sử dụng đất.",
            "Zones with function and parameters: coverage, FAR, storeys, height, population.",
        ),
        PLANNING,
        Style(stroke="#4A4A4A", width=0.6, opacity=0.75, column="function_code", label_column="name"),
        Tiling(10, ("code", "plan_code", "name", "function_code", "max_storeys", "max_coverage_pct", "max_far")),
        most_vertices=_WIDE,
        shown=True,
        keywords=("ZoningElement", "SupplementaryRegulation"),
    ),
    Layer(
        "plans",
        tables.Plan,
        Text("Đồ án quy hoạch", "Plans"),
        Text("Ranh giới và tình trạng pháp lý của các đồ án.", "Boundaries and legal status of the plans."),
        PLANNING,
        Style(
            stroke="#B71C1C",
            width=1.6,
            column="plan_level",
            rules=(
                Rule("general", Text("Quy hoạch chung", "General plan"), stroke="#7F0000", width=2.2, dash=(8, 3, 2, 3)),
                Rule("zoning", Text("Quy hoạch phân khu", "Zoning plan"), stroke="#B71C1C", width=1.8, dash=(6, 3)),
                Rule("detailed", Text("Quy hoạch chi tiết", "Detailed plan"), stroke="#E64A19", width=1.6, dash=(3, 2)),
                Rule(
                    "detailed_short",
                    Text("Quy hoạch chi tiết rút gọn", "Short detailed plan"),
                    stroke="#E64A19",
                    width=1.4,
                    dash=(1, 2),
                ),
            ),
            label_column="name",
        ),
        Tiling(6, ("code", "name", "plan_level", "status")),
        most_vertices=_WIDE,
        keywords=("SpatialPlan",),
    ),
    Layer(
        "planning_lines",
        tables.PlanningLine,
        Text("Chỉ giới quy hoạch", "Planning lines"),
        Text(
            "Chỉ giới đường đỏ, chỉ giới xây dựng, hành lang an toàn.",
            "Red lines, building lines and safety corridors.",
        ),
        PLANNING,
        Style(
            stroke="#D50000",
            width=1.6,
            column="kind",
            rules=(
                Rule("red_line", Text("Chỉ giới đường đỏ", "Red line"), stroke="#D50000", width=1.8),
                Rule("building_line", Text("Chỉ giới xây dựng", "Building line"), stroke="#0B57D0", width=1.4, dash=(6, 3)),
                Rule("corridor", Text("Hành lang an toàn", "Safety corridor"), stroke="#EF6C00", width=1.4, dash=(2, 2)),
            ),
        ),
        Tiling(13, ("kind", "name", "side", "plan_code")),
        shown=True,
    ),
    Layer(
        "theme_coverage",
        tables.ThemeCoverage,
        Text("Phạm vi dữ liệu quy hoạch đã khai báo", "Declared extent of planning data"),
        Text(
            "Nơi nguồn dữ liệu khai báo một chủ đề quy hoạch đầy đủ, một phần hoặc chưa có; ngoài các vùng này là chưa biết.",
            "Where a source declares a planning theme as complete, partial or not known; beyond these areas it is unknown.",
        ),
        PLANNING,
        Style(
            stroke="#455A64",
            width=0.8,
            opacity=0.35,
            column="extent",
            rules=(
                Rule("full", Text("Đầy đủ", "Complete"), fill="#A5D6A7", stroke="#2E7D32", width=0.8),
                Rule("partial", Text("Một phần", "Partial"), fill="#FFCA28", stroke="#C77700", width=1.2, dash=(4, 2)),
                Rule("none", Text("Chưa có dữ liệu", "No data"), fill="#616161", stroke="#424242", width=1.4, dash=(1, 2)),
            ),
        ),
        Tiling(6, ("theme", "extent", "plan_code")),
        editable=False,
        most_vertices=_WIDE,
    ),
    Layer(
        "permits",
        tables.Permit,
        Text("Giấy phép xây dựng", "Construction permits"),
        Text("Giấy phép xây dựng đã cấp; không kèm người xin phép.", "Construction permits issued; without applicants."),
        CONSTRUCTION,
        Style(
            fill="#00796B",
            stroke="#FFFFFF",
            width=0.8,
            column="conformity",
            rules=(
                Rule("conform", Text("Phù hợp quy hoạch", "Conforms"), fill="#00796B"),
                Rule("contrary", Text("Không phù hợp quy hoạch", "Contrary to plan"), fill="#D84315"),
                Rule("unknown", Text("Chưa rõ", "Unknown"), fill="#78909C"),
            ),
        ),
        Tiling(11, ("code", "issued_on", "storeys", "conformity")),
    ),
    Layer(
        "buildings",
        tables.Building,
        Text("Công trình xây dựng", "Buildings"),
        Text("Mặt bằng công trình, số tầng, chiều cao.", "Footprints with storeys and height."),
        CONSTRUCTION,
        Style(fill="#B0A99F", stroke="#7A736A", width=0.4, opacity=0.8),
        Tiling(14, ("storeys", "height_m", "use")),
        shown=True,
        keywords=("Building",),
    ),
    Layer(
        "violations",
        tables.Violation,
        Text("Vi phạm trật tự xây dựng", "Violations of construction order"),
        Text("Biên bản vi phạm; chỉ cán bộ được xem.", "Recorded violations; for staff only."),
        CONSTRUCTION,
        Style(fill="#BF360C", stroke="#FFFFFF", width=0.8),
        Tiling(11, ("kind", "status", "recorded_on")),
        access=Access.STAFF,
    ),
    Layer(
        "investment_projects",
        tables.InvestmentProject,
        Text("Dự án đầu tư", "Investment projects"),
        Text("Dự án đầu tư xây dựng.", "Construction investment projects."),
        CONSTRUCTION,
        Style(fill="#FFCC80", stroke="#EF6C00", width=1.2, opacity=0.4, label_column="name"),
        Tiling(8, ("code", "name", "stage")),
    ),
    Layer(
        "networks",
        tables.Network,
        Text("Mạng lưới hạ tầng", "Infrastructure networks"),
        Text("Tuyến cấp nước, thoát nước, điện, chiếu sáng, viễn thông, giao thông.", "Lines of every sector."),
        INFRASTRUCTURE,
        Style(stroke="#546E7A", width=1.4, column="sector", rules=_SECTOR_RULES),
        Tiling(12, ("sector", "kind", "name")),
    ),
    Layer(
        "facilities",
        tables.Facility,
        Text("Công trình hạ tầng", "Infrastructure facilities"),
        Text("Trạm, điểm đầu mối hạ tầng kỹ thuật.", "Stations and points of every sector."),
        INFRASTRUCTURE,
        Style(fill="#546E7A", stroke="#FFFFFF", width=0.8, column="sector", rules=_SECTOR_RULES),
        Tiling(12, ("sector", "kind", "name")),
    ),
    Layer(
        "green_areas",
        tables.GreenArea,
        Text("Cây xanh", "Green areas"),
        Text("Cây xanh công cộng, hạn chế, chuyên dụng.", "Public, limited and specialised green areas."),
        LANDSCAPE,
        Style(fill="#7CB342", stroke="#558B2F", width=0.6, opacity=0.7, label_column="name"),
        Tiling(10, ("kind", "name", "area_m2")),
        shown=True,
    ),
    Layer(
        "water_bodies",
        tables.WaterBody,
        Text("Mặt nước", "Water bodies"),
        Text("Sông, kênh, hồ, ao.", "Rivers, canals, lakes, ponds."),
        LANDSCAPE,
        Style(fill="#9BD3E8", stroke="#4A90B8", width=0.6, opacity=0.9, label_column="name"),
        Tiling(8, ("kind", "name", "area_m2")),
        most_vertices=_WIDE,
        shown=True,
    ),
    Layer(
        "natural_areas",
        tables.NaturalArea,
        Text("Khu vực tự nhiên", "Natural areas"),
        Text("Rừng, đất ngập nước, cảnh quan được bảo vệ.", "Forests, wetlands and protected landscapes."),
        LANDSCAPE,
        Style(fill="#AED581", stroke="#689F38", width=0.6, opacity=0.5, label_column="name"),
        Tiling(8, ("kind", "name", "protection")),
        most_vertices=_WIDE,
    ),
    Layer(
        "underground_spaces",
        tables.UndergroundSpace,
        Text("Không gian ngầm", "Underground spaces"),
        Text("Công trình ngầm với cao độ đáy và đỉnh.", "Underground works with lowest and highest height."),
        LANDSCAPE,
        Style(fill="#B39DDB", stroke="#5E35B1", width=1.0, opacity=0.4),
        Tiling(13, ("kind", "name", "z_min_m", "z_max_m")),
    ),
    Layer(
        "population_grid",
        tables.GridCell,
        Text("Lưới dân số", "Population grid"),
        Text("Số dân theo ô lưới; ảnh gốc ở dạng coverage.", "People by grid cell; the raster itself is a coverage."),
        POPULATION,
        Style(fill="#EF9A9A", stroke="#EF9A9A", width=0.1, opacity=0.5),
        Tiling(12, ("population", "year")),
        editable=False,
    ),
)


def find_layer(name: str, layers: Iterable[Layer] = LAYERS) -> Layer:
    """Give the layer of that public name.

    Raises:
        NotFound: there is none; the message lists those that are.
    """
    known = {layer.name: layer for layer in layers}
    if name not in known:
        listed = ", ".join(sorted(known))
        raise NotFound(
            f"There is no layer '{name[:60]}'. Layers: {listed}.", vi=f"Không có lớp dữ liệu '{name[:60]}'. Các lớp: {listed}."
        )
    return known[name]
