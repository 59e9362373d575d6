"""Connection strings for people's programs, and psql itself: no password stands on a command line unless somebody asks for it."""

import os
import shutil
import tempfile
from collections.abc import Sequence
from enum import StrEnum
from typing import NoReturn
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from spatial.access import ADMIN, DATABASE, embedded
from spatial.cluster.binaries import find_binaries
from spatial.errors import SetupError
from spatial.settings import Settings


class Role(StrEnum):
    """Whose login a program gets where no person's is named."""

    reader = "reader"
    administrator = "administrator"


_LOGINS = {Role.reader: "dothi_api", Role.administrator: ADMIN}


def login_url(settings: Settings, role: Role = Role.reader, *, user: str | None = None, through_socket: bool = False) -> str:
    """Give the URL of a login of the running database, with its password where dothi knows it; a person's it does not.

    Args:
        settings: where the database is.
        role: reader: what the public may read. administrator: everything.
        user: a person's login, instead of a role's.
        through_socket: by the embedded server's socket.

    Raises:
        SetupError: the server is one's own and names no such login.
    """
    if not (settings.database_url or settings.api_database_url):
        return embedded(settings).url(DATABASE, user or _LOGINS[role], through_socket=through_socket)
    if user is None:
        return _postgresql(_own_url(settings, role))
    for named in filter(None, (settings.database_url, settings.api_database_url)):
        if user == unquote(urlsplit(named).username or ""):
            return _postgresql(named)
    url = without_password(settings.database_url or settings.api_database_url or "")
    parts = urlsplit(url)
    return parts._replace(netloc=f"{quote(user, safe='')}@{parts.netloc.rpartition('@')[2]}").geturl()


def _own_url(settings: Settings, role: Role) -> str:
    url = settings.api_database_url if role is Role.reader else settings.database_url
    if url:
        return url
    name = "DOTHI_API_DATABASE_URL" if role is Role.reader else "DOTHI_DATABASE_URL"
    raise SetupError(
        f"The server is one of your own and {name} is not set: set it, or name a login: --role, --user.",
        vi=f"Đang dùng máy chủ của bạn nhưng chưa đặt {name}: hãy đặt biến này, hoặc chọn tài khoản bằng --role, --user.",
    )


def _postgresql(url: str) -> str:
    return urlsplit(url)._replace(scheme="postgresql").geturl()


def without_password(url: str) -> str:
    """Give a libpq URL without the password in it."""
    parts = urlsplit(url)
    login, at, server = parts.netloc.rpartition("@")
    options = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "password"]
    return parts._replace(
        scheme="postgresql", netloc=login.partition(":")[0] + at + server, query=urlencode(options, quote_via=quote)
    ).geturl()


def _password_in(url: str) -> str | None:
    parts = urlsplit(url)
    asked = dict(parse_qsl(parts.query)).get("password")
    return asked or (unquote(parts.password) if parts.password is not None else None)


def become_psql(url: str, arguments: Sequence[str]) -> NoReturn:
    """Run psql in the place of this process; the password goes with it in a file that has no name and ends with it.

    Raises:
        SetupError: there is no psql.
    """
    psql = shutil.which("psql") or find_binaries().path("psql")
    environment = dict(os.environ)
    if password := _password_in(url):
        environment["PGPASSFILE"] = _nameless_passfile(password)
    try:
        os.execve(psql, [psql, "--dbname", without_password(url), *arguments], environment)  # noqa: S606
    except FileNotFoundError:
        raise SetupError(
            "psql was not found. Debian, Ubuntu: apt install postgresql-client.",
            vi="Không tìm thấy psql. Debian, Ubuntu: apt install postgresql-client.",
        ) from None


def _nameless_passfile(password: str) -> str:
    """Write a libpq password file that only an inherited handle leads to (0600), so that nothing is left whatever happens."""
    file = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115  (open until psql ends)
    escaped = password.replace("\\", "\\\\").replace(":", "\\:")
    file.write(f"*:*:*:*:{escaped}\n")
    file.seek(0)
    handle = os.dup(file.fileno())
    os.set_inheritable(handle, True)
    return f"/dev/fd/{handle}"
