"""Work for the processor beside the event loop: in a process of its own, which is killed when it takes too long or nobody waits.

A thread would not do: it can't be ended, and the interpreter lets it run in the loop's time.
"""

import asyncio
import os
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from anyio import BrokenWorkerProcess, CapacityLimiter, to_process

from spatial.errors import Unavailable

_NICENESS = 10
"""By so much the process leaves the processor to others: those that wait for small answers."""
_Result = TypeVar("_Result")


class Aside:
    """One process for one kind of work, begun when it is first needed and kept for the next time.

    Args:
        seconds: longest run, with the wait for those before it.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._one_by_one = asyncio.Lock()
        self._one_process = CapacityLimiter(1)

    async def run(
        self, function: Callable[..., _Result], *arguments: Any, known: Callable[[], _Result | None] = lambda: None
    ) -> _Result:
        """Call a function of a module; it, its arguments and what it gives or raises can be pickled.

        Args:
            function: what to call.
            arguments: its arguments.
            known: gives the result where somebody before in the queue asked for the same.

        Raises:
            Unavailable: it took too long, or the process died.
        """
        called = partial(_call_kindly, function, *arguments)
        try:
            async with asyncio.timeout(self._seconds), self._one_by_one:
                found = known()
                if found is not None:
                    return found
                try:
                    return await to_process.run_sync(called, cancellable=True, limiter=self._one_process)
                except BrokenWorkerProcess:  # it had died before, idle; who kills the next one as well is refused
                    return await to_process.run_sync(called, cancellable=True, limiter=self._one_process)
        except (TimeoutError, BrokenWorkerProcess) as error:
            raise Unavailable(
                "This needs more work than one request may take. Ask for a smaller area, or with a simpler filter.",
                vi="Yêu cầu này cần xử lý nhiều hơn mức cho phép. Hãy thu hẹp khu vực hoặc dùng bộ lọc đơn giản hơn.",
            ) from error


def _call_kindly(function: Callable[..., _Result], *arguments: Any) -> _Result:
    os.nice(max(0, _NICENESS - os.nice(0)))
    return function(*arguments)
