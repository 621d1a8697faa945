"""The body of an S3 object is read again after a failure of its connection."""

import ast
import itertools
import socket
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, IncompleteReadError, ReadTimeoutError, ResponseStreamingError
from urllib3.exceptions import SSLError

from bidder.aws.parameter_copy import pack, read_parameters
from bidder.aws.retry import MAX_ATTEMPTS
from bidder.aws.whole_object import read_object
from tests.support.serving import serving

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BIDDER = Path(__file__).parents[3] / "bidder"
BODY = bytes(range(256)) * 4096
"""A megabyte, which no buffer of a socket takes as a whole."""

FAULTS = {"silent": ReadTimeoutError, "reset": ResponseStreamingError, "short": ResponseStreamingError}


class Store(BaseHTTPRequestHandler):
    """An S3 with one object, whose next answers stop in the middle of the body as `faults` states."""

    protocol_version = "HTTP/1.1"
    faults: list[str] = []  # noqa: RUF012  # one server at a time
    body = BODY
    requests = 0

    def do_GET(self) -> None:  # http.server's name
        Store.requests += 1
        if "missing" in self.path:
            self.send_error(404)
            return
        fault = self.faults.pop(0) if self.faults else ""
        self.send_response(200)
        self.send_header("ETag", '"e"')
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body[: len(self.body) // 2] if fault else self.body)
        if not fault:
            return
        self.close_connection = True
        self.wfile.flush()
        if fault == "silent":
            self.rfile.read(1)  # until the client gives up
        elif fault == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        else:
            self.connection.shutdown(socket.SHUT_WR)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator["S3Client"]:
    monkeypatch.setattr(Store, "faults", [])
    monkeypatch.setattr(Store, "requests", 0)
    monkeypatch.setattr(Store, "body", BODY)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Store)
    server.daemon_threads = True
    with serving(server) as url:
        config = Config(read_timeout=0.1, retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
        yield boto3.client(
            "s3",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id="a",
            aws_secret_access_key="s",  # noqa: S106  # no secret
            config=config,
        )


def read(s3: "S3Client", key: str = "k", pauses: list[float] | None = None) -> bytes:
    body, answer = read_object(
        s3, Bucket="bucket", Key=key, pause=([] if pauses is None else pauses).append, draw=lambda: 0.5
    )
    assert answer["ETag"] == '"e"'
    return body


@pytest.mark.parametrize("faults", [pair for number in (0, 1, 2) for pair in itertools.product(FAULTS, repeat=number)])
def test_a_body_is_read_again_after_failures_of_the_connection(s3: "S3Client", faults: tuple[str, ...]) -> None:
    Store.faults = list(faults)
    pauses: list[float] = []

    assert read(s3, pauses=pauses) == BODY
    assert pauses == [0.05, 0.1][: len(faults)]


@pytest.mark.parametrize(("fault", "error"), FAULTS.items())
def test_a_body_that_never_arrives_whole_is_an_error(s3: "S3Client", fault: str, error: type[Exception]) -> None:
    Store.faults = [fault] * (MAX_ATTEMPTS + 1)

    with pytest.raises(error):
        read(s3)
    assert Store.requests == MAX_ATTEMPTS


def test_an_error_of_s3_is_not_repeated(s3: "S3Client") -> None:
    with pytest.raises(ClientError):
        read(s3, "missing")
    assert Store.requests == 1


class Faulty:
    """A client whose bodies raise an error."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.calls = 0

    def get_object(self, **_: Any) -> dict[str, Any]:
        self.calls += 1
        return {"Body": self}

    def read(self) -> bytes:
        raise self.error


@pytest.mark.parametrize(
    ("error", "calls"),
    [
        (SSLError("bad record"), MAX_ATTEMPTS),
        (IncompleteReadError(actual_bytes=1, expected_bytes=2), MAX_ATTEMPTS),
        (ConnectionResetError(), MAX_ATTEMPTS),
        (TimeoutError(), MAX_ATTEMPTS),
        (MemoryError(), 1),
        (ValueError(), 1),
    ],
)
def test_only_failures_of_the_connection_are_repeated(error: Exception, calls: int) -> None:
    client: Any = Faulty(error)

    with pytest.raises(type(error)):
        read_object(client, pause=lambda _: None)
    assert client.calls == calls


AT = datetime(2026, 11, 26, tzinfo=UTC)


def test_the_parameters_are_read_from_their_copy_after_a_failure(
    s3: "S3Client",
) -> None:
    def ssm() -> Any:
        raise AssertionError

    Store.body, Store.faults = pack({"a": "1"}, "/p/", AT), ["short", "reset"]

    assert read_parameters(lambda: s3, ssm, "bucket", "/p/", lambda: AT).values == {"a": "1"}


def test_every_read_of_an_object_is_repeated() -> None:
    """Only `read_object` reads a body. An upload is copied to a file instead: its message comes again."""
    readers = {
        str(path.relative_to(BIDDER))
        for path in BIDDER.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "get_object"
    }

    assert readers == {"aws/whole_object.py", "creatives/source.py"}
