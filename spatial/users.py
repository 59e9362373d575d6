"""Logins of persons: readers, and editors with their territory. Passwords are made here, shown once, and stored nowhere."""

import re
import secrets
import string
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


def parse_role(word: str) -> Role:
    """Read a role.

    Raises:
        InvalidInput: neither reader nor editor.
    """
    try:
        return Role(word)
    except ValueError:
        raise InvalidInput(
            f"--role '{word[:20]}': use reader or editor.", vi=f"--role '{word[:20]}': reader hoặc editor."
        ) from None


@dataclass(frozen=True)
class User:
    """A login with its role and, for an editor, the units she may write in."""

    name: str
    role: Role
    territory: tuple[str, ...]


def create_user(connection: Connection, name: str, role: Role, territory: tuple[str, ...] = ()) -> str:
    """Make a login and give its password, which nobody can read again; the server is sent its SCRAM verifier only.

    Args:
        connection: in a transaction, as a role that may create roles.
        name: lower-case letters, digits and `_`.
        role: reader or editor.
        territory: codes of provinces (2 digits) and communes (5 digits) that an editor may write in.

    Raises:
        InvalidInput: the name or the territory does not do.
        NotFound: a code of the territory names no unit in force.
        Conflict: there is such a login already.
    """
    _check_name(name)
    if role is Role.READER and territory:
        raise InvalidInput(
            "A reader changes nothing, so --territory has no meaning. Leave it out, or use --role editor.",
            vi="Người đọc không sửa dữ liệu nên không cần --territory. Hãy bỏ tham số này hoặc dùng --role editor.",
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
    password = "".join(secrets.choice(_ALPHABET) for _ in range(_PASSWORD_LENGTH))
    _execute_composed(
        connection, "CREATE ROLE %I LOGIN PASSWORD %L IN ROLE %I", name, _verifier(connection, name, password), f"dothi_{role}"
    )
    # a former bearer of the name, dropped by other means, may have left a territory
    connection.execute(delete(EditorTerritory).where(EditorTerritory.login == name))
    for code, level in levels.items():
        connection.execute(insert(EditorTerritory).values(login=name, unit_code=code, level=level))
    return password


def list_users(connection: Connection) -> list[User]:
    """Give the persons' logins of this database's server with their role and their territory in this database."""
    territory: dict[str, list[str]] = {}
    for login, code in connection.execute(select(EditorTerritory.login, EditorTerritory.unit_code)):
        territory.setdefault(login, []).append(code)
    rows = connection.execute(
        text(
            "SELECT m.rolname, g.rolname FROM pg_auth_members a"
            " JOIN pg_roles m ON m.oid = a.member JOIN pg_roles g ON g.oid = a.roleid"
            " WHERE m.rolcanlogin AND g.rolname IN ('dothi_reader', 'dothi_editor') AND m.rolname NOT LIKE 'dothi\\_%' ORDER BY 1"
        )
    )
    return [User(name, Role(group.removeprefix("dothi_")), tuple(sorted(territory.get(name, ())))) for name, group in rows]


def drop_user(connection: Connection, name: str) -> None:
    """Remove a login and its territory; what she wrote, and the audit of it, stay under her name.

    Raises:
        NotFound: there is no such login of a person.
        Conflict: it owns or was given something by other means than `dothi user add`.
    """
    if name not in {user.name for user in list_users(connection)}:
        raise NotFound(
            f"There is no login '{name}'. See: dothi user list.", vi=f"Không có tài khoản '{name}'. Xem: dothi user list."
        )
    connection.execute(delete(EditorTerritory).where(EditorTerritory.login == name))
    try:
        with connection.begin_nested():
            _execute_composed(connection, "DROP ROLE %I", name)
    except DBAPIError as error:
        if not isinstance(error.orig, DependentObjectsStillExist):
            raise
        raise Conflict(
            f"The login '{name}' owns or was given something by hand. As administrator, in each database: "
            f"DROP OWNED BY {name}; then drop it again.",
            vi=f"Tài khoản '{name}' còn sở hữu hoặc được cấp quyền riêng. Quản trị viên chạy trong từng cơ sở dữ liệu: "
            f"DROP OWNED BY {name}; rồi xóa lại.",
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
        connection.execute(delete(EditorTerritory).where(EditorTerritory.login == name))
        for code, level in levels.items():
            connection.execute(insert(EditorTerritory).values(login=name, unit_code=code, level=level))
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


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or name.startswith(_RESERVED):
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


def _execute_composed(connection: Connection, pattern: str, *values: str) -> None:
    """Run a statement that takes no bound values, quoted by the server's own format()."""
    places = ", ".join(f":value_{number}" for number in range(len(values)))
    statement = connection.execute(
        text(f"SELECT format(:pattern, {places})"),
        {"pattern": pattern, **{f"value_{number}": value for number, value in enumerate(values)}},
    ).scalar_one()
    connection.exec_driver_sql(statement.replace("%", "%%"))
