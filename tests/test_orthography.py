"""One way to write Vietnamese wherever users read it: the tone over the first vowel (*tọa độ, xóa, hủy*), one word per thing."""

import re
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from spatial.database import ROOT

# oa, oe and uy at the end of a syllable, but not of qu-: before a consonant the tone belongs on the second vowel (toán, huỳnh)
OTHER_TONE_PLACE = re.compile(r"(?<![qQ])(?:[oO][àáảãạèéẻẽẹÀÁẢÃẠÈÉẺẼẸ]|[uU][ỳýỷỹỵỲÝỶỸỴ])(?![a-zA-ZÀ-ỹ])")
OTHER_WORDS = {
    "Nhấp": "Bấm",
    "nhấp vào": "bấm vào",
    "Diện tích theo hồ sơ": "Diện tích pháp lý",
    "Chép liên kết": "Sao chép liên kết",
}
SOURCES = ("web/src", "web/index.html", "api", "spatial", "ingest", "migrations", "sample_data", "dothi.py", "docs", "README.md")
KINDS = {".py", ".ts", ".tsx", ".html", ".sql", ".md", ".csv", ".json"}
NOT_WORDS = ("ingest/encodings/", "migrations/data/0003_unit_code.csv", "migrations/sql/0060_")
"""Tables of letters; and the names of a landed revision, which a later one writes anew (asked of the database below)."""


def _texts() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "--", *SOURCES], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.splitlines() if Path(name).suffix in KINDS and not name.startswith(NOT_WORDS)]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("toạ độ; Xoá, huỷ. Hoà", ["oạ", "oá", "uỷ", "oà"]),
        ("tọa độ; Xóa, hủy. Hòa", []),
        ("toán hoặc quý ngoài huỳnh khoảng hoàn thuyết", []),
    ],
)
def test_the_pattern_knows_one_from_the_other(words: str, found: list[str]) -> None:
    assert OTHER_TONE_PLACE.findall(words) == found


def test_what_users_read_has_one_spelling_and_one_word_per_thing() -> None:
    texts = _texts()
    assert len(texts) > 200
    found = []
    for path in texts:
        for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1):
            wrong = OTHER_TONE_PLACE.findall(line) + [word for word in OTHER_WORDS if re.search(rf"(?<!\w){word}", line)]
            if wrong:
                found.append(f"{path.relative_to(ROOT)}:{number}: {wrong}")
    assert found == []


def test_the_code_tables_have_it_too(connection: Connection) -> None:
    columns = connection.execute(
        text(
            "SELECT c.table_schema, c.table_name, c.column_name FROM information_schema.columns c"
            " WHERE c.data_type = 'text' AND (c.table_schema, c.table_name) IN"
            " (('land', 'land_use'), ('planning', 'zone_function'), ('admin', 'unit_code'), ('rollup', 'indicator'))"
        )
    ).all()
    assert len(columns) > 10
    for schema, table, column in columns:
        for (value,) in connection.execute(text(f"SELECT DISTINCT {column} FROM {schema}.{table} WHERE {column} IS NOT NULL")):
            assert not OTHER_TONE_PLACE.search(value), (schema, table, column, value)


def test_words_of_the_code_tables(connection: Connection) -> None:
    name = connection.execute(text("SELECT name_en FROM planning.zone_function WHERE name = 'Đơn vị ở'")).scalar_one()
    assert name == "Neighbourhood unit"
