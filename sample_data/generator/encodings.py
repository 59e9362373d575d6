"""Text into the bytes of two old encodings, TCVN3 ("ABC") and VNI Windows, from the tables of facts."""

from functools import cache

from sample_data.generator.facts import read_facts


@cache
def _tcvn3() -> dict[str, bytes]:
    table = {row["tcvn5712_1_glibc"]: bytes([int(row["byte"], 16)]) for row in read_facts("encoding_tcvn3")}
    return {char: raw for char, raw in table.items() if not char.isupper() or raw[0] <= 0xA7}


@cache
def _vni() -> dict[str, bytes]:
    return {row["unicode_nfc"]: bytes.fromhex(row["bytes_hex"]) for row in read_facts("encoding_vni_windows")}


def to_tcvn3(text: str) -> bytes:
    """Encode NFC text as TCVN3; toned capitals become small letters, as the `.VnTimeH` fonts that draw them want."""
    table = _tcvn3()
    return b"".join(table.get(char) or table.get(char.lower()) or char.encode("ascii") for char in text)


def to_vni(text: str) -> bytes:
    """Encode NFC text as VNI Windows: a letter and a byte for its mark."""
    table = _vni()
    return b"".join(table.get(char) or char.encode("ascii") for char in text)
