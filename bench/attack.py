"""`python -m bench.attack`: many clients at once, each with an address of its own, until stdin closes; then tells what they got.

A process of its own, so that what it costs is not taken for the slowness of who is measured.
"""

import asyncio
import itertools
import json
import socket
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from subprocess import PIPE, Popen
from typing import Any

from spatial.database import ROOT

_SLOW_BYTES, _SLOW_SECONDS = 512, 1.0
_Ask = Callable[[int, str, str, Counter[str]], Awaitable[None]]
_PAUSE_SECONDS = 0.05
"""Between an answer and the next question: these are clients, not a flood, against which a firewall stands."""


@contextmanager
def attacked(port: int, paths: Sequence[str], clients: int, *, slowly: bool = False) -> Iterator[Counter[str]]:
    """Attack for as long as the block lasts; afterwards the counter has the answers by status."""
    asked = {"port": port, "paths": list(paths), "clients": clients, "slowly": slowly}
    found: Counter[str] = Counter()
    with Popen([sys.executable, "-m", "bench.attack"], stdin=PIPE, stdout=PIPE, text=True, cwd=ROOT) as process:
        assert process.stdin
        process.stdin.write(json.dumps(asked) + "\n")
        process.stdin.flush()
        try:
            yield found
        finally:
            told, _ = process.communicate()
            found.update(json.loads(told or "{}"))


async def _attack(asked: dict[str, Any]) -> Counter[str]:
    port, clients = asked["port"], asked["clients"]
    paths: Iterator[str] = itertools.cycle(asked["paths"])
    found: Counter[str] = Counter()
    ask = _read_slowly if asked["slowly"] else _ask
    tasks = [asyncio.create_task(_go_on(ask, port, number, paths, found)) for number in range(clients)]
    await asyncio.to_thread(sys.stdin.read)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return found


async def _go_on(ask: _Ask, port: int, number: int, paths: Iterator[str], found: Counter[str]) -> None:
    while True:
        with suppress(OSError, asyncio.IncompleteReadError):
            await ask(port, f"127.0.{2 + number // 200}.{1 + number % 200}", next(paths), found)
        await asyncio.sleep(_PAUSE_SECONDS)


async def _ask(port: int, address: str, path: str, found: Counter[str]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
    try:
        writer.write(_request(path))
        head = await reader.readuntil(b"\r\n")
        while await reader.read(65_536):
            pass
        found[head.split()[1].decode()] += 1
    finally:
        writer.close()


async def _read_slowly(port: int, address: str, path: str, found: Counter[str]) -> None:
    loop = asyncio.get_running_loop()
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.setblocking(False)
        connection.bind((address, 0))
        await loop.sock_connect(connection, ("127.0.0.1", port))
        await loop.sock_sendall(connection, _request(path))
        begin = await loop.sock_recv(connection, _SLOW_BYTES)
        found[begin.split()[1].decode() if begin else "closed"] += 1
        while await loop.sock_recv(connection, _SLOW_BYTES):
            await asyncio.sleep(_SLOW_SECONDS)


def _request(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_attack(json.loads(sys.stdin.readline())))))
