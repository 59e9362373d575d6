"""Bytes to text and back for TCVN3, TCVN 5712-1, VNI Windows, Windows-1258 and VISCII, a whole column at a time. Decides nothing.

Every decoder gives NFC text; a byte that has no letter in the encoding becomes U+FFFD, so that a caller sees the hole.
"""

import codecs
import csv
import unicodedata
from enum import StrEnum
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt

HOLE = "\ufffd"
_KEPT_CONTROLS = (0x00, 0x09, 0x0A, 0x0D)
_TCVN3_FIRST = 0xA0
"""TCVN3 is the high half of TCVN 5712-1. Its fonts draw no toned capitals, yet files hold those of the high half ("Ất")."""
_EDGE = {"\u00d0": "Đ", "\u00f0": "đ"}
_CHARACTERS_OF_TABLE = 256


class Encoding(StrEnum):
    """How a text was written. ASCII is common to all of them."""

    ASCII = "ascii"
    UTF8 = "utf-8"
    TCVN3 = "tcvn3"
    TCVN5712 = "tcvn5712-1"
    VNI = "vni"
    CP1258 = "cp1258"
    VISCII = "viscii"


LEGACY = (Encoding.TCVN3, Encoding.VNI, Encoding.CP1258, Encoding.VISCII, Encoding.TCVN5712)
"""TCVN 5712-1 comes last: it differs from TCVN3 only where capitals with tones stand at 0x80-0x9F and below 0x20."""
_COLUMN = {
    Encoding.TCVN3: "tcvn5712_1_glibc",
    Encoding.TCVN5712: "tcvn5712_1_glibc",
    Encoding.CP1258: "cp1258_python",
    Encoding.VISCII: "viscii_glibc",
}


def _read_table(name: str) -> list[dict[str, str]]:
    text = resources.files("ingest.encodings").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.split("\n")))


@cache
def _charmap(encoding: Encoding) -> str:
    """Give the 256 characters of a single-byte encoding, U+FFFD where it has none."""
    chars = [chr(code) if 0x20 <= code < 0x7F or code in _KEPT_CONTROLS else HOLE for code in range(_CHARACTERS_OF_TABLE)]
    for row in _read_table("singlebyte.csv"):
        code, char = int(row["byte"], 16), row[_COLUMN[encoding]]
        if char and not (encoding is Encoding.TCVN3 and code < _TCVN3_FIRST):
            chars[code] = char
    return "".join(chars)


@cache
def _vni_tables() -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    """Give code points by single byte and, 0 where there is none, by pair of bytes (first * 256 + second)."""
    single = np.array([code if code < 0x7F else ord(HOLE) for code in range(256)], dtype=np.uint32)
    single[[code for code in range(0x20) if code not in _KEPT_CONTROLS]] = ord(HOLE)
    single[0xA0] = 0xA0
    for code in range(0x80, 0xC0):  # quotes, dashes and signs as in Windows-1252; VNI's letters begin at 0xC1
        view = bytes([code]).decode("cp1252", "replace")
        if not view.isalpha():
            single[code] = ord(view)
    pair = np.zeros(1 << 16, dtype=np.uint32)
    for row in _read_table("vni_windows.csv"):
        raw = bytes.fromhex(row["bytes_hex"])
        if len(raw) == 1:
            single[raw[0]] = ord(row["unicode_nfc"])
        else:
            pair[raw[0] << 8 | raw[1]] = ord(row["unicode_nfc"])
    return single, pair


def _decode_vni(raw: bytes) -> str:
    """Read letter + mark pairs first. No mark is itself a letter, so pairs never overlap and longest match is a table look-up."""
    single, pair = _vni_tables()
    codes = np.frombuffer(raw, dtype=np.uint8).astype(np.uint32)
    text = single[codes]
    pairs = pair[codes[:-1] << 8 | codes[1:]] if codes.size > 1 else np.zeros(0, np.uint32)
    at = np.flatnonzero(pairs)
    text[at] = pairs[at]
    keep = np.ones(codes.size, dtype=bool)
    keep[at + 1] = False
    return text[keep].astype("<u4").tobytes().decode("utf-32-le")


def decode(raw: bytes, encoding: Encoding) -> str:
    """Read bytes, of one value or of many joined by NUL, as NFC text with U+FFFD for every hole."""
    if encoding is Encoding.UTF8:
        text = raw.decode("utf-8", "replace")
    elif encoding is Encoding.ASCII:
        text = raw.decode("ascii", "replace")
    elif encoding is Encoding.VNI:
        text = _decode_vni(raw)
    else:
        text = codecs.charmap_decode(raw, "replace", _charmap(encoding))[0]
    return normalize(text)


def normalize(text: str) -> str:
    """Give NFC, with the Icelandic twins of Đ and đ turned into the Vietnamese letters."""
    for twin, letter in _EDGE.items():
        text = text.replace(twin, letter)
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


@cache
def _encoder(encoding: Encoding) -> dict[str, bytes]:
    if encoding is Encoding.VNI:
        letters = {row["unicode_nfc"]: bytes.fromhex(row["bytes_hex"]) for row in _read_table("vni_windows.csv")}
        return {chr(code): bytes([code]) for code in range(0x7F)} | letters
    return {char: bytes([code]) for code, char in reversed(list(enumerate(_charmap(encoding)))) if char != HOLE}


def encode(text: str, encoding: Encoding) -> bytes:
    """Write text in an encoding. A capital that TCVN3 lacks gets the small letter's code, as .VnTimeH fonts expect.

    Raises:
        UnicodeEncodeError: a character that the encoding cannot write.
    """
    text = normalize(text)
    if encoding in (Encoding.UTF8, Encoding.ASCII):
        return text.encode(encoding.value)
    table = _encoder(encoding)
    return b"".join(_encode_character(char, index, text, table, encoding) for index, char in enumerate(text))


def _encode_character(char: str, index: int, text: str, table: dict[str, bytes], encoding: Encoding) -> bytes:
    if char in table:
        return table[char]
    if encoding is Encoding.TCVN3 and char.lower() in table:
        return table[char.lower()]
    parts = _split_tone(char)
    if encoding is Encoding.CP1258 and all(part in table for part in parts):
        return b"".join(table[part] for part in parts)
    raise UnicodeEncodeError(encoding.value, text, index, index + 1, "no such character in this encoding")


def _split_tone(char: str) -> str:
    """Split a letter as Windows-1258 does: ê + tilde, never e + circumflex + tilde."""
    decomposed = unicodedata.normalize("NFD", char)
    tones = [mark for mark in decomposed if mark in "\u0300\u0301\u0303\u0309\u0323"]
    base = unicodedata.normalize("NFC", "".join(mark for mark in decomposed if mark not in tones))
    return base + "".join(tones)
