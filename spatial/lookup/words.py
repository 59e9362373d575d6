"""The sentences of the answer, Vietnamese first. What they are said about is decided elsewhere."""

from collections.abc import Callable, Mapping

from spatial.layers import Text
from spatial.lookup.measure import MOST_STRANDS
from spatial.lookup.model import Change, Relation, Theme

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


TOLERANCE_RULE = Text(
    "Phần đất chỉ tính là chỉ chạm khi còn không quá 0,5 m² sau khi bỏ đi những chỗ rộng không quá 5 cm; "
    "đây là sai số do hệ thống đặt ra vì bản đồ địa chính và quy hoạch được đo riêng.",
    "A part counts as touched only where no more than 0.5 m² of it is left once everything not wider than 5 cm is taken off; "
    "this program's own constant, since cadastre and plans come from separate surveys.",
)
BEYOND_HORIZON = Text(
    "Ngày hỏi còn xa: quy hoạch có thể thay đổi trước ngày đó, nên không thể kết luận là không ảnh hưởng.",
    "The day asked for is far ahead: plans may change before it, so it cannot be said that nothing will apply.",
)
ROWS_HIDDEN = Text(
    "Quyền đọc dữ liệu đang bị giới hạn theo dòng, nên có thể có nội dung không nhìn thấy được. Hãy báo cho người vận hành.",
    "Reading is restricted row by row, so content may be hidden. Please tell the operator.",
)
STATUS_UNKNOWN = Text(
    "Chưa có quyết định hay sự kiện pháp lý của đồ án này trong dữ liệu, nên chưa biết đồ án có hiệu lực hay không.",
    "The data hold no decision or legal event of this plan, so it is not known whether it is in force.",
)
TOO_MANY_LINES = Text(
    f"Có quá nhiều chỉ giới quanh đây: chỉ {MOST_STRANDS} đường gần nhất được xét. Hãy hỏi một điểm cụ thể trên bản đồ.",
    f"There are too many lines around here: only the nearest {MOST_STRANDS} were looked at. Ask for one point on the map.",
)


def part_without_drawing(decision: str | None) -> Text:
    """Say that a part of a plan was taken away and nobody drew which."""
    vi, en = (f" theo {decision}", f" by {decision}") if decision else ("", "")
    return Text(
        f"Một phần đồ án này đã bị hủy hoặc điều chỉnh{vi} nhưng chưa có bản vẽ, nên chưa biết tại đây còn hiệu lực không.",
        f"A part of this plan was annulled or amended{en}, but was not drawn, so it is not known whether the plan holds here.",
    )


def doubt(kind: str, plan: str | None, note: str | None) -> Text:
    """Say why the ground is not known, in the words of what the statement `known` found."""
    return _DOUBTS[kind](plan or "", note or "")


