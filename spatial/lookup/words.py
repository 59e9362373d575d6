"""The sentences of the answer, Vietnamese first. What they are said about is decided elsewhere."""

from spatial.layers import Text
from spatial.lookup.model import Theme

TITLES = {
    Theme.ZONING: Text("Chức năng sử dụng đất quy hoạch", "Zoning"),
    Theme.PLANS: Text("Đồ án quy hoạch", "Plans"),
    Theme.RED_LINE: Text("Chỉ giới đường đỏ", "Red line"),
    Theme.BUILDING_LINE: Text("Chỉ giới xây dựng", "Building line"),
    Theme.CORRIDOR: Text("Hành lang an toàn", "Safety corridor"),
}

DISCLAIMER = Text(
    "Thông tin chỉ có giá trị tham khảo, không thay cho văn bản cung cấp thông tin quy hoạch của cơ quan có thẩm quyền "
    "(Luật Quy hoạch đô thị và nông thôn số 47/2024/QH15, Điều 55).",
    "For reference only; it does not replace the written planning information of the competent authority "
    "(Law on Urban and Rural Planning 47/2024/QH15, article 55).",
)

NOT_PUBLISHED = Text(
    "Thông tin tại đây thuộc diện không công bố. Hãy liên hệ cơ quan có thẩm quyền.",
    "Information about this place is not published here. Please ask the competent authority.",
)
NO_DATA = Text(
    "Chưa có dữ liệu được xác nhận là đầy đủ tại đây, nên không thể kết luận có hay không.",
    "No data confirmed as complete cover this place, so neither yes nor no can be said.",
)
PARTIAL_DATA = Text(
    "Dữ liệu tại đây mới có một phần, nên không thể kết luận có hay không.",
    "The data cover this place only in part, so neither yes nor no can be said.",
)
OUTSIDE_KNOWN_UNITS = Text(
    "Điểm này nằm gần hoặc ngoài ranh giới các xã, phường đã có trong dữ liệu.",
    "This point lies near or beyond the boundaries of the communes that the data hold.",
)
TOUCHED = Text(
    "Chỉ chạm: phần chồng lấn nằm trong sai số của bản đồ.",
    "Touched only: the overlap is within the inaccuracy of the maps.",
)
UPCOMING = Text(
    "Có đồ án đã được phê duyệt nhưng chưa đến ngày có hiệu lực.",
    "A plan is approved, but its day of coming into force is still to come.",
)
LINE_ENDS_INSIDE = Text(
    "Chỉ giới kết thúc bên trong thửa đất nên không tính được diện tích.",
    "The line ends inside the parcel, so the area cannot be told.",
)
NO_WIDTH = Text(
    "Dữ liệu không ghi bề rộng bị giới hạn nên không tính được diện tích.",
    "The data give no width of the restricted strip, so the area cannot be told.",
)
ON_RESTRICTED_SIDE = Text(
    "Nằm về phía bị giới hạn của chỉ giới gần nhất, nhưng dữ liệu không ghi bề rộng và chưa đầy đủ, nên chưa thể kết luận.",
    "It lies on the restricted side of the nearest line, but the data give no width and are not complete, so nothing is certain.",
)
INFERRED = Text(
    "Suy ra từ phía bị giới hạn của chỉ giới gần nhất (dữ liệu không ghi bề rộng).",
    "Inferred from the restricted side of the nearest line (the data give no width).",
)
ZONES_OVERLAP = Text(
    "Các ô của cùng một đồ án chồng lên nhau tại đây; phần chồng lấn được ghi riêng.",
    "Zones of one plan lie over each other here; the overlap is stated beside them.",
)
SAMPLE_DATA = Text(
    "Dữ liệu mẫu, không có giá trị pháp lý.",
    "Sample data without legal value.",
)
OVERLAPPING_PARCELS = Text(
    "Có nhiều thửa đất chồng lên nhau tại điểm này; kết quả là của thửa nhỏ nhất.",
    "Several parcels lie over each other at this point; the answer is for the smallest.",
)


def joined(*texts: Text | None) -> Text | None:
    """Put the sentences that are there one after the other."""
    given = [text for text in texts if text is not None]
    return Text(" ".join(text.vi for text in given), " ".join(text.en for text in given)) if given else None


def known_in_part(share: float) -> Text:
    """Say how much is known where nothing was found."""
    vi, en = _percent(share)
    return Text(
        f"Chỉ {vi} diện tích có dữ liệu được xác nhận là đầy đủ; ở phần còn lại không thể kết luận có hay không.",
        f"Only {en} of the area has data confirmed as complete; for the rest neither yes nor no can be said.",
    )


def more_possible(share: float) -> Text:
    """Say how much is known where something was found."""
    if share == 0:
        return Text(
            "Tại đây chưa có dữ liệu được xác nhận là đầy đủ; có thể còn quy định khác chưa có trong dữ liệu.",
            "No data are confirmed as complete here; there may be rules that the data do not hold.",
        )
    vi, en = _percent(share)
    return Text(
        f"Chỉ {vi} diện tích có dữ liệu được xác nhận là đầy đủ; có thể còn quy định khác chưa có trong dữ liệu.",
        f"Only {en} of the area has data confirmed as complete; there may be rules that the data do not hold.",
    )


def steward_note(note: str) -> Text:
    """Pass on what the data's steward says about a gap."""
    return Text(
        f"Ghi chú của đơn vị cung cấp: {note}.".replace("..", "."), f"Note of the data's steward: {note}.".replace("..", ".")
    )


def tolerance_rule(area_m2: float) -> Text:
    """Say how much overlap counts as touched only."""
    shown = f"{area_m2:.2f}"
    return Text(
        f"Phần chồng lấn đến {shown.replace('.', ',')} m² (0,5 m² hoặc 0,1 % diện tích thửa, lấy số lớn hơn) coi là chỉ chạm; "
        "đây là sai số do hệ thống đặt ra vì bản đồ địa chính và quy hoạch được đo riêng.",
        f"An overlap of up to {shown} m² (0.5 m² or 0.1 % of the parcel, whichever is larger) counts as touched only; "
        "this program's own constant, since cadastre and plans come from separate surveys.",
    )


def _percent(share: float) -> tuple[str, str]:
    # never rounded up to "100 %" nor down to "0 %" while it is neither
    percent = min(max(share * 100, 0.1), 99.9) if 0 < share < 1 else share * 100
    shown = f"{percent:.1f}".removesuffix(".0")
    return f"{shown.replace('.', ',')} %", f"{shown} %"
