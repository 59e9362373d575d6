"""What the reading half may find wrong: one code per kind, with its severity and its sentences. Knows no file and no table.

`docs/reference/load-issues.md` is written from this list by `python -m ingest.issues` and a test keeps the two equal.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self


class Severity(StrEnum):
    """What an issue does to its row: an error quarantines it, a warning keeps it and says so, info only tells."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class IssueCode(StrEnum):
    """A kind of issue. The value is stable: it stands in `ingest.issue`, in reports and in the reference page."""

    severity: Severity
    vi: str
    en: str

    def __new__(cls, value: str, severity: Severity = Severity.INFO, vi: str = "", en: str = "") -> Self:
        """Make a member with its severity and sentences; with the value alone, `IssueCode("overlap")`, look one up."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.severity, member.vi, member.en = severity, vi, en
        return member

    # The file.
    NO_ROWS = (
        "no_rows", Severity.INFO,
        "Lớp dữ liệu không có dòng nào; không có gì để nạp.",
        "The layer has no rows; there is nothing to load.",
    )  # fmt: skip
    SHX_REBUILT = (
        "shx_rebuilt", Severity.WARNING,
        "Thiếu hoặc hỏng tệp .shx; đã dựng lại chỉ mục trên bản sao tạm từ tệp .shp, tệp gốc giữ nguyên.",
        "The .shx is missing or broken; its index was rebuilt from the .shp on a temporary copy, the original is untouched.",
    )  # fmt: skip
    FILE_END_OPEN = (
        "file_end_open", Severity.WARNING,
        "Dòng cuối của tệp CSV không có dấu xuống dòng: tệp có thể bị cắt cụt; hãy so các dòng cuối với nơi giao tệp.",
        "The CSV's last line has no line end: the file may be cut short; compare its last rows with the source.",
    )  # fmt: skip

    # Text.
    TEXT_UNDECIDED = (
        "text_undecided", Severity.ERROR,
        "Không bảng mã nào đọc được chữ này; giữ nguyên byte gốc (hex).",
        "No encoding explains this text; its raw bytes are kept (hex).",
    )  # fmt: skip
    TEXT_BY_FILE = (
        "text_by_file", Severity.WARNING,
        "Cột có quá ít chữ để tự nhận ra bảng mã; dùng bảng mã của các cột khác trong tệp.",
        "The column has too little text to tell its encoding; the encoding of the file's other columns was used.",
    )  # fmt: skip
    TEXT_RESTORED = (
        "text_restored", Severity.WARNING,
        "Chữ đã bị lưu sai bảng mã trước khi giao tệp; đã khôi phục.",
        "The text had been saved under a wrong encoding before delivery; it was restored.",
    )  # fmt: skip
    ENCODING_MIXED = (
        "encoding_mixed", Severity.WARNING,
        "Một cột chứa nhiều bảng mã; mỗi giá trị được đọc theo bảng mã của nó.",
        "One column holds several encodings; each value was read by its own.",
    )  # fmt: skip

    # Columns.
    COLUMN_UNMAPPED = (
        "column_unmapped", Severity.INFO,
        "Cột không có trong bảng tên gọi, không công bố; của thửa đất, giấy phép, dòng cách ly thì giữ trong private.",
        "The column is not in the alias table and not published; of parcels, permits and rows set aside it is kept in private.",
    )  # fmt: skip
    COLUMN_SHADOWED = (
        "column_shadowed", Severity.INFO,
        "Nhiều cột cùng một nghĩa; dùng cột đứng trước trong bảng tên gọi, cột này được giữ riêng.",
        "Several columns mean the same; the one listed first in the alias table is used, this one is kept apart.",
    )  # fmt: skip
    COLUMN_TRUNCATED = (
        "column_truncated", Severity.INFO,
        "Tên cột bị DBF cắt còn 10 ký tự; đã nhận ra theo phần đầu của tên.",
        "DBF cut the column's name to 10 characters; it was recognised by its beginning.",
    )  # fmt: skip
    COLUMN_COMPUTED = (
        "column_computed", Severity.INFO,
        "Giá trị này do hệ thống tự tính hoặc tự cấp; cột trong tệp không được dùng.",
        "The system computes or gives this value itself; the column of the file is not used.",
    )  # fmt: skip
    COLUMN_PERSONAL = (
        "column_personal", Severity.INFO,
        "Cột chứa dữ liệu cá nhân; chỉ lưu trong lược đồ private.",
        "The column holds personal data; it is stored in the schema private only.",
    )  # fmt: skip

    # Coordinate system.
    CRS_DETECTED = (
        "crs_detected", Severity.WARNING,
        "Tệp không khai hệ tọa độ dùng được; hệ tọa độ được nhận ra nhờ ranh giới xã.",
        "The file declares no usable coordinate system; it was found by the communes' boundaries.",
    )  # fmt: skip
    CRS_DECLARATION_UNREADABLE = (
        "crs_declaration_unreadable", Severity.WARNING,
        "Không hiểu được khai báo hệ tọa độ (.prj); đã thử mọi múi VN-2000.",
        "The declared coordinate system (.prj) cannot be understood; every VN-2000 zone was tried.",
    )  # fmt: skip
    CRS_NOT_VERIFIED = (
        "crs_not_verified", Severity.INFO,
        "Không có ranh giới xã để kiểm tra hệ tọa độ đã khai; dùng đúng như đã khai.",
        "There is no commune boundary to check the declared coordinate system against; it is used as declared.",
    )  # fmt: skip
    CRS_DATUM_ASSUMED = (
        "crs_datum_assumed", Severity.WARNING,
        "Tệp .prj ghi WGS-84 nhưng phép chiếu là múi 3 độ của VN-2000 (k = 0,9999); đọc là VN-2000.",
        "The .prj says WGS 84 but its projection is a VN-2000 3-degree zone (k = 0.9999); read as VN-2000.",
    )  # fmt: skip
    CRS_SHIFT_SUSPECTED = (
        "crs_shift_suspected", Severity.WARNING,
        "Dữ liệu khớp ranh giới xã hơn khi dịch 225 m (VN-2000 bị coi là WGS-84): hãy kiểm tra nguồn.",
        "The data fits its commune better when shifted by 225 m (VN-2000 treated as WGS 84): check with the source.",
    )  # fmt: skip
    CRS_CADASTRAL_PREFERRED = (
        "crs_cadastral_preferred", Severity.WARNING,
        "Múi 3 độ và UTM cùng kinh tuyến đều khớp; chọn múi 3 độ vì bản đồ địa chính lập ở múi 3 độ.",
        "The 3-degree zone and UTM of the same meridian both fit; the 3-degree zone is taken, as cadastral maps are made in it.",
    )  # fmt: skip
    AXES_SWAPPED = (
        "axes_swapped", Severity.WARNING,
        "Tọa độ X và Y bị đổi chỗ trong tệp; đã đổi lại.",
        "X and Y are swapped in the file; they were put right.",
    )  # fmt: skip

    # Geometry.
    GEOMETRY_MISSING = (
        "geometry_missing", Severity.ERROR,
        "Dòng không có hình học.", "The row has no geometry.",
    )  # fmt: skip
    GEOMETRY_UNREADABLE = (
        "geometry_unreadable", Severity.ERROR,
        "Không đọc được hình học của dòng (vòng quá ít điểm hoặc dữ liệu hỏng).",
        "The row's geometry cannot be read (a ring with too few points, or broken data).",
    )  # fmt: skip
    GEOMETRY_CURVED = (
        "geometry_curved", Severity.ERROR,
        "Hình học có cung tròn; hãy xuất lại với đoạn thẳng.",
        "The geometry has arcs; export it again with straight segments.",
    )  # fmt: skip
    GEOMETRY_WRONG_KIND = (
        "geometry_wrong_kind", Severity.ERROR,
        "Loại hình học không phải loại của lớp dữ liệu.",
        "The geometry is not of the layer's kind.",
    )  # fmt: skip
    GEOMETRY_NOT_FINITE = (
        "geometry_not_finite", Severity.ERROR,
        "Tọa độ không phải là số.", "A coordinate is not a number.",
    )  # fmt: skip
    GEOMETRY_REPAIRED = (
        "geometry_repaired", Severity.WARNING,
        "Hình học không hợp lệ đã được sửa; diện tích thay đổi trong giới hạn.",
        "The invalid geometry was repaired; its area changed within the bound.",
    )  # fmt: skip
    TOO_MANY_VERTICES = (
        "too_many_vertices", Severity.ERROR,
        "Hình học có nhiều đỉnh hơn mức tối đa của lớp dữ liệu; hãy đơn giản hóa hoặc tách thành nhiều đối tượng.",
        "The geometry has more vertices than the layer takes; simplify it or split it.",
    )  # fmt: skip
    GEOMETRY_VANISHES = (
        "geometry_vanishes", Severity.ERROR,
        "Hình học nhỏ hoặc hẹp hơn 1 cm; lưu tới 7 chữ số thập phân (1 cm) thì không còn gì.",
        "The geometry is smaller or narrower than 1 cm; stored to 7 decimals (1 cm) nothing of it is left.",
    )  # fmt: skip
    GEOMETRY_REPAIR_TOO_LARGE = (
        "geometry_repair_too_large", Severity.ERROR,
        "Sửa hình học sẽ làm diện tích thay đổi quá 1 % và quá 1 m²; cần người xem.",
        "Repair would change the area by more than 1 % and more than 1 m²; a person must look at it.",
    )  # fmt: skip
    DUPLICATE_VERTICES = (
        "duplicate_vertices", Severity.INFO,
        "Đã bỏ các đỉnh trùng nhau liên tiếp.", "Repeated vertices were removed.",
    )  # fmt: skip
    DIMENSION_DROPPED = (
        "dimension_dropped", Severity.INFO,
        "Đã bỏ cao độ Z hoặc trị đo M; hệ thống lưu hình học hai chiều.",
        "Z or M values were dropped; the system keeps two dimensions.",
    )  # fmt: skip

    # Parcels.
    SHEET_NUMBER_MISSING = (
        "sheet_number_missing", Severity.ERROR,
        "Thiếu số tờ bản đồ, hoặc số tờ không phải là số.", "The map sheet is missing or is no number.",
    )  # fmt: skip
    PARCEL_NUMBER_MISSING = (
        "parcel_number_missing", Severity.ERROR,
        "Thiếu số thửa, hoặc số thửa bằng 0.", "The parcel number is missing or 0.",
    )  # fmt: skip
    PARCEL_NUMBER_PROVISIONAL = (
        "parcel_number_provisional", Severity.ERROR,
        "Số thửa là chữ hoặc số tạm nên không định danh được thửa đất; hãy cấp số chính thức.",
        "The parcel number is a word or provisional and cannot identify a parcel; give it a definite number.",
    )  # fmt: skip
    PARCEL_CODE_DISAGREES = (
        "parcel_code_disagrees", Severity.ERROR,
        "Mã thửa ghi trong tệp khác với mã ghép từ xã, xã lập bản đồ, số tờ và số thửa của chính dòng đó; hãy sửa một trong "
        "hai, hoặc để trống mã.",
        "The parcel's code differs from the one that its commune, former commune, sheet and number make; correct one of them, "
        "or leave the code empty.",
    )  # fmt: skip
    DUPLICATE_ROW = (
        "duplicate_row", Severity.ERROR,
        "Dòng lặp lại hoàn toàn một dòng trước; giữ dòng đầu, dòng này để riêng.",
        "The row repeats an earlier one exactly; the first is kept, this one is set aside.",
    )  # fmt: skip
    DUPLICATE_KEY = (
        "duplicate_key", Severity.ERROR,
        "Nhiều dòng khác nhau cùng xã, tờ và số thửa; tất cả để riêng vì không biết dòng nào đúng.",
        "Different rows share commune, sheet and number; all are set aside, as nobody can know which is right.",
    )  # fmt: skip
    COMMUNE_MISSING = (
        "commune_missing", Severity.ERROR,
        "Dòng không ghi mã xã.", "The row names no commune.",
    )  # fmt: skip
    COMMUNE_UNKNOWN = (
        "commune_unknown", Severity.ERROR,
        "Mã xã không có trong danh mục.", "The commune code is not in the list.",
    )  # fmt: skip
    OUTSIDE_COUNTRY = (
        "outside_country", Severity.ERROR,
        "Vị trí nằm ngoài lãnh thổ Việt Nam.", "The position lies outside Vietnam.",
    )  # fmt: skip
    OUTSIDE_COMMUNE = (
        "outside_commune", Severity.ERROR,
        "Thửa đất nằm hoàn toàn ngoài xã đã ghi.", "The parcel lies wholly outside the commune it names.",
    )  # fmt: skip
    CROSSES_COMMUNE = (
        "crosses_commune", Severity.WARNING,
        "Một phần thửa đất nằm ngoài xã đã ghi.", "Part of the parcel lies outside the commune it names.",
    )  # fmt: skip
    AREA_UNREADABLE = (
        "area_unreadable", Severity.WARNING,
        "Không đọc được diện tích ghi trong tệp; bỏ trống diện tích này.",
        "The stated area cannot be read; it is left empty.",
    )  # fmt: skip
    AREA_IN_HECTARES = (
        "area_in_hectares", Severity.WARNING,
        "Diện tích ghi bằng héc-ta; đã đổi ra mét vuông.", "The area was stated in hectares; it was turned into square metres.",
    )  # fmt: skip
    AREA_MISMATCH = (
        "area_mismatch", Severity.WARNING,
        "Diện tích ghi trong tệp lệch quá giới hạn so với diện tích tính trên bản đồ.",
        "The stated area differs from the computed one by more than the tolerance.",
    )  # fmt: skip
    LAND_USE_MISSING = (
        "land_use_missing", Severity.WARNING,
        "Không ghi loại đất.", "No land use is given.",
    )  # fmt: skip
    LAND_USE_UNKNOWN = (
        "land_use_unknown", Severity.WARNING,
        "Mã loại đất không có trong danh mục; giữ nguyên văn.", "The land-use code is in no list; the text is kept as written.",
    )  # fmt: skip
    LAND_USE_OLD = (
        "land_use_old", Severity.INFO,
        "Mã loại đất cũ; dùng mã thay thế, giữ nguyên văn mã gốc.",
        "The land-use code is of an older list; its successor is used, the text is kept as written.",
    )  # fmt: skip
    LAND_USE_AREAS = (
        "land_use_areas", Severity.WARNING,
        "Tổng diện tích các mục đích sử dụng khác diện tích thửa.",
        "The areas of the parcel's uses do not add up to its area.",
    )  # fmt: skip
    OVERLAP = (
        "overlap", Severity.WARNING,
        "Thửa đất chồng lên thửa khác.", "The parcel overlaps another.",
    )  # fmt: skip
    SLIVER = (
        "sliver", Severity.WARNING,
        "Thửa đất chồng lên thửa khác một dải rất hẹp (ghép biên).",
        "The parcel overlaps another by a thin strip (edge matching).",
    )  # fmt: skip

    # Values and keys of any layer.
    CODE_MISSING = (
        "code_missing", Severity.ERROR,
        "Dòng không có mã nên không thể nhận ra khi nạp lại.", "The row has no code by which it could be recognised again.",
    )  # fmt: skip
    CODE_FROM_GEOMETRY = (
        "code_from_geometry", Severity.INFO,
        "Tệp không có cột mã; mã được tính từ hình học nên cùng một hình luôn có cùng một mã.",
        "The file has no column of codes; each code is computed from the geometry, so the same shape has the same code.",
    )  # fmt: skip
    VALUE_MISSING = (
        "value_missing", Severity.ERROR,
        "Thiếu giá trị bắt buộc.", "A required value is missing.",
    )  # fmt: skip
    VALUE_UNREADABLE = (
        "value_unreadable", Severity.WARNING,
        "Giá trị không đọc được theo kiểu của cột; để trống.", "The value does not fit the column's type; it is left empty.",
    )  # fmt: skip
    VALUE_NOT_ALLOWED = (
        "value_not_allowed", Severity.ERROR,
        "Giá trị trái với quy tắc của lớp dữ liệu.", "A value breaks a rule of the layer.",
    )  # fmt: skip
    VALUE_IMPLAUSIBLE = (
        "value_implausible", Severity.ERROR,
        "Giá trị không phải là số hữu hạn hoặc nằm ngoài khoảng có thể có của cột; hãy sửa trong tệp, hoặc để trống.",
        "The number is not finite or beyond what the column can hold; mend it in the file, or leave it empty.",
    )  # fmt: skip
    DATE_IMPLAUSIBLE = (
        "date_implausible", Severity.ERROR,
        "Ngày nằm ngoài khoảng từ 01/01/1800 đến 31/12/2200; nếu còn hiệu lực thì để trống ngày kết thúc.",
        "The date is beyond 1800-01-01 to 2200-12-31; what has no end has an empty date.",
    )  # fmt: skip
    PERIOD_DISORDER = (
        "period_disorder", Severity.ERROR,
        "Ngày hết hiệu lực không sau ngày có hiệu lực.", "The period ends before it begins.",
    )  # fmt: skip
    PERIOD_OVERLAP = (
        "period_overlap", Severity.ERROR,
        "Thời gian hiệu lực chồng lên một thời kỳ khác của cùng mã.",
        "The legal period overlaps another one of the same code.",
    )  # fmt: skip
    COMMUNE_BY_PLACE = (
        "commune_by_place", Severity.INFO,
        "Tệp không ghi mã xã; xã được xác định theo vị trí.", "The file names no commune; it was found by the place.",
    )  # fmt: skip
    COMMUNE_MERGED = (
        "commune_merged", Severity.INFO,
        "Mã xã trước sáp nhập; đã chuyển sang mã hiện nay, mã cũ được giữ.",
        "A commune code of before a merger; today's is used and the former one is kept.",
    )  # fmt: skip
    COMMUNE_UNVERIFIED = (
        "commune_unverified", Severity.INFO,
        "Chưa có ranh giới xã để kiểm tra vị trí.", "There is no boundary of the commune to check the position against.",
    )  # fmt: skip
    PARCEL_RESTRICTED = (
        "parcel_restricted", Severity.INFO,
        "Đất quốc phòng, an ninh: không công bố.", "Defence or public-security land: not published.",
    )  # fmt: skip
    ISSUES_CUT = (
        "issues_cut", Severity.INFO,
        "Số vấn đề cùng loại quá nhiều; chỉ lưu phần đầu, tổng số vẫn đầy đủ.",
        "Too many issues of one kind; the first are stored, the count is complete.",
    )  # fmt: skip
    OVERLAP_BY_PART = (
        "overlap_by_part", Severity.INFO,
        "Tệp rất lớn: chồng lấn được kiểm tra trong từng phần của tệp.",
        "The file is very large: overlaps were looked for within each part of it.",
    )  # fmt: skip

    # Plan dossiers and grids.
    CLASS_UNKNOWN = (
        "class_unknown", Severity.WARNING,
        "Lớp không có trong bố cục Thông tư 16/2025/TT-BXD hoặc chưa được hỗ trợ; chưa nạp.",
        "The class is not in the layout of Circular 16/2025/TT-BXD or not yet taken in; it was not loaded.",
    )  # fmt: skip
    FUNCTION_UNKNOWN = (
        "function_unknown", Severity.WARNING,
        "Mã chức năng không có trong danh mục; giữ nguyên văn.", "The function code is in no list; the text is kept as written.",
    )  # fmt: skip
    SIDE_UNKNOWN = (
        "side_unknown", Severity.WARNING,
        "Không rõ phía bị giới hạn của chỉ giới; coi là cả hai phía.",
        "The restricted side of the line is not told or not understood; both sides are taken.",
    )  # fmt: skip
    EDITION_LACKS = (
        "edition_lacks", Severity.WARNING,
        "Hồ sơ thiếu các đối tượng đã nạp trước đây của đồ án; chúng vẫn được giữ. Nếu đã bị bỏ, hãy sửa hoặc xóa.",
        "The dossier lacks features of the plan that were loaded before; they are kept. If dropped, edit or delete them.",
    )  # fmt: skip
    DOSSIER_WITHOUT_EVENTS = (
        "dossier_without_events", Severity.WARNING,
        "Hồ sơ không kèm sự kiện pháp lý (ho_so.json): chưa biết đồ án có hiệu lực hay không, nên tại đó không kết luận được gì.",
        "The dossier tells no legal events (ho_so.json): whether the plan is in force is not known, and nothing is proven there.",
    )  # fmt: skip
    DOSSIER_ROWS_GONE = (
        "dossier_rows_gone", Severity.INFO,
        "Lần giao hồ sơ này không còn một số đối tượng của lần trước; đã bỏ ra, lịch sử vẫn giữ.",
        "This edition of the dossier lacks rows that an earlier one had; they were taken out, history keeps them.",
    )  # fmt: skip
    COVERAGE_NOT_BORNE_OUT = (
        "coverage_not_borne_out", Severity.WARNING,
        "Hồ sơ ghi là đủ dữ liệu của chủ đề này, nhưng lớp bị thiếu hoặc có đối tượng không nạp được: chỉ ghi nhận là một phần.",
        "The dossier claims this theme in full, but its class is absent or some rows could not be loaded: recorded as partial.",
    )  # fmt: skip
    CELL_NEGATIVE = (
        "cell_negative", Severity.ERROR,
        "Ô lưới có số dân âm.", "A cell of the grid has a negative number of people.",
    )  # fmt: skip

    @property
    def quarantines(self) -> bool:
        """Say whether a row with this issue is set aside."""
        return self.severity is Severity.ERROR


@dataclass(frozen=True, slots=True)
class Issue:
    """One finding.

    Attributes:
        code: what kind.
        row: position in the file, counted from 1; None: the whole file or column.
        column: the column as the file names it, or None.
        value: the value in question as text; never a personal one.
        detail: what else to know (share, other rows, encoding), language-neutral.
    """

    code: IssueCode
    row: int | None = None
    column: str | None = None
    value: str | None = None
    detail: str | None = None

    def message(self, lang: str = "vi") -> str:
        """Say the issue as one sentence, Vietnamese unless `lang` is "en"."""
        sentence = self.code.en if lang == "en" else self.code.vi
        named = [part for part in (self.column, self.value, self.detail) if part]
        return f"{sentence} [{'; '.join(named)}]" if named else sentence


def rows_in_quarantine(issues: Iterable[Issue]) -> set[int]:
    """Give the row numbers that at least one error sets aside."""
    return {issue.row for issue in issues if issue.row is not None and issue.code.quarantines}


def count_by_code(issues: Iterable[Issue]) -> dict[str, int]:
    """Count issues per code, in the order of `IssueCode`."""
    found: dict[IssueCode, int] = {}
    for issue in issues:
        found[issue.code] = found.get(issue.code, 0) + 1
    return {code.value: found[code] for code in IssueCode if code in found}


_EFFECT = {
    Severity.ERROR: "the row goes to quarantine",
    Severity.WARNING: "the row is loaded, the issue is kept",
    Severity.INFO: "told only",
}


def reference_page(codes: Sequence[IssueCode] = tuple(IssueCode)) -> str:
    """Write the reference page of all issue codes as Markdown."""
    lines = [
        "# Issues of a load",
        "",
        "What `dothi load` may report. An *error* sets the row aside in quarantine with its reason; a *warning* loads the row",
        "and keeps the issue beside it; *info* is told only. Values of personal columns never stand in an issue.",
        "Written by `python -m ingest.issues`.",
        "",
        "| code | severity | Tiếng Việt | English |",
        "|---|---|---|---|",
        *(f"| `{code}` | {code.severity} | {code.vi} | {code.en} |" for code in codes),
        "",
        *(f"- {severity}: {effect}." for severity, effect in _EFFECT.items()),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    Path("docs/reference/load-issues.md").write_text(reference_page(), encoding="utf-8")
