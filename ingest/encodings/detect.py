"""Decides how a set of texts was written, by the share of legal Vietnamese syllables under each reading. Changes no text."""

from collections.abc import Sequence
from dataclasses import dataclass

from ingest.encodings.codecs import HOLE, LEGACY, Encoding, decode
from ingest.encodings.syllables import count_syllables

ACCEPT_SHARE = 0.8
"""A reading is believed from this share of legal syllables on: names of other peoples and abbreviations take the rest.
Measured on the 3,321 communes: 0.96."""
LEAD = 0.2
"""How far the best reading must be ahead of the next."""
SAMPLE_VALUES = 2_000


@dataclass(frozen=True)
class Reading:
    """A way to read bytes: an encoding; `garbled` if the bytes were read as Windows-1252 and saved as UTF-8 before delivery."""

    encoding: Encoding
    garbled: bool = False

    def __str__(self) -> str:
        """Name the reading for people: "tcvn3", "tcvn3 read as cp1252"."""
        return f"{self.encoding} read as cp1252" if self.garbled else str(self.encoding)


@dataclass(frozen=True)
class Evidence:
    """What speaks for a reading: `legal` of `words` different accented words are Vietnamese syllables."""

    reading: Reading
    legal: int
    words: int

    @property
    def share(self) -> float:
        """Share of legal syllables, 0 to 1; 0 where there is no accented word."""
        return self.legal / self.words if self.words else 0.0

    def __str__(self) -> str:
        """Say it in a few signs: "tcvn3 0.98 of 120"."""
        return f"{self.reading} {self.share:.2f} of {self.words}"


READINGS_OF_BYTES = tuple(Reading(encoding) for encoding in LEGACY)
READINGS_OF_UNICODE = (
    Reading(Encoding.UTF8),
    *(Reading(encoding, garbled=True) for encoding in (*LEGACY, Encoding.UTF8)),
)


def choose_reading(values: Sequence[bytes], readings: Sequence[Reading]) -> tuple[Reading | None, tuple[Evidence, ...]]:
    """Choose the reading that explains the values, or None where none does or two do equally well but differ.

    Args:
        values: raw values; UTF-8 bytes where the source was Unicode.
        readings: what to try; of equals the first is taken.
    """
    sample = _sample(values)
    texts = {reading: read_all(sample, reading) for reading in readings}
    weighed = [Evidence(reading, *count_syllables(texts[reading])) for reading in readings]
    evidence = tuple(sorted(weighed, key=lambda e: e.share, reverse=True))
    best = evidence[0]
    if best.share < ACCEPT_SHARE:
        return None, evidence
    rivals = [e for e in evidence[1:] if e.share > best.share - LEAD]
    if any(_contradict(texts[best.reading], texts[rival.reading]) for rival in rivals):
        return None, evidence
    return best.reading, evidence


def _contradict(one: Sequence[str], other: Sequence[str]) -> bool:
    """Say whether two readings give different texts for a value, both without a hole; a text with a hole is no rival."""
    return any(a != b and HOLE not in a and HOLE not in b for a, b in zip(one, other, strict=True))


def _sample(values: Sequence[bytes]) -> Sequence[bytes]:
    """Take values evenly over the whole column, since a file may be pasted together from two."""
    step = max(1, len(values) // SAMPLE_VALUES)
    return values[::step]


def read_all(values: Sequence[bytes], reading: Reading) -> list[str]:
    """Read raw values, all at once; what the reading cannot explain becomes U+FFFD. Values hold no NUL."""
    if not values:
        return []
    joined = b"\x00".join(values)
    if not reading.garbled:
        return decode(joined, reading.encoding).split("\x00")
    original = ungarble(joined.decode("utf-8", "replace"))
    if original is not None:
        return decode(original, reading.encoding).split("\x00")
    if len(values) == 1:
        return [HOLE]
    return [read_all([value], reading)[0] for value in values]  # a value among them was never garbled


def ungarble(text: str) -> bytes | None:
    """Undo "bytes read as Windows-1252": give the bytes, or None where the text has a character that cp1252 lacks.

    The five codes that Windows-1252 leaves open come through as the Latin-1 controls of the same number.
    """
    try:
        return text.encode("cp1252")
    except UnicodeEncodeError:
        pass
    raw = bytearray()
    for char in text:
        try:
            raw += char.encode("cp1252")
        except UnicodeEncodeError:
            if ord(char) > 0xFF:
                return None
            raw.append(ord(char))
    return bytes(raw)
