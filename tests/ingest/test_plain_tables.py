"""Tables without geometry from CSV: cells as they are written, the same file twice, columns left empty."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from ingest.tables_plain import _read_csv
from spatial.errors import UnreadableFile
from tests.ingest.world import load_one, one, rows

SOURCES = "code,name,steward,update_cycle_days,is_sample,note\n"


def csv(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


def test_sources_with_empty_columns_twice_change_nothing(engine: Engine, tmp_path: Path) -> None:
    path = csv(tmp_path / "s.csv", SOURCES + "vpdk,Văn phòng đăng ký,,30,,\nsxd,Sở Xây dựng,,,true,\n")
    first, second = load_one(engine, "sources", path), load_one(engine, "sources", path)
    assert (first.added, second.added, second.changed, second.unchanged) == (2, 0, 0, 2)
    assert rows(engine, "SELECT code, is_sample FROM ingest.source ORDER BY 1") == [("sxd", True), ("vpdk", False)]


def test_an_empty_cell_keeps_what_may_not_be_empty_and_empties_the_rest(engine: Engine, tmp_path: Path) -> None:
    load_one(engine, "sources", csv(tmp_path / "a.csv", SOURCES + "sxd,Sở Xây dựng,Phòng A,7,true,cũ\n"))
    report = load_one(engine, "sources", csv(tmp_path / "b.csv", SOURCES + "sxd,Sở Xây dựng,,7,,\n"))
    assert report.changed == 1
    assert rows(engine, "SELECT steward, is_sample, note FROM ingest.source") == [(None, True, None)]


@pytest.mark.parametrize("text", ["Dòng 1\nDòng 2", "Dòng 1\r\nDòng 2", "a\u2028b", "a\n\nb", 'nói "có", rồi\nđi', "a;b,c"])
@pytest.mark.parametrize("mark", [",", ";"])
def test_cells_keep_their_line_breaks_and_quotes(engine: Engine, tmp_path: Path, text: str, mark: str) -> None:
    quoted = '"' + text.replace('"', '""') + '"'
    lines = (
        f"code,name,note\nA,Nguồn A,{quoted}\nB,Nguồn B,\n"
        if mark == ","
        else f"code;name;note\nA;Nguồn A;{quoted}\nB;Nguồn B;\n"
    )
    path = csv(tmp_path / "s.csv", lines)
    assert load_one(engine, "sources", path).added == 2
    assert one(engine, "SELECT note FROM ingest.source WHERE code = 'A'") == text
    assert load_one(engine, "sources", path).unchanged == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('code,name\nA,"Nguồn\nA"\nB\n', "line 4 has 1 values"),
        ('code,name\nA,"Nguồn A\nB,Nguồn B\n', "line 3 is no CSV"),
        ('code,name\nA,"Nguồn" A\n', "line 2 is no CSV"),
        ("\n\n", "no CSV"),
        ("code,name\nA,Ngu\x00n\n", "line 2 is no CSV"),
    ],
)
def test_a_broken_cell_is_refused_with_its_line(engine: Engine, tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UnreadableFile, match=words):
        load_one(engine, "sources", csv(tmp_path / "s.csv", text))


MEMBERS = "urban_area_code,commune_code,valid_from,valid_to\n"


def test_a_commune_that_is_twice_in_an_urban_area_at_once_is_set_aside_alone(engine: Engine, tmp_path: Path) -> None:
    """The table's EXCLUDE would refuse the whole file."""
    load_one(engine, "urban_area_communes", csv(tmp_path / "a.csv", MEMBERS + "U1,00001,2015-01-01,\nU1,00009,2015-01-01,\n"))
    file = csv(
        tmp_path / "b.csv",
        MEMBERS + "U1,00001,2020-01-01,\n"  # beside the open one of the table
        "U1,00002,2015-01-01,2021-01-01\nU1,00002,2020-01-01,\n"  # beside each other
        "U1,00003,2015-01-01,2020-01-01\nU1,00003,2020-01-01,\nU2,00001,2020-01-01,\n"  # one after the other
        "U1,00009,2015-01-01,2018-01-01\nU1,00009,2018-01-01,\n"  # what was open is parted
        "U1,00004,2020-01-01,2019-01-01\n",
    )
    report = load_one(engine, "urban_area_communes", file)
    assert (report.added, report.changed, report.quarantined) == (4, 1, 4)
    assert (report.issues["period_overlap"], report.issues["period_disorder"]) == (3, 1)
    again = load_one(engine, "urban_area_communes", file)
    assert (again.added, again.changed, again.unchanged, again.quarantined) == (0, 0, 5, 4)


CELLS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=12)


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=4))
def test_what_the_standard_writer_writes_is_read(tmp_path_factory: pytest.TempPathFactory, records: list[list[str]]) -> None:
    import csv as standard

    path = tmp_path_factory.getbasetemp() / "cells.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        standard.writer(file).writerows([["a", "b", "c"], *records])
    assert _read_csv(path) == (["a", "b", "c"], records)
