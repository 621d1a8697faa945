"""The container's server as a process: under load, with slow or invalid clients, and stopped by SIGTERM."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

import pytest

from loadtest.bench.published import publish
from loadtest.http_client import Answer, HttpConnection
from tests.support.aws_server import AwsServer, aws_server
from tests.support.campaigns import campaign
from tests.support.fake_s3 import FakeS3
from tests.support.matchable import video_request
from tests.support.service import SETTINGS
from tools import ROOT
from tools.processes import LOOPBACK, end, free_port, local_environment, start, wait_until

REQUEST = json.dumps(video_request()).encode()


def logged_lines(log: Path, name: str) -> list[dict[str, object]]:
    """The lines of a log with this event."""
    lines = (json.loads(line) for line in log.read_text().splitlines() if line.startswith("{"))
    return [line for line in lines if line["event"] == name]


class Server:
    """A running server, its port and its log."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
        self.process, self.port, self.log = process, port, log

    def events(self, name: str) -> list[dict[str, object]]:
        """The lines of the log with this event."""
        return logged_lines(self.log, name)


@contextmanager
def serving(folder: Path, aws: AwsServer, **settings: str) -> Iterator[Server]:
    port, log = free_port(), folder / "server.log"
    variables = {f"BIDDER_{name.upper()}": value for name, value in settings.items()} | {"BIDDER_PORT": str(port)}
    environment = local_environment() | aws.environment() | variables | {"TMPDIR": str(folder)}
    process = start([sys.executable, "-m", "container"], log, environment, ROOT)
    try:
        wait_until(lambda: status(port, "/ready") == 200, process, log)
        yield Server(process, port, log)
    finally:
        end(process.pid)


def status(port: int, path: str) -> int | None:
    try:
        with urllib.request.urlopen(f"http://{LOOPBACK}:{port}{path}", timeout=5) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code
    except OSError:
        return None


@pytest.fixture(scope="module")
def objects() -> dict[str, bytes]:
    s3 = FakeS3()
    book = [campaign(budget={"total": 10_000_000_000, "daily": 10_000_000_000})]
    publish(s3, SETTINGS.snapshot_bucket, book, datetime.now(UTC))  # type: ignore[arg-type]
    return s3.objects


