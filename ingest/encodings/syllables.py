"""Which letter groups are Vietnamese syllables: the evidence by which encodings are told apart. Knows no bytes."""

import csv
import re
import unicodedata
from functools import cache, lru_cache
from importlib import resources

_TONES = {"\u0300": "huyền", "\u0301": "sắc", "\u0303": "ngã", "\u0309": "hỏi", "\u0323": "nặng"}
_STOPS = ("p", "t", "c", "ch", "k")
_TONES_BEFORE_STOP = {"sắc", "nặng"}
_SEPARATORS = re.compile(r"[\x00-\x40\x5b-\x60\x7b-\x7f\xa0\xb0\xb2\xb3\u2010-\u2026\u2190-\u22ff]+")


@cache
def _parts() -> tuple[tuple[str, ...], frozenset[str]]:
    """Give the onsets, longest first, and the rhymes."""
    table = resources.files("ingest.encodings").joinpath("rhymes.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(table.splitlines()))
    onsets = [o for row in rows if row["kind"] == "onset" for o in row["members"].split()]
    rhymes = [r for row in rows if row["kind"] != "onset" for r in row["members"].split()]
    return tuple(sorted(onsets, key=len, reverse=True)), frozenset(rhymes)


@lru_cache(maxsize=65_536)
def is_vietnamese_syllable(word: str) -> bool:
    """Say whether a word, NFC in any case, could be written in Vietnamese."""
    tones, letters = set(), []
    for char in unicodedata.normalize("NFD", word.lower()):
        if char in _TONES:
            tones.add(_TONES[char])
        else:
            letters.append(char)
    plain = unicodedata.normalize("NFC", "".join(letters))
    if len(tones) > 1 or not _mixes_case_plausibly(word):
        return False
    return any(_tone_allowed(rhyme, tones) for rhyme in _rhymes_of(plain))


def _mixes_case_plausibly(word: str) -> bool:
    """Refuse a capital after a small letter ("NguyÔn"), unless all ASCII letters are capitals ("NGUYễN": .VnTimeH)."""
    ascii_letters = [char for char in word if char.isascii()]
    if ascii_letters and all(char.isupper() for char in ascii_letters):
        return True
    return word[1:] == word[1:].lower()


def _rhymes_of(plain: str) -> list[str]:
    """List the legal rhymes that the word may end in, one for each onset it may begin with."""
    onsets, rhymes = _parts()
    found = [plain] if plain in rhymes else []
    for onset in onsets:
        if plain.startswith(onset) and (rest := plain[len(onset) :]) in rhymes:
            found.append(rest)
    if plain.startswith("gi") and plain[1:] in rhymes:  # "giêng" = gi + iêng, written with one i
        found.append(plain[1:])
    return found


def _tone_allowed(rhyme: str, tones: set[str]) -> bool:
    return not rhyme.endswith(_STOPS) or tones <= _TONES_BEFORE_STOP


def accented_words(text: str) -> list[str]:
    """Split text into words and keep those with a character beyond ASCII; only they tell encodings apart."""
    return [word for word in _SEPARATORS.split(text) if word and not word.isascii()]


def count_syllables(texts: list[str]) -> tuple[int, int]:
    """Count (legal, all) different accented words of the texts."""
    words = {word for text in texts for word in accented_words(text)}
    return sum(map(is_vietnamese_syllable, words)), len(words)
