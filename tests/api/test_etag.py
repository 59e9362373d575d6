import pytest

from api.etag import is_current, make_etag, not_modified

TAG = make_etag("parcels", 7, "2026-11-21")


def test_a_tag_names_everything_the_answer_depends_on() -> None:
    assert TAG.startswith('W/"')
    others = {make_etag("parcels", 8, "2026-11-21"), make_etag("parcels", 7, "2026-11-22"), make_etag("zones", 7, "2026-11-21")}
    assert TAG not in others
    assert len(others) == 3
    assert make_etag("parcels", 7, "2026-11-21") == TAG
    assert make_etag("ab", "c") != make_etag("a", "bc")


@pytest.mark.parametrize(
    ("header", "current"),
    [
        (None, False), ("", False), ("*", True), (TAG, True), (TAG.removeprefix("W/"), True), (f'"x", {TAG}', True),
        ('W/"other"', False), (TAG[:-2], False),
    ],
)  # fmt: skip
def test_a_copy_is_current_by_weak_comparison(header: str | None, current: bool) -> None:
    assert is_current(header, TAG) is current


def test_304_repeats_the_headers_and_has_no_body() -> None:
    answer = not_modified(TAG, {"Cache-Control": "no-cache"})
    assert (answer.status_code, answer.body) == (304, b"")
    assert answer.headers["etag"] == TAG
    assert answer.headers["cache-control"] == "no-cache"
