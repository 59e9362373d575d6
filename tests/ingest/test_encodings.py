"""Legacy encodings: round trips, decisions with evidence, undecided text kept as bytes."""

import unicodedata
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.encodings import (
    LEGACY,
    ColumnReading,
    DecodedColumn,
    Encoding,
    Reading,
    choose_readings,
    decode,
    decode_column,
    encode,
    encoding_issues,
)
from ingest.encodings.syllables import count_syllables, is_vietnamese_syllable
from ingest.issues import IssueCode

NAMES = ["Nguyễn Văn Thửa", "Trần Thị Hường", "Bùi Văn Dũng", "Lê Thị Ất", "Đỗ Văn Lượng", "Vũ Quyết"]
PLACES = ["phường Đường Lâm, số 12", "thôn Nghĩa Lộ", "xóm Giữa", "phố Huế", "đất ở đô thị", "khu Quảng Trường"]
FACTS = {
    Encoding.TCVN3: "NguyÔn V¨n Thöa, ph\xad\xeang §\xad\xeang L©m, ®Êt ë ®« thÞ",
    Encoding.VNI: "Nguyeãn Vaên Thöûa, phöôøng Ñöôøng Laâm, ñaát ôû ñoâ thò",
    Encoding.VISCII: "Nguy\xadn Vån ThØa, phß¶ng Ðß¶ng Lâm, ð¤t · ðô th¸",
}
SMALL = "aàảãáạăằẳẵắặâầẩẫấậbcdđeèẻẽéẹêềểễếệghiìỉĩíịklmnoòỏõóọôồổỗốộơờởỡớợpqrstuùủũúụưừửữứựvxyỳỷỹýỵ"
small_text = st.text(alphabet=SMALL + " ,.0123456789/-", max_size=40)
any_text = st.text(alphabet=SMALL + SMALL.upper() + " ,.0123456789/-", max_size=40)


def as_bytes_column(texts: Sequence[str | None], encoding: Encoding) -> pa.Array:
    """Make the column as a shapefile gives it: each byte one Latin-1 character."""
    return pa.array([None if text is None else encode(text, encoding).decode("latin-1") for text in texts], pa.string())


def garble(raw: bytes) -> str:
    """Read bytes as Windows programs do: cp1252, its five open codes as Latin-1 controls."""
    return "".join(bytes([b]).decode("cp1252" if b not in b"\x81\x8d\x8f\x90\x9d" else "latin-1") for b in raw)


def read_alone(column: pa.Array, *, text_is_bytes: bool = True) -> tuple[ColumnReading, DecodedColumn]:
    reading = choose_readings({"c": column}, text_is_bytes=text_is_bytes)["c"]
    return reading, decode_column(column, reading, text_is_bytes=text_is_bytes)


@pytest.mark.parametrize("encoding", FACTS)
def test_sample_of_each_encoding(encoding: Encoding) -> None:
    text = "Nguyễn Văn Thửa, phường Đường Lâm, đất ở đô thị"
    assert decode(FACTS[encoding].encode("latin-1"), encoding) == text
    assert encode(text, encoding) == FACTS[encoding].encode("latin-1")


@pytest.mark.parametrize("encoding", LEGACY)
@given(text=small_text)
def test_round_trip_of_small_letters(encoding: Encoding, text: str) -> None:
    assert decode(encode(text, encoding), encoding) == text


@pytest.mark.parametrize("encoding", [Encoding.VNI, Encoding.CP1258, Encoding.VISCII, Encoding.TCVN5712, Encoding.UTF8])
@given(text=any_text)
def test_round_trip_of_all_letters(encoding: Encoding, text: str) -> None:
    assert decode(encode(unicodedata.normalize("NFD", text), encoding), encoding) == text


@given(st.lists(small_text, max_size=8), st.sampled_from(LEGACY))
def test_joined_values_decode_as_single_ones(texts: list[str], encoding: Encoding) -> None:
    joined = b"\x00".join(encode(text, encoding) for text in texts)
    assert decode(joined, encoding).split("\x00") == (texts or [""])


@pytest.mark.parametrize("encoding", [*LEGACY, Encoding.UTF8])
@pytest.mark.parametrize("texts", [NAMES, PLACES])
def test_column_is_recognised(encoding: Encoding, texts: list[str]) -> None:
    _, decoded = read_alone(as_bytes_column([*texts, None, "Tran Van A"], encoding))
    assert decoded.values.to_pylist() == [*texts, None, "Tran Van A"]
    assert not decoded.undecided
    assert decoded.rows_by_reading["ascii"] == 1


def test_capitals_of_vntimeh_fonts_come_back() -> None:
    column = as_bytes_column(["NGUYỄN VĂN THỬA", "Lê", "ĐẤT Ở", "Hồ Bể", *NAMES], Encoding.TCVN3)
    decoded = read_alone(column)[1].values.to_pylist()
    assert decoded[0] == "NGUYỄN VĂN THỬA"
    assert decoded[1] == "Lê"
    assert decoded[3] == "Hồ Bể"


