"""Issue codes: the reference page is complete, messages come in both languages, errors quarantine."""

from pathlib import Path

import pytest

from ingest.issues import Issue, IssueCode, Severity, count_by_code, reference_page, rows_in_quarantine

PAGE = Path(__file__).parents[2] / "docs/reference/load-issues.md"


def test_reference_page_is_what_the_codes_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference_page(), "Run: python -m ingest.issues"


@pytest.mark.parametrize("code", IssueCode)
def test_every_code_has_two_sentences(code: IssueCode) -> None:
    assert code.vi.endswith(".")
    assert code.en.endswith(".")
    assert code.vi != code.en
    assert f"| `{code.value}` |" in PAGE.read_text(encoding="utf-8")


def test_message_and_counts() -> None:
    issues = [
        Issue(IssueCode.OVERLAP, 3, detail="1: 2.00 m²"),
        Issue(IssueCode.PARCEL_NUMBER_PROVISIONAL, 2, "SHTHUA", "tạm"),
        Issue(IssueCode.PARCEL_NUMBER_PROVISIONAL, 5, "SHTHUA", "tạm"),
        Issue(IssueCode.COLUMN_PERSONAL, column="TENCHU"),
    ]
    assert issues[1].message().endswith("[SHTHUA; tạm]")
    assert issues[0].message("en") == "The parcel overlaps another. [1: 2.00 m²]"
    assert rows_in_quarantine(issues) == {2, 5}
    assert list(count_by_code(issues).items()) == [("column_personal", 1), ("parcel_number_provisional", 2), ("overlap", 1)]
    assert IssueCode.OVERLAP.severity is Severity.WARNING
