"""What the made-up stewards state to be complete; of the commune across the river nobody states permits and green areas."""

from typing import Any

from sample_data.generator import town

Row = dict[str, Any]
_UNSTATED = {"permits": {"99019"}, "green_areas": {"99019"}}
_STEWARDS = {
    "buildings": ("Phòng quản lý đô thị mẫu", "2026-06-30", None),
    "permits": ("Phòng quản lý đô thị mẫu", "2026-10-31", "2019-01-01"),
    "green_areas": ("Công ty cây xanh mẫu", "2026-06-30", None),
}
"""Layer -> who states it, for which day, and for permits since when."""


def completeness_rows(written: dict[str, list[Row]]) -> list[Row]:
    """Give the statements: how many rows of each layer are in force in each commune on the day.

    Args:
        written: layer -> its rows.
    """
    return [
        {
            "layer": layer,
            "commune_code": commune.code,
            "stated_on": day,
            "complete_from": since,
            "row_count": sum(_is_there(row, commune.code, day) for row in written[layer]),
            "steward": steward,
            "note": "Số liệu mẫu",
        }
        for layer, (steward, day, since) in _STEWARDS.items()
        for commune in town.COMMUNES
        if commune.code not in _UNSTATED.get(layer, ())
    ]


def _is_there(row: Row, commune: str, day: str) -> bool:
    begun = str(row.get("issued_on") or row["valid_from"]) <= day
    return row["commune_code"] == commune and begun and not (row.get("valid_to") and str(row["valid_to"]) <= day)
