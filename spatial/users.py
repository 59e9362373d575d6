"""Logins of persons, each with a role, and of editors with their territory. Passwords are made here, shown once, stored nowhere.

The database makes, locks and drops them (functions of the schema `admin`) and keeps the trace of it (`audit.administration`).
"""

import re
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from psycopg2.errors import DependentObjectsStillExist, ObjectNotInPrerequisiteState
from psycopg2.extensions import encrypt_password
from sqlalchemy import Connection, delete, func, insert, literal, select, text, union_all
from sqlalchemy.exc import DBAPIError

from spatial.errors import Conflict, InvalidInput, NotFound
from spatial.tables import EditorTerritory, Unit, UnitCode

_NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")
_RESERVED = ("dothi_", "pg_", "postgres")
_ALPHABET = "".join(sorted(set(string.ascii_letters + string.digits) - set("0O1lI")))
_PASSWORD_LENGTH = 20


class Role(StrEnum):
    """What a person's login may be."""

    READER = "reader"
    EDITOR = "editor"
    LOADER = "loader"
    STEWARD = "steward"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


def parse_role(word: str) -> Role:
    """Read a role.

    Raises:
        InvalidInput: it is none.
    """
    try:
        return Role(word)
    except ValueError:
        *others, last = Role
        raise InvalidInput(
            f"--role '{word[:20]}': use {', '.join(others)} or {last}.",
            vi=f"--role '{word[:20]}': {', '.join(others)} hoặc {last}.",
        ) from None


@dataclass(frozen=True)
class User:
    """A login with its role and, for an editor, the units she may write in; who is locked cannot log in."""

    name: str
    role: Role
    territory: tuple[str, ...]
    is_locked: bool = False


def create_user(connection: Connection, name: str, role: Role, territory: tuple[str, ...] = ()) -> str:
    """Make a login and give its password, which nobody can read again; the server is sent its SCRAM verifier only.

    Args:
        connection: in a transaction, as an administrator.
        name: lower-case letters, digits and `_`.
        role: what it may be.
        territory: codes of provinces (2 digits) and communes (5 digits) that an editor may write in.

    Raises:
        InvalidInput: the name or the territory does not do.
        NotFound: a code of the territory names no unit in force.
        Conflict: there is such a login already.
    """
    _check_name(name)
    if role is not Role.EDITOR and territory:
        raise InvalidInput(
            f"Only an editor has a territory, a {role} has none. Leave --territory out, or use --role editor.",
            vi=f"Chỉ người biên tập mới có địa bàn ({role} thì không). Hãy bỏ --territory hoặc dùng --role editor.",
        )
    if role is Role.EDITOR and not territory:
        raise InvalidInput(
            "An editor needs a territory: --territory CODE, a province (2 digits) or a commune (5 digits); several are possible.",
            vi="Người biên tập cần địa bàn: --territory MÃ, mã tỉnh (2 số) hoặc mã xã (5 số); có thể nhiều mã.",
        )
    levels = {code: _level_of(connection, code) for code in territory}
    if connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": name}).scalar():
        raise Conflict(
            f"There is a login '{name}' already. Choose another name, or drop it first: dothi user drop {name}.",
            vi=f"Đã có tài khoản '{name}'. Hãy chọn tên khác hoặc xóa trước: dothi user drop {name}.",
        )
    password = _make_password()
    connection.execute(select(func.admin.make_login(name, role, _verifier(connection, name, password))))
    # a former bearer of the name, dropped by other means, may have left a territory
    _grant(connection, name, levels)
    return password


def list_users(connection: Connection) -> list[User]:
    """Give the persons' logins of this database's server with their role and their territory in this database."""
    territory: dict[str, list[str]] = {}
    for login, code in connection.execute(select(EditorTerritory.login, EditorTerritory.unit_code)):
        territory.setdefault(login, []).append(code)
    rows = connection.execute(text("SELECT login, role, is_locked FROM admin.logins() ORDER BY login"))
    return [User(name, Role(role), tuple(sorted(territory.get(name, ()))), is_locked) for name, role, is_locked in rows]


def renew_password(connection: Connection, name: str) -> str:
    """Give a login a new password, and give it; the old one opens no further session.

    Raises:
        NotFound: there is no such login of a person.
    """
    _find_user(connection, name)
    password = _make_password()
    connection.execute(select(func.admin.set_login_password(name, _verifier(connection, name, password))))
    return password


def lock_user(connection: Connection, name: str) -> None:
    """Let a login open no further session. Once that is committed, `end_sessions` ends those that are open.

    Raises:
        NotFound: there is no such login of a person.
    """
    _find_user(connection, name)
    connection.execute(select(func.admin.lock_login(name, True)))


def unlock_user(connection: Connection, name: str) -> None:
    """Let a locked login log in again, with the password that it had.

    Raises:
        NotFound: there is no such login of a person.
    """
    _find_user(connection, name)
    connection.execute(select(func.admin.lock_login(name, False)))


def end_sessions(connection: Connection, name: str) -> int:
    """End the open sessions of a login and give how many there were; what was not committed is taken back.

    Raises:
        NotFound: there is no such login of a person.
    """
    _find_user(connection, name)
    return int(connection.execute(select(func.admin.end_sessions(name))).scalar_one())


