"""Issue codes: the reference page is complete, messages come in both languages, errors quarantine."""

import ast
from pathlib import Path

import pytest

from ingest.issues import Issue, IssueCode, Severity, count_by_code, reference_page, rows_in_quarantine

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/reference/load-issues.md"


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


def named_in(path: Path, *, asserted: bool) -> set[str]:
    """Give the codes that a module names, by value or as a member; `asserted`: in assertions and tests' parameters only."""
    members = {code.name: code.value for code in IssueCode}
    tree = ast.parse(path.read_text(encoding="utf-8"))
    judged = [
        part
        for node in ast.walk(tree)
        for part in ([node] if isinstance(node, ast.Assert) else node.decorator_list if isinstance(node, ast.FunctionDef) else [])
    ]
    found = set()
    for node in (part for top in (judged if asserted else [tree]) for part in ast.walk(top)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "IssueCode":
            found.add(members.get(node.attr, ""))
        elif asserted and isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return found


def test_every_code_is_raised_somewhere() -> None:
    modules = [path for path in (ROOT / "ingest").rglob("*.py") if path.name != "issues.py"]
    assert {code.value for code in IssueCode} - set().union(*(named_in(path, asserted=False) for path in modules)) == set()


def test_every_code_has_a_test_that_raises_it() -> None:
    modules = [path for path in (ROOT / "tests" / "ingest").glob("test_*.py") if path.name != Path(__file__).name]
    assert {code.value for code in IssueCode} - set().union(*(named_in(path, asserted=True) for path in modules)) == set()