class Clients:
    """Clients that send bids and impressions until the server has stopped, and the answers that they got."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.bids = 0
        self.events: Counter[str] = Counter()
        self.unanswered = 0
        self.other: Counter[int] = Counter()
        self.is_gone = False

    async def run(self, count: int, process: "subprocess.Popen[Any]", after: int, stop: Callable[[], object]) -> None:
        """Calls `stop`, which sends SIGTERM, after so many answered bids. Returns once the port is closed."""
        loops = [asyncio.create_task(self._loop(number)) for number in range(count)]
        while self.bids < after:
            assert process.poll() is None
            await asyncio.sleep(0.01)
        stop()
        await asyncio.gather(*loops)

    async def _loop(self, number: int) -> None:
        connection, sequence = HttpConnection(LOOPBACK, self._port), 0
        while not self.is_gone:
            sequence += 1
            body = json.dumps(video_request(id=f"auction-{number}-{sequence}")).encode()
            answer = await self._call(connection.post("/bid", body))
            if answer is None or answer.status != 200:
                continue
            self.bids += 1
            [bid] = json.loads(answer.body)["seatbid"][0]["bid"]
            called = await self._call(connection.get(urlsplit(bid["burl"]).path))
            if called is not None and called.status == 204:
                self.events[bid["id"]] += 1

    async def _call(self, calling: "asyncio.Future[Answer] | object") -> Answer | None:
        try:
            answer = await calling  # type: ignore[misc]
        except ConnectionRefusedError:
            self.is_gone = True
            return None
        except (OSError, asyncio.IncompleteReadError):
            self.unanswered += 1
            return None
        if answer.status not in {200, 204}:
            self.other[answer.status] += 1
        return answer  # type: ignore[no-any-return]


SHEDS_NOTHING = {"processes": "2", "most_lag_seconds": "30"}


def test_sigterm_under_load_loses_no_event_and_no_count(objects: dict[str, bytes], tmp_path: Path) -> None:
    with aws_server(objects, seconds=0.05) as aws, serving(tmp_path, aws, **SHEDS_NOTHING) as server:
        clients = Clients(server.port)
        asyncio.run(clients.run(24, server.process, 200, server.process.terminate))
        code = server.process.wait(30)

        assert code in {0, -signal.SIGTERM}, server.log.read_text()[-3000:]
        assert not clients.other
        published = Counter(event["bid_id"] for event in aws.published if event["kind"] == "bill")
        lost = clients.events - published
        assert not lost, f"{len(lost)} events were answered 204 and not published"
        count = sum(event["count"] for event in aws.published if event["kind"] == "bids")
        assert clients.bids <= count <= clients.bids + clients.unanswered
        assert len(server.events("drained")) == 2, "each process drained"
        assert not server.events("bids.unpublished")


def test_sigterm_with_a_slow_aws_loses_no_count(objects: dict[str, bytes], tmp_path: Path) -> None:
    with aws_server(objects) as aws, serving(tmp_path, aws, processes="1", drain_seconds="12") as server:
        for _ in range(3):
            assert status_of_bid(server.port) == 200
        aws.seconds = 2.5  # a notice waits a second for an answer
        server.process.terminate()
        server.process.wait(30)

    counts = {event["kind"]: event["count"] for event in aws.published}
    assert counts == {"bids": 3, "traffic": 3}, server.log.read_text()[-3000:]
    assert not [*server.events("counts.lost"), *server.events("traffic.unpublished")]


def status_of_bid(port: int) -> int:
    with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/bid", REQUEST, timeout=5) as answer:
        return int(answer.status)


@pytest.fixture(scope="module")
def server(objects: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    limits = {"processes": "1", "head_seconds": "0.3", "body_seconds": "0.3"}
    with aws_server(objects) as aws, serving(folder, aws, **limits) as running:
        yield running


def response_to(port: int, *parts: bytes) -> bytes:
    """The bytes that the server sends in answer to these parts until it closes the connection."""
    with socket.create_connection((LOOPBACK, port), timeout=10) as client:
        for part in parts:
            client.sendall(part)
        heard = b""
        with suppress(ConnectionError):
            while piece := client.recv(65536):
                heard += piece
        return heard


HEAD = b"POST /bid HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize(
    ("parts", "answer"),
    [
        ([b"POST /bid HT"], b"HTTP/1.1 408"),
        ([], b"HTTP/1.1 408"),
        ([HEAD + b"Content-Length: 100\r\n\r\n{"], b"HTTP/1.1 408"),
        ([HEAD + b"Content-Length: 99999999\r\n\r\n"], b"HTTP/1.1 413"),
        ([HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + (b"10000\r\n" + b" " * 65536 + b"\r\n") * 3], b"HTTP/1.1 413"),
        ([HEAD + b"X: " + b"x" * 100_000], b"HTTP/1.1 431"),
        ([b"NONSENSE\r\n\r\n"], b"HTTP/1.1 400"),
    ],
)
def test_the_connection_of_a_slow_or_oversized_request_is_closed(
    server: Server, parts: list[bytes], answer: bytes
) -> None:
    assert response_to(server.port, *parts).startswith(answer)
    assert status(server.port, "/health") == 200


def test_a_body_in_parts_and_pipelined_requests_are_answered(server: Server) -> None:
    whole_request = HEAD + f"Content-Length: {len(REQUEST)}\r\n\r\n".encode() + REQUEST
    last = whole_request.replace(b"Host: x", b"Host: x\r\nConnection: close")

    heard = response_to(server.port, whole_request[:200], whole_request[200:] + last)

    assert heard.count(b"HTTP/1.1 200 OK") == 2


def test_the_error_names_a_missing_variable() -> None:
    process = subprocess.run(
        [sys.executable, "-m", "container"],
        env=local_environment() | {"BIDDER_PORT": "0", "PATH": os.environ["PATH"]},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert process.returncode == 2
    assert "BIDDER_PORT: Input should be greater than or equal to 1" in process.stderr
    assert "Traceback" not in process.stderr
