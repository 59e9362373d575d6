"""What ended a load that nobody refused: PostgreSQL's code of the error to a sentence that says what happened and what to do.

Never the server's own words inside a transaction: they may repeat a row.
"""

import psycopg2
from sqlalchemy.exc import DBAPIError

from spatial.errors import Unavailable

_NOTHING_VI, _NOTHING = "chưa có gì được công bố.", "nothing was published."

_SENTENCES: dict[str, tuple[str, str]] = {
    "57014": (
        f"Lần nạp bị hủy giữa chừng (người quản trị hủy, hoặc quá thời gian cho phép); {_NOTHING_VI} Hãy nạp lại tệp.",
        f"The load was cancelled on the way (by an administrator or a time limit); {_NOTHING} Load the file again.",
    ),
    "40P01": (
        f"Lần nạp và một lần ghi khác chờ lẫn nhau (deadlock) nên cơ sở dữ liệu đã dừng lần nạp; {_NOTHING_VI} "
        "Hãy đợi lần ghi kia xong rồi nạp lại tệp.",
        f"The load and another write waited for each other (a deadlock), and the database ended the load; {_NOTHING} "
        "Wait for the other write and load the file again.",
    ),
    "40001": (
        f"Một lần ghi khác đã sửa cùng dòng trong lúc nạp; {_NOTHING_VI} Hãy nạp lại tệp.",
        f"Another write changed the same rows during the load; {_NOTHING} Load the file again.",
    ),
    "55P03": (
        f"Dữ liệu đang bị lần ghi khác khóa quá lâu; {_NOTHING_VI} Hãy đợi lần ghi kia xong rồi nạp lại tệp.",
        f"Another write kept the data locked for too long; {_NOTHING} Wait for it and load the file again.",
    ),
    "53200": (
        f"Máy chủ cơ sở dữ liệu hết bộ nhớ; {_NOTHING_VI} Hãy dừng bớt việc khác, hoặc chia nhỏ tệp rồi nạp lại.",
        f"The database ran out of memory; {_NOTHING} Stop other work, or split the file, and load again.",
    ),
    "53300": (
        f"Cơ sở dữ liệu đã hết kết nối; {_NOTHING_VI} Hãy đóng bớt chương trình đang kết nối (QGIS, ...) rồi nạp lại.",
        f"The database has no connection left; {_NOTHING} Close other programs that use it (QGIS, ...) and load again.",
    ),
    "53100": (
        f"Ổ đĩa của cơ sở dữ liệu đã đầy; {_NOTHING_VI} Hãy giải phóng dung lượng (thư mục: dothi db status) rồi nạp lại.",
        f"The database's disk is full; {_NOTHING} Free some space (dothi db status names the folder) and load again.",
    ),
}
_LOST = (
    f"Cơ sở dữ liệu dừng giữa chừng; {_NOTHING_VI} Khởi động lại (dothi db start) rồi nạp lại tệp.",
    f"The database stopped during the load; {_NOTHING} Start it (dothi db start) and load the file again.",
)
_SHUTDOWN = ("08", "57P")
"""Classes of codes: the connection is gone, the server is stopped or comes up."""
_CROWDED = ("too many", "connection slots")
"""A refused connection has no code, only the server's words."""


def interruption(error: BaseException) -> Unavailable | None:
    """Give the sentence for an error inside a load's transaction, or None where the error is not one of these.

    Args:
        error: SQLAlchemy's or the driver's own.
    """
    code = sqlstate(error)
    if code in _SENTENCES:
        vi, en = _SENTENCES[code]
        return Unavailable(en, vi=vi)
    return Unavailable(_LOST[1], vi=_LOST[0]) if _is_lost(error, code) else None


def refused_connection(error: BaseException) -> Unavailable:
    """Give the sentence for an error on connecting: no connection left, or no answer, with the server's words."""
    words = str(getattr(error, "orig", None) or error).strip().splitlines() or [""]
    if any(phrase in line for line in words for phrase in _CROWDED):
        vi, en = _SENTENCES["53300"]
        return Unavailable(en, vi=vi)
    return Unavailable(
        f"The database does not answer: see `dothi db status`, or check DOTHI_DATABASE_URL. ({words[0]})",
        vi="Cơ sở dữ liệu không trả lời: xem `dothi db status`, hoặc kiểm tra DOTHI_DATABASE_URL.",
    )


def sqlstate(error: BaseException) -> str | None:
    """Give PostgreSQL's code of an error, SQLAlchemy's wrapping or not."""
    return getattr(getattr(error, "orig", None) or error, "pgcode", None)


def _is_lost(error: BaseException, code: str | None) -> bool:
    """Say whether the server or the connection to it is gone."""
    if code is not None:
        return code.startswith(_SHUTDOWN)
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or isinstance(error.orig, psycopg2.OperationalError | psycopg2.InterfaceError)
    return isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError)
