"""Whether a GeoPackage is whole: SQLite reads past lost pages without a word, so its own check is asked first."""

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from spatial.errors import UnreadableFile


def require_whole(path: Path, name: str) -> None:
    """Check the structure of every page; reads the file once.

    Raises:
        UnreadableFile: pages are missing, blank or overwritten.
    """
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True)) as database:
            found = database.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found != "ok":
        raise UnreadableFile(
            f"'{name}' is damaged within, or cut short: rows would be lost ({' '.join(found.split())}). Fetch it again.",
            vi=f"'{name}' bị hỏng bên trong hoặc bị cắt cụt, nạp sẽ mất dòng. Hãy lấy lại tệp.",
        )
