import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.negotiation import Language, accepted_language, choose_format, parse_language, weighted
from spatial.errors import InvalidInput, NotAcceptable

OFFERED = {"json": "application/json", "html": "text/html"}
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", Language.vi),
        ("en", Language.en),
        ("en-GB,en;q=0.9", Language.en),
        ("fr, en;q=0.5", Language.en),
        ("vi;q=0.4, en;q=0.6", Language.en),
        ("en;q=0, vi", Language.vi),
        ("fr", Language.vi),
        ("*", Language.vi),
        ("en;q=oops", Language.vi),
    ],
)
def test_vietnamese_comes_first_unless_another_is_asked_for(header: str, language: Language) -> None:
    assert accepted_language(header) is language


def test_lang_wins_over_the_header() -> None:
    assert parse_language("vi", "en") is Language.vi


def test_a_language_that_is_not_spoken_is_refused() -> None:
    with pytest.raises(InvalidInput, match="lang=vi or lang=en"):
        parse_language("fr")


@pytest.mark.parametrize(
    ("text", "accept", "chosen"),
    [
        (None, "", "json"),
        (None, "*/*", "json"),
        (None, BROWSER, "html"),
        (None, "text/*", "html"),
        (None, "application/json;q=0.1, text/html;q=0.9", "html"),
        (None, "image/png, application/json;q=0.1", "json"),
        ("json", BROWSER, "json"),
    ],
)
def test_the_format_is_what_f_or_accept_says(text: str | None, accept: str, chosen: str) -> None:
    assert choose_format(text, accept, OFFERED) == chosen


def test_a_format_that_is_not_offered_is_refused_with_those_that_are() -> None:
    with pytest.raises(InvalidInput, match="json, html"):
        choose_format("xml", "", OFFERED)
    with pytest.raises(NotAcceptable, match="application/json, text/html"):
        choose_format(None, "image/png", OFFERED)


@given(st.text(max_size=100))
def test_any_header_can_be_read(header: str) -> None:
    assert all(value and value == value.lower() for value in weighted(header))
