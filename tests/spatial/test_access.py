"""Where the database is: the embedded server or one's own, and whose password is told."""

from pathlib import Path

import pytest

from spatial.access import admin_url, embedded, running_database, user_url
from spatial.errors import InvalidInput, SetupError, Unavailable
from spatial.settings import Settings

OWN = "postgresql+psycopg2://admin:s%40cret@db.example:5433/city?sslmode=require"


def test_url_of_an_own_server_is_libpq_s() -> None:
    assert user_url(Settings(database_url=OWN), None) == "postgresql://admin:s%40cret@db.example:5433/city?sslmode=require"
    assert user_url(Settings(database_url=OWN), "admin") == user_url(Settings(database_url=OWN), None)


@pytest.mark.parametrize(("name", "written"), [("lan", "lan"), ("Lan Anh", "Lan%20Anh"), ("a@b:c/d", "a%40b%3Ac%2Fd")])
def test_url_of_a_person_has_no_password(name: str, written: str) -> None:
    assert user_url(Settings(database_url=OWN), name) == f"postgresql://{written}@db.example:5433/city?sslmode=require"


def test_url_of_an_own_server_without_login() -> None:
    assert user_url(Settings(database_url="postgresql://db/city"), "lan") == "postgresql://lan@db/city"


def test_embedded_server_is_refused_where_an_own_one_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="DOTHI_DATABASE_URL"):
        embedded(Settings(database_url=OWN, data_dir=tmp_path))


def test_embedded_server_that_never_ran(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="dothi db start"):
        user_url(Settings(data_dir=tmp_path / "state"), None)


def test_serving_an_own_database_asks_for_the_api_s_login() -> None:
    with pytest.raises(SetupError, match="DOTHI_API_DATABASE_URL"), running_database(Settings(database_url=OWN)):
        pass
    with running_database(Settings(api_database_url="postgresql://dothi_api@db/city")) as urls:
        assert (urls.admin, urls.api) == (None, "postgresql://dothi_api@db/city")


def test_the_api_s_login_alone_is_not_enough_to_administer(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="DOTHI_DATABASE_URL"):
        admin_url(Settings(api_database_url="postgresql://dothi_api@db/city", data_dir=tmp_path))
