import pytest
from starlette.requests import Request

from api.links import Link, base_url, with_query
from spatial.settings import Settings


def request(headers: dict[str, str], scheme: str = "http") -> Request:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "scheme": scheme, "path": "/ogc/", "query_string": b"", "headers": raw, "server": ("x", 80)})


@pytest.mark.parametrize(
    ("prefix", "root"),
    [
        (None, "http://localhost:8000"),
        ("/dothi", "http://localhost:8000/dothi"),
        ("/gis/dothi/", "http://localhost:8000/gis/dothi"),
        ("//evil.example", "http://localhost:8000"),
        ('/a"><script>', "http://localhost:8000"),
        ("https://evil.example", "http://localhost:8000"),
    ],
)
def test_the_base_is_the_requests_own_with_a_sane_prefix(prefix: str | None, root: str) -> None:
    headers = {"host": "localhost:8000", **({"x-forwarded-prefix": prefix} if prefix else {})}
    assert base_url(request(headers), Settings(_env_file=None)) == root


def test_the_operators_base_url_wins() -> None:
    settings = Settings(_env_file=None, base_url="https://gis.example.vn/dothi/")
    assert base_url(request({"host": "localhost", "x-forwarded-prefix": "/other"}), settings) == "https://gis.example.vn/dothi"


def test_a_link_has_the_members_that_are_set() -> None:
    assert Link("/x", "self", "application/json").as_json() == {"href": "/x", "rel": "self", "type": "application/json"}
    assert Link("/x/{z}", "item", templated=True).as_json()["templated"] is True


def test_a_query_stays_readable_and_safe() -> None:
    url = with_query("/items", {"bbox": "105.8,20.9,105.9,21", "filter": "a='b&c'", "limit": None})
    assert url == "/items?bbox=105.8,20.9,105.9,21&filter=a%3D%27b%26c%27"