@pytest.mark.parametrize("encoding", [Encoding.TCVN3, Encoding.VNI, Encoding.CP1258, Encoding.UTF8])
def test_text_garbled_before_delivery_is_restored(encoding: Encoding) -> None:
    garbled = pa.array([garble(encode(text, encoding)) for text in NAMES])
    reading, decoded = read_alone(garbled, text_is_bytes=False)
    assert reading.of_unicode == Reading(encoding, garbled=True)
    assert decoded.values.to_pylist() == NAMES
    issues = encoding_issues("TEN", decoded, reading, np.arange(1, 7), personal=False)
    assert IssueCode.TEXT_RESTORED in {issue.code for issue in issues}


def test_right_unicode_stays_and_becomes_nfc() -> None:
    column = pa.array([*NAMES, unicodedata.normalize("NFD", "Trường Sa"), "Ðắk Lắk", "東京"])
    decoded = read_alone(column, text_is_bytes=False)[1].values.to_pylist()
    assert decoded == [*NAMES, "Trường Sa", "Đắk Lắk", "東京"]


def test_two_encodings_in_one_column() -> None:
    tcvn3 = as_bytes_column(NAMES, Encoding.TCVN3).to_pylist()
    utf8 = as_bytes_column(PLACES, Encoding.UTF8).to_pylist()
    reading, decoded = read_alone(pa.array([*tcvn3, *utf8]))
    assert decoded.values.to_pylist() == [*NAMES, *PLACES]
    issues = encoding_issues("c", decoded, reading, np.arange(1, 13), personal=False)
    assert [issue.code for issue in issues] == [IssueCode.ENCODING_MIXED]


def test_nothing_explains_the_bytes() -> None:
    raw = [b"\x81\x8d\x8f\x90\x9d\xff\xfe", b"\xff\xfe\x81\x90 \x9d\x8f"]
    column = pa.array(["plain", *(value.decode("latin-1") for value in raw)])
    reading, decoded = read_alone(column)
    assert reading.of_bytes is None
    assert decoded.values.to_pylist() == ["plain", None, None]
    assert [bytes.fromhex(value) for value in decoded.undecided.values()] == raw
    issues = encoding_issues("c", decoded, reading, np.array([1, 2, 3]), personal=False)
    assert [(i.code, i.row, i.value) for i in issues] == [
        (IssueCode.TEXT_UNDECIDED, 2, raw[0].hex()),
        (IssueCode.TEXT_UNDECIDED, 3, raw[1].hex()),
    ]


def test_bytes_of_a_personal_column_are_not_shown() -> None:
    column = pa.array([b"\x81\x8d\xff".decode("latin-1")])
    reading, decoded = read_alone(column)
    issues = encoding_issues("TENCHU", decoded, reading, np.array([1]), personal=True)
    assert [issue.value for issue in issues] == [None]


@given(st.lists(st.binary(min_size=1, max_size=12).filter(lambda b: b"\x00" not in b), max_size=6))
def test_no_byte_is_ever_lost(values: list[bytes]) -> None:
    column = pa.array([value.decode("latin-1") for value in values], pa.string())
    _, decoded = read_alone(column)
    assert len(decoded.values) == len(values)
    for row, text in enumerate(decoded.values.to_pylist()):
        if text is None:
            assert bytes.fromhex(decoded.undecided[row]) == values[row]
        assert text is None or "\ufffd" not in text
    assert sum(decoded.rows_by_reading.values()) == len(values)


def test_a_poor_column_follows_the_others() -> None:
    poor = "Bhăng Rvê"
    columns = {
        "name": as_bytes_column(NAMES, Encoding.TCVN3),
        "place": as_bytes_column([poor, "xã Bhăng"], Encoding.TCVN3),
    }
    readings = choose_readings(columns, text_is_bytes=True)
    assert readings["name"].of_bytes == Reading(Encoding.TCVN3)
    assert readings["place"].of_bytes == Reading(Encoding.TCVN3)
    assert readings["place"].by_file


@pytest.mark.parametrize(
    "word",
    [
        "Nguyễn",
        "giếng",
        "gì",
        "quốc",
        "khuya",
        "nghiêng",
        "hoà",
        "hòa",
        "quýt",
        "thuỷ",
        "khuỷu",
        "ngoèo",
        "gió",
        "QUẢNG",
        "Ất",
        "ở",
    ],
)
def test_vietnamese_syllables(word: str) -> None:
    assert is_vietnamese_syllable(word)


@pytest.mark.parametrize("word", ["NguyÔn", "L©m", "®Êt", "phöôøng", "thß¶ng", "nguyễnn", "àá", "bạcg"])
def test_other_letter_groups(word: str) -> None:
    assert not is_vietnamese_syllable(word)


def test_only_accented_words_count() -> None:
    assert count_syllables(["Nguyễn Van", "Nguyễn ®Êt"]) == (1, 2)
