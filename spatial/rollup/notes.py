"""What the figures do not count as it stands, in words: a figure that another holds, shares that make no whole, and so on."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from spatial.layers import Text
from spatial.tables import Note

SENTENCES = {
    "held": Text(
        "Số {value} của mã {unit}, kỳ {period}, không cộng thêm vì số của {by} cùng kỳ đã gồm cả phần này. "
        "Nếu cả hai là số trước khi sáp nhập, hãy ghi ngày vào cột unit_on.",
        "The figure {value} of {unit}, {period}, is not added: the figure of {by} for the same period holds it. "
        "If both are of before the merger, give the day in the column unit_on.",
    ),
    "undivided": Text(
        "Số {value} của mã cũ {unit}, kỳ {period}, chưa chia được cho các đơn vị mới vì thiếu tỷ lệ (population_share, "
        "area_share); để ở dòng chưa phân theo cấp dưới.",
        "The figure {value} of the former {unit}, {period}, cannot be divided among its successors without shares "
        "(population_share, area_share); it stands as not broken down.",
    ),
    "not_placed": Text(
        "Số {value} báo cáo cho đơn vị {unit} (cấp {level}), kỳ {period}, chưa được tính: danh mục cấp đó không có đơn vị này.",
        "The figure {value} reported for {unit} (tier {level}), {period}, is not counted: that tier has no such unit.",
    ),
    "computed_here": Text(
        "Số {value} báo cáo cho {unit}, kỳ {period}, không dùng: chỉ tiêu này do hệ thống tính hoặc không có trong danh mục.",
        "The figure {value} reported for {unit}, {period}, is not used: the indicator is computed here or not in the list.",
    ),
    "no_number": Text(
        "Số của đơn vị {unit}, kỳ {period}, để trống và không cộng vào cấp trên: dữ liệu nguồn tại đó có giá trị không phải là "
        "số hữu hạn. Hãy sửa dữ liệu đó.",
        "The figure of {unit}, {period}, is unknown and not added to the tiers above: a row there holds no finite number. "
        "Mend that row.",
    ),
    "shares_exceed": Text(
        "Tỷ lệ chia của đơn vị {unit} ngày {period} cộng lại bằng {sum}, lớn hơn 1; đã quy về 1. Hãy sửa unit_changes.",
        "The shares of {unit} on {period} add up to {sum}, more than 1; they were scaled to 1. Mend unit_changes.",
    ),
    "two_cities": Text(
        "Xã {unit} thuộc nhiều đô thị cùng lúc ({cities}); chỉ tính cho {counted}. Hãy sửa urban_area_communes.",
        "The commune {unit} is in several cities at once ({cities}); it counts for {counted} only. Mend urban_area_communes.",
    ),
    "other_province": Text(
        "Xã {unit} không thuộc tỉnh {province} của đô thị {city} nên không tính vào đô thị đó.",
        "The commune {unit} is not in province {province} of the city {city}, so it does not count for that city.",
    ),
}
"""Kind of a note -> its sentence."""


@dataclass(frozen=True)
class Told:
    """One note.

    Attributes:
        indicator_code: None where it concerns every indicator.
    """

    kind: str
    indicator_code: str | None
    sentence: Text


def tell(kind: str, indicator_code: str | None, unit_code: str, period: str | None, detail: dict[str, Any]) -> Told:
    """Put a row of `rollup.note` into words."""
    words = {"unit": unit_code, "period": period, **{name: _plain(value) for name, value in detail.items()}}
    sentence = SENTENCES[kind]
    return Told(kind, indicator_code, Text(sentence.vi.format(**words), sentence.en.format(**words)))


def read_notes(connection: Connection) -> list[Told]:
    """Give the notes of the last refresh."""
    rows = connection.execute(
        select(Note.kind, Note.indicator_code, Note.unit_code, Note.period, Note.detail).order_by(
            Note.kind, Note.indicator_code, Note.unit_code, Note.period
        )
    )
    return [tell(*row) for row in rows]


def _plain(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
