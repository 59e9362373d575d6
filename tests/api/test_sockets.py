"""What one client's sockets may cost the server: attacks over real sockets, with limits small enough to see them work."""

import resource
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.addresses import group_of
from api.serve import _allow_files
from spatial.cluster import Cluster
from spatial.errors import SetupError
from tests.api.conftest import PARCEL_GRID, writing
from tests.api.test_serve import served
from tests.conftest import Database, cloned

LIVE = b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
HEAD_BYTES = 8_192
BODY_BYTES = 10_000
SOON = 15
"""Seconds in which what takes one is over on a busy machine, too."""
SMALL: dict[str, Any] = {
    "header_bytes": HEAD_BYTES,
    "header_seconds": 1,
    "body_bytes": BODY_BYTES,
    "body_seconds": 1,
    "idle_seconds": 1,
    "connections_per_address": 25,
    "max_connections": 60,
    "trusted_proxies": "127.0.0.9",
}


class Away(Database):
    """A database that is not there: what needs none must hold without it."""

    def __init__(self) -> None:
        pass

    def login(self, role: str, password: str | None = None) -> str:
        return "postgresql://dothi_api:x@127.0.0.1:1/dothi"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A server whose limits are small."""
    with served(tmp_path_factory.mktemp("sockets"), Away(), 1, **SMALL) as (url, process):
        wait_until_alive(url)
        yield url, process


@pytest.fixture
def url(server: tuple[str, subprocess.Popen[str]]) -> str:
    return server[0]


def wait_until_alive(url: str) -> None:
    for _ in range(150):
        try:
            if httpx.get(f"{url}/health/live", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise AssertionError("the server does not live")


@contextmanager
def connected(url: str, own_address: str = "127.0.0.1") -> Iterator[socket.socket]:
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=15, source_address=(own_address, 0)) as connection:
        yield connection


def read_all(connection: socket.socket) -> bytes:
    """Read until the server hangs up."""
    read = b""
    try:
        while part := connection.recv(65_536):
            read += part
    except ConnectionResetError:
        pass
    return read


def resident_mb(process: subprocess.Popen[str]) -> float:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    serving = children[0] if children else process.pid  # started by root, the process itself only waits
    pages = int(Path(f"/proc/{serving}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def refused(url: str, limit: str) -> float:
    for line in httpx.get(f"{url}/metrics").text.splitlines():
        if line.startswith(f'dothi_http_connections_refused_total{{limit="{limit}"}}'):
            return float(line.split()[-1])
    return 0.0


def answered(url: str) -> float:
    """How many pages of items were sent to their end, or refused."""
    lines = httpx.get(f"{url}/metrics").text.splitlines()
    found = [line for line in lines if line.startswith("dothi_http_request_seconds_count") and "/items" in line]
    return sum(float(line.split()[-1]) for line in found)


def assert_told(answer: bytes, status: int) -> None:
    """The answer is a problem of that status, in both languages, and the last on its connection."""
    given = httpx.Response(status, content=answer.split(b"\r\n\r\n", 1)[1])
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer
    assert b"\r\nconnection: close\r\n" in answer
    assert b"\r\ncontent-type: application/problem+json\r\n" in answer
    problem = given.json()
    assert problem["status"] == status
    assert problem["type"].startswith("/docs/problems#")
    assert "Hãy" in problem["detail"]
    assert f"\r\ncontent-length: {len(given.content)}\r\n".encode() in answer


def test_600_mb_of_headers_are_refused_at_the_first_too_many(server: tuple[str, subprocess.Popen[str]]) -> None:
    url, process = server
    before = resident_mb(process)
    counted = refused(url, "header_bytes")
    sent = 0
    with connected(url) as connection:
        connection.sendall(LIVE[:-2])
        part = (b"x-fill: " + b"y" * 990 + b"\r\n") * 1000
        with pytest.raises(OSError):  # noqa: PT012
            for _ in range(600):
                connection.sendall(part)
                sent += len(part)
    assert sent < 100_000_000
    assert resident_mb(process) - before < 20
    assert refused(url, "header_bytes") == counted + 1


def test_a_head_may_be_as_long_as_the_limit_and_no_longer(url: str) -> None:
    for length, status in ((HEAD_BYTES - 200, 200), (HEAD_BYTES + 1, 431), (100_000, 431)):
        for parts in (1, 3):
            with connected(url) as connection:
                head = LIVE[:-2] + b"Connection: close\r\nx-fill: " + b"y" * (length - len(LIVE)) + b"\r\n\r\n"
                for start in range(0, len(head), len(head) // parts + 1):
                    connection.sendall(head[start : start + len(head) // parts + 1])
                    time.sleep(0.05)
                answer = read_all(connection)
            if status == 200:
                assert answer.startswith(b"HTTP/1.1 200 ")
            else:
                assert_told(answer, status)


def test_many_small_headers_are_a_large_head_too(url: str) -> None:
    for end in (b"", b"\r\n"):
        with connected(url) as connection:
            connection.sendall(LIVE[:-2] + b"a:b\r\n" * 150 + end)
            assert_told(read_all(connection), 431)


def test_half_sent_requests_are_ended_and_others_served_meanwhile(url: str) -> None:
    counted = refused(url, "header_seconds")
    with ExitStack() as stack:
        half = [stack.enter_context(connected(url)) for _ in range(20)]
        begun = time.monotonic()
        for connection in half:
            connection.sendall(LIVE[:-2])
        assert httpx.get(f"{url}/health/live").status_code == 200
        answers = [read_all(connection) for connection in half]
        assert time.monotonic() - begun < SOON
    for answer in answers:
        assert_told(answer, 408)
    assert refused(url, "header_seconds") == counted + 20


def test_a_drip_of_a_head_is_no_longer_life(url: str) -> None:
    begun = time.monotonic()
    with connected(url) as connection, pytest.raises(OSError):  # noqa: PT012
        for letter in LIVE[:-2] + b"x-fill: " + b"y" * 200:
            connection.sendall(bytes([letter]))
            time.sleep(0.05)
        connection.sendall(b"z")
    assert time.monotonic() - begun < SOON


@pytest.mark.parametrize("sent", [b"", LIVE, LIVE + b"\r\n"])
def test_connections_that_say_nothing_more_are_closed(url: str, sent: bytes) -> None:
    begun = time.monotonic()
    with connected(url) as connection:
        connection.sendall(sent)
        answer = read_all(connection)
    assert time.monotonic() - begun < SOON
    assert answer.startswith(b"HTTP/1.1 200") if sent else answer == b""


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: %d\r\n\r\n" % (BODY_BYTES + 1),
        b"Transfer-Encoding: chunked\r\n\r\n" + b"1000\r\n" + b"z" * 0x1000 + b"\r\n" + b"2000\r\n" + b"z" * 0x2000,
    ],
    ids=["announced", "chunked"],
)
def test_a_large_body_is_refused(url: str, body: bytes) -> None:
    counted = refused(url, "body_bytes")
    with connected(url) as connection:
        connection.sendall(b"POST /ogc HTTP/1.1\r\nHost: 127.0.0.1\r\n" + body)
        answer = read_all(connection)
    if not answer.startswith(b"HTTP/1.1 405"):  # which may have been said before the body was too large
        assert_told(answer, 413)
    assert refused(url, "body_bytes") == counted + 1


def test_a_body_that_does_not_come_is_not_waited_for(url: str) -> None:
    counted = refused(url, "body_seconds")
    begun = time.monotonic()
    with connected(url) as connection:
        connection.sendall(b"POST /ogc HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n")
        with pytest.raises(OSError):  # noqa: PT012
            for _ in range(100):
                connection.sendall(b"z")
                time.sleep(0.1)
    assert time.monotonic() - begun < SOON
    assert refused(url, "body_seconds") == counted + 1


def test_one_address_has_so_many_connections_and_a_proxy_more(url: str) -> None:
    with ExitStack() as stack:
        held = [stack.enter_context(connected(url)) for _ in range(SMALL["connections_per_address"])]
        with connected(url) as one_more:
            answer = read_all(one_more)
        assert_told(answer, 503)
        assert b"\r\nretry-after: 30\r\n" in answer
        for own in ("127.0.0.2", "127.0.0.9"):
            with connected(url, own) as other:
                other.sendall(LIVE)
                assert other.recv(20).startswith(b"HTTP/1.1 200")
        proxied = [stack.enter_context(connected(url, "127.0.0.9")) for _ in range(30)]
        proxied[-1].sendall(LIVE)
        assert proxied[-1].recv(20).startswith(b"HTTP/1.1 200")
        crowd = [stack.enter_context(connected(url, f"127.0.1.{number}")) for number in range(1, 11)]
        assert_told(read_all(crowd[-1]), 503)
        assert len(held) == 25
    time.sleep(0.2)
    assert refused(url, "connections_per_address") >= 1
    assert refused(url, "max_connections") >= 1


def test_what_proxies_say_is_believed_of_proxies_only(url: str) -> None:
    """`X-Forwarded-Prefix` shows in the links of the landing page; so do scheme and host."""
    forged = {"X-Forwarded-Prefix": "/evil", "X-Forwarded-Proto": "https", "Connection": "close"}
    for own, root in (("127.0.0.1", url), ("127.0.0.9", f"{url.replace('http', 'https')}/evil")):
        with httpx.Client(transport=httpx.HTTPTransport(local_address=own)) as client:
            links = client.get(f"{url}/ogc?f=json", headers=forged).json()["links"]
        assert {link["href"].startswith(f"{root}/ogc") for link in links if "/ogc" in link["href"]} == {True}, (own, links)


def test_requests_one_after_the_other_and_all_at_once_are_answered(url: str) -> None:
    with connected(url) as connection:
        connection.sendall(LIVE * 10)
        answer = read_all(connection)
    assert answer.count(b"HTTP/1.1 200") == 10
    with connected(url) as connection:
        connection.sendall(LIVE * 1000)
        read_all(connection)
    assert refused(url, "pipelined") >= 1


def test_what_is_no_request_is_told_so(url: str) -> None:
    for nonsense in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\nbad header\r\n\r\n"):
        with connected(url) as connection:
            connection.sendall(nonsense)
            assert_told(read_all(connection), 400)


def test_refusals_are_logged_without_addresses(server: tuple[str, subprocess.Popen[str]], tmp_path: Path) -> None:
    with served(tmp_path, Away(), 1, **SMALL) as (url, _):
        wait_until_alive(url)
        with connected(url, "127.0.3.7") as connection:
            connection.sendall(b"nonsense\r\n\r\n")
            read_all(connection)
    log = (tmp_path / "log").read_text("utf-8")
    assert '"limit": "malformed"' in log
    assert "127.0.3.7" not in log
    assert "Traceback" not in log


def test_an_ipv6_client_is_its_network() -> None:
    assert group_of("2001:db8:1:2:3:4:5:6") == group_of("2001:db8:1:2::1") != group_of("2001:db8:1:3::1")
    assert group_of("192.0.2.1") == group_of("::ffff:192.0.2.1") != group_of("192.0.2.2")


def test_too_few_files_are_told_before_they_are_missed() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        pytest.skip("any number of files may be open here")
    with pytest.raises(SetupError, match="DOTHI_MAX_CONNECTIONS="):
        _allow_files(hard + 1)


# -- clients that do not read -------------------------------------------------------------------------------------------------

GRID = 78
"""Parcels along each side of the grid: more than one long page of 5,000."""
PAGE = "/ogc/collections/parcels/items"


@pytest.fixture(scope="module")
def grid_database(cluster: Cluster, template: str) -> Iterator[Database]:
    """One database with more parcels than a page has."""
    with cloned(cluster, template) as database:
        writing(database)(PARCEL_GRID, side=GRID)
        yield database


@contextmanager
def asking(url: str, path: str, headers: str = "", *, number: int = 0) -> Iterator[socket.socket]:
    """Ask as the client of a number, by a socket whose own buffer is small, and read nothing."""
    host, port = url.removeprefix("http://").split(":")
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(30)
        connection.bind((f"127.0.{1 + number // 250}.{1 + number % 250}", 0))  # one address has its share only
        connection.connect((host, int(port)))
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n".encode())
        yield connection


@pytest.mark.slow
@pytest.mark.parametrize("headers", ["", "Accept-Encoding: gzip, br\r\n"], ids=["plain", "compressed"])
def test_300_clients_that_read_nothing_cost_little_and_are_cut_off(tmp_path: Path, grid_database: Database, headers: str) -> None:
    with served(tmp_path, grid_database, 1, stall_seconds=10) as (url, process), ExitStack() as stack:
        wait_until_alive(url)
        assert httpx.get(f"{url}{PAGE}?limit=5000", timeout=30).json()["numberReturned"] == 5000
        before = peak = resident_mb(process)
        for number in range(300):
            stack.enter_context(asking(url, f"{PAGE}?limit=5000", headers, number=number))
            if number % 30 == 29:
                time.sleep(0.5)  # more at once than may wait for a place would be refused
                peak = max(peak, resident_mb(process))
        begun = time.monotonic()
        while (seconds := time.monotonic() - begun) < 40:
            assert httpx.get(f"{url}/health/live", timeout=30).status_code == 200
            peak = max(peak, resident_mb(process))
            if answered(url) >= 301:
                break
            time.sleep(0.1)
        print(f"{before:.0f} -> {peak:.0f} MB, {seconds:.0f} s, {refused(url, 'stall_seconds')} cut off")  # noqa: T201
        assert peak - before < 100
        assert refused(url, "stall_seconds") > 100 or headers, "what is compressed may fit into the system's buffers"
        assert httpx.get(f"{url}{PAGE}?limit=5000", timeout=30).status_code == 200
    assert "Traceback" not in (tmp_path / "log").read_text("utf-8")


def test_slow_readers_take_no_long_page_from_others(tmp_path: Path, grid_database: Database) -> None:
    with served(tmp_path, grid_database, 1, stall_seconds=2) as (url, _), ExitStack() as stack:
        wait_until_alive(url)
        slow = [stack.enter_context(asking(url, f"{PAGE}?limit=6000", number=number)) for number in range(4)]
        time.sleep(1)
        begun = time.monotonic()
        while refused(url, "stall_seconds") < 4:
            for one in slow:
                with suppress(OSError):
                    one.recv(512)
            answer = httpx.get(f"{url}{PAGE}?limit=6000", timeout=30)
            assert (answer.status_code, answer.json()["numberReturned"]) == (200, 6000)
            assert time.monotonic() - begun < 20
    assert "Traceback" not in (tmp_path / "log").read_text("utf-8")


def test_answers_that_nobody_takes_have_a_bound_in_all(tmp_path: Path, grid_database: Database) -> None:
    with served(tmp_path, grid_database, 1, stall_seconds=60, unsent_mb=1) as (url, _), ExitStack() as stack:
        wait_until_alive(url)
        for number in range(40):
            stack.enter_context(asking(url, f"{PAGE}?limit=500", number=number))
        begun = time.monotonic()
        while refused(url, "unsent_mb") == 0:
            assert time.monotonic() - begun < 30
            time.sleep(0.2)
        assert httpx.get(f"{url}{PAGE}?limit=500", timeout=30).status_code == 200
        time.sleep(1.5)
        assert 0 < refused(url, "unsent_mb") < 40, "no more are cut off than need be"
