"""Where the database is: the embedded server or one's own, and whose password is told."""

from pathlib import Path

import pytest

from spatial.access import admin_url, embedded, running_database
from spatial.client import Role, login_url, without_password
from spatial.errors import InvalidInput, SetupError, Unavailable
from spatial.settings import Settings

OWN = "postgresql+psycopg2://admin:s%40cret@db.example:5433/city?sslmode=require"


API = "postgresql://dothi_api@db.example:5433/city"


def test_url_of_an_own_server_is_libpq_s() -> None:
    own = Settings(database_url=OWN, api_database_url=API)
    assert login_url(own, Role.administrator) == "postgresql://admin:s%40cret@db.example:5433/city?sslmode=require"
    assert login_url(own, user="admin") == login_url(own, Role.administrator)
    assert login_url(own) == API


@pytest.mark.parametrize("role", Role)
def test_a_login_that_is_not_named_is_asked_for(role: Role) -> None:
    named = Settings(database_url=OWN) if role is Role.reader else Settings(api_database_url=API)
    with pytest.raises(SetupError, match=r"DOTHI_\w*DATABASE_URL is not set"):
        login_url(named, role)


@pytest.mark.parametrize(("name", "written"), [("lan", "lan"), ("Lan Anh", "Lan%20Anh"), ("a@b:c/d", "a%40b%3Ac%2Fd")])
def test_url_of_a_person_has_no_password(name: str, written: str) -> None:
    assert login_url(Settings(database_url=OWN), user=name) == f"postgresql://{written}@db.example:5433/city?sslmode=require"


def test_url_of_an_own_server_without_login() -> None:
    assert login_url(Settings(database_url="postgresql://db/city"), user="lan") == "postgresql://lan@db/city"


@pytest.mark.parametrize(
    ("url", "bare"),
    [
        ("postgresql://a:b%40c@h:1/d?sslmode=require", "postgresql://a@h:1/d?sslmode=require"),
        ("postgresql+psycopg2://a@h/d?password=x&host=/run/x", "postgresql://a@h/d?host=%2Frun%2Fx"),
        ("postgresql://h/d", "postgresql://h/d"),
        ("postgresql://a:p:q@[::1]:5/d", "postgresql://a@[::1]:5/d"),
    ],
)
def test_the_password_is_taken_out(url: str, bare: str) -> None:
    assert without_password(url) == bare


def test_embedded_server_is_refused_where_an_own_one_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="DOTHI_DATABASE_URL"):
        embedded(Settings(database_url=OWN, data_dir=tmp_path))


def test_embedded_server_that_never_ran(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="dothi db start"):
        login_url(Settings(data_dir=tmp_path / "state"))


def test_serving_an_own_database_asks_for_the_api_s_login() -> None:
    with pytest.raises(SetupError, match="DOTHI_API_DATABASE_URL"), running_database(Settings(database_url=OWN)):
        pass
    with running_database(Settings(api_database_url="postgresql://dothi_api@db/city")) as urls:
        assert (urls.admin, urls.api) == (None, "postgresql://dothi_api@db/city")


def test_the_api_s_login_alone_is_not_enough_to_administer(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="DOTHI_DATABASE_URL"):
        admin_url(Settings(api_database_url="postgresql://dothi_api@db/city", data_dir=tmp_path))
