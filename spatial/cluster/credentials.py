"""Passwords of the server's own logins: random, made once, kept in one file that only its owner can read."""

import json
import os
import secrets
from pathlib import Path

from spatial.errors import SetupError

ADMIN = "postgres"
SERVICE_LOGINS = {"dothi_api": ("dothi_public",), "dothi_staff": ("dothi_reader", "dothi_editor")}
"""The API's logins and the group roles of each. What a group may do is granted by the migrations."""


def load_or_create(path: Path) -> dict[str, str]:
    """Read the passwords by login, making those that are missing; the file is 0600 from its first byte."""
    known = _read(path) if path.exists() else {}
    missing = [login for login in (ADMIN, *SERVICE_LOGINS) if login not in known]
    if missing:
        known |= {login: secrets.token_urlsafe(24) for login in missing}
        _write(path, known)
    return known


def remember(path: Path, login: str, password: str) -> None:
    """Keep the password of one more login beside those that are there."""
    _write(path, load_or_create(path) | {login: password})


def _read(path: Path) -> dict[str, str]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SetupError(
            f"The password file {path} cannot be read ({error}). Put it back from a backup.",
            vi=f"Không đọc được tệp mật khẩu {path} ({error}). Hãy khôi phục từ bản sao lưu.",
        ) from error
    if not isinstance(content, dict):
        raise SetupError(
            f"The password file {path} holds no object of login and password. Put it back from a backup.",
            vi=f"Tệp mật khẩu {path} bị hỏng. Hãy khôi phục từ bản sao lưu.",
        )
    return {str(login): str(password) for login, password in content.items()}


def _write(path: Path, passwords: dict[str, str]) -> None:
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(passwords, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
