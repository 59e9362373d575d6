"""The words of the extract: headings, states, limits with their units. The sentences of the answer are `spatial.lookup.words`."""

from decimal import Decimal

from spatial.layers import Text
from spatial.lookup import State

TITLE = Text("Phiếu tra cứu thông tin quy hoạch", "Planning information extract")
HEADINGS = {
    "parcel": Text("Thửa đất", "Parcel"),
    "sheet": Text("Tờ bản đồ", "Map sheet"),
    "number": Text("Số thửa", "Parcel number"),
    "commune": Text("Xã, phường", "Commune"),
    "address": Text("Địa chỉ", "Address"),
    "area": Text("Diện tích tính trên bản đồ", "Computed area"),
    "area_official": Text("Diện tích pháp lý", "Legal area"),
    "land_use": Text("Loại đất", "Land use"),
    "point": Text("Vị trí (kinh độ, vĩ độ)", "Place (longitude, latitude)"),
    "no_parcel": Text("Không có thửa đất trong dữ liệu tại đây", "The data hold no parcel here"),
    "as_of": Text("Theo quy hoạch có hiệu lực ngày", "As in force on"),
    "version": Text("Phiên bản dữ liệu", "Data version"),
    "known_at": Text("Theo dữ liệu biết đến lúc", "As known at"),
    "plane": Text("Hệ tọa độ đo diện tích", "Areas measured in"),
    "part": Text("Nội dung", "Content"),
    "size": Text("Diện tích", "Area"),
    "share": Text("Tỷ lệ", "Share"),
    "limits": Text("Chỉ tiêu", "Limits"),
    "plan": Text("Đồ án, quyết định", "Plan, decision"),
    "uncovered": Text("Phần không thuộc ô quy hoạch nào của đồ án này", "Not zoned by this plan"),
    "overlap": Text("Các ô chồng lên nhau (đã tính hai lần ở trên)", "Zones lying over each other (counted twice above)"),
    "omitted": Text("Các phần nhỏ hơn không liệt kê", "Smaller parts that are not listed"),
    "documents": Text("Tài liệu", "Documents"),
    "source": Text("Tra cứu lại", "Ask again"),
    "together": Text("Tổng phần bị giới hạn", "Restricted altogether"),
    "page": Text("Trang", "Page"),
}
STATES = {
    State.AFFECTED: Text("CÓ ẢNH HƯỞNG", "AFFECTED"),
    State.TOUCHED: Text("CHỈ CHẠM RANH", "TOUCHED ONLY"),
    State.NOT_AFFECTED: Text("KHÔNG ẢNH HƯỞNG", "NOT AFFECTED"),
    State.UNKNOWN: Text("CHƯA BIẾT", "UNKNOWN"),
}
LEVELS = {
    "general": Text("Quy hoạch chung", "General plan"),
    "zoning": Text("Quy hoạch phân khu", "Zoning plan"),
    "detailed": Text("Quy hoạch chi tiết", "Detailed plan"),
    "detailed_short": Text("Quy hoạch chi tiết rút gọn", "Short detailed plan"),
}
STATUSES = {
    "unknown": Text("chưa rõ tình trạng pháp lý", "legal status not known"),
    "approved": Text("đã phê duyệt", "approved"),
    "in_force": Text("đang có hiệu lực", "in force"),
    "partly_annulled": Text("đã hủy một phần", "partly annulled"),
    "annulled": Text("đã hủy", "annulled"),
    "replaced": Text("đã được thay thế", "replaced"),
    "expired": Text("hết hiệu lực", "no longer in force"),
}
LIMITS = {
    "max_coverage_pct": (Text("mật độ xây dựng tối đa", "max. coverage"), "\u00a0%"),
    "max_far": (Text("hệ số sử dụng đất tối đa", "max. FAR"), ""),
    "min_storeys": (Text("số tầng tối thiểu", "min. storeys"), ""),
    "max_storeys": (Text("số tầng tối đa", "max. storeys"), ""),
    "max_height_m": (Text("chiều cao tối đa", "max. height"), "\u00a0m"),
    "population": (Text("dân số", "population"), ""),
    "setback_m": (Text("khoảng lùi", "setback"), "\u00a0m"),
    "width_m": (Text("bề rộng bị giới hạn", "width of the strip"), "\u00a0m"),
}
"""Column name -> words and unit, in the order shown."""


def write_number(value: float, lang: str, decimals: int | None = None) -> str:
    """Write a number as the language does; without `decimals` as short as it is exact to two places.

    What is not 0 never reads as 0: it gets two significant digits instead.
    """
    shown = f"{value:,.2f}".rstrip("0").rstrip(".") if decimals is None else f"{value:,.{decimals}f}"
    if value and not shown.strip("-0."):
        exact = Decimal(str(value))
        shown = f"{exact:.{1 - exact.adjusted()}f}"
    return shown if lang == "en" else shown.translate(str.maketrans(",.", ".,"))
