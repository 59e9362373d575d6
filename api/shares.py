"""Each client's share of the work: who asks for more is told when to come back, who has gone costs nothing any longer.

A client is an address, of IPv6 its network of 64 bits; a proxy's word for it is believed only from those that are trusted.
"""

import asyncio
from collections import Counter
from math import ceil
from time import time

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.addresses import group_of
from api.work import ALLOWANCES, Work, template_of, work_of
from spatial.errors import TooManyRequests
from spatial.settings import Settings

PATIENCE_SECONDS = 0.1
"""From here on a request is watched for its client's leaving; most are answered before, and need no watcher."""
_BUSY_SECONDS = 2
"""When to come back who has too many requests under way."""


class Shares:
    """What each client has under way by class of work, and what heavy work it asked for in this minute."""

    def __init__(self, settings: Settings) -> None:
        self._under_way: Counter[tuple[Work, str]] = Counter()
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._rate = RateLimitItemPerMinute(settings.heavy_per_minute) if settings.heavy_per_minute else None

    async def take(self, work: Work, client: str) -> None:
        """Count a request; `give` ends it.

        Raises:
            TooManyRequests: the client has its share under way, or had it in this minute.
        """
        allowance = ALLOWANCES[work]
        if self._under_way[work, client] >= allowance.share:
            raise TooManyRequests(
                f"{allowance.share} requests of this kind from one address may be under way at once. Wait for their answers.",
                vi=f"Mỗi địa chỉ chỉ được gửi {allowance.share} yêu cầu loại này cùng lúc. Hãy chờ các câu trả lời trước.",
                seconds=_BUSY_SECONDS,
            )
        self._under_way[work, client] += 1
        if allowance.is_heavy and self._rate is not None and not await self._limiter.hit(self._rate, client):
            self.give(work, client)
            window = await self._limiter.get_window_stats(self._rate, client)
            seconds = max(1, ceil(window.reset_time - time()))
            raise TooManyRequests(
                f"One address may ask for {self._rate.amount} filters, long pages, documents and grids in a minute. "
                f"Go on in {seconds} seconds.",
                vi=f"Mỗi địa chỉ được gửi {self._rate.amount} yêu cầu lọc, trang dài, phiếu và lưới trong một phút. "
                f"Hãy tiếp tục sau {seconds} giây.",
                seconds=seconds,
            )

    def give(self, work: Work, client: str) -> None:
        """End a request that was counted."""
        key = (work, client)
        self._under_way[key] -= 1
        if self._under_way[key] <= 0:
            del self._under_way[key]


def client_of(scope: Scope) -> str:
    """Name who asks: the address, or the network where one client has many of them."""
    return group_of(scope["client"][0]) if scope.get("client") else ""


class Admit:
    """Find a request's class, take it out of the client's share, and end it when the client goes."""

    def __init__(self, app: ASGIApp, shares: Shares) -> None:
        self.app = app
        self._shares = shares

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope["template"] = template = template_of(scope["path"])
        scope["work"] = work = work_of(scope, template)
        if work is Work.FREE:
            await self.app(scope, receive, send)
            return
        client = client_of(scope)
        try:
            await self._shares.take(work, client)
        except TooManyRequests as error:
            await problems.refuse(Request(scope), error)(scope, receive, send)
            return
        try:
            await _Watched(receive, send).run(self.app, scope)
        finally:
            self._shares.give(work, client)


class _Watched:
    """One request: as soon as it takes long, its client's leaving cancels it, and with it its statement in the database."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._answered = self._gone = False
        self._listening: asyncio.Task[None] | None = None
        self._task: asyncio.Task[None] | None = None

    async def run(self, app: ASGIApp, scope: Scope) -> None:
        """Run the app; nothing is answered to nobody."""
        if scope["method"] != "GET":  # a body may have to be read, which is not the watcher's
            await app(scope, self._receive, self._send)
            return
        self._task = asyncio.current_task()
        begin = asyncio.get_running_loop().call_later(PATIENCE_SECONDS, self._begin)
        try:
            await app(scope, self._receive, self._send_noted)
        except asyncio.CancelledError:
            if not self._gone or self._task is None or self._task.uncancel():
                raise
        finally:
            begin.cancel()
            if self._listening is not None:
                self._listening.cancel()

    def _begin(self) -> None:
        self._listening = asyncio.create_task(self._listen(), name="client watched")

    async def _listen(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if not self._answered and self._task is not None:
            self._gone = True
            self._task.cancel()

    async def _send_noted(self, message: Message) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self._answered = True
        await self._send(message)