def drop_user(connection: Connection, name: str) -> None:
    """Remove a login and its territory; what she wrote, and the audit of it, stay under her name.

    What she owns in this database becomes dothi_owner's, what she was granted is taken. Lock her and end her sessions first.

    Raises:
        NotFound: there is no such login of a person.
        Conflict: it owns or was given something in another database, or by somebody who is not the owner here.
    """
    _find_user(connection, name)
    try:
        with connection.begin_nested():
            connection.execute(select(func.admin.drop_login(name)))
    except DBAPIError as error:
        if not isinstance(error.orig, DependentObjectsStillExist):
            raise
        raise Conflict(
            f"The login '{name}' owns or was given something by hand elsewhere. As superuser, in each database: "
            f"DROP OWNED BY {name}; then drop it again.",
            vi=f"Tài khoản '{name}' còn sở hữu hoặc được cấp quyền riêng ở nơi khác. Siêu quản trị chạy trong từng cơ sở dữ liệu:"
            f" DROP OWNED BY {name}; rồi xóa lại.",
        ) from error


def renew_territory(connection: Connection, name: str, territory: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Take the outlines of an editor's territory as the units are today, and give its codes.

    Until then she is judged by the outlines of the day on which it was granted, whatever becomes of the units.

    Args:
        connection: in a transaction, as a role that may renew territories or, with `territory`, grant them.
        name: the editor's login.
        territory: the units she shall have from now on, e.g. what hers were merged into; empty: those that she has.

    Raises:
        NotFound: there is no such editor, or a code names no unit in force.
        Conflict: a unit of hers is no longer in force, so that another must be named.
    """
    editors = {user.name: user.territory for user in list_users(connection) if user.role is Role.EDITOR}
    if name not in editors:
        raise NotFound(
            f"There is no editor '{name}'. See: dothi user list.", vi=f"Không có người biên tập '{name}'. Xem: dothi user list."
        )
    if territory:
        levels = {code: _level_of(connection, code) for code in territory}
        _grant(connection, name, levels)
        return tuple(sorted(territory))
    try:
        with connection.begin_nested():
            connection.execute(select(func.admin.renew_territory(name)))
    except DBAPIError as error:
        if not isinstance(error.orig, ObjectNotInPrerequisiteState):
            raise
        raise Conflict(
            f"A unit of {name}'s ({', '.join(editors[name])}) is no longer in force. Name those of today: "
            f"dothi user renew {name} --territory CODE.",
            vi=f"{error.orig.diag.message_primary} Hãy nêu đơn vị hiện nay: dothi user renew {name} --territory MÃ.",
        ) from error
    return editors[name]


def _grant(connection: Connection, name: str, levels: Mapping[str, str]) -> None:
    """Let a login have these units, by code and level, and no others."""
    connection.execute(delete(EditorTerritory).where(EditorTerritory.login == name))
    for code, level in levels.items():
        connection.execute(insert(EditorTerritory).values(login=name, unit_code=code, level=level))


def _find_user(connection: Connection, name: str) -> User:
    for user in list_users(connection):
        if user.name == name:
            return user
    raise NotFound(f"There is no login '{name}'. See: dothi user list.", vi=f"Không có tài khoản '{name}'. Xem: dothi user list.")


def _make_password() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_PASSWORD_LENGTH))


def is_name(name: str) -> bool:
    """Say whether a person's login may be called so."""
    return bool(_NAME.fullmatch(name)) and not name.startswith(_RESERVED)


def _check_name(name: str) -> None:
    if not is_name(name):
        raise InvalidInput(
            f"'{name[:40]}' is no name for a login: 2 to 31 lower-case letters without tones, digits and _, beginning with a "
            "letter; not dothi_... or pg_....",
            vi=f"'{name[:40]}' không dùng làm tên đăng nhập được: 2 đến 31 chữ thường không dấu, số và _, bắt đầu bằng chữ; "
            "không bắt đầu bằng dothi_ hay pg_.",
        )


def _level_of(connection: Connection, code: str) -> str:
    today = func.admin.today_vn()
    in_force = [
        select(literal("x")).where(
            model.code == code,
            model.level == level,
            model.valid_from <= today,
            (model.valid_to.is_(None)) | (model.valid_to > today),
        )
        for model, level in ((Unit, "commune"), (Unit, "province"), (UnitCode, "province"))
    ]
    level = {2: "province", 5: "commune"}.get(len(code))
    if level is None or connection.execute(union_all(*in_force).limit(1)).scalar() is None:
        raise NotFound(
            f"Territory '{code[:20]}' is no province (2 digits) or commune (5 digits) in force here. "
            "Load admin_units first, or see /ogc/collections/admin_units/items.",
            vi=f"Địa bàn '{code[:20]}' không phải mã tỉnh (2 số) hay mã xã (5 số) đang có hiệu lực. Hãy nạp admin_units trước.",
        )
    return level


def _verifier(connection: Connection, name: str, password: str) -> str:
    raw: Any = connection.connection.dbapi_connection
    return str(encrypt_password(password, name, scope=raw, algorithm="scram-sha-256"))
