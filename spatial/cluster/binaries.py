"""Finds the PostgreSQL programs and checks that PostGIS belongs to them. Only looks; never installs anything."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from spatial.errors import SetupError

OLDEST_MAJOR = 15

# Where distributions keep the versioned programs, newest packaging habits first; `{root}/N/bin`.
_VERSIONED = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # PGDG on RHEL, Fedora
    "/opt/homebrew/opt/postgresql@*/bin",  # Homebrew on Apple silicon
    "/usr/local/opt/postgresql@*/bin",  # Homebrew on Intel
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)
_NEEDED = ("initdb", "pg_ctl", "postgres")
_VERSION_LINE = re.compile(r"\(PostgreSQL\) (\d+)")


@dataclass(frozen=True)
class Binaries:
    """The programs of one PostgreSQL installation that has PostGIS."""

    folder: Path
    major: int

    def path(self, name: str) -> str:
        return str(self.folder / name)


def find_binaries(major: int | None = None, *, folders: Iterable[Path] | None = None) -> Binaries:
    """Choose the newest installation with PostGIS; with `major`, the one that can open data of that version.

    Raises:
        SetupError: none is there; the message says what to install.
    """
    found = [_inspect(folder) for folder in (candidate_folders() if folders is None else folders)]
    servers = [server for server in found if server and server.major >= OLDEST_MAJOR]
    usable = [server for server in servers if _has_postgis(server)]
    if major is not None:
        usable = [server for server in usable if server.major == major]
    if usable:
        return max(usable, key=lambda server: server.major)
    raise _what_to_install(servers, major)


def candidate_folders() -> Iterator[Path]:
    """Yield each folder that may hold the programs, once."""
    seen: set[Path] = set()
    for folder in _candidates():
        resolved = folder.resolve()
        if resolved not in seen and all((resolved / name).is_file() for name in _NEEDED):
            seen.add(resolved)
            yield resolved


def _candidates() -> Iterator[Path]:
    for pattern in _VERSIONED:
        yield from Path("/").glob(pattern.lstrip("/"))
    if on_path := shutil.which("postgres"):
        yield Path(on_path).resolve().parent
    if pg_config := shutil.which("pg_config"):
        yield Path(_output_of(pg_config, "--bindir") or os.devnull)


def _inspect(folder: Path) -> Binaries | None:
    match = _VERSION_LINE.search(_output_of(str(folder / "postgres"), "--version"))
    return Binaries(folder, int(match.group(1))) if match else None


def _has_postgis(binaries: Binaries) -> bool:
    return any((folder / "extension" / "postgis.control").is_file() for folder in _share_folders(binaries))


def _share_folders(binaries: Binaries) -> Iterator[Path]:
    if shared := _output_of(binaries.path("pg_config"), "--sharedir"):
        yield Path(shared)
    yield Path(f"/usr/share/postgresql/{binaries.major}")
    yield binaries.folder.parent / "share"
    yield binaries.folder.parent / "share" / "postgresql"


def _output_of(program: str, option: str) -> str:
    try:
        done = subprocess.run([program, option], capture_output=True, text=True, timeout=20, check=False, cwd="/")
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _what_to_install(servers: list[Binaries], major: int | None) -> SetupError:
    if major is not None:
        return SetupError(
            f"The data folder was made by PostgreSQL {major}, which is not on this machine with PostGIS. {_commands(major)}",
            vi=f"Thư mục dữ liệu do PostgreSQL {major} tạo, nhưng máy này không có bản đó kèm PostGIS.",
        )
    if servers:
        newest = max(server.major for server in servers)
        return SetupError(
            f"PostgreSQL {newest} is installed, but its PostGIS is not. {_commands(newest)}",
            vi=f"Máy có PostgreSQL {newest} nhưng thiếu PostGIS.",
        )
    return SetupError(
        f"No PostgreSQL (version {OLDEST_MAJOR} or newer) with PostGIS was found. {_commands(None)}",
        vi=f"Không tìm thấy PostgreSQL (từ bản {OLDEST_MAJOR}) kèm PostGIS.",
    )


def _commands(major: int | None) -> str:
    if major is None:
        debian, fedora, brew = "postgresql postgresql-postgis", "postgresql-server postgis", "postgresql postgis"
    else:
        debian = f"postgresql-{major} postgresql-{major}-postgis-3"
        fedora = f"postgresql{major}-server postgis35_{major}"
        brew = f"postgresql@{major} postgis"
    return (
        f"Debian, Ubuntu: apt install {debian}. Fedora, RHEL: dnf install {fedora}. macOS: brew install {brew}. "
        "Or set DOTHI_DATABASE_URL to a server of your own."
    )
