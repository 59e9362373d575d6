"""One client takes nothing down: heavy work beside small reads, over real sockets, as the attacker and the others ask."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import psycopg2
import pytest

from tests.api.conftest import PARCEL_GRID, Write
from tests.api.test_serve import served, wait_until_ready
from tests.conftest import Database, admin_cursor

GREEN = "/ogc/collections/green_areas/items"
HITS = f"{GREEN}?resulttype=hits&filter=area_m2%20>%200"
SMALL = ("/health", "/lookup?lon=105.8005&lat=21.0005", "/search?q=99001", "/ogc/collections/parcels/items?limit=10")


@contextmanager
def blocked(database: Database, table: str) -> Iterator[None]:
    """Let every statement on a table wait: what takes long, takes exactly as long as the test wants."""
    admin = psycopg2.connect(database.url)
    try:
        with admin.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield
    finally:
        admin.close()


def running(database: Database) -> int:
    """Count the statements of the API that are being run on the blocked table."""
    with admin_cursor(database.url) as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND application_name = 'dothi-api' AND state = 'active'",
            (database.name,),
        )
        (number,) = cursor.fetchone() or (0,)
    return int(number)


def wait_for(database: Database, number: int, seconds: float) -> float:
    """Wait until so many statements run or more, for 0 until none does, and say how long that took."""
    begun = time.monotonic()
    while (found := running(database)) < number or (number == 0 and found):
        assert time.monotonic() - begun < seconds, f"{found} statements run, not {number}"
        time.sleep(0.02)
    return time.monotonic() - begun


def ask_and_leave_open(url: str, path: str) -> socket.socket:
    host, port = url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=10)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    return connection


@asynccontextmanager
async def from_address(url: str, number: int) -> AsyncIterator[httpx.AsyncClient]:
    """Ask as a client of its own: the whole of 127.0.0.0/8 is this machine."""
    transport = httpx.AsyncHTTPTransport(local_address=f"127.0.1.{number}")
    async with httpx.AsyncClient(base_url=url, transport=transport, timeout=30) as client:
        yield client


@pytest.mark.slow
async def test_small_reads_answer_at_once_beside_any_number_of_heavy_ones(
    tmp_path: Path, database: Database, write: Write
) -> None:
    write(PARCEL_GRID, side=10)
    with served(tmp_path, database, 1) as (url, _):
        await asyncio.to_thread(wait_until_ready, url)
        async with from_address(url, 200) as others:
            for path in SMALL:
                assert (await others.get(path)).status_code == 200, path
            with blocked(database, "landscape.green_area"):
                heavy = [asyncio.create_task(_ask_once(url, number)) for number in range(8)]
                await asyncio.to_thread(wait_for, database, 1, 5)
                slowest = 0.0
                for _ in range(5):
                    for path in SMALL:
                        begun = time.monotonic()
                        answer = await others.get(path)
                        slowest = max(slowest, time.monotonic() - begun)
                        assert answer.status_code == 200, (path, answer.text)
                    assert running(database) <= 1, "heavy statements take turns"
                statuses = await asyncio.gather(*heavy)
    assert slowest < 1, "a small read waited for a heavy one"
    assert set(statuses) == {503}


async def _ask_once(url: str, number: int) -> int:
    async with from_address(url, number + 1) as client:
        answer = await client.get(HITS)
        assert answer.headers["retry-after"]
        return answer.status_code


@pytest.mark.parametrize(
    "path", [HITS, f"{GREEN}?limit=10", "/ogc/collections/green_areas/tiles/WebMercatorQuad/14/7201/13011", f"{GREEN}?limit=9000"]
)
def test_a_statement_ends_when_its_client_has_gone(tmp_path: Path, database: Database, path: str) -> None:
    with served(tmp_path, database, 1, statement_timeout_ms=30_000, filter_timeout_ms=30_000) as (url, _):
        wait_until_ready(url)
        with blocked(database, "landscape.green_area"):
            asking = [ask_and_leave_open(url, path) for _ in range(2)]
            wait_for(database, 1, 5)
            time.sleep(0.3)
            for connection in asking:
                connection.close()
            assert wait_for(database, 0, 5) < 2
            assert httpx.get(f"{url}/health").status_code == 200
        assert httpx.get(f"{url}{path}", timeout=10).status_code in (200, 204)
    log = (tmp_path / "log").read_text("utf-8")
    assert "Traceback" not in log
    assert '"status": 0' in log


def test_a_tile_goes_on_while_somebody_waits_for_it(tmp_path: Path, database: Database) -> None:
    tile = "/ogc/collections/green_areas/tiles/WebMercatorQuad/14/7201/13011"
    with served(tmp_path, database, 1) as (url, _):
        wait_until_ready(url)
        with blocked(database, "landscape.green_area"):
            gone, staying = ask_and_leave_open(url, tile), ask_and_leave_open(url, tile)
            wait_for(database, 1, 5)
            time.sleep(0.3)
            gone.close()
            time.sleep(0.5)
            assert running(database) == 1
        assert staying.recv(12) == b"HTTP/1.1 204"
        staying.close()


def test_who_has_her_share_under_way_is_told_when_to_come_back(tmp_path: Path, database: Database) -> None:
    with served(tmp_path, database, 1) as (url, _):
        wait_until_ready(url)
        with blocked(database, "landscape.green_area"):
            asking = [ask_and_leave_open(url, HITS) for _ in range(4)]
            wait_for(database, 1, 5)
            time.sleep(0.2)
            told = {language: httpx.get(f"{url}{HITS}&lang={language}") for language in ("vi", "en")}
            other = httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.1.7"), timeout=10)
            elsewhere = other.get(f"{url}{HITS}")
            other.close()
            spoofed = httpx.get(f"{url}{HITS}", headers={"X-Forwarded-For": "198.51.100.1"}, timeout=10)
            for connection in asking:
                connection.close()
    for answer in told.values():
        assert (answer.status_code, answer.headers["content-type"]) == (429, "application/problem+json")
        assert int(answer.headers["retry-after"]) >= 1
    assert "địa chỉ" in told["vi"].json()["detail"]
    assert "address" in told["en"].json()["detail"]
    assert elsewhere.status_code == 503, "another client has her own share, and waits for the turn"
    assert spoofed.status_code == 503, "this machine's proxy may say who asks"


def test_a_proxy_that_is_not_trusted_cannot_say_who_asks(tmp_path: Path, database: Database) -> None:
    with served(tmp_path, database, 1, trusted_proxies="192.0.2.1") as (url, _):
        wait_until_ready(url)
        with blocked(database, "landscape.green_area"):
            asking = [ask_and_leave_open(url, HITS) for _ in range(4)]
            wait_for(database, 1, 5)
            time.sleep(0.2)
            spoofed = httpx.get(f"{url}{HITS}", headers={"X-Forwarded-For": "198.51.100.1"})
            for connection in asking:
                connection.close()
    assert spoofed.status_code == 429


def test_heavy_work_has_its_number_in_a_minute(tmp_path: Path, database: Database) -> None:
    with served(tmp_path, database, 1, heavy_per_minute=3) as (url, _):
        wait_until_ready(url)
        answers = [httpx.get(f"{url}{HITS}") for _ in range(5)]
        small = httpx.get(f"{url}{GREEN}?limit=1")
    assert 429 in [answer.status_code for answer in answers]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert small.status_code == 200
