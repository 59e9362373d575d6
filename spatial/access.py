"""Where the database is and who logs in: the embedded server, or one of your own. Knows logins, not what they may see."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

from spatial.cluster import Cluster, watched
from spatial.errors import InvalidInput, SetupError
from spatial.settings import Settings

DATABASE = "dothi"
ADMIN = "postgres"


@dataclass(frozen=True)
class Urls:
    """libpq URLs of the logins that commands use; the administrator's is not needed to serve.

    `note` is the file in which whoever minds an embedded server says that it is being started again.
    """

    admin: str | None
    api: str
    staff: str | None
    note: Path | None = None


def embedded(settings: Settings) -> Cluster:
    """Give the embedded server.

    Raises:
        InvalidInput: the settings name a server of one's own, which dothi does not start or stop.
    """
    if settings.database_url:
        raise InvalidInput(
            "DOTHI_DATABASE_URL names a server of your own: dothi neither starts nor stops it. Unset it to use the embedded one.",
            vi="DOTHI_DATABASE_URL trỏ tới máy chủ của bạn: dothi không khởi động hay dừng máy chủ đó. Bỏ biến này để dùng máy "
            "chủ đi kèm.",
        )
    return Cluster(settings.data_dir)


def admin_url(settings: Settings) -> str:
    """Give the administrator's URL; the embedded server is started, and left running, if need be.

    Raises:
        SetupError: only the API's login of a server of one's own is named.
    """
    if settings.database_url:
        return settings.database_url
    if settings.api_database_url:
        raise SetupError(
            "DOTHI_API_DATABASE_URL names a server of your own; this command also needs a login that may write: "
            "set DOTHI_DATABASE_URL.",
            vi="Đã đặt DOTHI_API_DATABASE_URL nhưng chưa đặt DOTHI_DATABASE_URL, tên đăng nhập mà lệnh này cần.",
        )
    cluster = embedded(settings)
    cluster.start()
    cluster.ensure_database(DATABASE)
    return cluster.url(DATABASE)


@contextmanager
def running_database(settings: Settings, *, on_left_running: Callable[[int], None] | None = None) -> Iterator[Urls]:
    """Give the URLs of a running database for as long as the block lasts.

    An embedded server is started again when it crashes. One that was started for the block is stopped after it, unless others
    are connected by then (somebody's QGIS may hold unsaved edits): `on_left_running` is told how many. SIGTERM leaves the block
    in the ordinary way.

    Raises:
        SetupError: the server is one's own and no login for the API is named.
    """
    if settings.database_url or settings.api_database_url:
        yield _own_urls(settings.database_url, settings.api_database_url)
        return
    cluster = embedded(settings)
    signal.signal(signal.SIGTERM, _leave)
    started = cluster.start()
    try:
        cluster.ensure_database(DATABASE)
        admin, api, staff = (cluster.url(DATABASE, user) for user in (ADMIN, "dothi_api", "dothi_staff"))
        with watched(cluster):
            yield Urls(admin, api, staff, cluster.note)
    finally:
        if started:
            _stop_if_idle(cluster, on_left_running)


def _own_urls(database_url: str | None, api_database_url: str | None) -> Urls:
    if not api_database_url:
        raise SetupError(
            "DOTHI_DATABASE_URL names a server of your own: set DOTHI_API_DATABASE_URL too, a login that is a member of "
            "dothi_public only.",
            vi="Khi dùng máy chủ của bạn (DOTHI_DATABASE_URL), hãy đặt cả DOTHI_API_DATABASE_URL: tên đăng nhập chỉ thuộc "
            "dothi_public.",
        )
    return Urls(database_url, api_database_url, None)


def _stop_if_idle(cluster: Cluster, on_left_running: Callable[[int], None] | None) -> None:
    if clients := cluster.count_clients():
        if on_left_running:
            on_left_running(clients)
    else:
        cluster.stop()


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)