_DOUBTS: Mapping[str, Callable[[str, str], Text]] = {
    "gap_removed": lambda plan, _: Text(
        f"Một phần dữ liệu của đồ án {plan} tại đây đã bị gỡ khỏi hệ thống.",
        f"Some of the data of plan {plan} here were removed.",
    ),
    "gap_quarantined": lambda plan, _: Text(
        f"Một phần dữ liệu {f'của đồ án {plan} ' if plan else ''}tại đây bị lỗi và chưa nạp được.",
        f"Some of the data {f'of plan {plan} ' if plan else ''}here are faulty and could not be loaded.",
    ),
    "status_unknown": lambda plan, _: Text(
        f"Chưa rõ tình trạng pháp lý của đồ án {plan}.", f"The legal status of plan {plan} is not known."
    ),
    "part_without_drawing": lambda plan, decision: Text(
        f"Đồ án {plan} bị hủy hoặc điều chỉnh một phần{f' theo {decision}' if decision else ''} nhưng chưa có bản vẽ phần đó.",
        f"A part of plan {plan} was annulled or amended{f' by {decision}' if decision else ''}, but not drawn.",
    ),
    "replaced_by_missing": lambda plan, other: Text(
        f"Đồ án {plan} đã được thay thế bởi {f'đồ án {other}' if other else 'đồ án khác'} chưa có trong dữ liệu.",
        f"Plan {plan} was replaced by {f'plan {other}' if other else 'another'}, which the data do not hold.",
    ),
    "plan_missing": lambda plan, _: Text(
        f"Đồ án {plan} được nhắc đến tại đây nhưng chưa có trong dữ liệu.",
        f"Plan {plan} is named here, but the data do not hold it.",
    ),
    "not_whole": lambda plan, _: Text(
        f"Dữ liệu của đồ án {plan} không khớp với số đối tượng đã nạp.",
        f"The data of plan {plan} do not agree with what was loaded.",
    ),
    "uncovered": lambda plan, _: Text(
        f"Đồ án {plan} có hiệu lực tại đây nhưng dữ liệu không có ô quy hoạch nào của đồ án tại chỗ này.",
        f"Plan {plan} is in force here, but the data hold no zone of it at this place.",
    ),
    "not_loaded": lambda plan, _: Text(
        f"Đồ án {plan} có hiệu lực tại đây nhưng nội dung này của đồ án chưa có đủ trong dữ liệu.",
        f"Plan {plan} is in force here, but the data do not hold this content of it in full.",
    ),
}


def stale_proof(stated_on: str, cycle_days: int) -> Text:
    """Say that what is known is older than its source's own cycle of updates."""
    return Text(
        f"Dữ liệu được xác nhận đầy đủ từ ngày {vi_day(stated_on)}, trong khi nguồn cập nhật {cycle_days} ngày một lần: "
        "có thể đã có thay đổi.",
        f"The data were confirmed as complete on {stated_on}, while their source is updated every {cycle_days} days: "
        "there may have been changes.",
    )


_TAKEN = {
    "amended": ("điều chỉnh cục bộ", "amended in part"),
    "partly_annulled": ("hủy một phần", "annulled in part"),
    "annulled": ("hủy một phần", "annulled in part"),
    "replaced": ("thay thế một phần", "replaced in part"),
    "expired": ("hết hiệu lực một phần", "expired in part"),
}


def change(one: Change) -> Text:
    """Say what was taken away of a plan and whether the place lies in that part."""
    vi_kind, en_kind = _TAKEN[one.kind]
    decision = f" ({one.decision_no})" if one.decision_no else ""
    area = f"{one.area_m2:,.2f}" if one.area_m2 is not None else ""
    where = {
        Relation.INSIDE: ("nơi này nằm trong phần đó", "this place lies in that part"),
        Relation.OUTSIDE: ("nơi này nằm ngoài phần đó", "this place lies outside that part"),
        Relation.ACROSS: (
            f"{area.translate(str.maketrans(',.', '.,'))} m² của thửa đất nằm trong phần đó",
            f"{area} m² of the parcel lie in that part",
        ),
        Relation.UNKNOWN: ("chưa có bản vẽ phần đó", "that part was not drawn"),
    }[one.relation]
    return Text(
        f"Đồ án {one.plan_code} bị {vi_kind} từ ngày {vi_day(one.effective_on)}{decision}: {where[0]}.",
        f"Plan {one.plan_code} was {en_kind} from {one.effective_on} on{decision}: {where[1]}.",
    )


def vi_day(iso: str) -> str:
    """Write a day as Vietnam does; what the database holds beyond the calendar (BC, infinity) as it stands."""
    parts = iso.split("-")
    return "/".join(reversed(parts)) if len(parts) == 3 and all(part.isdigit() for part in parts) else iso


def _percent(share: float) -> tuple[str, str]:
    # never rounded up to "100 %" nor down to "0 %" while it is neither
    percent = min(max(share * 100, 0.1), 99.9) if 0 < share < 1 else share * 100
    shown = f"{percent:.1f}".removesuffix(".0")
    return f"{shown.replace('.', ',')} %", f"{shown} %"
